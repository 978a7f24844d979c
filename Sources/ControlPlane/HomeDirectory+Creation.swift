#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

extension HomeDirectory {
    /// Makes the directory and its parts with mode 0700; what exists stays as it is.
    ///
    /// Throws when the path is taken by something else, belongs to another user or cannot be written.
    package func create() throws(ControlError) {
        try HomeDirectory.makeDirectories(path)
        try check()
        for directory in [journalDirectory, ticksDirectory, logsDirectory, backupsDirectory] {
            // May be a link to another disk.
            if try SystemCall.status(directory)?.isDirectory != true {
                try HomeDirectory.makePrivateDirectory(directory)
            }
        }
        try createRunDirectory()
    }

    /// Makes the run directory; needed again after a reboot when it lies outside the home.
    ///
    /// The fallback is in a place where others may write, so each part must belong to this user and nobody
    /// else.
    package func createRunDirectory() throws(ControlError) {
        if !runDirectory.hasPrefix(path + "/"), let slash = runDirectory.lastIndex(of: "/") {
            try HomeDirectory.makePrivateDirectory(String(runDirectory[..<slash]))
        }
        try HomeDirectory.makePrivateDirectory(runDirectory)
    }

    /// Checks that the home is a directory of this user that can be written.
    package func check() throws(ControlError) {
        guard let status = try SystemCall.status(path) else {
            throw ControlError(.notInitialized, "\(path) does not exist: run `tradewind init`")
        }
        guard status.isDirectory else {
            throw ControlError(.home, "\(path) is not a directory: choose another home with --home")
        }
        guard status.ownerID == geteuid() else {
            throw ControlError(
                .permission,
                "\(path) belongs to user \(status.ownerID), not to this one (\(geteuid())): run as its owner")
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            throw ControlError(.home, "\(path) cannot be written: check its permissions", errno: errno)
        }
    }

    /// Checks the home and that it holds a database.
    package func checkInitialized() throws(ControlError) {
        try check()
        guard try SystemCall.status(databasePath) != nil else {
            throw ControlError(.notInitialized, "\(path) has no engine.db: run `tradewind init`")
        }
    }

    private static func makeDirectories(_ path: String) throws(ControlError) {
        if try SystemCall.status(path) != nil { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeDirectories(String(path[..<slash]))
        }
        try SystemCall.makeDirectory(path)
    }

    private static func makePrivateDirectory(_ path: String) throws(ControlError) {
        try SystemCall.makeDirectory(path)
        var buffer = stat()
        // lstat: a symbolic link that somebody else planted in /tmp must not pass for our directory.
        guard lstat(path, &buffer) == 0 else {
            throw ControlError(.home, "\(path) cannot be examined", errno: errno)
        }
        guard UInt32(buffer.st_mode) & UInt32(S_IFMT) == UInt32(S_IFDIR) else {
            throw ControlError(.home, "\(path) is not a directory: remove it")
        }
        guard buffer.st_uid == geteuid() else {
            throw ControlError(
                .permission, "\(path) belongs to user \(buffer.st_uid): remove it or run as its owner")
        }
        guard UInt32(buffer.st_mode) & 0o077 != 0 else { return }
        guard chmod(path, 0o700) == 0 else {
            throw ControlError(.home, "\(path) is open to other users and cannot be closed", errno: errno)
        }
    }
}
