import ExampleStrategies
import Testing
import TradingEngine
import TradingModel

@Suite struct PairSpreadTests {
    @Test func entersBothLegsAndIsFlatAfterTheExit() throws {
        var run = try StrategyRun<PairSpread>([
            ("length", "20"), ("entry", "3"), ("exit", "0.5"), ("quantity", "2"),
        ])
        for step in 0..<40 {
            run.quote(10_000 + step % 2)
            run.quote(10_000, 2)
        }
        #expect(run.output.orders.isEmpty)
        run.quote(10_030)
        #expect(run.position(0) == Quantity(-2))
        #expect(run.position(1) == Quantity(2))
        run.quote(10_000)
        #expect(run.position(0) == .zero)
        #expect(run.position(1) == .zero)
        #expect(run.engine.status.realizedPnL == Money("0.52"))
    }

    @Test func hedgesByTheRatio() throws {
        var run = try StrategyRun<PairSpread>([("length", "20"), ("entry", "3"), ("ratio", "0.5")])
        for step in 0..<40 {
            run.quote(10_000 + step % 2)
            run.quote(20_000, 2)
        }
        run.quote(9_970)
        #expect(run.position(0) == Quantity(1))
        #expect(run.position(1) == Quantity("-0.5"))
    }

    @Test func commonMovesAreIgnored() throws {
        var run = try StrategyRun<PairSpread>([("length", "50"), ("entry", "6"), ("exit", "1")])
        var random = SeededGenerator(seed: 8)
        var level = 10_000
        for _ in 0..<1_000 {
            level += Int(random.nextNormal() * 3)
            run.quote(level + Int(random.next() % 20))
            run.quote(level, 2)
        }
        #expect(run.output.orders.isEmpty)
    }

    @Test func oneInstrumentIsSaidToBeTooFew() throws {
        var run = try StrategyRun<PairSpread>(instrumentCount: 1)
        run.quote(10_000)
        #expect(run.output.lines == ["needs two instruments, does nothing with fewer"])
    }

    @Test func exitMustBeLessThanEntry() throws {
        let values = try ParameterValues.resolve(
            PairSpread.parameters, from: [("entry", "1"), ("exit", "1")])
        #expect(throws: ParameterViolations("exit", "must be less than entry")) {
            try PairSpread(parameters: values)
        }
    }
}
