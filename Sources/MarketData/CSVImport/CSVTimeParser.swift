import TradingModel

/// Turns the cells of one time column into nanoseconds since the epoch.
///
/// Whether the column holds plain numbers (and of which unit) or dates is decided by its first cell and held
/// for the file, so that no row is read in another way than its neighbours.
struct CSVTimeParser {
    /// The unit of plain numbers; `nil` for dates.
    let unit: CSVTimeUnit?
    private let isUnitRecognised: Bool
    private let zoneOffsetSeconds: Int64
    /// The date read last and its day number: consecutive rows mostly share it.
    private var lastDate: (high: UInt64, low: UInt16) = (0, 0)
    private var lastDay: Int64 = 0

    /// Recognises a column by a cell; `nil` when it is no time.
    init?(first cell: UnsafeBufferPointer<UInt8>, unit: CSVTimeUnit?, zoneOffsetSeconds: Int64) {
        self.zoneOffsetSeconds = zoneOffsetSeconds
        isUnitRecognised = unit == nil
        let whole = UnsafeBufferPointer(rebasing: cell.prefix { $0 != 0x2E })
        let pointCount = cell.reduce(0) { $0 + ($1 == 0x2E ? 1 : 0) }
        let isDate = pointCount > 1 || (cell.count == 8 && Self.day(compact: cell) != nil)
        if let number = CSVNumber.integer(whole), unit != nil || !isDate {
            self.unit = unit ?? CSVTimeUnit(magnitudeOf: number)
        } else {
            self.unit = nil
        }
        guard nanoseconds(cell) != nil else { return nil }
    }

    /// Nanoseconds since the epoch; `nil` when the cell is not a time of the column's form or is out of
    /// range.
    @inline(__always)
    mutating func nanoseconds(_ cell: UnsafeBufferPointer<UInt8>) -> Int64? {
        if let unit { return epochNanoseconds(cell, unit: unit) }
        return calendarNanoseconds(cell)
    }

    // MARK: Plain numbers

    @inline(__always)
    private func epochNanoseconds(_ cell: UnsafeBufferPointer<UInt8>, unit: CSVTimeUnit) -> Int64? {
        let isShort = cell.count <= 18
        var value: Int64 = 0
        var index = 0
        if isShort {
            while index + 8 <= cell.count, let eight = CSVNumber.eightDigits(cell, at: index) {
                value = value &* 100_000_000 &+ eight
                index += 8
            }
            while index < cell.count {
                let digit = cell[index] &- 0x30
                guard digit <= 9 else { break }
                value = value &* 10 &+ Int64(digit)  // At most eighteen digits: below 10^18.
                index += 1
            }
        }
        guard isShort, index == cell.count, index > 0 else { return slowEpochNanoseconds(cell, unit: unit) }
        return scaled(value, unit: unit)
    }

    @inline(never)
    private func slowEpochNanoseconds(_ cell: UnsafeBufferPointer<UInt8>, unit: CSVTimeUnit) -> Int64? {
        let whole = UnsafeBufferPointer(rebasing: cell.prefix { $0 != 0x2E })
        guard let number = CSVNumber.integer(whole), let base = scaled(number, unit: unit) else { return nil }
        guard whole.count < cell.count else { return base }
        var fraction: Int64 = 0
        var place = unit.nanoseconds / 10
        guard whole.count + 1 < cell.count else { return nil }
        for byte in cell[(whole.count + 1)...] {
            let digit = byte &- 0x30
            guard digit <= 9 else { return nil }
            fraction += Int64(digit) * place
            place /= 10
        }
        return cell[0] == 0x2D ? base - fraction : base + fraction
    }

    @inline(__always)
    private func scaled(_ value: Int64, unit: CSVTimeUnit) -> Int64? {
        // Nine digits and less are no time anybody trades at: more likely a malformed date or another column.
        if isUnitRecognised, CSVTimeUnit(magnitudeOf: value) != unit || value < 100_000_000 { return nil }
        let (nanoseconds, overflow) = value.multipliedReportingOverflow(by: unit.nanoseconds)
        return overflow ? nil : nanoseconds
    }

    // MARK: Dates

    /// A date `YYYY-MM-DD` (also with `/` and `.`) or `YYYYMMDD`; then perhaps `T` or a blank and a time
    /// of day `HH:MM[:SS[.fraction]]` or `HHMMSS[mmm]`; then perhaps a zone `Z`, `UTC` or `±HH[:MM]`.
    private mutating func calendarNanoseconds(_ cell: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard cell.count >= 8, let address = cell.baseAddress else { return nil }
        let isSeparated = cell.count >= 10 && cell[4] &- 0x30 > 9
        var index = isSeparated ? 10 : 8
        let high = UnsafeRawPointer(address).loadUnaligned(as: UInt64.self)
        let low = isSeparated ? UnsafeRawPointer(address + 8).loadUnaligned(as: UInt16.self) : 0
        if high != lastDate.high || low != lastDate.low || high == 0 {
            let date = UnsafeBufferPointer(rebasing: cell[0..<index])
            guard let day = isSeparated ? Self.day(separated: date) : Self.day(compact: date) else {
                return nil
            }
            lastDay = day
            lastDate = (high, low)
        }
        var nanosecondOfDay: Int64 = 0
        var offset = zoneOffsetSeconds
        if index < cell.count {
            guard cell[index] == 0x54 || cell[index] == 0x20 || cell[index] == 0x74 else { return nil }
            index += 1
            guard let time = Self.timeOfDay(cell, &index) else { return nil }
            nanosecondOfDay = time
            if index < cell.count {
                guard let zone = Self.zone(cell, &index), index == cell.count else { return nil }
                offset = zone
            }
        }
        let (day, overflow) = (lastDay * 86_400 - offset).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = day.addingReportingOverflow(nanosecondOfDay)
        return overflow || carry ? nil : sum
    }

    private static func day(separated date: UnsafeBufferPointer<UInt8>) -> Int64? {
        let separator = date[4]
        guard separator == 0x2D || separator == 0x2F || separator == 0x2E, date[7] == separator,
            let year = number(date, 0, 4), let month = number(date, 5, 2), let day = number(date, 8, 2)
        else { return nil }
        return CivilDate.daysSinceEpoch(year: year, month: month, day: day)
    }

    private static func day(compact date: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard let year = number(date, 0, 4), (1900...2200).contains(year), let month = number(date, 4, 2),
            let day = number(date, 6, 2)
        else { return nil }
        return CivilDate.daysSinceEpoch(year: year, month: month, day: day)
    }

    private static func timeOfDay(_ cell: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Int64? {
        guard let hour = number(cell, index, 2), hour < 24 else { return nil }
        let hasColons = index + 2 < cell.count && cell[index + 2] == 0x3A
        index += hasColons ? 3 : 2
        guard let minute = number(cell, index, 2), minute < 60 else { return nil }
        index += 2
        var second: Int64 = 0
        var fraction: Int64 = 0
        if hasColons ? index < cell.count && cell[index] == 0x3A : true {
            index += hasColons ? 1 : 0
            guard let value = number(cell, index, 2), value <= 60 else { return nil }
            second = value
            index += 2
            let hasPoint = index < cell.count && (cell[index] == 0x2E || cell[index] == 0x2C)
            if hasPoint { index += 1 }
            let begin = index
            var place: Int64 = 100_000_000
            while hasPoint || !hasColons, index < cell.count, cell[index] &- 0x30 <= 9 {
                fraction += Int64(cell[index] &- 0x30) * place
                place /= 10
                index += 1
            }
            // Without a point only milliseconds are known in the wild: HHMMSSmmm.
            guard hasPoint ? index > begin : index == begin || index == begin + 3 else { return nil }
        }
        return (hour * 3600 + minute * 60 + second) * 1_000_000_000 + fraction
    }

    /// Seconds east of UTC.
    private static func zone(_ cell: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Int64? {
        if cell[index] == 0x20 { index += 1 }
        let rest = UnsafeBufferPointer(rebasing: cell[index...])
        if rest.elementsEqual("Z".utf8) || rest.elementsEqual("z".utf8) || rest.elementsEqual("UTC".utf8)
            || rest.elementsEqual("GMT".utf8)
        {
            index = cell.count
            return 0
        }
        index = cell.count
        return CSVTimeParser.zoneOffsetSeconds(rest)
    }

    /// Reads `±HH[:MM]` or `±HHMM`.
    static func zoneOffsetSeconds(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard text.count >= 3, text[0] == 0x2B || text[0] == 0x2D, let hours = number(text, 1, 2), hours <= 14
        else {
            return nil
        }
        var minutes: Int64 = 0
        if text.count > 3 {
            let begin = text[3] == 0x3A ? 4 : 3
            guard text.count == begin + 2, let value = number(text, begin, 2), value < 60 else { return nil }
            minutes = value
        }
        return (text[0] == 0x2D ? -1 : 1) * (hours * 3600 + minutes * 60)
    }

    @inline(__always)
    private static func number(_ cell: UnsafeBufferPointer<UInt8>, _ begin: Int, _ digitCount: Int) -> Int64?
    {
        guard begin + digitCount <= cell.count else { return nil }
        var value: Int64 = 0
        for index in begin..<begin + digitCount {
            let digit = cell[index] &- 0x30
            guard digit <= 9 else { return nil }
            value = value &* 10 &+ Int64(digit)
        }
        return value
    }
}

extension CSVImportOptions {
    /// Reads a fixed offset from UTC such as `-05:00`, `+0530` or `Z`, in seconds; `nil` when malformed.
    package static func zoneOffsetSeconds(_ text: String) -> Int64? {
        if text == "Z" || text == "UTC" { return 0 }
        var copy = text
        return copy.withUTF8 { CSVTimeParser.zoneOffsetSeconds($0) }
    }
}
