package import TradingModel

/// The account's equity over time in constant memory: one point for each interval in which there were records.
///
/// The interval begins at one second and, whenever there are more than `Limits.curvePointsMax` points, becomes the
/// next of a ladder in which each step divides the next one (1, 5, 15, 30 s; 1, 5, 15, 30 min; 1, 4, 12 h; 1 day),
/// keeping the last point of each longer interval: exactly what sampling at it from the start would have given. At a
/// day it stays. Intervals are aligned to the epoch, in UTC.
package struct EquityCurve: Sendable {
    /// The account at the end of an interval.
    package struct Point: Equatable, Sendable {
        /// The receive time of the interval's last record.
        package var time: Timestamp
        package var equity: Money
        /// Whether anything was held.
        package var isExposed: Bool

        package init(time: Timestamp, equity: Money, isExposed: Bool) {
            self.time = time
            self.equity = equity
            self.isExposed = isExposed
        }
    }

    private static let ladderSeconds: [Int64] = [
        1, 5, 15, 30, 60, 300, 900, 1_800, 3_600, 14_400, 43_200, 86_400,
    ]

    /// Equity before the first record that could be traded on, and that record's time.
    package private(set) var start: Point
    /// In order of time.
    package private(set) var points: [Point] = []
    /// The last price of each charted instrument at each point, row by row; zero before its first.
    package private(set) var prices: [Price] = []
    /// Prices in a row.
    package let priceCount: Int
    private var level = 0
    private let pointsMax: Int

    /// Begins at the first record's time.
    package init(start: Timestamp, equity: Money, priceCount: Int, pointsMax: Int = Limits.curvePointsMax) {
        precondition(pointsMax >= 2, "a curve has at least two points")
        self.start = Point(time: start, equity: equity, isExposed: false)
        self.priceCount = priceCount
        self.pointsMax = pointsMax
    }

    /// The interval of the points.
    package var interval: Duration { .nanoseconds(intervalNanoseconds) }

    private var intervalNanoseconds: Int64 { Self.ladderSeconds[level] * 1_000_000_000 }

    /// The first time after the interval that a time lies in.
    func boundary(after time: Timestamp) -> Timestamp {
        let (end, overflow) = (Self.number(time, intervalNanoseconds) + 1)
            .multipliedReportingOverflow(by: intervalNanoseconds)
        return overflow ? .distantFuture : Timestamp(nanoseconds: end)
    }

    /// Adds the end of an interval; a point of the same interval is replaced.
    mutating func add(_ point: Point, prices row: [Price]) {
        precondition(row.count == priceCount, "a row has a price for each charted instrument")
        if let last = points.last, isSameInterval(last.time, point.time) {
            points[points.count - 1] = point
            prices.replaceSubrange((prices.count - priceCount)..., with: row)
            return
        }
        points.append(point)
        prices += row
        while points.count > pointsMax, level + 1 < Self.ladderSeconds.count { coarsen() }
    }

    private func isSameInterval(_ left: Timestamp, _ right: Timestamp) -> Bool {
        Self.number(left, intervalNanoseconds) == Self.number(right, intervalNanoseconds)
    }

    private mutating func coarsen() {
        level += 1
        var kept: [Point] = []
        var keptPrices: [Price] = []
        for index in points.indices {
            let isLast =
                index + 1 == points.count || !isSameInterval(points[index].time, points[index + 1].time)
            guard isLast else { continue }
            kept.append(points[index])
            keptPrices += prices[index * priceCount..<(index + 1) * priceCount]
        }
        points = kept
        prices = keptPrices
    }

    /// The number of the interval that a time lies in, counted from the epoch.
    static func number(_ time: Timestamp, _ nanoseconds: Int64) -> Int64 {
        let quotient = time.nanoseconds / nanoseconds
        return time.nanoseconds % nanoseconds < 0 ? quotient - 1 : quotient
    }
}

extension EquityCurve {
    /// A curve of given points, such as windows put together.
    package init(start: Point, points: [Point]) {
        self.init(start: start.time, equity: start.equity, priceCount: 0)
        for point in points { add(point, prices: []) }
    }
}
