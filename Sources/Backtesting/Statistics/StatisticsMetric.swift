/// One figure of `Statistics` by name: one table serves JSON, text, reports, sweeps and their objectives.
package struct StatisticsMetric: Sendable {
    /// How people read it.
    package enum Unit: Sendable { case money, share, ratio, count, seconds }

    /// Lowercase with underscores, as in JSON.
    package let name: String
    /// For people.
    package let title: String
    package let unit: Unit
    /// Whether more is better, for choosing among runs.
    package let isBetterHigh: Bool
    package let value: @Sendable (Statistics) -> Double?

    private init(
        _ name: String, _ title: String, _ unit: Unit, isBetterHigh: Bool = true,
        _ value: @escaping @Sendable (Statistics) -> Double?
    ) {
        self.name = name
        self.title = title
        self.unit = unit
        self.isBetterHigh = isBetterHigh
        self.value = value
    }

    /// All figures in the order in which they are shown.
    package static let all: [StatisticsMetric] = [
        .init("net_pnl", "net PnL", .money) { $0.netPnL },
        .init("total_return", "total return", .share) { $0.totalReturn },
        .init("cagr", "CAGR", .share) { $0.annualGrowth },
        .init("volatility", "volatility, a year", .share, isBetterHigh: false) { $0.volatility },
        .init("sharpe", "Sharpe", .ratio) { $0.sharpe },
        .init("return_to_risk", "return to risk, a period", .ratio) { $0.returnToRisk },
        .init("sortino", "Sortino", .ratio) { $0.sortino },
        .init("calmar", "Calmar", .ratio) { $0.calmar },
        .init("max_drawdown_share", "largest drawdown", .share, isBetterHigh: false) { $0.maxDrawdownShare },
        .init("longest_drawdown_seconds", "longest drawdown", .seconds, isBetterHigh: false) {
            $0.longestDrawdownSeconds
        },
        .init("exposure", "time in the market", .share) { $0.exposure },
        .init("trades", "trades", .count) { Double($0.trades.count) },
        .init("win_rate", "win rate", .share) { $0.trades.winRate },
        .init("profit_factor", "profit factor", .ratio) { $0.trades.profitFactor },
        .init("expectancy", "expectancy a trade", .money) { $0.trades.expectancy },
        .init("average_win", "average win", .money) { $0.trades.averageWin },
        .init("average_loss", "average loss", .money) { $0.trades.averageLoss },
        .init("best_trade", "best trade", .money) { $0.trades.bestE8.map { Double($0) / 1e8 } },
        .init("worst_trade", "worst trade", .money) { $0.trades.worstE8.map { Double($0) / 1e8 } },
        .init("sqn", "SQN", .ratio) { $0.trades.systemQuality },
        .init("longest_winning_streak", "longest winning streak", .count) {
            Double($0.trades.longestWinningStreak)
        },
        .init("longest_losing_streak", "longest losing streak", .count, isBetterHigh: false) {
            Double($0.trades.longestLosingStreak)
        },
        .init("average_holding_seconds", "average holding time", .seconds) { $0.trades.averageHeldSeconds },
        .init("fees_paid", "fees", .money, isBetterHigh: false) { $0.fees },
        .init("turnover", "turnover", .money) { $0.turnover },
        .init("turnover_ratio", "turnover, times the starting equity", .ratio) { $0.turnoverRatio },
    ]

    /// The figure of a name.
    package static func named(_ name: String) -> StatisticsMetric? { all.first { $0.name == name } }
}
