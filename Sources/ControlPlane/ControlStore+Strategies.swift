import GRDB
package import TradingModel

extension ControlStore {
    /// All strategies, sorted by name.
    package func strategies() throws(ControlError) -> [StrategyRow] {
        try read { try ControlStore.strategies($0) }
    }

    /// A strategy by its id or its name; `nil` when there is none.
    package func strategy(_ idOrName: String) throws(ControlError) -> StrategyRow? {
        try read { try ControlStore.strategy($0, idOrName) }
    }

    /// Adds a strategy; throws `refused` with the schema's sentence when a value is wrong or the name is
    /// taken.
    @discardableResult
    package func insertStrategy(_ strategy: NewStrategy) throws(ControlError) -> StrategyRow {
        try write { database in
            if try ControlStore.strategy(database, strategy.name) != nil {
                throw ControlError(.refused, "a strategy named \(strategy.name) exists")
            }
            let id = strategy.id ?? makeUUID()
            try database.execute(
                sql: """
                    INSERT INTO strategy_configs(id, name, class_name, module_path, config_json, desired_state,
                        auto_start, restart_policy_json, limits_json) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id, strategy.name, strategy.className, strategy.modulePath, strategy.configJSON,
                    strategy.desiredState?.rawValue, strategy.isAutoStart, strategy.restartPolicyJSON,
                    strategy.limitsJSON,
                ])
            return try ControlStore.existingStrategy(database, id)
        }
    }

    /// Changes a strategy's row; the schema's triggers count `configGeneration` up when its configuration
    /// changed.
    @discardableResult
    package func updateStrategy(_ idOrName: String, _ change: StrategyChange) throws(ControlError)
        -> StrategyRow
    {
        try write { database in
            let old = try ControlStore.existingStrategy(database, idOrName)
            try database.execute(
                sql: """
                    UPDATE strategy_configs SET name = ?, class_name = ?, module_path = ?, config_json = ?,
                        desired_state = ?, auto_start = ?, restart_policy_json = ?, limits_json = ? WHERE id = ?
                    """,
                arguments: [
                    change.name ?? old.name, change.className ?? old.className,
                    change.modulePath ?? old.modulePath,
                    change.configJSON ?? old.configJSON, (change.desiredState ?? old.desiredState).rawValue,
                    change.isAutoStart ?? old.isAutoStart, change.restartPolicyJSON ?? old.restartPolicyJSON,
                    change.limitsJSON ?? old.limitsJSON, old.id,
                ])
            return try ControlStore.existingStrategy(database, old.id)
        }
    }

    /// Deletes a strategy and all that the database knows about it; refused while it is live.
    package func removeStrategy(_ idOrName: String) throws(ControlError) {
        try write { database in
            let strategy = try ControlStore.existingStrategy(database, idOrName)
            try database.execute(sql: "DELETE FROM strategy_configs WHERE id = ?", arguments: [strategy.id])
        }
    }

    /// Records a strategy's new status and the event of it; nothing when the status is the same.
    ///
    /// - Returns: whether the status changed.
    @discardableResult
    package func setStatus(
        _ strategyID: String, to status: StrategyStatus, reason: String, epoch: UInt32? = nil,
        at now: Timestamp
    ) throws(ControlError) -> Bool {
        try write { database in
            let old = try ControlStore.existingStrategy(database, strategyID)
            guard old.status != status else { return false }
            try database.execute(
                sql: "UPDATE strategy_configs SET status = ? WHERE id = ?",
                arguments: [status.rawValue, old.id])
            try database.execute(
                sql: """
                    INSERT INTO strategy_events(strategy_id, time, from_status, to_status, reason, epoch)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    old.id, now.description, old.status.rawValue, status.rawValue, reason.lastCharacters,
                    epoch.map { Int64($0) },
                ])
            return true
        }
    }

    /// Records something that is no change of the status: an alarm, the health.
    package func noteEvent(
        _ strategyID: String, reason: String, epoch: UInt32, at now: Timestamp
    ) throws(ControlError) {
        try write { database in
            try database.execute(
                sql: """
                    INSERT INTO strategy_events(strategy_id, time, from_status, to_status, reason, epoch)
                    SELECT id, ?, status, status, ?, ? FROM strategy_configs WHERE id = ?
                    """, arguments: [now.description, reason.lastCharacters, Int64(epoch), strategyID])
        }
    }

    /// The last events, newest first, of one strategy or of all; traps when `limit` is not 1 to 100,000.
    package func events(strategyID: String? = nil, limit: Int) throws(ControlError) -> [EventRow] {
        precondition((1...Limits.rowsPerListMax).contains(limit), "limit must be 1 to 100,000")
        return try read { database in
            let sql = "SELECT \(EventRow.columns) FROM strategy_events"
            if let strategyID {
                return try Row.fetchAll(
                    database, sql: sql + " WHERE strategy_id = ? ORDER BY id DESC LIMIT ?",
                    arguments: [strategyID, limit]
                ).map(EventRow.init)
            }
            return try Row.fetchAll(database, sql: sql + " ORDER BY id DESC LIMIT ?", arguments: [limit])
                .map(EventRow.init)
        }
    }

    // MARK: - Within a transaction

    static func strategies(_ database: Database) throws -> [StrategyRow] {
        try Row.fetchAll(database, sql: "SELECT \(StrategyRow.columns) FROM strategy_configs ORDER BY name")
            .map(StrategyRow.init)
    }

    static func strategy(_ database: Database, _ idOrName: String) throws -> StrategyRow? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(StrategyRow.columns) FROM strategy_configs WHERE id = ?1 OR name = ?1
                ORDER BY id <> ?1 LIMIT 1
                """)
        return try Row.fetchOne(statement, arguments: [idOrName]).map(StrategyRow.init)
    }

    static func existingStrategy(_ database: Database, _ idOrName: String) throws -> StrategyRow {
        guard let row = try strategy(database, idOrName) else {
            throw ControlError(.notFound, "there is no strategy \(idOrName): `tradewind list` shows them")
        }
        return row
    }
}
