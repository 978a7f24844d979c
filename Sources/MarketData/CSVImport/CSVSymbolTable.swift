import TradingModel

/// The instruments met in an import, found by the bytes of their symbol without making strings.
///
/// Not thread-safe. One table serves all files of an import.
final class CSVSymbolTable {
    /// What is gathered per instrument, in plain memory for the row parsers.
    struct Numbers {
        let token: UInt32
        /// Given increments in units of 10^-8; 0 when none are.
        let priceIncrement: Int64, sizeIncrement: Int64
        /// The coarsest decimal steps that all values so far are multiples of, in units of 10^-8.
        var priceStep: Int64 = 100_000_000, sizeStep: Int64 = 100_000_000
        /// Decimals of those steps.
        var priceDecimals = 0, sizeDecimals = 0
        var recordCount = 0
    }

    private(set) var symbols: [String] = []
    /// The bytes of the symbol found last and their place; for the row parsers.
    private(set) var last: (bytes: UnsafeMutablePointer<UInt8>, byteCount: Int, index: Int)
    /// One per symbol; moves when the table grows.
    private(set) var numbers: UnsafeMutablePointer<Numbers>
    private var capacity = 16
    private var accepted: [Int] = []
    private var known: [String: Instrument] = [:]
    private var indexByToken: [UInt32: Int] = [:]
    private var indexByHash: [UInt32: Int] = [:]
    private let options: CSVImportOptions

    init(options: CSVImportOptions) {
        self.options = options
        numbers = .allocate(capacity: capacity)
        last = (.allocate(capacity: Limits.nameBytesMax + 16), -1, -1)
        last.bytes.initialize(repeating: 0, count: Limits.nameBytesMax + 16)
        for instrument in options.instruments { known[instrument.symbol] = instrument }
    }

    deinit {
        numbers.deallocate()
        last.bytes.deallocate()
    }

    /// The position of a symbol's entry, made when it is new; `nil` when the symbol is empty or not UTF-8,
    /// its token is taken by another one or the table is full.
    @inline(__always)
    func index(of symbol: UnsafeBufferPointer<UInt8>) -> Int? {
        if last.byteCount == symbol.count, areEqual(symbol) { return last.index }
        return find(symbol)
    }

    @inline(__always)
    private func areEqual(_ symbol: UnsafeBufferPointer<UInt8>) -> Bool {
        for index in 0..<symbol.count where last.bytes[index] != symbol[index] { return false }
        return true
    }

    @inline(never)
    private func find(_ symbol: UnsafeBufferPointer<UInt8>) -> Int? {
        guard !symbol.isEmpty, symbol.count <= Limits.nameBytesMax else { return nil }
        var hash: UInt32 = 2_166_136_261
        for byte in symbol { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        if let index = indexByHash[hash] {
            var text = symbols[index]
            guard text.withUTF8({ $0.elementsEqual(symbol) }) else { return nil }
            remember(symbol, index)
            return index
        }
        guard symbols.count < Limits.instrumentsMax, let text = String(validating: symbol, as: UTF8.self)
        else { return nil }
        let instrument = known[text]
        let token = instrument?.token ?? InstrumentToken(symbol: text)
        guard indexByToken[token.rawValue] == nil else { return nil }
        let index = symbols.count
        indexByToken[token.rawValue] = index
        indexByHash[hash] = index
        symbols.append(text)
        grow()
        let price = options.priceIncrement ?? instrument?.priceIncrement ?? .zero
        let size = options.quantityIncrement ?? instrument?.quantityIncrement ?? .zero
        (numbers + index).initialize(
            to: Numbers(token: token.rawValue, priceIncrement: price.e8, sizeIncrement: size.e8))
        remember(symbol, index)
        return index
    }

    private func remember(_ symbol: UnsafeBufferPointer<UInt8>, _ index: Int) {
        for position in 0..<symbol.count { last.bytes[position] = symbol[position] }
        last.byteCount = symbol.count
        last.index = index
    }

    private func grow() {
        guard symbols.count > capacity else { return }
        let larger = UnsafeMutablePointer<Numbers>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: numbers, count: capacity)
        numbers.deallocate()
        numbers = larger
        capacity *= 2
    }

    /// The symbol found last, when a token is its.
    func lastSymbol(ifOf token: InstrumentToken) -> String? {
        guard last.index >= 0, numbers[last.index].token == token.rawValue else { return nil }
        return symbols[last.index]
    }

    /// Counts records of an instrument, the first of which gives it its place.
    @inline(__always)
    func didAccept(_ index: Int, recordCount: Int) {
        if numbers[index].recordCount == 0 { accepted.append(index) }
        numbers[index].recordCount &+= recordCount
    }

    /// Takes back what `didAccept` counted last.
    func didRefuse(_ index: Int, recordCount: Int) {
        numbers[index].recordCount -= recordCount
        if numbers[index].recordCount == 0 { accepted.removeLast() }
    }

    /// Instruments that have records, in the order of their first ones, with the finest decimals seen as increments unless given.
    ///
    /// - Parameter late: records by token that were accepted and then left out.
    func instruments(without late: [UInt32: Int] = [:]) -> [ImportSummary.InstrumentCount] {
        accepted.compactMap { index in
            let symbol = symbols[index]
            var entry = numbers[index]
            entry.recordCount -= late[entry.token] ?? 0
            guard entry.recordCount > 0 else { return nil }
            let known = known[symbol]
            let instrument = Instrument(
                symbol: symbol, token: InstrumentToken(entry.token),
                category: known?.category ?? options.category,
                priceIncrement: Price(e8: entry.priceIncrement > 0 ? entry.priceIncrement : entry.priceStep),
                quantityIncrement: Quantity(
                    e8: entry.sizeIncrement > 0 ? entry.sizeIncrement : entry.sizeStep),
                multiplier: known?.multiplier ?? Quantity(1), currency: known?.currency ?? options.currency)
            return ImportSummary.InstrumentCount(instrument: instrument, recordCount: entry.recordCount)
        }
    }
}
