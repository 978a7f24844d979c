import GRDB

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

extension ControlStore {
    /// Makes the home and its `engine.db`; does nothing when they are there.
    ///
    /// Safe to call from several processes at once: the database is built under another name, holding a lock,
    /// and appears complete or not at all.
    ///
    /// - Returns: whether this call made the database.
    @discardableResult
    package static func create(_ home: HomeDirectory) throws(ControlError) -> Bool {
        try home.create()
        let lock = try FileLock(path: home.path + "/create.lock", timeout: .seconds(10))
        if try SystemCall.status(home.databasePath) != nil {
            try ControlStore(path: home.databasePath, access: .client).close()
            return false
        }
        let temporary = home.databasePath + ".new"
        for suffix in ["", "-wal", "-shm", "-journal"] { unlink(temporary + suffix) }
        // Made here and not by SQLite for its mode, which the write-ahead log's files take over.
        try SystemCall.makeEmptyFile(temporary)
        do {
            let queue = try DatabaseQueue(path: temporary)
            try queue.inDatabase { try $0.execute(sql: schemaText) }
            try queue.close()
        } catch {
            throw ControlError(error, path: temporary)
        }
        try SystemCall.synchronize(temporary)
        // The log of a database that was deleted would be applied to the new one.
        try setAsideLog(of: home.databasePath, ending: ".orphaned")
        try SystemCall.rename(temporary, to: home.databasePath)
        try SystemCall.synchronize(home.path)
        _ = consume lock
        return true
    }

    /// The text of `schema.sql` as it was when the program was built.
    package static var schemaText: String { String(decoding: PackageResources.schema_sql, as: UTF8.self) }
}
