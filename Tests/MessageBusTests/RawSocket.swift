import Foundation
import MessageBus
import NIOCore
import TradingModel

/// A socket without any of our client code, for peers that misbehave. Blocking, with deadlines.
final class RawSocket {
    let descriptor: Int32
    private let decoder = FrameDecoder()
    private(set) var hasEnded = false

    init(_ path: String) throws {
        #if canImport(Glibc)
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        // Programs that the test starts must not hold it open.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        let address = try SocketAddress(unixDomainSocketPath: path)
        let result = address.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
        guard result == 0 else { throw Timeout(description: "cannot connect to \(path): \(errno)") }
    }

    deinit { Foundation.close(descriptor) }

    /// Says hello and subscribes.
    convenience init(
        _ path: String, role: BusRole, identity: String = "raw", token: [UInt8] = [],
        subscribe patterns: [String] = [],
        conflate: Bool = false
    ) throws {
        try self.init(path)
        var buffer = ByteBuffer()
        buffer.writeHello(Hello(role: role, processID: 1, identity: identity, token: token))
        buffer.writeSubscribe(patterns.map { TopicPattern($0)! }, isConflating: conflate)
        try send(buffer)
        try ping()
    }

    func send(_ buffer: ByteBuffer) throws { try send(Array(buffer.readableBytesView)) }

    func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Timeout(description: "write failed: \(errno)") }
            offset += count
        }
    }

    /// Waits for the pong of a ping of its own, so that all sent before has been acted on.
    func ping() throws {
        var buffer = ByteBuffer()
        buffer.writePing(.ping, echo: Array("sync".utf8))
        try send(buffer)
        _ = try frames { $0.last?.type == .pong }
    }

    /// Reads frames until the condition holds or the stream ends.
    func frames(until condition: ([RawFrame]) -> Bool) throws -> [RawFrame] {
        var frames: [RawFrame] = []
        var memory = [UInt8](repeating: 0, count: 65_536)
        while !condition(frames) {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 10_000) > 0 else {
                throw Timeout(description: "no frame in 10 s after \(frames.count)")
            }
            let count = read(descriptor, &memory, memory.count)
            guard count > 0 else {
                hasEnded = true
                return frames
            }
            try memory[..<count].withUnsafeBytes { bytes in
                var input = bytes
                while let frame = try decoder.next(from: &input) {
                    frames.append(
                        RawFrame(
                            type: frame.header.type, flags: frame.header.flags, payload: Array(frame.payload))
                    )
                }
            }
        }
        return frames
    }
}

struct RawFrame: Equatable {
    var type: FrameType
    var flags: UInt8
    var payload: [UInt8]

    /// The code of an error or goodbye.
    var reasonCode: BusError.Code? {
        guard type == .error || type == .goodbye, payload.count >= 2 else { return nil }
        return BusError.Code(rawValue: UInt16(payload[0]) | UInt16(payload[1]) << 8)
    }

    /// The text of an error or goodbye.
    var reasonText: String { String(decoding: payload.dropFirst(4), as: UTF8.self) }

    var records: [MarketEvent] {
        guard type == .records else { return [] }
        return payload.withUnsafeBytes { bytes in
            stride(from: 8, to: bytes.count, by: 64).map {
                bytes.loadUnaligned(fromByteOffset: $0, as: MarketEvent.self)
            }
        }
    }

    var gap: BusGap? {
        guard type == .gap, payload.count == 20 else { return nil }
        return payload.withUnsafeBytes { bytes in
            BusGap(
                firstToken: InstrumentToken(bytes.loadUnaligned(as: UInt32.self)),
                lastToken: InstrumentToken(bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)),
                droppedCount: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                source: bytes.loadUnaligned(fromByteOffset: 16, as: UInt16.self))
        }
    }
}
