import GRDB
package import TradingModel

extension ControlStore {
    /// What grows with time and may be deleted when old.
    package enum RetainedTable: String, Sendable, CaseIterable {
        case strategyMetrics = "strategy_metrics"
        case processMetrics = "process_metrics"
        case events = "strategy_events"
        /// Only those that have ended.
        case commands = "strategy_commands"
        /// Only those that have ended; the newest of a strategy stays, whatever its age, for its epoch.
        case instances = "strategy_instances"
        /// Only those that have cleared, with what was told of them; kept as long as events.
        case incidents = "alert_incidents"

        /// Which rows are old; ?1 is the moment.
        fileprivate var isOld: String {
            switch self {
            case .strategyMetrics, .processMetrics: "timestamp < ?1"
            case .events: "time < ?1"
            case .incidents: "cleared_at < ?1"
            case .commands: "status NOT IN ('pending', 'accepted') AND executed_at < ?1"
            case .instances:
                """
                ended_at < ?1 AND epoch < (SELECT max(epoch) FROM strategy_instances newer
                WHERE newer.strategy_id = strategy_instances.strategy_id)
                """
            }
        }

        /// The key of the rows that one step looks at.
        fileprivate var key: String {
            switch self {
            case .strategyMetrics, .processMetrics, .events, .incidents: "id"
            case .commands: "seq"
            case .instances: "strategy_id, epoch"
            }
        }
    }

    /// Deletes at most 1,000 of the oldest rows before a moment, in one short transaction.
    ///
    /// - Returns: how many were deleted; call again later while it is 1,000.
    @discardableResult
    package func deleteOldRows(
        from table: RetainedTable, before moment: Timestamp
    ) throws(ControlError) -> Int {
        // Metrics and events come in the order of their ids, so nothing behind the first 1,000 needs to be looked at.
        let isInOrder = table != .commands && table != .instances && table != .incidents
        let sql = """
            DELETE FROM \(table.rawValue) WHERE \(table.isOld) AND (\(table.key)) IN (
                SELECT \(table.key) FROM \(table.rawValue) WHERE \(isInOrder ? "true" : table.isOld)
                ORDER BY \(table.key) LIMIT \(Limits.rowsPerRetentionStep))
            """
        return try write(.normal) { database in
            try database.execute(sql: sql, arguments: [moment.description])
            return database.changesCount
        }
    }

    /// How many rows are older than a moment and may be deleted.
    package func countOldRows(in table: RetainedTable, before moment: Timestamp) throws(ControlError) -> Int {
        try read { database in
            try Int.fetchOne(
                database, sql: "SELECT count(*) FROM \(table.rawValue) WHERE \(table.isOld)",
                arguments: [moment.description]) ?? 0
        }
    }

    /// How many rows `thinMetrics` would delete in all, those apart that are older than `oldest`.
    package func countDenseMetrics(
        from oldest: Timestamp, before moment: Timestamp
    ) throws(ControlError) -> Int {
        try read { database in
            try Int.fetchOne(
                database,
                sql: """
                    SELECT count(*) FROM strategy_metrics WHERE timestamp >= ?1 AND timestamp < ?2
                    AND substr(timestamp, 18, 2) <> '00'
                    """, arguments: [oldest.description, moment.description]) ?? 0
        }
    }

    /// Thins metrics older than a moment to those of each minute's first second, at most 5,000 rows in one transaction.
    ///
    /// - Parameter id: where the last call ended; 0 to begin.
    /// - Returns: where the next call begins, the same when there is nothing more; and how many rows were deleted.
    package func thinMetrics(
        after id: Int64, before moment: Timestamp
    ) throws(ControlError) -> (next: Int64, deletedCount: Int) {
        try write(.normal) { database in
            let last = try Int64.fetchOne(
                database,
                sql: """
                    SELECT max(id) FROM (SELECT id FROM strategy_metrics WHERE id > ?1 AND timestamp < ?2
                    ORDER BY id LIMIT \(Limits.metricsPerThinning))
                    """, arguments: [id, moment.description])
            guard let last else { return (id, 0) }
            try database.execute(
                sql: """
                    DELETE FROM strategy_metrics WHERE id > ?1 AND id <= ?2 AND timestamp < ?3
                    AND substr(timestamp, 18, 2) <> '00'
                    """, arguments: [id, last, moment.description])
            return (last, database.changesCount)
        }
    }
}
