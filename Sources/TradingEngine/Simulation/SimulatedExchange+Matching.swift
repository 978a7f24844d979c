import TradingModel

/// What quotes and trades do to the orders of their instrument.
extension SimulatedExchange {
    @inline(never)
    mutating func look(
        at quote: Quote, _ index: Int, _ sequence: UInt64, _ now: Timestamp, _ reports: inout [VenueReport]
    ) {
        let market = markets + index
        let isFirst = !market.pointee.hasQuote
        if isFirst {
            market.pointee.hasQuote = true
            refreshWatch(index)
        }
        let watch = market.pointee.watch
        guard
            quote.ask.e8 <= watch.askAtMost || quote.bid.e8 >= watch.bidAtLeast
                || quote.ask.e8 >= watch.askAtLeast || quote.bid.e8 <= watch.bidAtMost || isFirst
        else { return }
        let start = reports.count
        self.sequence = sequence
        if case .queue(let model) = configuration.fillModel.touch { followQueues(model, index) }
        if configuration.triggerSource == .quote, !market.pointee.stops.isEmpty {
            setOffReached(index, notAfter: .distantFuture, now, &reports)
            followMarket(index, &reports)
        }
        if let best = market.pointee.buys.orders.first, quote.ask <= best.price {
            sweep(.buy, index, &reports)
        }
        if let best = market.pointee.sells.orders.first, quote.bid >= best.price {
            sweep(.sell, index, &reports)
        }
        meetArrivals(index, now, &reports)
        refreshWatch(index)
        hold(from: start, now, &reports)
    }

    @inline(never)
    mutating func look(
        at trade: Trade, _ index: Int, _ sequence: UInt64, _ now: Timestamp, _ reports: inout [VenueReport]
    ) {
        let market = markets + index
        let watch = market.pointee.watch
        guard trade.price.e8 <= watch.lastAtMost || trade.price.e8 >= watch.lastAtLeast else { return }
        let start = reports.count
        self.sequence = sequence
        if configuration.triggerSource == .last || !market.pointee.hasQuote, !market.pointee.stops.isEmpty {
            setOffReached(index, notAfter: .distantFuture, now, &reports)
            followMarket(index, &reports)
        }
        var available: Quantity? = trade.size.isZero ? nil : trade.size
        for side in [Side.buy, .sell] {
            passThrough(side, index, trade, available: &available, &reports)
        }
        // Market orders that no quote has filled take what is printed.
        if !market.pointee.hasQuote { for side in [Side.buy, .sell] { sweep(side, index, &reports) } }
        meetArrivals(index, now, &reports)
        refreshWatch(index)
        hold(from: start, now, &reports)
    }

    /// Lets orders that came between two records meet the market as of this one.
    mutating func meetArrivals(_ index: Int, _ now: Timestamp, _ reports: inout [VenueReport]) {
        guard !markets[index].arrivals.isEmpty else { return }
        let arrivals = markets[index].arrivals
        markets[index].arrivals.removeAll(keepingCapacity: true)
        for (place, order) in arrivals.enumerated() {
            // An order that a sibling's fill has reduced or ended meanwhile is still among the ones to come.
            markets[index].arrivals = Array(arrivals[(place + 1)...])
            work(order, index, isKnown: false, now, &reports)
        }
        markets[index].arrivals.removeAll(keepingCapacity: true)
    }

    /// Fills resting limit orders of a side that a trade is beyond, or that it touches as the model says, best first.
    private mutating func passThrough(
        _ side: Side, _ index: Int, _ trade: Trade, available: inout Quantity?,
        _ reports: inout [VenueReport]
    ) {
        let model = configuration.fillModel
        let distance = model.penetration(markets[index].priceIncrement)
        var place = 0
        while place < count(side, index) {
            var order = working(side, index, place)
            guard order.type.hasPrice else {
                place += 1
                continue
            }
            let quantity: Quantity
            if order.isPassed(by: trade.price, atLeast: distance) {
                quantity = model.fillable(order.remaining, available: available)
                guard quantity > .zero else { return }
            } else if model.looksAtTouches, trade.price == order.price {
                quantity = touched(&order, index, trade, available)
                guard quantity > .zero else {
                    place += 1
                    continue
                }
            } else {
                return
            }
            let filled = fill(
                order, index, quantity: quantity, price: order.price, liquidity: .maker, isResting: true,
                isFirst: !order.hasFilled, &reports)
            available = available.map { $0 - min(filled, $0) }
            // A filled or canceled order has left its place to the next one.
            if place < count(side, index), working(side, index, place).id == order.id { place += 1 }
        }
    }

    /// How much of a resting order a trade at its very price fills.
    private mutating func touched(
        _ order: inout WorkingOrder, _ index: Int, _ trade: Trade, _ available: Quantity?
    ) -> Quantity {
        let model = configuration.fillModel
        switch model.touch {
        case .through, .penetration: return .zero
        case .touch: return model.fillable(order.remaining, available: available)
        case .chance(let basisPoints):
            var draw = SeededGenerator(
                seed: configuration.seed ^ order.id.rawValue &* 0x9E37_79B9_7F4A_7C15 ^ sequence)
            guard draw.next() % 10_000 < UInt64(basisPoints) else { return .zero }
            return model.fillable(order.remaining, available: available)
        case .queue:
            guard order.queueFront >= 0, trade.size > .zero else { return .zero }
            let excess = trade.size.e8 - order.queueFront
            order.queueFront = max(order.queueFront - trade.size.e8, 0)
            let (traded, overflow) = order.queueTraded.addingReportingOverflow(trade.size.e8)
            order.queueTraded = overflow ? .max : traded
            replace(order, index)
            guard excess > 0 else { return .zero }
            return min(order.remaining, Quantity(e8: excess), available ?? Quantity(e8: excess))
        }
    }

    /// Fills what rests on a side against the opposite quote or, for market orders without one, the last
    /// price.
    mutating func sweep(_ side: Side, _ index: Int, _ reports: inout [VenueReport]) {
        let distance = configuration.fillModel.penetration(markets[index].priceIncrement)
        var place = 0
        while place < count(side, index) {
            let order = working(side, index, place)
            let isMarket = !order.type.hasPrice
            guard markets[index].hasQuote || isMarket, markets[index].isMarketable(order),
                let opposite = markets[index].opposite(side),
                isMarket || distance == 0 || order.isPassed(by: opposite.price, atLeast: distance)
            else { return }
            let quantity = configuration.fillModel.fillable(order.remaining, available: opposite.left)
            guard quantity > .zero else { return }
            let price = isMarket ? takerPrice(opposite.price, order, index, quantity) : order.price
            let filled = fill(
                order, index, quantity: quantity, price: price, liquidity: isMarket ? .taker : .maker,
                isResting: true,
                isFirst: !order.hasFilled, &reports)
            markets[index].consume(side, filled)
            if place < count(side, index), working(side, index, place).id == order.id { place += 1 }
        }
    }

    // MARK: - Queues

    /// Gives a new resting order its place: behind all that is displayed at its price.
    func joinQueue(_ order: inout WorkingOrder, _ index: Int) {
        order.queueFront = -1
        order.queueTraded = 0
        guard markets[index].hasQuote, order.type.hasPrice else { return }
        place(&order, markets[index].quote, model: .riskAverse)
    }

    /// Follows what is displayed at the prices of resting orders.
    private mutating func followQueues(_ model: QueueModel, _ index: Int) {
        let market = markets + index
        let quote = market.pointee.quote
        for place in market.pointee.buys.orders.indices {
            self.place(&market.pointee.buys.orders[place], quote, model: model)
        }
        for place in market.pointee.sells.orders.indices {
            self.place(&market.pointee.sells.orders[place], quote, model: model)
        }
    }

    private func place(_ order: inout WorkingOrder, _ quote: Quote, model: QueueModel) {
        let best = order.side == .buy ? quote.bid : quote.ask
        let size = order.side == .buy ? quote.bidSize : quote.askSize
        if order.isPassed(by: best) || best == order.price {
            // Nobody is displayed at a price that is better than the best one.
            let isBest = best == order.price
            // Where sizes are not told, no trade at the price is known to reach the order.
            let shown = isBest ? (size.isZero ? Int64.max : size.e8) : 0
            if order.queueFront < 0 || order.queueShown < 0 || shown == .max {
                order.queueFront = order.queueFront < 0 ? shown : min(order.queueFront, shown)
            } else {
                order.queueFront = model.front(
                    order.queueFront, before: order.queueShown, after: shown, traded: order.queueTraded)
            }
            order.queueShown = shown == .max ? -1 : shown
        } else {
            order.queueShown = -1
        }
        order.queueTraded = 0
    }
}
