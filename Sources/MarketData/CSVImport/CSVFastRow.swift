import TradingModel

/// Reads rows straight from the bytes of a buffer, cell by cell in the order of the columns, without looking for
/// the row's end first. This is the one place of the import that works on bare addresses.
///
/// It takes only rows that hold no surprise (plain digits, the date of the rows before, known symbols); for every
/// other row it says so, and `CSVRowParser` reads that one from its begin, which is also where faults are found
/// and named. Both ways give the same records: a test compares them over random rows.
///
/// Safety: the bytes given must end with a line feed that is followed by at least `paddingByteCount` readable
/// bytes. No cell is read past a byte that is no part of it, a line feed is part of none, and each look ahead is
/// at most two words long, so nothing is read beyond the padding. Not thread-safe.
final class CSVFastRow {
    /// Readable bytes that must follow the last line feed.
    static let paddingByteCount = 32

    enum Kind {
        case skip, epoch, calendar, price, pointed, size, nano, integer, symbol, fixedSymbol, side, maker,
            letter
    }

    struct Cell {
        var kind: Kind
        /// The field's slot; for `fixedSymbol` none.
        var slot: Int
        /// What a decimal in the row before looked like, and the next one most likely does too.
        var form: UnsafePointer<CSVDecimalForm>
        /// The first eight digits of a number of seconds or parts of them in the row before, and what they stand for; at first
        /// those of 10000000, since no row may match what are no digits.
        var head: UInt64 = 0x3030_3030_3030_3031
        var headValue: UInt64 = 10_000_000
    }

    /// What the last date of a time column looked like; rows of the same date are read fast.
    struct Calendar {
        var isReady = false
        var hasColons = false
        var dateByteCount = 8
        var head: UInt64 = 0, tail: UInt64 = 0
        var separator: UInt8 = 0
        /// Nanoseconds of the day's begin, the zone taken into account.
        var base: Int64 = 0
        var suffix: UInt64 = 0, suffixMask: UInt64 = 0
        var suffixByteCount = 0
    }

    /// Whether rows may be tried at all: all columns are of a kind read here, and the first row was read.
    private(set) var isReady = false
    private let cells: UnsafeMutablePointer<Cell>
    private let cellCount: Int
    private let slots: UnsafeMutablePointer<Int64>
    private let calendars: UnsafeMutablePointer<Calendar>
    private let powers: UnsafeMutablePointer<Int64>
    private let epochDigits: UnsafeMutablePointer<Int>
    private let epochUnits: UnsafeMutablePointer<Int64>
    private let delimiter: UInt8
    private let delimiters: UInt64
    private let decimalMark: UInt8
    private let forms: CSVDecimalForms
    private let sizeFactor: Int64
    private let allowsEmptyID: Bool
    private let parser: CSVRowParser
    private let table: CSVSymbolTable
    private let builder: CSVRecordBuilder
    private var fixedSymbol = -1
    private let isSupported: Bool
    private let hasSymbolColumn: Bool
    private let hasTwoPriceForms: Bool

    init(parser: CSVRowParser, options: CSVImportOptions) {
        self.parser = parser
        table = parser.table
        builder = parser.builder
        slots = parser.builder.slots
        let layout = parser.layout
        delimiter = layout.delimiter
        delimiters = UInt64(layout.delimiter) &* 0x0101_0101_0101_0101
        decimalMark = options.decimalMark
        forms = CSVDecimalForms(mark: options.decimalMark)
        allowsEmptyID = options.format.hasForeignIDs
        let exponent = options.sizeExponent ?? options.format.sizeExponent
        sizeFactor = (0...10).contains(exponent) ? CSVNumber.powersOfTen(exponent) : 1
        isSupported = (0...10).contains(exponent) && options.priceExponent == 0
        let form = forms.first
        var plan = [Cell](
            repeating: Cell(kind: .skip, slot: 0, form: form), count: layout.columnCount)
        for (field, column) in parser.plan {
            plan[column] = Cell(kind: Self.kind(of: field, parser), slot: field.index, form: form)
        }
        if let date = layout[.date], let time = layout[.time] {
            plan[date] = plan[time]
            plan.remove(at: time)
        }
        hasSymbolColumn = plan.contains { $0.kind == .symbol }
        hasTwoPriceForms = options.format.hasNanoPrices
        cellCount = plan.count
        cells = .allocate(capacity: plan.count)
        cells.initialize(from: plan, count: plan.count)
        calendars = .allocate(capacity: CSVField.allCases.count)
        calendars.initialize(repeating: Calendar(), count: CSVField.allCases.count)
        epochDigits = .allocate(capacity: CSVField.allCases.count)
        epochDigits.initialize(repeating: 0, count: CSVField.allCases.count)
        epochUnits = .allocate(capacity: CSVField.allCases.count)
        epochUnits.initialize(repeating: 1, count: CSVField.allCases.count)
        powers = .allocate(capacity: 10)
        for exponent in 0..<10 { (powers + exponent).initialize(to: CSVNumber.powersOfTen(exponent)) }
    }

    deinit {
        cells.deallocate()
        calendars.deallocate()
        epochDigits.deallocate()
        epochUnits.deallocate()
        powers.deallocate()
    }

    private static func kind(of field: CSVField, _ parser: CSVRowParser) -> Kind {
        switch field.value {
        case .time: parser.timeParsers[field]?.unit == nil ? .calendar : .epoch
        case .price: .price
        case .size: .size
        case .integer: .integer
        case .symbol: parser.fixedSymbolText == nil ? .symbol : .fixedSymbol
        case .side: .side
        case .maker: .maker
        case .letter: .letter
        case .date: .skip
        }
    }

    /// Learns from a row that the general way has read: the date of its times, the length of its numbers.
    func learn(from scanner: borrowing CSVLineScanner) {
        guard isSupported else { return }
        for (field, column) in parser.plan where field.value == .time {
            var cell = scanner.cell(column)
            if field == .time, let date = parser.layout[.date] { cell = scanner.cells(date, through: column) }
            if let unit = parser.timeParsers[field]?.unit {
                epochDigits[field.index] = cell.allSatisfy { CSVDigits.isDigit($0) } ? cell.count : 0
                epochUnits[field.index] = unit.nanoseconds
            } else {
                calendars[field.index] = calendar(of: cell, field)
            }
        }
        if parser.priceForm == .undecided { return }
        if hasTwoPriceForms {
            let kind = parser.priceForm == .nano ? Kind.nano : .pointed
            for index in 0..<cellCount where cells[index].kind == .price { cells[index].kind = kind }
        }
        if fixedSymbol < 0, !hasSymbolColumn, let index = try? parser.fixedSymbolIndex() {
            fixedSymbol = index
        }
        isReady = true
    }

    private func calendar(of cell: UnsafeBufferPointer<UInt8>, _ field: CSVField) -> Calendar {
        var calendar = Calendar()
        guard var time = parser.timeParsers[field], let parts = time.calendarParts(cell),
            let address = cell.baseAddress, parts.dateByteCount + 7 <= parts.zoneBegin,
            let base = Self.dayBase(parts, zone: time.zone)
        else { return calendar }
        let length = parts.dateByteCount
        calendar.hasColons = cell[length + 3] == 0x3A
        // Without seconds there is nothing to gain: such rows are bars.
        guard !calendar.hasColons || length + 9 <= parts.zoneBegin else { return calendar }
        let suffixCount = cell.count - parts.zoneBegin
        guard suffixCount <= 8 else { return calendar }
        calendar.dateByteCount = length
        calendar.head = CSVDigits.word(address)
        calendar.tail = CSVDigits.word(address + length - 8)
        calendar.separator = cell[length]
        calendar.base = base
        for index in 0..<suffixCount {
            calendar.suffix |= UInt64(cell[parts.zoneBegin + index]) << UInt64(8 * index)
            calendar.suffixMask |= 0xFF << UInt64(8 * index)
        }
        calendar.suffixByteCount = suffixCount
        calendar.isReady = true
        return calendar
    }

    /// Nanoseconds of a day's begin where the zone keeps its distance from UTC all day; `nil` otherwise and near
    /// the ends of time.
    private static func dayBase(_ parts: CSVTimeParser.CalendarParts, zone: CSVZone) -> Int64? {
        guard abs(parts.day) < 100_000 else { return nil }
        var offset = parts.offset
        if offset == nil {
            switch zone {
            case .fixed(let seconds): offset = seconds
            case .place(let rules):
                guard rules.isConstant(overDay: parts.day) else { return nil }
                offset = rules.offset(atUTC: parts.day * 86_400)
            }
        }
        return offset.map { (parts.day * 86_400 - $0) * 1_000_000_000 }
    }
}

// MARK: - Rows

extension CSVFastRow {
    /// Reads the row that begins at `start`: writes its records, at most two, sets their number and gives where
    /// the next row begins; `nil`, with nothing counted anywhere, when the row must go the general way.
    @inline(__always)
    func row(
        _ start: UnsafePointer<UInt8>, lineNumber: Int, into target: UnsafeMutablePointer<MarketEvent>,
        count: inout Int
    ) -> UnsafePointer<UInt8>? {
        var position = start
        var priceDecimals = 0
        var sizeDecimals = 0
        var symbol = fixedSymbol
        let last = cellCount &- 1
        var index = 0
        while true {
            let cell = cells + index
            let slot = cell.pointee.slot
            var end: UnsafePointer<UInt8>?
            switch cell.pointee.kind {
            case .price: end = decimal(position, cell, slots + slot, &priceDecimals)
            case .pointed:
                var decimals = 0
                end = decimal(position, cell, slots + slot, &decimals)
                // Where whole numbers would mean something else, a price without a point is no number.
                guard decimals > 0 else { return nil }
                if decimals > priceDecimals { priceDecimals = decimals }
            case .size: end = size(position, cell, slots + slot, &sizeDecimals)
            case .epoch: end = epoch(position, cell)
            case .calendar: end = calendarTime(position, calendars + slot, &slots[slot])
            case .skip: end = skip(position)
            case .nano:
                end = nano(position, &slots[slot])
                priceDecimals = 9
            case .integer: end = integer(position, &slots[slot])
            case .symbol: end = symbolEnd(position, &symbol)
            case .fixedSymbol: end = fixedSymbolEnd(position)
            case .side: end = side(position)
            case .maker: end = maker(position)
            case .letter: end = letter(position, slot)
            }
            guard let end else { return nil }
            if index < last {
                guard end[0] == delimiter else { return nil }
                position = end + 1
                index &+= 1
                continue
            }
            if end[0] == 0x0A {
                position = end + 1
            } else {
                guard end[0] == 0x0D, end[1] == 0x0A else { return nil }
                position = end + 2
            }
            break
        }
        guard symbol >= 0, position - start <= Limits.csvLineBytesMax else { return nil }
        let result = builder.build(
            into: target, symbol: symbol, lineNumber: lineNumber, priceDecimals: priceDecimals,
            sizeDecimals: sizeDecimals)
        guard result >= 0 else { return nil }
        count = result
        return position
    }

    /// Digits, perhaps a point and up to eight decimals, zeros behind them aside.
    ///
    /// Mostly a cell looks like the one above it. Where that is only checked, and not found out, the next cell's place
    /// is known before this one is read, and the processor reads several cells at once.
    @inline(__always)
    private func decimal(
        _ start: UnsafePointer<UInt8>, _ cell: UnsafeMutablePointer<Cell>,
        _ value: UnsafeMutablePointer<Int64>, _ decimals: inout Int
    ) -> UnsafePointer<UInt8>? {
        let form = cell.pointee.form
        let word = CSVDigits.word(start)
        let end = start + form.pointee.byteCount
        guard form.pointee.matches(word), end[0] == delimiter || end[0] == 0x0A || end[0] == 0x0D else {
            return decimalOfOtherForm(start, cell, value, &decimals)
        }
        value.pointee = form.pointee.value(word)
        if form.pointee.decimals > decimals { decimals = form.pointee.decimals }
        return end
    }

    @inline(never)
    private func decimalOfOtherForm(
        _ start: UnsafePointer<UInt8>, _ cell: UnsafeMutablePointer<Cell>,
        _ value: UnsafeMutablePointer<Int64>, _ decimals: inout Int
    ) -> UnsafePointer<UInt8>? {
        let first = CSVDigits.word(start)
        let wholeCount = CSVDigits.count(first)
        guard wholeCount > 0 else { return nil }
        var whole = CSVDigits.value(first, wholeCount)
        var end = start + wholeCount
        if wholeCount == 8 {
            let second = CSVDigits.word(end)
            let more = CSVDigits.count(second)
            if more > 0 {
                guard more <= 3 else { return nil }
                whole = whole &* powers[more] &+ CSVDigits.value(second, more)
                // 92,233,720,367 times 10^8 and eight decimals more fit 64 bits.
                guard whole <= 92_233_720_367 else { return nil }
                end += more
            }
        }
        guard end[0] == decimalMark, decimalMark != delimiter else {
            value.pointee = whole &* 100_000_000
            if let form = forms.form(wholeCount: wholeCount, fractionCount: 0) { cell.pointee.form = form }
            return end
        }
        let fraction = CSVDigits.word(end + 1)
        let count = CSVDigits.count(fraction)
        guard count > 0 else { return nil }
        value.pointee = whole &* 100_000_000 &+ CSVDigits.value(fraction, count) &* powers[8 &- count]
        if count > decimals { decimals = count }
        if let form = forms.form(wholeCount: wholeCount, fractionCount: count) { cell.pointee.form = form }
        end += 1 &+ count
        if count == 8 { while end[0] == 0x30 { end += 1 } }
        return end
    }

    @inline(__always)
    private func size(
        _ start: UnsafePointer<UInt8>, _ cell: UnsafeMutablePointer<Cell>,
        _ value: UnsafeMutablePointer<Int64>, _ decimals: inout Int
    ) -> UnsafePointer<UInt8>? {
        let end = decimal(start, cell, value, &decimals)
        guard sizeFactor != 1 else { return end }
        let (product, overflow) = value.pointee.multipliedReportingOverflow(by: sizeFactor)
        guard !overflow else { return nil }
        value.pointee = product
        return end
    }

    /// As many digits as in the row learnt from; their first eight are mostly those of the row before.
    @inline(__always)
    private func epoch(
        _ start: UnsafePointer<UInt8>, _ cell: UnsafeMutablePointer<Cell>
    ) -> UnsafePointer<UInt8>? {
        let slot = cell.pointee.slot
        let count = epochDigits[slot]
        // Ten digits and more: the same number of them is the same unit.
        guard count >= 10, count <= 19 else { return nil }
        let head = CSVDigits.word(start)
        if head != cell.pointee.head {
            guard CSVDigits.count(head) == 8, start[0] != 0x30 else { return nil }
            cell.pointee.head = head
            cell.pointee.headValue = UInt64(bitPattern: CSVDigits.value(head, 8))
        }
        var number = cell.pointee.headValue
        var position = start + 8
        var left = count &- 8
        if left > 8 {
            let word = CSVDigits.word(position)
            guard CSVDigits.count(word) == 8 else { return nil }
            number = number &* 100_000_000 &+ UInt64(bitPattern: CSVDigits.value(word, 8))
            position += 8
            left &-= 8
        }
        let word = CSVDigits.word(position)
        guard CSVDigits.count(word) >= left else { return nil }
        // At most nineteen digits: below 2^64.
        number =
            number &* UInt64(bitPattern: powers[left]) &+ UInt64(bitPattern: CSVDigits.value(word, left))
        guard number <= Int64.max else { return nil }
        let (value, overflow) = Int64(number).multipliedReportingOverflow(by: epochUnits[slot])
        guard !overflow else { return nil }
        slots[slot] = value
        return start + count
    }

    @inline(__always)
    private func calendarTime(
        _ start: UnsafePointer<UInt8>, _ calendar: UnsafeMutablePointer<Calendar>, _ value: inout Int64
    ) -> UnsafePointer<UInt8>? {
        let length = calendar.pointee.dateByteCount
        guard calendar.pointee.isReady, CSVDigits.word(start) == calendar.pointee.head,
            CSVDigits.word(start + length - 8) == calendar.pointee.tail,
            start[length] == calendar.pointee.separator
        else { return nil }
        var end = start + length + 1
        var nanoseconds: Int64 = 0
        let seconds: Int64
        if calendar.pointee.hasColons {
            let word = CSVDigits.word(end) ^ 0x3030_3A30_303A_3030
            guard ((word &+ 0x7676_7F76_767F_7676) | word) & 0x8080_8080_8080_8080 == 0 else { return nil }
            let pairs = word &* 10 &+ word &>> 8
            guard let time = Self.secondOfDay(pairs & 0xFF, pairs &>> 24 & 0xFF, pairs &>> 48 & 0xFF) else {
                return nil
            }
            seconds = time
            end += 8
            if end[0] == 0x2E {
                let fraction = CSVDigits.word(end + 1)
                let count = CSVDigits.count(fraction)
                guard count > 0 else { return nil }
                nanoseconds = CSVDigits.value(fraction, count) &* powers[9 &- count]
                end += 1 &+ count
                if count == 8, CSVDigits.isDigit(end[0]) {
                    nanoseconds &+= Int64(end[0] &- 0x30)
                    end += 1
                }
            }
        } else {
            let word = CSVDigits.word(end)
            guard CSVDigits.count(word) >= 6 else { return nil }
            let digits = word & 0x0F0F_0F0F_0F0F
            let pairs = digits &* 10 &+ digits &>> 8
            guard let time = Self.secondOfDay(pairs & 0xFF, pairs &>> 16 & 0xFF, pairs &>> 32 & 0xFF) else {
                return nil
            }
            seconds = time
            end += 6
            if CSVDigits.isDigit(end[0]) {
                let fraction = CSVDigits.word(end)
                guard CSVDigits.count(fraction) == 3 else { return nil }
                nanoseconds = CSVDigits.value(fraction, 3) &* 1_000_000
                end += 3
            }
        }
        if calendar.pointee.suffixByteCount > 0 {
            guard CSVDigits.word(end) & calendar.pointee.suffixMask == calendar.pointee.suffix else {
                return nil
            }
            end += calendar.pointee.suffixByteCount
        }
        value = calendar.pointee.base &+ seconds &* 1_000_000_000 &+ nanoseconds
        return end
    }

    @inline(__always)
    private static func secondOfDay(_ hour: UInt64, _ minute: UInt64, _ second: UInt64) -> Int64? {
        guard hour < 24, minute < 60, second < 60 else { return nil }
        return Int64(truncatingIfNeeded: hour &* 3600 &+ minute &* 60 &+ second)
    }
}

// MARK: - Other cells

extension CSVFastRow {
    /// Goes to the delimiter or the line feed; a quote is for the general way.
    @inline(__always)
    private func skip(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        var position = start
        while true {
            let word = CSVDigits.word(position)
            let found =
                CSVDigits.match(word, delimiters) | CSVDigits.match(word, 0x0A0A_0A0A_0A0A_0A0A)
                | CSVDigits.match(word, 0x2222_2222_2222_2222)
            if found != 0 {
                position += found.trailingZeroBitCount &>> 3
                return position[0] == 0x22 ? nil : position
            }
            position += 8
        }
    }

    /// A whole number of 10^-9; the largest one, undefined, is for the general way.
    @inline(__always)
    private func nano(_ start: UnsafePointer<UInt8>, _ value: inout Int64) -> UnsafePointer<UInt8>? {
        let end = integer(start, &value)
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: 10)
        guard remainder == 0 else { return nil }
        value = quotient
        return end
    }

    /// Up to eighteen digits.
    @inline(__always)
    private func integer(_ start: UnsafePointer<UInt8>, _ value: inout Int64) -> UnsafePointer<UInt8>? {
        let first = CSVDigits.word(start)
        let count = CSVDigits.count(first)
        guard count > 0 else {
            guard allowsEmptyID, start[0] == delimiter else { return nil }
            value = 0
            return start
        }
        value = CSVDigits.value(first, count)
        guard count == 8 else { return start + count }
        let second = CSVDigits.word(start + 8)
        let more = CSVDigits.count(second)
        guard more > 0 else { return start + 8 }
        value = value &* (more == 8 ? 100_000_000 : powers[more]) &+ CSVDigits.value(second, more)
        guard more == 8 else { return start + 8 + more }
        var end = start + 16
        while CSVDigits.isDigit(end[0]) {
            guard end < start + 18 else { return nil }
            value = value &* 10 &+ Int64(end[0] &- 0x30)
            end += 1
        }
        return end
    }

    /// The symbol of the row before, or another one that is known or new.
    @inline(__always)
    private func symbolEnd(_ start: UnsafePointer<UInt8>, _ symbol: inout Int) -> UnsafePointer<UInt8>? {
        guard var end = skip(start) else { return nil }
        if end[0] == 0x0A, end > start, end[-1] == 0x0D { end -= 1 }
        guard let index = table.index(of: UnsafeBufferPointer(start: start, count: end - start))
        else { return nil }
        symbol = index
        return end
    }

    @inline(__always)
    private func fixedSymbolEnd(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        guard let text = parser.fixedSymbolText else { return nil }
        for index in 0..<text.count where start[index] != text[index] { return nil }
        return start + text.count
    }

    /// `buy`, `sell`, or the letters B, S, A and N.
    @inline(__always)
    private func side(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        let slot = CSVField.side.index
        switch start[0] | 0x20 {
        case 0x62:
            slots[slot] = 1
            return start[1] | 0x20 == 0x75 && start[2] | 0x20 == 0x79 ? start + 3 : start + 1
        case 0x73:
            slots[slot] = 2
            let isWord = start[1] | 0x20 == 0x65 && start[2] | 0x20 == 0x6C && start[3] | 0x20 == 0x6C
            return isWord ? start + 4 : start + 1
        case 0x61:
            slots[slot] = 2
            return start + 1
        case 0x6E:
            slots[slot] = 0
            return start + 1
        default: return nil
        }
    }

    /// `true` or `false` in any case.
    @inline(__always)
    private func maker(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        let word = CSVDigits.word(start) | 0x2020_2020_2020_2020
        if word & 0xFFFF_FFFF == 0x6575_7274 {
            slots[CSVField.side.index] = 2
            return start + 4
        }
        if word & 0xFF_FFFF_FFFF == 0x65_736C_6166 {
            slots[CSVField.side.index] = 1
            return start + 5
        }
        return nil
    }

    /// One letter; a record type other than Q is for the general way.
    @inline(__always)
    private func letter(_ start: UnsafePointer<UInt8>, _ slot: Int) -> UnsafePointer<UInt8>? {
        guard start[0] > 0x20, start[0] != 0x22, start[0] != delimiter else { return nil }
        if slot == CSVField.recordType.index, start[0] != 0x51 { return nil }
        slots[slot] = Int64(start[0])
        return start + 1
    }
}
