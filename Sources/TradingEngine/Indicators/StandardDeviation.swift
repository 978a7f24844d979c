/// The standard deviation of the last values of a series, as of a whole population (divided by the count).
///
/// TA-Lib's STDDEV with one deviation, ready with the value number `length`. TA-Lib subtracts squares of sums and
/// loses digits where the deviation is small beside the values; this one does not. Values must be finite.
public struct StandardDeviation: Sendable, StateSaving {
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

    public func save(to writer: inout StateWriter) { writer.append(window) }
    public mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.read(into: &window)
    }
}
