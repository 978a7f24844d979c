import TradingModel

/// What bars do to the orders of their instrument.
///
/// A bar is stamped at its close, and is taken as the path open, high, low, close, or with the extreme that is nearer to the
/// open first (`BarPath`). Only orders that were there before the bar began take part: those that arrived no later than
/// the previous bar, or than this bar's close minus its duration.
///
/// - At the open: stops that it has reached are set off and fill there (a gap), limit orders that it is beyond fill there
///   too, at the better price, and so do market orders that wait.
/// - On the way from one price to the next, by price: stops at their trigger, limit orders that the price goes beyond at
///   their own price; a stop before a limit order at the same price.
/// - When a stop and a one-cancels-other limit order could both have filled and the open did not decide, the stop is taken
///   to have come first, whatever the path says, and the bar is counted as ambiguous.
extension SimulatedExchange {
    @inline(never)
    mutating func look(
        atBar event: MarketEvent, _ index: Int, _ now: Timestamp, _ reports: inout [VenueReport]
    ) {
        let market = markets + index
        let start = reports.count
        sequence = event.sequence
        if market.pointee.hasOrders {
            var began = market.pointee.lastBarTime
            let duration = market.pointee.barDurationNanoseconds
            if duration > 0 {
                let (time, overflow) = event.receiveTime.nanoseconds.subtractingReportingOverflow(duration)
                if !overflow { began = max(began, Timestamp(nanoseconds: time)) }
            }
            let volume = market.pointee.barVolume
            market.pointee.pathLeft = volume.isZero ? nil : volume
            walk(event, index, began: began, now, &reports)
            // Market orders that the path has not filled take the close, and what is left of the volume.
            if !market.pointee.hasQuote { for side in [Side.buy, .sell] { sweep(side, index, &reports) } }
            market.pointee.pathPrice = nil
        }
        market.pointee.lastPrice = Price(e8: event.word3)
        market.pointee.hasLastPrice = true
        market.pointee.lastTime = now
        market.pointee.lastBarTime = now
        market.pointee.barVolume = .zero
        market.pointee.barDurationNanoseconds = 0
        guard market.pointee.hasOrders else { return }
        meetArrivals(index, now, &reports)
        refreshWatch(index)
        hold(from: start, now, &reports)
    }

    private mutating func walk(
        _ event: MarketEvent, _ index: Int, began: Timestamp, _ now: Timestamp,
        _ reports: inout [VenueReport]
    ) {
        let open = Price(e8: event.word0)
        let high = Price(e8: event.word1)
        let low = Price(e8: event.word2)
        passOverAmbiguous(index, open: open, high: high, low: low, began: began)
        let triggers = configuration.triggerSource == .last || !markets[index].hasQuote
        markets[index].pathPrice = open
        if triggers {
            setOffReached(index, notAfter: began, now, &reports)
            followMarket(index, &reports)
        }
        for side in [Side.sell, .buy] { fillAtOpen(side, index, open, began: began, &reports) }
        let isLowFirst = configuration.barPath == .adaptive && open - low < high - open
        for point in isLowFirst ? [low, high, Price(e8: event.word3)] : [high, low, Price(e8: event.word3)] {
            goTo(point, index, began: began, triggers: triggers, now, &reports)
        }
        for place in markets[index].buys.orders.indices {
            markets[index].buys.orders[place].isPassedOver = false
        }
        for place in markets[index].sells.orders.indices {
            markets[index].sells.orders[place].isPassedOver = false
        }
    }

    /// Leaves out, for this bar, limit orders whose linked stop may have come first.
    private mutating func passOverAmbiguous(
        _ index: Int, open: Price, high: Price, low: Price, began: Timestamp
    ) {
        for stop in markets[index].stops where stop.linkedList != 0 && stop.arrivedAt <= began {
            guard !stop.isTriggered(by: open), stop.isTriggered(by: stop.triggersOnRise ? high : low) else {
                continue
            }
            for side in [Side.buy, .sell] {
                for place in 0..<count(side, index) {
                    var order = working(side, index, place)
                    guard order.linkedList == stop.linkedList, order.arrivedAt <= began, order.type.hasPrice,
                        !isFilled(order, index, by: open),
                        isFilled(order, index, by: side == .buy ? low : high)
                    else { continue }
                    order.isPassedOver = true
                    replace(order, index)
                    ambiguousBarCount += 1
                }
            }
        }
    }

    /// Whether a price on a bar's path fills a resting limit order.
    private func isFilled(_ order: WorkingOrder, _ index: Int, by price: Price) -> Bool {
        let model = configuration.fillModel
        let distance = model.penetration(markets[index].priceIncrement)
        if order.isPassed(by: price, atLeast: distance) { return true }
        guard price == order.price else { return false }
        switch model.touch {
        case .touch: return true
        case .chance(let basisPoints):
            var draw = SeededGenerator(
                seed: configuration.seed ^ order.id.rawValue &* 0x9E37_79B9_7F4A_7C15 ^ sequence)
            return draw.next() % 10_000 < UInt64(basisPoints)
        case .through, .penetration, .queue: return false
        }
    }

    private mutating func fillAtOpen(
        _ side: Side, _ index: Int, _ open: Price, began: Timestamp, _ reports: inout [VenueReport]
    ) {
        var place = 0
        while place < count(side, index) {
            let order = working(side, index, place)
            let isMarket = !order.type.hasPrice
            guard order.arrivedAt <= began, !order.isPassedOver, isMarket || isFilled(order, index, by: open)
            else {
                place += 1
                continue
            }
            let quantity = configuration.fillModel.fillable(
                order.remaining, available: markets[index].pathLeft)
            guard quantity > .zero else { return }
            let price = isMarket ? takerPrice(open, order, index, quantity) : open
            let filled = fill(
                order, index, quantity: quantity, price: price, liquidity: isMarket ? .taker : .maker,
                isResting: true,
                isFirst: !order.hasFilled, &reports)
            markets[index].consume(side, filled)
            if place < count(side, index), working(side, index, place).id == order.id { place += 1 }
        }
    }

    /// Takes the price to the next point of the path, and all that lies between, by price.
    private mutating func goTo(
        _ end: Price, _ index: Int, began: Timestamp, triggers: Bool, _ now: Timestamp,
        _ reports: inout [VenueReport]
    ) {
        guard let start = markets[index].pathPrice else { return }
        let isRise = end >= start
        let side: Side = isRise ? .sell : .buy
        func isBefore(_ price: Price, _ other: Price) -> Bool { isRise ? price < other : price > other }
        while true {
            var stop: Int?
            if triggers {
                for (place, order) in markets[index].stops.enumerated()
                where order.arrivedAt <= began && order.triggersOnRise == isRise
                    && order.isTriggered(by: end)
                {
                    guard let chosen = stop else {
                        stop = place
                        continue
                    }
                    if isBefore(order.triggerPrice, markets[index].stops[chosen].triggerPrice) {
                        stop = place
                    }
                }
            }
            let limit = (0..<count(side, index)).first { place in
                let order = working(side, index, place)
                return order.arrivedAt <= began && !order.isPassedOver && order.type.hasPrice
                    && isFilled(order, index, by: end)
            }
            if let stop,
                limit.map({
                    !isBefore(working(side, index, $0).price, markets[index].stops[stop].triggerPrice)
                }) ?? true
            {
                let trigger = markets[index].stops[stop].triggerPrice
                if let price = markets[index].pathPrice, isBefore(price, trigger) {
                    markets[index].pathPrice = trigger
                }
                setOff(stop, index, now, &reports)
            } else if let limit {
                fillOnPath(working(side, index, limit), index, isBefore, &reports)
            } else {
                break
            }
        }
        markets[index].pathPrice = end
        if triggers { followMarket(index, &reports) }
    }

    /// Fills a limit order that the path goes beyond, or leaves it out of the rest of the bar when volume is used up.
    private mutating func fillOnPath(
        _ order: WorkingOrder, _ index: Int, _ isBefore: (Price, Price) -> Bool,
        _ reports: inout [VenueReport]
    ) {
        let quantity = configuration.fillModel.fillable(order.remaining, available: markets[index].pathLeft)
        guard quantity > .zero else {
            var passed = order
            passed.isPassedOver = true
            return replace(passed, index)
        }
        if let price = markets[index].pathPrice, isBefore(price, order.price) {
            markets[index].pathPrice = order.price
        }
        let filled = fill(
            order, index, quantity: quantity, price: order.price, liquidity: .maker, isResting: true,
            isFirst: !order.hasFilled, &reports
        )
        markets[index].consume(order.side, filled)
    }
}
