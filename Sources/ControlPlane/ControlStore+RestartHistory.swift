import GRDB
package import TradingModel

/// What is on record of how a strategy's processes ended, for the restart budget of the next manager.
package struct EndRecord: Equatable, Sendable {
    package let readyAt: Timestamp?
    /// `nil` for a process without an end on record.
    package let endedAt: Timestamp?
    package let exitCode: Int32?
}

/// The ends of one strategy's processes, when an operator last started it, and its last reason.
package struct EndRecords: Equatable, Sendable {
    /// Newest first.
    package internal(set) var ends: [EndRecord] = []
    /// When the last start or restart was accepted; `nil` for never.
    package internal(set) var startedByOperatorAt: Timestamp?
    /// That of the newest event.
    package internal(set) var lastReason = ""
}

extension ControlStore {
    /// The processes that have not ended or ended after `since`, by strategy id. Looks at all instances once.
    package func endRecords(since: Timestamp) throws(ControlError) -> [String: EndRecords] {
        try read { database in
            var found: [String: EndRecords] = [:]
            let ends = try Row.fetchCursor(
                database,
                sql: """
                    SELECT strategy_id, ready_at, ended_at, exit_code FROM strategy_instances
                    WHERE ended_at IS NULL OR ended_at >= ? ORDER BY strategy_id, epoch DESC
                    """, arguments: [since.description])
            while let row = try ends.next() {
                let id: String = row[0]
                found[id, default: EndRecords()].ends.append(
                    EndRecord(readyAt: row.optionalTime(1), endedAt: row.optionalTime(2), exitCode: row[3]))
            }
            let starts = try Row.fetchCursor(
                database,
                sql: """
                    SELECT c.id, max(k.accepted_at) FROM strategy_configs c
                    JOIN strategy_commands k ON k.strategy_id = c.id OR k.strategy_id IS NULL
                    WHERE k.command IN ('start', 'restart') AND k.accepted_at >= ? GROUP BY c.id
                    """, arguments: [since.description])
            while let row = try starts.next() {
                let id: String = row[0]
                found[id, default: EndRecords()].startedByOperatorAt = row.optionalTime(1)
            }
            let reasons = try Row.fetchCursor(
                database,
                sql: """
                    SELECT id, (SELECT reason FROM strategy_events WHERE strategy_id = c.id ORDER BY id DESC LIMIT 1)
                    FROM strategy_configs c WHERE status IN ('backoff', 'error')
                    """)
            while let row = try reasons.next() {
                let id: String = row[0]
                found[id, default: EndRecords()].lastReason = row[1] ?? ""
            }
            return found
        }
    }
}
