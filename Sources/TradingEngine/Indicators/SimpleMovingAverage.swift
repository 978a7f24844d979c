/// The mean of the last values of a series.
///
/// Keeps their sum and computes it afresh once per length, so that rounding errors do not pile up over
/// millions of updates: constant time amortised, no allocation.
public struct SimpleMovingAverage: Sendable {
    private var values: [Double]
    private var next = 0
    private var sum = 0.0
    private let inverseLength: Double
    /// Whether as many values were added as the length.
    public private(set) var isReady = false
    /// The mean of the values in the window; zero before the first.
    public private(set) var value = 0.0

    /// Averages the last `length` values; traps when that is not positive.
    public init(length: Int) {
        precondition(length > 0, "an average has at least one value")
        values = Array(repeating: 0, count: length)
        inverseLength = 1 / Double(length)
    }

    /// Adds the next value of the series.
    public mutating func add(_ newValue: Double) {
        sum += newValue - values[next]
        values[next] = newValue
        next += 1
        if next == values.count {
            next = 0
            isReady = true
            sum = 0
            for value in values { sum += value }
        }
        value = isReady ? sum * inverseLength : sum / Double(next)
    }
}
