import TradingModel

/// The account's simple returns over periods of one length.
package struct ReturnSeries: Equatable, Sendable {
    /// The lengths there are, longest first, in seconds.
    static let lengths: [(name: String, seconds: Int64)] = [
        ("1d", 86_400), ("1h", 3_600), ("1min", 60), ("1s", 1),
    ]

    /// `1d`, `1h`, `1min` or `1s`.
    package var period: String
    package var periodSeconds: Int64
    /// Periods in a year: days per year times periods per day.
    package var periodsPerYear: Double
    /// One for each period in which there were records, in order.
    package var values: [Double]

    /// The returns over the longest period of which the curve has at least `Limits.returnsMin`; `nil` when it has so
    /// many of none, or when equity was ever zero or less.
    ///
    /// A period without records has no return. The curve is at least as fine as the period chosen, because it has
    /// room for `Limits.curvePointsMax` points.
    package init?(_ curve: EquityCurve, daysPerYear: Double) {
        guard curve.start.equity > .zero, curve.points.allSatisfy({ $0.equity > .zero }) else { return nil }
        for (name, seconds) in Self.lengths {
            guard curve.interval <= .seconds(seconds) else { continue }
            let values = Self.returns(curve, nanoseconds: seconds * 1_000_000_000)
            guard values.count >= Limits.returnsMin else { continue }
            period = name
            periodSeconds = seconds
            periodsPerYear = daysPerYear * Double(86_400 / seconds)
            self.values = values
            return
        }
        return nil
    }

    private static func returns(_ curve: EquityCurve, nanoseconds: Int64) -> [Double] {
        var values: [Double] = []
        var before = curve.start.equity
        for (index, point) in curve.points.enumerated() {
            let isLast =
                index + 1 == curve.points.count
                || EquityCurve.number(point.time, nanoseconds)
                    != EquityCurve.number(curve.points[index + 1].time, nanoseconds)
            guard isLast else { continue }
            values.append(Double(point.equity.e8) / Double(before.e8) - 1)
            before = point.equity
        }
        return values
    }

    package var mean: Double { values.reduce(0, +) / Double(values.count) }

    /// The sample standard deviation; `nil` when all are equal, which has no meaning as a measure of risk.
    package var standardDeviation: Double? {
        guard values.count > 1 else { return nil }
        // Equal values must not differ from their mean by its rounding.
        guard let first = values.first, values.contains(where: { $0 != first }) else { return nil }
        let mean = mean
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(values.count - 1)).squareRoot()
    }

    /// The root of the mean square of losses, gains counted as zero; `nil` without losses.
    package var downsideDeviation: Double? {
        let squares = values.reduce(0) { $0 + min($1, 0) * min($1, 0) }
        return squares > 0 ? (squares / Double(values.count)).squareRoot() : nil
    }
}

/// A return over one calendar month, UTC.
package struct MonthlyReturn: Equatable, Sendable {
    package var year: Int
    /// 1 to 12.
    package var month: Int
    /// As a share: 0.01 is one percent.
    package var value: Double

    /// The returns of all months in which the curve has points; empty when equity was ever zero or less.
    static func all(_ curve: EquityCurve) -> [MonthlyReturn] {
        guard curve.start.equity > .zero, curve.points.allSatisfy({ $0.equity > .zero }) else { return [] }
        var months: [MonthlyReturn] = []
        var before = curve.start.equity
        var last = curve.start.equity
        for point in curve.points {
            let text = point.time.description
            let year = Int(text.prefix(4)) ?? 0
            let month = Int(text.dropFirst(5).prefix(2)) ?? 0
            if months.last?.year != year || months.last?.month != month {
                before = last
                months.append(MonthlyReturn(year: year, month: month, value: 0))
            }
            months[months.count - 1].value = Double(point.equity.e8) / Double(before.e8) - 1
            last = point.equity
        }
        return months
    }
}
