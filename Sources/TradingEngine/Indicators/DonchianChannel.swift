public import TradingModel

/// The highest high and the lowest low of the last bars, the newest among them.
///
/// TA-Lib's MAX of the highs, MIN of the lows and MIDPRICE between them, ready with the bar number `length`.
/// Compare a price with the channel before adding its bar when a breakout is to be seen.
public struct DonchianChannel: Sendable, StateSaving {
    private var highs: RollingMaximum
    private var lows: RollingMinimum

    /// Looks at the last `length` bars; traps when that is not positive.
    public init(length: Int = 20) {
        highs = RollingMaximum(length: length)
        lows = RollingMinimum(length: length)
    }

    /// Whether as many bars were added as the length.
    public var isReady: Bool { highs.isReady }

    /// The highest high; zero before the first bar.
    public var upper: Double { highs.value }

    /// The lowest low.
    public var lower: Double { lows.value }

    /// The price half-way between them.
    public var value: Double { (highs.value + lows.value) / 2 }

    /// Adds the next bar.
    public mutating func add(_ bar: Bar) { add(high: bar.high.doubleValue, low: bar.low.doubleValue) }

    /// Adds the next bar's high and low, which must not be NaN.
    public mutating func add(high: Double, low: Double) {
        highs.add(high)
        lows.add(low)
    }

    public func save(to writer: inout StateWriter) {
        writer.append(highs)
        writer.append(lows)
    }

    public mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.read(into: &highs)
        try reader.read(into: &lows)
    }
}
