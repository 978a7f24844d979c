import Dispatch
import MessageBus
import NIOCore
import NIOPosix
import Testing
import TradingModel

/// Peers that are gone before the broker has dealt with what they sent: a write that fails makes swift-nio read what
/// is left of that peer at once, in the middle of the read that the broker is at.
@Suite(.timeLimit(.minutes(1))) struct ReentrantReadTests {
    /// A broker on a loop that the test can hold up, so that it finds a peer's bytes and its end at the same moment.
    private func withHeldBroker(
        _ body: (String, (() throws -> Void) async throws -> Void) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let broker = try await Broker.start(
            socketPath: directory.socketPath, eventLoopGroup: group, clock: { .epoch })
        try await body(directory.socketPath) { whileHeld in
            let held = DispatchSemaphore(value: 0)
            let goOn = DispatchSemaphore(value: 0)
            loop.execute {
                held.signal()
                goOn.wait()
            }
            held.wait()
            defer { goOn.signal() }
            try whileHeld()
        }
        await broker.shutdown()
        try await group.shutdownGracefully()
    }

    @Test func recordsBeforeABadFrameArriveIntactWhenTheirPublisherIsGoneAlready() async throws {
        try await withHeldBroker { path, whileHeld in
            let readers = [
                try await TestClient.connected(path, subscribe: ["live_data:*"]),
                try await TestClient.connected(path, subscribe: ["live_data:5"]),
            ]
            let events = (1...100).map { quote(5, sequence: UInt64($0)) }
            for round in 1...20 {
                var publisher: RawSocket? = try RawSocket(path, role: .feed)
                try await whileHeld {
                    var buffer = ByteBuffer()
                    for event in events {
                        [event].withUnsafeBufferPointer {
                            buffer.writeRecords($0, source: 1, isLossless: false)
                        }
                    }
                    // A length beyond the limit, and more than the broker reads at once.
                    let bad = [UInt8](repeating: 0xEE, count: 100_000)
                    try publisher?.send(Array(buffer.readableBytesView) + bad)
                    publisher = nil
                }
                for reader in readers {
                    try await reader.wait("round \(round)") { $0.recordCount >= round * events.count }
                }
            }
            for reader in readers {
                let all = try await reader.records
                #expect(all == (1...20).flatMap { _ in events })
                try await reader.close()
            }
        }
    }
}
