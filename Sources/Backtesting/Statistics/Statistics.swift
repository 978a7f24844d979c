import TradingEngine
package import TradingModel

/// The figures of a backtest. What is not defined is `nil`, never infinite and never not-a-number; the definitions
/// are in `Documentation.docc/Statistics.md`.
package struct Statistics: Sendable {
    /// The first and the last record that could be traded on.
    package var start: Timestamp
    package var end: Timestamp
    package var startingEquity: Double
    package var finalEquity: Double
    /// What the ratios were computed from; `nil` when there is too little of it.
    package var returns: ReturnSeries?
    package var monthly: [MonthlyReturn]
    /// Deepest first, at most `Limits.drawdownsListed`.
    package var drawdowns: [Drawdown]
    package var trades: TradeStatistics
    package var fees: Double
    /// The value of all fills.
    package var turnover: Double
    /// Share of the time with an open position.
    package var exposure: Double?
    /// The largest loss from a peak of the curve, in units of 10^-8.
    package var maxDrawdownE8: Int64
    package var maxDrawdownShare: Double?
    package var longestDrawdownSeconds: Double?
    /// The interval of the curve.
    package var curveInterval: Duration
}

extension Statistics {
    /// Computes the figures of a run.
    init(
        curve: EquityCurve, trades: TradeStatistics, results: [StrategyResult], startingCash: Money,
        end: Timestamp, daysPerYear: Double
    ) {
        self.init(
            curve: curve, trades: trades, fees: results.map(\.status.fees.doubleValue).reduce(0, +),
            turnover: results.map(\.turnover).reduce(0, +), end: end, daysPerYear: daysPerYear)
        if results.count == 1 {
            let seconds = Double((end - start).wholeNanoseconds) / 1e9
            let exposed = Double(results[0].exposedTime.wholeNanoseconds) / 1e9
            exposure = seconds > 0 ? min(1, exposed / seconds) : nil
        }
    }

    /// Computes the figures of a curve and its trades. The exposure is the share of the curve's points with an open
    /// position, which is exact to the curve's interval.
    package init(
        curve: EquityCurve, trades: TradeStatistics, fees: Double, turnover: Double, end: Timestamp,
        daysPerYear: Double
    ) {
        start = curve.start.time
        self.end = end
        startingEquity = curve.start.equity.doubleValue
        finalEquity = (curve.points.last ?? curve.start).equity.doubleValue
        returns = ReturnSeries(curve, daysPerYear: daysPerYear)
        monthly = MonthlyReturn.all(curve)
        self.trades = trades
        self.fees = fees
        self.turnover = turnover
        curveInterval = curve.interval
        let exposedCount = curve.points.count { $0.isExposed }
        exposure = curve.points.isEmpty ? nil : Double(exposedCount) / Double(curve.points.count)
        let all = Drawdown.all(curve)
        maxDrawdownE8 = all.map(\.depthE8).max() ?? 0
        let shares = all.compactMap(\.share)
        maxDrawdownShare = shares.count == all.count ? shares.max() ?? 0 : nil
        longestDrawdownSeconds = all.map { Double($0.duration(until: end).wholeNanoseconds) / 1e9 }.max()
        drawdowns = Array(all.sortedStably { $0.depthE8 > $1.depthE8 }.prefix(Limits.drawdownsListed))
    }

    private var seconds: Double { Double((end - start).wholeNanoseconds) / 1e9 }
    /// Julian years of 365.25 days between the first and the last record.
    package var years: Double { seconds / (365.25 * 86_400) }

    package var netPnL: Double { finalEquity - startingEquity }
    package var totalReturn: Double? { startingEquity > 0 ? finalEquity / startingEquity - 1 : nil }

    /// The yearly growth that gives the total return; `nil` under a day, which says nothing about a year.
    package var annualGrowth: Double? {
        guard isAnnual, startingEquity > 0, finalEquity > 0 else { return nil }
        return Self.finite(Self.power(finalEquity / startingEquity, 1 / years) - 1)
    }

    /// Whether anything may be said of a year: not from less than a day.
    private var isAnnual: Bool { seconds >= 86_400 }

    package var volatility: Double? {
        guard isAnnual, let returns, let deviation = returns.standardDeviation else { return nil }
        return deviation * returns.periodsPerYear.squareRoot()
    }

    package var sharpe: Double? {
        guard isAnnual, let returns, let deviation = returns.standardDeviation else { return nil }
        return Self.finite(returns.mean / deviation * returns.periodsPerYear.squareRoot())
    }

    package var sortino: Double? {
        guard isAnnual, let returns, let deviation = returns.downsideDeviation else { return nil }
        return Self.finite(returns.mean / deviation * returns.periodsPerYear.squareRoot())
    }

    /// Mean by standard deviation of the returns, not made yearly; for data of less than a day too.
    package var returnToRisk: Double? {
        guard let returns, let deviation = returns.standardDeviation else { return nil }
        return Self.finite(returns.mean / deviation)
    }

    package var calmar: Double? {
        guard let growth = annualGrowth, let share = maxDrawdownShare, share > 0 else { return nil }
        return Self.finite(growth / share)
    }

    /// Turnover as a multiple of the starting equity.
    package var turnoverRatio: Double? { startingEquity > 0 ? turnover / startingEquity : nil }

    static func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
}
