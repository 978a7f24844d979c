import Foundation
import TestSupport
import Testing
import TradingModel

/// A run through real processes that are killed again and again ends as one that was not.
@Suite(.serialized) struct CrashReplayTests {
    private static let policy = #"{"unstable_exits_max": 100, "backoff_initial": 0.05, "backoff_max": 0.1}"#

    private struct Case {
        var name: String
        var arguments: [String]
        var control: String { name + "_control" }
    }

    private static let models = [
        "--venue", "fees=maker=-0.0001,taker=0.0004,per_order=1,tier=5000:0:0.0002", "--venue",
        "latency=entry=40ms,response=30ms,feed=20ms", "--venue", "fill_model=volume+queue_power:2", "--seed",
        "5",
    ]
    private static let cases = [
        Case(
            name: "crossover",
            arguments: [
                "--class", "moving_average_crossover", "--instrument", "ALPHA", "--set", "fast=5", "--set",
                "slow=60",
            ]),
        Case(name: "maker", arguments: ["--class", "market_maker", "--instrument", "ALPHA"] + models),
        Case(
            name: "pair",
            arguments: ["--class", "pair_spread", "--instrument", "ALPHA", "--instrument", "BETA"]),
        Case(
            name: "mix",
            arguments: ["--class", "order_mix", "--instrument", "BETA", "--module", FaultProgram.path]
                + models),
    ]

    @Test func killedStrategiesEndWithTheOrdersPositionsAndStateOfThoseThatWereNot() throws {
        let seed = UInt64.random(in: 1...1_000_000)
        var random = SeededGenerator(seed: seed)
        let engine = try EngineHome(seconds: 800)
        try engine.command(
            "feeds", "add", "sample", "--kind", "file", "--set", "path=\(engine.ticks)", "--set", "speed=200",
            "--set", "lossless=true", "--record", "on")
        for item in Self.cases {
            try engine.addStrategy(item.control, item.arguments)
            try engine.addStrategy(item.name, item.arguments + ["--after-crash", "replay"])
        }
        try engine.sql("UPDATE strategy_configs SET restart_policy_json = '\(Self.policy)';")
        try engine.start(waitingFor: Self.cases.flatMap { [$0.name, $0.control] })
        func isOver() throws -> Bool { try engine.value("SELECT reason FROM feeds;") == "completed" }
        var kills: [String: Int] = [:]
        while try !isOver() {
            let victim = Self.cases[Int.random(in: 0..<Self.cases.count, using: &random)].name
            let next = Date() + Double.random(in: 0.05...0.7, using: &random)
            // None while it waits to be started again.
            guard let pid = try Int32(engine.process(victim).split(separator: "/").first ?? "") else {
                continue
            }
            kill(pid, SIGKILL)
            kills[victim, default: 0] += 1
            _ = waitUntil(seconds: 2) { Date() > next }
        }
        #expect(kills.values.reduce(0, +) >= 4, "killed only \(kills)")
        for item in Self.cases { try expectSame(item, kills[item.name] ?? 0, seed, engine) }
        // The pieces of an interrupted session are one session for its replay.
        for name in ["mix", "maker"] {
            let parity = try TradewindProgram.parity(name, on: engine)
            #expect(parity.exitCode == 0, "\(name), seed \(seed): \(parity)")
        }
    }

    /// What cannot be carried on begins with what was saved, and says why.
    @Test func crashedSessionThatCannotBeRunAgainGoesOnFromWhatWasSaved() throws {
        let engine = try EngineHome(seconds: 6_000)
        try engine.addSampleFeed(speed: "100")
        try engine.addStrategy(
            "maker", ["--class", "market_maker", "--instrument", "ALPHA", "--after-crash", "replay"])
        let wrong = try TradewindProgram.run(
            [
                "strategies", "add", "wrong", "--class", "market_maker", "--instrument", "ALPHA",
                "--after-crash",
                "never",
            ], home: engine.home)
        #expect(wrong.exitCode == 78 && wrong.errors.contains("after_crash"), "\(wrong)")
        try engine.sql("UPDATE strategy_configs SET restart_policy_json = '\(Self.policy)';")
        try engine.start(waitingFor: ["maker"])
        func crash(_ epoch: Int) throws {
            try #require(try waitUntil(seconds: 20) { try engine.eventCount("maker") > 10 })
            kill(try engine.pid("maker"), SIGKILL)
            try #require(
                try waitUntil(seconds: 20) { try engine.process("maker").hasSuffix("/\(epoch)") },
                "\(engine.log)")
            try engine.waitForStatus("maker", "running")
        }
        try crash(2)
        #expect(try engine.command("logs", "maker").contains("cannot be carried on: nothing is recorded"))
        try engine.sql("UPDATE feeds SET record = 1;")
        try #require(waitUntil(seconds: 20) { engine.log.contains("recorder: running") }, "\(engine.log)")
        // The recording begins in the middle of the session.
        try crash(3)
        #expect(try engine.command("logs", "maker").contains("cannot be carried on"))
        try engine.command("strategies", "set", "maker", "--venue", "slippage_ticks=1")
        try crash(4)
        #expect(
            try engine.command("logs", "maker").contains("cannot be carried on: its settings have changed"))
    }

    private func expectSame(_ item: Case, _ killCount: Int, _ seed: UInt64, _ engine: EngineHome) throws {
        let expected = try engine.eventCountAtRest(item.control)
        let isThrough = try waitUntil(seconds: 60) { try engine.eventCount(item.name) == expected }
        let seen = try engine.eventCount(item.name)
        try #require(
            isThrough,
            "\(item.name), killed \(killCount) times, seed \(seed): \(seen) of \(expected): \(engine.log)")
        for name in [item.name, item.control] { _ = try engine.sendCommand("stop", to: name) }
        let (own, control) = (try engine.id(item.name), try engine.id(item.control))
        let hash =
            "SELECT order_log_hash FROM strategy_instances WHERE strategy_id = '%' ORDER BY epoch DESC LIMIT 1;"
        func cell(_ query: String, _ id: String) throws -> [String] {
            try engine.sql(query.replacingOccurrences(of: "%", with: id))
        }
        #expect(
            try waitUntil(seconds: 20) {
                try !cell(hash, control)[0].isEmpty && cell(hash, own) == cell(hash, control)
            },
            "\(item.name), killed \(killCount) times, seed \(seed)")
        for query in [
            "SELECT epoch, count, token, side, type, price_e8, trigger_price_e8, quantity_e8, filled_quantity_e8, status, "
                + "reason, created_ns, updated_ns FROM orders WHERE strategy_id = '%' ORDER BY epoch, count;",
            "SELECT order_epoch, order_count, side, liquidity, price_e8, quantity_e8, fee_e8, realized_pnl_e8, "
                + "position_after_e8, time_ns FROM fills WHERE strategy_id = '%' ORDER BY id;",
            "SELECT token, quantity_e8, average_price_e8, realized_pnl_e8, fees_e8 FROM positions "
                + "WHERE strategy_id = '%';",
        ] {
            #expect(try cell(query, own) == cell(query, control), "\(item.name), seed \(seed)")
        }
        #expect(try engine.lastState(own) == engine.lastState(control), "\(item.name), seed \(seed)")
        let log = try engine.command("logs", item.name)
        #expect(!log.contains("cannot be carried on"), "\(log)")
    }
}

extension EngineHome {
    func id(_ name: String) throws -> String {
        try value("SELECT id FROM strategy_configs WHERE name = '\(name)';")
    }

    /// The records that a strategy has seen once their number stands still.
    func eventCountAtRest(_ name: String) throws -> Int {
        var last = -1
        _ = try waitUntil(seconds: 20) {
            let count = try eventCount(name)
            defer { last = count }
            // Metrics come once a second.
            Thread.sleep(forTimeInterval: 1.2)
            return count == last && count > 0
        }
        return last
    }

    /// What a strategy's last process saved last.
    func lastState(_ id: String) throws -> SavedState? {
        let folder = "\(home)/journal/\(id)"
        let epochs = try FileManager.default.contentsOfDirectory(atPath: folder).compactMap(
            JournalCodec.epoch(ofFileNamed:))
        let path = "\(folder)/" + JournalCodec.fileName(epoch: epochs.max() ?? 0)
        let entries = try Data(contentsOf: URL(fileURLWithPath: path)).withUnsafeBytes {
            JournalScan($0, fileOffset: 0).entries
        }
        return entries.compactMap { entry in
            if case .stateSaved(let state) = entry.record { state } else { nil }
        }.last
    }

    func addStrategy(_ name: String, _ arguments: [String]) throws {
        let result = try TradewindProgram.run(["strategies", "add", name] + arguments, home: home)
        try #require(result.exitCode == 0, "\(result.errors)")
    }
}

extension TradewindProgram {
    /// `tradewind parity`, by a program that has the class.
    static func parity(_ name: String, on engine: EngineHome, _ more: [String] = []) throws -> Result {
        let module = try engine.value(
            "SELECT coalesce(module_path, '') FROM strategy_configs WHERE name = '\(name)';")
        let run = try ProgramRun(
            module.isEmpty ? path : module, ["parity", name] + more,
            environment: ["TRADEWIND_HOME": engine.home])
        let exitCode = run.wait(seconds: 60)
        return Result(exitCode: exitCode, output: run.standardOutput, errors: run.standardError)
    }
}
