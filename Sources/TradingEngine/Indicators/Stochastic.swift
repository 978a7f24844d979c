public import TradingModel

/// The stochastic oscillator: where the close stands within the range of the last bars, 0 to 100.
///
/// TA-Lib's STOCH with simple averages: `value` is the raw figure averaged over `smoothing`, `signal` that over
/// `signal`. With a smoothing of 1 it is the fast one, TA-Lib's STOCHF. Zero, as in TA-Lib, where there is no range.
/// Ready with the bar number `length + smoothing + signal - 2`.
public struct Stochastic: Sendable, StateSaving {
    private var highs: RollingMaximum
    private var lows: RollingMinimum
    private var smoothed: SimpleMovingAverage
    private var averaged: SimpleMovingAverage

    /// Traps when one of them is not positive.
    public init(length: Int = 14, smoothing: Int = 3, signal: Int = 3) {
        highs = RollingMaximum(length: length)
        lows = RollingMinimum(length: length)
        smoothed = SimpleMovingAverage(length: smoothing)
        averaged = SimpleMovingAverage(length: signal)
    }

    /// The fast oscillator, without smoothing.
    public static func fast(length: Int = 14, signal: Int = 3) -> Stochastic {
        Stochastic(length: length, smoothing: 1, signal: signal)
    }

    /// Whether value and signal are what TA-Lib gives.
    public var isReady: Bool { averaged.isReady }

    /// The oscillator, %K.
    public var value: Double { smoothed.value }

    /// Its average, %D.
    public var signal: Double { averaged.value }

    /// Adds the next bar.
    public mutating func add(_ bar: Bar) {
        add(high: bar.high.doubleValue, low: bar.low.doubleValue, close: bar.close.doubleValue)
    }

    /// Adds the next bar's high, low and close, which must be finite.
    public mutating func add(high: Double, low: Double, close: Double) {
        highs.add(high)
        lows.add(low)
        guard highs.isReady else { return }
        let range = highs.value - lows.value
        smoothed.add(range > 0 ? 100 * ((close - lows.value) / range) : 0)
        if smoothed.isReady { averaged.add(smoothed.value) }
    }

    public func save(to writer: inout StateWriter) {
        writer.append(highs)
        writer.append(lows)
        writer.append(smoothed)
        writer.append(averaged)
    }

    public mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.read(into: &highs)
        try reader.read(into: &lows)
        try reader.read(into: &smoothed)
        try reader.read(into: &averaged)
    }
}
