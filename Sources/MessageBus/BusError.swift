/// Why something on the bus failed: a code to act on and a sentence for the operator.
package struct BusError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of failure it is; numbers below 1,000 travel in error and goodbye frames.
    package struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        package let rawValue: UInt16

        package init(rawValue: UInt16) { self.rawValue = rawValue }
    }

    /// The kind of failure.
    package var code: Code
    /// What failed, on what, and what to do.
    package var context: String
    /// The system's error number, when a system call was the cause.
    package var systemErrorNumber: Int32?

    package init(_ code: Code, _ context: String, systemErrorNumber: Int32? = nil) {
        self.code = code
        self.context = context
        self.systemErrorNumber = systemErrorNumber
    }

    package var description: String {
        let cause = systemErrorNumber.map { " (\(SystemCall.describe($0)))" } ?? ""
        return "\(code): \(context)\(cause)"
    }
}

extension BusError.Code {
    /// An orderly end that a peer asked for.
    package static let closed = Self(rawValue: 0)
    /// A frame or its payload does not have the documented layout.
    package static let malformedFrame = Self(rawValue: 1)
    /// A frame or hello of a protocol version this side does not speak.
    package static let unsupportedVersion = Self(rawValue: 2)
    /// A frame type that is unknown, or that this side never receives.
    package static let unexpectedFrame = Self(rawValue: 3)
    /// A frame longer than the limit.
    package static let frameTooLarge = Self(rawValue: 4)
    /// The first frame was not hello.
    package static let helloExpected = Self(rawValue: 5)
    /// No hello within the deadline.
    package static let handshakeTimeout = Self(rawValue: 6)
    /// The bus token is missing or wrong.
    package static let tokenRefused = Self(rawValue: 7)
    /// The role may not publish there.
    package static let notPermitted = Self(rawValue: 8)
    /// A topic or pattern that does not exist.
    package static let invalidTopic = Self(rawValue: 9)
    /// A bound on connections or patterns is reached.
    package static let limitReached = Self(rawValue: 10)
    /// The peer does not read its control messages.
    package static let slowConsumer = Self(rawValue: 11)
    /// Too many refused publishes.
    package static let flooding = Self(rawValue: 12)
    /// The broker is stopping.
    package static let shuttingDown = Self(rawValue: 13)
    /// The peer runs as another user.
    package static let peerRefused = Self(rawValue: 14)
    /// A frame was begun and not finished within the deadline.
    package static let frameTimeout = Self(rawValue: 15)

    /// The socket path does not fit `sun_path`.
    package static let pathTooLong = Self(rawValue: 1_000)
    /// The socket's directory is missing rights or open to others.
    package static let unsafeDirectory = Self(rawValue: 1_001)
    /// Another broker answers on the socket.
    package static let addressInUse = Self(rawValue: 1_002)
    /// The socket could not be made or bound.
    package static let bindFailed = Self(rawValue: 1_003)
    /// Nobody answers on the socket.
    package static let connectFailed = Self(rawValue: 1_004)
    /// The connection ended without a goodbye.
    package static let connectionLost = Self(rawValue: 1_005)
    /// JSON that does not have the expected shape.
    package static let invalidPayload = Self(rawValue: 1_006)
    /// A bootstrap channel failed, ended early or took too long.
    package static let bootstrapFailed = Self(rawValue: 1_007)
    /// The file of the bus key cannot be used.
    package static let badKeyFile = Self(rawValue: 1_008)

    package var description: String {
        switch self {
        case .closed: "closed"
        case .malformedFrame: "malformed frame"
        case .unsupportedVersion: "unsupported version"
        case .unexpectedFrame: "unexpected frame"
        case .frameTooLarge: "frame too large"
        case .helloExpected: "hello expected"
        case .handshakeTimeout: "handshake timeout"
        case .tokenRefused: "token refused"
        case .notPermitted: "not permitted"
        case .invalidTopic: "invalid topic"
        case .limitReached: "limit reached"
        case .slowConsumer: "slow consumer"
        case .flooding: "flooding"
        case .shuttingDown: "shutting down"
        case .peerRefused: "peer refused"
        case .frameTimeout: "frame timeout"
        case .pathTooLong: "path too long"
        case .unsafeDirectory: "unsafe directory"
        case .addressInUse: "address in use"
        case .bindFailed: "bind failed"
        case .connectFailed: "connect failed"
        case .connectionLost: "connection lost"
        case .invalidPayload: "invalid payload"
        case .bootstrapFailed: "bootstrap failed"
        case .badKeyFile: "bad key file"
        default: "error \(rawValue)"
        }
    }
}
