import ControlPlane
import Foundation
import TestSupport
import Testing
import TradingModel

/// The page in a real browser, where there is one or one may be installed.
@Suite(.serialized) struct BrowserTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("browser.py").path

    /// Whether a browser is there; says why not.
    private static let hasBrowser: Bool = {
        guard let run = try? ProgramRun("python3", [script, "find"]), let code = run.wait(seconds: 330) else {
            return false
        }
        if code != 0 { print("browser tests are left out: \(run.standardOutput)") }
        return code == 0
    }()

    private func drive(_ arguments: String...) throws -> String {
        let run = try ProgramRun("python3", [Self.script] + arguments)
        let code = run.wait(seconds: 120)
        #expect(code == 0, "\(run.standardOutput) \(run.standardError)")
        return run.standardOutput
    }

    /// The figure before ` s` at the end of the line that begins so.
    private func seconds(_ beginning: String, _ output: String) throws -> Double {
        let line = try #require(output.split(separator: "\n").first { $0.hasPrefix(beginning) }, "\(output)")
        return try #require(line.split(separator: " ").dropLast().last.flatMap { Double($0) })
    }

    @Test(.enabled(if: hasBrowser, "there is no Chromium here"))
    func pageWithFiveHundredStrategiesIsQuickAndWithoutFaults() throws {
        let web = try WebHome(isStarted: false)
        let store = try web.open()
        var metrics: [MetricsRow] = []
        for index in 0..<500 {
            let row = try store.insertStrategy(
                NewStrategy(name: "strategy_\(1_000 + index)", className: "crossing", desiredState: .stopped))
            metrics.append(
                MetricsRow(
                    strategyID: row.id, time: Timestamp(seconds: 1_780_000_000), epoch: 1,
                    orderCount: Int64(index), realizedPnL: Money(index % 37 - 18)))
        }
        try store.insertMetrics(metrics)
        try store.close()
        try web.start()
        let output = try drive("look", "http://\(web.host)/#token=\(web.token)", web.home.databasePath)
        print(output)
        // One second is what an idle machine is asked for; this one may be busy with other tests.
        #expect(try seconds("load", output) < 6)
        #expect(try seconds("change", output) < 6)
    }

    @Test(.enabled(if: hasBrowser, "there is no Chromium here"))
    func everyActionOfThePageIsCarriedOut() throws {
        let web = try WebHome(isStarted: false)
        let path = web.home.path
        func tradewind(_ arguments: String...) throws {
            let result = try TradewindProgram.run(arguments, home: path)
            try #require(result.exitCode == 0, "\(result.errors)")
        }
        try tradewind(
            "ticks", "synth", "-o", web.directory.file("a.ticks"), "--symbol", "ALPHA", "--rate", "20",
            "--seconds", "600",
            "--start", "2026-01-05T09:00:00Z")
        try tradewind(
            "feeds", "add", "day", "--kind", "file", "--set", "path=\(web.directory.file("a.ticks"))",
            "--set", "speed=10",
            "--set", "loop=true")
        try tradewind(
            "strategies", "add", "crosser", "--class", "moving_average_crossover", "--instrument", "ALPHA")
        let manager = try TradewindProgram.start("run", home: path)
        defer {
            manager.signal(SIGTERM)
            _ = manager.wait(seconds: 30)
        }
        try web.start(["--executable", TradewindProgram.path])
        let url = "http://\(web.host)/#token=\(web.token)"
        _ = try drive("steer", url, web.home.databasePath, "crosser")
        manager.signal(SIGTERM)
        #expect(manager.wait(seconds: 30) == 0)
        _ = try drive("down", url, web.home.databasePath, "crosser")
    }
}
