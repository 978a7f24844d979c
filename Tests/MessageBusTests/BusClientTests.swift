import MessageBus
import NIOCore
import NIOPosix
import Testing
import TradingModel

@Suite(.timeLimit(.minutes(2))) struct BusClientTests {
    @Test func reconnectsAndResubscribesAfterTheBrokerRestarts() async throws {
        let directory = try TemporaryDirectory()
        let first = try await startBroker(directory.socketPath)
        let reader = try await TestClient.connected(
            directory.socketPath, subscribe: ["live_data:1", "strategy:status:*"])
        try await reader.subscribe(["live_data:2"])
        await first.shutdown()
        try await reader.wait("disconnection") { $0.disconnects.first??.code == .shuttingDown }
        #expect(try await reader.run { $0.publish(.managerNudge, []) } == .closed)
        let second = try await startBroker(directory.socketPath)
        try await reader.wait("second connection") { $0.connectCount == 2 }
        let feed = try await TestClient.connected(directory.socketPath, role: .feed, identity: "sim")
        _ = try await feed.send([quote(1, sequence: 1), quote(2, sequence: 2), quote(3, sequence: 3)])
        try await reader.wait("records of both subscriptions") { $0.recordCount == 2 }
        #expect(try await reader.records.map(\.sequence) == [1, 2])
        await second.shutdown()
        try await reader.close()
        try await feed.close()
    }

    @Test func connectsOnceTheBrokerIsThereAndReportsTheFailureOnce() async throws {
        let directory = try TemporaryDirectory()
        let client = try await TestClient(directory.socketPath)
        try await client.run { $0.connect() }
        try await client.wait("failure") { $0.disconnects.first??.code == .connectFailed }
        let broker = try await startBroker(directory.socketPath)
        let events = try await client.wait("connection") { $0.connectCount == 1 }
        #expect(events.disconnects.count == 1)
        await broker.shutdown()
        try await client.close()
    }

    @Test func unconfirmedSubscriptionIsConfirmedByTheNextConnection() async throws {
        let directory = try TemporaryDirectory()
        let client = try await TestClient(directory.socketPath)
        try await client.run { $0.connect() }
        try await client.wait("failure") { !$0.disconnects.isEmpty }
        async let confirmed: Void = client.subscribe(["live_data:1"])
        let broker = try await startBroker(directory.socketPath)
        try await confirmed
        await broker.shutdown()
        try await client.close()
    }

    @Test func closeWritesWhatIsQueuedAndEndsForGood() async throws {
        try await withBroker { broker, path in
            let reader = try await TestClient.connected(path, subscribe: ["live_data:*"])
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let events = quotes(1, count: 1_500)
            try await feed.run { client in
                _ = events.withUnsafeBufferPointer { client.sendRecords($0, source: 1, lossless: false) }
                client.close(reason: "done")
            }
            let ended = try await feed.wait("end") { !$0.disconnects.isEmpty }
            #expect(ended.disconnects.count == 1)
            #expect(ended.disconnects.first.flatMap { $0 } == nil)
            try await reader.wait("all records") { $0.recordCount == 1_500 }
            try await eventually("the feed is gone") { await broker.statistics.totals.connections == 1 }
            #expect(try await feed.send(events) == .closed)
        }
    }

    @Test func answersFullWhenTheBrokerHoldsItUpAndSaysWhenThereIsRoom() async throws {
        try await withBroker { _, path in
            let slow = try RawSocket(path, role: .observer, subscribe: ["live_data:*"])
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let events = quotes(1, count: 2_000)
            var sent = 0
            while try await feed.send(events, lossless: true) == .sent {
                sent += events.count
                try #require(sent < 1_000_000, "never full")
            }
            let unflushed = try await feed.run { $0.unflushedByteCount }
            #expect(unflushed >= Limits.clientQueueBytesMax)
            #expect(unflushed < Limits.clientQueueBytesMax + 2_000 * 80)
            let promise = feed.eventLoop.makePromise(of: Void.self)
            try await feed.run { $0.onWritable = { promise.succeed(()) } }
            let total = sent
            let frames = try slow.frames { frames in frames.reduce(0) { $0 + $1.records.count } >= total }
            #expect(frames.flatMap(\.records).count == total)
            try await promise.futureResult.get()
        }
    }

    @Test func recordsAreAlignedBehindAFrameOfOddLength() async throws {
        try await withBroker { _, path in
            let manager = try await TestClient.connected(path, role: .manager)
            let reader = try await TestClient.connected(path, subscribe: ["strategy:health", "live_data:*"])
            let events = quotes(1, count: 3)
            try await manager.run { client in
                for text in ["a", "bb", "ccc"] {
                    _ = client.publish(.health, Array(text.utf8))
                    _ = events.withUnsafeBufferPointer { client.sendRecords($0, source: 1, lossless: false) }
                }
            }
            try await reader.wait("all") { $0.recordCount == 9 }
            #expect(try await reader.records == events + events + events)
        }
    }

    @Test func longRunsAreSplitIntoFramesInOrder() async throws {
        try await withBroker { _, path in
            let reader = try RawSocket(path, role: .observer, subscribe: ["live_data:*"])
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let events =
                quotes(1, count: 2_500) + quotes(2, count: 1, from: 2_501) + quotes(1, count: 2, from: 2_502)
            #expect(try await feed.send(events, source: 3) == .sent)
            let frames = try reader.frames { $0.reduce(0) { $0 + $1.records.count } == 2_503 }
            #expect(frames.map(\.records.count) == [1_000, 1_000, 500, 1, 2])
            #expect(frames.flatMap(\.records) == events)
        }
    }
}
