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
        sections.append(totals)
        return sections.joined(separator: "\n\n")
    }

    private var heading: String {
        let settings = result.parameters.entries.map { "\($0.name)=\($0.text)" }.joined(separator: " ")
        let symbols = result.instruments.map(\.symbol).joined(separator: " ")
        return """
            \(result.className) on \(symbols)
            parameters      \(settings)
            seed            \(result.seed)
            period          \(result.firstTime) to \(result.lastTime)
            assumptions     \(assumptions)
            """
    }

    private var assumptions: String {
        let exchange = result.venue.exchange
        return """
            takes at the opposite quote, rests until traded through; fees maker \(exchange.makerFeeRate) taker \
            \(exchange.takerFeeRate), latency \(exchange.latency.wholeNanoseconds / 1_000_000) ms, slippage \
            \(exchange.slippageTicks) ticks
            """
    }

    private func table(_ trades: [BacktestTrade]) -> String {
        var table = TextTable("symbol", "side", ">quantity", "entered", ">at", "exited", ">at", ">net PnL")
        for trade in trades {
            table.append(
                result.symbol(of: trade.token), trade.side.description, trade.quantity.description,
                trade.entryTime.description, trade.entryPrice.description, trade.exitTime.description,
                trade.exitPrice.description, trade.netPnL.description)
        }
        return table.rendered()
    }

    private var totals: String {
        let status = result.status
        let rate = status.roundTripsCount == 0 ? "-" : decimal(status.successRate * 100, places: 1) + " %"
        return """
            records         \(status.events)
            orders          \(status.ordersCount) sent, \(status.deniedCount) denied, \(status.fillsCount) fills
            trades          \(status.roundTripsCount) closed, success rate \(rate)
            realised PnL    \(status.realizedPnL)
            unrealised PnL  \(status.unrealizedPnL)
            fees            \(status.fees)
            net PnL         \(status.realizedPnL + status.unrealizedPnL - status.fees)
            equity          \(status.equity), largest drawdown \(status.maxDrawdown)
            order-log hash  \(status.orderLogHash)
            """
    }
}
