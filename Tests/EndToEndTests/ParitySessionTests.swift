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
        var inputs: Int
        var missedRecords: Int
        var sessionHash: String?
        var replayHash: String
        var notes: [String]
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

    /// All that an operator can do to a session, and a crash: every session is the same in its replay.
    @Test func sessionThatWasPausedHaltedFlattenedLimitedAndKilledIsTheSameInItsReplay() throws {
        let engine = try EngineHome(seconds: 9_000)
        try engine.command(
            "feeds", "add", "sample", "--kind", "file", "--set", "path=\(engine.ticks)", "--set", "speed=300",
            "--record", "on")
        let latency = ["--venue", "latency=entry=90ms,response=60ms,feed=30ms", "--seed", "3"]
        try engine.addStrategy("maker", ["--class", "market_maker", "--instrument", "ALPHA"] + latency)
        try engine.addStrategy(
            "mix",
            ["--class", "order_mix", "--instrument", "BETA", "--module", FaultProgram.path, "--seed", "4"])
        try engine.sql(
            """
            UPDATE strategy_configs SET restart_policy_json =
                '{"unstable_exits_max": 100, "backoff_initial": 0.05, "backoff_max": 0.1}';
            """)
        try engine.start(waitingFor: ["maker", "mix"])
        let names = ["maker", "mix"]
        func orders(_ name: String) throws -> Int {
            Int(try engine.value("SELECT orders FROM strategies WHERE name = '\(name)';")) ?? 0
        }
        func goOn(_ count: Int = 4) throws {
            for name in names {
                let before = try orders(name)
                try #require(
                    try waitUntil(seconds: 40) { try orders(name) >= before + count },
                    "\(name): \(engine.log)")
            }
        }
        try goOn()
        // The first process is paused, updated and killed; the second halted, limited, flattened and paused.
        func pause() throws {
            for name in names { _ = try engine.sendCommand("pause", to: name) }
            let seen = try engine.eventCount("maker")
            try #require(try waitUntil(seconds: 20) { try engine.eventCount("maker") > seen })
            for name in names { _ = try engine.sendCommand("resume", to: name) }
            try goOn()
        }
        try pause()
        _ = try engine.sendCommand("update", to: "maker", parameters: #"{"spread_ticks": 6}"#)
        _ = try engine.sendCommand("update", to: "mix", parameters: #"{"distance": 5}"#)
        try goOn()
        for name in names { kill(try engine.pid(name), SIGKILL) }
        for name in names {
            try #require(
                try waitUntil(seconds: 20) { try engine.process(name).hasSuffix("/2") }, "\(engine.log)")
        }
        try goOn()
        for name in names {
            try engine.command("halt", name, "--reason", "news", "--wait", "20")
            try engine.command("resume-trading", name, "--wait", "20")
        }
        try engine.command("strategies", "set", "maker", "--limit", "max_position=3")
        for name in names { _ = try engine.sendCommand("flatten", to: name) }
        try pause()
        // One that still runs is compared up to its last word.
        let running = try TradewindProgram.parity("maker", on: engine, ["--json"])
        #expect(running.exitCode == 0 && running.output.contains("still runs"), "\(running)")
        for name in names { _ = try engine.sendCommand("stop", to: name) }
        engine.stop()
        for name in names {
            for epoch in ["1", "2"] {
                let result = try TradewindProgram.parity(name, on: engine, ["--json", "--epoch", epoch])
                let report = try #require(
                    try? Self.decoder.decode(Report.self, from: Data(result.output.utf8)), "\(result.errors)")
                #expect(
                    result.exitCode == 0 && report.differences.isEmpty && report.sessionOrders > 10,
                    "\(name) epoch \(epoch): \(report.differences.prefix(3)) \(report.notes)")
                #expect(report.inputs + report.missedRecords >= 3, "\(name) epoch \(epoch): \(report.inputs)")
                #expect(
                    (epoch == "1") == (report.sessionHash == nil),
                    "the first one was killed, the second stopped")
                if epoch == "2" { #expect(report.sessionHash == report.replayHash) }
            }
        }
    }

    /// A process that stands still for some seconds at full speed loses what the bus drops; its replay leaves out the same.
    @Test func sessionThatMissedRecordsIsTheSameInItsReplay() throws {
        let engine = try EngineHome(seconds: 26_000)
        try engine.command(
            "feeds", "add", "sample", "--kind", "file", "--set", "path=\(engine.ticks)", "--set",
            "speed=5000",
            "--record", "on")
        try engine.addStrategy("maker", "market_maker", "--instrument", "ALPHA")
        try engine.start(waitingFor: ["maker"])
        let pid = try engine.pid("maker")
        try #require(try waitUntil(seconds: 20) { try engine.eventCount("maker") > 0 })
        kill(pid, SIGSTOP)
        defer { kill(pid, SIGCONT) }
        try #require(
            try waitUntil(seconds: 60) { try engine.value("SELECT reason FROM feeds;") == "completed" })
        kill(pid, SIGCONT)
        let missed = "SELECT max(json_extract(metrics_json, '$.ticks_missed')) FROM strategy_metrics;"
        try #require(
            try waitUntil(seconds: 30) { try (Int(engine.value(missed)) ?? 0) > 1_000 }, "\(engine.log)")
        _ = try engine.eventCountAtRest("maker")
        _ = try engine.sendCommand("stop", to: "maker")
        engine.stop()
        let result = try TradewindProgram.parity("maker", on: engine, ["--json"])
        let report = try #require(
            try? Self.decoder.decode(Report.self, from: Data(result.output.utf8)), "\(result.errors)")
        #expect(report.missedRecords > 1_000 && report.sessionOrders > 100)
        #expect(
            result.exitCode == 0 && report.sessionHash == report.replayHash, "\(report.differences.prefix(3))"
        )
    }

    @Test func sessionWithoutRecordingOrAtAGatewayOrWithoutRecordsSaysWhyItCannotBeReplayed() throws {
        let engine = try EngineHome(seconds: 200)
        try engine.addSampleFeed(speed: "100", loop: false)
        try engine.addStrategy("maker", "market_maker", "--instrument", "ALPHA")
        try engine.addStrategy("late", "market_maker", "--instrument", "ALPHA", "--no-auto-start")
        try engine.addStrategy(
            "outside",
            [
                "--class", "market_maker", "--instrument", "ALPHA", "--venue", "kind=gateway", "--venue",
                "socket=\(engine.directory.file("nobody"))",
            ])
        try engine.start(waitingFor: ["maker", "outside"])
        try #require(
            try waitUntil(seconds: 30) { try engine.value("SELECT reason FROM feeds;") == "completed" })
        _ = try engine.sendCommand("start", to: "late")
        engine.stop()
        for (name, code, words) in [
            ("maker", Int32(66), "no recording of ALPHA"), ("outside", 65, "order gateway"),
            ("late", 65, "saw no record"),
        ] {
            let refused = try TradewindProgram.parity(name, on: engine)
            #expect(refused.exitCode == code && refused.errors.contains(words), "\(name): \(refused)")
        }
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
        // The settings are those of the session, whatever the strategy is set to now.
        try engine.sql(
            """
            UPDATE strategy_configs SET config_json = json_set(config_json, '$.venue', json('{"slippage_ticks": 1}'))
            WHERE name = 'crossover';
            """)
        let (report, exitCode) = try parity("crossover", engine)
        #expect(exitCode == 0 && report.sessionHash == report.replayHash, "\(report.differences.prefix(3))")
        for (arguments, code, words) in [
            (["parity", "nobody"], Int32(66), "no strategy nobody"),
            (["parity", "crossover", "--epoch", "77"], 66, "has no session 77"),
        ] {
            let refused = try TradewindProgram.run(arguments, home: engine.home)
            #expect(refused.exitCode == code && refused.errors.contains(words), "\(refused.errors)")
        }
    }
}
