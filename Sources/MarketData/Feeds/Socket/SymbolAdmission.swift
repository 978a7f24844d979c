import TradingModel

/// Makes instruments of symbols that nobody named before, up to a number.
///
/// A symbol is 1 to 64 bytes of UTF-8 without spaces and control characters: what else comes in its place is a line that
/// was misunderstood more often than a name. A value, confined to the reading thread.
struct SymbolAdmission: Sendable {
    /// What became of a symbol.
    enum Verdict: Equatable {
        case known
        case new(Instrument)
        case refused(String)
    }

    private let model: Instrument
    private let countMax: Int
    private var symbolByToken: [UInt32: String]

    init(model: Instrument, known: [Instrument], countMax: Int) {
        self.model = model
        self.countMax = countMax
        symbolByToken = Dictionary(known.map { ($0.token.rawValue, $0.symbol) }) { first, _ in first }
    }

    /// Whether a symbol, whose records bear a token, is an instrument of the feed; a new one is from now on.
    mutating func admit(_ symbol: String, token: InstrumentToken) -> Verdict {
        if let known = symbolByToken[token.rawValue] {
            return known == symbol ? .known : .refused("symbol \(symbol) has the token of \(known)")
        }
        guard token != .feedWide, !symbol.isEmpty, symbol.utf8.count <= Limits.socketSymbolBytesMax,
            symbol.unicodeScalars.allSatisfy({
                !$0.properties.isWhitespace && $0.value > 0x20 && $0.value != 0x7F
            })
        else { return .refused("'\(LineReports.readable(Array(symbol.utf8)))' is no symbol") }
        guard symbolByToken.count < countMax else {
            return .refused("symbol \(symbol) is one more than symbols_max, \(countMax)")
        }
        symbolByToken[token.rawValue] = symbol
        return .new(model.renamed(symbol))
    }
}

extension Instrument {
    /// The same with another symbol, and that one's token.
    func renamed(_ symbol: String) -> Instrument {
        Instrument(
            symbol: symbol, category: category, priceIncrement: priceIncrement,
            quantityIncrement: quantityIncrement, multiplier: multiplier, currency: currency)
    }
}

extension FeedConfiguration {
    /// The word for symbols that nobody has named.
    package static let anySymbol = "any"

    /// Whether symbols that are not named become instruments as they come.
    package var takesAnySymbol: Bool {
        let symbols = try? list("symbols")
        return kind == SocketFeed.name && symbols?.contains(Self.anySymbol) == true
    }
}
