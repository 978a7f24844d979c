public import TradingModel

/// Writes a strategy's state as bytes: fixed-size little-endian values without names, in the order of the calls.
///
///     func save() -> SavedState? {
///         var writer = StateWriter()
///         writer.append(average)
///         writer.append(entryPrice)
///         return writer.state(version: 1)
///     }
///
/// `StateReader` reads the same values in the same order. Raise the version when the order changes.
public struct StateWriter {
    private var writer = ByteWriter()

    /// Makes a writer without content.
    public init() {}

    /// What was written, under the version of the strategy's own layout.
    public func state(version: UInt32) -> SavedState { SavedState(version: version, bytes: writer.bytes) }

    /// Writes an indicator or another part that saves itself.
    public mutating func append(_ part: some StateSaving) { part.save(to: &self) }

    /// Writes eight bytes.
    public mutating func append(_ value: Int) { writer.append(Int64(value)) }
    /// Writes eight bytes.
    public mutating func append(_ value: Int64) { writer.append(value) }
    /// Writes eight bytes.
    public mutating func append(_ value: UInt64) { writer.append(value) }
    /// Writes the bits of the number, so that the same number comes back, NaN and -0 included.
    public mutating func append(_ value: Double) { writer.append(value.bitPattern) }
    /// Writes one byte.
    public mutating func append(_ value: Bool) { writer.append(UInt8(value ? 1 : 0)) }
    /// Writes a price, quantity or amount exactly.
    public mutating func append(_ value: some FixedPoint) { writer.append(value.e8) }
    /// Writes a moment.
    public mutating func append(_ value: Timestamp) { writer.append(value.nanoseconds) }
    /// Writes a text.
    public mutating func append(_ value: String) { writer.append(value) }

    /// Writes a count and the numbers.
    public mutating func append(_ values: [Double]) {
        append(values.count)
        for value in values { append(value) }
    }
}
