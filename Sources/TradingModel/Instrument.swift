/// The number that stands for an instrument on the wire, in tick files and in `live_data:{token}`.
///
/// Zero is reserved: records with token 0 speak of the feed as a whole (heartbeats, end of data).
@frozen
public struct InstrumentToken: Hashable, Comparable, Sendable, BitwiseCopyable, Codable,
    CustomStringConvertible
{
    public let rawValue: UInt32

    @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }

    /// The token a symbol gets when nobody chose one: FNV-1a of its UTF-8 bytes, the same on every machine,
    /// so that files made apart agree. Two symbols with one token are refused where instruments meet.
    public init(symbol: String) {
        var hash: UInt32 = 2_166_136_261
        for byte in symbol.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        self.init(hash == 0 ? 1 : hash)
    }

    /// Records about a feed as a whole.
    @inlinable public static var feedWide: InstrumentToken { InstrumentToken(0) }

    @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    public var description: String { String(rawValue) }

    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(UInt32.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// What can be traded: identity and the rules its orders must follow.
public struct Instrument: Hashable, Sendable, Codable {
    /// The number that stands for it in records; not 0.
    public var token: InstrumentToken
    /// The name people use, unique in a home, such as `BTCUSDT`.
    public var symbol: String
    /// The group it is announced in on `instruments:category:{category}`, such as `crypto`.
    public var category: String
    /// The smallest price step; zero means any price.
    public var priceIncrement: Price
    /// The smallest quantity step; zero means any quantity.
    public var quantityIncrement: Quantity
    /// Units of the underlying per unit of quantity; 1 for spot.
    public var multiplier: Quantity
    /// The currency of its prices and PnL.
    public var currency: String

    /// Makes an instrument; the token defaults to the one derived from the symbol.
    public init(
        symbol: String, token: InstrumentToken? = nil, category: String = "default",
        priceIncrement: Price = .zero, quantityIncrement: Quantity = .zero,
        multiplier: Quantity = Quantity(1),
        currency: String = "USD"
    ) {
        self.token = token ?? InstrumentToken(symbol: symbol)
        self.symbol = symbol
        self.category = category
        self.priceIncrement = priceIncrement
        self.quantityIncrement = quantityIncrement
        self.multiplier = multiplier
        self.currency = currency
    }

    private enum CodingKeys: String, CodingKey {
        case token, symbol, category, multiplier, currency
        case priceIncrement = "price_increment"
        case quantityIncrement = "quantity_increment"
    }
}
