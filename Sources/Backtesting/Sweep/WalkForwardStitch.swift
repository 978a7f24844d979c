import TradingModel

/// Out-of-sample runs put together as one: each goes on with the equity that the one before it ended with.
package struct WalkForwardStitch {
    private var start: EquityCurve.Point?
    private var points: [EquityCurve.Point] = []
    private var trades = TradeStatistics()
    private var fees = Money.zero
    private var turnover = 0.0
    private var earned = Money.zero
    private var end = Timestamp.epoch

    package init() {}

    /// Adds the next run; it must begin after the end of the one before.
    package mutating func add(_ result: BacktestResult) {
        let curve = result.curve
        if start == nil { start = curve.start }
        points += curve.points.map {
            EquityCurve.Point(time: $0.time, equity: $0.equity + earned, isExposed: $0.isExposed)
        }
        earned += result.netPnL
        for trade in result.trades { trades.add(trade) }
        fees += result.fees
        turnover += result.strategies.map(\.turnover).reduce(0, +)
        end = result.lastTime
    }

    /// The figures of all runs together; `nil` when there was none.
    package func statistics(daysPerYear: Double) -> Statistics? {
        guard let start else { return nil }
        return Statistics(
            curve: EquityCurve(start: start, points: points), trades: trades, fees: fees.doubleValue,
            turnover: turnover, end: end, daysPerYear: daysPerYear)
    }
}
