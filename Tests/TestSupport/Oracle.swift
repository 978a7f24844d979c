import Foundation

/// Says whether a home is as it should be: what must be true after every fault, whoever was killed when.
///
/// One piece of code for `scripts/chaos` and the end-to-end tests. It asks the journals, /proc, the locks and the bare
/// `sqlite3` shell, never the programs under test. Each complaint is a sentence; no complaint is the verdict wanted.
package struct Oracle {
    private let home: String
    private var database: String { home + "/engine.db" }

    package init(home: String) { self.home = home }

    // MARK: - While it runs

    /// What is wrong while a manager runs and nothing is on its way: states, processes, locks, sockets, commands.
    package func complaintsWhileRunning() throws -> [String] {
        var found: [String] = []
        let processes = HomeProcesses(home: home)
        var names: Set<String> = ["bus"]
        let rows = try SQLiteShell.run(
            """
            SELECT id, name, status, desired_state, coalesce((SELECT group_concat(pid) FROM strategy_instances
            WHERE strategy_id = c.id AND ended_at IS NULL), '') FROM strategy_configs c ORDER BY name;
            """, on: database)
        for row in rows {
            let cells = row.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            names.insert(cells[0])
            found += complaints(strategy: cells, processes)
        }
        let feeds = try SQLiteShell.run("SELECT id, name, enabled, status FROM feeds;", on: database)
        for row in feeds {
            let cells = row.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            names.insert("feed-" + cells[0])
            guard cells[2] == "1" else { continue }
            if cells[3] != "running" { found.append("feed \(cells[1]) is \(cells[3])") }
            found += complaint(
                "feed \(cells[1])", isWanted: true, holders: processes.holders(of: "feed-" + cells[0]))
        }
        let recorder = try SQLiteShell.run(
            "SELECT value FROM engine_info WHERE key = 'recorder_status';", on: database
        ).first
        names.formUnion(["recorder", "alerter"])
        found += complaint("the alerter", isWanted: true, holders: processes.holders(of: "alerter"))
        found += complaint(
            "the recorder", isWanted: recorder == "running", holders: processes.holders(of: "recorder"))
        found += complaint("the bus", isWanted: true, holders: processes.holders(of: "bus"))
        if HomeProcesses.isKnown {
            if processes.managers.count != 1 { found.append("\(processes.managers.count) managers run") }
            for pid in processes.managers {
                let zombies = HomeProcesses.zombies(of: pid)
                if !zombies.isEmpty { found.append("the manager has not waited for \(zombies)") }
            }
        }
        found += strays(processes, names) + openCommands() + unknownFiles(names)
        return found
    }

    private func complaints(strategy cells: [String], _ processes: HomeProcesses) -> [String] {
        let (id, name, status, desired, recorded) = (cells[0], cells[1], cells[2], cells[3], cells[4])
        var found: [String] = []
        let isEnded = ["active", "stopped"].contains(status)
        if status != desired, !(isEnded && desired == "stopped") {
            found.append("\(name) is \(status) and should be \(desired)")
        }
        let holders = processes.holders(of: id)
        let isWanted = desired != "stopped"
        found += complaint(name, isWanted: isWanted, holders: holders)
        if HomeProcesses.isKnown, recorded != holders.map(String.init).joined(separator: ",") {
            found.append("\(name): the database has the processes '\(recorded)', its lock \(holders)")
        }
        return found
    }

    private func complaint(_ name: String, isWanted: Bool, holders: [Int32]) -> [String] {
        guard HomeProcesses.isKnown, holders.count != (isWanted ? 1 : 0) else { return [] }
        return ["\(name) has \(holders.count) processes: \(holders)"]
    }

    /// Processes of the home that hold none of its locks, or one of nobody.
    private func strays(_ processes: HomeProcesses, _ names: Set<String>) -> [String] {
        processes.members.filter(\.isRole).compactMap { member in
            let locks = member.files.filter { $0.hasPrefix("run/") && $0.hasSuffix(".lock") }
            let known = locks.filter { names.contains(String($0.dropFirst(4).dropLast(5))) }
            return known.count == 1
                ? nil : "process \(member.pid) belongs to nobody: \(member.files.sorted())"
        }
    }

    // MARK: - When all have ended

    /// What is wrong after an orderly end: the journals against the database, and everything that is left.
    package func complaintsAtRest(_ known: JournalAccount? = nil) throws -> [String] {
        let account = try known ?? JournalAccount(home: home)
        var found = try account.differences(database: database)
        let processes = HomeProcesses(home: home)
        for member in processes.members {
            found.append("process \(member.pid) still has \(member.files.sorted()) open: \(member.arguments)")
        }
        let live = try SQLiteShell.run(
            "SELECT strategy_id || '/' || epoch FROM strategy_instances WHERE ended_at IS NULL;", on: database
        )
        if !live.isEmpty { found.append("processes without an end on record: \(live)") }
        for file in try runFiles() where file.hasSuffix(".lock") {
            let descriptor = open(home + "/run/" + file, O_RDWR)
            defer { close(descriptor) }
            if descriptor < 0 || flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                found.append("the lock \(file) is held")
            }
        }
        found += openCommands() + (try metricsComplaints(account))
        return found
    }

    /// Samples that are there twice, and orders that the last sample of a strategy does not know.
    private func metricsComplaints(_ account: JournalAccount) throws -> [String] {
        let doubled = try SQLiteShell.run(
            """
            SELECT strategy_id || '/' || epoch || ' ' || timestamp FROM strategy_metrics
            GROUP BY strategy_id, epoch, timestamp HAVING count(*) > 1 LIMIT 5;
            """, on: database)
        return doubled.isEmpty ? [] : ["metrics that are there twice: \(doubled)"]
    }

    // MARK: - Both

    private func openCommands() -> [String] {
        let open = try? SQLiteShell.run(
            """
            SELECT command || ' ' || status || ' ' || id FROM strategy_commands
            WHERE status IN ('pending', 'accepted') LIMIT 5;
            """, on: database)
        guard let open else { return ["the commands cannot be read"] }
        return open.isEmpty ? [] : ["commands without an end: \(open)"]
    }

    private func runFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: home + "/run").sorted()
    }

    /// Files in the run directory that belong to nobody.
    private func unknownFiles(_ names: Set<String>) -> [String] {
        let known = Set(names.map { $0 + ".lock" } + ["bus.sock", "bus.sock.lock", "bus.key"])
        let left = ((try? runFiles()) ?? []).filter { !known.contains($0) }
        return left.isEmpty ? [] : ["files of nobody in run: \(left)"]
    }
}
