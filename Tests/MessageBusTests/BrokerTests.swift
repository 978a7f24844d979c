import Foundation
import MessageBus
import NIOCore
import Synchronization
import Testing
import TradingModel

@Suite(.timeLimit(.minutes(2))) struct BrokerTests {
    @Test func recordsReachExactlyTheSubscribersOfTheirToken() async throws {
        try await withBroker { broker, path in
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let one = try await TestClient.connected(path, subscribe: ["live_data:1"])
            let two = try await TestClient.connected(path, subscribe: ["live_data:2", "live_data:1"])
            let all = try await TestClient.connected(path, subscribe: ["live_data:*"])
            let wide = try await TestClient.connected(path, subscribe: ["live_data:0"])
            let events = [
                quote(1, sequence: 1), quote(2, sequence: 2), quote(3, sequence: 3), quote(1, sequence: 4),
            ]
            let end = MarketEvent.status(.ended, time: Timestamp(nanoseconds: 5), sequence: 5)
            #expect(try await feed.send(events + [end], source: 7) == .sent)
            try await all.wait("all records") { $0.recordCount == 5 }
            try await wide.wait("feed-wide record") { $0.recordCount == 1 }
            try await two.wait("records of two tokens") { $0.recordCount == 3 }
            try await one.wait("records of one token") { $0.recordCount == 2 }
            #expect(try await all.records == events + [end])
            #expect(try await two.records == [events[0], events[1], events[3]])
            #expect(try await one.records == [events[0], events[3]])
            #expect(try await wide.records == [end])
            let statistics = await broker.statistics
            #expect(statistics.totals.recordsIn == 5)
            #expect(statistics.totals.recordDeliveries == 11)
            #expect(statistics.totals.connections == 5)
        }
    }

    /// The end of the publisher is noticed while its last read is being worked on.
    @Test func recordsOfAPublisherThatLeavesAtOnceAllArrive() async throws {
        try await withBroker { broker, path in
            let reader = try await TestClient.connected(path, subscribe: ["live_data:*"])
            var total = 0
            for round in 1...100 {
                let feed = try RawSocket(path, role: .feed)
                var buffer = ByteBuffer()
                let events = quotes(1, count: round * 3)
                events.withUnsafeBufferPointer { buffer.writeRecords($0, source: 1, isLossless: true) }
                quotes(0, count: 1).withUnsafeBufferPointer {
                    buffer.writeRecords($0, source: 1, isLossless: true)
                }
                buffer.writeReason(.goodbye, BusError(.closed, "done"))
                try feed.send(buffer)
                total += events.count + 1
                withExtendedLifetime(feed) {}
            }
            try await reader.wait("all records") { [total] in $0.recordCount == total }
        }
    }

    @Test func slowReaderIsNamedOnHealthAndToTheOperator() async throws {
        let reports = Mutex<[String]>([])
        let limits = BrokerLimits(marketDataQueueBytesMax: 2 << 20)
        try await withBroker(limits: limits, report: { line in reports.withLock { $0.append(line) } }) {
            _, path in
            let slow = try RawSocket(path, role: .executor, identity: "sleeper", subscribe: ["live_data:*"])
            let watcher = try await TestClient.connected(path, subscribe: ["strategy:health"])
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            try await feed.sendAll(quotes(1, count: 100_000), pieces: 1_000, lossless: false)
            let events = try await watcher.wait("the announcement") { !$0.messages.isEmpty }
            let message = try #require(events.messages.first)
            #expect(message.topic == "strategy:health")
            #expect(HealthKind(of: Array(message.text.utf8)) == .recordsDropped)
            let payload = try RecordsDroppedPayload(decoding: Array(message.text.utf8))
            #expect(payload.identity == "sleeper" && payload.role == "executor")
            #expect(payload.dropped > 0 && payload.dropped <= payload.droppedTotal)
            #expect(
                reports.withLock { $0 }.contains {
                    $0.contains("'sleeper'") && $0.contains("reads too slowly")
                })
            withExtendedLifetime(slow) {}
        }
    }

    @Test func orderOverTokensIsThatOfThePublisher() async throws {
        try await withBroker { _, path in
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let all = try await TestClient.connected(path, subscribe: ["live_data:*", "live_data:3"])
            var generator = SeededGenerator(seed: 42)
            let count = 50_000
            let events = (1...UInt64(count)).map {
                quote(UInt32.random(in: 1...5, using: &generator), sequence: $0)
            }
            try await feed.sendAll(events, pieces: 777, lossless: true)
            try await all.wait("all records") { $0.recordCount == count }
            #expect(try await all.records == events)
        }
    }

    @Test func messagesReachExactAndWildcardSubscribersOnce() async throws {
        try await withBroker { _, path in
            let manager = try await TestClient.connected(path, role: .manager)
            let exact = try await TestClient.connected(path, subscribe: ["strategy:commands:a"])
            let both = try await TestClient.connected(
                path, subscribe: ["strategy:commands:a", "strategy:*", "*"])
            try await manager.publish(.strategyCommands("b"), "1")
            try await manager.publish(.strategyCommands("a"), "2")
            try await manager.publish(.globalCommands, "3")
            // The broker's own status comes once a second besides.
            try await both.wait("three messages") { events in
                events.messages.count { $0.topic != "bus:status" } == 3
            }
            try await exact.wait("one message") { $0.messages.count == 1 }
            let texts = try await both.events.messages.filter { $0.topic != "bus:status" }.map(\.text)
            #expect(texts == ["1", "2", "3"])
            #expect(try await exact.events.messages.map(\.topic) == ["strategy:commands:a"])
        }
    }

    @Test func unsubscribedTopicsAreNoLongerDelivered() async throws {
        try await withBroker { _, path in
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let reader = try await TestClient.connected(path, subscribe: ["live_data:1", "live_data:2"])
            try await reader.run { $0.unsubscribe([TopicPattern("live_data:1")!]) }
            try await reader.subscribe(["live_data:3"])
            _ = try await feed.send([quote(1, sequence: 1), quote(2, sequence: 2), quote(3, sequence: 3)])
            try await reader.wait("two records") { $0.recordCount == 2 }
            #expect(try await reader.records.map(\.sequence) == [2, 3])
        }
    }

    @Test func lastValuesOfRetainedTopicsReachLateSubscribersInTopicOrder() async throws {
        try await withBroker { _, path in
            let manager = try await TestClient.connected(
                path, role: .manager, subscribe: ["strategy:status:*"])
            for (id, text) in [("b", "old"), ("c", "3"), ("b", "2"), ("a", "1")] {
                try await manager.publish(.strategyStatus(id), text)
            }
            try await manager.publish(.strategyCommands("a"), "not retained")
            try await manager.wait("own messages") { $0.messages.count == 4 }
            let late = try await TestClient.connected(path, subscribe: ["strategy:*"])
            #expect(try await late.events.messages.map(\.text) == ["1", "2", "3"])
            let exact = try await TestClient.connected(path, subscribe: ["strategy:status:b"])
            #expect(try await exact.events.messages.map(\.text) == ["2"])
        }
    }

    @Test func statusIsPublishedWhileSomebodySubscribes() async throws {
        try await withBroker { broker, path in
            let reader = try await TestClient.connected(path, subscribe: ["bus:status"])
            let events = try await reader.wait("a second status") { $0.messages.count >= 2 }
            let status = try BrokerStatistics(decoding: events.messages[1].text.utf8)
            #expect(status.connections.map(\.role) == ["observer"])
            #expect(status.processID == UInt32(getpid()))
        }
    }

    @Test func rolesPublishOnlyWhatTheyMay() async throws {
        try await withBroker { broker, path in
            let observer = try await TestClient.connected(path)
            let executor = try await TestClient.connected(path, role: .executor, identity: "s1")
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let manager = try await TestClient.connected(path, role: .manager, subscribe: ["*"])
            try await observer.publish(.health, "refused")
            try await observer.publish(.managerNudge, "nudge")
            try await executor.publish(.strategyStatus("s2"), "refused")
            try await executor.publish(.strategyStatus("s1"), "status")
            try await feed.publish(.feedStatus("other"), "refused")
            try await feed.publish(.feedStatus("sim"), "feed")
            _ = try await executor.send(quotes(1, count: 1))
            try await observer.wait("refusal") { $0.refusals.count == 1 }
            try await executor.wait("refusals") { $0.refusals.count == 2 }
            try await feed.wait("refusal") { $0.refusals.count == 1 }
            try await manager.wait("messages") { $0.messages.filter { $0.topic != "bus:status" }.count == 3 }
            let texts = try await manager.events.messages.filter { $0.topic != "bus:status" }.map(\.text)
            #expect(Set(texts) == ["nudge", "status", "feed"])
            let refusal = try await executor.events.refusals[0]
            #expect(refusal.code == .notPermitted)
            #expect(refusal.context.contains("strategy:status:s2"))
            #expect(try await manager.records.isEmpty)
            #expect(await broker.statistics.connections.map(\.refused) == [1, 2, 1, 0])
        }
    }

    @Test func floodOfRefusedPublishesEndsTheConnection() async throws {
        try await withBroker { _, path in
            let peer = try RawSocket(path, role: .observer)
            var buffer = ByteBuffer()
            for _ in 0..<150 { buffer.writeTopicFrame(.publish, topic: "strategy:health", content: []) }
            try peer.send(buffer)
            let frames = try peer.frames { _ in false }
            #expect(frames.last?.reasonCode == .flooding)
            #expect(frames.filter { $0.reasonCode == .notPermitted }.count == Limits.refusalsPerSecondMax)
        }
    }

    @Test func tokenIsAskedOfEveryRoleButObserverAndRefusalsAreReported() async throws {
        let key = BusKey()
        let token = key.token(role: .feed, identity: "x")
        let reports = Mutex<[String]>([])
        try await withBroker(key: key, report: { line in reports.withLock { $0.append(line) } }) { _, path in
            let others = [
                key.token(role: .feed, identity: "y"), key.token(role: .executor, identity: "x"),
                BusKey().token(role: .feed, identity: "x"),
            ]
            for wrong in [[], [1, 2], Array(token.dropLast()), token + [0]] + others {
                let peer = try RawSocket(path)
                var buffer = ByteBuffer()
                buffer.writeHello(Hello(role: .feed, processID: 1, identity: "x", token: wrong))
                try peer.send(buffer)
                let frames = try peer.frames { _ in false }
                #expect(frames.map(\.reasonCode) == [.tokenRefused])
            }
            _ = try await TestClient.connected(path, role: .feed, identity: "x", token: token)
            _ = try await TestClient.connected(path, role: .observer)
            let refused = try await TestClient(path, role: .manager, token: [9])
            try await refused.run { $0.connect() }
            let events = try await refused.wait("refusal") { !$0.disconnects.isEmpty }
            #expect(events.disconnects.first??.code == .tokenRefused)
            try await refused.close()
            let lines = reports.withLock { $0 }
            #expect(lines.count >= 8)
            #expect(lines.allSatisfy { $0.contains("token refused") })
            #expect(lines.first?.contains("feed 'x'") == true)
        }
    }

    @Test func malformedPeerIsToldAndClosedAloneWhileOthersGoOn() async throws {
        try await withBroker { _, path in
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let reader = try await TestClient.connected(path, subscribe: ["live_data:*"])
            for (bytes, code) in Self.malformed {
                let peer = try RawSocket(path, role: .feed)
                try peer.send(bytes)
                let frames = try peer.frames { _ in false }
                #expect(frames.map(\.reasonCode) == [code], "\(bytes)")
                #expect(peer.hasEnded)
            }
            _ = try await feed.send(quotes(1, count: 3))
            try await reader.wait("records") { $0.recordCount == 3 }
        }
    }

    private static let malformed: [([UInt8], BusError.Code)] = [
        ([0, 0, 0, 0x80, 5, 0, 1, 0], .frameTooLarge),
        ([1, 0, 16, 0, 5, 0, 1, 0], .frameTooLarge),
        ([0, 0, 0, 0, 5, 0, 2, 0], .unsupportedVersion),
        ([0, 0, 0, 0, 99, 0, 1, 0], .unexpectedFrame),
        ([0, 0, 0, 0, 5, 0, 1, 1], .malformedFrame),
        ([0, 0, 0, 0, 2, 0, 1, 0], .unexpectedFrame),
        ([0, 0, 0, 0, 5, 0, 1, 0], .malformedFrame),
        ([4, 0, 0, 0, 5, 0, 1, 0, 2, 0, 0xFF, 0xFE], .malformedFrame),
        ([8, 0, 0, 0, 7, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0], .malformedFrame),
        (
            [72, 0, 0, 0, 7, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0] + [UInt8](repeating: 0, count: 64),
            .malformedFrame
        ),
        ([65, 0, 0, 0, 9, 0, 1, 0] + [UInt8](repeating: 0, count: 65), .malformedFrame),
    ]

    @Test func firstFrameMustBeHelloWithinTheDeadline() async throws {
        try await withBroker(limits: BrokerLimits(handshakeSeconds: 1)) { _, path in
            let impatient = try RawSocket(path)
            var buffer = ByteBuffer()
            buffer.writePing(.ping, echo: [1])
            try impatient.send(buffer)
            #expect(try impatient.frames { _ in false }.map(\.reasonCode) == [.helloExpected])
            let silent = try RawSocket(path)
            #expect(try silent.frames { _ in false }.map(\.reasonCode) == [.handshakeTimeout])
        }
    }

    @Test func shutdownSaysGoodbyeAndRemovesTheSocket() async throws {
        let directory = try TemporaryDirectory()
        let broker = try await startBroker(directory.socketPath)
        let mode =
            try FileManager.default.attributesOfItem(atPath: directory.socketPath)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let client = try await TestClient.connected(directory.socketPath)
        await broker.shutdown()
        let events = try await client.wait("goodbye") { !$0.disconnects.isEmpty }
        #expect(events.disconnects.first??.code == .shuttingDown)
        #expect(!FileManager.default.fileExists(atPath: directory.socketPath))
        try await client.close()
    }
}
