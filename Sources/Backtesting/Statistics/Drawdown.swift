package import TradingModel

/// A stretch of time in which equity was below an earlier peak.
package struct Drawdown: Equatable, Sendable {
    /// When the peak was.
    package var start: Timestamp
    /// When equity was lowest.
    package var trough: Timestamp
    /// When equity was back at the peak; `nil` when it never was.
    package var end: Timestamp?
    /// The largest loss from the peak, in units of 10^-8.
    package var depthE8: Int64
    /// The same as a share of the peak; `nil` when the peak was not above zero.
    package var share: Double?

    /// All drawdowns of a curve, in order of time.
    package static func all(_ curve: EquityCurve) -> [Drawdown] {
        var found: [Drawdown] = []
        var peak = curve.start
        var current: Drawdown?
        for point in curve.points {
            if point.equity >= peak.equity {
                if var drawdown = current {
                    drawdown.end = point.time
                    found.append(drawdown)
                    current = nil
                }
                peak = point
                continue
            }
            let depth = (peak.equity - point.equity).e8
            if let drawdown = current, depth <= drawdown.depthE8 { continue }
            current = Drawdown(
                start: peak.time, trough: point.time, end: nil, depthE8: depth,
                share: peak.equity > .zero ? Double(depth) / Double(peak.equity.e8) : nil)
        }
        if let current { found.append(current) }
        return found
    }

    /// From the peak to the recovery, or to the end of the data.
    package func duration(until dataEnd: Timestamp) -> Duration { (end ?? dataEnd) - start }
}
