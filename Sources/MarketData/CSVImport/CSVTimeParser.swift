import TradingModel

/// Turns the cells of one time column into nanoseconds since the epoch.
///
/// Whether the column holds plain numbers (and of which unit) or dates is decided by its first cell and held
/// for the file, so that no row is read in another way than its neighbours.
struct CSVTimeParser {
    /// Why a cell is no time.
    enum Failure: Error {
        case malformed
        /// The clock of the zone shows it twice.
        case ambiguous
        /// The clock of the zone never shows it.
        case missing
    }

    /// The unit of plain numbers; `nil` for dates.
    let unit: CSVTimeUnit?
    let zone: CSVZone
    private let isUnitRecognised: Bool
    private let dateOrder: CSVImportOptions.DateOrder
    /// The date read last and its day number: consecutive rows mostly share it.
    private var lastDate: (high: UInt64, low: UInt16) = (0, 0)
    private var lastDay: Int64 = 0

    /// Recognises a column by a cell; `nil` when it is no time.
    init?(
        first cell: UnsafeBufferPointer<UInt8>, unit: CSVTimeUnit? = nil, zone: CSVZone = .utc,
        dateOrder: CSVImportOptions.DateOrder? = nil
    ) {
        self.zone = zone
        isUnitRecognised = unit == nil
        let whole = UnsafeBufferPointer(rebasing: cell.prefix { $0 != 0x2E })
        let pointCount = cell.reduce(0) { $0 + ($1 == 0x2E ? 1 : 0) }
        let isYearFirst = cell.count >= 5 && cell[4] &- 0x30 > 9 && cell[2] &- 0x30 <= 9
        self.dateOrder = isYearFirst ? .yearFirst : dateOrder ?? .yearFirst
        let isDate = pointCount > 1 || (cell.count == 8 && Self.day(compact: cell) != nil)
        if let number = CSVNumber.integer(whole), unit != nil || !isDate {
            self.unit = unit ?? CSVTimeUnit(magnitudeOf: number)
        } else {
            self.unit = nil
        }
        do throws(Failure) { _ = try nanoseconds(cell) } catch { if case .malformed = error { return nil } }
    }

    /// Nanoseconds since the epoch; throws when the cell is not a time of the column's form or is out of
    /// range.
    mutating func nanoseconds(_ cell: UnsafeBufferPointer<UInt8>) throws(Failure) -> Int64 {
        if let unit {
            guard let value = epochNanoseconds(cell, unit: unit) else { throw .malformed }
            return value
        }
        guard let parts = calendarParts(cell) else { throw .malformed }
        let local = parts.day * 86_400 + parts.nanosecondOfDay / 1_000_000_000
        let offset: Int64
        if let written = parts.offset { offset = written } else { offset = try self.offset(local: local) }
        let (day, overflow) = (parts.day * 86_400 - offset).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = day.addingReportingOverflow(parts.nanosecondOfDay)
        if overflow || carry { throw .malformed }
        return sum
    }

    private func offset(local: Int64) throws(Failure) -> Int64 {
        switch zone {
        case .fixed(let seconds): return seconds
        case .place(let rules):
            switch rules.resolve(local: local) {
            case .offset(let seconds): return seconds
            case .ambiguous: throw .ambiguous
            case .missing: throw .missing
            }
        }
    }

    // MARK: Plain numbers

    private func epochNanoseconds(_ cell: UnsafeBufferPointer<UInt8>, unit: CSVTimeUnit) -> Int64? {
        let whole = UnsafeBufferPointer(rebasing: cell.prefix { $0 != 0x2E })
        guard let number = CSVNumber.integer(whole), let base = scaled(number, unit: unit) else { return nil }
        guard whole.count < cell.count else { return base }
        var fraction: Int64 = 0
        var place = unit.nanoseconds / 10
        guard whole.count + 1 < cell.count else { return nil }
        for byte in cell[(whole.count + 1)...] {
            let digit = byte &- 0x30
            guard digit <= 9 else { return nil }
            guard place > 0 || digit == 0 else { return nil }
            fraction += Int64(digit) * place
            place /= 10
        }
        return cell[0] == 0x2D ? base - fraction : base + fraction
    }

    private func scaled(_ value: Int64, unit: CSVTimeUnit) -> Int64? {
        // Nine digits and less are no time anybody trades at: more likely a malformed date or another column.
        if isUnitRecognised, CSVTimeUnit(magnitudeOf: value) != unit || value < 100_000_000 { return nil }
        let (nanoseconds, overflow) = value.multipliedReportingOverflow(by: unit.nanoseconds)
        return overflow ? nil : nanoseconds
    }

    // MARK: Dates

    /// A date's parts as written.
    struct CalendarParts {
        var day: Int64
        var nanosecondOfDay: Int64
        /// Seconds east of UTC when the cell has a zone.
        var offset: Int64?
        /// Bytes of the date.
        var dateByteCount: Int
        /// Where the zone begins; the cell's length without one.
        var zoneBegin: Int
    }

    /// A date `YYYY-MM-DD` (also with `/` and `.`, also in the column's order) or `YYYYMMDD`; then perhaps `T`, a
    /// blank or the file's delimiter and a time of day `HH:MM[:SS[.fraction]]` or `HHMMSS[mmm]`; then perhaps a
    /// zone `Z`, `UTC`, `GMT`, `±HH[:MM]` or `GMT±HHMM`.
    mutating func calendarParts(_ cell: UnsafeBufferPointer<UInt8>) -> CalendarParts? {
        guard cell.count >= 8, let address = cell.baseAddress else { return nil }
        let isSeparated =
            cell.count >= 10 && (dateOrder == .yearFirst ? cell[4] : cell[2]) &- 0x30 > 9
        var index = isSeparated ? 10 : 8
        let high = UnsafeRawPointer(address).loadUnaligned(as: UInt64.self)
        let low = isSeparated ? UnsafeRawPointer(address + 8).loadUnaligned(as: UInt16.self) : 0
        if high != lastDate.high || low != lastDate.low || high == 0 {
            let date = UnsafeBufferPointer(rebasing: cell[0..<index])
            guard let day = isSeparated ? day(separated: date) : Self.day(compact: date) else { return nil }
            lastDay = day
            lastDate = (high, low)
        }
        var parts = CalendarParts(
            day: lastDay, nanosecondOfDay: 0, dateByteCount: index, zoneBegin: cell.count)
        if index < cell.count {
            guard Self.isDateEnd(cell[index]) else { return nil }
            index += 1
            guard let time = Self.timeOfDay(cell, &index) else { return nil }
            parts.nanosecondOfDay = time
            parts.zoneBegin = index
            if index < cell.count {
                guard let zone = Self.zone(cell, &index), index == cell.count else { return nil }
                parts.offset = zone
            }
        }
        return parts
    }

    /// `T`, `t`, a blank, or what stands between a date's column and the time's.
    private static func isDateEnd(_ byte: UInt8) -> Bool {
        byte == 0x54 || byte == 0x74 || byte == 0x20 || byte == 0x2C || byte == 0x3B || byte == 0x09
    }

    private func day(separated date: UnsafeBufferPointer<UInt8>) -> Int64? {
        let yearAt: Int, monthAt: Int, dayAt: Int
        switch dateOrder {
        case .yearFirst: (yearAt, monthAt, dayAt) = (0, 5, 8)
        case .dayFirst: (yearAt, monthAt, dayAt) = (6, 3, 0)
        case .monthFirst: (yearAt, monthAt, dayAt) = (6, 0, 3)
        }
        let (first, second) = dateOrder == .yearFirst ? (4, 7) : (2, 5)
        let separator = date[first]
        guard separator == 0x2D || separator == 0x2F || separator == 0x2E, date[second] == separator,
            let year = Self.number(date, yearAt, 4), let month = Self.number(date, monthAt, 2),
            let day = Self.number(date, dayAt, 2)
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
                guard place > 0 || cell[index] == 0x30 else { return nil }
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
        var rest = UnsafeBufferPointer(rebasing: cell[index...])
        index = cell.count
        if rest.elementsEqual("Z".utf8) || rest.elementsEqual("z".utf8) || rest.elementsEqual("UTC".utf8)
            || rest.elementsEqual("GMT".utf8)
        {
            return 0
        }
        if rest.starts(with: "GMT".utf8) || rest.starts(with: "UTC".utf8) {
            rest = UnsafeBufferPointer(rebasing: rest[3...])
        }
        return zoneOffsetSeconds(rest)
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
