import TradingModel

/// Why a row cannot be imported.
struct CSVRowProblem: Error {
    let field: CSVField?
    let text: String

    init(_ field: CSVField?, _ text: String) {
        self.field = field
        self.text = text
    }
}

/// Turns split lines into records: the general way, which every row can take and which says what is wrong.
///
/// `CSVFastRow` does the same for rows without surprises. Not thread-safe.
final class CSVRowParser {
    /// How whole numbers in a price column are meant, in formats that know both ways.
    enum PriceForm {
        case undecided, decimal, nano
    }

    let layout: CSVLayout
    let table: CSVSymbolTable
    let builder: CSVRecordBuilder
    /// The fields of the row and their columns.
    let plan: [(field: CSVField, column: Int)]
    private(set) var priceForm: PriceForm
    /// The symbol column's text in the first row, when one symbol was given for all rows.
    let fixedSymbolText: [UInt8]?
    private(set) var timeParsers: [CSVField: CSVTimeParser] = [:]
    private let options: CSVImportOptions
    private let slots: UnsafeMutablePointer<Int64>
    private let fixedSymbol: [UInt8]?
    /// Whether an event's time may be left undefined because the time of receipt is there.
    private let hasUndefinedTimes: Bool

    /// Recognises the time columns by the first data row, at which `scanner` must stand.
    ///
    /// - Parameter notes: counters by `CSVRecordBuilder.Note`, which must outlive the parser.
    init(
        layout: CSVLayout, options: CSVImportOptions, table: CSVSymbolTable,
        notes: UnsafeMutablePointer<Int>, barNanoseconds: Int64, scanner: borrowing CSVLineScanner,
        path: String
    ) throws(MarketDataError) {
        self.layout = layout
        self.options = options
        self.table = table
        priceForm = options.format.hasNanoPrices ? .undecided : .decimal
        fixedSymbol = options.symbol.map { Array($0.utf8) }
        hasUndefinedTimes =
            options.format.hasNanoPrices && layout[.time] != nil && layout[.receiveTime] != nil
        var plan: [(field: CSVField, column: Int)] = []
        for field in layout.preset.fields {
            guard let column = layout[field], field != .date else { continue }
            // A file with receive times alone has one time.
            let isOnlyTime = field == .receiveTime && layout[.time] == nil
            plan.append((isOnlyTime ? .time : field, column))
        }
        self.plan = plan
        var text: [UInt8]?
        if let column = layout[.symbol], options.symbol != nil, column < scanner.cellCount {
            text = Array(scanner.cell(column))
        }
        fixedSymbolText = text
        var parsers: [CSVField: CSVTimeParser] = [:]
        for entry in plan where entry.field.value == .time {
            guard entry.column < scanner.cellCount else {
                throw MarketDataError(
                    .unknownLayout,
                    "\(path), line \(scanner.lineNumber): \(CSVText.cells(scanner.cellCount)) where the first row has"
                        + " \(layout.columnCount)")
            }
            parsers[entry.field] = try Self.timeParser(entry, layout, options, scanner, path)
        }
        timeParsers = parsers
        let gap = options.format.hasInclusiveCloseTime ? parsers[.closeTime]?.unit?.nanoseconds ?? 0 : 0
        slots = .allocate(capacity: CSVField.allCases.count)
        slots.initialize(repeating: 0, count: CSVField.allCases.count)
        builder = CSVRecordBuilder(
            slots: slots, notes: notes, table: table, layout: layout, options: options,
            barNanoseconds: barNanoseconds, closeGapNanoseconds: gap)
    }

    deinit { slots.deallocate() }

    /// The time of the present line alone, to measure the distance of bars.
    func time(of scanner: borrowing CSVLineScanner) -> Int64? {
        guard scanner.problem == nil, scanner.cellCount == layout.columnCount else { return nil }
        return try? time(.time, scanner, layout[.time] ?? layout[.receiveTime] ?? 0)
    }

    /// Writes the records of the present line, at most two, with the line's number as sequence; gives their
    /// number, which is 0 for rows that are left out.
    func parse(
        _ scanner: borrowing CSVLineScanner, into target: UnsafeMutablePointer<MarketEvent>
    ) throws(CSVRowProblem) -> Int {
        if let problem = scanner.problem { throw CSVRowProblem(nil, problem) }
        guard scanner.cellCount == layout.columnCount else {
            throw CSVRowProblem(
                nil, "\(CSVText.cells(scanner.cellCount)) where the first row has \(layout.columnCount)")
        }
        var symbol = -1
        var isTimeUndefined = false
        for (field, column) in plan {
            let cell = scanner.cell(column)
            switch field.value {
            case .time where field == .time && hasUndefinedTimes && Self.isUndefinedTime(cell):
                isTimeUndefined = true
            case .time: slots[field.index] = try time(field, scanner, column)
            case .price: slots[field.index] = try price(field, cell)
            case .size: slots[field.index] = try size(field, cell)
            case .symbol: symbol = try symbolIndex(cell)
            case .side: slots[field.index] = try side(cell)
            case .maker: slots[CSVField.side.index] = try sideOfTaker(isBuyerMaker: cell)
            case .integer: slots[field.index] = try integer(field, cell)
            case .letter: slots[field.index] = try letter(field, cell)
            case .date: continue
            }
        }
        if symbol < 0 { symbol = try fixedSymbolIndex() }
        if isTimeUndefined { slots[CSVField.time.index] = slots[CSVField.receiveTime.index] }
        let result = builder.build(
            into: target, symbol: symbol, lineNumber: scanner.lineNumber, priceDecimals: 9, sizeDecimals: 9)
        guard result < 0 else { return result }
        let (fault, field) = CSVRecordBuilder.fault(of: result)
        guard let column = layout[field] else { throw CSVRowProblem(field, fault.text) }
        throw Self.problem(field, scanner.cell(column), fault.text)
    }

    /// The position of the symbol that was given for all rows.
    func fixedSymbolIndex() throws(CSVRowProblem) -> Int {
        let index = (fixedSymbol ?? []).withUnsafeBufferPointer { table.index(of: $0) }
        guard let index else {
            throw CSVRowProblem(.symbol, "is empty, too long or clashes with another symbol")
        }
        return index
    }
}

// MARK: - Cells

extension CSVRowParser {
    private func symbolIndex(_ cell: UnsafeBufferPointer<UInt8>) throws(CSVRowProblem) -> Int {
        if fixedSymbol != nil {
            guard let text = fixedSymbolText, cell.elementsEqual(text) else {
                throw Self.problem(
                    .symbol, cell, "differs from the first row's; give no symbol to import all")
            }
            return try fixedSymbolIndex()
        }
        guard let index = table.index(of: cell) else {
            throw Self.problem(.symbol, cell, "is empty, too long or clashes with another symbol")
        }
        return index
    }

    private func time(
        _ field: CSVField, _ scanner: borrowing CSVLineScanner, _ column: Int
    ) throws(CSVRowProblem) -> Int64 {
        let cell =
            field == .time
            ? layout[.date].map { scanner.cells($0, through: column) } ?? scanner.cell(column)
            : scanner.cell(column)
        do throws(CSVTimeParser.Failure) {
            guard let value = try timeParsers[field]?.nanoseconds(cell) else { throw .malformed }
            return value
        } catch {
            switch error {
            case .malformed: throw Self.problem(field, cell, "is not a time like those of the rows before")
            case .ambiguous:
                throw Self.problem(
                    field, cell, "happens twice there, when the clock is set back; give UTC times")
            case .missing:
                throw Self.problem(field, cell, "never happens there: the clock is set forward over it")
            }
        }
    }

    /// Databento's undefined time is the largest number of 64 bits without sign, or nothing.
    private static func isUndefinedTime(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
        cell.isEmpty || (cell.count == 20 && cell.elementsEqual("18446744073709551615".utf8))
    }

    private func price(_ field: CSVField, _ cell: UnsafeBufferPointer<UInt8>) throws(CSVRowProblem) -> Int64 {
        if cell.isEmpty {
            let mayBeUndefined = options.format.hasNanoPrices || options.format.hasOneSidedQuotes
            if mayBeUndefined { return CSVNumber.invalid }
        }
        var value = CSVNumber.invalid
        if options.format.hasNanoPrices {
            let isDecimal = cell.contains(0x2E)
            if priceForm == .undecided { priceForm = isDecimal ? .decimal : .nano }
            if priceForm == .nano {
                // The largest number is Databento's undefined price.
                if CSVNumber.integer(cell) == Int64.max { return CSVNumber.invalid }
                value = CSVNumber.scaledInteger(cell, exponent: -9)
            } else if isDecimal {
                value = CSVNumber.decimal(cell)
            } else if CSVNumber.integer(cell) != nil {
                throw Self.problem(field, cell, "has no point where the rows before have one")
            }
        } else if options.priceExponent < 0 {
            value = CSVNumber.scaledInteger(cell, exponent: options.priceExponent)
        } else {
            value = CSVNumber.shifted(
                CSVNumber.decimal(cell, mark: options.decimalMark), by: options.priceExponent)
        }
        guard value != CSVNumber.invalid else { throw numberProblem(field, cell) }
        return value
    }

    private func size(_ field: CSVField, _ cell: UnsafeBufferPointer<UInt8>) throws(CSVRowProblem) -> Int64 {
        let exponent = field == .turnover ? 0 : options.sizeExponent ?? options.format.sizeExponent
        if cell.isEmpty, options.format.hasNanoPrices || options.format.hasOneSidedQuotes { return 0 }
        let value =
            exponent < 0
            ? CSVNumber.scaledInteger(cell, exponent: exponent)
            : CSVNumber.shifted(CSVNumber.decimal(cell, mark: options.decimalMark), by: exponent)
        if value == CSVNumber.invalid, field == .turnover, cell.prefix(while: { $0 &- 0x30 <= 9 }).count > 10
        {
            builder.note(.largeTurnover)
            return 0
        }
        guard value != CSVNumber.invalid else { throw numberProblem(field, cell) }
        guard value >= 0 else { throw Self.problem(field, cell, "is negative") }
        return value
    }

    private func integer(_ field: CSVField, _ cell: UnsafeBufferPointer<UInt8>) throws(CSVRowProblem) -> Int64
    {
        if let value = CSVNumber.integer(cell) { return value }
        if field == .id, options.format.hasForeignIDs {
            if !cell.isEmpty { builder.note(.foreignID) }
            return 0
        }
        throw Self.problem(field, cell, "is not a whole number of 64 bits")
    }

    private func letter(_ field: CSVField, _ cell: UnsafeBufferPointer<UInt8>) throws(CSVRowProblem) -> Int64
    {
        guard cell.count == 1, field != .recordType || cell[0] == 0x51 else {
            throw Self.problem(field, cell, field == .recordType ? "is not Q, a quote" : "is not one letter")
        }
        return Int64(cell[0])
    }

    private func side(_ cell: UnsafeBufferPointer<UInt8>) throws(CSVRowProblem) -> Int64 {
        switch cell.first.map({ $0 | 0x20 }) {
        case nil: return 0
        case 0x62 where cell.count == 1 || Self.isText(cell, "buy") || Self.isText(cell, "bid"): return 1
        case 0x73 where cell.count == 1 || Self.isText(cell, "sell"): return 2
        case 0x61 where cell.count == 1 || Self.isText(cell, "ask"): return 2
        case 0x6E where cell.count == 1 || Self.isText(cell, "none"): return 0
        case 0x75 where Self.isText(cell, "unknown"): return 0
        default: throw Self.problem(.side, cell, "is neither buy nor sell")
        }
    }

    private func sideOfTaker(isBuyerMaker cell: UnsafeBufferPointer<UInt8>) throws(CSVRowProblem) -> Int64 {
        if Self.isText(cell, "true") || Self.isText(cell, "1") { return 2 }
        if Self.isText(cell, "false") || Self.isText(cell, "0") { return 1 }
        throw Self.problem(.isBuyerMaker, cell, "is neither true nor false")
    }

    private static func isText(_ cell: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { text in
            cell.count == text.count && zip(cell, text).allSatisfy { $0 | 0x20 == $1 | 0x20 }
        }
    }

    private func numberProblem(_ field: CSVField, _ cell: UnsafeBufferPointer<UInt8>) -> CSVRowProblem {
        let digits = cell.filter { $0 &- 0x30 <= 9 }.count
        let others = cell.filter { $0 &- 0x30 > 9 && $0 != options.decimalMark }.count
        guard others == 0, digits > 0, cell.filter({ $0 == options.decimalMark }).count <= 1 else {
            let hasComma = options.decimalMark == 0x2E && cell.filter { $0 == 0x2C }.count == 1 && others == 1
            let hint = hasComma ? "; for decimal commas say decimal=comma in the mapping" : ""
            return Self.problem(field, cell, "is not a decimal number\(hint)")
        }
        return Self.problem(
            field, cell, "is not a decimal number of at most eight decimals below 92 billion")
    }

    private static func problem(
        _ field: CSVField, _ cell: UnsafeBufferPointer<UInt8>, _ text: String
    ) -> CSVRowProblem {
        guard !cell.isEmpty else { return CSVRowProblem(field, "is empty") }
        return CSVRowProblem(field, "'\(CSVText.shown(cell))' \(text)")
    }

    private static func timeParser(
        _ entry: (field: CSVField, column: Int), _ layout: CSVLayout, _ options: CSVImportOptions,
        _ scanner: borrowing CSVLineScanner, _ path: String
    ) throws(MarketDataError) -> CSVTimeParser {
        var cell = scanner.cell(entry.column)
        if entry.field == .time, let date = layout[.date] {
            cell = scanner.cells(date, through: entry.column)
        }
        if let parser = CSVTimeParser(
            first: cell, unit: options.timeUnit, zone: layout.zone,
            dateOrder: options.dateOrder ?? options.format.dateOrder)
        {
            return parser
        }
        throw MarketDataError(
            .unknownLayout,
            "\(path), line \(scanner.lineNumber): '\(CSVText.shown(cell))' in"
                + " \(CSVText.shown(layout.columnNames[entry.column])) is no time that is known; ISO-8601, YYYYMMDD HHMMSSmmm and"
                + " numbers are, and others where the order of day and month is given")
    }
}
