import MessageBus
import NIOCore
import Testing
import TradingModel

/// Subscribers that do not read, at each bound.
@Suite(.timeLimit(.minutes(3)), .serialized) struct SlowSubscriberTests {
    private let limits = BrokerLimits(marketDataQueueBytesMax: 2 << 20)

    @Test func dropsOldestRecordsAndSaysWhichWhileOthersGetAll() async throws {
        try await withBroker(limits: limits) { broker, path in
            let slow = try RawSocket(path, role: .observer, subscribe: ["live_data:*"])
            let fast = try await TestClient.connected(path, subscribe: ["live_data:*"])
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let count = 160_000
            // The fast reader sets the pace, so that only the slow one falls behind.
            for start in stride(from: 0, to: count, by: 8_000) {
                let events = interleavedQuotes(start..<start + 8_000, tokenCount: 3)
                #expect(try await feed.send(events, source: 5) == .sent)
                try await fast.wait("its records") { $0.recordCount == start + 8_000 }
            }
            #expect(try await fast.events.gaps.isEmpty)
            let statistics = await broker.statistics
            #expect(statistics.totals.recordsDropped > 0)
            #expect(statistics.totals.queueBytes <= 3 << 20)
            let frames = try slow.frames { $0.last?.records.last?.sequence == UInt64(count) }
            try expectContinuity(frames, count: UInt64(count), source: 5)
        }
    }

    /// Every jump in the sequence has a gap frame directly before it that says its size.
    private func expectContinuity(_ frames: [RawFrame], count: UInt64, source: UInt16) throws {
        var next: UInt64 = 1
        var announced: UInt64 = 0
        var gapCount = 0
        for frame in frames {
            if let gap = frame.gap {
                #expect(gap.source == source)
                #expect(gap.firstToken.rawValue >= 1 && gap.lastToken.rawValue <= 3)
                announced += gap.droppedCount
                gapCount += 1
            }
            for record in frame.records {
                #expect(record.sequence == next + announced)
                next = record.sequence + 1
                announced = 0
            }
        }
        #expect(gapCount > 0)
        #expect(next == count + 1)
    }

    @Test func conflatingSubscriberKeepsTheLatestQuoteOfEachToken() async throws {
        try await withBroker(limits: limits) { _, path in
            let slow = try RawSocket(path, role: .observer, subscribe: ["live_data:*"], conflate: true)
            let fast = try await TestClient.connected(path, subscribe: ["live_data:*"])
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            // Token 9 is quoted only once, long before the end; plain dropping would lose it.
            let count = 100_000
            for start in stride(from: 0, to: count, by: 5_000) {
                var events = interleavedQuotes(start..<start + 5_000, tokenCount: 3)
                if start == 30_000 { events[0].token = InstrumentToken(9) }
                #expect(try await feed.send(events) == .sent)
                try await fast.wait("its records") { $0.recordCount == start + 5_000 }
            }
            let frames = try slow.frames { $0.last?.records.last?.sequence == UInt64(count) }
            let records = frames.flatMap(\.records)
            #expect(records.contains { $0.token == InstrumentToken(9) })
            let dropped = frames.compactMap(\.gap).reduce(0) { $0 + $1.droppedCount }
            #expect(dropped > 0)
            #expect(UInt64(records.count) + dropped == UInt64(count))
            #expect(zip(records, records.dropFirst()).allSatisfy { $0.sequence < $1.sequence })
        }
    }

    @Test func losslessRecordsAreNeverDroppedAndHoldTheFeedUp() async throws {
        try await withBroker(limits: limits) { broker, path in
            let slow = try RawSocket(path, role: .observer, subscribe: ["live_data:*"])
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let count = 200_000
            let events = interleavedQuotes(0..<count, tokenCount: 7)
            let sending = Task { try await feed.sendAll(events, pieces: 2_000, lossless: true) }
            // Held up: the broker took less than half, and takes no more while nobody reads.
            try await eventually("the feed is held up") {
                await broker.statistics.totals.queueBytes > 1 << 20
            }
            #expect(await broker.statistics.totals.recordsIn < UInt64(count / 2))
            let frames = try slow.frames { $0.last?.records.last?.sequence == UInt64(count) }
            try await sending.value
            #expect(frames.flatMap(\.records) == events)
            #expect(frames.allSatisfy { $0.type == .records && $0.flags & FrameHeader.losslessFlag != 0 })
            #expect(await broker.statistics.totals.recordsDropped == 0)
        }
    }

    @Test func losslessFeedGoesOnWhenItsSlowSubscriberLeaves() async throws {
        try await withBroker(limits: limits) { broker, path in
            var slow: RawSocket? = try RawSocket(path, role: .observer, subscribe: ["live_data:*"])
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let count = 200_000
            let events = quotes(1, count: count)
            let sending = Task { try await feed.sendAll(events, pieces: 2_000, lossless: true) }
            try await eventually("the feed is held up") {
                await broker.statistics.totals.queueBytes > 1 << 20
            }
            _ = slow
            slow = nil
            try await sending.value
            try await eventually("all records came in") {
                await broker.statistics.totals.recordsIn == UInt64(count)
            }
        }
    }

    @Test func controlMessagesAreNotDroppedButThePeerIsToldWhyAndDisconnected() async throws {
        let limits = BrokerLimits(controlQueueBytesMax: 1 << 20)
        try await withBroker(limits: limits) { broker, path in
            let slow = try RawSocket(path, role: .observer, subscribe: ["strategy:commands:*"])
            let manager = try await TestClient.connected(
                path, role: .manager, subscribe: ["strategy:commands:*"])
            let text = String(repeating: "x", count: 10_000)
            for index in 0..<400 {
                try await manager.publish(.strategyCommands("\(index)"), text)
                try await manager.wait("its own command") { $0.messages.count == index + 1 }
            }
            let frames = try slow.frames { _ in false }
            #expect(frames.last?.reasonCode == .slowConsumer)
            #expect(frames.last?.type == .goodbye)
            #expect(frames.last?.reasonText.contains("read faster") == true)
            #expect(frames.dropLast().allSatisfy { $0.type == .message })
            #expect(try await manager.events.messages.count == 400)
            try await eventually("the peer is gone") { await broker.statistics.totals.connections == 1 }
        }
    }

    @Test func retainedValuesMayExceedTheControlBound() async throws {
        let limits = BrokerLimits(controlQueueBytesMax: 1 << 20)
        try await withBroker(limits: limits) { _, path in
            let manager = try await TestClient.connected(path, role: .manager)
            let text = String(repeating: "x", count: 50_000)
            for index in 0..<100 { try await manager.publish(.strategyMetrics("\(index)"), text) }
            try await manager.subscribe(["strategy:health"])
            let reader = try await TestClient.connected(path, subscribe: ["strategy:metrics:*"])
            #expect(try await reader.events.messages.count == 100)
        }
    }
}
