import TradingModel

/// Lists of orders: the engine holds children until their parent fills and, for venues that do not link orders, sends
/// what a fill of one means for the others. The rules are at `OrderLink`.
extension Engine {
    /// Checks all orders of a list, then sends those without a parent and holds the others.
    func submitList(_ first: OrderID, count: Int) {
        let ids = listIDs(first, count)
        for (index, id) in ids.enumerated() {
            guard let place = context.orders.openIndex(id),
                let denial = checkMember(context.orders.open[place], first)
            else { continue }
            for (other, id) in ids.enumerated() {
                guard let place = context.orders.openIndex(id) else { continue }
                deny(
                    context.orders.open[place], at: place, other == index ? denial : .orderList, tells: true)
            }
            return
        }
        for id in ids {
            guard let place = context.orders.openIndex(id) else { continue }
            var order = context.orders.open[place]
            if order.link?.parentID == nil { continue }
            order.status = .held
            context.orders.replace(at: place, with: order)
            recordSubmitted(order)
            let update = OrderUpdate(id: id, status: .held, filledQuantity: .zero)
            strategy.pointee.onOrder(order, update: update, context: context)
        }
        for id in ids { release(id) }
    }

    func listIDs(_ first: OrderID, _ count: Int) -> [OrderID] {
        (0..<count).map { OrderID(rawValue: first.rawValue + UInt64($0)) }
    }

    /// Why a list must not go out because of one of its orders. Children that can only reduce are checked against their
    /// instrument only, because there is nothing yet that they could reduce.
    private func checkMember(_ order: Order, _ first: OrderID) -> DenialCode? {
        guard let token = context.orders.order(first)?.token, token == order.token else { return .orderList }
        guard order.link?.parentID != nil else { return check(order) }
        guard let index = context.index(order.token) else { return .unknownInstrument }
        return checkTerms(order, index)
    }

    /// Sends an order of a list that has not gone out, for the quantity that it should have now.
    private func release(_ id: OrderID) {
        guard let place = context.orders.openIndex(id) else { return }
        var order = context.orders.open[place]
        guard order.status == .held || order.status == .initialized, let link = order.link else { return }
        let index = context.table.index(of: order.token)
        let quantity = link.quantity(increment: context.instruments[index].quantityIncrement)
        guard quantity > .zero else {
            let isOver = link.parentID.map { context.orders.openIndex($0) == nil } ?? true
            if isOver { end(id, .canceled, "linked") }
            return
        }
        order.quantity = quantity
        // What only reduces must go out, whatever the limits say by now.
        if order.status == .held, !order.isReduceOnly, let denial = check(order) {
            return deny(order, at: place, denial, tells: true)
        }
        send(order, at: place)
    }

    /// An order of a list has filled, partly or whole; the others have noted it.
    func listFilled(_ order: Order) {
        guard let link = order.link else { return }
        for id in context.orders.list(link.listID) where id != order.id { settleList(of: id) }
        // Exits have begun: what is left of the entry would be a new position.
        if let parent = link.parentID, context.orders.order(order.id)?.status == .filled,
            context.orders.openIndex(parent) != nil
        {
            cancel(parent, reason: "linked")
        }
    }

    /// Brings an order of a list to the quantity that it should have now.
    func settleList(of id: OrderID) {
        guard let place = context.orders.openIndex(id), let link = context.orders.open[place].link,
            link.parentID != nil || link.isOneCancelsOther
        else { return }
        let order = context.orders.open[place]
        if order.status == .held || order.status == .initialized { return release(id) }
        let index = context.table.index(of: order.token)
        var wanted = link.quantity(increment: context.instruments[index].quantityIncrement)
        if venue.pointee.linksOrders, wanted < order.quantity { return }
        // While a change or cancel is under way, its answer comes back here.
        guard wanted != order.quantity, order.status != .pendingUpdate, order.status != .pendingCancel
        else { return }
        guard wanted > order.filledQuantity else { return cancel(id, reason: "linked") }
        wanted = min(wanted, link.listQuantity)
        guard wanted != order.quantity else { return }
        change(
            order, to: OrderTerms(price: order.price, triggerPrice: order.triggerPrice, quantity: wanted),
            index)
    }

    /// An order of a list has ended without filling whole.
    func listEnded(_ order: Order, reason: String) {
        guard let link = order.link else { return }
        let takesSiblings =
            link.isOneCancelsOther && reason != "linked" && reason != "parent_ended"
            && order.status != .rejected
            && order.status != .denied
        for id in context.orders.list(link.listID) where id != order.id {
            guard let place = context.orders.openIndex(id) else { continue }
            let other = context.orders.open[place]
            let isChild = other.link?.parentID == order.id
            if isChild, other.status == .held {
                end(id, .canceled, "parent_ended")
            } else if takesSiblings, other.link?.isOneCancelsOther == true {
                cancel(id, reason: "linked")
            }
        }
    }

    /// Catches up on lists after a restart: what a parent had filled when the earlier process ended goes out now.
    func settleLists() {
        for order in context.orders.open where order.link != nil {
            if order.status == .held, let parent = order.link?.parentID,
                context.orders.openIndex(parent) == nil, order.link?.parentFilled.isZero == true
            {
                end(order.id, .canceled, "parent_ended")
            } else {
                settleList(of: order.id)
            }
        }
    }
}
