import Backtesting
import Foundation
import MarketData
import TestSupport
import Testing
import TradingEngine
import TradingModel

/// Several strategies on one account, warm-up, periods and result files.
@Suite struct AccountTests {
    private static let beginning = Timestamp(seconds: 1_780_000_000)
    private let directory: TemporaryDirectory
    private let files: [String]

    init() throws {
        directory = try TemporaryDirectory()
        files = [directory.file("a.ticks"), directory.file("b.ticks")]
        for (index, symbol) in ["AAA", "BBB"].enumerated() {
            var options = SyntheticOptions()
            options.symbols = [symbol]
            options.seed = UInt64(index + 1)
            try SyntheticMarket.writeTickFile(
                path: files[index], options: options, beginning: Self.beginning, recordCount: 6_000)
        }
    }

    private func entry(_ label: String, _ symbols: [String] = [], pace: Int = 4) -> BacktestEntry {
        BacktestEntry(
            label: label, strategy: Flipper.self, symbols: symbols, parameters: [("pace", "\(pace)")])
    }

    private var settings: BacktestSettings {
        BacktestSettings(files: files, venue: [("taker_fee", "0.0004")], seed: 1)
    }

    @Test func strategiesOfOneAccountDoWhatEachDoesAloneAndTheAccountAddsUp() throws {
        let entries = [entry("one", ["AAA"]), entry("two", ["BBB", "AAA"], pace: 7)]
        let both = try Backtest.run(entries, settings: settings)
        let alone = try entries.map { try Backtest.run([$0], settings: settings) }
        for (index, single) in alone.enumerated() {
            #expect(both.strategies[index].status.orderLogHash == single.status.orderLogHash)
            #expect(both.strategies[index].netPnL == single.netPnL)
            #expect(both.trades.filter { $0.strategy == index }.count == single.trades.count)
        }
        #expect(both.netPnL == alone[0].netPnL + alone[1].netPnL)
        #expect(both.equity == Money(100_000) + both.netPnL)
        #expect(both.curve.points.last?.equity == both.equity)
        #expect(zip(both.trades, both.trades.dropFirst()).allSatisfy { $0.exitTime <= $1.exitTime })
        #expect(both.statistics.trades.count == both.trades.count)
        // In another order the strategies do the same, and the account's fingerprint says that they were swapped.
        let swapped = try Backtest.run(entries.reversed(), settings: settings)
        #expect(swapped.netPnL == both.netPnL && swapped.orderLogHash != both.orderLogHash)
    }

    @Test func sameLabelsAndNoStrategiesAreRefused() throws {
        #expect(throws: BacktestError.self) { try Backtest.run([], settings: settings) }
        let error = try #require(throws: BacktestError.self) {
            try Backtest.run([entry("x"), entry("x")], settings: settings)
        }
        #expect(error.context.contains("LABEL=CLASS"))
    }

    @Test(arguments: [WarmUp.records(3_000), .time(.seconds(120))])
    func ordersOfTheWarmUpAreDeniedAndTheRestIsTraded(_ warmUp: WarmUp) throws {
        var warm = settings
        warm.warmUp = warmUp
        let result = try Backtest.run([entry("one")], settings: warm)
        #expect(result.warmUpCount > 0 && result.status.deniedCount > 0 && result.status.ordersCount > 0)
        if case .records(let count) = warmUp { #expect(result.warmUpCount == count) }
        if case .time(let time) = warmUp {
            #expect(
                result.firstTime >= Self.beginning + time
                    && result.firstTime < Self.beginning + time + .seconds(5))
        }
        #expect(result.trades.allSatisfy { $0.entryTime >= result.firstTime })
        #expect(result.curve.start.time == result.firstTime && result.curve.start.equity == Money(100_000))
    }

    @Test func warmUpReachesBackBeforeTheBeginning() throws {
        var later = settings
        later.from = Self.beginning + .seconds(200)
        let cold = try Backtest.run([entry("one")], settings: later)
        later.warmUp = .time(.seconds(50))
        let warm = try Backtest.run([entry("one")], settings: later)
        #expect(cold.firstTime == warm.firstTime && cold.warmUpCount == 0 && warm.warmUpCount > 0)
        #expect(warm.eventsCount == cold.eventsCount + UInt64(warm.warmUpCount))
    }

    @Test func periodIsCutAtBothEnds() throws {
        var cut = settings
        cut.from = Self.beginning + .seconds(100)
        cut.until = Self.beginning + .seconds(150)
        let result = try Backtest.run([entry("one")], settings: cut)
        #expect(
            result.firstTime >= Self.beginning + .seconds(100)
                && result.lastTime < Self.beginning + .seconds(150))
        cut.until = cut.from
        #expect(throws: BacktestError.self) { try Backtest.run([entry("one")], settings: cut) }
    }

    @Test func nothingToRunOnIsSaid() throws {
        var none = settings
        none.from = Self.beginning + .seconds(9_000_000)
        let error = try #require(throws: BacktestError.self) {
            try Backtest.run([entry("one")], settings: none)
        }
        #expect(error.kind == .noRecords && error.context.contains("no records in the chosen period"))
        none = settings
        none.warmUp = .records(1_000_000)
        let warm = try #require(throws: BacktestError.self) {
            try Backtest.run([entry("one")], settings: none)
        }
        #expect(warm.context.contains("12000 records belong to the warm-up"))
        let empty = directory.file("empty.ticks")
        try write(0, to: empty)
        let missing = try #require(throws: BacktestError.self) {
            try Backtest.run([entry("one")], settings: BacktestSettings(files: [empty]))
        }
        #expect(missing.kind == .noRecords && missing.context.contains("empty.ticks"))
    }

    @Test func oneRecordIsEnough() throws {
        let path = directory.file("single.ticks")
        try write(1, to: path)
        let result = try Backtest.run([entry("one")], settings: BacktestSettings(files: [path]))
        #expect(result.eventsCount == 2 && result.firstTime == result.lastTime && result.netPnL == .zero)
        #expect(result.statistics.sharpe == nil && result.statistics.annualGrowth == nil)
        #expect(Tearsheet(result).html.contains("</html>"))
    }

    @Test func resultFilesHoldTheRunAndAreNotReplacedUnasked() throws {
        let path = directory.file("out")
        let result = try runInto(path, replaces: false)
        let trades = try lines(path + "/trades.csv")
        #expect(trades.count == result.trades.count + 1 && trades[0].hasPrefix("number,strategy,symbol"))
        let orders = try lines(path + "/orders.csv")
        #expect(orders.count { $0.contains(",fill,") } == Int(result.fillsCount))
        #expect(orders.count { $0.contains(",submitted,") } == Int(result.ordersCount))
        let width = orders[0].split(separator: ",", omittingEmptySubsequences: false).count
        #expect(
            orders.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == width })
        #expect(try lines(path + "/equity.csv").count == result.curve.points.count + 1)
        let html = try String(contentsOfFile: path + "/tearsheet.html", encoding: .utf8)
        #expect(html.contains("<svg") && !html.contains("<script") && !html.contains("http"))
        #expect(html.contains("Assumptions") && html.contains(result.orderLogHash))
        let error = try #require(throws: BacktestError.self) { try runInto(path, replaces: false) }
        #expect(error.kind == .output && error.context.contains("exists"))
        try runInto(path, replaces: true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 5)
    }

    @Test func filesThatCannotBeWrittenAreNamed() throws {
        let file = directory.file("plain")
        try "x".write(toFile: file, atomically: true, encoding: .utf8)
        for path in [file, directory.file("none/deeper")] {
            let error = try #require(throws: BacktestError.self) { try runInto(path, replaces: false) }
            #expect(error.kind == .output && error.context.contains(path))
        }
    }

    // MARK: - Files

    @discardableResult
    private func runInto(_ path: String, replaces: Bool) throws -> BacktestResult {
        let output = try ResultDirectory(
            path: path, replaces: replaces, labels: ["a,b"], instruments: try Backtest.instruments(of: files))
        var observer = BacktestObserver()
        observer.onTrades = { try output.add($0) }
        observer.onEntries = { try output.add($0) }
        let result = try Backtest.run([entry("a,b")], settings: settings, observer: observer)
        try output.finish(result, json: "{}", tearsheet: Tearsheet(result).html)
        return result
    }

    private func lines(_ path: String) throws -> [String] {
        // The label has a comma in it and is quoted.
        try String(contentsOfFile: path, encoding: .utf8).replacingOccurrences(of: "\"a,b\"", with: "label")
            .split(separator: "\n").map(String.init)
    }

    private func write(_ count: Int, to path: String) throws {
        var options = SyntheticOptions()
        options.symbols = ["AAA"]
        try SyntheticMarket.writeTickFile(
            path: path, options: options, beginning: Self.beginning, recordCount: count)
    }
}
