import Foundation
import MessageBus
import NIOCore
import Testing
import TradingModel

/// A broker that is killed under load and started again: everybody is back by itself, and whatever was lost with it is
/// announced.
@Suite(.serialized, .timeLimit(.minutes(2))) struct BrokerRestartTests {
    private static let tokenCount: UInt64 = 3

    /// The token of a sequence; all tokens take turns.
    private static func token(of sequence: UInt64) -> UInt32 { UInt32(sequence % tokenCount) + 1 }

    /// What a reader was told of one feed, token by token: every record that is missing has to be announced before the
    /// next one of its token.
    private struct Continuity {
        var received = 0
        var announced: UInt64 = 0
        var jumps = 0
        /// Jumps that were not announced, or announced with another size.
        var unexplained: [String] = []
        private var next: [UInt32: UInt64] = [:]
        private var pending: [UInt32: UInt64] = [:]

        init(_ events: [BusEvent]) {
            for sequence in 1...BrokerRestartTests.tokenCount {
                next[BrokerRestartTests.token(of: sequence)] = sequence
            }
            for event in events {
                if case .gap(let gap) = event { add(gap) }
                guard case .records(let records, _) = event else { continue }
                for record in records { add(record) }
            }
        }

        private mutating func add(_ gap: BusGap) {
            announced += gap.droppedCount
            if gap.firstToken == gap.lastToken, gap.source == 4 {
                pending[gap.firstToken.rawValue, default: 0] += gap.droppedCount
            } else {
                unexplained.append("a gap of several tokens: \(gap)")
            }
        }

        private mutating func add(_ record: MarketEvent) {
            received += 1
            let token = record.token.rawValue
            let expected = next[token] ?? 0
            let missing = pending.removeValue(forKey: token) ?? 0
            if record.sequence != expected { jumps += 1 }
            if record.sequence != expected + missing * BrokerRestartTests.tokenCount {
                unexplained.append(
                    "\(record.sequence) of \(token), expected \(expected), announced \(missing)")
            }
            next[token] = record.sequence + BrokerRestartTests.tokenCount
        }
    }

    /// Sends records without a break until it is told to end; the last sequence that was taken.
    private func sendUntilEnd(_ feed: TestClient, _ isEnding: @escaping @Sendable () async -> Bool)
        async throws
        -> UInt64
    {
        var sequence: UInt64 = 0
        while await !isEnding() {
            let batch = (sequence + 1...sequence + 40).map { quote(Self.token(of: $0), sequence: $0) }
            // While there is no broker nothing is taken, and the same records are tried again.
            if try await feed.send(batch, source: 4) == .sent { sequence += 40 } else { await Task.yield() }
        }
        return sequence
    }

    @Test func killedUnderLoadAndStartedAgainNothingIsLostSilently() async throws {
        let directory = try TemporaryDirectory()
        var broker = try BrokerProcess(directory.socketPath)
        let feed = try await TestClient.connected(directory.socketPath, role: .feed, identity: "sim")
        var readers: [TestClient] = []
        for _ in 0..<3 {
            readers.append(try await TestClient.connected(directory.socketPath, subscribe: ["live_data:*"]))
        }
        let ending = AsyncFlag()
        let sending = Task { try await sendUntilEnd(feed) { await ending.isSet } }
        for round in 1...3 {
            let target = try await readers[0].events.recordCount + 5_000
            try await readers[0].wait("load") { $0.recordCount > target }
            broker.killAtOnce()
            broker = try BrokerProcess(directory.socketPath)
            for client in readers + [feed] {
                try await client.wait("connection \(round + 1)") { $0.connectCount == round + 1 }
            }
        }
        let target = try await readers[0].events.recordCount + 1_000
        try await readers[0].wait("records after the last start") { $0.recordCount > target }
        await ending.set()
        let last = try await sending.value
        // A record of each token closes any gap at the end.
        let end = last + Self.tokenCount
        let final = (last + 1...end).map { quote(Self.token(of: $0), sequence: $0) }
        #expect(try await feed.send(final, source: 4) == .sent)
        for reader in readers {
            let events = try await reader.wait("the last record") { $0.lastSequence == end }
            let seen = Continuity(events)
            print(
                "\(end) sent: \(seen.received) received, \(seen.announced) announced, \(seen.jumps) jumps"
            )
            #expect(seen.unexplained.isEmpty, "\(seen.unexplained.prefix(5))")
            #expect(UInt64(seen.received) + seen.announced == end)
            let reasons = events.disconnects.map { $0?.code }
            #expect(reasons.contains(.connectionLost))
            try await reader.close()
        }
        try await feed.close()
        #expect(broker.stop() == 0)
    }
}

private actor AsyncFlag {
    private(set) var isSet = false
    func set() { isSet = true }
}
