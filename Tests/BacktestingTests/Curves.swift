import Backtesting
import TradingModel

/// Curves and trades of plain numbers.
enum Curves {
    /// Equity in units at the given times in seconds since 1970, after a start at time zero of `start`.
    static func curve(start: Int, _ points: [(seconds: Int64, equity: Int)]) -> EquityCurve {
        EquityCurve(
            start: EquityCurve.Point(time: .epoch, equity: Money(start), isExposed: false),
            points: points.map {
                EquityCurve.Point(
                    time: Timestamp(seconds: $0.seconds), equity: Money($0.equity), isExposed: false)
            })
    }

    /// A round trip of one second with a net PnL in units.
    static func trade(_ netPnL: Int, fees: Int = 0) -> BacktestTrade {
        BacktestTrade(
            token: InstrumentToken(1), side: .buy, quantity: Quantity(1), entryPrice: Price(1),
            exitPrice: Price(1),
            entryTime: Timestamp(seconds: 1), exitTime: Timestamp(seconds: 2),
            realizedPnL: Money(netPnL + fees), fees: Money(fees))
    }

    /// Statistics of a curve with trades.
    static func statistics(
        _ curve: EquityCurve, trades: [BacktestTrade] = [], daysPerYear: Double = 365
    ) -> Statistics {
        var totals = TradeStatistics()
        for trade in trades { totals.add(trade) }
        return Statistics(
            curve: curve, trades: totals, fees: 0, turnover: 0, end: (curve.points.last ?? curve.start).time,
            daysPerYear: daysPerYear)
    }
}
