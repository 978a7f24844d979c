import GRDB
package import TradingModel

extension ControlStore {
    /// The epoch that the next process of a strategy gets: above all recorded ones and all of its journal.
    package func nextEpoch(strategyID: String) throws(ControlError) -> UInt32 {
        try read { try ControlStore.nextEpoch($0, strategyID) }
    }

    /// Records a process that was started and returns its epoch, allocated in the same transaction unless
    /// given.
    ///
    /// Instances of the strategy that had no end get one: a strategy has one process.
    ///
    /// - Throws: `refused` when the given epoch was used before.
    @discardableResult
    package func insertInstance(_ instance: NewInstance) throws(ControlError) -> UInt32 {
        try write { database in
            let next = try ControlStore.nextEpoch(database, instance.strategyID)
            let epoch = instance.epoch ?? next
            try database.execute(
                sql: """
                    UPDATE strategy_instances SET ended_at = ?, reason = 'its end was not observed'
                    WHERE strategy_id = ? AND ended_at IS NULL AND epoch < ?
                    """,
                arguments: [instance.startedAt.description, instance.strategyID, Int64(epoch)])
            try database.execute(
                sql: """
                    INSERT INTO strategy_instances(strategy_id, epoch, pid, process_start_time, boot_id, binary_path,
                        binary_sha256, config_generation, restart_generation, started_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    instance.strategyID, Int64(epoch), instance.pid, instance.processStartTime,
                    instance.bootID,
                    instance.binaryPath, instance.binarySHA256, instance.configGeneration,
                    instance.restartGeneration, instance.startedAt.description,
                ])
            return epoch
        }
    }

    /// Records a process that an earlier manager started, unless it is on record.
    package func adoptInstance(_ instance: NewInstance) throws(ControlError) {
        guard let epoch = instance.epoch else {
            preconditionFailure("a process that is taken over has an epoch")
        }
        let known = try read { database in
            try Bool.fetchOne(
                database,
                sql: "SELECT count(*) FROM strategy_instances WHERE strategy_id = ? AND epoch = ?",
                arguments: [instance.strategyID, Int64(epoch)]) ?? false
        }
        if !known { try insertInstance(instance) }
    }

    /// Records that a process is ready to trade; the first time counts.
    package func markInstanceReady(strategyID: String, epoch: UInt32, at now: Timestamp) throws(ControlError)
    {
        try write { database in
            try database.execute(
                sql: """
                    UPDATE strategy_instances SET ready_at = coalesce(ready_at, ?)
                    WHERE strategy_id = ? AND epoch = ?
                    """, arguments: [now.description, strategyID, Int64(epoch)])
        }
    }

    /// Records the generations that a running process has taken over by an update.
    package func setInstanceGeneration(
        strategyID: String, epoch: UInt32, configGeneration: Int64
    ) throws(ControlError) {
        try write { database in
            try database.execute(
                sql: """
                    UPDATE strategy_instances SET config_generation = ? WHERE strategy_id = ? AND epoch = ?
                    """, arguments: [configGeneration, strategyID, Int64(epoch)])
        }
    }

    /// Records the SHA-256 of the executable that a process runs.
    package func setInstanceBinary(strategyID: String, epoch: UInt32, sha256: String) throws(ControlError) {
        try write { database in
            try database.execute(
                sql: "UPDATE strategy_instances SET binary_sha256 = ? WHERE strategy_id = ? AND epoch = ?",
                arguments: [sha256, strategyID, Int64(epoch)])
        }
    }

    /// Records how a process ended.
    package func endInstance(
        strategyID: String, epoch: UInt32, _ end: InstanceEnd, at now: Timestamp
    ) throws(ControlError) {
        try write { database in
            try database.execute(
                sql: """
                    UPDATE strategy_instances SET ended_at = ?, exit_code = ?, exit_signal = ?, reason = ?,
                        last_log_lines = ? WHERE strategy_id = ? AND epoch = ?
                    """,
                arguments: [
                    now.description, end.exitCode, end.exitSignal, end.reason.lastCharacters,
                    end.lastLogLines?.lastCharacters, strategyID, Int64(epoch),
                ])
        }
    }

    /// The processes of a strategy, newest first.
    package func instances(strategyID: String, limit: Int) throws(ControlError) -> [InstanceRow] {
        precondition((1...Limits.rowsPerListMax).contains(limit), "limit must be 1 to 100,000")
        return try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(InstanceRow.columns) FROM strategy_instances WHERE strategy_id = ?
                    ORDER BY epoch DESC LIMIT ?
                    """, arguments: [strategyID, limit]
            ).map(InstanceRow.init)
        }
    }

    /// All processes whose end was not recorded, by strategy id.
    package func liveInstances() throws(ControlError) -> [InstanceRow] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(InstanceRow.columns) FROM strategy_instances WHERE ended_at IS NULL
                    ORDER BY strategy_id, epoch
                    """
            ).map(InstanceRow.init)
        }
    }

    /// The newest process of every strategy, by strategy id: what a new manager compares with what it finds.
    package func newestInstances() throws(ControlError) -> [InstanceRow] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(InstanceRow.columns) FROM strategy_instances AS i
                    WHERE epoch = (SELECT max(epoch) FROM strategy_instances WHERE strategy_id = i.strategy_id)
                    ORDER BY strategy_id
                    """
            ).map(InstanceRow.init)
        }
    }

    private static func nextEpoch(_ database: Database, _ strategyID: String) throws -> UInt32 {
        let last = try Int64.fetchOne(
            database,
            sql: """
                SELECT max(coalesce((SELECT max(epoch) FROM strategy_instances WHERE strategy_id = ?1), 0),
                           coalesce((SELECT epoch FROM journal_cursors WHERE strategy_id = ?1), 0))
                """, arguments: [strategyID])
        guard let epoch = UInt32(exactly: (last ?? 0) + 1) else {
            throw ControlError(
                .refused, "strategy \(strategyID) has used up its epochs: add it under a new id")
        }
        return epoch
    }
}
