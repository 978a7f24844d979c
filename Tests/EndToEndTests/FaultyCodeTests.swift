import Foundation
import TestSupport
import Testing

/// Strategies that trap or throw, in a backtest and in a process of their own: the account never has a wrong number.
@Suite(.serialized) struct FaultyCodeTests {
    private func backtest(_ arguments: String...) throws -> (exitCode: Int32?, output: String, errors: String)
    {
        let directory = try TemporaryDirectory()
        let ticks = directory.file("a.ticks")
        let made = try TradewindProgram.run(
            ["ticks", "synth", "-o", ticks, "--symbol", "ALPHA", "--rate", "20", "--seconds", "60"],
            home: directory.path)
        try #require(made.exitCode == 0, "\(made.errors)")
        let run = try ProgramRun(
            FaultProgram.path,
            ["backtest"] + arguments + ["--data", ticks, "--output", directory.file("result")])
        let exitCode = run.wait(seconds: 60)
        let left = (try? FileManager.default.contentsOfDirectory(atPath: directory.file("result"))) ?? []
        #expect(!left.contains("result.json"), "\(left)")
        return (exitCode, run.standardOutput, run.standardError)
    }

    @Test func aTrapInABacktestSaysWhoseItIsAndLeavesNoResult() throws {
        let result = try backtest("trapper", "--set", "quotes=300")
        // The signal of a trap: which one is the processor's choice.
        #expect([SIGILL, SIGTRAP].map { 128 + $0 }.contains(result.exitCode ?? 0), "\(result)")
        #expect(
            result.errors.contains("the code of trapper trapped; there is no result"), "\(result.errors)")
        #expect(!result.output.contains("PnL"), "\(result.output)")
    }

    @Test func aStrategyThatCannotBeMadeFailsTheBacktestWithItsWords() throws {
        let result = try backtest("thrower", "--set", "place=init")
        #expect(result.exitCode != 0 && (result.exitCode ?? 128) < 128, "\(result)")
        #expect(result.errors.contains("no mood for it"), "\(result.errors)")
    }

    private func add(_ engine: EngineHome, _ className: String, _ settings: String..., policy: String) throws
    {
        let result = try TradewindProgram.run(
            [
                "strategies", "add", "it", "--class", className, "--instrument", "ALPHA", "--module",
                FaultProgram.path,
            ]
                + settings.flatMap { ["--set", $0] }, home: engine.home)
        try #require(result.exitCode == 0, "\(result.errors)")
        try engine.sql("UPDATE strategy_configs SET restart_policy_json = '\(policy)';")
    }

    @Test func aTrapInAProcessEndsItAndItsAccountIsWhole() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try add(
            engine, "trapper", "quotes=120",
            policy: #"{"unstable_exits_max": 2, "backoff_initial": "10ms", "backoff_max": "20ms"}"#)
        try engine.start()
        try engine.waitForStatus("it", "error", seconds: 60)
        let signals = try engine.sql(
            "SELECT DISTINCT exit_signal FROM strategy_instances WHERE exit_signal IS NOT NULL;")
        #expect(
            !signals.isEmpty && signals.allSatisfy { [SIGILL, SIGTRAP].map(String.init).contains($0) },
            "\(signals)")
        #expect(try engine.value("SELECT count(*) > 0 FROM fills;") == "1", "\(engine.log)")
        #expect(engine.stop() == 0)
        let account = try JournalAccount(home: engine.home)
        #expect(account.problems == [])
        #expect(account.epochCount >= 2)
        try account.expectSame(as: engine)
    }

    @Test func whatAStrategyThrowsIsToldAndNothingOfItIsInForce() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try add(engine, "thrower", policy: #"{"mode": "never"}"#)
        try engine.start(waitingFor: ["it"])
        let update = try engine.sendCommand("update", to: "it", parameters: #"{"live": 3}"#)
        let answer = "SELECT status || ': ' || error FROM strategy_commands WHERE id = '\(update)';"
        let told = try engine.value(answer)
        #expect(told.hasPrefix("failed") && told.contains("no mood for it"), "\(told)")
        let stored =
            "SELECT coalesce(json_extract(config_json, '$.parameters.live'), 0) FROM strategy_configs;"
        #expect(try waitUntil(seconds: 10) { try engine.value(stored) == "0" }, "the old value stays")
        // Its state was saved, and its next process refuses to take it back: configuration, no restart can mend it.
        _ = try engine.sendCommand("stop", to: "it")
        try engine.sql(
            "UPDATE strategy_configs SET config_json = json_set(config_json, '$.parameters.place', 'load');")
        _ = try engine.sendCommand("start", to: "it")
        try engine.waitForStatus("it", "error")
        let reasons = try engine.value("SELECT group_concat(reason, '; ') FROM strategy_events;")
        #expect(reasons.contains("no mood for it"), "\(reasons)")
        #expect(
            try engine.value("SELECT exit_code FROM strategy_instances ORDER BY epoch DESC LIMIT 1;") == "78")
        #expect(engine.stop() == 0)
    }
}
