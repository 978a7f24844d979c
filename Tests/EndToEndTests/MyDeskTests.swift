import Foundation
import TestSupport
import Testing

/// The package that a strategy author would write, built as he would build it.
@Suite struct MyDeskTests {
    @Test func theExampleDeskBuildsAndRunsItsOwnStrategy() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let package = root.appendingPathComponent("examples/MyDesk").path
        let scratch = root.appendingPathComponent(".build/my-desk").path
        let build = try ProgramRun(
            "swift", ["build", "--package-path", package, "--scratch-path", scratch],
            environment: ["SWIFTPM_BUILD_TESTS": "0"])
        try #require(
            build.wait(seconds: 1500) == 0,
            "\(build.standardOutput.suffix(4000)) \(build.standardError.suffix(4000))")

        let directory = try TemporaryDirectory()
        let desk = scratch + "/debug/MyDesk"
        let ticks = directory.file("t.ticks")
        func run(_ arguments: String...) throws -> String {
            let run = try ProgramRun(desk, arguments, environment: ["TRADEWIND_HOME": directory.file("home")])
            try #require(run.wait() == 0, "\(arguments): \(run.standardError)")
            return run.standardOutput
        }
        #expect(try run("strategies", "classes").contains("momentum"))
        _ = try run(
            "ticks", "synth", "-o", ticks, "--symbol", "ALPHA", "--seconds", "600", "--rate", "20", "--seed",
            "3")
        #expect(try run("backtest", "momentum", "--data", ticks).contains("order-log hash"))

        // Its own feed, registered like a strategy: checked, run as a process, recorded.
        #expect(try run("feeds", "kinds").contains("tide"))
        _ = try run("init")
        let wrong = try ProgramRun(
            desk, ["feeds", "add", "sea", "--kind", "tide", "--set", "interval_ms=0"],
            environment: ["TRADEWIND_HOME": directory.file("home")])
        #expect(wrong.wait() == 78 && wrong.standardError.contains("interval_ms"))
        _ = try run("feeds", "add", "sea", "--kind", "tide", "--set", "interval_ms=5")
        _ = try run("run", "--for", "2")
        #expect(try run("ticks", "list").contains("sea"))
        let days = try FileManager.default.contentsOfDirectory(atPath: directory.file("home/ticks"))
        let recording = directory.file("home/ticks/\(days[0])/sea.ticks")
        #expect(try run("ticks", "info", recording).contains("TIDE"))
        try expectParity(desk, ticks, directory.file("home"), run)
    }

    /// Its strategy through processes, in the lossless class, does what its backtest does.
    private func expectParity(
        _ desk: String, _ ticks: String, _ home: String, _ run: (String...) throws -> String
    ) throws {
        struct Summary: Decodable {
            var orderLogHash: String
            var fillsCount: Int
            var eventsCount: Int
        }
        _ = try run("feeds", "remove", "sea")
        _ = try run(
            "feeds", "add", "tape", "--kind", "file", "--set", "path=\(ticks)", "--set", "speed=max", "--set",
            "lossless=true")
        let settings = ["--instrument", "ALPHA", "--set", "lookback=20", "--set", "threshold=0.0002"]
        func start(_ arguments: [String]) throws -> ProgramRun {
            try ProgramRun(desk, arguments, environment: ["TRADEWIND_HOME": home])
        }
        let added = try start(["strategies", "add", "m", "--class", "momentum"] + settings)
        try #require(added.wait() == 0, "\(added.standardError)")
        let backtest = try start(["backtest", "momentum", "--data", ticks, "--json"] + settings)
        try #require(backtest.wait() == 0, "\(backtest.standardError)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let expected = try decoder.decode(Summary.self, from: Data(backtest.standardOutput.utf8))
        #expect(expected.fillsCount > 5)
        let manager = try start(["run"])
        let database = home + "/engine.db"
        let events = "SELECT max(json_extract(metrics_json, '$.events_count')) FROM strategy_metrics;"
        let isThrough = try waitUntil(seconds: 60) {
            try SQLiteShell.run(events, on: database).first == "\(expected.eventsCount)"
        }
        manager.signal(SIGTERM)
        #expect(manager.wait(seconds: 30) == 0 && isThrough, "\(manager.standardError)")
        let hash = try SQLiteShell.run("SELECT order_log_hash FROM strategy_instances;", on: database)
        #expect(hash == [expected.orderLogHash])
    }
}
