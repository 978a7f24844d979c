import GRDB
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a connection remembers between transactions.
///
/// `@unchecked Sendable`: `durability` is used inside the connection's serial queue only, the rest is atomic.
final class ConnectionState: @unchecked Sendable {
    /// Pages in the write-ahead log, told by SQLite after each commit of this connection.
    let walPages = Atomic<Int>(0)
    /// Commits of this connection.
    let commits = Atomic<Int>(0)
    private var durability = ControlStore.Durability.full
    /// The thread whose writes are being grouped; 0 for none.
    private let groupThread = Atomic<UInt>(0)

    /// Whether the calling thread is within a group.
    var isGroup: Bool { groupThread.load(ordering: .relaxed) == Self.currentThread }

    func beginGroup() { groupThread.store(Self.currentThread, ordering: .relaxed) }
    func endGroup() { groupThread.store(0, ordering: .relaxed) }

    /// A number of the calling thread, never 0.
    private static var currentThread: UInt {
        #if canImport(Darwin)
            UInt(bitPattern: pthread_self())
        #else
            UInt(pthread_self())
        #endif
    }

    /// Sets `PRAGMA synchronous`, which SQLite allows between transactions only.
    func set(_ wanted: ControlStore.Durability, on database: Database) throws {
        guard wanted != durability else { return }
        try database.execute(sql: "PRAGMA synchronous = \(wanted.rawValue)")
        durability = wanted
    }
}
