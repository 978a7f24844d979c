/// A moving average with a band of some standard deviations on either side.
///
/// TA-Lib's BBANDS on a simple average, ready with the value number `length`. Values must be finite.
public struct BollingerBands: Sendable, StateSaving {
    private var deviation: StandardDeviation
    /// The half-width of the band in standard deviations.
    public let width: Double

    /// Looks at the last `length` values; traps when that is not positive.
    public init(length: Int, width: Double = 2) {
        deviation = StandardDeviation(length: length)
        self.width = width
    }

    /// Whether as many values were added as the length.
    public var isReady: Bool { deviation.isReady }

    /// The moving average, the middle of the band.
    public var value: Double { deviation.mean }

    /// The average plus the width.
    public var upper: Double { deviation.mean + width * deviation.value }

    /// The average minus the width.
    public var lower: Double { deviation.mean - width * deviation.value }

    /// Adds the next value of the series.
    public mutating func add(_ value: Double) { deviation.add(value) }

    public func save(to writer: inout StateWriter) { writer.append(deviation) }
    public mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.read(into: &deviation)
    }
}
