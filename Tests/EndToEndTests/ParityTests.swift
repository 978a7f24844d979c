import Foundation
import TestSupport
import Testing

/// A recorded file through real processes in the lossless class gives what the backtest of the file gives.
@Suite(.serialized) struct ParityTests {
    static let strategies: [(className: String, arguments: [String])] = [
        ("moving_average_crossover", ["--instrument", "ALPHA", "--set", "fast=5", "--set", "slow=20"]),
        ("bollinger_reversion", ["--instrument", "BETA"]),
        ("market_maker", ["--instrument", "ALPHA"]),
        ("pair_spread", ["--instrument", "ALPHA", "--instrument", "BETA"]),
    ]

    @Test func ordersOfTheLiveRunEqualThoseOfTheBacktest() throws {
        let engine = try EngineHome(seconds: 900)
        try engine.addSampleFeed(speed: "max", lossless: true, loop: false)
        for (className, arguments) in Self.strategies {
            let result = try TradewindProgram.run(
                ["strategies", "add", "s_\(className)", "--class", className] + arguments, home: engine.home)
            try #require(result.exitCode == 0, "\(result.errors)")
        }
        try engine.start(waitingFor: Self.strategies.map { "s_\($0.className)" })
        try #require(
            waitUntil(seconds: 60) { try engine.value("SELECT reason FROM feeds;") == "completed" },
            "\(engine.log)")
        for (className, arguments) in Self.strategies {
            // Everything that the feed sent, its last word included, must have been processed before the stop.
            let expected = try Self.recordCount(arguments, in: engine.ticks, home: engine.home) + 1
            try #require(
                waitUntil(seconds: 30) { try engine.eventCount("s_\(className)") == expected },
                "\(className) did not see all of \(expected) records: \(engine.log)")
            let stop = try engine.sendCommand("stop", to: "s_\(className)")
            #expect(try engine.commandStatus(stop) == "executed")
        }
        for (className, arguments) in Self.strategies {
            let expected = try Self.backtest(className, arguments, on: engine)
            #expect(expected.orders > 0, "\(className) sent no orders, so the comparison says nothing")
            let query = """
                SELECT order_log_hash FROM strategy_instances WHERE strategy_id =
                (SELECT id FROM strategy_configs WHERE name = 's_\(className)');
                """
            // The journal's last record is copied a moment after the process has ended.
            #expect(
                try waitUntil(seconds: 20) { try engine.value(query) == expected.hash }, "\(className)")
        }
        // The journals reached the database once and whole: as many orders and fills as the backtest made.
        for (className, arguments) in Self.strategies {
            let expected = try Self.backtest(className, arguments, on: engine)
            let fills = try engine.value(
                """
                SELECT count(*) FROM fills WHERE strategy_id =
                (SELECT id FROM strategy_configs WHERE name = 's_\(className)');
                """)
            #expect(fills == String(expected.fills), "\(className)")
        }
    }

    @Test func aBacktestIsTheSameTwiceAndChangesWithAParameterAndASeedOfTheData() throws {
        let engine = try EngineHome()
        let other = try EngineHome(seed: 8)
        let (className, arguments) = Self.strategies[0]
        let first = try Self.text(className, arguments, on: engine)
        #expect(try Self.text(className, arguments, on: engine) == first)
        let hash = try Self.backtest(className, arguments, on: engine).hash
        let slower = ["--instrument", "ALPHA", "--set", "fast=5", "--set", "slow=30"]
        #expect(try Self.backtest(className, slower, on: engine).hash != hash)
        #expect(try Self.backtest(className, arguments, on: other).hash != hash)
    }

    private struct Summary: Decodable {
        var hash: String
        var orders: Int
        var fills: Int

        enum CodingKeys: String, CodingKey {
            case hash = "order_log_hash"
            case orders = "orders_count"
            case fills = "fills_count"
        }
    }

    private struct FileInfo: Decodable {
        struct Instrument: Decodable {
            var symbol: String
            var records: Int
        }

        var instruments: [Instrument]
    }

    /// The records of the instruments that a strategy's arguments name.
    private static func recordCount(_ arguments: [String], in file: String, home: String) throws -> Int {
        let result = try TradewindProgram.run("ticks", "info", file, "--json", home: home)
        let info = try JSONDecoder().decode([FileInfo].self, from: Data(result.output.utf8))
        let wanted = info.flatMap(\.instruments).filter { arguments.contains($0.symbol) }
        return wanted.reduce(0) { $0 + $1.records }
    }

    private static func text(_ className: String, _ arguments: [String], on engine: EngineHome) throws
        -> String
    {
        let result = try TradewindProgram.run(
            ["backtest", className, "--data", engine.ticks, "--json"] + arguments, home: engine.home)
        try #require(result.exitCode == 0, "\(result.errors)")
        return result.output
    }

    private static func backtest(_ className: String, _ arguments: [String], on engine: EngineHome) throws
        -> Summary
    {
        try JSONDecoder().decode(Summary.self, from: Data(text(className, arguments, on: engine).utf8))
    }
}
