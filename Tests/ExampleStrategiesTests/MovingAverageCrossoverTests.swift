import ExampleStrategies
import Testing
import TradingEngine
import TradingModel

@Suite struct MovingAverageCrossoverTests {
    @Test func fastMustBeLessThanSlow() throws {
        let values = try ParameterValues.resolve(
            MovingAverageCrossover.parameters, from: [("fast", "40"), ("slow", "40")])
        #expect(throws: ParameterViolations("fast", "must be less than slow")) {
            try MovingAverageCrossover(parameters: values)
        }
    }

    @Test func followsTheTrendAndTurnsWithIt() throws {
        var run = try StrategyRun<MovingAverageCrossover>([
            ("fast", "5"), ("slow", "20"), ("quantity", "2.5"),
        ])
        for step in 0..<100 { run.quote(10_000 + step) }
        #expect(run.position() == Quantity("2.5"))
        #expect(run.output.fills.count == 1)
        for step in 0..<100 { run.quote(10_100 - step) }
        #expect(run.position() == Quantity("-2.5"))
        #expect(run.output.fills.map(\.quantity) == [Quantity("2.5"), Quantity(5)])
    }

    @Test func earnsOnLongWavesWithWinsOnly() throws {
        var run = try StrategyRun<MovingAverageCrossover>([("fast", "5"), ("slow", "20")])
        run.wave(base: 10_000, height: 300, count: 5)
        #expect(run.engine.status.realizedPnL > Money(10))
        #expect(run.engine.status.roundTripsCount >= 8)
        #expect(run.engine.status.successRate == 1)
    }

    @Test func barsOfSecondsDecideLessOften() throws {
        var run = try StrategyRun<MovingAverageCrossover>([
            ("fast", "2"), ("slow", "4"), ("bar_seconds", "10"),
        ])
        for step in 0..<39 { run.quote(10_000 + step) }
        #expect(run.output.fills.isEmpty)
        for step in 39..<60 { run.quote(10_000 + step) }
        #expect(run.position() == Quantity(1))
    }

    @Test func newQuantityIsTakenUpByTheNextPrice() throws {
        var run = try StrategyRun<MovingAverageCrossover>([("fast", "5"), ("slow", "20")])
        for step in 0..<50 { run.quote(10_000 + step) }
        try run.engine.update(
            parameters: ParameterValues.resolve(
                MovingAverageCrossover.parameters, from: [("quantity", "3")], base: run.engine.parameters))
        run.quote(10_050)
        #expect(run.position() == Quantity(3))
        #expect(throws: EngineError.self) {
            try run.engine.update(
                parameters: ParameterValues.resolve(
                    MovingAverageCrossover.parameters, from: [("fast", "6")], base: run.engine.parameters))
        }
    }
}
