import GRDB

/// The database of a sweep: its definition and the points that have been tried, in a file of its own.
///
/// A point is committed as soon as it has been tried, so that a sweep that is cut off at any moment goes on where it
/// was. Readers may look at it meanwhile. Every method may be called from any thread; calls take turns.
package final class SweepStore: Sendable {
    /// The number of the row that holds a walk-forward window's out-of-sample run.
    package static let outOfSampleNumber = -1

    private static let applicationID: Int32 = 0x5457_5357
    private static let version = 1

    private static let schema = """
        PRAGMA application_id = \(applicationID);
        PRAGMA user_version = \(version);
        -- What is swept over what; the same in all databases that belong together.
        CREATE TABLE sweep (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            definition TEXT NOT NULL CHECK (json_valid(definition)),
            point_count INTEGER NOT NULL,
            objective TEXT NOT NULL,
            -- 1 when more of the objective is better, else -1.
            direction INTEGER NOT NULL CHECK (direction IN (1, -1)),
            created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        ) STRICT;
        -- One row for each point that was tried; number -1 is the out-of-sample run of a walk-forward's window.
        CREATE TABLE points (
            window INTEGER NOT NULL,
            number INTEGER NOT NULL,
            parameters TEXT NOT NULL CHECK (json_valid(parameters)),
            status TEXT NOT NULL CHECK (status IN ('completed', 'failed')),
            attempts INTEGER NOT NULL,
            error TEXT,
            objective REAL,
            figures TEXT NOT NULL CHECK (json_valid(figures)),
            order_count INTEGER NOT NULL,
            fill_count INTEGER NOT NULL,
            order_log_hash TEXT,
            seconds REAL NOT NULL,
            ended_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
            PRIMARY KEY (window, number)
        ) STRICT, WITHOUT ROWID;
        -- The best first; a point whose objective is not defined comes last.
        CREATE VIEW best AS
        SELECT p.window, p.number, p.objective, p.parameters, json_extract(p.figures, '$.net_pnl') AS net_pnl,
               json_extract(p.figures, '$.trades') AS trades,
               json_extract(p.figures, '$.max_drawdown_share') AS max_drawdown_share, p.order_log_hash
        FROM points p CROSS JOIN sweep s WHERE p.status = 'completed' AND p.number >= 0
        ORDER BY p.objective IS NULL, p.objective * -s.direction, p.window, p.number;
        """

    /// What a sweep is, as it is kept.
    package struct Definition: Equatable, Sendable {
        /// A JSON object; two sweeps are the same when this text is.
        package var json: String
        package var pointCount: Int
        package var objective: String
        package var isBetterHigh: Bool

        package init(json: String, pointCount: Int, objective: String, isBetterHigh: Bool) {
            self.json = json
            self.pointCount = pointCount
            self.objective = objective
            self.isBetterHigh = isBetterHigh
        }
    }

    package let path: String
    package let definition: Definition
    private let queue: DatabaseQueue

    /// Opens the database of a sweep, or makes it when there is none.
    ///
    /// - Throws: `refused` when the file holds another sweep, `notADatabase` when it is something else, `busy`,
    ///   `storage`.
    package init(path: String, definition: Definition) throws(ControlError) {
        self.path = path
        self.definition = definition
        queue = try Self.openQueue(path)
        do {
            let isNew = try queue.read { try !$0.tableExists("sweep") && Self.isEmpty($0) }
            if isNew {
                try queue.inDatabase { database in
                    try database.execute(sql: "PRAGMA journal_mode = WAL")
                    try database.inTransaction(.immediate) {
                        // Another process may have been faster.
                        if try !database.tableExists("sweep") { try Self.create(database, definition) }
                        return .commit
                    }
                }
            }
        } catch {
            throw Self.error(error, path)
        }
        let found = try Self.definition(queue, path)
        guard found == definition else {
            throw ControlError(
                .refused,
                "\(path) holds another sweep (other data, strategy, ranges, constraints or settings); name another file"
            )
        }
    }

    /// Opens the database of a sweep that is there.
    package init(existing path: String) throws(ControlError) {
        guard try SystemCall.status(path) != nil else {
            throw ControlError(.notFound, "\(path) does not exist; name the database of a sweep")
        }
        self.path = path
        queue = try Self.openQueue(path)
        definition = try Self.definition(queue, path)
    }

    /// The points that were tried, as window and number.
    package func finished(includingFailed: Bool) throws(ControlError) -> Set<[Int]> {
        try access { database in
            let condition = includingFailed ? "" : " WHERE status = 'completed'"
            let rows = try Row.fetchAll(database, sql: "SELECT window, number FROM points\(condition)")
            return Set(rows.map { [$0[0], $0[1]] })
        }
    }

    /// Keeps points; those that are there are replaced.
    package func record(_ points: [SweepPointRow]) throws(ControlError) {
        do {
            try queue.inDatabase { database in
                try database.inTransaction(.immediate) {
                    for point in points { try Self.insert(point, database) }
                    return .commit
                }
            }
        } catch {
            throw Self.error(error, path)
        }
    }

    /// All points in order of their numbers.
    package func points() throws(ControlError) -> [SweepPointRow] {
        try access { database in
            try Row.fetchAll(
                database, sql: "SELECT \(SweepPointRow.columns) FROM points ORDER BY window, number"
            ).map(SweepPointRow.init)
        }
    }

    /// The best completed points of a window, best first; those whose objective is not defined are left out.
    package func best(_ count: Int, window: Int = 0) throws(ControlError) -> [SweepPointRow] {
        let order = definition.isBetterHigh ? "DESC" : "ASC"
        return try access { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(SweepPointRow.columns) FROM points
                    WHERE window = ? AND number >= 0 AND status = 'completed' AND objective IS NOT NULL
                    ORDER BY objective \(order), number LIMIT ?
                    """, arguments: [window, count]
            ).map(SweepPointRow.init)
        }
    }

    /// Throws `refused` when another database is of another sweep, or has a point with another result than this one:
    /// it was computed by another program, or on other data under the same name.
    package func checkMerging(_ other: SweepStore) throws(ControlError) {
        guard other.definition == definition else {
            throw ControlError(
                .refused, "\(other.path) holds another sweep than \(path); only shards of one can be merged")
        }
        var hashes: [[Int]: String] = [:]
        for point in try points() where point.status == .completed {
            hashes[[point.window, point.number]] = point.orderLogHash
        }
        for point in try other.points() where point.status == .completed {
            guard let mine = hashes[[point.window, point.number]], mine != point.orderLogHash else {
                continue
            }
            throw ControlError(
                .refused,
                "point \(point.number) has order-log hash \(mine) in \(path) and \(point.orderLogHash ?? "none") in "
                    + "\(other.path): another program or other data computed it; run one of the two again")
        }
    }

    /// Takes over the points of another database of the same sweep; a completed one wins over a failed one.
    ///
    /// - Returns: how many were added or replaced.
    /// - Throws: what `checkMerging` throws, before anything is added.
    package func merge(_ other: SweepStore) throws(ControlError) -> Int {
        try checkMerging(other)
        let theirs = try other.points()
        do {
            return try queue.inDatabase { database in
                var added = 0
                try database.inTransaction(.immediate) {
                    for point in theirs {
                        let present = try String.fetchOne(
                            database, sql: "SELECT status FROM points WHERE window = ? AND number = ?",
                            arguments: [point.window, point.number])
                        guard present == nil || (present == "failed" && point.status == .completed) else {
                            continue
                        }
                        try Self.insert(point, database)
                        added += 1
                    }
                    return .commit
                }
                return added
            }
        } catch {
            throw Self.error(error, path)
        }
    }

    /// Closes the file; its write-ahead log is written back.
    package func close() throws(ControlError) {
        do { try queue.close() } catch { throw Self.error(error, path) }
    }

    // MARK: - SQLite

    private func access<Result>(_ body: (Database) throws -> Result) throws(ControlError) -> Result {
        do { return try queue.read(body) } catch { throw Self.error(error, path) }
    }

    private static func openQueue(_ path: String) throws(ControlError) -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "SweepStore"
        configuration.busyMode = .timeout(Double(Limits.clientBusyTimeoutMilliseconds) / 1_000)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
        do { return try DatabaseQueue(path: path, configuration: configuration) } catch {
            throw Self.error(error, path)
        }
    }

    private static func isEmpty(_ database: Database) throws -> Bool {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") == 0
    }

    private static func create(_ database: Database, _ definition: Definition) throws {
        try database.execute(sql: schema)
        try database.execute(
            sql:
                "INSERT INTO sweep(id, definition, point_count, objective, direction) VALUES (1, ?, ?, ?, ?)",
            arguments: [
                definition.json, definition.pointCount, definition.objective,
                definition.isBetterHigh ? 1 : -1,
            ])
    }

    private static func insert(_ point: SweepPointRow, _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO points(\(SweepPointRow.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: point.arguments)
    }

    private static func definition(_ queue: DatabaseQueue, _ path: String) throws(ControlError) -> Definition
    {
        let found: Definition?
        do {
            found = try queue.read { database in
                guard try Int32.fetchOne(database, sql: "PRAGMA application_id") == applicationID else {
                    return nil
                }
                let sql = "SELECT definition, point_count, objective, direction FROM sweep"
                return try Row.fetchOne(database, sql: sql).map { row in
                    Definition(
                        json: row[0], pointCount: row[1], objective: row[2], isBetterHigh: (row[3] as Int) > 0
                    )
                }
            }
        } catch {
            throw Self.error(error, path)
        }
        guard let found else {
            throw ControlError(.notADatabase, "\(path) is not the database of a sweep; name another file")
        }
        return found
    }

    /// The module's error, with sentences that fit a sweep's file.
    private static func error(_ error: any Error, _ path: String) -> ControlError {
        let general = ControlError(error, path: path)
        switch general.code {
        case .notADatabase:
            return ControlError(.notADatabase, "\(path) is not the database of a sweep; name another file")
        case .corrupt:
            return ControlError(.corrupt, "\(path) is damaged; move it away and run the sweep again")
        default: return general
        }
    }
}
