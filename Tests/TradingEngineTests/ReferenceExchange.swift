import TradingModel

/// The rules of the simulated exchange with its default models, written as plainly as they can be: every record looks at
/// every order. No latency, no slippage, whole fills.
struct ReferenceExchange {
    struct Item {
        var order: Order
        var arrival: Int
        var isLive: Bool
        var remaining: Quantity
    }

    var items: [Item] = []
    var heard: [String] = []
    var bid: Price?
    var ask: Price?
    var last: Price?
    var position = Quantity.zero
    var time: Int64 = 0
    private var arrivals = 0

    // MARK: - Market

    mutating func quote(_ bid: Price, _ ask: Price, at time: Int64) {
        expire(time)
        self.bid = bid
        self.ask = ask
        trigger()
        for side in [Side.buy, .sell] {
            for id in resting(side) {
                guard let item = items.first(where: { $0.order.id == id }) else { continue }
                let opposite = side == .buy ? ask : bid
                guard side == .buy ? opposite <= item.order.price : opposite >= item.order.price else {
                    continue
                }
                fill(item, at: item.order.price, "maker")
            }
        }
    }

    mutating func trade(_ price: Price, at time: Int64) {
        expire(time)
        last = price
        if bid == nil { trigger() }
        for side in [Side.buy, .sell] {
            for id in resting(side) {
                guard let item = items.first(where: { $0.order.id == id }) else { continue }
                guard side == .buy ? price < item.order.price : price > item.order.price else { continue }
                fill(item, at: item.order.price, "maker")
            }
        }
    }

    private mutating func expire(_ time: Int64) {
        self.time = time
        let ended = items.filter { ($0.order.expireTime?.nanoseconds ?? .max) <= time }
        for item in ended.sorted(by: {
            ($0.order.expireTime!.nanoseconds, $0.order.id.count) < (
                $1.order.expireTime!.nanoseconds, $1.order.id.count
            )
        }) {
            items.removeAll { $0.order.id == item.order.id }
            heard.append("expired \(item.order.id.count) expire_time")
        }
    }

    /// Live limit orders of a side, best price first, older ones first.
    private func resting(_ side: Side) -> [OrderID] {
        items.filter { $0.isLive && $0.order.side == side }.sorted { left, right in
            if left.order.price != right.order.price {
                return side == .buy
                    ? left.order.price > right.order.price : left.order.price < right.order.price
            }
            return left.arrival < right.arrival
        }.map(\.order.id)
    }

    private func market(_ side: Side) -> Price? { (side == .buy ? ask : bid) ?? last }

    private func isReached(_ order: Order) -> Bool {
        guard let price = market(order.side) else { return false }
        let rises = (order.side == .buy) != (order.type == .marketIfTouched || order.type == .limitIfTouched)
        return rises ? price >= order.triggerPrice : price <= order.triggerPrice
    }

    private mutating func trigger() {
        while let place = items.firstIndex(where: { !$0.isLive && isReached($0.order) }) {
            let item = items.remove(at: place)
            heard.append("triggered \(item.order.id.count)")
            work(item.order, item.remaining, isKnown: true)
        }
    }

    // MARK: - Orders

    mutating func submit(_ order: Order) {
        guard (order.expireTime?.nanoseconds ?? .max) > time else {
            heard.append("expired \(order.id.count) expire_time")
            return
        }
        if order.type.hasTrigger {
            heard.append("accepted \(order.id.count)")
            arrivals += 1
            items.append(Item(order: order, arrival: arrivals, isLive: false, remaining: order.quantity))
            if isReached(order) {
                items.removeLast()
                heard.append("triggered \(order.id.count)")
                work(order, order.quantity, isKnown: true)
            }
        } else {
            work(order, order.quantity, isKnown: false)
        }
    }

    private mutating func work(_ order: Order, _ remaining: Quantity, isKnown: Bool) {
        let id = order.id.count
        let price = market(order.side)
        guard order.type.hasPrice || price != nil else {
            heard.append(isKnown ? "canceled \(id) no_market" : "rejected \(id) no_market")
            return
        }
        let reducible = order.side == .buy ? max(-position, .zero) : max(position, .zero)
        if order.isReduceOnly, reducible.isZero || order.timeInForce == .fok && reducible < remaining {
            heard.append("canceled \(id) reduce_only")
            return
        }
        var crosses = !order.type.hasPrice
        if let price, order.type.hasPrice {
            if bid != nil {
                crosses = order.side == .buy ? price <= order.price : price >= order.price
            } else {
                crosses = order.side == .buy ? price < order.price : price > order.price
            }
        }
        if crosses, order.isPostOnly {
            heard.append(isKnown ? "canceled \(id) post_only" : "rejected \(id) post_only")
            return
        }
        if crosses, let price {
            fill(Item(order: order, arrival: 0, isLive: true, remaining: remaining), at: price, "taker")
        } else if order.timeInForce == .ioc {
            heard.append("expired \(id) immediate_or_cancel")
        } else if order.timeInForce == .fok {
            heard.append("expired \(id) fill_or_kill")
        } else {
            if !isKnown { heard.append("accepted \(id)") }
            arrivals += 1
            items.append(Item(order: order, arrival: arrivals, isLive: true, remaining: remaining))
        }
    }

    private mutating func fill(_ item: Item, at price: Price, _ liquidity: String) {
        let order = item.order
        let reducible = order.side == .buy ? max(-position, .zero) : max(position, .zero)
        let quantity = order.isReduceOnly ? min(item.remaining, reducible) : item.remaining
        items.removeAll { $0.order.id == order.id }
        guard quantity > .zero else {
            heard.append("canceled \(order.id.count) reduce_only")
            return
        }
        heard.append("filled \(order.id.count) \(quantity)@\(price) \(liquidity)")
        position += order.side == .buy ? quantity : -quantity
        if quantity < item.remaining { heard.append("canceled \(order.id.count) reduce_only") }
        guard let list = order.link?.listID else { return }
        // Buys, sells and waiting ones, as the exchange keeps them.
        let siblings =
            resting(.buy) + resting(.sell) + items.filter { !$0.isLive }.map(\.order.id)
        for id in siblings {
            guard let place = items.firstIndex(where: { $0.order.id == id }),
                items[place].order.link?.listID == list
            else { continue }
            items[place].remaining -= quantity
            if items[place].remaining > .zero {
                heard.append("linked \(id.count) \(items[place].remaining)")
            } else {
                items.remove(at: place)
                heard.append("canceled \(id.count) linked")
            }
        }
    }

    mutating func cancel(_ id: OrderID) {
        if items.contains(where: { $0.order.id == id }) {
            items.removeAll { $0.order.id == id }
            heard.append("canceled \(id.count)")
        } else {
            heard.append("cancel rejected \(id.count) unknown_order")
        }
    }
}
