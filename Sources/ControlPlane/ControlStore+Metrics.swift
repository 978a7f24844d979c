import GRDB
import TradingModel

extension ControlStore {
    /// Adds metrics of strategies; those of strategies that were removed meanwhile are left out, and so are those that
    /// are there: the bus keeps the last ones of each strategy and tells them again to a manager that comes back to it.
    package func insertMetrics(_ batch: [MetricsRow]) throws(ControlError) {
        guard !batch.isEmpty else { return }
        try write(.normal) { database in
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO strategy_metrics(\(MetricsRow.columns))
                    SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
                    WHERE EXISTS (SELECT 1 FROM strategy_configs WHERE id = ?1)
                    AND NOT EXISTS (
                        SELECT 1 FROM strategy_metrics WHERE timestamp = ?2 AND epoch = ?3
                        AND id = (SELECT max(id) FROM strategy_metrics WHERE strategy_id = ?1))
                    """)
            for row in batch {
                try statement.execute(arguments: [
                    row.strategyID, row.time.description, Int64(row.epoch), row.session, row.positionCount,
                    row.orderCount, row.successRate, row.realizedPnL.e8, row.unrealizedPnL.e8, row.fees.e8,
                    row.equity.e8, row.drawdown.e8, row.metricsJSON,
                ])
            }
        }
    }

    /// Adds samples of processes.
    package func insertProcessMetrics(_ batch: [ProcessMetricsRow]) throws(ControlError) {
        guard !batch.isEmpty else { return }
        try write(.normal) { database in
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO process_metrics(timestamp, role, name, pid, cpu_percent, resident_bytes,
                        event_loop_lag_ns, last_tick_age_ns, queue_depth) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """)
            for row in batch {
                try statement.execute(arguments: [
                    row.time.description, row.role, row.name, row.pid, row.cpuPercent, row.residentBytes,
                    row.eventLoopLagNanoseconds, row.lastTickAgeNanoseconds, row.queueDepth,
                ])
            }
        }
    }

    /// A strategy's last metrics, newest first.
    package func metrics(strategyID: String, limit: Int) throws(ControlError) -> [MetricsRow] {
        precondition((1...Limits.rowsPerListMax).contains(limit), "limit must be 1 to 100,000")
        return try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(MetricsRow.columns) FROM strategy_metrics WHERE strategy_id = ? ORDER BY id DESC LIMIT ?
                    """, arguments: [strategyID, limit]
            ).map(MetricsRow.init)
        }
    }

    /// The last metrics of each strategy, by strategy id.
    package func latestMetrics() throws(ControlError) -> [MetricsRow] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(MetricsRow.columns) FROM strategy_metrics WHERE id IN (
                        SELECT (SELECT max(id) FROM strategy_metrics m WHERE m.strategy_id = c.id)
                        FROM strategy_configs c) ORDER BY strategy_id
                    """
            ).map(MetricsRow.init)
        }
    }
}
