import ControlPlane
import Foundation
import Supervision

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Doctor {
    /// What lstat(2) says of a path.
    struct FileFacts {
        var kind: mode_t
        var mode: mode_t
        var owner: uid_t
        var byteCount: Int
        var inode: UInt64

        init?(_ path: String, followsLinks: Bool = false) {
            var status = stat()
            guard (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
            kind = status.st_mode & S_IFMT
            mode = status.st_mode & 0o7777
            owner = status.st_uid
            byteCount = Int(status.st_size)
            inode = UInt64(status.st_ino)
        }

        var isOpenToOthers: Bool { mode & 0o077 != 0 }
    }

    /// The home, its parts and their modes; false when there is nothing to examine further.
    mutating func checkHome() -> Bool {
        guard let facts = FileFacts(home.path, followsLinks: true) else {
            report.add(
                .problem, "home", "does not exist or cannot be reached: \(String(cString: strerror(errno)))",
                at: home.path, do: "run `tradewind init`, or name another home with --home")
            return false
        }
        guard facts.kind == S_IFDIR else {
            report.add(
                .problem, "home", "is not a directory", at: home.path, do: "name another home with --home")
            return false
        }
        if facts.owner != geteuid() {
            report.add(
                .problem, "home", "belongs to user \(facts.owner), not to user \(geteuid())", at: home.path,
                do: "run as its owner")
        }
        let before = report.count(.problem)
        checkDirectory(home.path, facts)
        for path in [home.journalDirectory, home.ticksDirectory, home.logsDirectory, home.backupsDirectory] {
            checkDirectory(path, FileFacts(path, followsLinks: true))
        }
        if let facts = FileFacts(home.runDirectory) { checkDirectory(home.runDirectory, facts) }
        checkFiles()
        if report.count(.problem) == before {
            report.add(.ok, "home", "directories and files are there and private", at: home.path)
        }
        return true
    }

    private mutating func checkDirectory(_ path: String, _ facts: FileFacts?) {
        guard let facts else {
            return report.add(
                .warning, "home", "is missing", at: path, do: "run `tradewind init`, which makes it")
        }
        guard facts.kind == S_IFDIR else {
            return report.add(
                .problem, "home", "is not a directory", at: path, do: "move it away, `tradewind init`")
        }
        if facts.isOpenToOthers {
            report.add(
                .problem, "home", "can be reached by other users (mode \(String(facts.mode, radix: 8)))",
                at: path,
                do: "chmod 700 '\(path)'")
        }
        if access(path, R_OK | W_OK | X_OK) != 0 {
            report.add(
                .problem, "home", "cannot be written: \(String(cString: strerror(errno)))", at: path,
                do: "see its permissions and whether its file system is mounted read-only")
        }
    }

    /// The database's files, and all in the run directory, the key of the bus among them.
    private mutating func checkFiles() {
        var paths = ["", "-wal", "-shm"].map { home.databasePath + $0 } + [home.managerLockPath]
        let names = (try? FileManager.default.contentsOfDirectory(atPath: home.runDirectory)) ?? []
        paths += names.sorted().map { home.runDirectory + "/" + $0 }
        for path in paths {
            guard let facts = FileFacts(path), facts.kind != S_IFDIR else { continue }
            if facts.owner != geteuid() {
                report.add(
                    .problem, "home", "belongs to user \(facts.owner)", at: path,
                    do: "give it back: chown \(geteuid()) '\(path)'")
            }
            if facts.kind == S_IFLNK {
                report.add(
                    .problem, "home", "is a symbolic link", at: path,
                    do: "put the file itself there; SQLite and locks need one name for one file")
            } else if facts.kind != S_IFSOCK, facts.isOpenToOthers {
                report.add(
                    .problem, "home", "can be read by other users (mode \(String(facts.mode, radix: 8)))",
                    at: path,
                    do: "chmod 600 '\(path)'")
            }
        }
    }

    // MARK: - Locks and sockets

    /// Locks that are held without a manager, lock files that name a dead process, sockets nobody listens at.
    mutating func checkLocks() {
        let held = DatabaseLocks.lockedInodes()
        checkManagerLock(held)
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: home.runDirectory)) ?? []).sorted()
        var heldCount = 0
        for name in names where name.hasSuffix(".lock") {
            let path = home.runDirectory + "/" + name
            guard let inode = FileFacts(path)?.inode, held.contains(inode) else { continue }
            heldCount += 1
            let holder = InstanceLock.holder(path: path)
            if managerPID != nil, !name.hasSuffix(".sock.lock"), let holder, !holder.identity.isAlive {
                report.add(
                    .warning, "locks", "is held, but the process it names (\(holder.identity.pid)) is gone",
                    at: path,
                    do: "find out who has it open: fuser '\(path)'")
            }
        }
        if managerPID == nil, heldCount > 0 {
            report.add(
                .warning, "locks", "\(heldCount) processes of an earlier manager run without one",
                at: home.runDirectory,
                do: "start a manager: tradewind run")
        }
        let socket = home.busSocketPath
        let busLock = FileFacts(home.instanceLockPath("bus"))?.inode
        let isBusRunning = busLock.map { held.contains($0) } ?? false
        if FileFacts(socket) != nil, !isBusRunning {
            report.add(
                .note, "locks", "a socket that nobody listens at; the next bus replaces it", at: socket)
        } else if isBusRunning, FileFacts(socket) == nil {
            report.add(
                .problem, "locks", "the bus runs, but its socket is gone: nobody can connect to it any more",
                at: socket, do: "restart it: stop the manager and run it again")
        }
        report.add(.ok, "locks", "\(heldCount) instance locks are held", at: home.runDirectory)
    }

    private mutating func checkManagerLock(_ held: Set<UInt64>) {
        let path = home.managerLockPath
        guard managerPID == nil, let inode = FileFacts(path)?.inode, held.contains(inode) else { return }
        report.add(
            .warning, "locks", "is held by a process that it does not name: another program has it open",
            at: path,
            do: "find it with fuser '\(path)' and end it; no manager can start before")
    }
}
