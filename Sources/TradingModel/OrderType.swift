/// How an order's price is decided.
@frozen
public enum OrderType: UInt8, Sendable, Hashable, BitwiseCopyable, CaseIterable, CustomStringConvertible {
    /// Takes the best price there is.
    case market = 1
    /// Trades at its price or better.
    case limit = 2
    /// A market order once the market has moved against it to its trigger: up to it for a buy, down for a sell.
    case stop = 3
    /// A limit order once the market has moved against it to its trigger.
    case stopLimit = 4
    /// A stop whose trigger follows the market at a distance and never goes back.
    case trailingStop = 5
    /// A market order once the market has come to its trigger: down to it for a buy, up for a sell.
    case marketIfTouched = 6
    /// A limit order once the market has come to its trigger.
    case limitIfTouched = 7

    /// Whether it has a limit price.
    @inlinable public var hasPrice: Bool {
        switch self {
        case .limit, .stopLimit, .limitIfTouched: true
        case .market, .stop, .trailingStop, .marketIfTouched: false
        }
    }

    /// Whether it waits for a trigger price.
    @inlinable public var hasTrigger: Bool {
        switch self {
        case .market, .limit: false
        case .stop, .stopLimit, .trailingStop, .marketIfTouched, .limitIfTouched: true
        }
    }

    /// Whether it comes to life when the market moves in its favour, and not against it.
    @inlinable public var isIfTouched: Bool { self == .marketIfTouched || self == .limitIfTouched }

    /// The word used in SQL, on the command line and in logs.
    public var description: String {
        switch self {
        case .market: "market"
        case .limit: "limit"
        case .stop: "stop"
        case .stopLimit: "stop_limit"
        case .trailingStop: "trailing_stop"
        case .marketIfTouched: "market_if_touched"
        case .limitIfTouched: "limit_if_touched"
        }
    }
}

/// How long an order works.
@frozen
public enum TimeInForce: UInt8, Sendable, Hashable, BitwiseCopyable, CaseIterable, CustomStringConvertible {
    /// Good till canceled.
    case gtc = 1
    /// Immediate or cancel: what does not fill at once is canceled.
    case ioc = 2
    /// Fill or kill: all at once or nothing.
    case fok = 3
    /// Good until the trading day ends; when that is, is configured, and the UTC day by default.
    case day = 4
    /// Good till its expire time.
    case gtd = 5

    /// Whether the order may wait at the venue.
    @inlinable public var rests: Bool { self == .gtc || self == .day || self == .gtd }

    public var description: String {
        switch self {
        case .gtc: "GTC"
        case .ioc: "IOC"
        case .fok: "FOK"
        case .day: "DAY"
        case .gtd: "GTD"
        }
    }
}

/// How far the trigger of a trailing stop stays behind the market.
@frozen
public enum TrailingOffset: Equatable, Sendable, BitwiseCopyable, CustomStringConvertible {
    /// A distance in price, positive.
    case price(Price)
    /// A number of the instrument's price increments, positive.
    case ticks(Int32)
    /// A share of the market's price in units of 0.01 %, positive and below 10,000.
    case basisPoints(Int32)

    public var description: String {
        switch self {
        case .price(let distance): "\(distance)"
        case .ticks(let count): "\(count) ticks"
        case .basisPoints(let count): "\(count) bp"
        }
    }

    /// The distance from a market price; `nil` when it is not positive, or a number of ticks of an instrument without
    /// a price increment.
    public func distance(from market: Price, priceIncrement: Price) -> Price? {
        let distance: Int64
        switch self {
        case .price(let price): distance = price.e8
        case .ticks(let count):
            distance = priceIncrement.e8.multipliedReportingOverflow(by: Int64(count)).partialValue
        case .basisPoints(let count):
            guard count > 0, count < 10_000 else { return nil }
            distance = Int64(Int128(market.e8) * Int128(count) / 10_000)
        }
        return distance > 0 ? Price(e8: distance) : nil
    }
}

/// A strategy's own mark on an order: up to 16 bytes of UTF-8, kept within the order.
@frozen
public struct OrderTag: Hashable, Sendable, BitwiseCopyable, CustomStringConvertible,
    ExpressibleByStringLiteral
{
    /// The bytes in order, zeros after the last; little-endian words.
    public let low: UInt64
    public let high: UInt64

    /// No mark.
    @inlinable public init() {
        low = 0
        high = 0
    }

    @inlinable public init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// Makes a tag; `nil` when the text has more than 16 bytes or one that is zero.
    public init?(validating text: some StringProtocol) {
        var words: (low: UInt64, high: UInt64) = (0, 0)
        for (index, byte) in text.utf8.enumerated() {
            guard index < 16, byte != 0 else { return nil }
            if index < 8 {
                words.low |= UInt64(byte) << UInt64(index * 8)
            } else {
                words.high |= UInt64(byte) << UInt64((index - 8) * 8)
            }
        }
        self.init(low: words.low, high: words.high)
    }

    /// Makes a tag; traps when the text has more than 16 bytes.
    public init(stringLiteral text: String) {
        guard let tag = OrderTag(validating: text) else {
            preconditionFailure("a tag has at most 16 bytes: '\(text)'")
        }
        self = tag
    }

    @inlinable public var isEmpty: Bool { low == 0 && high == 0 }

    public var description: String {
        var bytes: [UInt8] = []
        for index in 0..<16 {
            let word = index < 8 ? low : high
            let byte = UInt8(truncatingIfNeeded: word >> UInt64(index % 8 * 8))
            if byte == 0 { break }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
