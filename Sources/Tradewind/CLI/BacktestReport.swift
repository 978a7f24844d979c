import Backtesting
import Monitoring
import TradingModel

/// A backtest's result for a person.
struct BacktestReport {
    private let result: BacktestResult

    init(_ result: BacktestResult) { self.result = result }

    /// The report with the last `tradesMax` trades.
    func text(tradesMax: Int) -> String {
        var sections = [heading]
        let shown = result.trades.suffix(tradesMax)
        if !shown.isEmpty { sections.append(table(Array(shown))) }
        if shown.count < result.trades.count {
            sections.append(
                "(the last \(shown.count) of \(result.trades.count) trades; --trades N shows more)")
        }
        if result.strategies.count > 1 { sections.append(attribution) }
        sections.append(totals)
        sections.append(statistics)
        return sections.joined(separator: "\n\n")
    }

    private var heading: String {
        let symbols = result.instruments.map(\.symbol).joined(separator: " ")
        var lines = ["\(result.title) on \(symbols)"]
        for strategy in result.strategies {
            let settings = strategy.parameters.entries.map { "\($0.name)=\($0.text)" }.joined(separator: " ")
            let owner = result.strategies.count > 1 ? "\(strategy.label): " : ""
            lines.append("parameters      \(owner)\(settings)")
        }
        lines.append("seed            \(result.seed)")
        lines.append("period          \(result.firstTime) to \(result.lastTime)")
        if result.warmUpCount > 0 { lines.append("warm-up         \(result.warmUpCount) records before it") }
        let assumptions = Assumptions(
            result.venue, strategyCount: result.strategies.count, daysPerYear: result.daysPerYear)
        for (index, item) in assumptions.items.enumerated() {
            lines.append(
                (index == 0 ? "assumptions     " : "                ") + "\(item.name): \(item.text)")
        }
        if result.ambiguousBarCount > 0 {
            lines.append(
                "ambiguous bars  \(result.ambiguousBarCount): stop and target could both have filled, the stop did"
            )
        }
        return lines.joined(separator: "\n")
    }

    private func table(_ trades: [BacktestTrade]) -> String {
        var table = TextTable(
            "strategy", "symbol", "side", ">quantity", "entered", ">at", "exited", ">at", ">net PnL")
        for trade in trades {
            table.append(
                result.strategies[trade.strategy].label, result.symbol(of: trade.token),
                trade.side.description,
                trade.quantity.description, trade.entryTime.description, trade.entryPrice.description,
                trade.exitTime.description, trade.exitPrice.description, trade.netPnL.description)
        }
        return table.rendered()
    }

    private var attribution: String {
        var table = TextTable(
            "strategy", ">orders", ">denied", ">fills", ">fees", ">net PnL", "order-log hash")
        for strategy in result.strategies {
            table.append(
                strategy.label, "\(strategy.status.ordersCount)", "\(strategy.status.deniedCount)",
                "\(strategy.status.fillsCount)", "\(strategy.status.fees)", "\(strategy.netPnL)",
                "\(strategy.status.orderLogHash)")
        }
        return table.rendered()
    }

    private var totals: String {
        let rate = NumberText.percent(result.statistics.trades.winRate)
        return """
            records         \(result.eventsCount)
            orders          \(result.ordersCount) sent, \(result.deniedCount) denied, \(result.fillsCount) fills
            trades          \(result.roundTripsCount) closed, success rate \(rate)
            realised PnL    \(result.realizedPnL)
            unrealised PnL  \(result.unrealizedPnL)
            fees            \(result.fees)
            net PnL         \(result.netPnL)
            equity          \(result.equity), largest drawdown \(result.maxDrawdown)
            order-log hash  \(result.orderLogHash)
            """
    }

    private var statistics: String {
        let shown = [
            "total_return", "cagr", "volatility", "sharpe", "return_to_risk", "sortino", "calmar",
            "max_drawdown_share",
            "longest_drawdown_seconds", "exposure", "profit_factor", "expectancy", "sqn",
            "longest_winning_streak",
            "longest_losing_streak", "average_holding_seconds", "turnover",
        ]
        var lines = shown.compactMap(StatisticsMetric.named).map { metric in
            let title = metric.title + String(repeating: " ", count: max(1, 24 - metric.title.count))
            return title + NumberText.text(metric.value(result.statistics), metric.unit)
        }
        if let returns = result.statistics.returns {
            lines.append(
                "(ratios of \(returns.values.count) returns over \(returns.period); yearly with "
                    + "\(NumberText.fixed(returns.periodsPerYear, 0)) periods a year, and only of a day or more)"
            )
        }
        return lines.joined(separator: "\n")
    }
}
