/// How many standard deviations the newest value is above the mean of the last ones, itself among them.
///
/// `(value - mean) / deviation` with the deviation of a whole population; zero when the deviation is. Ready with
/// the value number `length`. TA-Lib has none; this is what its SMA and STDDEV give. Values must be finite.
public struct ZScore: Sendable, StateSaving {
    private var deviation: StandardDeviation
    /// The score; zero before the second value.
    public private(set) var value = 0.0

    /// Looks at the last `length` values; traps when that is not positive.
    public init(length: Int) { deviation = StandardDeviation(length: length) }

    /// Whether as many values were added as the length.
    public var isReady: Bool { deviation.isReady }

    /// Adds the next value of the series.
    public mutating func add(_ newValue: Double) {
        deviation.add(newValue)
        value = deviation.zScore(newValue)
    }

    public func save(to writer: inout StateWriter) {
        writer.append(deviation)
        writer.append(value)
    }

    public mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.read(into: &deviation)
        value = try reader.read(Double.self)
    }
}
