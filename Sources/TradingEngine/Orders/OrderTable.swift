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

    /// Adds an order that somebody else made, whose id stands anywhere among the others; nothing when it is there.
    mutating func insert(_ order: Order) {
        guard openIndex(order.id) == nil else { return }
        open.insert(order, at: open.firstIndex { $0.id > order.id } ?? open.endIndex)
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

    /// Puts another version of an open order in its place; one that is final leaves the open ones.
    mutating func replace(at index: Int, with order: Order) {
        precondition(open[index].id == order.id, "an order keeps its id")
        open[index] = order
        guard order.status.isFinal else { return }
        open.remove(at: index)
        keep(order)
    }

    /// Notes a fill of one order in the others of its list.
    mutating func noteFill(of order: Order, quantity: Quantity) {
        guard let link = order.link else { return }
        for index in open.indices where open[index].link?.listID == link.listID {
            open[index].noteFill(
                of: order.id, isOneCancelsOther: link.isOneCancelsOther, quantity: quantity)
        }
    }

    /// The open orders of a list, by id.
    func list(_ id: OrderID) -> [OrderID] {
        open.filter { $0.link?.listID == id }.map(\.id)
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
