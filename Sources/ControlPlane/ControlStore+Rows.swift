import GRDB
package import TradingModel

/// A value as SQLite stores it.
package enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
}

extension ControlStore {
    /// The rows of one SELECT, with typed values and arguments.
    ///
    /// - Parameters:
    ///   - sql: one statement that only reads; written in this program, never by a caller of the API.
    ///   - arguments: values of its `?`.
    ///   - limit: how many rows are read at most, up to 100,000.
    /// - Throws: `refused` when the statement would write.
    package func rows(
        _ sql: String, _ arguments: [SQLValue] = [], limit: Int
    ) throws(ControlError) -> [[SQLValue]] {
        precondition((1...Limits.rowsPerListMax).contains(limit), "limit must be 1 to 100,000")
        return try read { database in
            let statement = try database.makeStatement(sql: sql)
            guard statement.isReadonly else {
                throw ControlError(.refused, "only statements that read are allowed here")
            }
            let values = StatementArguments(arguments.map(\.databaseValue))
            let cursor = try Row.fetchCursor(statement, arguments: values)
            var rows: [[SQLValue]] = []
            while rows.count < limit, let row = try cursor.next() {
                rows.append((0..<row.count).map { SQLValue(row[$0] as DatabaseValue) })
            }
            return rows
        }
    }

    /// Adds a command with an id that the caller made, or finds the one that has it already.
    ///
    /// - Returns: the command, and whether it is new.
    /// - Throws: `refused` with the schema's sentence, `busy` after 5 s.
    package func insertCommand(
        id: String, _ kind: CommandKind, strategy: String?, parameters: String, issuer: String,
        expiresAt: Timestamp? = nil
    ) throws(ControlError) -> (command: CommandRow, isNew: Bool) {
        try write { database in
            if let old = try ControlStore.command(database, id) { return (old, false) }
            try database.execute(
                sql: """
                    INSERT INTO strategy_commands(id, strategy_id, command, parameters, issuer, expires_at)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [id, strategy, kind.rawValue, parameters, issuer, expiresAt?.description])
            return (try ControlStore.existingCommand(database, id), true)
        }
    }

    /// Points of a strategy's metrics over all its time, oldest first, evenly thinned to at most `points`.
    package func curve(strategyID: String, points: Int) throws(ControlError) -> [MetricsRow] {
        precondition((1...Limits.rowsPerListMax).contains(points), "points must be 1 to 100,000")
        return try read { database in
            let ids = try Int64.fetchAll(
                database, sql: "SELECT id FROM strategy_metrics WHERE strategy_id = ? ORDER BY id",
                arguments: [strategyID])
            guard !ids.isEmpty else { return [] }
            let count = min(points, ids.count)
            // The first and the last one are always among them.
            let chosen = (0..<count).map { index in
                count == 1 ? ids[ids.count - 1] : ids[index * (ids.count - 1) / (count - 1)]
            }
            let list = chosen.map(String.init).joined(separator: ",")
            return try Row.fetchAll(
                database,
                sql: "SELECT \(MetricsRow.columns) FROM strategy_metrics WHERE id IN (\(list)) ORDER BY id"
            ).map(MetricsRow.init)
        }
    }
}

extension SQLValue {
    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let number): self = .integer(number)
        case .double(let number): self = .real(number)
        case .string(let text): self = .text(text)
        case .blob(let data): self = .text("\(data.count) bytes")
        }
    }

    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .real(let number): number.databaseValue
        case .text(let text): text.databaseValue
        }
    }
}
