import TradingModel

/// Turns the values of one row into records: what a format's rows mean, and which of them make no sense.
///
/// Values stand in slots, one `Int64` per `CSVField` by its index: times in nanoseconds, prices and sizes in
/// 10^-8, `CSVNumber.invalid` for a price that the source leaves undefined. Both ways of reading a row, the
/// fast and the general one, end here. Not thread-safe.
struct CSVRecordBuilder {
    /// Why a row gave no record though nothing is wrong with it, or what was taken with a reservation.
    enum Note: Int, CaseIterable {
        case oneSided, noTrade, foreignID, largeTurnover, offIncrement, crossed

        var text: String {
            switch self {
            case .oneSided: "rows left out: one side of the book is empty"
            case .noTrade: "rows left out: their action is no trade"
            case .foreignID: "trade ids are no whole numbers and were left out"
            case .largeTurnover: "turnovers are beyond 92 billion and were left out"
            case .offIncrement: "values taken though they are no multiple of their increment"
            case .crossed: "rows taken though their bid is above their ask"
            }
        }
    }

    /// What is wrong with a row; the result of `build` below zero.
    enum Fault: Int, CaseIterable {
        case notPositive, zero, crossed, outside, highBelowLow, closeBeforeOpen, range, undefined, increment

        var text: String {
            switch self {
            case .notPositive: "is not above zero"
            case .zero: "is zero"
            case .crossed: "is above the ask"
            case .outside: "is outside low and high"
            case .highBelowLow: "is below the low"
            case .closeBeforeOpen: "is before the open time"
            case .range: "is out of range"
            case .undefined: "is undefined"
            case .increment: "is no multiple of the increment"
            }
        }
    }

    let slots: UnsafeMutablePointer<Int64>
    let notes: UnsafeMutablePointer<Int>
    private let table: CSVSymbolTable
    private let preset: CSVImportOptions.Preset
    private let keepsCrossed: Bool
    private let keepsOffIncrement: Bool
    private let leavesOutOneSided: Bool
    private let isBarTimeClose: Bool
    private let hasReceiveTime: Bool
    private let hasCloseTime: Bool
    private let hasBarType: Bool
    private let hasAction: Bool
    /// Length of a bar where no column says it.
    private let barNanoseconds: Int64
    /// What a close time lacks to the begin of the next bar.
    private let closeGapNanoseconds: Int64

    init(
        slots: UnsafeMutablePointer<Int64>, notes: UnsafeMutablePointer<Int>, table: CSVSymbolTable,
        layout: CSVLayout, options: CSVImportOptions, barNanoseconds: Int64, closeGapNanoseconds: Int64
    ) {
        self.slots = slots
        self.notes = notes
        self.table = table
        preset = layout.preset
        keepsCrossed = options.crossed == .keep
        keepsOffIncrement = options.offIncrement == .warn
        leavesOutOneSided = options.format.hasOneSidedQuotes
        isBarTimeClose = options.isBarTimeClose
        hasReceiveTime = layout[.receiveTime] != nil && layout[.time] != nil
        hasCloseTime = layout[.closeTime] != nil
        hasBarType = layout[.barType] != nil && options.format == .databentoBars
        hasAction = layout[.action] != nil
        self.barNanoseconds = barNanoseconds
        self.closeGapNanoseconds = closeGapNanoseconds
    }

    static func fault(_ fault: Fault, _ field: CSVField) -> Int { -1 - (field.index * 16 + fault.rawValue) }

    static func fault(of result: Int) -> (fault: Fault, field: CSVField) {
        let code = -1 - result
        return (Fault.allCases[code % 16], CSVField.allCases[code / 16])
    }

    func note(_ note: Note) { notes[note.rawValue] += 1 }

    /// Writes the records of the row in the slots, at most two, and gives their number; below zero a fault.
    ///
    /// - Parameters:
    ///   - symbol: the position in the symbol table.
    ///   - lineNumber: becomes the sequence until the records are numbered.
    ///   - priceDecimals: the most decimals written in a price of the row; 9 when unknown.
    ///   - sizeDecimals: the same of its sizes.
    @inline(__always)
    func build(
        into target: UnsafeMutablePointer<MarketEvent>, symbol: Int, lineNumber: Int, priceDecimals: Int,
        sizeDecimals: Int
    ) -> Int {
        switch preset {
        case .quotes: return quote(target, symbol, lineNumber, priceDecimals, sizeDecimals)
        case .trades: return trade(target, symbol, lineNumber, priceDecimals, sizeDecimals)
        case .ohlcv: return bar(target, symbol, lineNumber, priceDecimals, sizeDecimals)
        case .quotesAndTrades: return both(target, symbol, lineNumber, priceDecimals, sizeDecimals)
        }
    }

    /// The quote, then the trade; the trade is made first, so that nothing is counted when it is at fault.
    private func both(
        _ target: UnsafeMutablePointer<MarketEvent>, _ symbol: Int, _ line: Int, _ priceDecimals: Int,
        _ sizeDecimals: Int
    ) -> Int {
        guard hasAction, value(.action) == 0x54 else {
            return quote(target, symbol, line, priceDecimals, sizeDecimals)
        }
        let trades = trade(target + 1, symbol, line, priceDecimals, sizeDecimals)
        guard trades > 0 else { return trades }
        let quotes = quote(target, symbol, line, priceDecimals, sizeDecimals)
        guard quotes >= 0 else {
            table.didRefuse(symbol, recordCount: trades)
            return quotes
        }
        if quotes == 0 { target.pointee = target[1] }
        return quotes + trades
    }

    @inline(__always) private func value(_ field: CSVField) -> Int64 { slots[field.index] }
}

// MARK: - Kinds

extension CSVRecordBuilder {
    @inline(__always)
    private func quote(
        _ target: UnsafeMutablePointer<MarketEvent>, _ symbol: Int, _ line: Int, _ priceDecimals: Int,
        _ sizeDecimals: Int
    ) -> Int {
        let bid = value(.bid)
        let ask = value(.ask)
        let isStrange = bid <= 0 || ask < bid
        if isStrange {
            let code = strangeQuote(bid: bid, ask: ask)
            guard code > 0 else { return code }
        }
        let bidSize = value(.bidSize)
        let askSize = value(.askSize)
        let numbers = table.numbers + symbol
        guard fits(numbers, bid, ask, priceDecimals) || tolerates() else {
            return offIncrement(.bid, .ask, numbers)
        }
        guard fitsSize(numbers, bidSize, askSize, sizeDecimals) || tolerates() else {
            return offIncrement(.bidSize, .askSize, numbers)
        }
        if isStrange { note(.crossed) }
        table.didAccept(symbol, recordCount: 1)
        put(target, kind: 1, numbers, line, bid, ask, bidSize, askSize)
        return 1
    }

    /// A fault, 0 for a row that is left out, or 1 for one that is taken nevertheless.
    @inline(never)
    private func strangeQuote(bid: Int64, ask: Int64) -> Int {
        if bid == CSVNumber.invalid || ask == CSVNumber.invalid {
            guard leavesOutOneSided else {
                return Self.fault(.undefined, bid == CSVNumber.invalid ? .bid : .ask)
            }
            note(.oneSided)
            return 0
        }
        guard bid > 0 else { return Self.fault(.notPositive, .bid) }
        guard ask > 0 else { return Self.fault(.notPositive, .ask) }
        return keepsCrossed ? 1 : Self.fault(.crossed, .bid)
    }

    @inline(__always)
    private func trade(
        _ target: UnsafeMutablePointer<MarketEvent>, _ symbol: Int, _ line: Int, _ priceDecimals: Int,
        _ sizeDecimals: Int
    ) -> Int {
        if hasAction, value(.action) != 0x54 {
            note(.noTrade)
            return 0
        }
        let price = value(.price)
        guard price > 0 else {
            return Self.fault(price == CSVNumber.invalid ? .undefined : .notPositive, .price)
        }
        let size = value(.size)
        guard size > 0 else { return Self.fault(.zero, .size) }
        let numbers = table.numbers + symbol
        guard fits(numbers, price, price, priceDecimals) || tolerates() else {
            return offIncrement(.price, .price, numbers)
        }
        guard fitsSize(numbers, size, size, sizeDecimals) || tolerates() else {
            return offIncrement(.size, .size, numbers)
        }
        table.didAccept(symbol, recordCount: 1)
        put(target, kind: 2, numbers, line, price, size, value(.id), value(.side))
        return 1
    }

    private func bar(
        _ target: UnsafeMutablePointer<MarketEvent>, _ symbol: Int, _ line: Int, _ priceDecimals: Int,
        _ sizeDecimals: Int
    ) -> Int {
        let (open, high, low, close) = (value(.open), value(.high), value(.low), value(.close))
        for (price, field) in [(open, CSVField.open), (high, .high), (low, .low), (close, .close)]
        where price <= 0 {
            return Self.fault(price == CSVNumber.invalid ? .undefined : .notPositive, field)
        }
        guard high >= low else { return Self.fault(.highBelowLow, .high) }
        guard open >= low, open <= high else { return Self.fault(.outside, .open) }
        guard close >= low, close <= high else { return Self.fault(.outside, .close) }
        guard let (time, duration) = barTimes() else {
            let isEarly = hasCloseTime && value(.closeTime) < value(.time)
            return isEarly ? Self.fault(.closeBeforeOpen, .closeTime) : Self.fault(.range, .time)
        }
        let volume = value(.volume)
        let numbers = table.numbers + symbol
        guard fits(numbers, open, high, priceDecimals) || tolerates() else {
            return offIncrement(.open, .high, numbers)
        }
        guard fits(numbers, low, close, priceDecimals) || tolerates() else {
            return offIncrement(.low, .close, numbers)
        }
        guard fitsSize(numbers, volume, volume, sizeDecimals) || tolerates() else {
            return offIncrement(.volume, .volume, numbers)
        }
        table.didAccept(symbol, recordCount: 2)
        slots[CSVField.time.index] = time
        put(target, kind: 4, numbers, line, volume, duration, value(.tradeCount), value(.turnover))
        put(target + 1, kind: 3, numbers, line, open, high, low, close)
        return 2
    }

    /// The moment a bar is stamped with, its close, and its length; `nil` when they make no sense.
    private func barTimes() -> (time: Int64, duration: Int64)? {
        let time = value(.time)
        if hasCloseTime {
            let close = value(.closeTime)
            guard close >= time else { return nil }
            let length = close.subtractingReportingOverflow(time)
            guard !length.overflow else { return nil }
            let gap = closeGapNanoseconds
            return (
                close,
                gap > 0
                    ? length.partialValue &+ gap : barNanoseconds > 0 ? barNanoseconds : length.partialValue
            )
        }
        var length = barNanoseconds
        if hasBarType {
            switch value(.barType) {
            case 32: length = 1_000_000_000
            case 33: length = 60_000_000_000
            case 34: length = 3_600_000_000_000
            case 35, 36: length = 86_400_000_000_000
            default: return nil
            }
        }
        if isBarTimeClose { return (time, length) }
        let (close, overflow) = time.addingReportingOverflow(length)
        return overflow ? nil : (close, length)
    }
}

// MARK: - Increments and bytes

extension CSVRecordBuilder {
    /// Whether both prices are multiples of the given increment; without one, the step seen is made finer.
    @inline(__always)
    private func fits(
        _ numbers: UnsafeMutablePointer<CSVSymbolTable.Numbers>, _ first: Int64, _ second: Int64,
        _ decimals: Int
    ) -> Bool {
        let increment = numbers.pointee.priceIncrement
        if increment != 0 { return first % increment == 0 && second % increment == 0 }
        if decimals > numbers.pointee.priceDecimals { refinePrice(numbers, first, second) }
        return true
    }

    @inline(__always)
    private func fitsSize(
        _ numbers: UnsafeMutablePointer<CSVSymbolTable.Numbers>, _ first: Int64, _ second: Int64,
        _ decimals: Int
    ) -> Bool {
        let increment = numbers.pointee.sizeIncrement
        if increment != 0 { return first % increment == 0 && second % increment == 0 }
        if decimals > numbers.pointee.sizeDecimals { refineSize(numbers, first, second) }
        return true
    }

    @inline(__always)
    private func refinePrice(
        _ numbers: UnsafeMutablePointer<CSVSymbolTable.Numbers>, _ first: Int64, _ second: Int64
    ) {
        let step = numbers.pointee.priceStep
        if first % step == 0, second % step == 0 { return }
        let decimals = max(
            CSVNumber.significantDecimals(of: first), CSVNumber.significantDecimals(of: second))
        numbers.pointee.priceDecimals = decimals
        numbers.pointee.priceStep = CSVNumber.powersOfTen(8 - decimals)
    }

    @inline(__always)
    private func refineSize(
        _ numbers: UnsafeMutablePointer<CSVSymbolTable.Numbers>, _ first: Int64, _ second: Int64
    ) {
        let step = numbers.pointee.sizeStep
        if first % step == 0, second % step == 0 { return }
        let decimals = max(
            CSVNumber.significantDecimals(of: first), CSVNumber.significantDecimals(of: second))
        numbers.pointee.sizeDecimals = decimals
        numbers.pointee.sizeStep = CSVNumber.powersOfTen(8 - decimals)
    }

    /// Whether values off their increments are taken; counts them then.
    @inline(never)
    private func tolerates() -> Bool {
        if keepsOffIncrement { note(.offIncrement) }
        return keepsOffIncrement
    }

    /// The fault of the first value of two that is off its increment.
    @inline(never)
    private func offIncrement(
        _ first: CSVField, _ second: CSVField, _ numbers: UnsafeMutablePointer<CSVSymbolTable.Numbers>
    ) -> Int {
        let isPrice = first.value == .price
        let increment = isPrice ? numbers.pointee.priceIncrement : numbers.pointee.sizeIncrement
        return Self.fault(.increment, value(first) % increment != 0 ? first : second)
    }

    /// Writes the 64 bytes of a record; the layout is drawn at `MarketEvent`.
    @inline(__always)
    private func put(
        _ target: UnsafeMutablePointer<MarketEvent>, kind: UInt64,
        _ numbers: UnsafeMutablePointer<CSVSymbolTable.Numbers>, _ line: Int, _ word0: Int64, _ word1: Int64,
        _ word2: Int64, _ word3: Int64
    ) {
        let bytes = UnsafeMutableRawPointer(target)
        let time = value(.time)
        bytes.storeBytes(of: time, as: Int64.self)
        bytes.storeBytes(of: hasReceiveTime ? value(.receiveTime) : time, toByteOffset: 8, as: Int64.self)
        bytes.storeBytes(of: line, toByteOffset: 16, as: Int.self)
        // The bits of Databento's flags: 128 ends a message, 32 is part of a snapshot.
        let flags = UInt64(truncatingIfNeeded: value(.flags))
        let marks = (flags >> 7 & 1) << 1 | flags >> 5 & 1
        let head = UInt64(numbers.pointee.token) | kind << 32 | marks << 40
        bytes.storeBytes(of: head, toByteOffset: 24, as: UInt64.self)
        bytes.storeBytes(of: word0, toByteOffset: 32, as: Int64.self)
        bytes.storeBytes(of: word1, toByteOffset: 40, as: Int64.self)
        bytes.storeBytes(of: word2, toByteOffset: 48, as: Int64.self)
        bytes.storeBytes(of: word3, toByteOffset: 56, as: Int64.self)
    }
}
