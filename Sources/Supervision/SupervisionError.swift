#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A failure of supervision: what failed, on what, and what to do.
package struct SupervisionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure; a struct, so that parts above this one can add their own.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        /// A process could not be started, now or ever (the file is missing, not executable, ...).
        package static let spawnFailed = Code(rawValue: "spawn failed")
        /// A process could not be started because the system is short of something; worth another attempt.
        package static let spawnRefusedForNow = Code(rawValue: "spawn refused for now")
        /// The process is not there any more, or its number belongs to another one now.
        package static let processGone = Code(rawValue: "process gone")
        /// A signal could not be sent.
        package static let signalFailed = Code(rawValue: "signal failed")
        /// A process could not be watched.
        package static let watchFailed = Code(rawValue: "watch failed")
        /// An instance lock could not be opened, taken or written.
        package static let lockFailed = Code(rawValue: "lock failed")
        /// A log file could not be opened, rotated or read.
        package static let logFailed = Code(rawValue: "log failed")
        /// A restart policy has entries that cannot be used; `violations` has them all.
        package static let invalidRestartPolicy = Code(rawValue: "invalid restart policy")
    }

    /// The kind of failure.
    package let code: Code
    /// What was attempted, on what.
    package let context: String
    /// The system's error number, where a system call failed.
    package let underlying: Int32?
    /// Every fault of the input, one per entry; empty for failures of the system.
    package let violations: [String]

    /// Makes an error.
    package init(_ code: Code, _ context: String, errno underlying: Int32? = nil, violations: [String] = []) {
        self.code = code
        self.context = context
        self.underlying = underlying
        self.violations = violations
    }

    /// Whether the same attempt may succeed a little later: whichever step it was, a shortage passes.
    package var isTransient: Bool {
        code == .spawnRefusedForNow || underlying.map(Self.isShortage) == true
    }

    /// Whether the system is short of processes, memory or descriptors, or the file is just being written.
    static func isShortage(_ number: Int32) -> Bool {
        [EAGAIN, ENOMEM, EMFILE, ENFILE, ETXTBSY].contains(number)
    }

    package var description: String {
        var text = "\(code.rawValue): \(context)"
        if !violations.isEmpty { text += ": " + violations.joined(separator: "; ") }
        if let underlying {
            text += ": \(Self.text(of: underlying))"
            if let advice = Self.advice(for: underlying) { text += "; \(advice)" }
        }
        return text
    }

    /// The system's words for an error number, with its symbol where it is a usual one.
    private static func text(of number: Int32) -> String {
        let words = strerror(number).map { String(cString: $0) } ?? "error"
        let symbols: [(Int32, String)] = [
            (ENOENT, "ENOENT"), (EACCES, "EACCES"), (EPERM, "EPERM"), (EAGAIN, "EAGAIN"), (ENOMEM, "ENOMEM"),
            (EMFILE, "EMFILE"), (ENFILE, "ENFILE"), (ENOEXEC, "ENOEXEC"), (E2BIG, "E2BIG"),
            (ENOTDIR, "ENOTDIR"),
            (ETXTBSY, "ETXTBSY"), (ENOSPC, "ENOSPC"), (EROFS, "EROFS"), (EBADF, "EBADF"), (ESRCH, "ESRCH"),
            (EISDIR, "EISDIR"), (ELOOP, "ELOOP"), (EIO, "EIO"), (EINVAL, "EINVAL"),
        ]
        let symbol = symbols.first { $0.0 == number }?.1 ?? "errno \(number)"
        return "\(words) (\(symbol))"
    }

    private static func advice(for number: Int32) -> String? {
        switch number {
        case ENOENT, ENOTDIR: "check that the path is right and that the file has been built"
        case EACCES, EPERM: "check owner and mode of the file and of the directories above it"
        case ENOEXEC: "the file is no executable of this machine; build it for this system"
        case EAGAIN:
            "the limit of processes is reached; raise it (ulimit -u, pids.max) or run fewer strategies"
        case ENOMEM: "memory is used up; stop something or add memory"
        case EMFILE: "this process has too many open files; raise the limit (ulimit -n)"
        case ENFILE: "the system has too many open files; raise fs.file-max"
        case ETXTBSY: "the file is being written; install it by renaming a finished copy into place"
        case E2BIG: "arguments and environment are too long"
        case ENOSPC: "the disk is full; free some space"
        case EROFS: "the file system is read-only; choose another home directory"
        default: nil
        }
    }
}
