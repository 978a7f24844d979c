import TradingModel

/// Exact numbers from the bytes of a cell.
enum CSVNumber {
    /// What a failed parse returns; no decimal has this value.
    static let invalid = Int64.min

    /// Parses `[+-]digits[.digits]` or the same with an exponent into units of 10^-8; `invalid` otherwise,
    /// and for more than eight significant decimals and values out of range.
    ///
    /// - Parameter mark: the byte before the decimals.
    static func decimal(_ cell: UnsafeBufferPointer<UInt8>, mark: UInt8 = 0x2E) -> Int64 {
        if mark != 0x2E, cell.contains(where: { $0 == mark || $0 == 0x2E }) {
            guard !cell.contains(0x2E) else { return invalid }
            let pointed = cell.map { $0 == mark ? 0x2E : $0 }
            return pointed.withUnsafeBufferPointer { decimal($0) }
        }
        guard let place = cell.firstIndex(where: { $0 | 0x20 == 0x65 }) else {
            return FixedPointText.parse(cell) ?? invalid
        }
        guard let exponent = smallInteger(UnsafeBufferPointer(rebasing: cell[(place + 1)...])) else {
            return invalid
        }
        return scientific(UnsafeBufferPointer(rebasing: cell[..<place]), exponent: exponent)
    }

    /// The point is moved in the text itself, so that nothing is rounded on the way.
    private static func scientific(_ mantissa: UnsafeBufferPointer<UInt8>, exponent: Int) -> Int64 {
        guard mantissa.count <= 24, abs(exponent) <= 30 else { return invalid }
        var digits: [UInt8] = []
        var fractionCount = 0
        var hasPoint = false
        var sign: [UInt8] = []
        for (index, byte) in mantissa.enumerated() {
            if index == 0, byte == 0x2D || byte == 0x2B {
                sign = [byte]
            } else if byte == 0x2E, !hasPoint {
                hasPoint = true
            } else if byte &- 0x30 <= 9 {
                digits.append(byte)
                fractionCount += hasPoint ? 1 : 0
            } else {
                return invalid
            }
        }
        guard !digits.isEmpty else { return invalid }
        fractionCount -= exponent
        while fractionCount < 0 {
            digits.append(0x30)
            fractionCount += 1
        }
        while digits.count <= fractionCount { digits.insert(0x30, at: 0) }
        digits.insert(0x2E, at: digits.count - fractionCount)
        return (sign + digits).withUnsafeBufferPointer { FixedPointText.parse($0) ?? invalid }
    }

    /// A whole number of units of ten to the power of `exponent`, -18 to -1, in units of 10^-8; `invalid` unless
    /// it is exact.
    static func scaledInteger(_ cell: UnsafeBufferPointer<UInt8>, exponent: Int) -> Int64 {
        guard let value = integer(cell) else { return invalid }
        return shifted(value, by: exponent + 8)
    }

    /// A value times ten to a power; `invalid` when that is not exact or out of range.
    static func shifted(_ value: Int64, by exponent: Int) -> Int64 {
        guard value != invalid else { return invalid }
        guard exponent < 0 else {
            guard exponent <= 18 else { return value == 0 ? 0 : invalid }
            let (product, overflow) = value.multipliedReportingOverflow(by: powersOfTen(exponent))
            return overflow ? invalid : product
        }
        guard exponent >= -18 else { return value == 0 ? 0 : invalid }
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: powersOfTen(-exponent))
        return remainder == 0 ? quotient : invalid
    }

    /// Parses digits with an optional sign; `nil` when malformed or out of range.
    static func integer(_ cell: UnsafeBufferPointer<UInt8>) -> Int64? {
        var value: Int64 = 0
        var index = 0
        let isNegative = cell.first == 0x2D
        if isNegative { index = 1 }
        guard index < cell.count else { return nil }
        while index < cell.count {
            let digit = cell[index] &- 0x30
            guard digit <= 9 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(digit))
            guard !overflow, !carry else { return nil }
            value = sum
            index += 1
        }
        return isNegative ? -value : value
    }

    /// 10 to the power of 0 to 18; traps outside.
    static func powersOfTen(_ exponent: Int) -> Int64 {
        var value: Int64 = 1
        for _ in 0..<exponent { value *= 10 }
        return value
    }

    /// How many decimals a value in units of 10^-8 has.
    static func significantDecimals(of e8: Int64) -> Int {
        var rest = e8.magnitude % 100_000_000
        guard rest != 0 else { return 0 }
        var count = 8
        while rest % 10 == 0 {
            rest /= 10
            count -= 1
        }
        return count
    }

    private static func smallInteger(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        let digits = bytes.first == 0x2B ? UnsafeBufferPointer(rebasing: bytes[1...]) : bytes
        guard let value = integer(digits), value.magnitude < 1000 else { return nil }
        return Int(value)
    }
}
