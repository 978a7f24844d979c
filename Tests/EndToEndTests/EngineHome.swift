import Foundation
import TestSupport
import Testing

/// A home in a temporary directory with generated ticks, and the real programs working on it.
final class EngineHome {
    let directory: TemporaryDirectory
    let home: String
    let ticks: String
    private(set) var manager: ProgramRun?

    var database: String { home + "/engine.db" }

    /// Makes the home and a tick file of two instruments, ALPHA and BETA, with 20 events a second over `seconds`. The
    /// home lies at `place` when one is given.
    init(seconds: Int = 600, seed: Int = 7, at place: String? = nil) throws {
        directory = try TemporaryDirectory()
        home = place ?? directory.file("home")
        ticks = directory.file("sample.ticks")
        try command("init")
        try command(
            "ticks", "synth", "-o", ticks, "--symbol", "ALPHA", "--symbol", "BETA", "--seed", "\(seed)",
            "--rate", "20",
            "--seconds", "\(seconds)", "--start", "2026-01-05T09:00:00Z")
    }

    /// Runs a command that must succeed; its output.
    @discardableResult
    func command(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        let result = try TradewindProgram.run(arguments, home: home)
        try #require(
            result.exitCode == 0, "tradewind \(arguments.joined(separator: " ")): \(result.errors)",
            sourceLocation: sourceLocation)
        return result.output
    }

    /// Adds the file feed at a speed, and the given strategies.
    func addSampleFeed(speed: String, lossless: Bool = false, loop: Bool = true) throws {
        var arguments = [
            "feeds", "add", "sample", "--kind", "file", "--set", "path=\(ticks)", "--set", "speed=\(speed)",
        ]
        if lossless { arguments += ["--set", "lossless=true"] }
        if loop { arguments += ["--set", "loop=true"] }
        let result = try TradewindProgram.run(arguments, home: home)
        try #require(result.exitCode == 0, "\(result.errors)")
    }

    func addStrategy(_ name: String, _ className: String, _ arguments: String...) throws {
        let result = try TradewindProgram.run(
            ["strategies", "add", name, "--class", className] + arguments, home: home)
        try #require(result.exitCode == 0, "\(result.errors)")
    }

    /// Three strategies as most tests want them.
    func addThreeStrategies() throws {
        try addStrategy(
            "crossover", "moving_average_crossover", "--instrument", "ALPHA", "--set", "fast=5", "--set",
            "slow=20")
        try addStrategy("maker", "market_maker", "--instrument", "ALPHA")
        try addStrategy("pair", "pair_spread", "--instrument", "ALPHA", "--instrument", "BETA")
    }

    /// Starts the manager and waits until the named strategies run.
    func start(waitingFor names: [String] = [], environment: [String: String] = [:]) throws {
        manager = try ProgramRun(
            TradewindProgram.path, ["run"],
            environment: environment.merging(["TRADEWIND_HOME": home]) { $1 })
        for name in names {
            // The row may still say so from an earlier manager.
            let isTold = waitUntil(seconds: 20) { log.contains("executor \(name): running") }
            #expect(isTold, "\(name) does not run: \(log)")
            try waitForStatus(name, "running")
        }
    }

    /// Asks the manager to end and gives its exit code.
    @discardableResult
    func stop() -> Int32? {
        manager?.signal(SIGTERM)
        defer { manager = nil }
        return manager?.wait(seconds: 30)
    }

    // MARK: - SQL

    /// Runs SQL in the bare shell; rows as lines.
    @discardableResult
    func sql(_ text: String) throws -> [String] { try SQLiteShell.run(text, on: database) }

    /// The first cell of a query, empty when there is no row.
    func value(_ text: String) throws -> String { try sql(text).first ?? "" }

    /// Inserts a command by the strategy's name, as an operator would, and waits for its end; its id.
    func sendCommand(
        _ command: String, to name: String, parameters: String = "{}", seconds: Double = 20
    ) throws -> String {
        let id = UUID().uuidString.lowercased()
        try sql(
            "INSERT INTO strategy_commands(id, strategy_id, command, parameters) "
                + "VALUES ('\(id)', '\(name)', '\(command)', '\(parameters)');")
        let ended = try waitUntil(seconds: seconds) {
            try !["pending", "accepted"].contains(commandStatus(id))
        }
        #expect(ended, "the \(command) of \(name) did not end: \(log)")
        return id
    }

    func commandStatus(_ id: String) throws -> String {
        try value("SELECT status FROM strategy_commands WHERE id = '\(id)';")
    }

    func status(_ name: String) throws -> String {
        try value("SELECT status FROM strategy_configs WHERE name = '\(name)';")
    }

    func waitForStatus(
        _ name: String, _ status: String, seconds: Double = 20,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let reached = try waitUntil(seconds: seconds) { try self.status(name) == status }
        let seen = try self.status(name)
        try #require(reached, "\(name) is \(seen), not \(status): \(log)", sourceLocation: sourceLocation)
    }

    /// The live process of a strategy as `pid/epoch`.
    func process(_ name: String) throws -> String {
        try value(
            """
            SELECT pid || '/' || epoch FROM strategy_instances WHERE ended_at IS NULL
            AND strategy_id = (SELECT id FROM strategy_configs WHERE name = '\(name)');
            """)
    }

    func pid(_ name: String) throws -> Int32 {
        try #require(Int32(process(name).split(separator: "/").first ?? ""))
    }

    /// Whether a process has ended; one that nobody has waited for yet counts as ended.
    static func hasEnded(_ pid: Int32) -> Bool {
        if kill(pid, 0) == -1 { return true }
        let status = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return status.split(separator: ")").last?.hasPrefix(" Z") ?? false
    }

    /// Records the strategy's engine has processed, by its newest metrics row.
    func eventCount(_ name: String) throws -> Int {
        Int(
            try value(
                """
                SELECT json_extract(metrics_json, '$.events_count') FROM strategy_metrics
                WHERE strategy_id = (SELECT id FROM strategy_configs WHERE name = '\(name)') ORDER BY id DESC LIMIT 1;
                """)) ?? 0
    }

    /// What the manager printed, for failure messages.
    var log: String { (manager?.standardOutput ?? "") + (manager?.standardError ?? "") }

    /// The process that holds, or held, an instance lock: `bus`, `feed-<id>` or a strategy's id.
    func lockHolder(_ name: String) throws -> Int32 {
        try #require(recordedHolder(name), "nobody is recorded in \(name).lock")
    }

    /// The same; `nil` when nobody was ever recorded.
    private func recordedHolder(_ name: String) -> Int32? {
        let text = try? String(contentsOfFile: home + "/run/\(name).lock", encoding: .utf8)
        return text?.split { !$0.isNumber }.first.flatMap { Int32($0) }
    }

    /// The id of the one feed of the home.
    func feedID() throws -> String { try value("SELECT id FROM feeds;") }

    /// Kills the manager without a word to anybody.
    func killManager() {
        manager?.signal(SIGKILL)
        _ = manager?.wait(seconds: 10)
        manager = nil
    }

    /// Ends what a killed manager left behind, when a test has ended in the middle.
    private func endLeftBehind() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: home + "/run")) ?? []
        for name in names where name.hasSuffix(".lock") && !name.hasSuffix(".sock.lock") {
            guard let pid = recordedHolder(String(name.dropLast(5))), !Self.hasEnded(pid) else { continue }
            // Only one of ours: the number may belong to somebody else by now.
            let arguments = (try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)) ?? ""
            if arguments.contains("role-process") { kill(pid, SIGKILL) }
        }
    }

    deinit {
        stop()
        endLeftBehind()
    }
}
