#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A failure of the order gateway's protocol or connection.
package struct GatewayError: Error, Equatable, CustomStringConvertible {
    /// What kind of failure it is.
    package enum Code: Sendable {
        /// Bytes that are no message of the protocol.
        case badMessage
        /// Nobody answers on the socket, or it broke.
        case connection
        /// The other side does not answer in time.
        case timeout
        /// The other side refused: a version, a session that is older than another.
        case refused
        /// The log cannot be read or written.
        case log
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
