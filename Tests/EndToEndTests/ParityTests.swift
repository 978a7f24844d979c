import Foundation
import TestSupport
import Testing

/// A recorded file through real processes in the lossless class gives what the backtest of the file gives.
@Suite(.serialized) struct ParityTests {
    /// A strategy of the test: how it is called, its class, the program that has it, and its settings, which `strategies
    /// add` and `backtest` understand alike.
    struct Case {
        var className: String
        var name: String
        var program = TradewindProgram.path
        var arguments: [String]

        init(_ className: String, suffix: String = "", program: String? = nil, _ arguments: [String]) {
            self.className = className
            name = "s_\(className)\(suffix)"
            if let program { self.program = program }
            self.arguments = arguments
        }

        /// For `strategies add`.
        var modules: [String] { program == TradewindProgram.path ? [] : ["--module", program] }
    }

    /// Everything that an exchange may be set to, in a few combinations.
    private static let fees = [
        "--venue", "fees=maker=-0.0001,taker=0.0004,per_unit=0.01,per_order=1,tier=5000:0:0.0002",
    ]
    private static let latency = ["--venue", "latency=entry=40ms,response=30ms,feed=20ms", "--seed", "11"]

    static let strategies: [Case] = [
        Case("moving_average_crossover", ["--instrument", "ALPHA", "--set", "fast=5", "--set", "slow=20"]),
        Case("bollinger_reversion", ["--instrument", "BETA"]),
        Case("market_maker", ["--instrument", "ALPHA"]),
        Case("pair_spread", ["--instrument", "ALPHA", "--instrument", "BETA"]),
        Case("order_mix", program: FaultProgram.path, ["--instrument", "ALPHA"]),
        Case(
            "moving_average_crossover", suffix: "_models",
            ["--instrument", "ALPHA", "--set", "fast=5", "--set", "slow=20"] + fees + latency
                + ["--venue", "fill_model=volume_slip:2+chance:0.4", "--venue", "slippage=rate:0.0001"]),
        Case(
            "market_maker", suffix: "_queue",
            ["--instrument", "ALPHA"] + fees + latency + ["--venue", "fill_model=volume+queue_power:2"]),
        Case(
            "order_mix", suffix: "_models", program: FaultProgram.path,
            ["--instrument", "BETA"] + fees + latency
                + ["--venue", "fill_model=volume+chance:0.5", "--venue", "slippage=volume_share"]
                + ["--venue", "trigger=last", "--venue", "session_end=09:05"]),
    ]

    @Test func ordersOfTheLiveRunEqualThoseOfTheBacktest() throws {
        let engine = try EngineHome(seconds: 900)
        try engine.addSampleFeed(speed: "max", lossless: true, loop: false)
        for strategy in Self.strategies {
            let result = try TradewindProgram.run(
                ["strategies", "add", strategy.name, "--class", strategy.className] + strategy.arguments
                    + strategy.modules, home: engine.home)
            try #require(result.exitCode == 0, "\(result.errors)")
        }
        try engine.start(waitingFor: Self.strategies.map(\.name))
        try #require(
            waitUntil(seconds: 60) { try engine.value("SELECT reason FROM feeds;") == "completed" },
            "\(engine.log)")
        for strategy in Self.strategies {
            // Everything that the feed sent, its last word included, must have been processed before the stop.
            let expected = try Self.backtest(strategy, on: engine).events
            try #require(
                waitUntil(seconds: 30) { try engine.eventCount(strategy.name) == expected },
                "\(strategy.name) did not see all of \(expected) records: \(engine.log)")
            let stop = try engine.sendCommand("stop", to: strategy.name)
            #expect(try engine.commandStatus(stop) == "executed")
        }
        for strategy in Self.strategies {
            let expected = try Self.backtest(strategy, on: engine)
            #expect(
                expected.fills > 5, "\(strategy.name) traded too little for the comparison to say anything")
            let id = "(SELECT id FROM strategy_configs WHERE name = '\(strategy.name)')"
            let query = "SELECT order_log_hash FROM strategy_instances WHERE strategy_id = \(id);"
            // The journal's last record is copied a moment after the process has ended.
            #expect(
                try waitUntil(seconds: 20) { try engine.value(query) == expected.hash }, "\(strategy.name)")
            // The journals reached the database once and whole: as many fills as the backtest made.
            let fills = try engine.value("SELECT count(*) FROM fills WHERE strategy_id = \(id);")
            #expect(fills == String(expected.fills), "\(strategy.name)")
        }
    }

    @Test func aBacktestIsTheSameTwiceAndChangesWithAParameterAndASeedOfTheData() throws {
        let engine = try EngineHome()
        let other = try EngineHome(seed: 8)
        let strategy = Self.strategies[0]
        let first = try Self.text(strategy, on: engine)
        #expect(try Self.text(strategy, on: engine) == first)
        let hash = try Self.backtest(strategy, on: engine).hash
        let slower = Case(
            strategy.className, ["--instrument", "ALPHA", "--set", "fast=5", "--set", "slow=30"])
        #expect(try Self.backtest(slower, on: engine).hash != hash)
        #expect(try Self.backtest(strategy, on: other).hash != hash)
    }

    private struct Summary: Decodable {
        var hash: String
        var orders: Int
        var fills: Int
        var events: Int

        enum CodingKeys: String, CodingKey {
            case hash = "order_log_hash"
            case orders = "orders_count"
            case fills = "fills_count"
            case events = "events_count"
        }
    }

    private static func text(_ strategy: Case, on engine: EngineHome) throws -> String {
        let run = try ProgramRun(
            strategy.program,
            ["backtest", strategy.className, "--data", engine.ticks, "--json"] + strategy.arguments,
            environment: ["TRADEWIND_HOME": engine.home])
        try #require(run.wait() == 0, "\(run.standardError)")
        return run.standardOutput
    }

    private static func backtest(_ strategy: Case, on engine: EngineHome) throws -> Summary {
        try JSONDecoder().decode(Summary.self, from: Data(text(strategy, on: engine).utf8))
    }
}
