import GRDB
import GRDBSQLite

extension ControlStore {
    /// The version of the SQLite library that this program runs with, such as 3.40.1.
    package static var sqliteVersion: String { String(cString: sqlite3_libversion()) }

    /// Whether that library can lose pages when a commit and a checkpoint meet (3.7.0 to 3.51.2, but for the patched
    /// 3.44.6 and 3.50.7); `checkpointIfNeeded` keeps the two apart.
    package static var sqliteHasWALResetRace: Bool { hasWALResetRace(Int(sqlite3_libversion_number())) }

    static func hasWALResetRace(_ version: Int) -> Bool {
        let isPatched = (3_044_006..<3_045_000).contains(version) || (3_050_007..<3_051_000).contains(version)
        return version >= 3_007_000 && version < 3_051_003 && !isPatched
    }

    /// Checks that the path still leads to the database that this connection opened; one stat(2).
    ///
    /// SQLite goes on with a file that has lost its name: everything would be written, and be gone with the process.
    /// Opening the file to look at it is not possible here, since closing it again would take away SQLite's locks.
    ///
    /// - Throws: `deleted`, `replaced`, `notADatabase` when it was emptied.
    package func checkFile() throws(ControlError) {
        guard let status = try SystemCall.status(path) else {
            throw ControlError(
                .deleted,
                "\(path) was deleted while it was in use: put it back, or stop the manager, remove its -wal and -shm "
                    + "files and restore a backup (without one: `tradewind init`)")
        }
        guard status.identity == file else {
            throw ControlError(
                .replaced,
                "\(path) was replaced by another file while it was in use: stop the manager and start it again to work "
                    + "with the new one, or put the old one back")
        }
        guard status.byteCount > 0 else {
            throw ControlError(
                .notADatabase,
                "\(path) was emptied while it was in use: stop the manager, remove it and its -wal and -shm files, and "
                    + "restore a backup (without one: `tradewind init`)")
        }
    }

    /// Renames the files of a write-ahead log that does not belong to the database beside it.
    static func setAsideLog(of path: String, ending: String) throws(ControlError) {
        for suffix in ["-wal", "-shm"] where try SystemCall.status(path + suffix) != nil {
            try SystemCall.rename(path + suffix, to: path + suffix + ending)
        }
    }

    /// Checks that nobody has given the database a newer schema meanwhile.
    ///
    /// - Throws: `newerVersion`, `corrupt`.
    package func checkSchemaVersion() throws(ControlError) {
        let version = try read { try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
        guard version <= ControlStore.schemaVersion else {
            throw ControlStore.newerVersion(path, version, ControlStore.schemaVersion)
        }
    }

    static func newerVersion(_ path: String, _ version: Int, _ known: Int) -> ControlError {
        ControlError(
            .newerVersion,
            "\(path) has schema version \(version), this program knows \(known): use a newer tradewind")
    }
}
