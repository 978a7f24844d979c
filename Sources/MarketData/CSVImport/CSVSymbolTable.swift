import TradingModel

/// The instruments met in a file, found by the bytes of their symbol without making strings.
struct CSVSymbolTable {
    /// What is gathered per instrument.
    struct Entry {
        let symbol: String
        let bytes: [UInt8]
        let token: InstrumentToken
        var priceDecimals = 0
        var sizeDecimals = 0
        var recordCount = 0
    }

    private(set) var entries: [Entry] = []
    private var indexByToken: [UInt32: Int] = [:]
    private var lastIndex = -1

    subscript(index: Int) -> Entry {
        get { entries[index] }
        _modify { yield &entries[index] }
    }

    /// The position of a symbol's entry, made when it is new; `nil` when the symbol is empty or not UTF-8,
    /// its token is taken by another one or the table is full.
    @inline(__always)
    mutating func index(of symbol: UnsafeBufferPointer<UInt8>) -> Int? {
        if lastIndex >= 0, Self.areEqual(entries[lastIndex].bytes, symbol) { return lastIndex }
        return find(symbol)
    }

    @inline(never)
    private mutating func find(_ symbol: UnsafeBufferPointer<UInt8>) -> Int? {
        var hash: UInt32 = 2_166_136_261
        for byte in symbol { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        if let index = indexByToken[hash], Self.areEqual(entries[index].bytes, symbol) {
            lastIndex = index
            return index
        }
        guard !symbol.isEmpty, symbol.count <= Limits.nameBytesMax, entries.count < Limits.instrumentsMax,
            let text = String(validating: symbol, as: UTF8.self)
        else { return nil }
        let token = InstrumentToken(symbol: text)
        guard indexByToken[token.rawValue] == nil else { return nil }
        lastIndex = entries.count
        indexByToken[token.rawValue] = lastIndex
        entries.append(Entry(symbol: text, bytes: Array(symbol), token: token))
        return lastIndex
    }

    /// Instruments in the order met, with the finest decimals seen as increments unless given.
    func instruments(options: CSVImportOptions) -> [Instrument] {
        entries.map { entry in
            let price = Price(e8: CSVNumber.powersOfTen(8 - entry.priceDecimals))
            let size = Quantity(e8: CSVNumber.powersOfTen(8 - entry.sizeDecimals))
            return Instrument(
                symbol: entry.symbol, token: entry.token, category: options.category,
                priceIncrement: options.priceIncrement ?? price,
                quantityIncrement: options.quantityIncrement ?? size,
                currency: options.currency)
        }
    }

    @inline(__always)
    private static func areEqual(_ left: [UInt8], _ right: UnsafeBufferPointer<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<right.count where left[index] != right[index] { return false }
        return true
    }
}
