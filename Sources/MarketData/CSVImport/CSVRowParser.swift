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

/// Turns split lines into records of one preset.
struct CSVRowParser {
    /// The instruments met so far.
    private(set) var symbols = CSVSymbolTable()
    private let options: CSVImportOptions
    private let columnCount: Int
    private let barNanoseconds: Int64
    private let columns: Columns
    private var timeParser: CSVTimeParser
    /// Used when the file has such a column; otherwise a copy of the first.
    private var receiveParser: CSVTimeParser
    private var closeParser: CSVTimeParser
    /// The symbol column's text in the first row, when one symbol was given for all rows.
    private var fixedSymbolText: [UInt8]?

    /// Column positions as plain numbers, -1 when absent: a lookup per cell would cost more than the cell.
    private struct Columns {
        let time, receiveTime, closeTime, symbol: Int
        let first, second, third, fourth: Int
        let side, isBuyerMaker, id, volume: Int

        init(_ layout: CSVLayout, _ preset: CSVImportOptions.Preset) {
            func column(_ field: CSVField) -> Int { layout[field] ?? -1 }
            time = layout[.time] ?? column(.receiveTime)
            receiveTime = layout[.time] == nil ? -1 : column(.receiveTime)
            closeTime = preset == .ohlcv ? column(.closeTime) : -1
            symbol = column(.symbol)
            let fields: [CSVField] =
                switch preset {
                case .quotes: [.bid, .ask, .bidSize, .askSize]
                case .trades: [.price, .size, .price, .size]
                case .ohlcv: [.open, .high, .low, .close]
                }
            (first, second, third, fourth) = (
                column(fields[0]), column(fields[1]), column(fields[2]), column(fields[3])
            )
            side = column(.side)
            isBuyerMaker = column(.isBuyerMaker)
            id = column(.id)
            volume = column(.volume)
        }
    }

    /// Recognises the time columns by the first data row, at which `scanner` must stand.
    init(
        layout: CSVLayout, options: CSVImportOptions, barNanoseconds: Int64,
        scanner: borrowing CSVLineScanner,
        path: String
    ) throws(MarketDataError) {
        self.options = options
        self.barNanoseconds = barNanoseconds
        columnCount = layout.columnCount
        columns = Columns(layout, options.preset)
        guard
            let parser = try Self.timeParser(columns.time, options, scanner, path, layout)
        else { throw MarketDataError(.unknownLayout, "\(path) has no time column") }
        timeParser = parser
        receiveParser = try Self.timeParser(columns.receiveTime, options, scanner, path, layout) ?? parser
        closeParser = try Self.timeParser(columns.closeTime, options, scanner, path, layout) ?? parser
        if options.symbol != nil, columns.symbol >= 0 {
            fixedSymbolText = Array(scanner.cell(columns.symbol))
        }
    }

    /// The time of the present line alone, to measure the distance of bars.
    mutating func time(of scanner: borrowing CSVLineScanner) -> Int64? {
        guard scanner.problem == nil, scanner.cellCount == columnCount else { return nil }
        return timeParser.nanoseconds(scanner.cell(columns.time))
    }

    /// The record of the present line, without sequence; `volume` is set when a `barVolume` goes before it.
    @inline(__always)
    mutating func parse(
        _ scanner: borrowing CSVLineScanner, volume: inout MarketEvent?
    ) throws(CSVRowProblem) -> MarketEvent {
        if let problem = scanner.problem { throw CSVRowProblem(nil, problem) }
        guard scanner.cellCount == columnCount else {
            throw CSVRowProblem(nil, "\(scanner.cellCount) cells where the first row has \(columnCount)")
        }
        let index = try symbolIndex(scanner)
        let time = try Self.time(&timeParser, .time, scanner, columns.time)
        switch options.preset {
        case .quotes: return try quote(scanner, index: index, time: time)
        case .trades: return try trade(scanner, index: index, time: time)
        case .ohlcv: return try bar(scanner, index: index, time: time, volume: &volume)
        }
    }

    /// Counts records of the instrument a record is of.
    @inline(__always)
    mutating func didAccept(_ recordCount: Int) { symbols[acceptedIndex].recordCount += recordCount }

    private var acceptedIndex = 0
}

// MARK: - Presets

extension CSVRowParser {
    @inline(__always)
    private mutating func quote(
        _ scanner: borrowing CSVLineScanner, index: Int, time: Int64
    ) throws(CSVRowProblem) -> MarketEvent {
        let received = try receiveTime(scanner, default: time)
        var decimals = symbols[index].priceDecimals
        let bid = try Self.price(.bid, scanner, columns.first, &decimals)
        let ask = try Self.price(.ask, scanner, columns.second, &decimals)
        guard bid <= ask else { throw CSVRowProblem(.bid, "is above the ask") }
        var sizeDecimals = symbols[index].sizeDecimals
        let bidSize = try Self.size(.bidSize, scanner, columns.third, &sizeDecimals)
        let askSize = try Self.size(.askSize, scanner, columns.fourth, &sizeDecimals)
        accept(index, priceDecimals: decimals, sizeDecimals: sizeDecimals)
        return MarketEvent(
            kind: .quote, token: symbols[index].token, eventTime: Timestamp(nanoseconds: time),
            receiveTime: Timestamp(nanoseconds: received), sequence: 0, words: (bid, ask, bidSize, askSize))
    }

    @inline(__always)
    private mutating func trade(
        _ scanner: borrowing CSVLineScanner, index: Int, time: Int64
    ) throws(CSVRowProblem) -> MarketEvent {
        let received = try receiveTime(scanner, default: time)
        var decimals = symbols[index].priceDecimals
        let price = try Self.price(.price, scanner, columns.first, &decimals)
        var sizeDecimals = symbols[index].sizeDecimals
        let size = try Self.size(.size, scanner, columns.second, &sizeDecimals)
        guard size > 0 else { throw CSVRowProblem(.size, "is zero") }
        var aggressor: Int64 = 0
        if columns.side >= 0 {
            aggressor = try Self.side(scanner.cell(columns.side))
        } else if columns.isBuyerMaker >= 0 {
            aggressor = try Self.sideOfTaker(isBuyerMaker: scanner.cell(columns.isBuyerMaker))
        }
        var id: Int64 = 0
        if columns.id >= 0 {
            guard let value = CSVNumber.integer(scanner.cell(columns.id)) else {
                throw Self.problem(.id, scanner.cell(columns.id), "is not a whole number of 64 bits")
            }
            id = value
        }
        accept(index, priceDecimals: decimals, sizeDecimals: sizeDecimals)
        return MarketEvent(
            kind: .trade, token: symbols[index].token, eventTime: Timestamp(nanoseconds: time),
            receiveTime: Timestamp(nanoseconds: received), sequence: 0, words: (price, size, id, aggressor))
    }

    private mutating func bar(
        _ scanner: borrowing CSVLineScanner, index: Int, time: Int64, volume: inout MarketEvent?
    ) throws(CSVRowProblem) -> MarketEvent {
        let closeTime = try barCloseTime(scanner, time: time)
        var decimals = symbols[index].priceDecimals
        let open = try Self.price(.open, scanner, columns.first, &decimals)
        let high = try Self.price(.high, scanner, columns.second, &decimals)
        let low = try Self.price(.low, scanner, columns.third, &decimals)
        let close = try Self.price(.close, scanner, columns.fourth, &decimals)
        guard high >= low else { throw CSVRowProblem(.high, "is below the low") }
        guard open >= low, open <= high else { throw CSVRowProblem(.open, "is outside low and high") }
        guard close >= low, close <= high else { throw CSVRowProblem(.close, "is outside low and high") }
        var sizeDecimals = symbols[index].sizeDecimals
        let traded = try Self.size(.volume, scanner, columns.volume, &sizeDecimals)
        accept(index, priceDecimals: decimals, sizeDecimals: sizeDecimals)
        let at = Timestamp(nanoseconds: closeTime)
        let token = symbols[index].token
        volume = MarketEvent(
            kind: .barVolume, token: token, eventTime: at, receiveTime: at, sequence: 0,
            words: (traded, barNanoseconds, 0, 0))
        return MarketEvent(
            kind: .bar, token: token, eventTime: at, receiveTime: at, sequence: 0,
            words: (open, high, low, close))
    }

    private mutating func barCloseTime(
        _ scanner: borrowing CSVLineScanner, time: Int64
    ) throws(CSVRowProblem) -> Int64 {
        if columns.closeTime >= 0 {
            let close = try Self.time(&closeParser, .closeTime, scanner, columns.closeTime)
            guard close >= time else { throw CSVRowProblem(.closeTime, "is before the open time") }
            return close
        }
        if options.isBarTimeClose { return time }
        let (close, overflow) = time.addingReportingOverflow(barNanoseconds)
        guard !overflow else { throw CSVRowProblem(.time, "is out of range") }
        return close
    }

    @inline(__always)
    private mutating func accept(_ index: Int, priceDecimals: Int, sizeDecimals: Int) {
        acceptedIndex = index
        if priceDecimals > symbols[index].priceDecimals { symbols[index].priceDecimals = priceDecimals }
        if sizeDecimals > symbols[index].sizeDecimals { symbols[index].sizeDecimals = sizeDecimals }
    }
}

// MARK: - Cells

extension CSVRowParser {
    @inline(__always)
    private mutating func symbolIndex(_ scanner: borrowing CSVLineScanner) throws(CSVRowProblem) -> Int {
        if options.symbol == nil {
            guard let index = symbols.index(of: scanner.cell(columns.symbol)) else {
                throw Self.problem(
                    .symbol, scanner.cell(columns.symbol), "is empty or clashes with another symbol")
            }
            return index
        }
        if let text = fixedSymbolText, !scanner.cell(columns.symbol).elementsEqual(text) {
            throw Self.problem(
                .symbol, scanner.cell(columns.symbol),
                "differs from the first row's; give no symbol to import all")
        }
        return try fixedSymbolIndex()
    }

    @inline(__always)
    private mutating func fixedSymbolIndex() throws(CSVRowProblem) -> Int {
        if !symbols.entries.isEmpty { return 0 }
        let bytes = Array((options.symbol ?? "").utf8)
        guard let index = bytes.withUnsafeBufferPointer({ symbols.index(of: $0) }) else {
            throw CSVRowProblem(.symbol, "is empty or too long")
        }
        return index
    }

    @inline(__always)
    private mutating func receiveTime(
        _ scanner: borrowing CSVLineScanner, default time: Int64
    ) throws(CSVRowProblem) -> Int64 {
        guard columns.receiveTime >= 0 else { return time }
        return try Self.time(&receiveParser, .receiveTime, scanner, columns.receiveTime)
    }

    @inline(__always)
    private static func time(
        _ parser: inout CSVTimeParser, _ field: CSVField, _ scanner: borrowing CSVLineScanner, _ column: Int
    ) throws(CSVRowProblem) -> Int64 {
        guard let value = parser.nanoseconds(scanner.cell(column)) else {
            throw problem(field, scanner.cell(column), "is not a time like those of the rows before")
        }
        return value
    }

    @inline(__always)
    private static func price(
        _ field: CSVField, _ scanner: borrowing CSVLineScanner, _ column: Int, _ decimals: inout Int
    ) throws(CSVRowProblem) -> Int64 {
        let value = CSVNumber.decimal(scanner.cell(column), decimals: &decimals)
        guard value > 0 else { throw numberProblem(field, scanner.cell(column), value, "is not above zero") }
        return value
    }

    /// Zero when the file has no such column.
    @inline(__always)
    private static func size(
        _ field: CSVField, _ scanner: borrowing CSVLineScanner, _ column: Int, _ decimals: inout Int
    ) throws(CSVRowProblem) -> Int64 {
        guard column >= 0 else { return 0 }
        let value = CSVNumber.decimal(scanner.cell(column), decimals: &decimals)
        guard value >= 0 else { throw numberProblem(field, scanner.cell(column), value, "is negative") }
        return value
    }

    private static func side(_ cell: UnsafeBufferPointer<UInt8>) throws(CSVRowProblem) -> Int64 {
        switch cell.first.map({ $0 | 0x20 }) {
        case nil: return 0
        case 0x62 where cell.count == 1 || isText(cell, "buy") || isText(cell, "bid"): return 1
        case 0x73 where cell.count == 1 || isText(cell, "sell"): return 2
        case 0x61 where cell.count == 1 || isText(cell, "ask"): return 2
        case 0x6E where cell.count == 1 || isText(cell, "none"): return 0
        case 0x75 where isText(cell, "unknown"): return 0
        default: throw problem(.side, cell, "is neither buy nor sell")
        }
    }

    private static func sideOfTaker(
        isBuyerMaker cell: UnsafeBufferPointer<UInt8>
    ) throws(CSVRowProblem) -> Int64 {
        if isText(cell, "true") || isText(cell, "1") { return 2 }
        if isText(cell, "false") || isText(cell, "0") { return 1 }
        throw problem(.isBuyerMaker, cell, "is neither true nor false")
    }

    private static func isText(_ cell: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { text in
            cell.count == text.count && zip(cell, text).allSatisfy { $0 | 0x20 == $1 | 0x20 }
        }
    }

    @inline(never)
    private static func numberProblem(
        _ field: CSVField, _ cell: UnsafeBufferPointer<UInt8>, _ value: Int64, _ otherwise: String
    ) -> CSVRowProblem {
        let isNumber = value != CSVNumber.invalid
        return problem(
            field, cell, isNumber ? otherwise : "is not a decimal number of at most eight decimals")
    }

    @inline(never)
    private static func problem(
        _ field: CSVField, _ cell: UnsafeBufferPointer<UInt8>, _ text: String
    ) -> CSVRowProblem {
        guard !cell.isEmpty else { return CSVRowProblem(field, "is empty") }
        return CSVRowProblem(field, "'\(String(decoding: cell.prefix(40), as: UTF8.self))' \(text)")
    }

    private static func timeParser(
        _ column: Int, _ options: CSVImportOptions, _ scanner: borrowing CSVLineScanner, _ path: String,
        _ layout: CSVLayout
    ) throws(MarketDataError) -> CSVTimeParser? {
        guard column >= 0 else { return nil }
        let cell = scanner.cell(column)
        if let parser = CSVTimeParser(
            first: cell, unit: options.timeUnit, zoneOffsetSeconds: options.zoneOffsetSeconds)
        {
            return parser
        }
        throw MarketDataError(
            .unknownLayout,
            "\(path), line \(scanner.lineNumber): '\(String(decoding: cell.prefix(40), as: UTF8.self))' in"
                + " \(layout.columnNames[column]) is no time that is known; ISO-8601, YYYYMMDD"
                + " HHMMSSmmm and numbers are"
        )
    }
}
