import GRDB
import GRDBSQLite
import Synchronization

/// The control plane's database, one connection to `engine.db`.
///
/// Threads: every method may be called from any thread; calls take turns, so one that waits for the disk or a
/// lock delays the others. A process that must not stand still gives its writes to one thread of its own.
///
/// Transactions: each writing method is one `BEGIN IMMEDIATE` transaction: all of it happens or nothing.
/// Metrics and accepted commands are committed with `synchronous = NORMAL` (a power failure may take the last
/// ones back), and so is what the manager groups with `isSynced: false`; everything else with `FULL`: when the
/// method returns it is on disk.
///
/// Checkpoints: automatic ones are off in every connection of ours. The manager calls `checkpointIfNeeded()`, which
/// holds the write lock meanwhile; any other connection checkpoints only when it closes as the last one, under
/// SQLite's exclusive lock.
package final class ControlStore: Sendable {
    /// What a connection may do.
    package enum Access: Sendable {
        /// The one manager of the home, which holds its lock: writes all, migrates, checkpoints; waits 100 ms
        /// for a lock.
        case manager
        /// The command line and the web API: write commands and configurations; wait 5 s for a lock.
        case client
        /// Reads only; the file is opened read-only.
        case reader
    }

    /// How surely a transaction is on disk when it returns.
    enum Durability: String {
        case full = "FULL"
        case normal = "NORMAL"
    }

    /// The version of the schema this program writes, `PRAGMA user_version`.
    package static let schemaVersion = 4
    /// `PRAGMA application_id`, the letters TWND.
    package static let applicationID: Int32 = 0x5457_4E44

    /// The database file.
    package let path: String
    /// What this connection may do.
    package let access: Access
    let queue: DatabaseQueue
    let state: ConnectionState
    /// A second connection of the manager, which checkpoints while the first one holds the write lock.
    let checkpointer: Checkpointer?
    /// What was opened, so that a file that takes its place is noticed.
    let file: FileIdentity

    /// Opens the database of a home.
    ///
    /// - Throws: `notInitialized`, `notADatabase`, `newerVersion`, `olderVersion` (not for the manager, which
    ///   migrates), `busy`, `storage`.
    package static func open(_ home: HomeDirectory, access: Access) throws(ControlError) -> ControlStore {
        try home.checkInitialized()
        return try ControlStore(path: home.databasePath, access: access)
    }

    /// Opens a database file with a list of migrations other than the program's.
    package init(path: String, access: Access, migrations: [Migration] = Migration.all) throws(ControlError) {
        guard let status = try SystemCall.status(path) else {
            throw ControlError(.notInitialized, "\(path) does not exist: run `tradewind init`")
        }
        // SQLite takes an empty file for a new database.
        guard status.byteCount > 0 else {
            throw ControlError(.notADatabase, "\(path) is empty: remove it and run `tradewind init`")
        }
        self.path = path
        self.access = access
        file = status.identity
        state = ConnectionState()
        do {
            queue = try DatabaseQueue(path: path, configuration: ControlStore.configuration(access, state))
            checkpointer = access == .manager ? try Checkpointer(path: path) : nil
        } catch {
            throw ControlError(error, path: path)
        }
        try checkVersion(migrations)
    }

    /// Closes the connection; every later call fails.
    ///
    /// When another file has taken the place of the database, its write-ahead log is left behind with `.replaced` at the
    /// end of its name: SQLite would apply it to whatever lies there now.
    package func close() throws(ControlError) {
        var isReplaced = false
        do { try checkFile() } catch { isReplaced = error.code == .replaced }
        do {
            try checkpointer?.queue.close()
            try queue.close()
        } catch {
            throw ControlError(error, path: path)
        }
        if isReplaced { try ControlStore.setAsideLog(of: path, ending: ".replaced") }
    }

    // MARK: - Transactions

    /// Runs reads on one snapshot of the database; within a group on what the group has written.
    func read<Result>(_ body: (Database) throws -> Result) throws(ControlError) -> Result {
        do {
            if state.isGroup { return try queue.unsafeReentrantRead(body) }
            return try queue.inDatabase { database in
                var result: Result?
                try database.inTransaction(.deferred) {
                    result = try body(database)
                    return .commit
                }
                return try ControlStore.unwrap(result)
            }
        } catch {
            throw ControlError(error, path: path)
        }
    }

    /// Runs writes in one `BEGIN IMMEDIATE` transaction, rolled back when `body` throws.
    func write<Result>(
        _ durability: Durability = .full, _ body: (Database) throws -> Result
    ) throws(ControlError) -> Result {
        precondition(access != .reader, "a reader does not write")
        do {
            if state.isGroup { return try writeInGroup(body) }
            return try queue.inDatabase { database in
                try state.set(durability, on: database)
                var result: Result?
                try database.inTransaction(.immediate) {
                    result = try body(database)
                    return .commit
                }
                return try ControlStore.unwrap(result)
            }
        } catch {
            throw ControlError(error, path: path)
        }
    }

    /// Runs several writes as one transaction: one lock and one sync instead of many, so that shells, which do not
    /// wait for locks unless told to, meet a free database.
    ///
    /// `body` calls writing methods of this store on the same thread. A write that is refused takes back only
    /// itself; anything that `body` throws takes back all of them. `isSynced` says whether all is on disk when this
    /// returns; otherwise a power failure (nothing else) may take the last groups back, in their order.
    package func grouped(isSynced: Bool = true, _ body: () throws -> Void) throws(ControlError) {
        precondition(access != .reader, "a reader does not write")
        do {
            try queue.inDatabase { database in
                try state.set(isSynced ? .full : .normal, on: database)
                try database.inTransaction(.immediate) {
                    state.beginGroup()
                    defer { state.endGroup() }
                    try body()
                    return .commit
                }
            }
        } catch {
            throw ControlError(error, path: path)
        }
    }

    /// One write of a group, in a savepoint.
    private func writeInGroup<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try queue.unsafeReentrantWrite { database in
            var result: Result?
            try database.inSavepoint {
                result = try body(database)
                return .commit
            }
            return try ControlStore.unwrap(result)
        }
    }

    /// Runs statements that SQLite does not allow in a transaction.
    func withoutTransaction<Result>(_ body: (Database) throws -> Result) throws(ControlError) -> Result {
        do { return try queue.inDatabase(body) } catch { throw ControlError(error, path: path) }
    }

    private static func unwrap<Result>(_ result: Result?) throws -> Result {
        guard let result else { throw ControlError(.database, "the transaction gave no result") }
        return result
    }

    /// Reads a value, for tests and reports.
    package func scalar(_ sql: String) throws(ControlError) -> Int64? {
        try read { try Int64.fetchOne($0, sql: sql) }
    }

    // MARK: - Opening

    static func configuration(_ access: Access, _ state: ConnectionState) -> Configuration {
        var configuration = Configuration()
        configuration.label = "ControlStore"
        configuration.readonly = access == .reader
        // The manager's are enforced by triggers, and for orders and fills by `ingest`, once for each batch.
        configuration.foreignKeysEnabled = access != .manager
        let timeout =
            access == .manager ? Limits.managerBusyTimeoutMilliseconds : Limits.clientBusyTimeoutMilliseconds
        configuration.busyMode = .timeout(Double(timeout) / 1_000)
        configuration.prepareDatabase { database in
            // Before the journal mode is looked at, so that nothing is checkpointed by accident. The hook
            // takes the place of SQLite's automatic checkpoint.
            sqlite3_wal_hook(
                database.sqliteConnection,
                { context, _, _, pageCount in
                    guard let context else { return SQLITE_OK }
                    let state = Unmanaged<ConnectionState>.fromOpaque(context).takeUnretainedValue()
                    state.walPages.store(Int(pageCount), ordering: .relaxed)
                    state.commits.add(1, ordering: .relaxed)
                    return SQLITE_OK
                    // Unretained: the store owns both this state and the connection, which commits nothing on
                    // its own.
                }, Unmanaged.passUnretained(state).toOpaque())
            try database.execute(sql: "PRAGMA cache_size = -8192")
            if access != .reader {
                try database.execute(sql: "PRAGMA journal_size_limit = \(Limits.walBytesMax)")
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
        }
        return configuration
    }

    private func checkVersion(_ migrations: [Migration]) throws(ControlError) {
        let (application, version, mode) = try read { database in
            (
                try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
                try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0,
                try String.fetchOne(database, sql: "PRAGMA journal_mode") ?? ""
            )
        }
        guard application == ControlStore.applicationID, version >= 1 else {
            throw ControlError(
                .notADatabase,
                "\(path) is an SQLite database of another program: move it away and run `tradewind init`")
        }
        let newest = migrations.last?.version ?? 1
        guard version <= newest else {
            throw ControlStore.newerVersion(path, version, newest)
        }
        if version < newest {
            guard access == .manager else {
                throw ControlError(
                    .olderVersion,
                    "\(path) has schema version \(version), this program needs \(newest): start the manager "
                        + "with `tradewind run`, which migrates it")
            }
            try migrate(from: version, migrations)
        }
        if access == .manager, mode != "wal" { try setWALMode() }
    }

    private func migrate(from version: Int, _ migrations: [Migration]) throws(ControlError) {
        try backUpBeforeMigration(from: version)
        for migration in migrations where migration.version > version {
            try write { database in
                try database.execute(sql: migration.sql)
                try database.execute(sql: "PRAGMA user_version = \(migration.version)")
            }
        }
    }

    private func setWALMode() throws(ControlError) {
        try withoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
    }
}
