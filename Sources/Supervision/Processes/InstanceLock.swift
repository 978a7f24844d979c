import CPlatform

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The lock that makes a second copy of an instance impossible: flock(2) on `run/<name>.lock`.
///
/// The lock belongs to the open file, not to a process. Passed to a child, it lasts until the child and everybody
/// else who has the descriptor are gone; the kernel releases it then, whatever happened. It is never unlocked
/// explicitly, since that would take it from the child too. A process that another thread spawns has a copy of the
/// descriptor until its exec(2), so a lock that was just closed may count as held for about a millisecond. The text in the file only tells who holds it.
package struct InstanceLock: ~Copyable {
    /// Who holds a lock, as written into the file: one line of JSON, and a second one by the holder at its end.
    package struct Holder: Hashable, Sendable {
        /// The process; `identity.isAlive` tells whether the text is still true.
        package let identity: ProcessIdentity
        /// Its epoch.
        package let epoch: UInt32
        /// What the process said as its last act; `nil` while it lives and when it had no time to say it.
        package var end: End?

        /// Makes a holder.
        package init(identity: ProcessIdentity, epoch: UInt32, end: End? = nil) {
            self.identity = identity
            self.epoch = epoch
            self.end = end
        }
    }

    /// How a process ended by its own account.
    package struct End: Hashable, Sendable {
        /// The exit code it was about to return.
        package let exitCode: Int32
        /// The signal that asked it to end; 0 when something else did.
        package let signal: Int32

        /// Makes an end.
        package init(exitCode: Int32, signal: Int32 = 0) {
            self.exitCode = exitCode
            self.signal = signal
        }

        /// What an operator should read: an exit with 0 on a signal is an end by that signal.
        package var status: ExitStatus {
            exitCode == 0 && signal != 0 ? .signaled(signal: signal) : .exited(code: exitCode)
        }
    }

    /// What came of an attempt.
    package enum Attempt: ~Copyable {
        /// The lock is ours.
        case acquired(InstanceLock)
        /// Somebody has it; `nil` when the file does not say who.
        case held(by: Holder?)
    }

    /// The path of the file.
    package let path: String
    /// The open file; give it to `SpawnRequest.lockDescriptor`. Closed with this value.
    package let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Tries to take the lock without waiting, and empties the file, so that it never names a former holder.
    package static func acquire(path: String) throws(SupervisionError) -> Attempt {
        for _ in 0..<Limits.lockAttemptsMax {
            let descriptor = cplatform_open(path, O_RDWR | O_CREAT, 0o600)
            guard descriptor >= 0 else { throw SupervisionError(.lockFailed, "open \(path)", errno: errno) }
            guard cplatform_lock_exclusively(descriptor) == 0 else {
                let number = errno
                let holder = readHolder(descriptor)
                close(descriptor)
                if number == EINTR { continue }
                guard number == EWOULDBLOCK else {
                    throw SupervisionError(.lockFailed, "lock \(path)", errno: number)
                }
                return .held(by: holder)
            }
            // A file that was deleted or replaced meanwhile protects nothing: the next comer locks another one.
            guard isFile(descriptor, at: path) else {
                close(descriptor)
                continue
            }
            let lock = InstanceLock(path: path, descriptor: descriptor)
            guard ftruncate(descriptor, 0) == 0 else {
                throw SupervisionError(.lockFailed, "empty \(path)", errno: errno)
            }
            return .acquired(lock)
        }
        throw SupervisionError(
            .lockFailed, "lock \(path): the file is replaced again and again; find out who deletes it")
    }

    /// Takes over the descriptor that a spawned process was given, usually `SpawnRequest.lockDescriptor`.
    ///
    /// Sets close-on-exec, so that the lock does not outlive this process in a child of its own.
    package init(inherited descriptor: Int32, path: String) throws(SupervisionError) {
        guard cplatform_set_close_on_exec(descriptor, 1) == 0 else {
            throw SupervisionError(
                .lockFailed, "take over the lock \(path) at descriptor \(descriptor)", errno: errno)
        }
        self.init(path: path, descriptor: descriptor)
    }

    /// Who holds the lock according to the file, whether or not it is locked; `nil` when it does not say.
    package static func holder(path: String) -> Holder? {
        let descriptor = cplatform_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return readHolder(descriptor)
    }

    /// Writes who holds the lock: the child, once it has been spawned.
    package func record(_ holder: Holder) throws(SupervisionError) {
        var text = holder.jsonLine
        let result = text.withUTF8 { bytes -> Int32 in
            // One write call: a reader sees nothing or all of it, for the file was emptied.
            guard pwrite(descriptor, bytes.baseAddress, bytes.count, 0) == bytes.count else { return -1 }
            return ftruncate(descriptor, off_t(bytes.count))
        }
        guard result == 0 else { throw SupervisionError(.lockFailed, "write to \(path)", errno: errno) }
    }

    /// What a look at a lock found.
    package enum Finding: Hashable, Sendable {
        /// Somebody has it; `nil` when the file does not say who.
        case held(by: Holder?)
        /// Nobody has it; the last one who had, when the file still says so.
        case free(last: Holder?)
    }

    /// Looks who has, or had, a lock, and leaves the text as it is.
    ///
    /// Takes the lock for a moment; whoever else tries meanwhile finds it held.
    package static func inspect(path: String) throws(SupervisionError) -> Finding {
        let descriptor = cplatform_open(path, O_RDWR, 0)
        guard descriptor >= 0 else { throw SupervisionError(.lockFailed, "open \(path)", errno: errno) }
        defer { close(descriptor) }
        let isFree = cplatform_lock_exclusively(descriptor) == 0
        guard isFree || errno == EWOULDBLOCK else {
            throw SupervisionError(.lockFailed, "lock \(path)", errno: errno)
        }
        let holder = readHolder(descriptor)
        return isFree ? .free(last: holder) : .held(by: holder)
    }

    /// Adds how the process is about to end to the text of its lock, for a manager that comes later.
    ///
    /// Of no consequence when it fails: then the end counts as not observed.
    package static func recordEnd(_ end: End, descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return }
        var text = end.jsonLine
        _ = text.withUTF8 { pwrite(descriptor, $0.baseAddress, $0.count, status.st_size) }
    }

    private static func readHolder(_ descriptor: Int32) -> Holder? {
        withUnsafeTemporaryAllocation(byteCount: Limits.lockTextBytesMax, alignment: 1) { buffer -> Holder? in
            let byteCount = pread(descriptor, buffer.baseAddress, buffer.count, 0)
            guard byteCount > 0, byteCount < buffer.count else { return nil }
            return Holder(text: String(decoding: buffer[..<byteCount], as: UTF8.self))
        }
    }

    private static func isFile(_ descriptor: Int32, at path: String) -> Bool {
        var opened = stat()
        var named = stat()
        return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino
            && opened.st_dev == named.st_dev
    }
}

extension InstanceLock.Holder {
    /// The text of the file: a fixed sequence of members, so that it needs no JSON parser to be read back.
    var jsonLine: String {
        #"{"pid":\#(identity.pid),"start_time":\#(identity.startTime),"#
            + #""boot_id":"\#(identity.bootID)","epoch":\#(epoch)}"# + "\n"
    }

    /// Reads back the text of a lock file; `nil` for anything else, a torn first line included.
    init?(text: String) {
        let lines = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard lines.count == 2, let members = JSONMembers(line: lines[0]) else { return nil }
        guard let pid = members["pid"].flatMap({ Int32($0) }),
            let startTime = members["start_time"].flatMap({ UInt64($0) }),
            let bootID = members["boot_id"], bootID.count >= 2,
            let epoch = members["epoch"].flatMap({ UInt32($0) })
        else { return nil }
        self.init(
            identity: ProcessIdentity(
                pid: pid, startTime: startTime, bootID: String(bootID.dropFirst().dropLast())),
            epoch: epoch, end: InstanceLock.End(jsonLine: lines[1]))
    }
}

extension InstanceLock.End {
    /// The second line of the file.
    fileprivate var jsonLine: String { #"{"exit_code":\#(exitCode),"signal":\#(signal)}"# + "\n" }

    /// Reads back what `jsonLine` wrote; `nil` for anything else, a torn line included.
    fileprivate init?(jsonLine: Substring) {
        guard jsonLine.hasSuffix("\n"), let members = JSONMembers(line: jsonLine.dropLast()),
            let exitCode = members["exit_code"].flatMap({ Int32($0) }),
            let signal = members["signal"].flatMap({ Int32($0) })
        else { return nil }
        self.init(exitCode: exitCode, signal: signal)
    }
}

/// The members of a flat JSON object without commas or colons in its values, as written by this file.
private struct JSONMembers {
    private var values: [Substring: Substring] = [:]

    init?(line: Substring) {
        guard line.hasPrefix("{"), line.hasSuffix("}") else { return nil }
        for member in line.dropFirst().dropLast().split(separator: ",") {
            let parts = member.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].count > 2, values[parts[0].dropFirst().dropLast()] == nil else {
                return nil
            }
            values[parts[0].dropFirst().dropLast()] = parts[1]
        }
    }

    subscript(name: Substring) -> Substring? { values[name] }
}
