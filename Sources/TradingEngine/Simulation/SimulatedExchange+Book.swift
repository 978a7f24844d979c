package import TradingModel

/// Where orders are kept, and from which prices on they must be looked at.
extension SimulatedExchange {
    func count(_ side: Side, _ index: Int) -> Int {
        side == .buy ? markets[index].buys.count : markets[index].sells.count
    }

    func working(_ side: Side, _ index: Int, _ place: Int) -> WorkingOrder {
        side == .buy ? markets[index].buys[place] : markets[index].sells[place]
    }

    mutating func rest(_ arrival: WorkingOrder, _ index: Int) {
        var order = arrival
        if configuration.fillModel.hasQueue { joinQueue(&order, index) }
        if order.side == .buy {
            markets[index].buys.insert(order)
        } else {
            markets[index].sells.insert(order)
        }
    }

    /// Takes a filled part off an order, which keeps its place; one that is filled leaves.
    mutating func reduce(_ order: WorkingOrder, _ index: Int, by quantity: Quantity) {
        guard var kept = find(order.id, index) else { return }
        kept.remaining -= quantity
        kept.hasFilled = true
        if kept.remaining > .zero { replace(kept, index) } else { _ = remove(order.id, index) }
    }

    func find(_ id: OrderID, _ index: Int) -> WorkingOrder? {
        let market = markets + index
        if let place = market.pointee.buys.index(id) { return market.pointee.buys[place] }
        if let place = market.pointee.sells.index(id) { return market.pointee.sells[place] }
        return market.pointee.stops.first { $0.id == id } ?? market.pointee.arrivals.first { $0.id == id }
    }

    /// Puts another version of an order in its place; its price must be the same.
    mutating func replace(_ order: WorkingOrder, _ index: Int) {
        let market = markets + index
        if let place = market.pointee.buys.index(order.id) {
            market.pointee.buys.orders[place] = order
        } else if let place = market.pointee.sells.index(order.id) {
            market.pointee.sells.orders[place] = order
        } else if let place = market.pointee.stops.firstIndex(where: { $0.id == order.id }) {
            market.pointee.stops[place] = order
        } else if let place = market.pointee.arrivals.firstIndex(where: { $0.id == order.id }) {
            market.pointee.arrivals[place] = order
        }
    }

    /// Takes an order out; `false` when it is not here.
    mutating func remove(_ id: OrderID, _ index: Int) -> Bool {
        let market = markets + index
        if let place = market.pointee.buys.index(id) {
            market.pointee.buys.orders.remove(at: place)
        } else if let place = market.pointee.sells.index(id) {
            market.pointee.sells.orders.remove(at: place)
        } else if let place = market.pointee.stops.firstIndex(where: { $0.id == id }) {
            market.pointee.stops.remove(at: place)
        } else if let place = market.pointee.arrivals.firstIndex(where: { $0.id == id }) {
            market.pointee.arrivals.remove(at: place)
        } else {
            return false
        }
        return true
    }

    /// Works out anew which records must be looked at; to be called whenever orders have changed.
    mutating func refreshWatch(_ index: Int) {
        let market = markets + index
        var watch = SimulatedMarket.Watch()
        market.pointee.hasOrders =
            !market.pointee.buys.isEmpty || !market.pointee.sells.isEmpty || !market.pointee.stops.isEmpty
            || !market.pointee.arrivals.isEmpty
        if let best = market.pointee.buys.orders.first {
            watch.askAtMost = best.price.e8
            watch.lastAtMost = best.price.e8
        }
        if let best = market.pointee.sells.orders.first {
            watch.bidAtLeast = best.price.e8
            watch.lastAtLeast = best.price.e8
        }
        if configuration.fillModel.hasQueue, market.pointee.hasOrders { watch.askAtMost = .max }
        if !market.pointee.arrivals.isEmpty {
            watch.askAtMost = .max
            watch.lastAtMost = .max
        }
        let isByQuote = configuration.triggerSource == .quote && market.pointee.hasQuote
        for stop in market.pointee.stops {
            var low = Int64.min
            var high = Int64.max
            if stop.triggersOnRise { high = stop.triggerPrice.e8 } else { low = stop.triggerPrice.e8 }
            if stop.type == .trailingStop {
                if stop.side == .sell { high = stop.extreme.e8 + 1 } else { low = stop.extreme.e8 - 1 }
            }
            if !isByQuote {
                watch.lastAtMost = max(watch.lastAtMost, low)
                watch.lastAtLeast = min(watch.lastAtLeast, high)
            } else if stop.side == .buy {
                watch.askAtMost = max(watch.askAtMost, low)
                watch.askAtLeast = min(watch.askAtLeast, high)
            } else {
                watch.bidAtMost = max(watch.bidAtMost, low)
                watch.bidAtLeast = min(watch.bidAtLeast, high)
            }
        }
        market.pointee.watch = watch
    }
}

extension SimulatedExchange {
    /// The account's net position in an instrument, as the exchange has it.
    package func position(_ instrument: Int) -> Quantity { markets[instrument].position }
}
