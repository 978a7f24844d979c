/// The last values of a series, in a buffer of fixed length, with their mean and squared deviations.
///
/// Both are updated incrementally and computed afresh once per length, so that rounding errors do not pile up
/// over millions of updates: constant time amortised, no allocation.
struct RollingWindow: Sendable {
    private var values: [Double]
    private var next = 0
    private(set) var count = 0
    private(set) var mean = 0.0
    private var squaredDeviations = 0.0

    /// Traps when the length is not positive.
    init(length: Int) {
        precondition(length > 0, "a window has at least one value")
        values = Array(repeating: 0, count: length)
    }

    var isFull: Bool { count == values.count }

    /// The mean squared distance from the mean; never negative.
    var variance: Double { count == 0 ? 0 : max(squaredDeviations, 0) / Double(count) }

    mutating func add(_ value: Double) {
        let oldest = values[next]
        values[next] = value
        next = next + 1 == values.count ? 0 : next + 1
        if count < values.count {
            // Welford's update for a growing series.
            count += 1
            let difference = value - mean
            mean += difference / Double(count)
            squaredDeviations += difference * (value - mean)
        } else {
            let meanBefore = mean
            mean += (value - oldest) / Double(count)
            squaredDeviations += (value - oldest) * (value - mean + oldest - meanBefore)
        }
        if next == 0 { recompute() }
    }

    private mutating func recompute() {
        var sum = 0.0
        for value in values { sum += value }
        mean = sum / Double(values.count)
        squaredDeviations = 0
        for value in values { squaredDeviations += (value - mean) * (value - mean) }
    }
}
