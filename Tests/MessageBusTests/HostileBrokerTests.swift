import Dispatch
import Foundation
import FrameChecks
import MessageBus
import NIOCore
import Testing
import TradingModel

/// A broker that sends what it must not: the client says what was wrong, and tries again.
@Suite(.timeLimit(.minutes(2))) struct HostileBrokerTests {
    /// Listens, answers the first client with the given bytes behind its hello, and closes.
    private static func serveOnce(_ path: String, _ bytes: [UInt8]) throws {
        #if canImport(Glibc)
            let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let listener = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        let address = try SocketAddress(unixDomainSocketPath: path)
        let bound = address.withSockAddr { bind(listener, $0, socklen_t($1)) }
        try #require(bound == 0 && listen(listener, 4) == 0)
        DispatchQueue.global().async {
            let peer = accept(listener, nil, nil)
            close(listener)
            var hello = [UInt8](repeating: 0, count: 512)
            _ = read(peer, &hello, hello.count)
            _ = bytes.withUnsafeBytes { write(peer, $0.baseAddress, $0.count) }
            shutdown(peer, Int32(SHUT_WR))
            // Until the client has seen it, and closed.
            while read(peer, &hello, hello.count) > 0 {}
            close(peer)
        }
    }

    /// A client's events until it has lost the connection to a broker that sends these bytes.
    private func events(_ path: String, _ bytes: [UInt8]) async throws -> [BusEvent] {
        try Self.serveOnce(path, bytes)
        // Our broker checks the tokens of records; this one does not.
        let client = try await TestClient(path, checksTokens: false)
        try await client.run { client in
            client.subscribe([.everything])
            client.connect()
        }
        let events = try await client.wait("the end") { !$0.disconnects.isEmpty }
        try await client.close()
        return events
    }

    /// Welcome, and the pong that confirms the subscriptions.
    private static var greeting: [UInt8] {
        var buffer = ByteBuffer(bytes: ProtocolPage.examples["welcome"] ?? [])
        buffer.writePing(.pong, echo: [1, 0, 0, 0, 0, 0, 0, 0])
        return Array(buffer.readableBytesView)
    }

    @Test func wrongFramesAreNamedAsTheReasonOfTheDisconnection() async throws {
        let directory = try TemporaryDirectory()
        let gap: [UInt8] = Array(repeating: 0xFF, count: 16) + [1, 0, 0, 0]
        let wrong: [(name: String, bytes: [UInt8], code: BusError.Code)] = [
            ("length", [0, 0, 0, 0x80, 6, 0, 1, 0], .frameTooLarge),
            ("version", [0, 0, 0, 0, 6, 0, 9, 0], .unsupportedVersion),
            ("type", [0, 0, 0, 0, 77, 0, 1, 0], .unexpectedFrame),
            ("second-welcome", ProtocolPage.examples["welcome"] ?? [], .unexpectedFrame),
            ("hello", ProtocolPage.examples["hello"] ?? [], .unexpectedFrame),
            ("topic", RawSocket.header(.message, claiming: 3) + [1, 0, 0xFF], .malformedFrame),
            (
                "records", RawSocket.header(.records, claiming: 9) + Array(repeating: 0, count: 9),
                .malformedFrame
            ),
            ("gap", RawSocket.header(.gap, claiming: 20) + gap, .malformedFrame),
            ("goodbye", ProtocolPage.examples["goodbye"] ?? [], .shuttingDown),
            ("cut", [0, 0, 0], .connectionLost),
        ]
        for (name, bytes, code) in wrong {
            let events = try await events("\(directory.path)/\(name)", Self.greeting + bytes)
            #expect(events.connectCount == 1, "\(name)")
            #expect(events.disconnects.first??.code == code, "\(name): \(events.disconnects)")
        }
    }

    @Test func noiseEndsTheConnectionAndNothingElse() async throws {
        let seed: UInt64 = 31
        let directory = try TemporaryDirectory()
        let examples = ProtocolPage.examples.sorted { $0.key < $1.key }.map(\.value)
        var noise = NoiseGenerator(seed: seed, examples: examples)
        var bytes: [UInt8] = []
        var codes: [BusError.Code: Int] = [:]
        for round in 0..<1_000 {
            noise.next(into: &bytes)
            let greeting = round.isMultiple(of: 4) ? [] : Self.greeting
            let events = try await events("\(directory.path)/\(round)", greeting + bytes)
            guard let reason = events.disconnects.first.flatMap({ $0 }) else {
                Issue.record("seed \(seed), round \(round): closed without a reason after \(bytes)")
                continue
            }
            codes[reason.code, default: 0] += 1
        }
        for code: BusError.Code in [.malformedFrame, .unexpectedFrame, .unsupportedVersion, .connectionLost] {
            #expect(codes[code, default: 0] > 20, "\(codes)")
        }
    }

    @Test func tokensThatAllHashAlikeDoNotSlowAReaderDown() async throws {
        try await withBroker { _, path in
            let reader = try await TestClient.connected(path, subscribe: ["live_data:*"])
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let count = 30_000
            let start = ContinuousClock.now
            let events = (1...count).map { quote(UInt32($0) << 16 | UInt32($0) >> 16, sequence: UInt64($0)) }
            try await feed.sendAll(events, pieces: 1_000, lossless: true)
            try await reader.wait("all records") { $0.recordCount == count }
            print("\(count) tokens with like low bits: \(ContinuousClock.now - start)")
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }
}
