import GRDB

extension ControlError {
    /// Turns whatever a database access threw into the module's error.
    ///
    /// - Parameter path: the database file, for the sentence.
    init(_ error: any Error, path: String) {
        if let error = error as? ControlError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.database, "\(path): \(error)")
            return
        }
        let message = error.message ?? "\(error.extendedResultCode)"
        switch error.resultCode {
        case .SQLITE_CONSTRAINT:
            self.init(.refused, ControlError.sentence(ofConstraint: message))
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.busy, ControlError.sentence(ofLock: path))
        case .SQLITE_NOTADB:
            self.init(
                .notADatabase, "\(path) is not a Tradewind database: move it away and run `tradewind init`")
        case .SQLITE_CORRUPT:
            self.init(
                .corrupt,
                "\(path) is damaged (\(message)): stop the manager, move it and its -wal and -shm files away, and "
                    + "restore a backup; what the journals hold is copied again")
        case .SQLITE_FULL:
            self.init(.storage, "the disk is full, \(path) cannot grow: free some space")
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            self.init(
                .storage, "\(path) cannot be read or written (\(message)): check the disk and permissions")
        case .SQLITE_READONLY:
            self.init(.storage, "\(path) is read-only here: check its permissions and the file system")
        default:
            self.init(.database, "\(path): \(message) (SQLite \(error.extendedResultCode.rawValue))")
        }
    }

    private static func sentence(ofLock path: String) -> String {
        let holders = DatabaseLocks.writers(of: path).map(\.description)
        guard !holders.isEmpty else {
            return "\(path) is locked by another program (an open transaction in a shell?): try again"
        }
        return
            "\(path) is locked by \(holders.joined(separator: " and by ")): end its transaction, or try again"
    }

    /// The schema's constraints are named by their message; this removes what SQLite puts in front.
    private static func sentence(ofConstraint message: String) -> String {
        let prefix = "CHECK constraint failed: "
        return message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message
    }
}
