import TradingModel

extension BiasCheck.Report {
    /// What was found, line by line, for people; with so many of the differences of the warm-up check.
    package func findings(differencesMax: Int = .max) -> [String] {
        var lines = ["look-ahead: a run that ends early must do the same until then"]
        for check in lookAhead {
            if let difference = check.difference {
                lines.append("  cut at \(check.cut): DIFFERENT at \(Self.text(difference))")
            } else {
                lines.append(
                    "  cut at \(check.cut): \(check.comparedCount) records of the order log are equal")
            }
        }
        if hasReadFiles {
            lines.append(
                "  the strategy READ \(bytesRead ?? 0) bytes from files of its own: they are not cut with the data, so"
                    + " what it knows of the future from there is not seen here")
        }
        if let warmUp { lines += Self.text(warmUp, end: end, differencesMax) }
        if isCut { lines.append("the order log is longer than what was compared") }
        return lines
    }

    private static func text(_ check: BiasCheck.WarmUpResult, end: Timestamp, _ differencesMax: Int)
        -> [String]
    {
        var lines = [
            "warm-up: a run that begins at \(check.start) after a warm-up of \(check.warmUpRecords) records",
            "  sends \(check.equalCount) of the \(check.orderCount) orders that the whole run sends from then on",
        ]
        if let last = check.lastDifference {
            lines.append("  the last difference is at \(last)")
            lines += check.differences.prefix(differencesMax).map { "    " + text($0) }
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
