import Backtesting
import Foundation
import MarketData
import TestSupport
import Testing
import TradingEngine
import TradingModel

@Suite struct BacktestTests {
    private static let beginning = Timestamp(seconds: 1_780_000_000)
    private let directory: TemporaryDirectory
    private let file: String

    init() throws {
        directory = try TemporaryDirectory()
        file = directory.file("a.ticks")
        try write(file, seed: 1)
    }

    @Test func sameRunTwiceGivesTheSameBytes() throws {
        let settings = settings()
        let first = try json(Backtest.run(strategy: Flipper.self, settings: settings))
        let second = try json(Backtest.run(strategy: Flipper.self, settings: settings))
        #expect(first == second)
        #expect(first.count > 10_000, "with its trades")
    }

    @Test func dataParametersSeedAndVenueEachChangeTheOrderLog() throws {
        let other = directory.file("b.ticks")
        try write(other, seed: 2)
        var hashes: Set<String> = [try hash(settings())]
        func expectNew(_ change: (inout BacktestSettings) -> Void, _ what: Comment) throws {
            var settings = settings()
            change(&settings)
            #expect(hashes.insert(try hash(settings)).inserted, what)
        }
        try expectNew({ $0.files = [other] }, "data")
        try expectNew({ $0.parameters = [("pace", "5")] }, "parameter")
        try expectNew({ $0.seed = 9 }, "seed")
        try expectNew({ $0.venue = [("taker_fee", "0.001")] }, "fee")
        try expectNew({ $0.limits = [("max_position", "2")] }, "limit")
    }

    @Test func flatEndMeansThatTheTradesAreTheWholeResult() throws {
        var settings = settings()
        settings.parameters.append(("closes", "true"))
        let result = try Backtest.run(strategy: Flipper.self, settings: settings)
        let status = result.status
        #expect(status.positionsCount == 0 && status.unrealizedPnL.isZero)
        #expect(result.trades.map(\.realizedPnL).reduce(.zero, +) == status.realizedPnL)
        #expect(result.trades.map(\.fees).reduce(.zero, +) == status.fees)
        #expect(result.trades.map(\.netPnL).reduce(.zero, +) == status.equity - Money(100_000))
        expectTripsMatch(result)
        #expect(status.fees > .zero && result.trades.count > 100)
    }

    @Test func openEndIsPartOfTheStatusButNoTrade() throws {
        let result = try Backtest.run(strategy: Flipper.self, settings: settings())
        let status = result.status
        #expect(status.positionsCount > 0 && !status.unrealizedPnL.isZero)
        #expect(status.equity == Money(100_000) + status.realizedPnL + status.unrealizedPnL - status.fees)
        #expect(result.trades.map(\.fees).reduce(.zero, +) < status.fees, "the open entry's fee is missing")
        expectTripsMatch(result)
    }

    @Test func runReportsItsDataAndTheStrategysLog() throws {
        let result = try Backtest.run(strategy: Flipper.self, settings: settings())
        #expect(result.instruments.map(\.symbol) == ["AAA", "BBB"], "all of the file, in its order")
        #expect(result.status.events == 5_001, "the records and the end of the feed")
        #expect(result.firstTime > Self.beginning && result.lastTime > result.firstTime)
        #expect(result.className == "flipper" && result.parameters.integer("pace") == 4)
        #expect(result.logLines.count == Int(result.status.fillsCount))
        #expect(result.logLines.first?.hasPrefix("[2026-05-28T") == true, "with engine times")
    }

    @Test func chosenSymbolsAreTradedInTheChosenOrder() throws {
        var both = settings()
        both.symbols = ["BBB", "AAA"]
        #expect(
            try Backtest.run(strategy: Flipper.self, settings: both).instruments.map(\.symbol)
                == ["BBB", "AAA"])
        var one = settings()
        one.symbols = ["BBB"]
        let result = try Backtest.run(strategy: Flipper.self, settings: one)
        #expect(result.trades.allSatisfy { $0.token == InstrumentToken(symbol: "BBB") })
        // A live strategy would not receive the others either.
        #expect(result.status.foreignEvents == 0)
        #expect(try result.status.events < Backtest.run(strategy: Flipper.self, settings: both).status.events)
    }

    @Test func unknownSymbolIsRefusedWithThoseThereAre() throws {
        var settings = settings()
        settings.symbols = ["AAA", "CCC"]
        let error = try #require(throws: BacktestError.self) {
            try Backtest.run(strategy: Flipper.self, settings: settings)
        }
        #expect(error.context.contains("CCC") && error.context.contains("AAA, BBB"))
    }

    @Test func wrongSettingsAndMissingFilesAreRefused() throws {
        #expect(throws: ParameterViolations.self) {
            var settings = settings()
            settings.parameters = [("pace", "0")]
            _ = try Backtest.run(strategy: Flipper.self, settings: settings)
        }
        #expect(throws: ParameterViolations.self) {
            var settings = settings()
            settings.limits = [("max_position", "many")]
            _ = try Backtest.run(strategy: Flipper.self, settings: settings)
        }
        #expect(throws: MarketDataError.self) {
            _ = try Backtest.run(
                strategy: Flipper.self, settings: BacktestSettings(files: [directory.file("none.ticks")]))
        }
    }

    // MARK: - Runs

    private func settings() -> BacktestSettings {
        BacktestSettings(
            files: [file], venue: [("starting_cash", "100000"), ("taker_fee", "0.0004")], seed: 1)
    }

    private func write(_ path: String, seed: UInt64) throws {
        var options = SyntheticOptions()
        options.symbols = ["AAA", "BBB"]
        options.seed = seed
        try SyntheticMarket.writeTickFile(
            path: path, options: options, beginning: Self.beginning, recordCount: 5_000)
    }

    private func hash(_ settings: BacktestSettings) throws -> String {
        try Backtest.run(strategy: Flipper.self, settings: settings).status.orderLogHash.description
    }

    private func json(_ result: BacktestResult) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        return try encoder.encode(BacktestDocument(result))
    }

    private func expectTripsMatch(_ result: BacktestResult) {
        #expect(UInt64(result.trades.count) == result.status.roundTripsCount)
        let wins = result.trades.count { $0.netPnL > .zero }
        #expect(result.status.successRate == Double(wins) / Double(result.trades.count))
    }
}
