import TradingModel

/// An order at the simulated exchange.
struct WorkingOrder {
    var id: OrderID
    /// The list whose one-cancels-other orders share fills; zero for none.
    var linkedList: UInt64
    /// The limit; for market orders the worst price of all, so that they come first and always cross.
    var price: Price
    /// Of a stop or if-touched order that waits.
    var triggerPrice: Price
    var trailingOffset: TrailingOffset?
    /// The best market price that a trailing trigger has followed.
    var extreme: Price
    /// The whole quantity.
    var quantity: Quantity
    var remaining: Quantity
    /// When it reached the exchange.
    var arrivedAt: Timestamp
    /// Nanoseconds; `.max` for never.
    var expireTime: Int64
    /// Of a queue model, in units of 10^-8: what stands before the order, -1 while its price was never the best; what was
    /// displayed at its price at last, and what of it has traded since.
    var queueFront: Int64 = -1
    var queueShown: Int64 = 0
    var queueTraded: Int64 = 0
    var side: Side
    var type: OrderType
    var timeInForce: TimeInForce
    var isPostOnly: Bool
    var isReduceOnly: Bool
    var isTriggered: Bool
    var hasFilled: Bool
    /// Left out of the bar at hand, because its stop may have come first.
    var isPassedOver = false

    init(_ order: Order, arrivedAt: Timestamp) {
        id = order.id
        side = order.side
        type = order.type
        timeInForce = order.timeInForce
        isPostOnly = order.isPostOnly
        isReduceOnly = order.isReduceOnly
        isTriggered = order.isTriggered
        triggerPrice = order.triggerPrice
        trailingOffset = order.trailingOffset
        extreme = order.triggerPrice
        linkedList = order.link?.isOneCancelsOther == true ? order.link?.listID.rawValue ?? 0 : 0
        price = Self.limit(order.price, order.type, order.side)
        quantity = order.quantity
        remaining = order.remainingQuantity
        hasFilled = order.filledQuantity > .zero
        expireTime = order.expireTime?.nanoseconds ?? .max
        self.arrivedAt = arrivedAt
    }

    private static func limit(_ price: Price, _ type: OrderType, _ side: Side) -> Price {
        type.hasPrice ? price : Price(e8: side == .buy ? .max : .min)
    }

    /// Whether it waits for its trigger.
    var isWaiting: Bool { type.hasTrigger && !isTriggered }

    /// Whether its trigger is reached by a rising price.
    var triggersOnRise: Bool { (side == .buy) != type.isIfTouched }

    /// Whether a market price reaches the trigger.
    func isTriggered(by market: Price) -> Bool {
        // A trailing stop that comes from an earlier process may not have followed any price yet.
        guard !triggerPrice.isZero else { return false }
        return triggersOnRise ? market >= triggerPrice : market <= triggerPrice
    }

    /// The price as the strategy gave it.
    var termsPrice: Price { type.hasPrice ? price : .zero }

    /// Whether a price is as good as the limit or better.
    func isReached(by other: Price) -> Bool { side == .buy ? other <= price : other >= price }

    /// Whether a price is better than the limit by more than a distance, or by just that when it is above zero.
    func isPassed(by other: Price, atLeast distance: Int64 = 0) -> Bool {
        let difference = side == .buy ? price.e8 &- other.e8 : other.e8 &- price.e8
        // A market order's price is the end of the range, which no difference passes in the wrong direction.
        guard type.hasPrice else { return true }
        return distance > 0 ? difference >= distance : difference > 0
    }

    mutating func setTerms(_ terms: OrderTerms) {
        if type.hasPrice { price = terms.price }
        if isWaiting { triggerPrice = terms.triggerPrice }
        remaining += terms.quantity - quantity
        quantity = terms.quantity
    }
}

/// The orders of one side of one instrument, best price first, the older first at one price.
struct WorkingSide {
    var orders: [WorkingOrder] = []

    var isEmpty: Bool { orders.isEmpty }
    var count: Int { orders.count }

    subscript(index: Int) -> WorkingOrder { orders[index] }

    mutating func insert(_ order: WorkingOrder) {
        let place = orders.firstIndex { order.side == .buy ? $0.price < order.price : $0.price > order.price }
        orders.insert(order, at: place ?? orders.count)
    }

    func index(_ id: OrderID) -> Int? { orders.firstIndex { $0.id == id } }
}
