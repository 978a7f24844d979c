import ExampleStrategies
import Testing
import TradingEngine
import TradingModel

@Suite struct BollingerReversionTests {
    @Test func buysTheFallAndIsFlatAtTheAverage() throws {
        var run = try StrategyRun<BollingerReversion>([("length", "20"), ("width", "2")])
        for step in 0..<40 { run.quote(10_000 + step % 2) }
        #expect(run.output.orders.isEmpty)
        run.quote(9_950)
        #expect(run.position() == Quantity(1))
        run.quote(9_960)
        #expect(run.position() == Quantity(1))
        run.quote(10_010)
        #expect(run.position() == .zero)
        #expect(run.engine.status.realizedPnL == Money("0.58"))
    }

    @Test func sellsTheRise() throws {
        var run = try StrategyRun<BollingerReversion>([("length", "20")])
        for step in 0..<40 { run.quote(10_000 + step % 2) }
        run.quote(10_050)
        #expect(run.position() == Quantity(-1))
    }

    @Test func positionNeverPassesTheQuantity() throws {
        var run = try StrategyRun<BollingerReversion>([("length", "30"), ("width", "1"), ("quantity", "2")])
        var random = SeededGenerator(seed: 5)
        for _ in 0..<5_000 {
            run.quote(10_000 + Int(random.nextNormal() * 20))
            #expect(run.position().magnitude <= Quantity(2))
        }
        #expect(run.engine.status.roundTripsCount > 100)
        #expect(run.engine.status.realizedPnL > .zero)
    }
}
