/// Moving average convergence/divergence: a fast exponential average minus a slow one, and the average of that.
///
/// TA-Lib's MACD: both averages start at the same value, so the fast one begins with the mean of the `fast` values
/// that end with the value number `slow`; the signal begins with the mean of the first `signal` differences. Ready
/// with the value number `slow + signal - 1`. Values must be finite.
public struct MACD: Sendable, StateSaving {
    private var fast: ExponentialMovingAverage
    private var slow: ExponentialMovingAverage
    private var signalAverage: ExponentialMovingAverage
    /// Values that only the slow average takes, so that both have their first one at the same time.
    private let leadCount: Int
    private var seenCount = 0
    /// Fast minus slow average; zero before both are ready.
    public private(set) var value = 0.0

    /// Traps unless `0 < fast <= slow` and `0 < signal`.
    public init(fast: Int = 12, slow: Int = 26, signal: Int = 9) {
        precondition(fast <= slow, "the fast average is not longer than the slow one")
        self.fast = ExponentialMovingAverage(length: fast)
        self.slow = ExponentialMovingAverage(length: slow)
        signalAverage = ExponentialMovingAverage(length: signal)
        leadCount = slow - fast
    }

    /// Whether value, signal and histogram are what TA-Lib gives.
    public var isReady: Bool { signalAverage.isReady }

    /// The average of the values; zero before the first.
    public var signal: Double { signalAverage.value }

    /// How far the value is above its signal.
    public var histogram: Double { value - signalAverage.value }

    /// Adds the next value of the series.
    public mutating func add(_ newValue: Double) {
        slow.add(newValue)
        if seenCount < leadCount {
            seenCount += 1
            return
        }
        fast.add(newValue)
        guard slow.isReady else { return }
        value = fast.value - slow.value
        signalAverage.add(value)
    }

    public func save(to writer: inout StateWriter) {
        writer.append(fast)
        writer.append(slow)
        writer.append(signalAverage)
        writer.append(seenCount)
        writer.append(value)
    }

    public mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.read(into: &fast)
        try reader.read(into: &slow)
        try reader.read(into: &signalAverage)
        seenCount = try reader.read(in: 0...leadCount)
        value = try reader.read(Double.self)
    }
}
