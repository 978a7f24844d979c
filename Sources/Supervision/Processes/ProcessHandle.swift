import CPlatform

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A hold on one process, by which it is signalled and watched: a pidfd on Linux, a proven identity on macOS.
///
/// A signal through it reaches that very process or nobody, even when the number has been given to another one.
package final class ProcessHandle: Sendable {
    /// Who it is.
    package let identity: ProcessIdentity
    /// Whether it is a child of this process, so that its exit status can be learnt.
    package let isChild: Bool
    /// The pidfd; -1 where there are none.
    let descriptor: Int32

    /// The process id, for messages; signals go through the handle.
    package var pid: Int32 { identity.pid }

    /// Takes hold of a child that was just spawned and has not been waited for.
    package convenience init(child pid: Int32) throws(SupervisionError) {
        // A child that has already ended is a zombie and keeps its number, so the pidfd is certain to be its own.
        let identity =
            ProcessIdentity(of: pid)
            ?? ProcessIdentity(pid: pid, startTime: 0, bootID: ProcessIdentity.currentBootID)
        try self.init(identity: identity, isChild: true)
    }

    /// Takes hold of a process that somebody else started; throws `processGone` unless it is proven to be the same.
    package convenience init(adopting identity: ProcessIdentity) throws(SupervisionError) {
        try self.init(identity: identity, isChild: false)
        // Checked after the pidfd was opened: what is alive now has been alive since, so the pidfd is its own.
        guard identity.isAlive else {
            throw SupervisionError(
                .processGone, "process \(identity.pid) has ended, or its number is another's now")
        }
    }

    private init(identity: ProcessIdentity, isChild: Bool) throws(SupervisionError) {
        self.identity = identity
        self.isChild = isChild
        #if os(Linux)
            descriptor = cplatform_pidfd_open(identity.pid)
            guard descriptor >= 0 else {
                let number = errno
                let code: SupervisionError.Code = number == ESRCH ? .processGone : .watchFailed
                throw SupervisionError(code, "take hold of process \(identity.pid)", errno: number)
            }
        #else
            descriptor = -1
        #endif
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Whether the process has ended, be it reaped or not.
    package var hasEnded: Bool {
        #if os(Linux)
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&entry, 1, 0) > 0
        #else
            return !identity.isAlive
        #endif
    }

    /// The file that the process runs, where the system shows it: /proc/<pid>/exe.
    package var executablePath: String? {
        #if os(Linux)
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
                guard let base = buffer.baseAddress else { return nil }
                let count = readlink("/proc/\(pid)/exe", base, buffer.count)
                guard count > 0, !hasEnded else { return nil }
                let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
                return path.hasSuffix(" (deleted)") ? String(path.dropLast(10)) : path
            }
        #else
            return nil
        #endif
    }

    /// Sends a signal to the process: pidfd_send_signal(2). Throws `processGone` when it has ended.
    package func signal(_ number: Int32) throws(SupervisionError) {
        guard !hasEnded else { throw gone() }
        #if os(Linux)
            let result = cplatform_pidfd_send_signal(descriptor, number)
        #else
            let result = kill(pid, number)
        #endif
        guard result != 0 else { return }
        throw failure(errno, number, "process")
    }

    /// Sends a signal to every process of the group that the process leads, and to itself.
    ///
    /// Throws `processGone` when it has ended: only its life proves that the group's number is still its own.
    package func signalGroup(_ number: Int32) throws(SupervisionError) {
        guard !hasEnded else { throw gone() }
        #if os(Linux)
            if cplatform_pidfd_send_signal_group(descriptor, number) == 0 { return }
            // EINVAL: a kernel before 6.9. ESRCH: it leads no group.
            guard errno == EINVAL || errno == ESRCH else { throw failure(errno, number, "group") }
        #endif
        if getpgid(pid) == pid, !hasEnded { kill(-pid, number) }
        do {
            try signal(number)
        } catch {
            // The signal to the group has already ended it.
            guard error.code == .processGone else { throw error }
        }
    }

    /// SIGTERM, and SIGCONT so that a stopped process can hear it.
    package func terminate() throws(SupervisionError) {
        try signal(SIGTERM)
        try signal(SIGCONT)
    }

    /// Kills what is left of the group that the process led; to be called when it has ended and before it is reaped.
    ///
    /// A zombie child keeps its number, and so does a group for as long as it has members; the pidfd stands for both.
    func killRestOfGroup() {
        #if os(Linux)
            if cplatform_pidfd_send_signal_group(descriptor, SIGKILL) == 0 || errno != EINVAL { return }
        #endif
        // A kernel before 6.9. Only for a child is the number certain to be still its own.
        if isChild, getpgid(pid) == pid { kill(-pid, SIGKILL) }
    }

    #if os(Linux)
        /// How a process that is no child ended, as far as the system tells: PIDFD_GET_INFO once it was reaped,
        /// /proc/<pid>/stat until then.
        var statusOfEnded: ExitStatus {
            // It may be reaped between the two questions, hence the second round.
            for _ in 0..<2 {
                var waitStatus: Int32 = 0
                if cplatform_pidfd_exit_status(descriptor, &waitStatus) == 0 {
                    return ExitStatus(waitStatus: waitStatus) ?? .unknown
                }
                let reader = SmallFileReader(byteCountMax: Limits.processFileBytesMax)
                let stat = ProcStat.withPath(of: pid) { reader.read($0).flatMap { ProcStat($0) } }
                if let stat, stat.hasEnded, stat.startTicks == identity.startTime {
                    return ExitStatus(waitStatus: stat.waitStatus) ?? .unknown
                }
            }
            return .unknown
        }
    #endif

    private func gone() -> SupervisionError {
        SupervisionError(.processGone, "process \(pid) has ended")
    }

    private func failure(_ number: Int32, _ signal: Int32, _ target: String) -> SupervisionError {
        number == ESRCH
            ? gone()
            : SupervisionError(
                .signalFailed, "send signal \(SignalName.text(of: signal)) to \(target) \(pid)", errno: number
            )
    }
}
