import GRDB
package import TradingModel

/// What may be traded, and why.
package struct TradingStateRow: Equatable, Sendable {
    package var state: TradingState
    package var reason: String

    package init(state: TradingState = .active, reason: String = "") {
        self.state = state
        self.reason = reason
    }
}

extension ControlStore {
    /// The scope that stands for all strategies.
    package static let allStrategies = "*"

    /// The trading states that are not active, by strategy id or `allStrategies`.
    package func tradingStates() throws(ControlError) -> [String: TradingStateRow] {
        try read { try ControlStore.tradingStates($0) }
    }

    static func tradingStates(_ database: Database) throws -> [String: TradingStateRow] {
        var states: [String: TradingStateRow] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT scope, state, reason FROM trading_states") {
            states[row[0]] = TradingStateRow(state: try row.word(1), reason: row[2])
        }
        return states
    }

    /// When trading was last resumed, by strategy id or `allStrategies`; as far back as commands are kept. Reads all commands.
    package func tradingResumptions() throws(ControlError) -> [String: Timestamp] {
        try read { database in
            var times: [String: Timestamp] = [:]
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT coalesce(strategy_id, '*'), max(accepted_at) FROM strategy_commands
                    WHERE command = 'resume_trading' AND accepted_at IS NOT NULL AND status <> 'failed' GROUP BY 1
                    """)
            for row in rows { times[row[0]] = row.time(1) }
            return times
        }
    }

    /// Sets what a strategy may trade; `active` deletes its row.
    package func setTradingState(
        _ scope: String, _ row: TradingStateRow, at now: Timestamp
    ) throws(ControlError) {
        try write { try Self.setTradingState($0, scope, row, at: now) }
    }

    static func setTradingState(
        _ database: Database, _ scope: String, _ row: TradingStateRow, at now: Timestamp
    ) throws {
        guard row.state != .active else {
            return try database.execute(sql: "DELETE FROM trading_states WHERE scope = ?", arguments: [scope])
        }
        try database.execute(
            sql: """
                INSERT INTO trading_states(scope, state, reason, changed_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (scope) DO UPDATE SET state = excluded.state, reason = excluded.reason,
                    changed_at = excluded.changed_at
                """, arguments: [scope, row.state.rawValue, row.reason.lastCharacters, now.description])
    }

    /// What a command makes of a trading state: its own reason, or who gave it.
    static func tradingState(_ database: Database, of command: CommandRow) throws -> TradingStateRow? {
        guard let state = command.kind.tradingState else { return nil }
        let given = try String.fetchOne(
            database, sql: "SELECT json_extract(?, '$.reason')", arguments: [command.parameters])
        return TradingStateRow(state: state, reason: given ?? "by \(command.issuer)")
    }
}
