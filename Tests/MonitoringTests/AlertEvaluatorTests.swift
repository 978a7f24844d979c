import ControlPlane
import TestSupport
import Testing
import TradingModel

@testable import Monitoring

/// Incidents from the engine's states, without processes and without a clock.
@Suite struct AlertEvaluatorTests {
    private static let start = Timestamp(seconds: 1_780_000_000)

    private static func rule(
        _ kind: AlertKind, threshold: Double? = nil, forSeconds: Double = 0, clearSeconds: Double = 0
    ) -> AlertRule {
        var rule = AlertRule(name: "r", kind: kind, threshold: threshold)
        rule.id = "rule-1"
        rule.forSeconds = forSeconds
        rule.clearSeconds = clearSeconds
        return rule
    }

    private static func line(_ change: (inout StrategyLine) -> Void = { _ in }) -> StrategyLine {
        var line = StrategyLine(
            id: "s1", name: "alpha", className: "m", status: "running", desiredState: "running")
        line.processID = 7
        change(&line)
        return line
    }

    private static func feed(_ change: (inout EngineOverview.Feed) -> Void) -> EngineOverview.Feed {
        var feed = EngineOverview.Feed(
            id: "f1", name: "desk", kind: "socket", status: "running", reason: nil, isEnabled: true,
            processID: 8)
        change(&feed)
        return feed
    }

    /// A run over seconds: what is open is kept as the database would keep it.
    private struct Run {
        var evaluator = AlertEvaluator()
        var rules: [AlertRule]
        var overview = EngineOverview(home: "/h")
        var freeBytes: Int64? = 1 << 40
        var told: [String] = []

        init(_ rules: AlertRule...) {
            self.rules = rules
            overview.managerProcessID = 1
            overview.strategies = [line()]
        }

        mutating func look(at second: Int64, events: [EventRow] = []) {
            let now = start + .seconds(second)
            let steps = evaluator.steps(
                rules: rules, overview: overview, events: events, freeBytes: freeBytes, now: now)
            for step in steps {
                switch step {
                case .fire(var incident, _):
                    incident.id = Int64(told.count + 1)
                    overview.alerts.append(incident)
                    told.append("\(second) fire \(incident.message)")
                case .clear(let incident, _):
                    overview.alerts.removeAll { $0.id == incident.id }
                    told.append("\(second) clear \(incident.clearedReason ?? "")")
                }
            }
        }
    }

    @Test func firesOnceAndClearsWhenItIsWellAgain() {
        var run = Run(Self.rule(.error))
        run.look(at: 0)
        run.overview.strategies[0].status = "error"
        run.overview.strategies[0].reason = "exited with 1"
        for second in 1...5 { run.look(at: Int64(second)) }
        run.overview.strategies[0].status = "running"
        for second in 6...8 { run.look(at: Int64(second)) }
        #expect(run.told == ["1 fire alpha is in error: exited with 1", "6 clear alpha is running"])
    }

    @Test func durationsOfTheRuleDelayBothSteps() {
        var run = Run(Self.rule(.error, forSeconds: 3, clearSeconds: 2))
        func set(_ status: String) { run.overview.strategies[0].status = status }
        set("error")
        run.look(at: 0)
        run.look(at: 2)
        set("running")
        run.look(at: 3)
        set("error")
        for second in 4...7 { run.look(at: Int64(second)) }
        set("running")
        run.look(at: 8)
        set("error")
        run.look(at: 9)
        set("running")
        for second in 10...12 { run.look(at: Int64(second)) }
        #expect(run.told == ["7 fire alpha is in error", "12 clear alpha is running"])
        #expect(run.told.count == 2)
    }

    @Test func whatIsOpenInTheDatabaseFiresNotAgainAfterARestart() {
        var run = Run(Self.rule(.error))
        run.overview.strategies[0].status = "error"
        run.look(at: 0)
        run.evaluator = AlertEvaluator()
        run.look(at: 1)
        #expect(run.told.count == 1)
        run.overview.strategies[0].status = "running"
        run.look(at: 2)
        #expect(run.told.count == 2)
    }

    @Test func nothingIsDecidedWithoutTheDatabase() {
        var run = Run(Self.rule(.error))
        run.overview.strategies[0].status = "error"
        run.overview.databaseProblem = "locked"
        run.look(at: 0)
        #expect(run.told.isEmpty)
        run.overview.databaseProblem = nil
        run.look(at: 1)
        #expect(run.told.count == 1)
    }

    @Test func openIncidentsClearWithTheirRuleOrStrategy() {
        var run = Run(Self.rule(.error))
        run.overview.strategies[0].status = "error"
        run.look(at: 0)
        run.rules[0].isEnabled = false
        run.look(at: 1)
        #expect(run.told.last == "1 clear the rule was removed or disabled")
        run.rules[0].isEnabled = true
        run.look(at: 2)
        run.overview.strategies = []
        run.look(at: 3)
        #expect(run.told.suffix(1) == ["3 clear the strategy was removed"])
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var rule: AlertRule
        var line = AlertEvaluatorTests.line()
        var feed: EngineOverview.Feed?
        var freeBytes: Int64 = 1 << 40
        /// What is told; `nil`: nothing.
        var message: String?
    }

    static let cases: [Case] = [
        Case(
            testDescription: "drawdown at its limit", rule: rule(.drawdown, threshold: 50),
            line: line { $0.drawdown = Money(50) },
            message: "alpha is 50 below its peak, the limit is 50"),
        Case(
            testDescription: "drawdown below its limit", rule: rule(.drawdown, threshold: 50),
            line: line { $0.drawdown = Money("49.99")! }),
        Case(
            testDescription: "share of the peak", rule: rule(.drawdownPercent, threshold: 10),
            line: line {
                $0.drawdown = Money(150)
                $0.equity = Money(850)
            }, message: "alpha is 15 % (150) below its peak, the limit is 10 %"),
        Case(
            testDescription: "drawdown of one that does not run", rule: rule(.drawdown, threshold: 1),
            line: line {
                $0.drawdown = Money(50)
                $0.status = "stopped"
            }),
        Case(
            testDescription: "stalled", rule: rule(.stalled), line: line { $0.health = .stalled },
            message: "alpha has stalled: its loop gives no sign of life"),
        Case(testDescription: "late is not stalled", rule: rule(.stalled), line: line { $0.health = .late }),
        Case(
            testDescription: "stale instruments", rule: rule(.staleFeed),
            feed: feed {
                $0.health = "stale"
                $0.staleSymbols = ["A", "B"]
            }, message: "feed desk is stale: no data of A, B"),
        Case(testDescription: "quiet feed", rule: rule(.staleFeed), feed: feed { $0.health = "quiet" }),
        Case(
            testDescription: "feed that crashes", rule: rule(.staleFeed),
            feed: feed {
                $0.status = "backoff"
                $0.reason = "exited"
            }, message: "feed desk is in backoff: exited"),
        Case(
            testDescription: "disabled feed", rule: rule(.staleFeed),
            feed: feed {
                $0.health = "stale"
                $0.isEnabled = false
            }),
        Case(
            testDescription: "last record too long ago", rule: rule(.staleFeed, threshold: 5),
            feed: feed { $0.lastRecordAt = start - .seconds(6) },
            message: "feed desk has sent nothing for 6 s, the limit is 5 s"),
        Case(
            testDescription: "last record in time", rule: rule(.staleFeed, threshold: 5),
            feed: feed { $0.lastRecordAt = start - .seconds(4) }),
        Case(
            testDescription: "disk below its limit", rule: rule(.disk, threshold: 2), freeBytes: 1 << 20,
            message: "1 MiB are free on the disk of /h, the limit is 2 MiB"),
        Case(testDescription: "disk at its limit", rule: rule(.disk, threshold: 2), freeBytes: 2 << 20),
    ]

    @Test(arguments: cases)
    func conditionOfEachKind(_ one: Case) {
        var run = Run(one.rule)
        run.overview.strategies = [one.line]
        run.overview.feeds = one.feed.map { [$0] } ?? []
        run.freeBytes = one.freeBytes
        run.look(at: 0)
        #expect(run.told == (one.message.map { ["0 fire " + $0] } ?? []))
    }

    @Test func recordsAreCountedOverTenSecondsAndANewProcessBeginsAnew() {
        var run = Run(Self.rule(.drops, threshold: 5))
        func set(dropped: UInt64, missed: Int64) {
            run.overview.strategies[0].recordsDropped = dropped
            run.overview.strategies[0].ticksMissed = missed
        }
        set(dropped: 1_000, missed: 1_000)
        run.look(at: 0)
        set(dropped: 1_004, missed: 1_004)
        run.look(at: 1)
        #expect(run.told.isEmpty, "what was lost before the first look is old, and both counts are one loss")
        set(dropped: 2, missed: 2)
        run.look(at: 2)
        #expect(run.told == ["2 fire alpha is too slow: 6 records were lost for it within ten seconds"])
        run.look(at: 12)
        #expect(run.told.last == "12 clear alpha is running")
    }

    @Test func recordsLostBeforeTheBusWasHeardAreOld() {
        var run = Run(Self.rule(.drops, threshold: 5))
        run.look(at: 0)
        run.overview.strategies[0].recordsDropped = 1_000
        run.overview.strategies[0].ticksMissed = 1_000
        run.look(at: 1)
        #expect(run.told.isEmpty, "nobody had said how many there were before")
        run.overview.strategies[0].recordsDropped = nil
        run.look(at: 2)
        run.overview.strategies[0].recordsDropped = 1_010
        run.look(at: 3)
        #expect(run.told == ["3 fire alpha is too slow: 10 records were lost for it within ten seconds"])
    }

    /// The events of a database with one strategy.
    private final class History {
        private let directory: TemporaryDirectory
        private let store: ControlStore

        init() throws {
            directory = try TemporaryDirectory()
            let home = HomeDirectory(path: directory.file("home"))
            try ControlStore.create(home)
            store = try ControlStore.open(home, access: .manager)
            try store.insertStrategy(NewStrategy(id: "s1", name: "alpha", className: "m"))
        }

        func set(_ status: StrategyStatus, _ reason: String = "") throws {
            try store.setStatus("s1", to: status, reason: reason, at: start)
        }

        func note(_ reason: String, at second: Int64 = 0) throws {
            try store.noteEvent("s1", reason: reason, epoch: 1, at: start + .seconds(second))
        }

        func events() throws -> [EventRow] {
            var cursor = OverviewCursor()
            return try store.overviewChanges(&cursor).events
        }
    }

    @Test func whatHappenedBetweenTwoLooksCounts() throws {
        let history = try History()
        try history.set(.error, "old")
        var run = Run(Self.rule(.error), Self.rule(.stalled))
        run.rules[1].id = "rule-2"
        run.look(at: 0, events: try history.events())
        #expect(run.told.isEmpty, "what was before the first look is old")
        try history.set(.running)
        try history.set(.error, "short")
        try history.set(.running)
        run.look(at: 1, events: try history.events())
        run.look(at: 2, events: try history.events())
        #expect(run.told == ["1 fire alpha is in error: short", "2 clear alpha is running"])
        run.told = []
        try history.note("health stalled")
        for second in 3...5 { run.look(at: Int64(second), events: try history.events()) }
        #expect(run.told == ["3 fire alpha has stalled: its loop gives no sign of life"])
        try history.note("health ok")
        run.look(at: 6, events: try history.events())
        #expect(run.told.count == 2)
    }

    @Test func stallThatLastsOverARestartOfTheAlerterStaysOpen() throws {
        let history = try History()
        var run = Run(Self.rule(.stalled))
        run.look(at: 0, events: try history.events())
        try history.note("health stalled")
        run.look(at: 1, events: try history.events())
        run.evaluator = AlertEvaluator()
        for second in 2...4 { run.look(at: Int64(second), events: try history.events()) }
        #expect(run.told == ["1 fire alpha has stalled: its loop gives no sign of life"])
        try history.note("health ok")
        run.look(at: 5, events: try history.events())
        #expect(run.told.count == 2)
    }

    @Test func newManagerSaysAnewWhoHasStalled() throws {
        let history = try History()
        var run = Run(Self.rule(.stalled))
        run.overview.managerStartedAt = Self.start
        run.look(at: 0, events: try history.events())
        try history.note("health stalled", at: 1)
        run.look(at: 1, events: try history.events())
        run.overview.managerProcessID = nil
        run.overview.managerStartedAt = nil
        run.look(at: 2, events: try history.events())
        #expect(run.told.count == 1, "while there is no manager nobody knows better")
        run.overview.managerProcessID = 2
        run.overview.managerStartedAt = Self.start + .seconds(3)
        run.look(at: 4, events: try history.events())
        #expect(run.told.last == "4 clear alpha is running")
        run.evaluator = AlertEvaluator()
        run.look(at: 5, events: try history.events())
        #expect(run.told.count == 2, "what an earlier manager said is as old for a new alerter")
        try history.note("health stalled", at: 15)
        for second in 15...17 { run.look(at: Int64(second), events: try history.events()) }
        #expect(run.told.suffix(1) == ["15 fire alpha has stalled: its loop gives no sign of life"])
    }

    @Test func eventsOfAnotherDatabaseBeginAnew() throws {
        let history = try History()
        var run = Run(Self.rule(.error), Self.rule(.stalled))
        run.rules[1].id = "rule-2"
        for _ in 1...5 { try history.note("health ok") }
        try history.note("health stalled")
        run.look(at: 0, events: try history.events())
        #expect(run.told.count == 1)
        let other = try History()
        try other.set(.error, "old")
        run.look(at: 1, events: try other.events())
        #expect(
            run.told.count == 2, "the stall is of the other database, and the error before the first look")
        try other.set(.running)
        try other.set(.error, "short")
        run.look(at: 2, events: try other.events())
        #expect(run.told.last == "2 fire alpha is in error: short")
    }

    @Test func eventsThatCouldNotBeReadAtFirstAreOld() throws {
        let history = try History()
        try history.set(.error, "old")
        var run = Run(Self.rule(.error))
        run.overview.databaseProblem = "locked"
        run.look(at: 0)
        run.overview.databaseProblem = nil
        run.look(at: 1, events: try history.events())
        #expect(run.told.isEmpty)
        try history.set(.running)
        try history.set(.error, "short")
        run.overview.databaseProblem = "locked"
        run.look(at: 2)
        run.overview.databaseProblem = nil
        run.look(at: 3, events: try history.events())
        #expect(run.told == ["3 fire alpha is in error: short"])
    }
}
