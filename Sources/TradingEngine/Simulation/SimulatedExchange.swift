package import TradingModel

/// An exchange that fills orders against recorded or live market data, conservatively.
///
/// - Market orders take the opposite quote, else the last trade or close, plus slippage; without any they are
///   rejected (`no_market`). What is not displayed, when volume is limited, waits for the next quotes (GTC).
/// - A limit order that crosses on arrival takes the quote; post-only ones are rejected (`post_only`)
///   instead.
/// - A resting limit order fills as maker at its own price when a trade is strictly beyond it or the opposite
///   quote reaches it. A trade at its price does not fill it, because others may stand before it.
/// - What an order meets on arrival is the market as of the first record at or after sending time plus
///   latency, with that record included; no trade or bar that is older than the order fills it.
/// - A bar goes open, high, low, close: orders passed at the open, then sells on the way up, then buys on the
///   way down, each at its own price. Only orders that were there before the bar began take part: those that
///   arrived no later than the previous bar, or than this bar's close minus its duration.
/// - Reduce-only orders trade no more than the position; what is left is canceled (`reduce_only`).
/// - Depth records are not looked at.
package struct SimulatedExchange: ExecutionVenue {
    private enum Action {
        case submit(Order)
        case modify(OrderID, OrderTerms)
        case cancel(OrderID)
    }

    private struct Pending {
        var due: Timestamp
        var instrument: Int
        var action: Action
    }

    private let configuration: SimulatedExchangeConfiguration
    var markets: [SimulatedMarket]
    /// On their way, by time of arrival; latency is constant, so this is the order of sending.
    private var pending: [Pending] = []

    /// Makes an exchange for the engine's instruments, in the engine's order.
    package init(configuration: SimulatedExchangeConfiguration, instruments: [Instrument]) {
        precondition(configuration.latency >= .zero, "latency is not negative")
        precondition(configuration.slippageTicks >= 0, "slippage is not negative")
        self.configuration = configuration
        markets = instruments.map { SimulatedMarket($0) }
    }

    // MARK: - ExecutionVenue

    package mutating func restore(position: Quantity, instrument: Int) {
        markets[instrument].position = position
    }

    package mutating func restore(_ order: Order, instrument: Int) {
        rest(WorkingOrder(order, arrivedAt: order.createdAt), instrument)
    }

    package mutating func observe(
        _ event: MarketEvent, instrument: Int, at now: Timestamp, reports: inout [VenueReport]
    ) {
        if instrument >= 0 {
            switch event.kind {
            case .quote: observe(event.quote, instrument, &reports)
            case .trade: observe(event.trade, instrument, &reports)
            case .barVolume:
                markets[instrument].barVolume = Quantity(e8: event.word0)
                markets[instrument].barDurationNanoseconds = event.word1
            case .bar: observeBar(event, instrument, at: now, &reports)
            case .depth, .status, .gap, nil: break
            }
        }
        if !pending.isEmpty { release(at: now, &reports) }
    }

    package mutating func attention(instrument: Int) -> VenueAttention {
        VenueAttention(
            isIdle: markets[instrument].buys.isEmpty && markets[instrument].sells.isEmpty,
            isQuiet: pending.isEmpty)
    }

    package mutating func submit(
        _ order: Order, instrument: Int, at now: Timestamp, reports: inout [VenueReport]
    ) {
        if configuration.latency == .zero {
            arrive(WorkingOrder(order, arrivedAt: now), instrument, &reports)
        } else {
            pending.append(
                Pending(due: now + configuration.latency, instrument: instrument, action: .submit(order)))
        }
    }

    package mutating func modify(
        _ order: Order, to terms: OrderTerms, instrument: Int, at now: Timestamp, reports: inout [VenueReport]
    ) {
        if configuration.latency == .zero {
            modify(order.id, terms, instrument, &reports)
        } else {
            pending.append(
                Pending(
                    due: now + configuration.latency, instrument: instrument,
                    action: .modify(order.id, terms)))
        }
    }

    package mutating func cancel(
        _ order: Order, instrument: Int, at now: Timestamp, reports: inout [VenueReport]
    ) {
        if configuration.latency == .zero {
            if remove(order.id, instrument) { reports.append(.canceled(order.id, reason: "")) }
        } else {
            pending.append(
                Pending(due: now + configuration.latency, instrument: instrument, action: .cancel(order.id)))
        }
    }

    package mutating func cancelAll(reason: String, at now: Timestamp, reports: inout [VenueReport]) {
        var ids: [OrderID] = []
        for index in markets.indices {
            ids += markets[index].buys.orders.map(\.id) + markets[index].sells.orders.map(\.id)
            markets[index].buys.removeAll()
            markets[index].sells.removeAll()
        }
        for item in pending {
            if case .submit(let order) = item.action { ids.append(order.id) }
        }
        pending.removeAll()
        for id in ids.sorted() { reports.append(.canceled(id, reason: reason)) }
    }

    // MARK: - Market data

    private mutating func observe(_ quote: Quote, _ index: Int, _ reports: inout [VenueReport]) {
        markets[index].set(quote)
        if let best = markets[index].buys.bestPrice, quote.ask <= best { sweep(.buy, index, &reports) }
        if let best = markets[index].sells.bestPrice, quote.bid >= best { sweep(.sell, index, &reports) }
    }

    private mutating func observe(_ trade: Trade, _ index: Int, _ reports: inout [VenueReport]) {
        markets[index].lastPrice = trade.price
        var available: Quantity? = trade.size.isZero ? nil : trade.size
        for side in [Side.buy, .sell] {
            passThrough(
                side, index, price: trade.price, available: &available, notAfter: .distantFuture, &reports)
        }
        // Market orders that no quote has filled take what is printed.
        if !markets[index].hasQuote { for side in [Side.buy, .sell] { sweep(side, index, &reports) } }
    }

    private mutating func observeBar(
        _ event: MarketEvent, _ index: Int, at now: Timestamp, _ reports: inout [VenueReport]
    ) {
        let duration = markets[index].barDurationNanoseconds
        var began = markets[index].lastBarTime
        if duration > 0 {
            let (start, overflow) = event.receiveTime.nanoseconds.subtractingReportingOverflow(duration)
            if !overflow { began = max(began, Timestamp(nanoseconds: start)) }
        }
        let volume = markets[index].barVolume
        var available: Quantity? = volume.isZero ? nil : volume
        for price in [Price(e8: event.word0), Price(e8: event.word1), Price(e8: event.word2)] {
            for side in [Side.sell, .buy] {
                passThrough(side, index, price: price, available: &available, notAfter: began, &reports)
            }
        }
        markets[index].lastPrice = Price(e8: event.word3)
        markets[index].lastBarTime = now
        markets[index].barVolume = .zero
        markets[index].barDurationNanoseconds = 0
        if !markets[index].hasQuote { for side in [Side.buy, .sell] { sweep(side, index, &reports) } }
    }

    /// Fills resting limit orders of a side that a traded price is strictly beyond, best first.
    private mutating func passThrough(
        _ side: Side, _ index: Int, price: Price, available: inout Quantity?, notAfter limit: Timestamp,
        _ reports: inout [VenueReport]
    ) {
        var place = 0
        while place < count(side, index) {
            let order = working(side, index, place)
            guard order.isPassed(by: price) else { return }
            guard order.type == .limit, order.arrivedAt <= limit else {
                place += 1
                continue
            }
            let quantity = configuration.fillModel.fillable(order.remaining, available: available)
            guard quantity > .zero else { return }
            let filled = fill(
                order, index, quantity: quantity, price: order.price, liquidity: .maker, isResting: true,
                &reports)
            available = available.map { $0 - min(filled, $0) }
            // A filled or canceled order has left its place to the next one.
            if place < count(side, index), working(side, index, place).id == order.id { place += 1 }
        }
    }

    /// Fills what rests on a side against the opposite quote or, for market orders without one, the last
    /// price.
    private mutating func sweep(_ side: Side, _ index: Int, _ reports: inout [VenueReport]) {
        var place = 0
        while place < count(side, index) {
            let order = working(side, index, place)
            guard markets[index].hasQuote || order.type == .market, markets[index].isMarketable(order),
                let opposite = markets[index].opposite(side)
            else { return }
            let quantity = configuration.fillModel.fillable(order.remaining, available: opposite.left)
            guard quantity > .zero else { return }
            let isMarket = order.type == .market
            let price = isMarket ? slipped(opposite.price, side, index) : order.price
            let filled = fill(
                order, index, quantity: quantity, price: price, liquidity: isMarket ? .taker : .maker,
                isResting: true, &reports)
            markets[index].consume(side, filled)
            if place < count(side, index), working(side, index, place).id == order.id { place += 1 }
        }
    }

    // MARK: - Orders

    private mutating func release(at now: Timestamp, _ reports: inout [VenueReport]) {
        var count = 0
        while count < pending.count, pending[count].due <= now {
            switch pending[count].action {
            case .submit(let order):
                arrive(WorkingOrder(order, arrivedAt: now), pending[count].instrument, &reports)
            case .modify(let id, let terms): modify(id, terms, pending[count].instrument, &reports)
            case .cancel(let id):
                if remove(id, pending[count].instrument) { reports.append(.canceled(id, reason: "")) }
            }
            count += 1
        }
        if count > 0 { pending.removeFirst(count) }
    }

    private mutating func modify(
        _ id: OrderID, _ terms: OrderTerms, _ index: Int, _ reports: inout [VenueReport]
    ) {
        let all = markets[index].buys.orders + markets[index].sells.orders
        guard var order = all.first(where: { $0.id == id }) else {
            reports.append(.modifyRejected(id, reason: "unknown_order"))
            return
        }
        let filled = order.quantity - order.remaining
        guard terms.quantity > filled else {
            reports.append(.modifyRejected(id, reason: "below_filled"))
            return
        }
        _ = remove(id, index)
        order.price = terms.price
        order.quantity = terms.quantity
        order.remaining = terms.quantity - filled
        reports.append(.modified(id, terms))
        arrive(order, index, &reports)
    }

    /// An order reaches the exchange: it takes what it can, then rests or ends.
    private mutating func arrive(_ arrival: WorkingOrder, _ index: Int, _ reports: inout [VenueReport]) {
        var order = arrival
        guard order.type == .market || order.type == .limit else {
            reports.append(.rejected(order.id, reason: "unsupported_type"))
            return
        }
        guard order.type == .limit || markets[index].opposite(order.side) != nil else {
            reports.append(.rejected(order.id, reason: "no_market"))
            return
        }
        if order.isReduceOnly {
            let reducible = markets[index].reducible(order.side)
            guard reducible > .zero, order.timeInForce != .fok || reducible >= order.remaining else {
                reports.append(.canceled(order.id, reason: "reduce_only"))
                return
            }
        }
        let isMarketable = markets[index].isMarketable(order)
        if isMarketable, order.isPostOnly {
            reports.append(.rejected(order.id, reason: "post_only"))
            return
        }
        var takes = Quantity.zero
        if isMarketable, let opposite = markets[index].opposite(order.side) {
            takes = configuration.fillModel.fillable(order.remaining, available: opposite.left)
        }
        if order.timeInForce == .fok, takes < order.remaining {
            reports.append(.expired(order.id, reason: "fill_or_kill"))
            return
        }
        let willRest = order.timeInForce == .gtc && takes < order.remaining
        if willRest { reports.append(.accepted(order.id)) }
        if takes > .zero, let opposite = markets[index].opposite(order.side) {
            var price = opposite.price
            if order.type == .market || !markets[index].hasQuote { price = slipped(price, order.side, index) }
            if order.type == .limit, !order.isReached(by: price) { price = order.price }
            let filled = fill(
                order, index, quantity: takes, price: price, liquidity: .taker, isResting: false, &reports)
            markets[index].consume(order.side, filled)
            // Less than it takes means that the order was ended: reduce-only or not bookable.
            if filled < takes { return }
            order.remaining -= filled
        }
        guard order.remaining > .zero else { return }
        if willRest {
            rest(order, index)
        } else {
            reports.append(.expired(order.id, reason: "immediate_or_cancel"))
        }
    }

    /// Reports a fill and keeps the books; returns how much really filled. An order that fills less than
    /// asked for has been ended with a report of its own.
    private mutating func fill(
        _ order: WorkingOrder, _ index: Int, quantity wanted: Quantity, price: Price, liquidity: Liquidity,
        isResting: Bool, _ reports: inout [VenueReport]
    ) -> Quantity {
        let quantity = order.isReduceOnly ? min(wanted, markets[index].reducible(order.side)) : wanted
        let notional = Money.checked(price: price, quantity: quantity, multiplier: markets[index].multiplier)
        guard quantity > .zero, let notional else {
            if isResting { _ = remove(order.id, index) }
            reports.append(
                .canceled(order.id, reason: quantity > .zero ? "notional_too_large" : "reduce_only"))
            return .zero
        }
        let rate = liquidity == .maker ? configuration.makerFeeRate : configuration.takerFeeRate
        reports.append(
            .filled(
                order.id, price: price, quantity: quantity, liquidity: liquidity,
                fee: notional.times(rate: rate)))
        markets[index].position += order.side == .buy ? quantity : -quantity
        if isResting { reduce(order, index, by: quantity) }
        if quantity < wanted {
            if isResting { _ = remove(order.id, index) }
            reports.append(.canceled(order.id, reason: "reduce_only"))
        }
        return quantity
    }

    /// The price a number of increments worse, never at or below zero for a seller.
    private func slipped(_ price: Price, _ side: Side, _ index: Int) -> Price {
        let slippage = markets[index].priceIncrement * configuration.slippageTicks
        if side == .buy { return price + slippage }
        return price > slippage ? price - slippage : price
    }

    // MARK: - The book

    private func count(_ side: Side, _ index: Int) -> Int {
        side == .buy ? markets[index].buys.count : markets[index].sells.count
    }

    private func working(_ side: Side, _ index: Int, _ place: Int) -> WorkingOrder {
        side == .buy ? markets[index].buys[place] : markets[index].sells[place]
    }

    private mutating func rest(_ order: WorkingOrder, _ index: Int) {
        if order.side == .buy {
            markets[index].buys.insert(order)
        } else {
            markets[index].sells.insert(order)
        }
    }

    private mutating func reduce(_ order: WorkingOrder, _ index: Int, by quantity: Quantity) {
        if order.side == .buy {
            markets[index].buys.reduce(order.id, by: quantity)
        } else {
            markets[index].sells.reduce(order.id, by: quantity)
        }
    }

    private mutating func remove(_ id: OrderID, _ index: Int) -> Bool {
        markets[index].buys.remove(id) || markets[index].sells.remove(id)
    }
}
