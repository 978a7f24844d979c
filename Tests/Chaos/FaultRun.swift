import Foundation
import TestSupport

/// Brings faults about.
struct FaultRun {
    let desk: ChaosDesk
    let fault: Fault

    /// Does what the fault says and comes back when it is over; healing begins then.
    func carryOut() throws -> FaultOutcome {
        switch fault.kind {
        case .killExecutor, .killFeed, .killBus, .killRecorder, .killManager, .killPair: try kills()
        case .killGateway: try killsGateway()
        case .stopExecutor: try stopsExecutor()
        case .hangExecutor: try hangsExecutor()
        case .stopInWrite: try stopsInWrite()
        case .stopManager: try stopsManager()
        case .stopBus: try stopsBus()
        case .stopSubscriber: try stopsSubscriber()
        case .lockDatabase: try locksDatabase()
        case .lockAndKill: try locksAndKills()
        case .holdReader: try holdsReader()
        case .burst: try burst()
        case .deployTorn: try deploysTorn()
        case .limitFile: try limitsFile()
        case .stopAndStart: try stopsAndStarts()
        case .restartAndKill: try restartsAndKills()
        case .commandsWithoutManager: try commandsWithoutManager()
        case .detach: try detaches()
        }
    }

    // MARK: - Kills

    private func kills() throws -> FaultOutcome {
        var outcome = FaultOutcome()
        for (index, target) in fault.targets.enumerated() {
            if index > 0 { pause(Double(fault.gapMilliseconds) / 1_000) }
            try kill(target, &outcome)
        }
        outcome.end = .now
        return outcome
    }

    private func kill(_ target: Fault.Target, _ outcome: inout FaultOutcome) throws {
        guard let name = target.name else {
            desk.killManager()
            return try desk.startManager()
        }
        guard let pid = desk.pid(name) else { throw ChaosFailure("\(name) has no process") }
        Foundation.kill(pid, SIGKILL)
        if case .strategy = target { outcome.epochs[name] = 1...1 } else { outcome.replaced[name] = pid }
    }

    private func killsGateway() throws -> FaultOutcome {
        desk.gateway.kill()
        pause(fault.seconds)
        guard try desk.gateway.launch() else {
            throw ChaosFailure("the order gateway does not start: \(desk.gateway.output)")
        }
        return FaultOutcome()
    }

    // MARK: - Stops

    private func stopsExecutor() throws -> FaultOutcome {
        let pid = try process(fault.strategy)
        Foundation.kill(pid, SIGSTOP)
        // A strategy that is watched closely is given up after three seconds.
        pause(fault.seconds)
        Foundation.kill(pid, SIGCONT)
        return FaultOutcome()
    }

    private func hangsExecutor() throws -> FaultOutcome {
        let pid = try process(fault.strategy)
        let begin = ContinuousClock.now
        Foundation.kill(pid, SIGSTOP)
        guard waitUntil(seconds: 20, { ChaosDesk.hasEnded(pid) }) else {
            return FaultOutcome(
                epochs: [fault.strategy: 1...1], complaints: ["the watchdog did not kill \(pid)"])
        }
        return FaultOutcome(epochs: [fault.strategy: 1...1], note: "killed after \(Self.text(.now - begin))")
    }

    private func stopsInWrite() throws -> FaultOutcome {
        let name = fault.strategy
        let file = "\(desk.home)/journal/\(desk.ids[name] ?? "")/failpoint"
        // Failpoint 12 is the middle of a write; 19 is SIGSTOP on Linux, and what is not reached does no harm.
        try "12 20 \(SIGSTOP)".write(toFile: file, atomically: true, encoding: .utf8)
        let command = try insert("restart", name)
        try waitForEnd(of: [command])
        var outcome = FaultOutcome(epochs: [name: 1...1])
        let pid = try process(name)
        guard waitUntil(seconds: 10, { ChaosDesk.state(of: pid) == "T" }) else {
            try? FileManager.default.removeItem(atPath: file)
            outcome.note = "not reached"
            return outcome
        }
        pause(fault.seconds)
        Foundation.kill(pid, SIGCONT)
        outcome.end = .now
        return outcome
    }

    private func stopsManager() throws -> FaultOutcome {
        desk.manager?.signal(SIGSTOP)
        pause(fault.seconds)
        desk.manager?.signal(SIGCONT)
        return FaultOutcome(note: fault.seconds > 20 ? "once for \(Int(fault.seconds)) s" : "")
    }

    private func stopsBus() throws -> FaultOutcome {
        let pid = try process("bus")
        Foundation.kill(pid, SIGSTOP)
        pause(fault.seconds)
        Foundation.kill(pid, SIGCONT)
        return FaultOutcome()
    }

    private func stopsSubscriber() throws -> FaultOutcome {
        let subscriber = try TradewindProgram.start(
            "bus", "tail", "live_data:*", "strategy:status:*", "strategy:metrics:*", "strategy:health",
            home: desk.home)
        _ = waitUntil(seconds: 5) { !subscriber.standardOutput.isEmpty }
        subscriber.signal(SIGSTOP)
        pause(fault.seconds)
        subscriber.signal(SIGCONT)
        pause(0.2)
        subscriber.signal(SIGTERM)
        var outcome = FaultOutcome()
        if subscriber.wait(seconds: 10) == nil { outcome.complaints = ["the subscriber did not end"] }
        return outcome
    }

    // MARK: - Database

    private func locker(_ seconds: Double) throws -> ProgramRun {
        let shell = try ProgramRun(
            "sqlite3",
            [
                "-batch", "-cmd", ".timeout 10000", desk.database, "BEGIN IMMEDIATE;", ".shell echo locked",
                ".shell sleep \(seconds)", "COMMIT;",
            ])
        guard waitUntil(seconds: 15, { shell.standardOutput.contains("locked") }) else {
            throw ChaosFailure("the shell got no lock: \(shell.standardError)")
        }
        return shell
    }

    private func locksDatabase() throws -> FaultOutcome {
        let shell = try locker(fault.seconds)
        _ = shell.wait(seconds: fault.seconds + 20)
        return FaultOutcome(note: fault.seconds > 20 ? "once for \(Int(fault.seconds)) s" : "")
    }

    private func locksAndKills() throws -> FaultOutcome {
        let shell = try locker(fault.seconds)
        var outcome = FaultOutcome()
        for target in fault.targets {
            try kill(target, &outcome)
            pause(Double(fault.gapMilliseconds) / 1_000)
        }
        _ = shell.wait(seconds: fault.seconds + 20)
        outcome.end = .now
        return outcome
    }

    private func holdsReader() throws -> FaultOutcome {
        let shell = try ProgramRun(
            "sqlite3",
            [
                "-batch", desk.database, "BEGIN;", "SELECT count(*) FROM fills;",
                ".shell sleep \(fault.seconds)",
                "COMMIT;",
            ])
        var most = 0
        while shell.isRunning {
            most = max(most, desk.logPageCount())
            pause(0.05)
        }
        let begin = ContinuousClock.now
        var outcome = FaultOutcome()
        guard waitUntil(seconds: 20, { desk.logPageCount() < 1_000 }) else {
            outcome.complaints = ["the log still has \(desk.logPageCount()) pages"]
            return outcome
        }
        if fault.seconds > 20 || most > 1_000 {
            outcome.note =
                "\(Int(fault.seconds)) s: log of \(most) pages, below 1,000 after \(Self.text(.now - begin))"
        }
        return outcome
    }

    // MARK: - Commands

    private func burst() throws -> FaultOutcome {
        let name = fault.strategy
        try desk.sql(
            """
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
            INSERT INTO strategy_commands(strategy_id, command, issuer)
            SELECT '\(name)', iif(i % 2, 'resume', 'pause'), 'chaos' FROM n;
            """)
        return FaultOutcome()
    }

    private func deploysTorn() throws -> FaultOutcome {
        let name = fault.strategy
        let id = try insert("restart", name, parameters: "{\"module_path\": \"\(desk.tornProgram)\"}")
        try waitForEnd(of: [id])
        var outcome = FaultOutcome(epochs: [name: 1...6])
        let status = try desk.sql("SELECT status FROM strategy_commands WHERE id = '\(id)';").first
        if status != "failed" {
            outcome.complaints = ["the deployment of a torn executable is \(status ?? "gone")"]
        }
        return outcome
    }

    private func stopsAndStarts() throws -> FaultOutcome {
        let name = fault.strategy
        try waitForEnd(of: [try insert("stop", name)])
        var outcome = FaultOutcome(epochs: [name: 1...1])
        if let pid = desk.pid(name), !ChaosDesk.hasEnded(pid) {
            outcome.complaints = ["\(name) was stopped and \(pid) lives"]
        }
        let isPaused = ChaosDesk.strategies.contains { $0.name == name && $0.desired == "paused" }
        var ids = [try insert("start", name)]
        if isPaused { ids.append(try insert("pause", name)) }
        outcome.end = .now
        try waitForEnd(of: ids)
        return outcome
    }

    private func restartsAndKills() throws -> FaultOutcome {
        let name = fault.strategy
        let pid = try process(name)
        _ = try insert("restart", name)
        pause(Double(fault.gapMilliseconds) / 5_000)
        // The old process or the new one, whoever is there.
        Foundation.kill(desk.pid(name) ?? pid, SIGKILL)
        return FaultOutcome(epochs: [name: 1...2])
    }

    private func commandsWithoutManager() throws -> FaultOutcome {
        let name = fault.strategy
        desk.killManager()
        for command in ["pause", "resume", "restart", "pause", "resume"] { _ = try insert(command, name) }
        try desk.startManager()
        return FaultOutcome(epochs: [name: 1...1])
    }

    private func detaches() throws -> FaultOutcome {
        try desk.command("detach")
        desk.endManager()
        pause(fault.seconds)
        try desk.startManager()
        return FaultOutcome()
    }

    // MARK: - Resources

    private func limitsFile() throws -> FaultOutcome {
        let name = fault.strategy
        let pid = try process(name)
        let epoch = try desk.epochs()[name] ?? 0
        let file = "\(desk.home)/journal/\(desk.ids[name] ?? "")/\(epoch).journal"
        let size = (try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
        guard try limit(pid, to: "\(size + 500)") else { return FaultOutcome(note: "no prlimit here") }
        pause(fault.seconds)
        _ = try limit(pid, to: "unlimited")
        return FaultOutcome()
    }

    private func limit(_ pid: Int32, to bytes: String) throws -> Bool {
        let run = try ProgramRun("prlimit", ["--pid", "\(pid)", "--fsize=\(bytes):"])
        return run.wait(seconds: 10) == 0
    }

    // MARK: - Tools

    private func process(_ name: String) throws -> Int32 {
        guard let pid = desk.pid(name), !ChaosDesk.hasEnded(pid) else {
            throw ChaosFailure("\(name) does not run")
        }
        return pid
    }

    private func insert(_ command: String, _ name: String, parameters: String = "{}") throws -> String {
        let id = UUID().uuidString.lowercased()
        try desk.sql(
            "INSERT INTO strategy_commands(id, strategy_id, command, parameters, issuer) "
                + "VALUES ('\(id)', '\(name)', '\(command)', '\(parameters)', 'chaos');")
        return id
    }

    private func waitForEnd(of ids: [String]) throws {
        let list = ids.map { "'\($0)'" }.joined(separator: ", ")
        let open =
            "SELECT count(*) FROM strategy_commands WHERE id IN (\(list)) AND status IN ('pending', 'accepted');"
        guard try waitUntil(seconds: 30, { try desk.sql(open) == ["0"] }) else {
            throw ChaosFailure("a command did not end")
        }
    }

    private func pause(_ seconds: Double) { usleep(UInt32(seconds * 1e6)) }

    static func text(_ duration: Duration) -> String { "\(Int(duration / .milliseconds(1))) ms" }
}
