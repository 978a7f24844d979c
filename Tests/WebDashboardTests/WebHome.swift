import ControlPlane
import Foundation
import TestSupport
import Testing
import TradingModel

/// A home in a temporary directory, with the real web server serving it.
final class WebHome {
    let directory: TemporaryDirectory
    let home: HomeDirectory
    private(set) var server: ProgramRun?
    private(set) var port: UInt16 = 0
    private(set) var token = ""

    /// The `tradewind-web` executable that was built beside the tests.
    static let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("tradewind-web").path

    /// Makes the home, and starts the server with these arguments unless told otherwise.
    init(_ arguments: [String] = [], isStarted: Bool = true) throws {
        directory = try TemporaryDirectory()
        home = HomeDirectory(path: directory.file("home"))
        try ControlStore.create(home)
        if isStarted { try start(arguments) }
    }

    func start(_ arguments: [String] = []) throws {
        let run = try ProgramRun(
            Self.program, ["--home", home.path, "--listen", "127.0.0.1:0"] + arguments)
        server = run
        let isUp = waitUntil(seconds: 30) { run.standardOutput.contains("open http") || !run.isRunning }
        try #require(isUp && run.isRunning, "\(run.standardOutput)\(run.standardError)")
        let url = try #require(run.standardOutput.split(separator: "\n").first { $0.hasPrefix("open ") })
        port = try #require(UInt16(url.split(separator: ":")[2].prefix { $0.isNumber }))
        token = try String(contentsOfFile: home.path + "/web.token", encoding: .utf8)
            .trimmingCharacters(in: .newlines)
    }

    @discardableResult
    func stop() -> Int32? {
        server?.signal(SIGTERM)
        defer { server = nil }
        return server?.wait(seconds: 10)
    }

    /// The database as the manager has it.
    func open() throws -> ControlStore { try ControlStore.open(home, access: .manager) }

    var host: String { "127.0.0.1:\(port)" }

    /// Connections of the server that have sent something and are open still, where the kernel tells; its own apart.
    var openStreams: Int {
        guard let pid = server?.processID else { return 0 }
        let text = (try? String(contentsOfFile: "/proc/\(pid)/net/tcp", encoding: .utf8)) ?? ""
        let mine = String(port, radix: 16, uppercase: true)
        let hexadecimal = String(repeating: "0", count: max(0, 4 - mine.count)) + mine
        return text.split(separator: "\n").count { line in
            let fields = line.split(separator: " ")
            return fields.count > 3 && fields[1].hasSuffix(":" + hexadecimal) && fields[3] == "01"
        }
    }

    // MARK: - Requests

    /// Sends a request as it would be written by hand and reads the whole answer.
    func send(_ text: String) throws -> HTTPAnswer {
        let socket = try TestSocket(port: port)
        try socket.write(text)
        return try socket.readAnswer()
    }

    /// A request with the token, or with other headers instead.
    func request(
        _ method: String, _ path: String, headers: [String: String] = [:], body: String? = nil,
        isAuthorized: Bool = true
    ) throws -> HTTPAnswer {
        var all = ["Host": host, "Connection": "close"]
        if isAuthorized { all["Authorization"] = "Bearer \(token)" }
        if let body {
            all["Content-Type"] = "application/json"
            all["Content-Length"] = String(body.utf8.count)
        }
        for (name, value) in headers { all[name] = value }
        let lines = all.filter { $0.value != "-" }.sorted { $0.key < $1.key }.map {
            "\($0.key): \($0.value)\r\n"
        }
        return try send("\(method) \(path) HTTP/1.1\r\n\(lines.joined())\r\n\(body ?? "")")
    }

    func get(_ path: String) throws -> HTTPAnswer { try request("GET", path) }

    func post(_ path: String, _ body: String, headers: [String: String] = [:]) throws -> HTTPAnswer {
        try request("POST", path, headers: headers, body: body)
    }

    /// The `items` of a list that must be answered.
    func items(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> [[String: Any]] {
        let answer = try get(path)
        try #require(answer.status == 200, "\(path): \(answer.body)", sourceLocation: sourceLocation)
        return try #require(try answer.object()["items"] as? [[String: Any]], sourceLocation: sourceLocation)
    }

    /// Two strategies with everything that the API shows of them.
    @discardableResult
    func fill() throws -> StrategyRow {
        let store = try open()
        defer { try? store.close() }
        let now = Timestamp(seconds: 1_780_000_000)
        let earner = try store.insertStrategy(
            NewStrategy(name: "earner", className: "crossing", configJSON: #"{"parameters": {"fast": 5}}"#))
        try store.insertStrategy(NewStrategy(name: "fresh", className: "crossing", desiredState: .stopped))
        try store.upsertInstruments([Instrument(symbol: "ALPHA", priceIncrement: Price("0.01")!)])
        let epoch = try store.insertInstance(
            NewInstance(
                strategyID: earner.id, pid: 4_100, processStartTime: 1, bootID: "boot", binaryPath: "/bin/x",
                startedAt: now))
        try store.setStatus(earner.id, to: .starting, reason: "wanted", epoch: epoch, at: now)
        try store.setStatus(earner.id, to: .running, reason: "ready", epoch: epoch, at: now)
        try store.insertMetrics(
            (1...5).map { second in
                MetricsRow(
                    strategyID: earner.id, time: now + .seconds(second), epoch: epoch, positionCount: 1,
                    orderCount: Int64(second), successRate: 0.5, realizedPnL: Money(second),
                    unrealizedPnL: Money("-0.25")!)
            })
        try store.insertFeed(name: "synth", kind: "synthetic")
        for index in 1...5 {
            try store.insertCommand(index < 5 ? .pause : .stop, strategy: earner.id, issuer: "test \(index)")
        }
        let token = InstrumentToken(symbol: "ALPHA").rawValue
        try SQLiteShell.run(
            """
            INSERT INTO orders(strategy_id, epoch, count, sequence, token, side, type, time_in_force, price_e8,
                quantity_e8, status, created_ns, updated_ns, updated_epoch, updated_sequence)
            SELECT '\(earner.id)', 1, value, value, \(token), 'buy', 'limit', 'GTC', 10050000000, 100000000,
                CASE value % 2 WHEN 0 THEN 'filled' ELSE 'canceled' END, value * 1000000000, value * 1000000000, 1, value
            FROM generate_series(1, 25);
            INSERT INTO fills(strategy_id, epoch, sequence, count, order_epoch, order_count, token, side, liquidity,
                price_e8, quantity_e8, fee_e8, realized_pnl_e8, position_after_e8, average_price_after_e8, time_ns)
            SELECT '\(earner.id)', 1, value, value, 1, value, \(token), 'buy', 'taker', 10050000000, 100000000, 1, 0,
                100000000, 10050000000, value * 1000000000 FROM generate_series(1, 3);
            INSERT INTO positions(strategy_id, token, quantity_e8, average_price_e8, realized_pnl_e8, fees_e8,
                updated_ns, epoch, sequence) VALUES ('\(earner.id)', \(token), 100000000, 10050000000, 0, 1, 1, 1, 1);
            INSERT INTO backtest_runs(id, class_name, config_json, sources_json, status, net_pnl_e8, report_json)
            VALUES ('run-1', 'crossing', '{"seed": 1}', '["a.ticks"]', 'completed', 123456789, '{"sharpe": 1.5}');
            INSERT INTO backtest_trades(run_id, number, symbol, side, quantity_e8, entry_price_e8, exit_price_e8,
                entry_ns, exit_ns, pnl_e8, fees_e8) VALUES ('run-1', 1, 'ALPHA', 'buy', 100000000, 10000000000, 10100000000, 1, 2,
                100000000, 0);
            INSERT INTO alert_incidents(rule_id, rule, kind, subject_id, subject, strategy_id, opened_at, fired_at, value,
                message) VALUES ('r', 'strategy_error', 'error', '\(earner.id)', 'earner', '\(earner.id)',
                '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z', 1.5, 'earner is in error: <b>bad</b>');
            INSERT INTO recordings(feed_name, path) VALUES ('synth', '/tmp/x.ticks');
            """, on: home.databasePath)
        return earner
    }

    deinit { stop() }
}
