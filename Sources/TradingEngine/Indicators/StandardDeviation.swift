/// The standard deviation of the last values of a series, as of a whole population.
public struct StandardDeviation: Sendable {
    private var window: RollingWindow

    /// Looks at the last `length` values; traps when that is not positive.
    public init(length: Int) { window = RollingWindow(length: length) }

    /// Whether as many values were added as the length.
    public var isReady: Bool { window.isFull }

    /// The standard deviation of the values in the window; zero before the first.
    public var value: Double { window.variance.squareRoot() }

    /// The mean of the same values.
    public var mean: Double { window.mean }

    /// How many standard deviations a value is above the mean; zero when the deviation is.
    public func zScore(_ value: Double) -> Double {
        let deviation = self.value
        return deviation > 0 ? (value - mean) / deviation : 0
    }

    /// Adds the next value of the series.
    public mutating func add(_ value: Double) { window.add(value) }
}
