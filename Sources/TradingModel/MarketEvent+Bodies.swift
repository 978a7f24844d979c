/// The best bid and ask of an instrument.
@frozen
public struct Quote: Equatable, Sendable, BitwiseCopyable {
    public var bid: Price
    public var ask: Price
    /// Quantity at the bid; zero when the source does not say.
    public var bidSize: Quantity
    /// Quantity at the ask; zero when the source does not say.
    public var askSize: Quantity

    @inlinable public init(bid: Price, ask: Price, bidSize: Quantity, askSize: Quantity) {
        self.bid = bid
        self.ask = ask
        self.bidSize = bidSize
        self.askSize = askSize
    }

    /// The price half-way between bid and ask, rounded towards zero.
    @inlinable public var mid: Price { Price(e8: bid.e8 + (ask.e8 - bid.e8) / 2) }
}

/// A trade between others, as the venue printed it.
@frozen
public struct Trade: Equatable, Sendable, BitwiseCopyable {
    public var price: Price
    public var size: Quantity
    /// The venue's number, 0 when it has none.
    public var tradeID: Int64
    /// The side that took liquidity; `nil` when unknown.
    public var aggressor: Side?

    @inlinable public init(price: Price, size: Quantity, tradeID: Int64 = 0, aggressor: Side? = nil) {
        self.price = price
        self.size = size
        self.tradeID = tradeID
        self.aggressor = aggressor
    }
}

/// Open, high, low and close of an interval; the record's times are those of its close.
@frozen
public struct Bar: Equatable, Sendable, BitwiseCopyable {
    public var open: Price
    public var high: Price
    public var low: Price
    public var close: Price
    /// Quantity traded; zero when the source does not say.
    public var volume: Quantity
    /// Length of the interval in nanoseconds; 0 when unknown.
    public var durationNanoseconds: Int64

    @inlinable public init(
        open: Price, high: Price, low: Price, close: Price, volume: Quantity = .zero,
        durationNanoseconds: Int64 = 0
    ) {
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
        self.durationNanoseconds = durationNanoseconds
    }
}

/// A change of one price level of an order book.
@frozen
public struct DepthUpdate: Equatable, Sendable, BitwiseCopyable {
    public var price: Price
    /// The level's new quantity; zero removes the level.
    public var size: Quantity
    /// `.buy` for a bid level, `.sell` for an ask level.
    public var side: Side

    @inlinable public init(price: Price, size: Quantity, side: Side) {
        self.price = price
        self.size = size
        self.side = side
    }
}

extension MarketEvent {
    /// A quote record.
    public static func quote(
        _ quote: Quote, token: InstrumentToken, eventTime: Timestamp, receiveTime: Timestamp, sequence: UInt64
    ) -> MarketEvent {
        MarketEvent(
            kind: .quote, token: token, eventTime: eventTime, receiveTime: receiveTime, sequence: sequence,
            words: (quote.bid.e8, quote.ask.e8, quote.bidSize.e8, quote.askSize.e8))
    }

    /// A trade record.
    public static func trade(
        _ trade: Trade, token: InstrumentToken, eventTime: Timestamp, receiveTime: Timestamp, sequence: UInt64
    ) -> MarketEvent {
        MarketEvent(
            kind: .trade, token: token, eventTime: eventTime, receiveTime: receiveTime, sequence: sequence,
            words: (trade.price.e8, trade.size.e8, trade.tradeID, Int64(trade.aggressor?.rawValue ?? 0)))
    }

    /// The two records of a bar, `barVolume` first; they take `sequence` and `sequence + 1`.
    public static func bar(
        _ bar: Bar, token: InstrumentToken, eventTime: Timestamp, receiveTime: Timestamp, sequence: UInt64
    ) -> (volume: MarketEvent, bar: MarketEvent) {
        (
            MarketEvent(
                kind: .barVolume, token: token, eventTime: eventTime, receiveTime: receiveTime,
                sequence: sequence, words: (bar.volume.e8, bar.durationNanoseconds, 0, 0)),
            MarketEvent(
                kind: .bar, token: token, eventTime: eventTime, receiveTime: receiveTime,
                sequence: sequence + 1, words: (bar.open.e8, bar.high.e8, bar.low.e8, bar.close.e8))
        )
    }

    /// A record of one book level.
    public static func depth(
        _ update: DepthUpdate, token: InstrumentToken, eventTime: Timestamp, receiveTime: Timestamp,
        sequence: UInt64, flags: MarketEventFlags = []
    ) -> MarketEvent {
        MarketEvent(
            kind: .depth, token: token, eventTime: eventTime, receiveTime: receiveTime, sequence: sequence,
            flags: flags, words: (update.price.e8, update.size.e8, Int64(update.side.rawValue), 0))
    }

    /// A record about the feed (token 0) or about one instrument's trading.
    public static func status(
        _ code: FeedStatusCode, token: InstrumentToken = .feedWide, time: Timestamp, sequence: UInt64
    ) -> MarketEvent {
        MarketEvent(
            kind: .status, token: token, eventTime: time, receiveTime: time, sequence: sequence,
            words: (code.rawValue, 0, 0, 0))
    }

    /// A record that says how many records are missing before it.
    public static func gap(missing count: UInt64, at time: Timestamp) -> MarketEvent {
        MarketEvent(
            kind: .gap, token: .feedWide, eventTime: time, receiveTime: time, sequence: 0,
            words: (0, Int64(clamping: count), 0, 0))
    }

    /// The body as a quote; meaningful only when `kind` is `.quote`.
    @inlinable public var quote: Quote {
        Quote(
            bid: Price(e8: word0), ask: Price(e8: word1), bidSize: Quantity(e8: word2),
            askSize: Quantity(e8: word3))
    }

    /// The body as a trade; meaningful only when `kind` is `.trade`.
    @inlinable public var trade: Trade {
        Trade(
            price: Price(e8: word0), size: Quantity(e8: word1), tradeID: word2,
            aggressor: Side(rawValue: UInt8(truncatingIfNeeded: word3)))
    }

    /// The body as a book level; meaningful only when `kind` is `.depth`.
    @inlinable public var depth: DepthUpdate {
        DepthUpdate(price: Price(e8: word0), size: Quantity(e8: word1), side: word2 == 2 ? .sell : .buy)
    }

    /// The body as a feed status; `nil` for an unknown code. Meaningful only when `kind` is `.status`.
    @inlinable public var feedStatus: FeedStatusCode? { FeedStatusCode(rawValue: word0) }
}
