/// The mean of the last values of a series.
///
/// TA-Lib's SMA, ready with the value number `length`. Constant time, no allocation, no drift: see `RollingSum`.
/// Values must be finite.
@frozen
public struct SimpleMovingAverage: Sendable, StateSaving {
    @usableFromInline var window: RollingSum
    @usableFromInline let inverseLength: Double
    /// The mean of the values in the window; zero before the first.
    @inlinable public var value: Double { latest }
    @usableFromInline var latest = 0.0

    /// Averages the last `length` values; traps when that is not positive.
    public init(length: Int) {
        window = RollingSum(length: length)
        inverseLength = 1 / Double(length)
    }

    /// Whether as many values were added as the length.
    @inlinable public var isReady: Bool { window.isFull }

    /// Adds the next value of the series.
    @inlinable public mutating func add(_ newValue: Double) {
        window.add(newValue)
        latest = window.isFull ? window.sum * inverseLength : window.sum / Double(window.count)
    }

    public func save(to writer: inout StateWriter) {
        writer.append(window)
        writer.append(latest)
    }

    public mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.read(into: &window)
        latest = try reader.read(Double.self)
    }
}
