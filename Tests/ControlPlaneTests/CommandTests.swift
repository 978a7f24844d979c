import ControlPlane
import Testing
import TradingModel

@Suite struct CommandTests {
    private let context: TemporaryHomeStore
    private var store: ControlStore { context.store }

    init() throws {
        context = try TemporaryHomeStore()
        try store.insertStrategy(
            NewStrategy(
                id: "s1", name: "alpha", className: "m",
                configJSON: #"{"parameters": {"fast": 10, "slow": 20}}"#))
        try store.insertStrategy(NewStrategy(id: "s2", name: "beta", className: "m", isAutoStart: false))
    }

    @discardableResult
    private func insert(
        _ kind: CommandKind, _ strategy: String?, _ parameters: String = "{}"
    ) throws -> String {
        try store.insertCommand(kind, strategy: strategy, parameters: parameters, issuer: "test").id
    }

    private func status(_ id: String) throws -> CommandStatus? { try store.command(id)?.status }

    @Test func restartMaySetTheExecutableAndNotesThePreviousOnes() throws {
        try store.updateStrategy("s1", StrategyChange(modulePath: .some("/old")))
        let id = try insert(.restart, nil, #"{"module_path": "/new"}"#)
        try insert(.start, "beta")
        let accepted = try store.acceptPending(now: moment())
        #expect(accepted.first?.targets.map(\.modulePath) == ["/new"], "beta was stopped")
        #expect(
            try store.command(id)?.parameters
                == #"{"module_path":"/new","previous_module_paths":{"s1":"/old"}}"#)
        let back = try insert(.restart, "beta", #"{"module_path": null}"#)
        _ = try store.acceptPending(now: moment())
        #expect(
            try store.command(back)?.parameters
                == #"{"module_path":null,"previous_module_paths":{"s2":null}}"#)
        let wrong = try insert(.restart, "alpha", #"{"module_path": "relative"}"#)
        _ = try store.acceptPending(now: moment())
        #expect(try status(wrong) == .failed)
        #expect(try store.command(wrong)?.error?.contains("module_path must be an absolute path") == true)
        #expect(try store.strategy("alpha")?.modulePath == "/new")
    }

    @Test func stopIsAcceptedWithItsDesiredStateAndEndsOnce() throws {
        let id = try insert(.stop, "alpha")
        #expect(try store.hasPendingCommands())
        let accepted = try store.acceptPending(now: moment())
        #expect(accepted.map(\.command.id) == [id])
        #expect(accepted.first?.targets.map(\.name) == ["alpha"])
        #expect(accepted.first?.targets.first?.desiredState == .stopped)
        let row = try #require(try store.command(id))
        #expect(
            row.status == .accepted && row.acceptedAt == moment() && row.strategyID == "s1"
                && row.issuer == "test")
        #expect(try store.acceptedCommands().map(\.id) == [id])
        #expect(try !store.hasPendingCommands())
        #expect(try store.acceptPending(now: moment()).isEmpty)
        #expect(try store.finishCommand(id, .executed, at: moment(1)))
        #expect(try !store.finishCommand(id, .failed("late"), at: moment(2)))
        #expect(try store.command(id)?.endedAt == moment(1))
        #expect(try status(id) == .executed)
    }

    @Test func commandsAreTakenInTheOrderOfInsertionFromAnyConnection() throws {
        try context.home.shell("INSERT INTO strategy_commands(strategy_id, command) VALUES ('beta', 'start')")
        try insert(.flatten, "alpha")
        try context.home.shell(
            "INSERT INTO strategy_commands(strategy_id, command) VALUES ('alpha', 'restart')")
        #expect(try store.pendingCommands(now: moment()).map(\.kind) == [.start, .flatten, .restart])
        let accepted = try store.acceptPending(now: moment())
        #expect(accepted.map(\.command.kind) == [.start, .flatten, .restart])
        #expect(try store.strategy("beta")?.desiredState == .running)
        #expect(try store.strategy("alpha")?.restartGeneration == 2)
    }

    @Test func tradingStatesAreKeptForOneAndForAllAndEndWithTheirStrategy() throws {
        try insert(.halt, "alpha", #"{"reason": "news"}"#)
        try insert(.reduce, nil)
        _ = try store.acceptPending(now: moment())
        #expect(
            try store.tradingStates() == [
                "s1": TradingStateRow(state: .halted, reason: "news"),
                ControlStore.allStrategies: TradingStateRow(state: .reducing, reason: "by test"),
            ])
        try insert(.resumeTrading, nil)
        _ = try store.acceptPending(now: moment())
        #expect(try store.tradingStates().keys.sorted() == ["s1"])
        try context.home.shell("DELETE FROM strategy_configs WHERE id = 's1'")
        #expect(try store.tradingStates().isEmpty)
    }

    @Test func updateMergesParametersAndBumpsTheGenerationOnce() throws {
        try insert(.update, "alpha", #"{"fast": 12, "slow": null, "name": "x"}"#)
        let strategy = try #require(try store.acceptPending(now: moment()).first?.targets.first)
        #expect(strategy.configJSON == #"{"parameters":{"fast":12,"name":"x"}}"#)
        #expect(strategy.configGeneration == 2)
        try insert(.update, "beta", #"{"fast": 1}"#)
        #expect(
            try store.acceptPending(now: moment()).first?.targets.first?.configJSON
                == #"{"parameters":{"fast":1}}"#)
    }

    @Test func vetoFailsTheCommandWithItsReasonAndChangesNothing() throws {
        let id = try insert(.update, "alpha", #"{"fast": -1}"#)
        let other = try insert(.stop, "alpha")
        let accepted = try store.acceptPending(now: moment()) { command, strategy in
            command.kind == .update ? "\(strategy.name): fast must be 1 to 100" : nil
        }
        #expect(accepted.map(\.command.status) == [.failed, .accepted])
        #expect(accepted.first?.targets.isEmpty == true)
        #expect(try store.command(id)?.error == "alpha: fast must be 1 to 100")
        #expect(try store.strategy("alpha")?.configGeneration == 1)
        #expect(try status(other) == .accepted)
    }

    @Test func vetoedCommandSupersedesNothing() throws {
        let stop = try insert(.stop, "alpha")
        let start = try insert(.start, "alpha")
        try store.acceptPending(now: moment()) { command, _ in command.kind == .start ? "unknown class" : nil
        }
        .forEach { #expect($0.supersededIDs.isEmpty) }
        #expect(try status(stop) == .accepted)
        #expect(try status(start) == .failed)
        #expect(try store.strategy("alpha")?.desiredState == .stopped)
    }

    @Test func globalCommandReachesTheStrategiesItCanMean() throws {
        try insert(.pause, nil)
        var accepted = try #require(try store.acceptPending(now: moment()).first)
        #expect(accepted.targets.map(\.name) == ["alpha"])
        #expect(accepted.targets.first?.desiredState == .paused)
        try insert(.start, nil)
        accepted = try #require(
            try store.acceptPending(now: moment()) { $1.name == "beta" ? "unknown class" : nil }.first)
        #expect(accepted.targets.map(\.name) == ["alpha"])
        #expect(accepted.refusals == [AcceptedCommand.Refusal(strategyName: "beta", reason: "unknown class")])
        #expect(accepted.command.status == .accepted)
        try insert(.stop, nil)
        accepted = try #require(try store.acceptPending(now: moment()).first)
        #expect(accepted.targets.map(\.name) == ["alpha", "beta"])
    }

    @Test func stoppedStrategyRefusesWhatNeedsAProcess() throws {
        for kind in [CommandKind.pause, .resume, .flatten] {
            let id = try insert(kind, "beta")
            _ = try store.acceptPending(now: moment())
            #expect(try status(id) == .failed)
            #expect(try store.command(id)?.error == "beta is stopped: start it first")
        }
    }

    struct Pair: Sendable {
        let first: CommandKind
        let second: CommandKind
        let isOvertaken: Bool
        let desired: DesiredState
    }

    static let pairs: [Pair] = [
        Pair(first: .start, second: .stop, isOvertaken: true, desired: .stopped),
        Pair(first: .stop, second: .start, isOvertaken: true, desired: .running),
        Pair(first: .stop, second: .restart, isOvertaken: true, desired: .running),
        Pair(first: .restart, second: .stop, isOvertaken: true, desired: .stopped),
        Pair(first: .restart, second: .start, isOvertaken: false, desired: .running),
        Pair(first: .start, second: .start, isOvertaken: false, desired: .running),
        Pair(first: .pause, second: .resume, isOvertaken: true, desired: .running),
        Pair(first: .resume, second: .pause, isOvertaken: true, desired: .paused),
        Pair(first: .pause, second: .start, isOvertaken: true, desired: .running),
        Pair(first: .pause, second: .restart, isOvertaken: false, desired: .paused),
        Pair(first: .start, second: .pause, isOvertaken: false, desired: .paused),
        Pair(first: .flatten, second: .stop, isOvertaken: false, desired: .stopped),
    ]

    @Test(arguments: pairs, [false, true])
    func laterCommandOvertakesItsOpposite(_ pair: Pair, isFirstAcceptedBefore: Bool) throws {
        let first = try insert(pair.first, "alpha")
        if isFirstAcceptedBefore { _ = try store.acceptPending(now: moment()) }
        let elsewhere = try insert(.start, "beta")
        let second = try insert(pair.second, "alpha")
        let accepted = try store.acceptPending(now: moment())
        #expect(try status(first) == (pair.isOvertaken ? .superseded : .accepted))
        #expect(try status(second) == .accepted)
        #expect(try status(elsewhere) == .accepted)
        #expect(try store.strategy("alpha")?.desiredState == pair.desired)
        #expect(accepted.last?.supersededIDs == (pair.isOvertaken ? [first] : []))
        #expect(accepted.contains { $0.command.id == first } == (!pair.isOvertaken && !isFirstAcceptedBefore))
    }

    @Test func stopForAllOvertakesStartsOfOneAndOfAll() throws {
        let ids = [try insert(.start, "alpha"), try insert(.start, nil)]
        let stop = try insert(.stop, nil)
        let accepted = try store.acceptPending(now: moment())
        #expect(accepted.map(\.command.id) == [stop])
        #expect(accepted.first?.supersededIDs == ids)
        let single = try insert(.start, "alpha")
        #expect(try store.acceptPending(now: moment()).map(\.command.id) == [single])
        #expect(try status(stop) == .accepted)
    }

    @Test func commandPastItsTimeExpires() throws {
        let late = try store.insertCommand(.stop, strategy: nil, issuer: "test", expiresAt: moment(10)).id
        let early = try store.insertCommand(
            .flatten, strategy: "alpha", issuer: "test", expiresAt: moment(20)
        ).id
        #expect(try store.acceptPending(now: moment(10)).map(\.command.id) == [early])
        #expect(try status(late) == .expired)
        #expect(try store.command(late)?.error?.contains("not accepted before") == true)
        #expect(try store.acceptCommand(late, now: moment(11)) == nil)
    }

    @Test func valueTheSchemaRefusesFailsOnlyItsCommand() throws {
        let big = "{\"text\": \"" + String(repeating: "x", count: 700_000) + "\"}"
        let bigger = "{\"other\": \"" + String(repeating: "x", count: 700_000) + "\"}"
        let ids = [
            try insert(.update, "alpha", big), try insert(.update, "alpha", bigger),
            try insert(.stop, "alpha"),
        ]
        let accepted = try store.acceptPending(now: moment())
        #expect(accepted.map(\.command.status) == [.accepted, .failed, .accepted])
        #expect(try store.command(ids[1])?.error?.contains("at most 1 MiB") == true)
        #expect(try store.strategy("alpha")?.configGeneration == 2)
    }

    @Test func recentCommandsAreNewestFirst() throws {
        let ids = [try insert(.stop, "alpha"), try insert(.stop, "beta"), try insert(.start, "alpha")]
        #expect(try store.recentCommands(limit: 2).map(\.id) == [ids[2], ids[1]])
        #expect(try store.recentCommands(strategyID: "s1", limit: 9).map(\.id) == [ids[2], ids[0]])
        try store.finishCommands([(ids[0], .superseded("x")), (ids[2], .failed("y"))], at: moment())
        #expect(try status(ids[0]) == .superseded)
        #expect(try store.command(ids[2])?.error == "y")
    }

    /// Prints how long an operator waits for a command to be on disk.
    @Test func commitLatencyIsMeasured() throws {
        let client = try context.home.open(.client)
        var durations: [Duration] = []
        for _ in 0..<200 {
            let start = ContinuousClock.now
            try client.insertCommand(.flatten, strategy: "alpha", issuer: "test")
            durations.append(.now - start)
        }
        durations.sort()
        print("command insert, synchronous FULL: p50 \(durations[100]), p99 \(durations[198])")
        let start = ContinuousClock.now
        #expect(try store.acceptPending(now: moment()).count == 200)
        print("acceptance of 200 commands in one transaction: \(.now - start as Duration)")
    }
}
