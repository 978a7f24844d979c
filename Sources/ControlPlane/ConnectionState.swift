import GRDB
import Synchronization

/// What a connection remembers between transactions.
///
/// `@unchecked Sendable`: `durability` is used inside the connection's serial queue only, the rest is atomic.
final class ConnectionState: @unchecked Sendable {
    /// Pages in the write-ahead log, told by SQLite after each commit of this connection.
    let walPages = Atomic<Int>(0)
    /// Commits of this connection.
    let commits = Atomic<Int>(0)
    private var durability = ControlStore.Durability.full

    /// Sets `PRAGMA synchronous`, which SQLite allows between transactions only.
    func set(_ wanted: ControlStore.Durability, on database: Database) throws {
        guard wanted != durability else { return }
        try database.execute(sql: "PRAGMA synchronous = \(wanted.rawValue)")
        durability = wanted
    }
}
