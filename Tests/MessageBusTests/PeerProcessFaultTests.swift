import Foundation
import MessageBus
import NIOCore
import Synchronization
import TestSupport
import Testing
import TradingModel

/// Peers that stop, die or flood, while others go on.
@Suite(.serialized, .timeLimit(.minutes(2))) struct PeerProcessFaultTests {
    /// Sends records as fast as a reader takes them; the seconds it took.
    private func run(
        _ numbers: Range<Int>, from feed: TestClient, to reader: TestClient
    ) async throws -> Double {
        let start = ContinuousClock.now
        for first in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 5_000) {
            let last = min(first + 5_000, numbers.upperBound)
            let events = interleavedQuotes(first..<last, tokenCount: 3)
            #expect(try await feed.send(events) == .sent)
            try await reader.wait("record \(last)") { $0.lastSequence == UInt64(last) }
        }
        return (ContinuousClock.now - start) / .seconds(1)
    }

    @Test(.enabled(if: PythonPeer.isAvailable, "needs python3 for peers that share no code with ours"))
    func stoppedSubscriberLosesOnlyItsOwnRecordsAndIsToldHowMany() async throws {
        let directory = try TemporaryDirectory()
        let broker = try BrokerProcess(directory.socketPath)
        let feed = try await TestClient.connected(directory.socketPath, role: .feed, identity: "sim")
        let reader = try await TestClient.connected(directory.socketPath, subscribe: ["live_data:*"])
        let count = 300_000
        let stopped = try PythonPeer.subscriber(directory.socketPath, last: 2 * count + 1)
        let moving = try await run(0..<count, from: feed, to: reader)
        let resident = try broker.memory("VmRSS")
        stopped.signal(SIGSTOP)
        let halted = try await run(count..<2 * count, from: feed, to: reader)
        let growth = try broker.memory("VmRSS") - resident
        stopped.signal(SIGCONT)
        _ = try await feed.send([quote(1, sequence: UInt64(2 * count + 1))])
        let summary = try PythonPeer.summary(stopped)
        print(
            "\(count) records with all reading: \(moving) s; with one stopped: \(halted) s, resident",
            "+\(growth >> 10) KiB; it got \(summary.received), was told of \(summary.announced) lost")
        #expect(summary.received + summary.announced == 2 * count + 1)
        #expect(summary.unexplained == 0)
        #expect(summary.announced > 0, "more was sent than a subscriber's queue holds")
        #expect(try await reader.events.gaps.isEmpty)
        #expect(try await reader.records.count == 2 * count + 1)
        // 8 MiB for the queue, as much again for what the memory is cut into.
        #expect(growth < 24 << 20)
        #expect(halted < 2 * moving + 1, "a stopped reader is nobody else's business")
        #expect(broker.stop() == 0)
        try await feed.close()
        try await reader.close()
    }

    @Test(.enabled(if: PythonPeer.isAvailable, "needs python3 for peers that share no code with ours"))
    func killedPeersTakeNobodyWithThem() async throws {
        let directory = try TemporaryDirectory()
        let broker = try BrokerProcess(directory.socketPath)
        let reader = try await TestClient.connected(
            directory.socketPath, subscribe: ["live_data:*", "bus:status"])
        let killedReader = try PythonPeer.subscriber(directory.socketPath, last: 1_000_000)
        let publisher = try PythonPeer.halfwayPublisher(directory.socketPath)
        try await reader.wait("the whole frame") { $0.recordCount == 1 }
        publisher.signal(SIGKILL)
        #expect(
            waitUntil(seconds: 10) {
                broker.log.last?.contains("the peer was gone 40 bytes into a frame") == true
            },
            "\(broker.log)")
        #expect(broker.log.last?.contains("feed 'peer', process \(publisher.processID)") == true)
        let feed = try await TestClient.connected(directory.socketPath, role: .feed, identity: "sim")
        let sending = Task { try await feed.sendAll(quotes(7, count: 50_000), pieces: 500, lossless: true) }
        try await reader.wait("some records") { $0.recordCount > 1_000 }
        killedReader.signal(SIGKILL)
        try await sending.value
        try await reader.wait("all records") { $0.recordCount == 50_001 }
        let records = try await reader.records
        // The half frame is not there, not even in parts, and everything else is, in its order.
        #expect(records.first?.token == InstrumentToken(5))
        #expect(records.dropFirst().map(\.sequence) == Array(1...50_000))
        #expect(try await reader.events.gaps.isEmpty)
        try await reader.wait("a status without the dead") { events in
            guard let text = events.messages.last?.text else { return false }
            return (try? BrokerStatistics(decoding: text.utf8))?.totals.connections == 2
        }
        #expect(broker.stop() == 0)
        try await feed.close()
        try await reader.close()
    }

    /// Peers that keep the broker busy as well as they can, without reading.
    @Test func floodingSubscribersDelayNobodyForLong() async throws {
        let directory = try TemporaryDirectory()
        let broker = try BrokerProcess(directory.socketPath)
        let path = directory.socketPath
        let manager = try await TestClient.connected(path, role: .manager, identity: "m")
        for index in 0..<2_000 { try await manager.publish(.strategyStatus("\(index)"), "{}") }
        let reader = try await TestClient.connected(path, subscribe: ["live_data:*"])
        let floods = Self.floods().map { Flood(path, $0) }
        var waits: [Double] = []
        for sequence in 1...40 {
            let start = ContinuousClock.now
            let feedResult = try await manager.send([quote(3, sequence: UInt64(sequence))])
            #expect(feedResult == .sent)
            try await reader.wait("record \(sequence)") { $0.recordCount == sequence }
            waits.append((ContinuousClock.now - start) / .milliseconds(1))
        }
        let resident = try broker.memory("VmRSS")
        waits.sort()
        print("with \(floods.count) floods: p50 \(waits[20]) ms, max \(waits[39]) ms, \(resident >> 20) MiB")
        // Unoptimised code on a busy machine; a broker that a flood holds up answers after many seconds.
        #expect(waits[20] < 400 && waits[39] < 10_000)
        #expect(resident < 256 << 20)
        let connections = floods.map { $0.end() }
        print("connections used by each flood: \(connections)")
        #expect(broker.stop() == 0)
        try await manager.close()
        try await reader.close()
    }

    /// What each flooding peer sends over and over.
    private static func floods() -> [[UInt8]] {
        var pings = ByteBuffer()
        for _ in 0..<4_000 { pings.writePing(.ping, echo: [1, 2, 3, 4, 5, 6, 7, 8]) }
        var subscriptions = ByteBuffer()
        let patterns = (0..<4_000).map { TopicPattern("strategy:commands:\($0)")! }
        subscriptions.writeSubscribe(patterns, isConflating: false)
        subscriptions.writeUnsubscribe(patterns)
        var wildcards = ByteBuffer()
        wildcards.writeSubscribe((0..<2_000).map { TopicPattern("live_data:\($0)*")! }, isConflating: true)
        var everything = ByteBuffer()
        for _ in 0..<100 { everything.writeSubscribe([.everything], isConflating: false) }
        return [pings, subscriptions, wildcards, everything].map { Array($0.readableBytesView) }
    }
}

/// Sends the same bytes again and again on a thread of its own, with a new connection whenever one is ended.
private final class Flood {
    private final class State: Sendable {
        let isStopped = Atomic(false)
        let connectionCount = Atomic(0)
    }

    private let state = State()
    private let group = DispatchGroup()

    init(_ path: String, _ bytes: [UInt8]) {
        DispatchQueue.global().async(group: group) { [state] in
            while !state.isStopped.load(ordering: .relaxed) {
                guard let peer = try? RawSocket(path, role: .observer) else { continue }
                state.connectionCount.add(1, ordering: .relaxed)
                while !state.isStopped.load(ordering: .relaxed), (try? peer.send(bytes)) != nil {}
            }
        }
    }

    /// Ends it; how many connections it used.
    func end() -> Int {
        state.isStopped.store(true, ordering: .relaxed)
        group.wait()
        return state.connectionCount.load(ordering: .relaxed)
    }
}
