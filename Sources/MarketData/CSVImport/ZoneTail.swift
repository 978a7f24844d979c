import TradingModel

/// The rule of a zone for times after its last listed change, such as `EST5EDT,M3.2.0,M11.1.0`.
///
/// Read as POSIX.1 "TZ" with the extension of RFC 8536: a name, hours west of UTC, and perhaps a second name
/// with the two days of the year on which the clock is changed.
struct ZoneTail: Sendable {
    private struct Day {
        var month: Int64, week: Int64, weekday: Int64
        /// Day of the year, for the forms without a month: from 1 without 29 February, or from 0 with it.
        var dayOfYear: Int64 = -1
        var countsLeapDay = false
        var seconds: Int64 = 7200
    }

    private var standard: Int64 = 0
    private var daylight: Int64?
    private var begin = Day(month: 1, week: 1, weekday: 0)
    private var end = Day(month: 1, week: 1, weekday: 0)

    init?(_ text: [UInt8]) {
        var parser = Parser(text: text)
        guard parser.name(), let west = parser.time() else { return nil }
        standard = -west
        guard !parser.isAtEnd else { return }
        guard parser.name() else { return nil }
        var east = standard + 3600
        if parser.peek != 0x2C {
            guard let west = parser.time() else { return nil }
            east = -west
        }
        guard parser.skip(0x2C), let begin = parser.day(), parser.skip(0x2C), let end = parser.day(),
            parser.isAtEnd
        else { return nil }
        daylight = east
        self.begin = begin
        self.end = end
    }

    func offset(atUTC seconds: Int64) -> Int64 {
        guard let daylight else { return standard }
        let days = (seconds + standard) / 86_400 - ((seconds + standard) % 86_400 < 0 ? 1 : 0)
        let year = CivilDate.date(fromDaysSinceEpoch: days).year
        let start = Self.moment(begin, year: year) - standard
        let stop = Self.moment(end, year: year) - daylight
        let isDaylight = start < stop ? (start..<stop).contains(seconds) : !(stop..<start).contains(seconds)
        return isDaylight ? daylight : standard
    }

    /// Local seconds since 1970 of a change in a year.
    private static func moment(_ day: Day, year: Int64) -> Int64 {
        let newYear = CivilDate.daysSinceEpoch(year: year, month: 1, day: 1) ?? 0
        if day.dayOfYear >= 0 {
            let isLeap = CivilDate.daysSinceEpoch(year: year, month: 2, day: 29) != nil
            let shift: Int64 = day.countsLeapDay ? 0 : (isLeap && day.dayOfYear >= 60 ? 0 : -1)
            return (newYear + day.dayOfYear + shift) * 86_400 + day.seconds
        }
        let first = CivilDate.daysSinceEpoch(year: year, month: day.month, day: 1) ?? 0
        // 1970-01-01 was a Thursday, number 4.
        let weekday = ((first + 4) % 7 + 7) % 7
        var number = first + (day.weekday - weekday + 7) % 7 + (day.week - 1) * 7
        let next =
            CivilDate.daysSinceEpoch(
                year: day.month == 12 ? year + 1 : year, month: day.month % 12 + 1, day: 1) ?? 0
        while number >= next { number -= 7 }
        return number * 86_400 + day.seconds
    }

    private struct Parser {
        let text: [UInt8]
        var index = 0

        var isAtEnd: Bool { index == text.count }
        var peek: UInt8 { index < text.count ? text[index] : 0 }

        mutating func skip(_ byte: UInt8) -> Bool {
            guard peek == byte else { return false }
            index += 1
            return true
        }

        mutating func name() -> Bool {
            let start = index
            if skip(0x3C) {
                while !isAtEnd, peek != 0x3E { index += 1 }
                return skip(0x3E)
            }
            while (0x41...0x5A).contains(peek & 0xDF) { index += 1 }
            return index - start >= 3
        }

        mutating func number() -> Int64? {
            var value: Int64 = 0
            let start = index
            while index - start < 4, peek &- 0x30 <= 9 {
                value = value * 10 + Int64(peek - 0x30)
                index += 1
            }
            return index > start ? value : nil
        }

        /// Seconds of `[+-]hh[:mm[:ss]]`.
        mutating func time() -> Int64? {
            let isNegative = skip(0x2D)
            if !isNegative { _ = skip(0x2B) }
            guard var value = number() else { return nil }
            value *= 3600
            for unit: Int64 in [60, 1] where skip(0x3A) {
                guard let part = number() else { return nil }
                value += part * unit
            }
            return isNegative ? -value : value
        }

        mutating func day() -> Day? {
            var day = Day(month: 1, week: 1, weekday: 0)
            if skip(0x4D) {
                guard let month = number(), (1...12).contains(month), skip(0x2E), let week = number(),
                    (1...5).contains(week), skip(0x2E), let weekday = number(), weekday <= 6
                else { return nil }
                (day.month, day.week, day.weekday) = (month, week, weekday)
            } else {
                day.countsLeapDay = !skip(0x4A)
                guard let number = number(), number <= 366 else { return nil }
                day.dayOfYear = number
            }
            if skip(0x2F) {
                guard let seconds = time() else { return nil }
                day.seconds = seconds
            }
            return day
        }
    }
}
