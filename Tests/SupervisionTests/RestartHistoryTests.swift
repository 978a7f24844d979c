import Testing
import TradingModel

@testable import Supervision

/// Which ends of processes count for the restart budget of the next manager.
@Suite struct RestartHistoryTests {
    private static let now = Timestamp(seconds: 1_780_000_000)

    /// A process by seconds before now: ready, ended.
    private static func process(_ ready: Int64?, _ ended: Int64?, isOrderly: Bool = false)
        -> RestartHistory.Process
    {
        RestartHistory.Process(
            readyAt: ready.map { now - .seconds($0) }, endedAt: ended.map { now - .seconds($0) },
            isOrderly: isOrderly)
    }

    struct Case: Sendable {
        var name: String
        /// Newest first.
        var processes: [RestartHistory.Process]
        var forgiven: Int64?
        var ages: [Int64]
    }

    private static let cases = [
        Case(name: "none", processes: [], ages: []),
        Case(
            name: "three crashes", processes: [process(3, 2), process(nil, 4), process(7, 6)],
            ages: [6, 4, 2]),
        Case(name: "older than the window", processes: [process(3, 2), process(400, 301)], ages: [2]),
        Case(
            name: "ran for a minute first", processes: [process(5, 4), process(100, 10), process(120, 110)],
            ages: [10, 4]),
        Case(name: "lives and is stable", processes: [process(61, nil), process(80, 70)], ages: []),
        Case(name: "lives and is not yet", processes: [process(10, nil), process(80, 70)], ages: [70]),
        Case(
            name: "ended in order between",
            processes: [process(4, 3), process(8, 6, isOrderly: true), process(11, 10)], ages: [10, 3]),
        Case(
            name: "started by an operator since", processes: [process(4, 3), process(8, 6)], forgiven: 5,
            ages: [3]),
        Case(name: "clock set back", processes: [process(-50, -60)], ages: [0]),
        Case(
            name: "no more than the policy asks for", processes: (1...9).map { process($0 + 1, $0) },
            ages: [5, 4, 3, 2, 1]),
    ]

    @Test(arguments: cases) func endsThatCountAreThoseOfOneUninterruptedManager(_ value: Case) {
        let history = RestartHistory(
            processes: value.processes, forgivenAt: value.forgiven.map { Self.now - .seconds($0) })
        let ages = history.unstableEndAges(policy: .executor, now: Self.now)
        #expect(ages == value.ages.map { .seconds($0) }, "\(value.name)")
    }

    @Test func restoredEndsLeadToTheSameVerdictAndTheSamePause() {
        var policy = RestartPolicy.executor
        policy.jitter = 0
        var bench = Bench(policy: policy, desired: .running)
        bench.machine.restoreBudget((1...3).map { bench.now - .seconds(10 * $0) }.reversed())
        bench.send(.foundFailed(reason: "crashed"))
        // The third pause of 250 ms, doubled twice.
        #expect(bench.machine.status == .backoff && bench.machine.nextDeadline == bench.now + .seconds(1))
        bench.respawn(pid: 9)
        bench.send(.ready(epoch: 1), .exited(epoch: 1, status: .signaled(signal: 9)))
        #expect(bench.machine.status == .backoff)
        #expect(bench.machine.nextDeadline == bench.now + .seconds(2))
        bench.respawn(pid: 10)
        bench.send(.ready(epoch: 2), .exited(epoch: 2, status: .signaled(signal: 9)))
        #expect(bench.machine.status == .error && bench.machine.reason.contains("crash loop"))
    }

    @Test func spawnThatWaitsForThePreviousExecutableFailsTheRestartAndGoesOn() {
        var bench = Bench()
        bench.becomeRunning()
        bench.send(.operatorRestart(commandID: "c"), .exited(epoch: 1, status: .exited(code: 0)))
        let actions = bench.send(.fellBack(reason: "no"))
        #expect(
            bench.machine.status == .starting
                && actions.contains(.finishCommand(id: "c", .failed(reason: "no"))))
        #expect(!actions.contains { if case .spawn = $0 { true } else { false } })
    }
}

/// Market data that stops coming, for a strategy that wants to be told.
@Suite struct FeedStaleTests {
    private func bench() -> Bench {
        var policy = RestartPolicy.executor
        policy.feedStaleAfter = .seconds(5)
        var bench = Bench(policy: policy)
        bench.becomeRunning()
        return bench
    }

    /// A heartbeat a second.
    private func beat(_ bench: inout Bench, seconds: Int, isTicking: Bool) -> [Machine.Action] {
        var actions: [Machine.Action] = []
        for _ in 0..<seconds {
            actions += bench.run(.seconds(1))
            actions += bench.send(.heartbeat(epoch: 1))
            if isTicking { actions += bench.send(.ticked(epoch: 1)) }
        }
        return actions
    }

    @Test func silenceIsToldOnceAndEndsWithTheNextRecord() {
        var bench = bench()
        #expect(beat(&bench, seconds: 10, isTicking: true) == [])
        let silent = beat(&bench, seconds: 10, isTicking: false)
        #expect(silent == [.setHealth(.feedStale), .raiseAlarm("no market data for 5 s")])
        #expect(bench.send(.ticked(epoch: 1)) == [.setHealth(.ok)] && bench.machine.status == .running)
    }

    @Test func processThatDoesNotAnswerIsStillLateAndKilled() {
        var bench = bench()
        _ = beat(&bench, seconds: 10, isTicking: false)
        #expect(bench.machine.health == .feedStale)
        let actions = bench.run(.seconds(11))
        #expect(actions.contains(.setHealth(.late)) && actions.contains(.setHealth(.stalled)))
        #expect(bench.machine.status == .stopping)
    }

    @Test func timeWithoutTheBusDoesNotCount() {
        var bench = bench()
        bench.send(.busLost)
        #expect(bench.run(.seconds(60)) == [])
        bench.send(.busBack)
        #expect(beat(&bench, seconds: 4, isTicking: false) == [])
        #expect(bench.machine.health == .ok)
    }

    @Test func withoutALimitNobodyIsTold() {
        var bench = Bench()
        bench.becomeRunning()
        #expect(beat(&bench, seconds: 600, isTicking: false) == [])
    }
}
