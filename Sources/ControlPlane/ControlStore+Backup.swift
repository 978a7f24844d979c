import GRDB

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

extension ControlStore {
    /// Writes a complete copy of the database to a new file of mode 0600; `path` must not exist.
    ///
    /// The copy is made under another name with VACUUM INTO, checked with `integrity_check`, synced, and only then
    /// named: a file at `path` is whole. Nobody else has to wait, the manager's writes included; the write-ahead log
    /// cannot start over meanwhile.
    ///
    /// - Throws: `refused` when `path` exists; `storage` when there is no space; `corrupt` when the copy, and so the
    ///   database, is damaged. Nothing is left at `path` then.
    package func backUp(to path: String) throws(ControlError) {
        guard try SystemCall.status(path) == nil else {
            throw ControlError(.refused, "\(path) exists already: give another name or remove it")
        }
        let temporary = "\(path).\(getpid()).partial"
        unlink(temporary)
        defer { for suffix in ["", "-journal", "-wal", "-shm"] { unlink(temporary + suffix) } }
        // SQLite accepts an empty file, and would make its own readable by others.
        try SystemCall.makeEmptyFile(temporary)
        do {
            try queue.inDatabase { try $0.execute(sql: "VACUUM INTO ?", arguments: [temporary]) }
        } catch {
            let failure = ControlError(error, path: path)
            throw failure.code == .corrupt ? ControlError(error, path: self.path) : failure
        }
        try ControlStore.checkIntegrity(ofFile: temporary, madeFrom: self.path)
        try SystemCall.synchronize(temporary)
        try SystemCall.rename(temporary, to: path)
        try SystemCall.synchronize(ControlStore.directory(of: path))
    }

    /// Copies the database into `backups/` beside it before its schema is changed; once for each version.
    func backUpBeforeMigration(from version: Int) throws(ControlError) {
        let directory = ControlStore.directory(of: path) + "/backups"
        if try SystemCall.status(directory)?.isDirectory != true { try SystemCall.makeDirectory(directory) }
        let copy = "\(directory)/engine-version-\(version).db"
        guard try SystemCall.status(copy) == nil else { return }
        try backUp(to: copy)
    }

    private static func checkIntegrity(ofFile path: String, madeFrom source: String) throws(ControlError) {
        let findings: [String]
        do {
            var configuration = Configuration()
            configuration.readonly = true
            let copy = try DatabaseQueue(path: path, configuration: configuration)
            findings = try copy.read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
            try copy.close()
        } catch {
            throw ControlError(error, path: path)
        }
        guard findings == ["ok"] else {
            throw ControlError(
                .corrupt,
                "\(source) is damaged, and so would be its copy (\(findings.first ?? "nothing was read")): "
                    + "restore an older backup")
        }
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
