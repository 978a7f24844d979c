/// Wilder's relative strength index: the share of gains in all movement, 0 to 100.
///
/// TA-Lib's RSI: gains and losses begin as their mean over the first `length` changes, and are smoothed with
/// `1 / length` from there; so it is ready with the value number `length + 1`. Zero, as in TA-Lib, when nothing
/// moved at all. Values must be finite.
public struct RelativeStrengthIndex: Sendable, StateSaving {
    private var gain: WilderAverage
    private var loss: WilderAverage
    private var previous = 0.0
    private var hasPrevious = false
    /// The index; zero before it is ready.
    public private(set) var value = 0.0

    /// Looks at about the last `length` changes; traps when that is not positive.
    public init(length: Int = 14) {
        gain = WilderAverage(length: length)
        loss = WilderAverage(length: length)
    }

    /// Whether more values were added than the length.
    public var isReady: Bool { gain.isReady }

    /// Adds the next value of the series.
    public mutating func add(_ newValue: Double) {
        defer { previous = newValue }
        guard hasPrevious else {
            hasPrevious = true
            return
        }
        let change = newValue - previous
        gain.add(max(change, 0))
        loss.add(max(-change, 0))
        guard gain.isReady else { return }
        let movement = gain.value + loss.value
        value = movement > 0 ? 100 * (gain.value / movement) : 0
    }

    public func save(to writer: inout StateWriter) {
        writer.append(gain)
        writer.append(loss)
        writer.append(previous)
        writer.append(hasPrevious)
        writer.append(value)
    }

    public mutating func load(from reader: inout StateReader) throws(StateError) {
        try reader.read(into: &gain)
        try reader.read(into: &loss)
        previous = try reader.read(Double.self)
        hasPrevious = try reader.read(Bool.self)
        value = try reader.read(Double.self)
    }
}
