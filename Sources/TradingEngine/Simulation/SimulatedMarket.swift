import TradingModel

/// What the simulated exchange knows of one instrument.
struct SimulatedMarket {
    let priceIncrement: Price
    let multiplier: Quantity
    private(set) var quote = Quote(bid: .zero, ask: .zero, bidSize: .zero, askSize: .zero)
    private(set) var hasQuote = false
    /// What is left of the displayed quantities until the next quote; `nil` when the source does not tell
    /// them.
    private var askLeft: Quantity?
    private var bidLeft: Quantity?
    var lastPrice: Price?
    /// The account's net position here, for reduce-only orders.
    var position = Quantity.zero
    var buys = WorkingSide()
    var sells = WorkingSide()
    /// When the last bar came; orders that arrived later do not meet the path of the next one.
    var lastBarTime = Timestamp(nanoseconds: .min)
    var barVolume = Quantity.zero
    var barDurationNanoseconds: Int64 = 0

    init(_ instrument: Instrument) {
        priceIncrement = instrument.priceIncrement
        multiplier = instrument.multiplier
    }

    mutating func set(_ quote: Quote) {
        self.quote = quote
        hasQuote = true
        askLeft = quote.askSize.isZero ? nil : quote.askSize
        bidLeft = quote.bidSize.isZero ? nil : quote.bidSize
    }

    /// The price an order of a side would meet, and the quantity left there when known.
    func opposite(_ side: Side) -> (price: Price, left: Quantity?)? {
        if hasQuote { return side == .buy ? (quote.ask, askLeft) : (quote.bid, bidLeft) }
        return lastPrice.map { ($0, nil) }
    }

    /// Takes a quantity off what is displayed to a side.
    mutating func consume(_ side: Side, _ quantity: Quantity) {
        if side == .buy {
            askLeft = askLeft.map { $0 - min($0, quantity) }
        } else {
            bidLeft = bidLeft.map { $0 - min($0, quantity) }
        }
    }

    /// Whether an order would trade on arrival: the opposite quote reaches its limit, or, without a quote,
    /// the last price passes it.
    func isMarketable(_ order: WorkingOrder) -> Bool {
        guard let price = opposite(order.side)?.price else { return false }
        return hasQuote || order.type == .market ? order.isReached(by: price) : order.isPassed(by: price)
    }

    /// How much of a reduce-only order may still trade.
    func reducible(_ side: Side) -> Quantity {
        side == .buy ? max(-position, .zero) : max(position, .zero)
    }
}
