import Foundation
import GatewayProtocol
import NIOCore
import Testing
import TradingModel

/// A client of the gateway that says what a test wants, message by message.
final class RawClient {
    /// What the other side said last when it closed the connection.
    struct Closed: Error {}

    private let descriptor: Int32
    private var inbound = ByteBuffer()

    init(socket path: String) throws {
        #if canImport(Glibc)
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        let address = try SocketAddress(unixDomainSocketPath: path)
        let result = address.withSockAddr { pointer, size in connect(descriptor, pointer, socklen_t(size)) }
        try #require(result == 0, "connect: \(String(cString: strerror(errno)))")
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// A client that said hello as a strategy and asked for what it missed.
    convenience init(
        _ gateway: RawGateway, strategy: String = "s", epoch: UInt32 = 1, session: UInt64 = 1,
        since: UInt64? = 0
    ) throws {
        try self.init(socket: gateway.socket)
        send(
            .hello(
                .init(
                    strategy: strategy, epoch: epoch, session: session, instruments: [.init(symbol: "ALPHA")])
            ))
        guard case .welcome = try next() else { throw Closed() }
        guard let since else { return }
        send(.query(.init(request: 1, since: since)))
    }

    deinit { close(descriptor) }

    func send(_ request: GatewayRequest) {
        var buffer = ByteBuffer()
        GatewayCodec.write(request, to: &buffer)
        send(bytes: Array(buffer.readableBytesView))
    }

    func send(bytes: [UInt8]) { _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } }

    /// The next message; throws `Closed` at the end of the connection.
    func next() throws -> GatewayAnswer {
        while true {
            if let answer = try GatewayCodec.next(GatewayAnswer.self, from: &inbound) { return answer }
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            let count = read(descriptor, &bytes, bytes.count)
            guard count > 0 else { throw Closed() }
            inbound.discardReadBytes()
            inbound.writeBytes(bytes[..<count])
        }
    }

    /// The messages up to and including the first that a test waits for.
    func until(_ isLast: (GatewayAnswer) -> Bool) throws -> [GatewayAnswer] {
        var found: [GatewayAnswer] = []
        repeat { found.append(try next()) } while !isLast(found[found.count - 1])
        return found
    }

    /// The reports and the state that answer a query.
    func state() throws -> (reports: [GatewayReport], state: GatewayAnswer.State) {
        var reports: [GatewayReport] = []
        while true {
            switch try next() {
            case .report(let report): reports.append(report)
            case .state(let state): return (reports, state)
            default: break
            }
        }
    }
}
