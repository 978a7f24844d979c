import Dispatch
import MessageBus
import NIOCore
import NIOPosix
import Testing
import TradingModel

/// Records that are missing are told, whoever lost them.
@Suite(.timeLimit(.minutes(2))) struct ContinuityTests {
    private func frames(
        _ token: UInt32, _ sequences: ClosedRange<UInt64>, ordinal: UInt16?, source: UInt16 = 3
    ) -> ByteBuffer {
        var buffer = ByteBuffer()
        sequences.map { quote(token, sequence: $0) }.withUnsafeBufferPointer {
            buffer.writeRecords($0, source: source, isLossless: false, ordinal: ordinal)
        }
        return buffer
    }

    private func gaps(
        after buffers: [ByteBuffer], recordCount: Int, subscribe pattern: String = "live_data:*"
    ) async throws -> [BusGap] {
        var found: [BusGap] = []
        try await withBroker { _, path in
            let reader = try await TestClient.connected(path, subscribe: [pattern])
            let feed = try RawSocket(path, role: .feed)
            for buffer in buffers { try feed.send(buffer) }
            found = try await reader.wait("records") { $0.recordCount == recordCount }.gaps
        }
        return found
    }

    @Test func jumpOfATokenIsToldExactlyAndOthersAreNot() async throws {
        let sent = [
            frames(1, 1...10, ordinal: 0), frames(2, 11...20, ordinal: 0), frames(1, 26...30, ordinal: 15),
            frames(2, 31...35, ordinal: 10), frames(1, 36...36, ordinal: 20),
        ]
        let lost = BusGap(
            firstToken: InstrumentToken(1), lastToken: InstrumentToken(1), droppedCount: 5, source: 3,
            cause: .lost)
        #expect(try await gaps(after: sent, recordCount: 31) == [lost])
    }

    @Test func lateJoinerUncountedFramesAndRestartedFeedMissNothing() async throws {
        let sent = [
            frames(1, 500...509, ordinal: 77), frames(1, 510...519, ordinal: 87),
            // Started anew: the sequence begins again.
            frames(1, 1...5, ordinal: 0), frames(1, 6...9, ordinal: 5), frames(2, 10...12, ordinal: nil),
            frames(2, 90...92, ordinal: nil),
        ]
        #expect(try await gaps(after: sent, recordCount: 35).isEmpty)
    }

    @Test func ordinalsWrapAround() async throws {
        let sent = [
            frames(1, 1...2, ordinal: 65_534), frames(1, 3...4, ordinal: 0), frames(1, 8...8, ordinal: 5),
        ]
        #expect(try await gaps(after: sent, recordCount: 5).map(\.droppedCount) == [3])
    }

    @Test func tokenThatWasGivenUpMissesNothingWhenItComesBack() async throws {
        try await withBroker { _, path in
            let reader = try await TestClient.connected(path, subscribe: ["live_data:1", "live_data:2"])
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            _ = try await feed.send(quotes(1, count: 5))
            try await reader.wait("first records") { $0.recordCount == 5 }
            try await reader.run { $0.unsubscribe([TopicPattern("live_data:1")!]) }
            try await reader.subscribe(["strategy:health"])
            _ = try await feed.send(quotes(1, count: 5, from: 6) + quotes(2, count: 1, from: 11))
            try await reader.wait("the other token") { $0.recordCount == 6 }
            try await reader.subscribe(["live_data:1"])
            _ = try await feed.send(quotes(1, count: 5, from: 12))
            #expect(try await reader.wait("later records") { $0.recordCount == 11 }.gaps.isEmpty)
        }
    }

    /// What the broker drops for a reader that sleeps is announced once, by the broker, and not found a second time.
    @Test(arguments: [false, true]) func announcedDropsAreNotCountedTwice(conflate: Bool) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        try await withBroker(limits: BrokerLimits(marketDataQueueBytesMax: 2 << 20)) { broker, path in
            let reader = try await TestClient(path, eventLoop: group.next())
            try await reader.run { client in
                client.subscribe([TopicPattern("live_data:*")!], conflate: conflate)
                client.connect()
            }
            try await reader.wait("connection") { $0.connectCount == 1 }
            let wake = DispatchSemaphore(value: 0)
            group.next().execute { wake.wait() }
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let count = 100_000
            try await feed.sendAll(
                interleavedQuotes(0..<count, tokenCount: 3), pieces: 1_000, lossless: false)
            try await eventually("records are dropped") {
                let totals = await broker.statistics.totals
                return totals.recordsIn == UInt64(count) && totals.recordsDropped > 0
            }
            wake.signal()
            let events = try await reader.wait("the last record") { events in
                events.reversed().lazy.compactMap { event -> UInt64? in
                    if case .records(let records, _) = event { records.last?.sequence } else { nil }
                }.first == UInt64(count)
            }
            #expect(events.gaps.allSatisfy { $0.cause == .slowReader })
            let announced = events.gaps.reduce(0) { $0 + Int($1.droppedCount) }
            #expect(announced > 0)
            #expect(announced + events.recordCount == count)
            try await reader.close()
        }
        try await group.shutdownGracefully()
    }
}
