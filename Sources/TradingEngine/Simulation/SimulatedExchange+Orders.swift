import TradingModel

/// What happens to single orders: arrival, triggers, changes, fills.
extension SimulatedExchange {
    /// An order reaches the exchange or is set off: it takes what it can, then rests or ends. One that is known has been
    /// accepted before.
    mutating func work(
        _ order: WorkingOrder, _ index: Int, isKnown: Bool, _ now: Timestamp,
        _ reports: inout [VenueReport]
    ) {
        if order.expireTime <= now.nanoseconds {
            let reason = order.timeInForce == .day ? "day" : "expire_time"
            return reports.append(.expired(order.id, reason: reason))
        }
        if order.isWaiting { return wait(order, index, now, &reports) }
        guard order.type.hasPrice || markets[index].opposite(order.side) != nil else {
            return refuse(order.id, isKnown, "no_market", &reports)
        }
        if order.isReduceOnly {
            let reducible = markets[index].reducible(order.side)
            guard reducible > .zero, order.timeInForce != .fok || reducible >= order.remaining else {
                return reports.append(.canceled(order.id, reason: "reduce_only"))
            }
        }
        let isMarketable = markets[index].isMarketable(order)
        if isMarketable, order.isPostOnly { return refuse(order.id, isKnown, "post_only", &reports) }
        let takes = isMarketable ? takings(order, index) : Takings()
        if order.timeInForce == .fok, takes.quantity < order.remaining {
            return reports.append(.expired(order.id, reason: "fill_or_kill"))
        }
        let willRest = order.timeInForce.rests && takes.quantity < order.remaining
        if willRest, !isKnown { reports.append(.accepted(order.id)) }
        guard take(takes.best, order, index, isFirst: !order.hasFilled, &reports),
            takes.slipped.quantity.isZero
                || take(
                    takes.slipped, order, index, isFirst: !order.hasFilled && takes.best.quantity.isZero,
                    &reports),
            takes.quantity < order.remaining
        else { return }
        if willRest {
            var rest = order
            rest.remaining -= takes.quantity
            rest.hasFilled = order.hasFilled || takes.quantity > .zero
            self.rest(rest, index)
        } else {
            reports.append(.expired(order.id, reason: "immediate_or_cancel"))
        }
    }

    /// Fills what an order takes at one price; `false` when less than that filled and the order has ended.
    private mutating func take(
        _ taking: Taking, _ order: WorkingOrder, _ index: Int, isFirst: Bool, _ reports: inout [VenueReport]
    ) -> Bool {
        guard taking.quantity > .zero else { return true }
        let filled = fill(
            order, index, quantity: taking.quantity,
            price: takerPrice(taking.price, order, index, taking.quantity), liquidity: .taker,
            isResting: false,
            isFirst: isFirst, &reports)
        markets[index].consume(order.side, filled)
        // Less than it takes means that the order was ended: reduce-only or not bookable.
        return filled >= taking.quantity
    }

    private struct Taking {
        var price = Price.zero
        var quantity = Quantity.zero
    }

    private struct Takings {
        var best = Taking()
        var slipped = Taking()
        var quantity: Quantity { best.quantity + slipped.quantity }
    }

    /// What a marketable order takes at once: at the best price, and beyond it when the model lets the rest slip.
    private func takings(_ order: WorkingOrder, _ index: Int) -> Takings {
        var takes = Takings()
        guard let opposite = markets[index].opposite(order.side) else { return takes }
        takes.best = Taking(
            price: opposite.price,
            quantity: configuration.fillModel.fillable(order.remaining, available: opposite.left))
        guard case .limitedSlipping(let ticks) = configuration.fillModel.volume,
            takes.best.quantity < order.remaining
        else { return takes }
        let price = SlippageModel.ticks(ticks).price(
            opposite.price, order.side, quantity: .zero, available: nil,
            increment: markets[index].priceIncrement)
        guard price > .zero, order.isReached(by: price) else { return takes }
        takes.slipped = Taking(price: price, quantity: order.remaining - takes.best.quantity)
        return takes
    }

    /// What an order that takes pays: market orders slip, and so do limit orders that meet a last price, up to their
    /// limit.
    func takerPrice(_ price: Price, _ order: WorkingOrder, _ index: Int, _ quantity: Quantity) -> Price {
        let market = markets + index
        let slips = !order.type.hasPrice || !market.pointee.hasQuote && market.pointee.pathPrice == nil
        guard slips else { return price }
        let slipped = configuration.slippage.price(
            price, order.side, quantity: quantity, available: market.pointee.opposite(order.side)?.left,
            increment: market.pointee.priceIncrement)
        return order.type.hasPrice && !order.isReached(by: slipped) ? order.price : slipped
    }

    private func refuse(
        _ id: OrderID, _ isKnown: Bool, _ reason: String, _ reports: inout [VenueReport]
    ) {
        reports.append(isKnown ? .canceled(id, reason: reason) : .rejected(id, reason: reason))
    }

    // MARK: - Triggers

    /// A stop or if-touched order arrives: it is set off at once or waits.
    private mutating func wait(
        _ arrival: WorkingOrder, _ index: Int, _ now: Timestamp, _ reports: inout [VenueReport]
    ) {
        var order = arrival
        let market = markets[index].triggerPrice(order.side, configuration.triggerSource)
        if order.type == .trailingStop, order.triggerPrice.isZero, market == nil {
            return reports.append(.rejected(order.id, reason: "no_market"))
        }
        reports.append(.accepted(order.id))
        if let market, order.type == .trailingStop { follow(&order, market, index, &reports) }
        markets[index].stops.append(order)
        if let market, order.isTriggered(by: market) {
            setOff(markets[index].stops.count - 1, index, now, &reports)
        }
    }

    /// Moves a trailing trigger after the market.
    private func follow(
        _ order: inout WorkingOrder, _ market: Price, _ index: Int, _ reports: inout [VenueReport]
    ) {
        let increment = markets[index].priceIncrement
        let isFirst = order.triggerPrice.isZero
        let isBetter = order.side == .sell ? market > order.extreme : market < order.extreme
        guard isFirst || isBetter,
            let distance = order.trailingOffset?.distance(from: market, priceIncrement: increment)
        else { return }
        order.extreme = market
        // At the end of the range there is no room for a trigger.
        let (above, isBeyond) = market.e8.addingReportingOverflow(distance.e8)
        guard order.side == .sell || !isBeyond && above <= .max - increment.e8 else { return }
        let trigger =
            order.side == .sell
            ? (market - distance).roundedDown(to: increment)
            : Price(e8: above).roundedUp(to: increment)
        // A seller's distance can be more than the price; then nothing can trigger it yet.
        guard trigger > .zero, isFirst || (order.side == .sell) == (trigger > order.triggerPrice),
            trigger != order.triggerPrice
        else { return }
        order.triggerPrice = trigger
        reports.append(
            .adjusted(order.id, triggerPrice: trigger, quantity: order.quantity, reason: "trailed"))
    }

    /// Moves all trailing triggers of an instrument after the market as it stands.
    mutating func followMarket(_ index: Int, _ reports: inout [VenueReport]) {
        for place in markets[index].stops.indices where markets[index].stops[place].type == .trailingStop {
            var order = markets[index].stops[place]
            guard let market = markets[index].triggerPrice(order.side, configuration.triggerSource) else {
                continue
            }
            follow(&order, market, index, &reports)
            markets[index].stops[place] = order
        }
    }

    /// Sets off all orders whose trigger the market has reached, those that arrived no later than `limit`.
    mutating func setOffReached(
        _ index: Int, notAfter limit: Timestamp, _ now: Timestamp, _ reports: inout [VenueReport]
    ) {
        while let place = markets[index].stops.firstIndex(where: { order in
            guard order.arrivedAt <= limit,
                let market = markets[index].triggerPrice(order.side, configuration.triggerSource)
            else { return false }
            return order.isTriggered(by: market)
        }) {
            setOff(place, index, now, &reports)
        }
    }

    mutating func setOff(
        _ place: Int, _ index: Int, _ now: Timestamp, _ reports: inout [VenueReport]
    ) {
        var order = markets[index].stops.remove(at: place)
        order.isTriggered = true
        reports.append(.triggered(order.id))
        work(order, index, isKnown: true, now, &reports)
    }

    // MARK: - Changes

    mutating func modify(
        _ id: OrderID, _ terms: OrderTerms, _ index: Int, _ now: Timestamp, _ reports: inout [VenueReport]
    ) {
        guard var order = find(id, index) else {
            return reports.append(.modifyRejected(id, reason: "unknown_order"))
        }
        guard terms.quantity > order.quantity - order.remaining else {
            return reports.append(.modifyRejected(id, reason: "below_filled"))
        }
        let keepsPlace = terms.quantity <= order.quantity && terms.price == order.termsPrice
        order.setTerms(terms)
        if order.isWaiting || keepsPlace || markets[index].arrivals.contains(where: { $0.id == id }) {
            replace(order, index)
            reports.append(.modified(id, terms))
            if let market = markets[index].triggerPrice(order.side, configuration.triggerSource),
                order.isWaiting, order.isTriggered(by: market),
                let place = markets[index].stops.firstIndex(where: { $0.id == id })
            {
                setOff(place, index, now, &reports)
            }
            return
        }
        if order.isPostOnly, markets[index].isMarketable(order) {
            return reports.append(.modifyRejected(id, reason: "post_only"))
        }
        _ = remove(id, index)
        order.arrivedAt = now
        reports.append(.modified(id, terms))
        work(order, index, isKnown: true, now, &reports)
    }

    // MARK: - Fills

    /// Reports a fill and keeps the books; returns how much really filled. An order that fills less than
    /// asked for has been ended with a report of its own.
    mutating func fill(
        _ order: WorkingOrder, _ index: Int, quantity wanted: Quantity, price: Price, liquidity: Liquidity,
        isResting: Bool, isFirst: Bool, _ reports: inout [VenueReport]
    ) -> Quantity {
        let market = markets + index
        let quantity = order.isReduceOnly ? min(wanted, market.pointee.reducible(order.side)) : wanted
        let notional = Money.checked(price: price, quantity: quantity, multiplier: market.pointee.multiplier)
        guard quantity > .zero, let notional else {
            if isResting { _ = remove(order.id, index) }
            reports.append(
                .canceled(order.id, reason: quantity > .zero ? "notional_too_large" : "reduce_only"))
            return .zero
        }
        let fee = configuration.fees.fee(
            notional: notional, quantity: quantity, liquidity: liquidity, isFirstOfOrder: isFirst,
            traded: tradedNotional)
        let (traded, isBeyond) = tradedNotional.e8.addingReportingOverflow(notional.magnitude.e8)
        tradedNotional = Money(e8: isBeyond ? .max : traded)
        reports.append(
            .filled(order.id, price: price, quantity: quantity, liquidity: liquidity, fee: fee))
        market.pointee.position += order.side == .buy ? quantity : -quantity
        if isResting { reduce(order, index, by: quantity) }
        if quantity < wanted {
            if isResting { _ = remove(order.id, index) }
            reports.append(.canceled(order.id, reason: "reduce_only"))
        }
        if order.linkedList != 0 { reduceSiblings(of: order, index, by: quantity, &reports) }
        return quantity
    }

    /// Takes a fill off the other orders of a one-cancels-other list.
    private mutating func reduceSiblings(
        of order: WorkingOrder, _ index: Int, by quantity: Quantity, _ reports: inout [VenueReport]
    ) {
        let market = markets + index
        let all =
            market.pointee.buys.orders + market.pointee.sells.orders + market.pointee.stops
            + market.pointee.arrivals
        for var sibling in all where sibling.linkedList == order.linkedList && sibling.id != order.id {
            sibling.remaining -= quantity
            sibling.quantity -= quantity
            if sibling.remaining > .zero {
                replace(sibling, index)
                reports.append(
                    .adjusted(
                        sibling.id, triggerPrice: sibling.triggerPrice, quantity: sibling.quantity,
                        reason: "linked"))
            } else {
                _ = remove(sibling.id, index)
                reports.append(.canceled(sibling.id, reason: "linked"))
            }
        }
    }
}
