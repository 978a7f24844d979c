import GRDB
package import TradingModel

extension ControlStore {
    /// What grows with time and may be deleted when old.
    package enum RetainedTable: Sendable, CaseIterable {
        case strategyMetrics
        case processMetrics
        case events
        /// Only those that have ended.
        case commands
        /// Only those that have ended; the newest of a strategy stays, whatever its age, for its epoch.
        case instances
    }

    /// Deletes at most 1,000 of the oldest rows before a moment, in one short transaction.
    ///
    /// - Returns: how many were deleted; call again later while it is 1,000.
    @discardableResult
    package func deleteOldRows(
        from table: RetainedTable, before moment: Timestamp
    ) throws(ControlError) -> Int {
        let oldest = "ORDER BY id LIMIT \(Limits.rowsPerRetentionStep)"
        let sql =
            switch table {
            case .strategyMetrics:
                "DELETE FROM strategy_metrics WHERE timestamp < ?1 AND id IN (SELECT id FROM strategy_metrics \(oldest))"
            case .processMetrics:
                "DELETE FROM process_metrics WHERE timestamp < ?1 AND id IN (SELECT id FROM process_metrics \(oldest))"
            case .events:
                "DELETE FROM strategy_events WHERE time < ?1 AND id IN (SELECT id FROM strategy_events \(oldest))"
            case .commands:
                """
                DELETE FROM strategy_commands WHERE seq IN (
                    SELECT seq FROM strategy_commands WHERE status NOT IN ('pending', 'accepted') AND executed_at < ?1
                    ORDER BY seq LIMIT \(Limits.rowsPerRetentionStep))
                """
            case .instances:
                """
                DELETE FROM strategy_instances WHERE (strategy_id, epoch) IN (
                    SELECT strategy_id, epoch FROM strategy_instances i WHERE ended_at < ?1
                        AND epoch < (SELECT max(epoch) FROM strategy_instances WHERE strategy_id = i.strategy_id)
                    LIMIT \(Limits.rowsPerRetentionStep))
                """
            }
        return try write(.normal) { database in
            try database.execute(sql: sql, arguments: [moment.description])
            return database.changesCount
        }
    }

    /// Thins metrics older than a moment to those of each minute's first second, at most 5,000 rows in one transaction.
    ///
    /// - Parameter id: where the last call ended; 0 to begin.
    /// - Returns: where the next call begins.
    package func thinMetrics(after id: Int64, before moment: Timestamp) throws(ControlError) -> Int64 {
        try write(.normal) { database in
            let last = try Int64.fetchOne(
                database,
                sql: """
                    SELECT max(id) FROM (SELECT id FROM strategy_metrics WHERE id > ?1 AND timestamp < ?2
                    ORDER BY id LIMIT \(Limits.metricsPerThinning))
                    """, arguments: [id, moment.description])
            guard let last else { return id }
            try database.execute(
                sql: """
                    DELETE FROM strategy_metrics WHERE id > ?1 AND id <= ?2 AND timestamp < ?3
                    AND substr(timestamp, 18, 2) <> '00'
                    """, arguments: [id, last, moment.description])
            return last
        }
    }

    /// Writes a complete copy of the database to a new file of mode 0600 with VACUUM INTO; `path` must not
    /// exist.
    package func backUp(to path: String) throws(ControlError) {
        // SQLite accepts an empty file, and would make its own readable by others.
        try SystemCall.makeEmptyFile(path)
        try withoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [path]) }
        try SystemCall.synchronize(path)
    }
}
