import GRDBSQLite

/// A look at a database by somebody who must not change a byte of it: `tradewind doctor`.
///
/// A database with a write-ahead log is opened read-only. One without is opened as immutable, since SQLite would make
/// the files of a log otherwise. The connection is never closed, for closing the last one checkpoints; it ends with the
/// process, and is meant for one that ends soon. Works for every version of the schema.
package final class DatabaseInspection {
    /// The database file.
    package let path: String
    private let connection: OpaquePointer

    /// Opens the file; throws `notInitialized`, `notADatabase`, `storage`.
    package init(path: String) throws(ControlError) {
        self.path = path
        guard let status = try SystemCall.status(path) else {
            throw ControlError(.notInitialized, "\(path) does not exist")
        }
        guard status.byteCount > 0 else { throw ControlError(.notADatabase, "\(path) is empty") }
        let hasLog = try SystemCall.status(path + "-wal") != nil
        var escaped = ""
        for scalar in path.unicodeScalars {
            switch scalar {
            case "?": escaped += "%3f"
            case "#": escaped += "%23"
            case "%": escaped += "%25"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        var opened: OpaquePointer?
        let name = "file:\(escaped)?mode=ro" + (hasLog ? "" : "&immutable=1")
        let code = sqlite3_open_v2(name, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nil)
        guard code == SQLITE_OK, let opened else {
            throw ControlError(.storage, "\(path) cannot be opened: \(String(cString: sqlite3_errstr(code)))")
        }
        connection = opened
        sqlite3_busy_timeout(connection, 1_000)
    }

    /// The rows of a query as text, `nil` for NULL; throws `busy` with who holds the lock, `corrupt`, `notADatabase`.
    package func rows(_ sql: String) throws(ControlError) -> [[String?]] {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK else { throw failure() }
        defer { sqlite3_finalize(statement) }
        var rows: [[String?]] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW:
                rows.append(
                    (0..<sqlite3_column_count(statement)).map { index in
                        sqlite3_column_text(statement, index).map { String(cString: $0) }
                    })
            case SQLITE_DONE: return rows
            default: throw failure()
            }
        }
    }

    /// The first value of a query as a number; `nil` without rows or for NULL.
    package func number(_ sql: String) throws(ControlError) -> Int64? {
        try rows(sql).first?.first?.flatMap { Int64($0) }
    }

    private func failure() -> ControlError {
        let message = String(cString: sqlite3_errmsg(connection))
        switch sqlite3_errcode(connection) {
        case SQLITE_BUSY, SQLITE_LOCKED:
            let holders = DatabaseLocks.writers(of: path).map(\.description)
            let who = holders.isEmpty ? "another program" : holders.joined(separator: " and ")
            return ControlError(.busy, "\(path) is locked by \(who)")
        case SQLITE_CORRUPT: return ControlError(.corrupt, "\(path) is damaged: \(message)")
        case SQLITE_NOTADB: return ControlError(.notADatabase, "\(path) is no SQLite database")
        case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY:
            return ControlError(.storage, "\(path) cannot be read: \(message)")
        default: return ControlError(.database, "\(path): \(message)")
        }
    }
}
