import GRDB

extension ControlStore {
    /// The last sample of each process of the current manager, by role and name.
    package func latestProcessMetrics() throws(ControlError) -> [ProcessMetricsRow] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT timestamp, role, name, pid, cpu_percent, resident_bytes, event_loop_lag_ns,
                        last_tick_age_ns, queue_depth
                    FROM process_metrics WHERE id IN (
                        SELECT max(id) FROM process_metrics WHERE timestamp = (
                            SELECT timestamp FROM process_metrics ORDER BY id DESC LIMIT 1) GROUP BY role, name)
                    ORDER BY role, name
                    """
            ).map { row in
                ProcessMetricsRow(
                    time: row.time(0), role: row[1], name: row[2], pid: row[3], cpuPercent: row[4],
                    residentBytes: row[5], eventLoopLagNanoseconds: row[6], lastTickAgeNanoseconds: row[7],
                    queueDepth: row[8])
            }
        }
    }
}
