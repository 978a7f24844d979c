#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Who holds locks on a database's files, as far as the system tells.
package enum DatabaseLocks {
    /// A process with a lock.
    package struct Holder: Hashable, Sendable, CustomStringConvertible {
        /// Its process id.
        package let pid: Int32
        /// The name of its program, empty when it may not be read.
        package let program: String

        package var description: String { program.isEmpty ? "process \(pid)" : "process \(pid), \(program)" }
    }

    /// Other processes that keep everybody from writing now: those with SQLite's write lock on the write-ahead log, or
    /// with the whole database for themselves. Empty on systems other than Linux.
    ///
    /// Reads /proc/locks instead of asking fcntl(2) with F_GETLK: that needs the file open, and closing it again would
    /// take away the locks that this process holds on it through SQLite.
    package static func writers(of databasePath: String) -> [Holder] {
        // In the -shm file: byte 120 is the write lock, 121 to 127 are those of checkpoints, recovery and readers.
        let log = holders(path: databasePath + "-shm", exclusiveIn: 120...122)
        // In the database file: pending, reserved and shared bytes, for a rollback journal or an exclusive mode.
        let file = holders(path: databasePath, exclusiveIn: 0x4000_0000...0x4000_01FF)
        return Array(Set(log + file)).sorted { $0.pid < $1.pid }
    }

    /// Other processes that have the database open and look at it through a read transaction of their own now.
    package static func readers(of databasePath: String) -> [Holder] {
        holders(path: databasePath + "-shm", in: 123...127) { _ in true }
    }

    /// The inodes of all files of this machine that are locked with flock(2), by /proc/locks; none on macOS.
    package static func lockedInodes() -> Set<UInt64> {
        var inodes: Set<UInt64> = []
        // Read to its end in pieces: with a thousand locks one read gives only a part.
        for line in (SystemCall.smallFile("/proc/locks") ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count == 8, fields[1] == "FLOCK" else { continue }
            if let inode = fields[5].split(separator: ":").last.flatMap({ UInt64($0) }) {
                inodes.insert(inode)
            }
        }
        return inodes
    }

    private static func holders(path: String, exclusiveIn range: ClosedRange<UInt64>) -> [Holder] {
        holders(path: path, in: range) { $0 == "WRITE" }
    }

    private static func holders(
        path: String, in range: ClosedRange<UInt64>, where isWanted: (Substring) -> Bool
    ) -> [Holder] {
        #if os(Linux)
            guard let status = (try? SystemCall.status(path)) ?? nil,
                let text = SystemCall.smallFile("/proc/locks")
            else { return [] }
            let pids = pids(in: text, inode: status.identity.inode, range: range, where: isWanted)
            return pids.filter { $0 != getpid() && hasOpen($0, path) }.map {
                Holder(pid: $0, program: program(of: $0))
            }
        #else
            return []
        #endif
    }

    /// The processes of matching lines of /proc/locks, such as
    /// `1: POSIX  ADVISORY  WRITE 4711 08:02:131085 120 120`; lines with `->` only wait for a lock.
    static func pids(
        in text: String, inode: UInt64, range: ClosedRange<UInt64>, where isWanted: (Substring) -> Bool
    ) -> [Int32] {
        var found: Set<Int32> = []
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count == 8, fields[1] == "POSIX", isWanted(fields[3]), let pid = Int32(fields[4]),
                let file = fields[5].split(separator: ":").last.flatMap({ UInt64($0) }), file == inode,
                let first = UInt64(fields[6])
            else { continue }
            let last = fields[7] == "EOF" ? UInt64.max : UInt64(fields[7]) ?? first
            if first <= range.upperBound, last >= range.lowerBound { found.insert(pid) }
        }
        return found.sorted()
    }

    #if os(Linux)
        /// Whether a process has a file open, which tells it from one with the same inode number on another disk; true
        /// when that cannot be seen.
        private static func hasOpen(_ pid: Int32, _ path: String) -> Bool {
            guard let directory = opendir("/proc/\(pid)/fd") else { return true }
            defer { closedir(directory) }
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                let count = readlink("/proc/\(pid)/fd/\(name)", &buffer, buffer.count - 1)
                guard count > 0 else { continue }
                let target = buffer[..<count].map { UInt8(bitPattern: $0) }
                if String(decoding: target, as: UTF8.self) == path { return true }
            }
            return false
        }

        private static func program(of pid: Int32) -> String {
            (SystemCall.smallFile("/proc/\(pid)/comm") ?? "").split(separator: "\n").first.map(String.init)
                ?? ""
        }
    #endif
}
