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
    static func text(_ report: BiasCheck.Report) -> String {
        var lines = ["look-ahead: a run that ends early must do the same until then"]
        for check in report.lookAhead {
            if let difference = check.difference {
                lines.append("  cut at \(check.cut): DIFFERENT at \(text(difference))")
            } else {
                lines.append(
                    "  cut at \(check.cut): \(check.comparedCount) records of the order log are equal")
            }
        }
        if let warmUp = report.warmUp { lines += text(warmUp, end: report.end) }
        if report.isCut { lines.append("the order log is longer than what was compared") }
        return lines.joined(separator: "\n")
    }

    private static func text(_ check: BiasCheck.WarmUpResult, end: Timestamp) -> [String] {
        var lines = [
            "warm-up: a run that begins at \(check.start) after a warm-up of \(check.warmUpRecords) records",
            "  sends \(check.equalCount) of the \(check.orderCount) orders that the whole run sends from then on",
        ]
        if let last = check.lastDifference {
            lines.append("  the last difference is at \(last)")
            lines += check.differences.map { "    " + text($0) }
            lines.append(
                check.hasConverged(end: end)
                    ? "  both do the same in the second half: the difference is the position at the beginning"
                    : "  they do not come together: take a longer --warm-up, or the result depends on where it begins"
            )
        } else {
            lines.append("  there is no difference")
        }
        return lines
    }

    private static func text(_ difference: BiasCheck.Difference) -> String {
        "\(difference.time): whole run: \(difference.full ?? "nothing"); other run: \(difference.other ?? "nothing")"
    }
}
