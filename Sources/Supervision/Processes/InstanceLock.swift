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
    /// Who holds a lock, as written into the file: one line of JSON.
    package struct Holder: Hashable, Sendable {
        /// The process; `identity.isAlive` tells whether the text is still true.
        package let identity: ProcessIdentity
        /// Its epoch.
        package let epoch: UInt32

        /// Makes a holder.
        package init(identity: ProcessIdentity, epoch: UInt32) {
            self.identity = identity
            self.epoch = epoch
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

    private static func readHolder(_ descriptor: Int32) -> Holder? {
        withUnsafeTemporaryAllocation(byteCount: Limits.lockTextBytesMax, alignment: 1) { buffer -> Holder? in
            let byteCount = pread(descriptor, buffer.baseAddress, buffer.count, 0)
            guard byteCount > 0, byteCount < buffer.count else { return nil }
            return Holder(jsonLine: String(decoding: buffer[..<byteCount], as: UTF8.self))
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

    /// Reads back what `jsonLine` wrote; `nil` for anything else, a torn line included.
    init?(jsonLine: String) {
        guard jsonLine.hasSuffix("}\n"), jsonLine.hasPrefix("{") else { return nil }
        var pid: Int32?
        var startTime: UInt64?
        var bootID: String?
        var epoch: UInt32?
        for member in jsonLine.dropFirst().dropLast(2).split(separator: ",") {
            let parts = member.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            switch parts[0] {
            case "\"pid\"": pid = Int32(parts[1])
            case "\"start_time\"": startTime = UInt64(parts[1])
            case "\"boot_id\"": bootID = String(parts[1].dropFirst().dropLast())
            case "\"epoch\"": epoch = UInt32(parts[1])
            default: return nil
            }
        }
        guard let pid, let startTime, let bootID, let epoch else { return nil }
        self.init(identity: ProcessIdentity(pid: pid, startTime: startTime, bootID: bootID), epoch: epoch)
    }
}
