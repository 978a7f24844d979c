package import TradingModel

/// What an engine has for a venue in another process, whose answers come by `deliver`.
extension Engine {
    /// Engine time; `.epoch` before the first record.
    package var time: Timestamp { context.now }

    /// Orders that the venue may know, by id.
    package var ordersAtVenue: [Order] { context.orders.open.filter(\.status.isAtVenue) }

    /// An open order or one of the latest closed ones.
    package func order(_ id: OrderID) -> Order? { context.orders.order(id) }

    /// Begins the end of a session at such a venue: `onStop` and its orders, then a cancel of every open order. The
    /// answers come by `deliver`; no new order goes out any more. `stop` ends the session, with what is still open left
    /// open for the next process. Nothing happens the second time.
    package func windDown() {
        guard phase == .running || phase == .waitingForTime, !isWindingDown else { return }
        if phase == .running {
            strategy.pointee.onStop(context)
            drain()
        }
        isWindingDown = true
        context.cancelAll()
        drain()
    }

    /// Takes an order that the venue made itself; what cannot be booked is said in the log.
    func take(_ order: Order) {
        let index = context.table.index(of: order.token)
        guard order.id.epoch == 0, order.id.count > lastVenueOrder, index >= 0, order.quantity > .zero else {
            output.log("ignored order \(order.id) that the venue made: it cannot be", at: context.now)
            return
        }
        lastVenueOrder = order.id.count
        var taken = order
        taken.status = .submitted
        taken.filledQuantity = .zero
        context.orders.insert(taken)
        addOpenQuantity(index, taken.side, taken.quantity)
        context.core.pointee.portfolio.countOrder()
        recordSubmitted(taken)
        output.log(
            "the venue closes a position: \(taken.side) \(taken.quantity) of \(context.instruments[index].symbol)",
            at: context.now)
    }
}
