import Backtesting
import MarketData
import TestSupport
import Testing
import TradingEngine
import TradingModel

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
}
