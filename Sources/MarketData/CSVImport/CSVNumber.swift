import TradingModel

/// Exact numbers from the bytes of a cell.
enum CSVNumber {
    /// What a failed parse returns; no decimal has this value.
    static let invalid = Int64.min

    /// Parses `[+-]digits[.digits]` or the same with an exponent into units of 10^-8; `invalid` otherwise,
    /// and for more than eight significant decimals and values out of range.
    ///
    /// - Parameter decimals: raised to the number's significant decimals when they are more.
    @inline(__always)
    static func decimal(_ cell: UnsafeBufferPointer<UInt8>, decimals: inout Int) -> Int64 {
        var index = 0
        let count = cell.count
        // Eighteen digits and a point cannot overflow below; longer cells go the slow way.
        guard count > 0, count <= 19 else { return slowDecimal(cell, decimals: &decimals) }
        let isNegative = cell[0] == 0x2D
        if isNegative || cell[0] == 0x2B { index = 1 }
        let first = index
        var value: Int64 = 0
        while index < count {
            let digit = cell[index] &- 0x30
            guard digit <= 9 else { break }
            value = value &* 10 &+ Int64(digit)
            index += 1
        }
        var fractionCount = 0
        var significantCount = 0
        if index < count, cell[index] == 0x2E {
            let point = index
            index += 1
            while index < count {
                let digit = cell[index] &- 0x30
                guard digit <= 9 else { break }
                value = value &* 10 &+ Int64(digit)
                index += 1
                if digit != 0 { significantCount = index - point - 1 }
            }
            fractionCount = index - point - 1
            guard index - first > 1 else { return invalid }
        }
        guard index == count, index > first, fractionCount <= 8, index - first <= 18 else {
            return slowDecimal(cell, decimals: &decimals)
        }
        let (scaled, overflow) = value.multipliedReportingOverflow(by: powersOfTen(8 - fractionCount))
        guard !overflow else { return invalid }
        if significantCount > decimals { decimals = significantCount }
        return isNegative ? -scaled : scaled
    }

    /// The general case: many digits, exponents; and everything malformed ends here.
    @inline(never)
    static func slowDecimal(_ cell: UnsafeBufferPointer<UInt8>, decimals: inout Int) -> Int64 {
        guard let mark = cell.firstIndex(where: { $0 | 0x20 == 0x65 }) else {
            guard let value = FixedPointText.parse(cell), value != invalid else { return invalid }
            decimals = max(decimals, significantDecimals(of: value))
            return value
        }
        guard let exponent = smallInteger(UnsafeBufferPointer(rebasing: cell[(mark + 1)...])) else {
            return invalid
        }
        let mantissa = UnsafeBufferPointer(rebasing: cell[..<mark])
        guard mantissa.count <= 24, abs(exponent) <= 30 else { return invalid }
        // The point is moved in the text itself, so that nothing is rounded on the way.
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
        return (sign + digits).withUnsafeBufferPointer { text in
            guard let value = FixedPointText.parse(text), value != invalid else { return invalid }
            decimals = max(decimals, significantDecimals(of: value))
            return value
        }
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

    /// The value of the eight bytes from `index` on, which must be in the cell; `nil` unless all are digits.
    @inline(__always)
    static func eightDigits(_ cell: UnsafeBufferPointer<UInt8>, at index: Int) -> Int64? {
        guard let address = cell.baseAddress else { return nil }
        let word = UInt64(littleEndian: UnsafeRawPointer(address + index).loadUnaligned(as: UInt64.self))
        let high: UInt64 = 0xF0F0_F0F0_F0F0_F0F0
        // Digits have the high half 3, and still have it after adding 6 to the low one.
        guard word & high == 0x3030_3030_3030_3030,
            (word &+ 0x0606_0606_0606_0606) & high == 0x3030_3030_3030_3030
        else { return nil }
        // Neighbours are joined to numbers of two, four and eight digits; none overflows its part.
        let digits = word & 0x0F0F_0F0F_0F0F_0F0F
        let pairs = (digits &* 10 &+ digits >> 8) & 0x00FF_00FF_00FF_00FF
        let quads = (pairs &* 100 &+ pairs >> 16) & 0x0000_FFFF_0000_FFFF
        return Int64(truncatingIfNeeded: (quads &* 10_000 &+ quads >> 32) & 0xFFFF_FFFF)
    }

    /// 10 to the power of 0 to 8.
    @inline(__always)
    static func powersOfTen(_ exponent: Int) -> Int64 {
        switch exponent {
        case 0: 1
        case 1: 10
        case 2: 100
        case 3: 1000
        case 4: 10_000
        case 5: 100_000
        case 6: 1_000_000
        case 7: 10_000_000
        default: 100_000_000
        }
    }

    private static func smallInteger(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        let digits = bytes.first == 0x2B ? UnsafeBufferPointer(rebasing: bytes[1...]) : bytes
        guard let value = integer(digits), value.magnitude < 1000 else { return nil }
        return Int(value)
    }

    private static func significantDecimals(of e8: Int64) -> Int {
        var rest = e8.magnitude % 100_000_000
        guard rest != 0 else { return 0 }
        var count = 8
        while rest % 10 == 0 {
            rest /= 10
            count -= 1
        }
        return count
    }
}
