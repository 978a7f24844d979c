public import TradingModel

/// Wilder's average true range: how far a bar reaches, the gap to the close before it included.
///
/// TA-Lib's ATR: the first bar only gives its close, the average begins as the mean of the next `length` ranges,
/// so it is ready with the bar number `length + 1`. In units of the price.
public struct AverageTrueRange: Sendable, StateSaving {
    private var average: WilderAverage
    private var previousClose = 0.0
    private var hasPrevious = false
    /// The true range of the last bar; zero before the second.
    public private(set) var trueRange = 0.0

    /// Averages about the last `length` ranges; traps when that is not positive.
    public init(length: Int = 14) { average = WilderAverage(length: length) }

    /// Whether more bars were added than the length.
    public var isReady: Bool { average.isReady }

    /// The average; zero before it is ready.
    public var value: Double { average.value }

    /// Adds the next bar.
    public mutating func add(_ bar: Bar) {
        add(high: bar.high.doubleValue, low: bar.low.doubleValue, close: bar.close.doubleValue)
    }

    /// Adds the next bar's high, low and close, which must be finite.
    public mutating func add(high: Double, low: Double, close: Double) {
        if hasPrevious {
            trueRange = Self.trueRange(high: high, low: low, previousClose: previousClose)
            average.add(trueRange)
        }
        hasPrevious = true
        previousClose = close
    }

    /// The largest of the bar's own range and the distances of its ends from the close before it.
    static func trueRange(high: Double, low: Double, previousClose: Double) -> Double {
        max(high - low, abs(high - previousClose), abs(low - previousClose))
    }

    public func save(to writer: inout StateWriter) {
        writer.append(average)
        writer.append(previousClose)
        writer.append(hasPrevious)
        writer.append(trueRange)
    }

    public mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.read(into: &average)
        previousClose = try reader.read(Double.self)
        hasPrevious = try reader.read(Bool.self)
        trueRange = try reader.read(Double.self)
    }
}
