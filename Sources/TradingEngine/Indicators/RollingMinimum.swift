/// The smallest of the last values of a series.
///
/// TA-Lib's MIN, ready with the value number `length`; before that of the values there are. Constant time on
/// average (a monotonic queue), no allocation. Values must not be NaN.
public struct RollingMinimum: Sendable, StateSaving {
    private var window: RollingExtreme

    /// Looks at the last `length` values; traps when that is not positive.
    public init(length: Int) { window = RollingExtreme(length: length, isMaximum: false) }

    /// Whether as many values were added as the length.
    public var isReady: Bool { window.isFull }

    /// The smallest value in the window; zero before the first.
    public var value: Double { window.value }

    /// Adds the next value of the series.
    public mutating func add(_ value: Double) { window.add(value) }

    public func save(to writer: inout StateWriter) { writer.append(window) }
    public mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.read(into: &window)
    }
}
