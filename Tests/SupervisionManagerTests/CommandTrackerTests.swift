import Testing

@testable import Supervision

@Suite struct CommandTrackerTests {
    private typealias Outcome = CommandTracker.Outcome

    @Test func singleCommandEndsWithItsOnlyTarget() {
        var tracker = CommandTracker()
        #expect(tracker.begin("c", targets: ["a"], isForAll: false) == nil)
        #expect(tracker.openCount == 1)
        #expect(
            tracker.finish("c", target: "a", name: "alpha", result: .executed)
                == Outcome(commandID: "c", error: nil, isSuperseded: false))
        #expect(tracker.openCount == 0)
    }

    @Test func failureOfASingleCommandIsItsReasonAlone() {
        var tracker = CommandTracker()
        _ = tracker.begin("c", targets: ["a"], isForAll: false)
        #expect(
            tracker.finish("c", target: "a", name: "alpha", result: .failed("is not running"))?.error
                == "is not running")
    }

    @Test func commandForAllEndsWhenTheLastTargetDid() {
        var tracker = CommandTracker()
        _ = tracker.begin("c", targets: ["a", "b", "d"], isForAll: true)
        #expect(tracker.finish("c", target: "b", name: "beta", result: .executed) == nil)
        #expect(tracker.finish("c", target: "a", name: "alpha", result: .executed) == nil)
        #expect(tracker.openCount == 1)
        #expect(
            tracker.finish("c", target: "d", name: "delta", result: .executed)
                == Outcome(commandID: "c", error: nil, isSuperseded: false))
    }

    @Test func partialFailureNamesThoseThatFailedInTheOrderTheyDid() {
        var tracker = CommandTracker()
        _ = tracker.begin("c", targets: ["a", "b", "d"], isForAll: true, failures: ["omega: unknown class"])
        _ = tracker.finish("c", target: "d", name: "delta", result: .failed("exit 78"))
        _ = tracker.finish("c", target: "a", name: "alpha", result: .executed)
        let outcome = tracker.finish("c", target: "b", name: "beta", result: .failed("timed out"))
        #expect(outcome?.error == "omega: unknown class; delta: exit 78; beta: timed out")
        #expect(outcome?.isSuperseded == false)
    }

    @Test func commandIsSupersededOnlyWhenItWasAtEveryTarget() {
        var tracker = CommandTracker()
        _ = tracker.begin("all", targets: ["a", "b"], isForAll: true)
        _ = tracker.finish("all", target: "a", name: "alpha", result: .superseded)
        #expect(
            tracker.finish("all", target: "b", name: "beta", result: .superseded)
                == Outcome(commandID: "all", error: nil, isSuperseded: true))
        _ = tracker.begin("some", targets: ["a", "b"], isForAll: true)
        _ = tracker.finish("some", target: "a", name: "alpha", result: .superseded)
        #expect(
            tracker.finish("some", target: "b", name: "beta", result: .executed)
                == Outcome(commandID: "some", error: nil, isSuperseded: false))
        _ = tracker.begin("failed", targets: ["a", "b"], isForAll: true)
        _ = tracker.finish("failed", target: "a", name: "alpha", result: .superseded)
        #expect(
            tracker.finish("failed", target: "b", name: "beta", result: .failed("gone"))
                == Outcome(commandID: "failed", error: "beta: gone", isSuperseded: false))
    }

    @Test func commandWithoutTargetsEndsAtOnce() {
        var tracker = CommandTracker()
        #expect(
            tracker.begin("c", targets: [], isForAll: true)
                == Outcome(commandID: "c", error: nil, isSuperseded: false))
        #expect(
            tracker.begin("d", targets: [], isForAll: true, failures: ["a: no", "b: never"])
                == Outcome(commandID: "d", error: "a: no; b: never", isSuperseded: false))
        #expect(tracker.openCount == 0)
    }

    @Test func resultsThatNobodyWaitsForAreIgnored() {
        var tracker = CommandTracker()
        #expect(tracker.finish("none", target: "a", name: "alpha", result: .executed) == nil)
        _ = tracker.begin("c", targets: ["a", "b"], isForAll: true)
        #expect(tracker.finish("c", target: "z", name: "zeta", result: .failed("x")) == nil)
        _ = tracker.finish("c", target: "a", name: "alpha", result: .executed)
        // A second answer of the same target must not stand in for the other one.
        #expect(tracker.finish("c", target: "a", name: "alpha", result: .failed("late")) == nil)
        #expect(tracker.finish("c", target: "b", name: "beta", result: .executed)?.error == nil)
        _ = tracker.begin("f", targets: ["a"], isForAll: false)
        tracker.forget("f")
        #expect(tracker.finish("f", target: "a", name: "alpha", result: .executed) == nil)
        #expect(tracker.openCount == 0)
    }
}
