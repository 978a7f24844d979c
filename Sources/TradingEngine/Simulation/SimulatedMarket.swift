import TradingModel

/// What the simulated exchange knows of one instrument. Not copyable: a look at it must not copy its arrays.
struct SimulatedMarket: ~Copyable {
    /// Prices from which on a record can do something to an order; within them nothing needs to be looked at. Units of
    /// 10^-8; at the ends of the range there is no such order.
    struct Watch {
        var askAtMost = Int64.min
        var askAtLeast = Int64.max
        var bidAtLeast = Int64.max
        var bidAtMost = Int64.min
        var lastAtMost = Int64.min
        var lastAtLeast = Int64.max
    }

    var quote = Quote(bid: .zero, ask: .zero, bidSize: .zero, askSize: .zero)
    var watch = Watch()
    var hasQuote = false
    /// Whether any order is here.
    var hasOrders = false
    var hasLastPrice = false
    var lastPrice = Price.zero
    /// When the last trade or bar came.
    var lastTime = Timestamp(nanoseconds: .min)
    /// What is left of the displayed quantities until the next quote; negative when the source does not tell.
    var askLeft = Int64(-1)
    var bidLeft = Int64(-1)
    let priceIncrement: Price
    let multiplier: Quantity
    /// The account's net position here, for reduce-only orders.
    var position = Quantity.zero
    var buys = WorkingSide()
    var sells = WorkingSide()
    /// Stops and if-touched orders that wait for their trigger, in the order of arrival.
    var stops: [WorkingOrder] = []
    /// Orders that arrived between two records of an instrument without quotes; they meet the next one.
    var arrivals: [WorkingOrder] = []
    /// Where the price stands on the path of a bar.
    var pathPrice: Price?
    /// What is left of a bar's volume; `nil` when the source does not tell.
    var pathLeft: Quantity?
    /// When the last bar came; orders that arrived later do not meet the path of the next one.
    var lastBarTime = Timestamp(nanoseconds: .min)
    var barVolume = Quantity.zero
    var barDurationNanoseconds: Int64 = 0

    init(_ instrument: Instrument) {
        priceIncrement = instrument.priceIncrement
        multiplier = instrument.multiplier
    }

    @inline(__always)
    mutating func set(_ quote: Quote) {
        self.quote = quote
        askLeft = quote.askSize.e8 == 0 ? -1 : quote.askSize.e8
        bidLeft = quote.bidSize.e8 == 0 ? -1 : quote.bidSize.e8
    }

    /// The price an order of a side would meet, and the quantity left there when known.
    func opposite(_ side: Side) -> (price: Price, left: Quantity?)? {
        if let pathPrice { return (pathPrice, pathLeft) }
        if hasQuote {
            let left = side == .buy ? askLeft : bidLeft
            return (side == .buy ? quote.ask : quote.bid, left < 0 ? nil : Quantity(e8: left))
        }
        return hasLastPrice ? (lastPrice, nil) : nil
    }

    /// The price that triggers orders of a side.
    func triggerPrice(_ side: Side, _ source: TriggerSource) -> Price? {
        if let pathPrice { return pathPrice }
        if source == .quote, hasQuote { return side == .buy ? quote.ask : quote.bid }
        return hasLastPrice ? lastPrice : nil
    }

    /// Takes a quantity off what is displayed to a side.
    mutating func consume(_ side: Side, _ quantity: Quantity) {
        if pathPrice != nil {
            pathLeft = pathLeft.map { $0 - min($0, quantity) }
        } else if side == .buy {
            if askLeft >= 0 { askLeft -= min(askLeft, quantity.e8) }
        } else {
            if bidLeft >= 0 { bidLeft -= min(bidLeft, quantity.e8) }
        }
    }

    /// Whether an order would trade on arrival: the opposite quote reaches its limit, or, without a quote,
    /// the last price passes it. On a bar's path a price that is reached trades.
    func isMarketable(_ order: WorkingOrder) -> Bool {
        guard let price = opposite(order.side)?.price else { return false }
        if hasQuote || pathPrice != nil || !order.type.hasPrice { return order.isReached(by: price) }
        return order.isPassed(by: price)
    }

    /// How much of a reduce-only order may still trade.
    func reducible(_ side: Side) -> Quantity {
        side == .buy ? max(-position, .zero) : max(position, .zero)
    }
}
