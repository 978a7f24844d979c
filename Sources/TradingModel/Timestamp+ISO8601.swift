extension Timestamp: CustomStringConvertible, Codable {
    /// ISO-8601 UTC text with milliseconds, such as `2020-02-22T00:00:01.096Z`.
    public var description: String { iso8601(fractionDigits: 3) }

    /// ISO-8601 UTC text, rounded down to 0 to 9 decimals of a second.
    public func iso8601(fractionDigits: Int) -> String {
        precondition((0...9).contains(fractionDigits), "fractionDigits must be 0 to 9")
        let (days, nanosecondOfDay) = nanoseconds.flooredDivision(by: 86_400_000_000_000)
        let (year, month, day) = CivilDate.date(fromDaysSinceEpoch: days)
        let second = nanosecondOfDay / 1_000_000_000
        var text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
        text += "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
        if fractionDigits > 0 {
            var fraction = nanosecondOfDay % 1_000_000_000
            for _ in fractionDigits..<9 { fraction /= 10 }
            text += "." + padded(fraction, fractionDigits)
        }
        return text + "Z"
    }

    /// Parses `YYYY-MM-DD[(T| )HH:MM[:SS[.fraction]]][Z|±HH[:MM]]`; no zone means UTC. `nil` when malformed.
    public init?(iso8601 text: some StringProtocol) {
        var copy = String(text)
        guard let value = copy.withUTF8({ Timestamp(iso8601: $0) }) else { return nil }
        self = value
    }

    /// Parses the same text from bytes, without allocating.
    public init?(iso8601 bytes: UnsafeBufferPointer<UInt8>) {
        var scanner = DigitScanner(bytes: bytes)
        guard let year = scanner.number(digits: 4), scanner.skip(0x2D),
            let month = scanner.number(digits: 2), scanner.skip(0x2D), let day = scanner.number(digits: 2),
            let days = CivilDate.daysSinceEpoch(year: year, month: month, day: day)
        else { return nil }
        var seconds: Int64 = 0
        var fraction: Int64 = 0
        if scanner.skip(0x54) || scanner.skip(0x20) {
            guard let hour = scanner.number(digits: 2), hour < 24, scanner.skip(0x3A),
                let minute = scanner.number(digits: 2), minute < 60
            else { return nil }
            seconds = hour * 3600 + minute * 60
            if scanner.skip(0x3A) {
                guard let second = scanner.number(digits: 2), second <= 60 else { return nil }
                seconds += second
                if scanner.skip(0x2E) || scanner.skip(0x2C) {
                    guard let value = scanner.fraction() else { return nil }
                    fraction = value
                }
            }
            guard let offset = scanner.zoneOffsetSeconds() else { return nil }
            seconds -= offset
        }
        guard scanner.isAtEnd, abs(days) < 106_751 else { return nil }
        self.init(nanoseconds: (days * 86_400 + seconds) * 1_000_000_000 + fraction)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Timestamp(iso8601: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "not an ISO-8601 time: \(text)")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(iso8601(fractionDigits: 9))
    }
}

/// Conversion between calendar dates and days since 1970-01-01 in the proleptic Gregorian calendar.
///
/// Formulas: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
public enum CivilDate {
    /// Days since the epoch; `nil` when the month or the day does not exist.
    public static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64? {
        guard (1...12).contains(month), day >= 1, day <= dayCount(year: year, month: month) else {
            return nil
        }
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// Year, month (1 to 12) and day (1 to 31) of a day number.
    public static func date(fromDaysSinceEpoch days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }

    private static func dayCount(year: Int64, month: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Reads fixed-width numbers from the front of a byte buffer.
private struct DigitScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var index = 0

    var isAtEnd: Bool { index == bytes.count }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    mutating func number(digits: Int) -> Int64? {
        guard index + digits <= bytes.count else { return nil }
        var value: Int64 = 0
        for _ in 0..<digits {
            let digit = bytes[index] &- 0x30
            guard digit <= 9 else { return nil }
            value = value * 10 + Int64(digit)
            index += 1
        }
        return value
    }

    /// One to nine digits as nanoseconds; further digits are cut off.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var digitCount = 0
        while index < bytes.count, bytes[index] &- 0x30 <= 9 {
            if digitCount < 9 { value = value * 10 + Int64(bytes[index] &- 0x30) }
            digitCount += 1
            index += 1
        }
        guard digitCount > 0 else { return nil }
        for _ in min(digitCount, 9)..<9 { value *= 10 }
        return value
    }

    /// Seconds east of UTC: 0 for `Z` or nothing; `nil` when malformed.
    mutating func zoneOffsetSeconds() -> Int64? {
        if isAtEnd || skip(0x5A) { return 0 }
        let sign: Int64 = skip(0x2B) ? 1 : skip(0x2D) ? -1 : 0
        guard sign != 0, let hours = number(digits: 2), hours <= 14 else { return nil }
        var minutes: Int64 = 0
        if !isAtEnd {
            _ = skip(0x3A)
            guard let value = number(digits: 2), value < 60 else { return nil }
            minutes = value
        }
        return sign * (hours * 3600 + minutes * 60)
    }
}

private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

extension Int64 {
    /// Quotient rounded towards negative infinity, and the remainder from 0 to `divisor - 1`.
    package func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let remainder = self % divisor
        return remainder < 0
            ? (self / divisor - 1, remainder + divisor) : (self / divisor, remainder)
    }
}
