import TradingModel

/// An order at the simulated exchange.
struct WorkingOrder {
    var id: OrderID
    var side: Side
    var type: OrderType
    var timeInForce: TimeInForce
    var isPostOnly: Bool
    var isReduceOnly: Bool
    /// The limit; for market orders the worst price of all, so that they come first and always cross.
    var price: Price
    var quantity: Quantity
    var remaining: Quantity
    /// When it reached the exchange.
    var arrivedAt: Timestamp

    init(_ order: Order, arrivedAt: Timestamp) {
        id = order.id
        side = order.side
        type = order.type
        timeInForce = order.timeInForce
        isPostOnly = order.isPostOnly
        isReduceOnly = order.isReduceOnly
        price = order.type == .limit ? order.price : Price(e8: order.side == .buy ? .max : .min)
        quantity = order.quantity
        remaining = order.remainingQuantity
        self.arrivedAt = arrivedAt
    }

    /// Whether a price is as good as the limit or better.
    func isReached(by other: Price) -> Bool { side == .buy ? other <= price : other >= price }

    /// Whether a price is better than the limit.
    func isPassed(by other: Price) -> Bool { side == .buy ? other < price : other > price }
}

/// The orders of one side of one instrument, best price first, the older first at one price.
struct WorkingSide {
    private(set) var orders: [WorkingOrder] = []

    var isEmpty: Bool { orders.isEmpty }
    var count: Int { orders.count }

    /// The best limit; `nil` when there is none.
    var bestPrice: Price? { orders.first?.price }

    subscript(index: Int) -> WorkingOrder { orders[index] }

    mutating func insert(_ order: WorkingOrder) {
        let place = orders.firstIndex { order.side == .buy ? $0.price < order.price : $0.price > order.price }
        orders.insert(order, at: place ?? orders.count)
    }

    /// Takes an order out; `false` when it is not here.
    mutating func remove(_ id: OrderID) -> Bool {
        guard let index = orders.firstIndex(where: { $0.id == id }) else { return false }
        orders.remove(at: index)
        return true
    }

    /// Takes a filled part off an order, which keeps its place; one that is filled leaves.
    mutating func reduce(_ id: OrderID, by quantity: Quantity) {
        guard let index = orders.firstIndex(where: { $0.id == id }) else { return }
        orders[index].remaining -= quantity
        if orders[index].remaining <= .zero { orders.remove(at: index) }
    }

    mutating func removeAll() { orders.removeAll(keepingCapacity: true) }
}
