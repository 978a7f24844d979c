import Foundation
import TestSupport
import Testing

/// `tradewind parity`: a session that ran in processes, replayed from its journal.
@Suite(.serialized) struct ParitySessionTests {
    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    private struct Report: Decodable {
        struct Difference: Decodable {
            var session: String?
            var replay: String?
            var cause: String
        }

        var sessionOrders: Int
        var equalOrders: Int
        var differences: [Difference]
    }

    private func parity(_ name: String, _ engine: EngineHome, _ more: [String] = []) throws -> (
        Report, Int32?
    ) {
        let result = try TradewindProgram.run(
            ["parity", name, "--data", engine.ticks, "--json"] + more, home: engine.home)
        let report = try #require(
            try? Self.decoder.decode(Report.self, from: Data(result.output.utf8)), "\(result.errors)")
        return (report, result.exitCode)
    }

    @Test func sessionThatJoinedLateAndChangedParametersIsTheSameInItsReplay() throws {
        let engine = try EngineHome(seconds: 3_000)
        try engine.command(
            "feeds", "add", "sample", "--kind", "file", "--set", "path=\(engine.ticks)", "--set", "speed=100",
            "--record", "on")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        func orders(_ name: String) throws -> Int {
            Int(try engine.value("SELECT orders FROM strategies WHERE name = '\(name)';")) ?? 0
        }
        try #require(try waitUntil(seconds: 30) { try orders("maker") > 50 && orders("crossover") > 3 })
        _ = try engine.sendCommand("update", to: "maker", parameters: #"{"spread_ticks": 8}"#)
        let before = try orders("maker")
        try #require(try waitUntil(seconds: 30) { try orders("maker") > before + 50 })
        // A second session begins with what the first one held.
        _ = try engine.sendCommand("restart", to: "crossover")
        try engine.waitForStatus("crossover", "running")
        let first = try orders("crossover")
        try #require(try waitUntil(seconds: 30) { try orders("crossover") > first + 3 })
        for name in ["crossover", "maker", "pair"] { _ = try engine.sendCommand("stop", to: name) }
        engine.stop()
        for name in ["crossover", "maker", "pair"] {
            let (report, exitCode) = try parity(name, engine)
            #expect(
                report.sessionOrders > 3 && report.differences.isEmpty,
                "\(name): \(report.differences.prefix(3))")
            #expect(report.equalOrders == report.sessionOrders && exitCode == 0)
        }
        // The same from what the recorder wrote.
        let recorded = try TradewindProgram.run("parity", "maker", home: engine.home)
        #expect(
            recorded.exitCode == 0 && recorded.output.contains("/ticks/2026-01-05/sample.ticks"),
            "\(recorded)")
        let (older, _) = try parity("crossover", engine, ["--epoch", "1"])
        #expect(older.sessionOrders > 3 && older.differences.isEmpty, "\(older.differences.prefix(3))")
        try expectCauses(engine)
    }

    /// Differences are found and explained: other settings, other data, wrong names.
    private func expectCauses(_ engine: EngineHome) throws {
        let other = engine.directory.file("other.ticks")
        try engine.command(
            "ticks", "synth", "-o", other, "--symbol", "ALPHA", "--symbol", "BETA", "--seed", "99", "--rate",
            "20",
            "--seconds", "3000", "--start", "2026-01-05T09:00:00Z")
        let result = try TradewindProgram.run(
            ["parity", "crossover", "--data", other, "--json"], home: engine.home)
        #expect(result.exitCode == 1 && result.output.contains("a missing tick"))
        try engine.sql(
            """
            UPDATE strategy_configs SET config_json = json_set(config_json, '$.venue', json('{"slippage_ticks": 1}'))
            WHERE name = 'crossover';
            """)
        let (report, exitCode) = try parity("crossover", engine)
        #expect(exitCode == 1 && report.differences.first?.cause.hasPrefix("a different price") == true)
        for (arguments, code, words) in [
            (["parity", "nobody"], Int32(66), "no strategy nobody"),
            (["parity", "crossover", "--epoch", "77"], 66, "has no session 77"),
        ] {
            let refused = try TradewindProgram.run(arguments, home: engine.home)
            #expect(refused.exitCode == code && refused.errors.contains(words), "\(refused.errors)")
        }
    }
}
