import GRDB
package import TradingModel

extension ControlStore {
    /// Adds a command, on disk when this returns.
    ///
    /// - Parameters:
    ///   - strategy: an id or a name; `nil` for all strategies.
    ///   - parameters: a JSON object.
    ///   - issuer: who asks, such as `cli`.
    /// - Throws: `refused` with the schema's sentence, `busy` after 5 s.
    @discardableResult
    package func insertCommand(
        _ kind: CommandKind, strategy: String?, parameters: String = "{}", issuer: String,
        expiresAt: Timestamp? = nil
    ) throws(ControlError) -> CommandRow {
        try write { database in
            let id = makeUUID()
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO strategy_commands(id, strategy_id, command, parameters, issuer, expires_at)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """)
            try statement.execute(
                arguments: [id, strategy, kind.rawValue, parameters, issuer, expiresAt?.description])
            return try ControlStore.existingCommand(database, id)
        }
    }

    /// A command by its id; `nil` when there is none. Reading it again until `status.isFinal` is how to wait
    /// for it.
    package func command(_ id: String) throws(ControlError) -> CommandRow? {
        try read { try ControlStore.command($0, id) }
    }

    /// Pending commands in the order of execution, at most 1,000; those past their time are marked expired
    /// first.
    package func pendingCommands(now: Timestamp) throws(ControlError) -> [CommandRow] {
        try write { database in
            try ControlStore.expireCommands(database, now: now)
            return try ControlStore.commands(database, .pending)
        }
    }

    /// Accepted commands that have not ended: what a new manager must see through.
    package func acceptedCommands() throws(ControlError) -> [CommandRow] {
        try read { try ControlStore.commands($0, .accepted) }
    }

    /// Whether commands are pending; cheap, for the look after each wake-up.
    package func hasPendingCommands() throws(ControlError) -> Bool {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT EXISTS (SELECT 1 FROM strategy_commands
                                   WHERE status IN ('pending', 'accepted') AND status = 'pending')
                    """)
            return try Bool.fetchOne(statement) ?? false
        }
    }

    /// The last commands, newest first, of one strategy (those for all strategies left out) or all.
    package func recentCommands(strategyID: String? = nil, limit: Int) throws(ControlError) -> [CommandRow] {
        precondition((1...Limits.rowsPerListMax).contains(limit), "limit must be 1 to 100,000")
        return try read { database in
            let condition = strategyID == nil ? "" : "WHERE strategy_id = ?2"
            var arguments: StatementArguments = [limit]
            if let strategyID { arguments += [strategyID] }
            return try Row.fetchAll(
                database,
                sql:
                    "SELECT \(CommandRow.columns) FROM strategy_commands \(condition) ORDER BY seq DESC LIMIT ?1",
                arguments: arguments
            ).map(CommandRow.init)
        }
    }

    /// Ends a command; nothing when it has ended before, so repeating it is harmless.
    ///
    /// - Returns: whether this call ended it.
    @discardableResult
    package func finishCommand(
        _ id: String, _ result: CommandResult, at now: Timestamp
    ) throws(ControlError) -> Bool {
        try write { try ControlStore.finishCommand($0, id, result, at: now) }
    }

    /// Ends several commands in one transaction.
    package func finishCommands(
        _ results: [(id: String, result: CommandResult)], at now: Timestamp
    ) throws(ControlError) {
        guard !results.isEmpty else { return }
        try write { database in
            for (id, result) in results { _ = try ControlStore.finishCommand(database, id, result, at: now) }
        }
    }

    // MARK: - Within a transaction

    static func command(_ database: Database, _ id: String) throws -> CommandRow? {
        let statement = try database.cachedStatement(
            sql: "SELECT \(CommandRow.columns) FROM strategy_commands WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id]).map(CommandRow.init)
    }

    static func existingCommand(_ database: Database, _ id: String) throws -> CommandRow {
        guard let row = try command(database, id) else {
            throw ControlError(.notFound, "there is no command \(id)")
        }
        return row
    }

    static func commands(_ database: Database, _ status: CommandStatus) throws -> [CommandRow] {
        // The first condition lets SQLite use the index of open commands.
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(CommandRow.columns) FROM strategy_commands
                WHERE status IN ('pending', 'accepted') AND status = ? ORDER BY seq LIMIT ?
                """)
        return try Row.fetchAll(statement, arguments: [status.rawValue, Limits.commandsPerAcceptanceMax])
            .map(CommandRow.init)
    }

    static func expireCommands(_ database: Database, now: Timestamp) throws {
        let statement = try database.cachedStatement(
            sql: """
                UPDATE strategy_commands SET status = 'expired', executed_at = ?1,
                    error = 'not accepted before ' || expires_at
                WHERE status IN ('pending', 'accepted') AND status = 'pending' AND expires_at <= ?1
                """)
        try statement.execute(arguments: [now.description])
    }

    static func finishCommand(
        _ database: Database, _ id: String, _ result: CommandResult, at now: Timestamp
    ) throws -> Bool {
        let (status, error): (CommandStatus, String?) =
            switch result {
            case .executed: (.executed, nil)
            case .failed(let reason): (.failed, reason)
            case .superseded(let reason): (.superseded, reason)
            }
        let statement = try database.cachedStatement(
            sql: """
                UPDATE strategy_commands SET status = ?, error = ?, executed_at = ?
                WHERE id = ? AND status IN ('pending', 'accepted')
                """)
        try statement.execute(arguments: [status.rawValue, error?.lastCharacters, now.description, id])
        return database.changesCount > 0
    }
}
