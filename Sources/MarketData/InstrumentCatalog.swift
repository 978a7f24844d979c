package import TradingModel

/// Instruments gathered from several sources, in the order met, without contradictions.
package struct InstrumentCatalog {
    /// The instruments so far.
    package private(set) var instruments: [Instrument] = []
    private var indexByToken: [UInt32: Int] = [:]
    private var tokenBySymbol: [String: InstrumentToken] = [:]

    package init() {}

    /// Adds an instrument, or joins it with an equal one: the finer increments hold, all else must agree.
    ///
    /// Refuses token 0, one token with two symbols and one symbol with two tokens.
    package mutating func insert(_ instrument: Instrument, from origin: String) throws(MarketDataError) {
        guard instrument.token != .feedWide, !instrument.symbol.isEmpty else {
            throw MarketDataError(
                .instrumentConflict,
                "\(origin): instrument '\(instrument.symbol)' needs a symbol and a token above 0")
        }
        for name in [instrument.symbol, instrument.category, instrument.currency]
        where name.utf8.count > Limits.nameBytesMax {
            throw MarketDataError(
                .limitExceeded,
                "\(origin): the name \(name.prefix(40))... has over \(Limits.nameBytesMax) bytes")
        }
        if let token = tokenBySymbol[instrument.symbol], token != instrument.token {
            throw MarketDataError(
                .instrumentConflict,
                "\(origin): \(instrument.symbol) has token \(instrument.token), elsewhere \(token); use"
                    + " one token"
            )
        }
        guard let index = indexByToken[instrument.token.rawValue] else {
            indexByToken[instrument.token.rawValue] = instruments.count
            tokenBySymbol[instrument.symbol] = instrument.token
            instruments.append(instrument)
            return
        }
        let known = instruments[index]
        guard known.symbol == instrument.symbol else {
            throw MarketDataError(
                .instrumentConflict,
                "\(origin): token \(instrument.token) stands for \(instrument.symbol) and for"
                    + " \(known.symbol);"
                    + " give one of them another token")
        }
        guard known.currency == instrument.currency, known.multiplier == instrument.multiplier else {
            throw MarketDataError(
                .instrumentConflict,
                "\(origin): \(instrument.symbol) is in \(instrument.currency) with multiplier \(instrument.multiplier),"
                    + " elsewhere in \(known.currency) with \(known.multiplier); give one of them another symbol"
            )
        }
        instruments[index].priceIncrement = Price(
            e8: Self.commonDivisor(known.priceIncrement.e8, instrument.priceIncrement.e8))
        instruments[index].quantityIncrement = Quantity(
            e8: Self.commonDivisor(known.quantityIncrement.e8, instrument.quantityIncrement.e8))
    }

    /// The coarsest step both are multiples of; 0, any step, when one of them is 0.
    private static func commonDivisor(_ left: Int64, _ right: Int64) -> Int64 {
        guard left > 0, right > 0 else { return 0 }
        var (larger, smaller) = (left, right)
        while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
        return larger
    }
}
