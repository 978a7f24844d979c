#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A failure of the executor or its journal.
package struct ExecutionError: Error, CustomStringConvertible {
    /// What kind of failure it is; decides the exit code.
    package enum Code: Sendable {
        /// The strategy, its parameters or its limits cannot be used as configured; exit 78, no restart.
        case configuration
        /// The journal cannot be read or written.
        case journal
    }

    package var code: Code
    /// What failed, on what, and what to do.
    package var context: String
    /// The system's error number, when a system call failed.
    package var errno: Int32?

    package init(_ code: Code, _ context: String, errno: Int32? = nil) {
        self.code = code
        self.context = context
        self.errno = errno
    }

    package var description: String {
        guard let errno else { return context }
        return "\(context): \(String(cString: strerror(errno)))"
    }
}
