/// A decimal number held as a 64-bit integer at the fixed scale of 10^-8.
///
/// Addition and subtraction are exact and trap on overflow; products and quotients go through 128 bits.
/// The range is about ±92 billion; the resolution is 0.00000001.
public protocol FixedPoint: Hashable, Comparable, Sendable, BitwiseCopyable, CustomStringConvertible, Codable
{
    /// The value in units of 10^-8.
    var e8: Int64 { get }

    /// Makes a value from units of 10^-8.
    init(e8: Int64)
}

extension FixedPoint {
    /// The number of 10^-8 units in one.
    @inlinable public static var scale: Int64 { 100_000_000 }

    /// Zero.
    @inlinable public static var zero: Self { Self(e8: 0) }

    /// Makes a value from a whole number; traps when it is outside ±92 billion.
    @inlinable public init(_ whole: Int) { self.init(e8: Int64(whole) * Self.scale) }

    /// Makes the value nearest to a floating-point number (half away from zero), for parameters and
    /// indicators; `nil` when it is not finite or out of range.
    @inlinable public init?(rounding value: Double) {
        let scaled = (value * 1e8).rounded(.toNearestOrAwayFromZero)
        guard scaled.isFinite, abs(scaled) < 9.2e18 else { return nil }
        self.init(e8: Int64(scaled))
    }

    /// The nearest floating-point number, for indicators and display; never for accounting.
    @inlinable public var doubleValue: Double { Double(e8) / 1e8 }

    /// Whether this value is zero.
    @inlinable public var isZero: Bool { e8 == 0 }

    /// Whether this value is a whole multiple of `increment`; every value is when it is zero.
    @inlinable public func isMultiple(of increment: Self) -> Bool {
        increment.e8 == 0 || e8 % increment.e8 == 0
    }

    @inlinable public static func < (left: Self, right: Self) -> Bool { left.e8 < right.e8 }
    @inlinable public static func + (left: Self, right: Self) -> Self { Self(e8: left.e8 + right.e8) }
    @inlinable public static func - (left: Self, right: Self) -> Self { Self(e8: left.e8 - right.e8) }
    @inlinable public static prefix func - (value: Self) -> Self { Self(e8: -value.e8) }
    @inlinable public static func * (left: Self, right: Int) -> Self { Self(e8: left.e8 * Int64(right)) }
    @inlinable public static func += (left: inout Self, right: Self) { left = left + right }
    @inlinable public static func -= (left: inout Self, right: Self) { left = left - right }

    /// The distance from zero; traps for `Int64.min`.
    @inlinable public var magnitude: Self { Self(e8: e8 < 0 ? -e8 : e8) }

    /// Rounds towards negative infinity to a multiple of `increment`; unchanged when that is not positive.
    @inlinable public func roundedDown(to increment: Self) -> Self {
        guard increment.e8 > 0 else { return self }
        let remainder = e8 % increment.e8
        return Self(e8: e8 - (remainder < 0 ? remainder + increment.e8 : remainder))
    }

    /// Rounds towards positive infinity to a multiple of `increment`; unchanged when that is not positive.
    @inlinable public func roundedUp(to increment: Self) -> Self {
        let down = roundedDown(to: increment)
        return down == self ? self : down + increment
    }
}

// MARK: - Text

extension FixedPoint {
    /// Parses decimal text exactly: an optional sign, digits, an optional point and digits.
    ///
    /// Returns `nil` for anything else, for more than eight significant decimals and for values out of range.
    public init?(_ text: some StringProtocol) {
        var copy = String(text)
        let parsed = copy.withUTF8 { FixedPointText.parse($0) }
        guard let parsed else { return nil }
        self.init(e8: parsed)
    }

    /// Decimal text without trailing zeros, such as `9682.01`.
    public var description: String { FixedPointText.format(e8) }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            guard let value = Self(text) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "not a decimal: \(text)")
            }
            self = value
            return
        }
        guard let value = Self(rounding: try container.decode(Double.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "number out of range")
        }
        self = value
    }

    /// Encodes as decimal text, so that no reader loses digits.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Exact conversion between decimal text and units of 10^-8.
public enum FixedPointText {
    /// Parses `[+-]digits[.digits]` (at least one digit); `nil` when malformed, too fine or out of range.
    @inlinable public static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
        var index = 0
        let count = bytes.count
        var isNegative = false
        if index < count, bytes[index] == 0x2D || bytes[index] == 0x2B {
            isNegative = bytes[index] == 0x2D
            index += 1
        }
        var value: UInt64 = 0
        var digitCount = 0
        var decimals = -1
        while index < count {
            let byte = bytes[index]
            index += 1
            if byte == 0x2E, decimals < 0 {
                decimals = 0
                continue
            }
            let digit = UInt64(byte &- 0x30)
            guard digit <= 9 else { return nil }
            digitCount += 1
            if decimals >= 8 {
                guard digit == 0 else { return nil }
                continue
            }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(digit)
            guard !overflow, !carry else { return nil }
            value = sum
            if decimals >= 0 { decimals += 1 }
        }
        guard digitCount > 0 else { return nil }
        var missing = 8 - max(decimals, 0)
        while missing > 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            value = product
            missing -= 1
        }
        guard value <= UInt64(Int64.max) else { return nil }
        return isNegative ? -Int64(value) : Int64(value)
    }

    /// The text of a number without an exponent: `5e-05` becomes `0.00005`; other texts stay as they are.
    public static func withoutExponent(_ text: String) -> String {
        let parts = text.split(separator: "e", omittingEmptySubsequences: false)
        guard parts.count == 2, let exponent = Int(parts[1]), abs(exponent) <= 400 else { return text }
        var digits = parts[0]
        let sign = digits.hasPrefix("-") ? "-" : ""
        if !sign.isEmpty { digits = digits.dropFirst() }
        let halves = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count <= 2, let whole = halves.first else { return text }
        let all = String(whole) + (halves.count == 2 ? String(halves[1]) : "")
        let point = whole.count + exponent
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + all }
        if point >= all.count { return sign + all + String(repeating: "0", count: point - all.count) }
        return sign + String(all.prefix(point)) + "." + String(all.dropFirst(point))
    }

    /// Decimal text without trailing zeros.
    public static func format(_ e8: Int64) -> String {
        let magnitude = e8.magnitude
        let whole = magnitude / 100_000_000
        var fraction = magnitude % 100_000_000
        var text = (e8 < 0 ? "-" : "") + String(whole)
        guard fraction > 0 else { return text }
        var width = 8
        while fraction % 10 == 0 {
            fraction /= 10
            width -= 1
        }
        let digits = String(fraction)
        text += "." + String(repeating: "0", count: width - digits.utf8.count) + digits
        return text
    }
}
