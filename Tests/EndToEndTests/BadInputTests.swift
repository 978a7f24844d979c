import Foundation
import TestSupport
import Testing

/// Wrong input gets one clear message and a code that says what it was, and nothing is half-done.
@Suite struct BadInputTests {
    private static func failure(
        _ arguments: [String], home: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> TradewindProgram.Result {
        let result = try TradewindProgram.run(arguments, home: home)
        #expect(result.exitCode != 0 && result.exitCode != nil, sourceLocation: sourceLocation)
        #expect(
            !result.errors.isEmpty && !result.errors.contains("Fatal error"), sourceLocation: sourceLocation)
        return result
    }

    @Test func filesThatAreMissingOrNoTickFiles() throws {
        let engine = try EngineHome(seconds: 10)
        let missing = try Self.failure(
            ["backtest", "market_maker", "--data", "/no/such.ticks"], home: engine.home)
        #expect(missing.errors.contains("/no/such.ticks"))
        let garbage = engine.directory.file("garbage.ticks")
        try Data((0..<100_000).map { _ in UInt8.random(in: 0...255) }).write(
            to: URL(fileURLWithPath: garbage))
        for arguments in [["backtest", "market_maker", "--data", garbage], ["ticks", "info", garbage]] {
            #expect(try Self.failure(arguments, home: engine.home).errors.contains("garbage.ticks"))
        }
    }

    @Test func badRowsAreRefusedWithTheirLineNumbersAndLeaveNoOutput() throws {
        let engine = try EngineHome(seconds: 10)
        let input = engine.directory.file("quotes.csv")
        try
            "time,bid,ask\n2026-01-05T09:00:00Z,1.5,1.6\n2026-01-05T09:00:01Z,abc,1.6\n2026-01-05T09:00:02Z,1.7,1.6\n"
            .write(toFile: input, atomically: true, encoding: .utf8)
        let output = engine.directory.file("quotes.ticks")
        let arguments = ["ticks", "import", input, "--preset", "quotes", "--symbol", "X", "-o", output]
        let refused = try Self.failure(arguments, home: engine.home)
        #expect(refused.exitCode == 65)
        #expect(refused.errors.contains("3") && refused.errors.contains("4"))
        #expect(!FileManager.default.fileExists(atPath: output))
        let leftovers = try FileManager.default.contentsOfDirectory(atPath: engine.directory.path)
        #expect(leftovers.allSatisfy { !$0.contains("partial") }, "\(leftovers)")
        let skipped = try TradewindProgram.run(arguments + ["--bad-rows", "skip"], home: engine.home)
        #expect(skipped.exitCode == 0 && skipped.output.contains("2"))
        #expect(FileManager.default.fileExists(atPath: output))
    }

    @Test func allWrongParametersAreNamedAtOnceAndNothingIsAdded() throws {
        let engine = try EngineHome(seconds: 10)
        let result = try Self.failure(
            [
                "strategies", "add", "x", "--class", "moving_average_crossover", "--instrument", "ALPHA",
                "--set",
                "fast=0", "--set", "slow=many", "--set", "fsat=3",
            ], home: engine.home)
        #expect(result.exitCode == 78)
        for word in ["fast", "slow", "fsat"] { #expect(result.errors.contains(word)) }
        #expect(try engine.value("SELECT count(*) FROM strategy_configs;") == "0")
        let unknown = try Self.failure(["strategies", "add", "x", "--class", "nope"], home: engine.home)
        #expect(unknown.errors.contains("nope") && unknown.errors.contains("market_maker"))
    }

    @Test func homesThatCannotBeUsed() throws {
        let directory = try TemporaryDirectory()
        let absent = try Self.failure(["status"], home: directory.file("absent"))
        #expect(absent.errors.contains("init"))
        let file = directory.file("file")
        try "x".write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try Self.failure(["init"], home: file).errors.contains(file))
        let engine = try EngineHome(seconds: 10)
        try engine.sql("PRAGMA user_version = 9999;")
        for arguments in [["run", "--for", "1"], ["status"]] {
            let newer = try Self.failure(arguments, home: engine.home)
            #expect(newer.errors.contains("9999") || newer.errors.contains("newer"))
        }
        #expect(try engine.value("PRAGMA user_version;") == "9999")
    }

    @Test func aDatabaseOfGarbageIsNamedAndLeftAlone() throws {
        let engine = try EngineHome(seconds: 10)
        let garbage = Data((0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try garbage.write(to: URL(fileURLWithPath: engine.database))
        #expect(try Self.failure(["run", "--for", "1"], home: engine.home).errors.contains("engine.db"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: engine.database)) == garbage)
    }

    @Test func commandsThatCannotWorkSaySo() throws {
        let engine = try EngineHome(seconds: 10)
        try engine.addStrategy("idle", "market_maker", "--instrument", "ALPHA", "--no-auto-start")
        #expect(try Self.failure(["stop", "nobody"], home: engine.home).errors.contains("nobody"))
        let waiting = try Self.failure(["start", "idle", "--wait", "0.5"], home: engine.home)
        #expect(waiting.exitCode == 69)
        #expect(waiting.errors.contains("manager"))
        #expect(
            try Self.failure(["update", "idle", "--set", "nonsense=1"], home: engine.home).errors.contains(
                "nonsense"))
        #expect(try Self.failure(["frobnicate"], home: engine.home).exitCode == 64)
    }
}
