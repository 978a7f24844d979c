import Foundation
import MarketData
import TestSupport
import Testing
import TradingEngine
import TradingModel

@testable import Backtesting

/// Depends on how many of its kind were made before: not a function of its data.
private final class Counting: Strategy {
    static let name = "counting"
    nonisolated(unsafe) static var madeCount = 0

    private let number: Int
    private var quoteCount = 0

    init(parameters: ParameterValues) {
        Self.madeCount += 1
        number = Self.madeCount
    }

    func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        quoteCount += 1
        guard quoteCount % (50 + number) == 0 else { return }
        context.submit(.market(quoteCount % 2 == 0 ? .buy : .sell, Quantity(1), token))
    }
}

/// Goes with the sign of the last move over some quotes; sees nothing else.
private struct Follower: Strategy {
    static let name = "follower"
    static let parameters: [ParameterDeclaration] = [.integer("lookback", default: 20, range: 2...10_000)]

    private var mids: [Price]
    private var count = 0

    init(parameters: ParameterValues) {
        mids = Array(repeating: .zero, count: parameters.integer("lookback"))
    }

    mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        let place = count % mids.count
        let before = mids[place]
        mids[place] = quote.mid
        count += 1
        guard count > mids.count, before != quote.mid else { return }
        let target = before < quote.mid ? Quantity(1) : -Quantity(1)
        let change = target - context.position(token).quantity
        guard !change.isZero else { return }
        context.submit(.market(change > .zero ? .buy : .sell, change.magnitude, token))
    }
}

/// Knows the prices that come because an earlier run left them in a table, as code does that is computed over all data at
/// once.
private final class Prophet: Strategy {
    static let name = "prophet"
    nonisolated(unsafe) static var table: [Price] = []

    private var count = 0

    init(parameters: ParameterValues) {}

    func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        if count == Self.table.count { Self.table.append(quote.mid) }
        defer { count += 1 }
        let ahead = count + 100
        guard count % 50 == 0, ahead < Self.table.count, context.position(token).isFlat else { return }
        context.submit(.market(Self.table[ahead] > quote.mid ? .buy : .sell, Quantity(1), token))
    }
}

/// Reads the whole file before it begins, and so knows how it ends.
private struct FileReader: Strategy {
    static let name = "file_reader"
    nonisolated(unsafe) static var path = ""

    private let isUp: Bool

    init(parameters: ParameterValues) {
        let content = FileManager.default.contents(atPath: Self.path) ?? Data()
        isUp = content.count % 2 == 0
    }

    func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        if context.position(token).isFlat { context.submit(.market(isUp ? .buy : .sell, Quantity(1), token)) }
    }
}

@Suite(.serialized) struct CheckTests {
    private let directory: TemporaryDirectory
    private let file: String

    init() throws {
        directory = try TemporaryDirectory()
        file = directory.file("a.ticks")
        var options = SyntheticOptions()
        options.symbols = ["AAA"]
        try SyntheticMarket.writeTickFile(
            path: file, options: options, beginning: Timestamp(seconds: 1_780_000_000), recordCount: 8_000)
    }

    private func check(_ strategy: any Strategy.Type, _ change: (inout BacktestSettings) -> Void = { _ in })
        throws
        -> BiasCheck.Report
    {
        var settings = BacktestSettings(files: [file], seed: 3)
        change(&settings)
        return try BiasCheck.run([BacktestEntry(label: "it", strategy: strategy)], settings: settings)
    }

    @Test func strategyThatSeesOnlyThePastIsTheSameWhereverTheDataEnds() throws {
        for latency in ["0", "40"] {
            let report = try check(Follower.self) { $0.venue = [("latency_ms", latency)] }
            #expect(report.lookAhead.count == 5 && !report.hasLookAhead, "\(report.lookAhead)")
            #expect(report.lookAhead.allSatisfy { $0.comparedCount > 10 })
            let counts = report.lookAhead.map(\.comparedCount)
            #expect(counts == counts.sorted())
        }
    }

    @Test func strategyThatIsNoFunctionOfItsDataIsFound() throws {
        let report = try check(Counting.self)
        #expect(report.hasLookAhead)
        let difference = try #require(report.lookAhead[0].difference)
        #expect(difference.full != difference.other && difference.full?.contains("market") == true)
    }

    @Test func strategyThatKnowsTheFutureIsFound() throws {
        Prophet.table = []
        let report = try check(Prophet.self)
        #expect(report.hasLookAhead && report.findings().contains { $0.contains("DIFFERENT") })
        // What a strategy reads by itself cannot be cut; that it read is said.
        FileReader.path = file
        let reading = try check(FileReader.self)
        #if os(Linux)
            #expect(reading.hasReadFiles && reading.findings().contains { $0.contains("READ") })
        #endif
        let clean = try check(Follower.self)
        #expect(!clean.hasReadFiles && !clean.hasLookAhead, "\(clean.findings())")
    }

    @Test func strategyThatDependsOnWhereItsDataBeginsIsFound() throws {
        // Its window is longer than the warm-up: it never fills in the later run.
        let report = try check(Follower.self) {
            $0.parameters = []
            $0.warmUp = .time(.seconds(1))
        }
        let warmUp = try #require(report.warmUp)
        #expect(warmUp.equalCount < warmUp.orderCount)
        let long = try BiasCheck.run(
            [BacktestEntry(label: "it", strategy: Follower.self, parameters: [("lookback", "3000")])],
            settings: BacktestSettings(files: [file], seed: 3))
        let found = try #require(long.warmUp)
        #expect(found.orderCount > 0 && found.lastDifference != nil, "\(long.findings())")
        #expect(
            long.findings().contains { $0.contains("second half") || $0.contains("do not come together") })
    }

    @Test func laterBeginningComesTogetherWithTheWholeRunWhenTheWarmUpIsLongEnough() throws {
        let warmUp = try #require(try check(Follower.self).warmUp)
        #expect(warmUp.warmUpRecords > 100 && warmUp.orderCount > 100)
        #expect(warmUp.equalCount >= warmUp.orderCount - 1)
        let end = try check(Follower.self).end
        #expect(warmUp.hasConverged(end: end))
        // Random numbers go on from where the data begins: nothing comes together.
        let random = try check(Flipper.self)
        let found = try #require(random.warmUp)
        #expect(found.lastDifference != nil && !found.hasConverged(end: random.end))
        #expect(found.differences.count == 20)
    }

    @Test func sensitivityChangesOneAssumptionAtATime() throws {
        let settings = BacktestSettings(
            files: [file], venue: [("taker_fee", "0.0001"), ("latency_ms", "400")], seed: 3)
        let rows = try Sensitivity.run(
            [BacktestEntry(label: "it", strategy: Follower.self)], settings: settings)
        func row(_ name: String) throws -> BacktestResult {
            try #require(rows.first { $0.variant.name == name }).result
        }
        let base = try row("as given")
        let plain = try Backtest.run(
            [BacktestEntry(label: "it", strategy: Follower.self)], settings: settings)
        #expect(base.orderLogHash == plain.orderLogHash)
        #expect(try row("worse slippage").netPnL < base.netPnL)
        // What they earn depends on the market; that they trade does not.
        #expect(try row("optimistic fills").fillsCount > 0 && row("pessimistic fills").fillsCount > 0)
        let fees = try row("doubled fees")
        #expect(fees.fees.e8 > base.fees.e8 * 19 / 10 && fees.fees.e8 < base.fees.e8 * 21 / 10)
        #expect(try row("doubled latency").orderLogHash != base.orderLogHash)
    }

    private func variants(_ venue: [(name: String, text: String)]) throws -> [String: Sensitivity.Variant] {
        let exchange = try BacktestSettings(files: [], venue: venue).account().exchange
        let variants = Sensitivity.variants(of: exchange)
        return Dictionary(uniqueKeysWithValues: variants.map { ($0.name, $0) })
    }

    @Test func namedModelsOfLatencyFeesAndSlippageAreDoubledInAllTheirParts() throws {
        let found = try variants([
            ("latency", "entry=5ms,response=3ms,feed=1ms"),
            ("fees", "maker=-0.0001,taker=0.0004,per_unit=0.005,per_order=1,tier=1000000:0.0001:0.0003"),
            ("slippage", "rate:0.0001"),
        ])
        #expect(found.count == 6)
        let latency = try #require(found["doubled latency"])
        #expect(
            latency.exchange.latency
                == LatencyModel(entry: .milliseconds(10), response: .milliseconds(6), feed: .milliseconds(2)))
        #expect(
            latency.text == "10 ms to the exchange, 6 ms back, market data 2 ms late"
        )
        let fees = try #require(found["doubled fees"]).exchange.fees
        let expected = ExchangeModelText.fees(
            "maker=-0.0001,taker=0.0008,per_unit=0.01,per_order=2,tier=1000000:0.0002:0.0006")
        #expect(fees == expected)
        #expect(found["worse slippage"]?.exchange.slippage == ExchangeModelText.slippage("rate:0.0002"))
        let pessimistic = found["pessimistic fills"]?.exchange.fillModel
        #expect(pessimistic == ExchangeModelText.fillModel("volume_slip:1+penetration:1"))
        // One thing at a time.
        #expect(found["doubled fees"]?.exchange.latency == found["as given"]?.exchange.latency)
    }

    @Test func recordedLatenciesAreTakenTwiceAsLongAndNothingBecomesSomething() throws {
        let path = directory.file("latency.csv")
        try "sent,exchanged,received\n1000,4000,6000\n2000,5000,9000\n".write(
            toFile: path, atomically: true, encoding: .utf8)
        let plain = try variants([("latency", "file=\(path)")])
        #expect(plain["doubled latency"]?.exchange.latency.sampleFactor == 2)
        #expect(plain["doubled latency"]?.exchange.latency.samples.count == 2)
        let none = try variants([("fees", "maker=-0.0001")])
        #expect(none["doubled fees"]?.exchange.fees == ExchangeModelText.fees("maker=-0.0001,taker=0.0005"))
        #expect(none["doubled latency"]?.exchange.latency.entry == .milliseconds(10))
    }

    @Test func theTableHasARowForEachAssumptionWithNamedModels() throws {
        let settings = BacktestSettings(
            files: [file],
            venue: [
                ("latency", "entry=200ms,response=100ms,feed=50ms"), ("fees", "taker=0.0001,per_order=1"),
            ], seed: 3)
        let rows = try Sensitivity.run(
            [BacktestEntry(label: "it", strategy: Follower.self)], settings: settings)
        #expect(
            rows.map(\.variant.name) == [
                "as given", "optimistic fills", "pessimistic fills", "worse slippage", "doubled latency",
                "doubled fees",
            ])
        #expect(rows[4].result.orderLogHash != rows[0].result.orderLogHash)
        // The same orders, twice the fees: nothing else of the account changes.
        #expect(rows[5].result.fees == rows[0].result.fees + rows[0].result.fees)
        #expect(rows[5].result.realizedPnL == rows[0].result.realizedPnL)
    }
}
