public import TradingModel

/// Wilder's average directional index: how strong a trend is, whichever way it goes, 0 to 100.
///
/// TA-Lib's ADX, PLUS_DI and MINUS_DI. Movement and true range are summed over the first `length - 1` bars after
/// the first one; from then on each sum loses `1 / length` of itself for every new bar. The directional indicators
/// are ready with the bar number `length + 1`; the average begins as the mean of `length` directional indices and
/// is ready with the bar number `2 × length`. A bar without range or movement leaves the average as it is.
public struct AverageDirectionalIndex: Sendable, StateSaving {
    private let length: Int
    /// Bars added, up to the number from which on nothing changes.
    private var count = 0
    private var previousHigh = 0.0
    private var previousLow = 0.0
    private var previousClose = 0.0
    private var plusMovement = 0.0
    private var minusMovement = 0.0
    private var range = 0.0
    private var indexSum = 0.0
    /// The strength of upward movement, 0 to 100; zero before the bar number `length + 1`.
    public private(set) var plus = 0.0
    /// The strength of downward movement, 0 to 100.
    public private(set) var minus = 0.0
    /// The average directional index; zero before it is ready.
    public private(set) var value = 0.0
    /// TA-Lib takes less than this for zero.
    private static let smallest = 1e-14

    /// Traps when the length is less than 2.
    public init(length: Int = 14) {
        precondition(length > 1, "the smoothing needs at least two bars")
        self.length = length
    }

    /// Whether twice as many bars were added as the length.
    public var isReady: Bool { count == 2 * length }

    /// Adds the next bar.
    public mutating func add(_ bar: Bar) {
        add(high: bar.high.doubleValue, low: bar.low.doubleValue, close: bar.close.doubleValue)
    }

    /// Adds the next bar's high, low and close, which must be finite.
    public mutating func add(high: Double, low: Double, close: Double) {
        defer {
            previousHigh = high
            previousLow = low
            previousClose = close
        }
        let wasReady = isReady
        if !wasReady { count += 1 }
        guard count > 1 else { return }
        // Wilder's decay begins once the first sums are complete.
        if count > length {
            plusMovement -= plusMovement / Double(length)
            minusMovement -= minusMovement / Double(length)
            range -= range / Double(length)
        }
        let rise = high - previousHigh
        let fall = previousLow - low
        if fall > 0, rise < fall {
            minusMovement += fall
        } else if rise > 0, rise > fall {
            plusMovement += rise
        }
        range += AverageTrueRange.trueRange(high: high, low: low, previousClose: previousClose)
        guard count > length else { return }
        addIndex(wasReady)
    }

    private mutating func addIndex(_ wasReady: Bool) {
        var index: Double?
        if range.magnitude > Self.smallest {
            plus = 100 * (plusMovement / range)
            minus = 100 * (minusMovement / range)
            let sum = plus + minus
            if sum.magnitude > Self.smallest { index = 100 * (abs(minus - plus) / sum) }
        } else {
            plus = 0
            minus = 0
        }
        if wasReady {
            if let index { value = (value * Double(length - 1) + index) / Double(length) }
        } else {
            indexSum += index ?? 0
            if isReady { value = indexSum / Double(length) }
        }
    }

    public func save(to writer: inout StateWriter) {
        writer.append(length)
        writer.append(count)
        let numbers = [
            previousHigh, previousLow, previousClose, plusMovement, minusMovement, range, indexSum, plus,
            minus,
            value,
        ]
        for number in numbers { writer.append(number) }
    }

    public mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.expect(length, "length")
        count = try reader.read(in: 0...2 * length)
        previousHigh = try reader.read(Double.self)
        previousLow = try reader.read(Double.self)
        previousClose = try reader.read(Double.self)
        plusMovement = try reader.read(Double.self)
        minusMovement = try reader.read(Double.self)
        range = try reader.read(Double.self)
        indexSum = try reader.read(Double.self)
        plus = try reader.read(Double.self)
        minus = try reader.read(Double.self)
        value = try reader.read(Double.self)
    }
}
