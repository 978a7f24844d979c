import GRDB
import GRDBSQLite
import Synchronization

/// The connection that checkpoints, and nothing else. The manager's store has one.
final class Checkpointer: Sendable {
    let queue: DatabaseQueue
    /// Kept because the connection's hook points to it.
    private let state = ConnectionState()

    init(path: String) throws {
        queue = try DatabaseQueue(path: path, configuration: ControlStore.configuration(.manager, state))
    }
}

extension ControlStore {
    /// `PRAGMA data_version`: differs from the last call when another connection has committed in between.
    package func dataVersion() throws(ControlError) -> Int64 {
        try withoutTransaction { database in
            // Run directly: this is asked fifty times a second for ever.
            let statement = try database.cachedStatement(sql: "PRAGMA data_version").sqliteStatement
            defer { sqlite3_reset(statement) }
            let code = sqlite3_step(statement)
            guard code == SQLITE_ROW else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
            return sqlite3_column_int64(statement, 0)
        }
    }

    /// Pages in the write-ahead log after the last commit of this connection.
    package var walPageCount: Int { state.walPages.load(ordering: .relaxed) }

    /// The size of the file of the write-ahead log, whatever of it is in use; 0 when there is none.
    package func walByteCount() throws(ControlError) -> Int64 {
        try SystemCall.status(path + "-wal")?.byteCount ?? 0
    }

    /// How often this connection has committed changes.
    package var commitCount: Int { state.commits.load(ordering: .relaxed) }

    /// What a checkpoint did.
    package struct Checkpoint: Equatable, Sendable {
        /// Pages in the write-ahead log.
        package let walPageCount: Int
        /// Of those, how many are in the database file now; fewer while a reader holds an old snapshot.
        package let copiedPageCount: Int
    }

    /// Copies the write-ahead log into the database when it has grown to 300 pages; for the manager only,
    /// after its writes.
    ///
    /// It holds the write lock meanwhile, some milliseconds: SQLite 3.7.0 to 3.51.2 can lose pages when a commit starts
    /// the log over just while a checkpoint begins, and nobody can commit then. It waits for no reader. The log starts
    /// over with the next commit after all of it was copied, so it stays under the 1,000 pages at which a shell would
    /// checkpoint, unless a reader holds an old snapshot for long.
    ///
    /// - Parameters:
    ///   - othersWrote: whether somebody else has committed since the last call; SQLite tells the size of the log after
    ///     own commits only, and the file's size tells then.
    ///   - pages: another size from which it is done.
    @discardableResult
    package func checkpointIfNeeded(
        othersWrote: Bool = false, from pages: Int = Limits.checkpointPages
    ) throws(ControlError) -> Checkpoint? {
        precondition(access == .manager, "only the manager checkpoints")
        let isLarge = othersWrote ? try walByteCount() > Limits.walBytesMax : false
        guard let checkpointer, isLarge || walPageCount >= pages else { return nil }
        var result: Checkpoint?
        do {
            try queue.inDatabase { database in
                try database.inTransaction(.immediate) {
                    // PASSIVE takes no write lock of its own; FULL falls back to that when it does not get one.
                    let row = try checkpointer.queue.inDatabase {
                        try Row.fetchOne($0, sql: "PRAGMA wal_checkpoint(PASSIVE)")
                    }
                    result = row.map { Checkpoint(walPageCount: $0[1], copiedPageCount: $0[2]) }
                    return .rollback
                }
            }
        } catch {
            throw ControlError(error, path: path)
        }
        // Zero until the next commit tells: there is nothing more to copy before it.
        if let result, result.walPageCount == result.copiedPageCount {
            state.walPages.store(0, ordering: .relaxed)
        }
        return result
    }
}
