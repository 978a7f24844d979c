import GRDB
package import TradingModel

extension ControlStore {
    /// Takes all pending commands, in one transaction: each is marked accepted and its effect on desired
    /// state, parameters and generations is written with it, so that a crash leaves both or neither.
    ///
    /// Commands past their time become expired. A command that cannot be applied becomes failed, with the
    /// reason, and does not hold up the others. At most 1,000 are taken; call again while the result is not
    /// empty.
    ///
    /// | command | desired state | else |
    /// |---|---|---|
    /// | start | running | |
    /// | stop | stopped | |
    /// | restart | running, or paused when it is | `restartGeneration` + 1; a `module_path` among the parameters is set |
    /// | update | | parameters merged (RFC 7396) into `config_json.parameters`, `configGeneration` + 1 |
    /// | pause | paused; refused when stopped | |
    /// | resume | running; refused when stopped | |
    /// | flatten | ; refused when stopped | |
    /// | halt, reduce, resume_trading | | the trading state of the strategy, or of all |
    ///
    /// A global command leaves out the strategies that are stopped, except for start, stop and update.
    /// Commands are applied in their order. An earlier one that has not ended is superseded by a later one
    /// for the same strategy (or all) that takes its effect back, and is left out of the result: start by
    /// stop; stop by start and restart; restart by stop; pause by resume, start and stop; resume by pause and
    /// stop.
    ///
    /// - Parameter veto: called within the transaction for every strategy a command would apply to; a reason
    ///   refuses it (an unknown class, a parameter out of range). It must not call this store.
    package func acceptPending(
        now: Timestamp, veto: (CommandRow, StrategyRow) -> String? = { _, _ in nil }
    ) throws(ControlError) -> [AcceptedCommand] {
        guard try hasPendingCommands() else { return [] }
        // Not synced: a power failure makes the command pending again, and taking it again is harmless.
        return try write(.normal) { database in
            try ControlStore.expireCommands(database, now: now)
            var open = try ControlStore.commands(database, .accepted)
            var results: [AcceptedCommand] = []
            for command in try ControlStore.commands(database, .pending) {
                let result = try ControlStore.accept(database, command, open: &open, now: now, veto: veto)
                results.append(result)
            }
            let superseded = Set(results.flatMap(\.supersededIDs))
            return results.filter { !superseded.contains($0.command.id) }
        }
    }

    /// Takes one pending command, as `acceptPending` does; `nil` when it is not pending any more.
    package func acceptCommand(
        _ id: String, now: Timestamp, veto: (CommandRow, StrategyRow) -> String? = { _, _ in nil }
    ) throws(ControlError) -> AcceptedCommand? {
        try write { database in
            try ControlStore.expireCommands(database, now: now)
            let command = try ControlStore.existingCommand(database, id)
            guard command.status == .pending else { return nil }
            var open = try ControlStore.commands(database, .accepted)
            return try ControlStore.accept(database, command, open: &open, now: now, veto: veto)
        }
    }

    // MARK: - Applying

    private static func accept(
        _ database: Database, _ command: CommandRow, open: inout [CommandRow], now: Timestamp,
        veto: (CommandRow, StrategyRow) -> String?
    ) throws -> AcceptedCommand {
        var targets: [StrategyRow] = []
        var refusals: [AcceptedCommand.Refusal] = []
        if command.strategyID == nil, let row = try tradingState(database, of: command) {
            try setTradingState(database, allStrategies, row, at: now)
        }
        for strategy in try candidates(database, command) {
            if let reason = try refusal(database, of: command.kind, by: strategy) ?? veto(command, strategy) {
                refusals.append(AcceptedCommand.Refusal(strategyName: strategy.name, reason: reason))
                continue
            }
            do {
                // A savepoint, so that a value that the schema refuses fails this command only.
                try database.inSavepoint {
                    try apply(database, command, to: strategy, at: now)
                    return .commit
                }
                targets.append(try existingStrategy(database, strategy.id))
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                let reason = ControlError(error, path: "").context
                refusals.append(AcceptedCommand.Refusal(strategyName: strategy.name, reason: reason))
            }
        }
        var supersededIDs: [String] = []
        if command.strategyID != nil, let refusal = refusals.first {
            _ = try finishCommand(database, command.id, .failed(refusal.reason), at: now)
        } else {
            let targetIDs = Set(targets.map(\.id))
            let isForAll = command.strategyID == nil && refusals.isEmpty
            supersededIDs = try supersede(database, by: command, targetIDs, isForAll, open: &open, now: now)
            open.append(command)
            let statement = try database.cachedStatement(
                sql: "UPDATE strategy_commands SET status = 'accepted', accepted_at = ? WHERE id = ?")
            try statement.execute(arguments: [now.description, command.id])
        }
        return AcceptedCommand(
            command: try existingCommand(database, command.id), targets: targets, refusals: refusals,
            supersededIDs: supersededIDs)
    }

    /// The strategies a command may apply to, by name.
    private static func candidates(_ database: Database, _ command: CommandRow) throws -> [StrategyRow] {
        if let id = command.strategyID { return [try existingStrategy(database, id)] }
        let all = try strategies(database)
        switch command.kind {
        case .start, .stop, .update, .halt, .reduce, .resumeTrading: return all
        case .restart, .pause, .resume: return all.filter { $0.desiredState != .stopped }
        case .flatten:
            return try all.filter { try $0.desiredState != .stopped || hasVenueOfItsOwn(database, $0) }
        }
    }

    /// Whether what a strategy holds is in another process, where it can be closed although the strategy is stopped.
    private static func hasVenueOfItsOwn(_ database: Database, _ strategy: StrategyRow) throws -> Bool {
        try Bool.fetchOne(
            database, sql: "SELECT json_extract(?, '$.venue.kind') = 'gateway'",
            arguments: [strategy.configJSON]) ?? false
    }

    private static func refusal(
        _ database: Database, of kind: CommandKind, by strategy: StrategyRow
    ) throws -> String? {
        guard strategy.desiredState == .stopped else { return nil }
        switch kind {
        case .flatten:
            return try hasVenueOfItsOwn(database, strategy)
                ? nil : "\(strategy.name) is stopped: start it first"
        case .pause, .resume: return "\(strategy.name) is stopped: start it first"
        case .start, .stop, .restart, .update, .halt, .reduce, .resumeTrading: return nil
        }
    }

    private static func apply(
        _ database: Database, _ command: CommandRow, to strategy: StrategyRow, at now: Timestamp
    ) throws {
        switch command.kind {
        case .start, .resume: try setDesiredState(database, .running, of: strategy)
        case .stop: try setDesiredState(database, .stopped, of: strategy)
        case .pause: try setDesiredState(database, .paused, of: strategy)
        case .restart:
            try setDesiredState(database, strategy.desiredState == .paused ? .paused : .running, of: strategy)
            try database.execute(
                sql: "UPDATE strategy_configs SET restart_generation = restart_generation + 1 WHERE id = ?",
                arguments: [strategy.id])
            try deploy(database, command, to: strategy)
        case .update:
            try database.execute(
                sql: """
                    UPDATE strategy_configs SET config_generation = config_generation + 1,
                        config_json = json_set(config_json, '$.parameters', json_patch(
                            coalesce(json_extract(config_json, '$.parameters'), '{}'), ?)) WHERE id = ?
                    """,
                arguments: [command.parameters, strategy.id])
        case .flatten: break
        case .halt, .reduce, .resumeTrading:
            guard command.strategyID != nil, let row = try tradingState(database, of: command) else { break }
            try setTradingState(database, strategy.id, row, at: now)
        }
    }

    /// Sets the executable that a restart names, and notes in the command which one it takes the place of.
    private static func deploy(_ database: Database, _ command: CommandRow, to strategy: StrategyRow) throws {
        let isNamed = try Bool.fetchOne(
            database, sql: "SELECT json_type(?, '$.module_path') IS NOT NULL", arguments: [command.parameters]
        )
        guard isNamed == true else { return }
        try database.execute(
            sql: "UPDATE strategy_configs SET module_path = json_extract(?, '$.module_path') WHERE id = ?",
            arguments: [command.parameters, strategy.id])
        try database.execute(
            sql: """
                UPDATE strategy_commands
                SET parameters = json_set(parameters, '$.previous_module_paths."' || ? || '"', ?) WHERE id = ?
                """, arguments: [strategy.id, strategy.modulePath, command.id])
    }

    private static func setDesiredState(
        _ database: Database, _ desired: DesiredState, of strategy: StrategyRow
    ) throws {
        guard strategy.desiredState != desired else { return }
        let statement = try database.cachedStatement(
            sql: "UPDATE strategy_configs SET desired_state = ? WHERE id = ?")
        try statement.execute(arguments: [desired.rawValue, strategy.id])
    }

    // MARK: - Superseding

    /// Ends the open commands whose effect `later` takes back, and returns their ids.
    private static func supersede(
        _ database: Database, by later: CommandRow, _ targetIDs: Set<String>, _ isForAll: Bool,
        open: inout [CommandRow], now: Timestamp
    ) throws -> [String] {
        let overtaken = open.filter { earlier in
            guard overtakers(of: earlier.kind).contains(later.kind) else { return false }
            return earlier.strategyID.map(targetIDs.contains) ?? isForAll
        }
        guard !overtaken.isEmpty else { return [] }
        let ids = overtaken.map(\.id)
        for id in ids {
            let reason = "overtaken by \(later.kind.rawValue) \(later.id)"
            _ = try finishCommand(database, id, .superseded(reason), at: now)
        }
        open.removeAll { ids.contains($0.id) }
        return ids
    }

    private static func overtakers(of kind: CommandKind) -> [CommandKind] {
        switch kind {
        case .start, .restart: [.stop]
        // A global restart leaves out what is stopped, so it does not reach the strategy of an earlier stop.
        case .stop: [.start, .restart]
        case .pause: [.resume, .start, .stop]
        case .resume: [.pause, .stop]
        case .update, .flatten: []
        case .halt: [.resumeTrading, .reduce]
        case .reduce: [.resumeTrading, .halt]
        case .resumeTrading: [.halt, .reduce]
        }
    }
}
