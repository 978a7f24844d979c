import ExampleStrategies
import Testing
import TradingEngine
import TradingModel

@Suite struct MarketMakerTests {
    @Test func quotesBothSidesRoundTheMid() throws {
        var run = try StrategyRun<MarketMaker>([("spread_ticks", "10")])
        run.quote(10_000)
        #expect(run.output.orders.map(\.price) == [Price("99.95"), Price("100.05")])
        #expect(run.output.orders.map(\.isPostOnly) == [true, true])
    }

    @Test func leavesItsQuotesWhileTheMidStays() throws {
        var run = try StrategyRun<MarketMaker>([("spread_ticks", "10")])
        for _ in 0..<20 { run.quote(10_000) }
        #expect(run.output.orders.count == 2)
        run.quote(10_002)
        run.quote(10_002)
        #expect(run.output.orders.suffix(2).map(\.price) == [Price("99.97"), Price("100.07")])
        #expect(run.engine.status.openOrdersCount == 2)
    }

    @Test func earnsTheSpreadAsMakerWhenTradesGoThroughBothSides() throws {
        var run = try StrategyRun<MarketMaker>([("spread_ticks", "6")])
        var random = SeededGenerator(seed: 3)
        var mid = 10_000
        for _ in 0..<4_000 {
            mid += Int(random.next() % 3) - 1
            run.quote(mid)
            run.trade(mid + (random.next() % 2 == 0 ? 4 : -4))
        }
        #expect(run.output.fills.count > 500)
        #expect(run.output.fills.allSatisfy { $0.liquidity == .maker })
        #expect(run.engine.status.realizedPnL > .zero)
    }

    @Test func positionStaysWithinItsMaximumWhenTheMarketRunsAway() throws {
        var run = try StrategyRun<MarketMaker>([("spread_ticks", "2"), ("max_position", "3")])
        var least = Quantity.zero
        for step in 0..<300 {
            run.quote(20_000 + step * 3)
            least = min(least, run.position())
        }
        #expect(least == Quantity(-3))
        for _ in 0..<2 { run.quote(20_900) }
        #expect(run.engine.status.openOrdersCount == 1)
    }

    @Test func spreadChangesWhileItRuns() throws {
        var run = try StrategyRun<MarketMaker>([("spread_ticks", "4")])
        run.quote(10_000)
        try run.engine.update(
            parameters: ParameterValues.resolve(
                MarketMaker.parameters, from: [("spread_ticks", "20")], base: run.engine.parameters))
        run.quote(10_000)
        run.quote(10_000)
        #expect(run.output.orders.suffix(2).map(\.price) == [Price("99.9"), Price("100.1")])
    }

    @Test func pauseTakesItsQuotesBack() throws {
        var run = try StrategyRun<MarketMaker>()
        run.quote(10_000)
        run.engine.pause()
        #expect(run.engine.status.openOrdersCount == 0)
    }
}
