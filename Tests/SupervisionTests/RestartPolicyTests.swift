import Testing
import TradingModel

@testable import Supervision

@Suite struct RestartPolicyTests {
    @Test func defaultsAreTheDocumentedOnes() {
        let policy = RestartPolicy.executor
        #expect(policy.mode == .onFailure && policy.readyTimeout == .seconds(10) && policy.jitter == 0.2)
        #expect(policy.backoffInitial == .milliseconds(250) && policy.backoffMax == .seconds(30))
        #expect(policy.unstableExitsMax == 5 && policy.unstableWindow == .seconds(300))
        #expect(policy.stableAfter == .seconds(60) && policy.stopTimeout == .seconds(10))
        #expect(policy.stuckAfter == .seconds(5) && policy.lateAfter == .seconds(3))
        #expect(policy.stalledAfter == .seconds(10) && policy.isWatched && !policy.isPersistent)
        #expect(RestartPolicy.service.mode == .always && RestartPolicy.service.isPersistent)
    }

    @Test func everyEntryIsRead() throws {
        let texts = [
            "always", "1", "1ms", "0.5m", "0", "7", "1h", "true", "2.5s", "3m", "4s", "false", "5", "0.25h",
            "false", "20s",
        ]
        let policy = try RestartPolicy(
            entries: Array(zip(RestartPolicy.entryNames, texts)).map { ($0.0, $0.1) })
        var expected = RestartPolicy()
        expected.mode = .always
        expected.readyTimeout = .seconds(1)
        expected.backoffInitial = .milliseconds(1)
        expected.backoffMax = .seconds(30)
        expected.jitter = 0
        expected.unstableExitsMax = 7
        expected.unstableWindow = .seconds(3600)
        expected.isPersistent = true
        expected.stableAfter = .milliseconds(2500)
        expected.stopTimeout = .seconds(180)
        expected.stuckAfter = .seconds(4)
        expected.isWatched = false
        expected.lateAfter = .seconds(5)
        expected.stalledAfter = .seconds(900)
        expected.isRestartedOnStall = false
        expected.feedStaleAfter = .seconds(20)
        #expect(policy == expected)
    }

    @Test func absentEntriesKeepTheBase() throws {
        #expect(try RestartPolicy(entries: []) == .executor)
        #expect(try RestartPolicy(entries: [("stop_timeout", "10s")], base: .service) == .service)
    }

    @Test func allViolationsAreReportedAtOnce() {
        let error = #expect(throws: SupervisionError.self) {
            try RestartPolicy(entries: [
                ("mode", "sometimes"), ("ready_timeout", "soon"), ("jitter", "2"),
                ("unstable_exits_max", "0"),
                ("watched", "yes"), ("colour", "red"), ("jitter", "0"), ("stop_timeout", "10s"),
            ])
        }
        #expect(error?.code == .invalidRestartPolicy)
        let names = error?.violations.map { String($0.prefix { $0 != " " }) }
        #expect(
            names == ["mode", "ready_timeout", "jitter", "unstable_exits_max", "watched", "colour", "jitter"])
        #expect(
            error?.description.contains("mode is \"sometimes\"; it must be one of always, on_failure, never")
                == true)
    }

    @Test(arguments: [
        "", "s", "-1s", "0", "0ms", "25h", "1d", "1 s", "1e3", "0.0000000001s", "99999999999h", "s1",
    ])
    func textThatIsNoUsableTimeIsRefused(text: String) {
        #expect(throws: SupervisionError.self) { try RestartPolicy(entries: [("ready_timeout", text)]) }
    }

    @Test func timesThatContradictEachOtherAreRefused() {
        #expect(throws: SupervisionError.self) { try RestartPolicy(entries: [("backoff_initial", "1m")]) }
        #expect(throws: SupervisionError.self) { try RestartPolicy(entries: [("late_after", "10s")]) }
    }

    @Test func pausesDoubleUpToTheLongestWithinTheJitter() {
        var policy = RestartPolicy()
        policy.unstableExitsMax = 100
        for seed in 0..<200 as Range<UInt64> {
            var budget = RestartBudget(seed: seed)
            var nominal = 0.25
            for step in 0..<12 {
                let now = MonotonicTime(nanoseconds: Int64(step) * 1_000_000_000)
                guard case .restart(let pause) = budget.recordExit(at: now, policy: policy) else {
                    Issue.record("seed \(seed): budget used too early")
                    return
                }
                #expect(
                    abs(pause / .seconds(1) - nominal) <= nominal * 0.2 + 1e-9, "seed \(seed), step \(step)")
                nominal = min(nominal * 2, 30)
            }
        }
    }

    @Test func sameSeedGivesTheSamePausesAndAnotherSeedOthers() {
        func pauses(_ seed: UInt64) -> [RestartBudget.Verdict] {
            var budget = RestartBudget(seed: seed)
            return (0..<5).map { budget.recordExit(at: MonotonicTime(nanoseconds: $0), policy: .executor) }
        }
        #expect(pauses(1) == pauses(1))
        #expect(pauses(1) != pauses(2))
    }

    @Test func onlyEndsWithinTheWindowCount() {
        var budget = RestartBudget(seed: 1)
        let minute: Int64 = 60_000_000_000
        for step in 0..<20 as Range<Int64> {
            // 80 s apart: never more than four within five minutes.
            let verdict = budget.recordExit(
                at: MonotonicTime(nanoseconds: step * minute * 4 / 3), policy: .executor)
            if case .exhausted = verdict { Issue.record("exhausted at \(step)") }
        }
        let verdict = budget.recordExit(
            at: MonotonicTime(nanoseconds: 19 * minute * 4 / 3 + 1), policy: .executor)
        guard case .exhausted = verdict else {
            Issue.record("the fifth end within five minutes uses the budget")
            return
        }
    }
}
