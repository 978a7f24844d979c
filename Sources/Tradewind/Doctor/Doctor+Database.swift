import ControlPlane
import Foundation
import Supervision
import TradingModel

extension Doctor {
    /// This program's version, SQLite's and that of the system.
    mutating func checkVersions() {
        var system = utsname()
        uname(&system)
        let release = withUnsafeBytes(of: &system.release) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        let sqlite = ControlStore.sqliteVersion
        report.add(
            .ok, "versions",
            "tradewind \(TradewindVersion.text), schema \(ControlStore.schemaVersion), SQLite \(sqlite), kernel \(release)",
            at: "this program")
        if ControlStore.sqliteHasWALResetRace {
            report.add(
                .note, "versions",
                "SQLite \(sqlite) can lose pages when a commit and a checkpoint meet (fixed in 3.51.3); the manager "
                    + "checkpoints alone and holds the write lock meanwhile",
                at: "libsqlite3",
                do: "leave PRAGMA wal_checkpoint to the manager; a newer libsqlite3 is welcome")
        }
    }

    /// The file, its integrity, its schema, its write-ahead log and who holds locks on it.
    mutating func checkDatabase() {
        let path = home.databasePath
        do {
            let database = try DatabaseInspection(path: path)
            guard try checkSchema(database) else { return }
            self.database = database
            let start = ContinuousClock.now
            let pragma = isFull ? "integrity_check" : "quick_check"
            let findings = try database.rows("PRAGMA \(pragma)(20)").compactMap { $0.first ?? nil }
            let seconds = String(format: "%.2f", (ContinuousClock.now - start) / .seconds(1))
            guard findings == ["ok"] else {
                report.add(
                    .problem, "database", "is damaged: \(findings.prefix(3).joined(separator: "; "))",
                    at: path,
                    do: Self.restore)
                return
            }
            if isFull {
                let orphans = try database.rows("PRAGMA foreign_key_check").count
                if orphans > 0 {
                    report.add(
                        .problem, "database", "\(orphans) rows belong to strategies that do not exist",
                        at: path,
                        do: "see PRAGMA foreign_key_check; delete those rows")
                }
            }
            let size = Self.mebibytes(Int64(FileFacts(path)?.byteCount ?? 0))
            report.add(.ok, "database", "\(size), passes \(pragma) in \(seconds) s", at: path)
        } catch {
            addDatabaseFailure(error)
        }
        checkLog()
    }

    private static let restore =
        "stop the manager, move engine.db and its -wal and -shm files away, copy a backup to engine.db (or `tradewind "
        + "init`); the journals hold what the strategies did since"

    private mutating func addDatabaseFailure(_ error: ControlError) {
        let remedy =
            switch error.code {
            case .notInitialized: "run `tradewind init`, or copy a backup there; journals are copied again"
            case .busy: "end that program's transaction; strategies run on and results wait in their journals"
            case .storage: "see the disk and the permissions of the file"
            default: Self.restore
            }
        report.add(.problem, "database", error.description, at: home.databasePath, do: remedy)
    }

    /// Whether this program knows the schema; throws when the file cannot be read at all.
    private mutating func checkSchema(_ database: DatabaseInspection) throws(ControlError) -> Bool {
        let path = home.databasePath
        guard try database.number("PRAGMA application_id") == Int64(ControlStore.applicationID) else {
            report.add(
                .problem, "database", "is an SQLite database of another program", at: path,
                do: "move it away and run `tradewind init`")
            return false
        }
        let version = Int(try database.number("PRAGMA user_version") ?? 0)
        if version > ControlStore.schemaVersion {
            report.add(
                .problem, "database",
                "has schema version \(version), and this program knows \(ControlStore.schemaVersion)",
                at: path,
                do: "use the newer tradewind that wrote it")
            return true
        }
        if version < ControlStore.schemaVersion {
            report.add(
                .note, "database",
                "has schema version \(version); the next run migrates it to "
                    + "\(ControlStore.schemaVersion) after a backup", at: path)
        }
        knowsSchema = version == ControlStore.schemaVersion
        return true
    }

    /// The size of the write-ahead log and who keeps it from starting over.
    private mutating func checkLog() {
        let path = home.databasePath + "-wal"
        let bytes = Int64(FileFacts(path)?.byteCount ?? 0)
        let writers = DatabaseLocks.writers(of: home.databasePath).filter { $0.pid != managerPID }
        if !writers.isEmpty {
            report.add(
                .note, "database", "being written by \(writers.map(\.description).joined(separator: ", "))",
                at: home.databasePath)
        }
        guard bytes > 2 * ControlPlane.Limits.walBytesMax else { return }
        let readers = DatabaseLocks.readers(of: home.databasePath).filter { $0.pid != managerPID }
        let who = readers.map(\.description).joined(separator: ", ")
        report.add(
            .warning, "database",
            "the write-ahead log has \(Self.mebibytes(bytes))"
                + (readers.isEmpty ? "" : ": \(who) keeps an old state of the database open"), at: path,
            do: managerPID == nil
                ? "start a manager, which copies it into the database"
                : "end read transactions that stay open (a shell with BEGIN, a statement that is never finished)"
        )
    }

    static func mebibytes(_ bytes: Int64) -> String { String(format: "%.1f MiB", Double(bytes) / 1_048_576) }

    // MARK: - Rows

    /// Processes that should be there and are not, that are stuck, or were given up.
    mutating func checkInstances() throws {
        guard let database else { return }
        let live = try database.rows(
            """
            SELECT c.name, i.epoch, i.pid, i.process_start_time, i.boot_id FROM strategy_instances i
            JOIN strategy_configs c ON c.id = i.strategy_id WHERE i.ended_at IS NULL ORDER BY c.name
            """)
        for row in live {
            guard let name = row[0], let pid = row[2].flatMap({ Int32($0) }),
                let start = row[3].flatMap({ UInt64($0) }),
                let boot = row[4]
            else { continue }
            let isAlive = ProcessIdentity(pid: pid, startTime: start, bootID: boot).isAlive
            if !isAlive {
                report.add(
                    managerPID == nil ? .note : .warning, "instances",
                    "process \(pid) is gone, and its row does not say so yet",
                    at: "strategy \(name), epoch \(row[1] ?? "")",
                    do: managerPID == nil
                        ? "the next run writes it down" : "see whether the database is locked")
            }
        }
        let bad = try database.rows(
            """
            SELECT c.name, c.status, (SELECT reason FROM strategy_events e WHERE e.strategy_id = c.id ORDER BY e.id DESC
                LIMIT 1) FROM strategy_configs c WHERE c.status IN ('stuck', 'error', 'backoff') ORDER BY c.name
            """)
        for row in bad {
            let name = row[0] ?? ""
            let status = row[1] ?? ""
            report.add(
                status == "backoff" ? .warning : .problem, "instances", "\(status): \(row[2] ?? "")",
                at: "strategy \(name)",
                do: status == "stuck"
                    ? "its process does not end: see what it waits for (ps, its log), end it by hand"
                    : "read `tradewind logs \(name)`, mend it, then `tradewind start \(name)`")
        }
        report.add(
            .ok, "instances", "\(live.count) running, \(bad.count) in trouble", at: "strategy_instances")
    }

    /// Commands that nobody has taken, or whose effect is long in coming.
    mutating func checkCommands() throws {
        guard let database else { return }
        let moment = (now - .seconds(60)).description
        let old = try database.rows(
            """
            SELECT seq, command, status, created_at FROM strategy_commands
            WHERE status IN ('pending', 'accepted') AND created_at < '\(moment)' ORDER BY seq LIMIT 20
            """)
        for row in old {
            let text = "\(row[1] ?? "") \(row[2] ?? "") since \(row[3] ?? "")"
            report.add(
                managerPID == nil ? .note : .warning, "commands", text,
                at: "strategy_commands, seq \(row[0] ?? "")",
                do: managerPID == nil
                    ? "the next run takes it; give commands an expires_at when they must not wait"
                    : "see the strategy's log and status; an operator's stop or start supersedes it")
        }
        let open = try database.number(
            "SELECT count(*) FROM strategy_commands WHERE status IN ('pending', 'accepted')")
        report.add(
            .ok, "commands", "\(open ?? 0) open, \(old.count) of them for more than a minute",
            at: "strategy_commands")
    }
}
