import TradingModel

/// The orders of one engine: the open ones by id, and the latest closed ones.
struct OrderTable {
    /// Not final, ascending by id.
    private(set) var open: [Order] = []
    private var closed: [Order] = []
    private var nextClosed = 0

    /// Adds an order; ids must ascend.
    mutating func add(_ order: Order) {
        precondition(open.last.map { $0.id < order.id } ?? true, "order ids ascend")
        open.append(order)
    }

    /// The place of an open order.
    func openIndex(_ id: OrderID) -> Int? {
        var low = 0
        var high = open.count
        while low < high {
            let middle = (low + high) / 2
            if open[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < open.count && open[low].id == id ? low : nil
    }

    /// An open order or one of the latest closed ones.
    func order(_ id: OrderID) -> Order? {
        if let index = openIndex(id) { return open[index] }
        // The latest one first: a strategy asks about what it has just sent or seen.
        var place = nextClosed
        for _ in closed.indices {
            place = place == 0 ? closed.count - 1 : place - 1
            if closed[place].id == id { return closed[place] }
        }
        return nil
    }

    /// Changes an open order; one that becomes final leaves the open ones. Returns it as it is then.
    mutating func update(at index: Int, status: OrderStatus, filledQuantity: Quantity) -> Order {
        open[index].status = status
        open[index].filledQuantity = filledQuantity
        let order = open[index]
        if status.isFinal {
            open.remove(at: index)
            keep(order)
        }
        return order
    }

    private mutating func keep(_ order: Order) {
        if closed.count < Limits.closedOrdersKept {
            closed.append(order)
        } else {
            closed[nextClosed] = order
            nextClosed = nextClosed + 1 == closed.count ? 0 : nextClosed + 1
        }
    }
}
