import Foundation
import TestSupport

/// A home under load, its manager, and what the run knows of both. The programs in it are the real ones.
final class ChaosDesk {
    /// A strategy of the desk.
    struct Strategy {
        let name: String
        let className: String
        let symbols: [String]
        /// Parameters, as JSON members.
        var parameters = ""
        /// Whether it writes to its journal all the time, so that a growing journal shows that it trades.
        var isBusy = false
        var desired = "running"
        /// Whether it hangs for seconds only before it is replaced.
        var isWatchedClosely = false
        var isOfFaultDesk = false
        /// Whether its orders go to the order gateway, the independent judge of what was lost or sent twice.
        var tradesAtGateway = false
    }

    static let strategies = [
        Strategy(
            name: "crossover", className: "moving_average_crossover", symbols: ["ALPHA"],
            parameters: #""fast": 5, "slow": 20"#, isBusy: true),
        Strategy(name: "maker", className: "market_maker", symbols: ["ALPHA"], isBusy: true),
        Strategy(name: "maker_beta", className: "market_maker", symbols: ["BETA"], isBusy: true),
        Strategy(
            name: "maker_gamma", className: "market_maker", symbols: ["GAMMA"], isBusy: true,
            isWatchedClosely: true),
        Strategy(name: "pair", className: "pair_spread", symbols: ["ALPHA", "BETA"]),
        Strategy(name: "reverter", className: "bollinger_reversion", symbols: ["GAMMA"]),
        Strategy(name: "resting", className: "market_maker", symbols: ["ALPHA"], desired: "paused"),
        Strategy(name: "idle", className: "market_maker", symbols: ["QUIET"]),
        Strategy(name: "meter", className: "gap_meter", symbols: ["ALPHA"], isOfFaultDesk: true),
        Strategy(
            name: "gateway_maker", className: "market_maker", symbols: ["GAMMA"], tradesAtGateway: true),
        Strategy(
            name: "gateway_taker", className: "moving_average_crossover", symbols: ["BETA"],
            parameters: #""fast": 5, "slow": 20"#, tradesAtGateway: true),
    ]
    static let feeds = ["fast", "second"]

    let directory: TemporaryDirectory
    let home: String
    let oracle: Oracle
    let gateway: OrderGateway
    private(set) var manager: ProgramRun?
    /// How often `tradewind run` ended by itself although it should not: a locked database at its start.
    private(set) var refusedStartCount = 0
    private(set) var logs: [String] = []
    private(set) var ids: [String: String] = [:]

    var database: String { home + "/engine.db" }

    /// Makes the home with feeds and strategies; nothing runs yet.
    init() throws {
        directory = try TemporaryDirectory()
        home = directory.file("home")
        oracle = Oracle(home: home)
        gateway = OrderGateway(directory: directory.path, home: home)
        try command("init")
        try command(
            "feeds", "add", "fast", "--kind", "synthetic", "--set", "symbols=ALPHA,BETA", "--set", "rate=200")
        try command(
            "feeds", "add", "second", "--kind", "synthetic", "--set", "symbols=GAMMA", "--set", "rate=100")
        try sql("INSERT INTO instruments(token, symbol) VALUES (4242, 'QUIET');")
        for strategy in Self.strategies { try add(strategy) }
        for row in try sql(
            "SELECT name, id FROM strategy_configs UNION ALL SELECT name, 'feed-' || id FROM feeds;")
        {
            let cells = row.split(separator: "|").map(String.init)
            ids[cells[0]] = cells[1]
        }
        for name in ["bus", "recorder"] { ids[name] = name }
        try makeTornProgram()
        guard try gateway.launch() else {
            throw ChaosFailure("the order gateway does not start: \(gateway.output)")
        }
    }

    private func add(_ strategy: Strategy) throws {
        let symbols = strategy.symbols.map { "\"\($0)\"" }.joined(separator: ", ")
        let stall = strategy.isWatchedClosely ? #", "late_after": "2s", "stalled_after": "4s""# : ""
        let venue =
            strategy.tradesAtGateway
            ? #", "venue": {"kind": "gateway", "socket": "\#(gateway.socket)"}"# : ""
        let module = strategy.isOfFaultDesk ? "'\(FaultProgram.path)'" : "NULL"
        try sql(
            """
            INSERT INTO strategy_configs(name, class_name, module_path, config_json, desired_state, restart_policy_json)
            VALUES ('\(strategy.name)', '\(strategy.className)', \(module),
            '{"instruments": [\(symbols)], "parameters": {\(strategy.parameters)}\(venue)}', '\(strategy.desired)',
            '{"backoff_initial": "50ms", "backoff_max": "200ms", "unstable_exits_max": 100\(stall)}');
            """)
    }

    /// What a copy leaves behind that the disk had no room for.
    private func makeTornProgram() throws {
        let source = try FileHandle(forReadingFrom: URL(fileURLWithPath: TradewindProgram.path))
        let head = try source.read(upToCount: 1 << 20) ?? Data()
        try head.write(to: URL(fileURLWithPath: tornProgram))
        chmod(tornProgram, 0o700)
    }

    var tornProgram: String { directory.file("torn") }

    // MARK: - Programs

    /// Runs a command of the program that must succeed.
    @discardableResult
    func command(_ arguments: String...) throws -> String {
        let result = try TradewindProgram.run(arguments, home: home)
        guard result.exitCode == 0 else {
            throw ChaosFailure("tradewind \(arguments.joined(separator: " ")): \(result.errors)")
        }
        return result.output
    }

    /// Statements in the bare shell.
    @discardableResult
    func sql(_ text: String) throws -> [String] { try SQLiteShell.run(text, on: database) }

    /// Starts a manager, unless one runs; once more when one ended by itself, as a service manager would.
    func startManager() throws {
        if let manager {
            guard !manager.isRunning else { return }
            logs.append(manager.standardOutput + manager.standardError)
            refusedStartCount += 1
        }
        manager = try TradewindProgram.start("run", home: home)
    }

    /// Kills the manager without a word.
    func killManager() {
        manager?.signal(SIGKILL)
        endManager()
    }

    /// Ends the manager and all it supervises in order; whether that went well.
    func stopManager() -> Bool {
        manager?.signal(SIGTERM)
        let code = manager?.wait(seconds: 60)
        logs.append((manager?.standardOutput ?? "") + (manager?.standardError ?? ""))
        manager = nil
        return code == 0
    }

    /// Waits for a manager that is about to end.
    func endManager() {
        _ = manager?.wait(seconds: 10)
        logs.append((manager?.standardOutput ?? "") + (manager?.standardError ?? ""))
        manager = nil
    }

    /// What all managers printed.
    var log: String {
        (logs + [(manager?.standardOutput ?? "") + (manager?.standardError ?? "")]).joined(separator: "---\n")
    }

    // MARK: - What is there

    /// The process in the text of an instance lock, of a strategy or feed by its name or of the bus.
    func pid(_ name: String) -> Int32? {
        guard let id = ids[name],
            let text = try? String(contentsOfFile: home + "/run/\(id).lock", encoding: .utf8)
        else { return nil }
        return text.split { !$0.isNumber }.first.flatMap { Int32($0) }
    }

    /// The newest epoch of every strategy.
    func epochs() throws -> [String: Int] {
        var found: [String: Int] = [:]
        let query = """
            SELECT name, max(epoch) FROM strategy_instances i JOIN strategy_configs c ON c.id = i.strategy_id GROUP BY 1;
            """
        for row in try sql(query) {
            let cells = row.split(separator: "|")
            found[String(cells[0])] = Int(cells[1])
        }
        return found
    }

    /// Bytes in all journals of a strategy.
    func journalByteCount(_ name: String) -> Int {
        let folder = home + "/journal/" + (ids[name] ?? "")
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.reduce(0) { sum, file in
            let facts = try? FileManager.default.attributesOfItem(atPath: folder + "/" + file)
            return sum + (facts?[.size] as? Int ?? 0)
        }
    }

    /// Records that strategies say they have missed, in their newest samples.
    func missedRecordCount() throws -> Int {
        let query = """
            SELECT coalesce(sum(m), 0) FROM (SELECT max(json_extract(metrics_json, '$.ticks_missed')) AS m
            FROM strategy_metrics GROUP BY strategy_id, epoch);
            """
        return Int(try sql(query).first ?? "") ?? 0
    }

    /// Pages in the write-ahead log.
    func logPageCount() -> Int {
        let facts = try? FileManager.default.attributesOfItem(atPath: database + "-wal")
        return (facts?[.size] as? Int ?? 0) / 4_120
    }

    /// The letter that the kernel gives a process's state: T when it is stopped.
    static func state(of pid: Int32) -> Character? {
        let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return stat.split(separator: ")").last?.split(separator: " ").first?.first
    }

    /// Whether a process has ended; one that nobody has waited for yet counts as ended.
    static func hasEnded(_ pid: Int32) -> Bool {
        kill(pid, 0) == -1 || state(of: pid) == "Z"
    }

    /// Ends what a failed run leaves: only processes that hold a lock of this very home.
    func endEverything() {
        gateway.kill()
        killManager()
        for member in HomeProcesses(home: home).members where member.isRole {
            kill(member.pid, SIGCONT)
            kill(member.pid, SIGKILL)
        }
    }
}

/// Why a run cannot go on.
struct ChaosFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
