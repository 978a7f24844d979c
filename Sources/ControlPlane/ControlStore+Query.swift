import GRDB

extension ControlStore {
    /// The answer to a query as text, for tables on a terminal or a web page.
    package struct QueryResult: Equatable, Sendable {
        package let columns: [String]
        /// Values as SQLite writes them; `nil` for NULL.
        package let rows: [[String?]]
    }

    /// Reads from a table or view, such as `SELECT * FROM fills_view ORDER BY id DESC`.
    ///
    /// - Parameters:
    ///   - sql: one SELECT.
    ///   - arguments: values of its `?`, bound as text.
    ///   - limit: how many rows are read at most, up to 100,000; the rest is left out.
    /// - Throws: `refused` when the statement would write.
    package func query(
        _ sql: String, _ arguments: [String] = [], limit: Int
    ) throws(ControlError) -> QueryResult {
        precondition((1...Limits.rowsPerListMax).contains(limit), "limit must be 1 to 100,000")
        return try read { database in
            let statement = try database.makeStatement(sql: sql)
            guard statement.isReadonly else {
                throw ControlError(.refused, "only statements that read are allowed here")
            }
            let cursor = try Row.fetchCursor(statement, arguments: StatementArguments(arguments))
            var rows: [[String?]] = []
            while rows.count < limit, let row = try cursor.next() {
                rows.append((0..<row.count).map { ControlStore.text(row[$0]) })
            }
            return QueryResult(columns: statement.columnNames, rows: rows)
        }
    }

    private static func text(_ value: DatabaseValue) -> String? {
        switch value.storage {
        case .null: nil
        case .int64(let number): String(number)
        case .double(let number): String(number)
        case .string(let text): text
        case .blob(let data): "\(data.count) bytes"
        }
    }
}
