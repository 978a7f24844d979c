public import TradingModel

/// Reads what a `StateWriter` wrote, in the same order.
public struct StateReader {
    private let bytes: [UInt8]
    private var offset = 0

    /// Begins at the first value of a state; the caller has looked at its version.
    public init(_ state: SavedState) { bytes = state.bytes }

    /// Whether everything was read.
    public var isAtEnd: Bool { offset == bytes.count }

    /// Lets an indicator or another part take its state back.
    public mutating func read(into part: inout some StateSaving) throws(StateError) {
        try part.load(from: &self)
    }

    /// Reads a whole number.
    public mutating func read(_: Int.Type) throws(StateError) -> Int { Int(try integer(Int64.self)) }
    /// Reads a whole number.
    public mutating func read(_: Int64.Type) throws(StateError) -> Int64 { try integer() }
    /// Reads a whole number.
    public mutating func read(_: UInt64.Type) throws(StateError) -> UInt64 { try integer() }
    /// Reads a number, bit for bit.
    public mutating func read(_: Double.Type) throws(StateError) -> Double {
        Double(bitPattern: try integer())
    }
    /// Reads a price, quantity or amount.
    public mutating func read<Value: FixedPoint>(_: Value.Type) throws(StateError) -> Value {
        Value(e8: try integer())
    }
    /// Reads a moment.
    public mutating func read(_: Timestamp.Type) throws(StateError) -> Timestamp {
        Timestamp(nanoseconds: try integer())
    }

    /// Reads a flag.
    public mutating func read(_: Bool.Type) throws(StateError) -> Bool {
        switch try integer(UInt8.self) {
        case 0: return false
        case 1: return true
        case let other: throw StateError("byte \(offset - 1) of the state is \(other) where 0 or 1 belongs")
        }
    }

    /// Reads a text.
    public mutating func read(_: String.Type) throws(StateError) -> String {
        let count = Int(try integer(UInt32.self))
        guard bytes.count - offset >= count else { throw tooShort() }
        defer { offset += count }
        guard let text = String(validating: bytes[offset..<offset + count], as: UTF8.self) else {
            throw StateError("the text at byte \(offset) of the state is not UTF-8")
        }
        return text
    }

    /// Reads numbers into an array that has as many elements as were written; no allocation.
    public mutating func read(into values: inout [Double]) throws(StateError) {
        try expect(values.count, "values")
        for index in values.indices { values[index] = try read(Double.self) }
    }

    /// Reads a whole number that must be the one given, because the reader's settings depend on it.
    public mutating func expect(_ value: Int, _ meaning: String) throws(StateError) {
        let found = try read(Int.self)
        guard found == value else {
            throw StateError("the state is one of \(meaning) \(found), not \(value): parameters have changed")
        }
    }

    /// Reads a whole number of a range.
    mutating func read(in range: ClosedRange<Int>) throws(StateError) -> Int {
        let value = try read(Int.self)
        guard range.contains(value) else {
            throw StateError("\(value) at byte \(offset - 8) of the state is not within \(range)")
        }
        return value
    }

    private mutating func integer<Value: FixedWidthInteger>(
        _: Value.Type = Value.self
    ) throws(StateError) -> Value {
        let size = MemoryLayout<Value>.size
        guard bytes.count - offset >= size else { throw tooShort() }
        defer { offset += size }
        return bytes.withUnsafeBytes {
            Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self))
        }
    }

    private func tooShort() -> StateError {
        StateError("the state ends after \(bytes.count) bytes, more are needed at byte \(offset)")
    }
}
