import Testing
import TradingModel

@testable import Supervision

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// A hundred thousand short histories without processes; `SUPERVISION_SEED=<n>` replays one with its whole trace.
@Suite struct ProcessSimulationTests {
    private static let historiesPerPart: UInt64 = 10_000

    @Test(arguments: 0..<10 as Range<UInt64>) func promisesHoldInEveryHistory(part: UInt64) {
        if let text = getenv("SUPERVISION_SEED"), let seed = UInt64(String(cString: text)) {
            if part == 0 { replay(seed) }
            return
        }
        var restartCount = 0
        var spawnCount = 0
        var managerCount = 0
        for seed in (part * Self.historiesPerPart)..<((part + 1) * Self.historiesPerPart) {
            var history = SimulatedHistory(seed: seed)
            if let violation = history.run() {
                Issue.record("seed \(seed): \(violation); replay with SUPERVISION_SEED=\(seed)")
                return
            }
            restartCount += history.account.automaticRestartCount
            spawnCount += history.account.epochs.count
            managerCount += history.managerCount
        }
        // The histories must be worth something: faults do happen in them.
        #expect(restartCount > Int(Self.historiesPerPart) / 2)
        #expect(spawnCount > Int(Self.historiesPerPart) * 2)
        #expect(managerCount > Int(Self.historiesPerPart) * 5 / 4)
    }

    @Test func sameSeedGivesTheSameHistory() {
        for seed in 0..<50 as Range<UInt64> {
            var first = SimulatedHistory(seed: seed, isTraced: true)
            var second = SimulatedHistory(seed: seed, isTraced: true)
            _ = first.run()
            _ = second.run()
            #expect(first.trace == second.trace)
        }
    }

    private func replay(_ seed: UInt64) {
        var history = SimulatedHistory(seed: seed, isTraced: true)
        let violation = history.run()
        for line in history.trace { print(line) }
        #expect(violation == nil, "seed \(seed)")
    }
}
