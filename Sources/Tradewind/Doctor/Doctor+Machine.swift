import ControlPlane
import Foundation
import Supervision
import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Doctor {
    // MARK: - Clock

    /// Whether the wall clock went back behind what is stored, or was set since the manager started.
    mutating func checkClock() throws {
        report.add(.ok, "clock", "\(now), boot \(ProcessIdentity.currentBootID)", at: "this machine")
        guard let database, knowsSchema else { return }
        let newest =
            try database.rows(
                """
                SELECT max(time) FROM (SELECT max(time) AS time FROM strategy_events UNION ALL
                    SELECT max(timestamp) FROM process_metrics UNION ALL SELECT max(created_at) FROM strategy_commands)
                """
            ).first?.first ?? nil
        if let newest, let time = Timestamp(iso8601: newest), time > now + .seconds(5) {
            report.add(
                .warning, "clock",
                "the newest row is \((time - now) / .seconds(1)) s in the future: the clock went back",
                at: "this machine",
                do: "see that time synchronisation runs; orders of rows by time are off until then")
        }
        guard let managerPID, let step = try clockStep(database, managerPID), abs(step) > 5 else { return }
        report.add(
            .warning, "clock",
            String(format: "the wall clock was set by %.0f s since the manager started", step),
            at: "process \(managerPID)",
            do: "nothing: supervision uses the monotonic clock; times in rows and logs jump by so much")
    }

    /// How far the wall clock moved against the monotonic one since the manager wrote down when it started; `nil` where
    /// that cannot be told.
    private func clockStep(_ database: DatabaseInspection, _ pid: Int32) throws -> Double? {
        #if os(Linux)
            let text = try database.rows("SELECT value FROM engine_info WHERE key = 'manager_started_at'")
                .first?.first
            guard let started = text.flatMap({ $0 }).flatMap({ Timestamp(iso8601: $0) }),
                let identity = ProcessIdentity(of: pid)
            else { return nil }
            var sinceBoot = timespec()
            guard clock_gettime(CLOCK_BOOTTIME, &sinceBoot) == 0 else { return nil }
            let uptime = Double(sinceBoot.tv_sec) + Double(sinceBoot.tv_nsec) / 1e9
            let age = uptime - Double(identity.startTime) / Double(sysconf(Int32(_SC_CLK_TCK)))
            // A manager writes it down within moments, or some seconds when it had to wait for a lock.
            return (now - started) / .seconds(1) - age
        #else
            return nil
        #endif
    }

    // MARK: - Disk

    /// Space, inodes and kind of the file systems that the home lies on.
    mutating func checkDisk() {
        var seen: Set<UInt64> = []
        let paths = [
            home.path, home.runDirectory, home.journalDirectory, home.ticksDirectory, home.logsDirectory,
            home.backupsDirectory,
        ]
        for path in paths {
            var status = stat()
            guard stat(path, &status) == 0, seen.insert(UInt64(status.st_dev)).inserted else { continue }
            checkFileSystem(path)
        }
    }

    private mutating func checkFileSystem(_ path: String) {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else {
            return report.add(
                .problem, "disk", "cannot be examined: \(String(cString: strerror(errno)))", at: path,
                do: "see whether the disk is mounted")
        }
        let free = Int64(facts.f_bavail) * Int64(facts.f_frsize)
        let share = facts.f_blocks > 0 ? Double(facts.f_bavail) / Double(facts.f_blocks) : 1
        let text = "\(Self.mebibytes(free)) free (\(Int(share * 100)) %)"
        if facts.f_flag & UInt(ST_RDONLY) != 0 {
            report.add(
                .problem, "disk", "is mounted read-only", at: path,
                do: "see the system's log; mount it for writing")
        }
        if free < 64 << 20 {
            report.add(
                .problem, "disk", "\(text): orders are refused when it is full", at: path,
                do: "free some space: tradewind prune, old files in ticks/, logs/ and backups/")
        } else if free < 1 << 30 {
            report.add(
                .warning, "disk", text, at: path, do: "free some space before strategies have to stop trading"
            )
        } else {
            report.add(.ok, "disk", text, at: path)
        }
        if facts.f_files > 0, facts.f_favail < 1_000 {
            report.add(
                .problem, "disk", "\(facts.f_favail) files can still be made", at: path,
                do: "delete files nobody needs")
        }
        if let kind = Self.networkFileSystem(path) {
            report.add(
                .problem, "disk",
                "is a network file system (\(kind)), where SQLite's write-ahead log does not work",
                at: path, do: "put the home on a local disk")
        }
    }

    /// The kind of a file system that is shared between machines; `nil` for a local one, and where that is not known.
    private static func networkFileSystem(_ path: String) -> String? {
        guard let text = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) else {
            return nil
        }
        let shared = ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs", "fuse.sshfs", "lustre"]
        var best = (length: -1, kind: "")
        for line in text.split(separator: "\n") {
            // ID, parent, device, root, mount point, options ... - kind source options, see proc_pid_mountinfo(5).
            let fields = line.split(separator: " ")
            guard fields.count > 4, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else {
                continue
            }
            let point = fields[4] == "/" ? "" : String(fields[4])
            guard path == point || path.hasPrefix(point + "/"), point.count >= best.length else { continue }
            best = (point.count, String(fields[dash + 1]))
        }
        return shared.contains(best.kind) ? best.kind : nil
    }

    // MARK: - Limits

    /// Descriptors, file sizes and watches that processes may use.
    mutating func checkLimits() {
        var limit = rlimit()
        #if canImport(Glibc)
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
            getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        let strategies =
            knowsSchema ? Int((try? database?.number("SELECT count(*) FROM strategy_configs")) ?? 0) : 0
        // The manager has a process descriptor, a lock, a journal and a bootstrap socket of each.
        let needed = UInt64(64 + 4 * strategies)
        let hard = UInt64(limit.rlim_max)
        if hard < needed {
            report.add(
                .problem, "limits",
                "\(hard) open files are allowed, \(strategies) strategies need up to \(needed)",
                at: "RLIMIT_NOFILE", do: "raise the hard limit (ulimit -Hn, LimitNOFILE of a service)")
        } else {
            report.add(
                .ok, "limits", "\(hard) open files allowed, up to \(needed) needed", at: "RLIMIT_NOFILE")
        }
        checkManagerDescriptors()
        checkFileSizeLimit()
        checkWatches()
    }

    /// How many files the manager has open beside how many it may.
    private mutating func checkManagerDescriptors() {
        guard let managerPID,
            let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(managerPID)/fd").count,
            let text = try? String(contentsOfFile: "/proc/\(managerPID)/limits", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Max open files") }),
            let limit = line.split(separator: " ").dropFirst(3).first.flatMap({ Int($0) })
        else { return }
        if open * 5 > limit * 4 {
            report.add(
                .warning, "limits", "the manager has \(open) of \(limit) files open",
                at: "process \(managerPID)",
                do: "raise the hard limit (ulimit -Hn) and start the manager again")
        } else {
            report.add(
                .ok, "limits", "the manager has \(open) of \(limit) files open", at: "process \(managerPID)")
        }
    }

    private mutating func checkFileSizeLimit() {
        var limit = rlimit()
        #if canImport(Glibc)
            getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        #else
            getrlimit(RLIMIT_FSIZE, &limit)
        #endif
        guard limit.rlim_cur != rlim_t.max, limit.rlim_cur < 16 << 30 else { return }
        report.add(
            .warning, "limits",
            "files may have at most \(limit.rlim_cur) bytes: journals and the database end there",
            at: "RLIMIT_FSIZE", do: "ulimit -f unlimited")
    }

    private mutating func checkWatches() {
        #if os(Linux)
            for name in ["max_user_instances", "max_user_watches"] {
                let path = "/proc/sys/fs/inotify/" + name
                let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
                guard let value = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)), value < 16 else {
                    continue
                }
                report.add(
                    .warning, "limits",
                    "\(value): changes of the database are then noticed by polling, 20 ms later",
                    at: path, do: "sysctl fs.inotify.\(name)=128")
            }
        #endif
    }
}
