import Backtesting
import Monitoring
import TradingModel

/// The texts of `--sensitivity` and `--check-bias`.
enum BacktestChecks {
    /// The result under each assumption.
    static func text(_ rows: [Sensitivity.Row]) -> String {
        var table = TextTable("assumption", ">net PnL", ">Sharpe", ">trades", ">fills", ">drawdown", "")
        for row in rows {
            let statistics = row.result.statistics
            table.append(
                row.variant.name, row.result.netPnL.description, NumberText.fixed(statistics.sharpe, 2),
                "\(statistics.trades.count)", "\(row.result.fillsCount)", row.result.maxDrawdown.description,
                row.variant.text)
        }
        return "sensitivity\n" + table.rendered()
    }

    /// What the two checks found.
    static func text(_ report: BiasCheck.Report) -> String { report.findings().joined(separator: "\n") }
}
