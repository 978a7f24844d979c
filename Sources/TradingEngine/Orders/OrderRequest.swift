public import TradingModel

/// An order as a strategy asks for it.
///
/// Made by the functions named for its type. `DAY` and `GTD`, tag and expire time are set on the value:
///
///     var request = OrderRequest.limit(.buy, Quantity(1), price, token)
///     request.timeInForce = .gtd
///     request.expireTime = context.now + .minutes(5)
public struct OrderRequest: Equatable, Sendable {
    public var token: InstrumentToken
    public var side: Side
    public var type: OrderType
    public var quantity: Quantity
    /// The limit price; zero for types without one.
    public var price: Price
    /// Where a stop or if-touched order comes to life. Zero for a trailing stop means: the offset behind the market at
    /// its arrival.
    public var triggerPrice: Price
    /// Of a trailing stop.
    public var trailingOffset: TrailingOffset?
    public var timeInForce: TimeInForce
    /// When a GTD order ends; must be in the future.
    public var expireTime: Timestamp?
    public var isPostOnly: Bool
    public var isReduceOnly: Bool
    /// The strategy's own mark, which `Order` shows and the engine does not look at.
    public var tag = OrderTag()

    private init(
        _ type: OrderType, _ side: Side, _ quantity: Quantity, _ token: InstrumentToken, price: Price = .zero,
        triggerPrice: Price = .zero, trailingOffset: TrailingOffset? = nil, timeInForce: TimeInForce,
        isPostOnly: Bool = false, isReduceOnly: Bool
    ) {
        self.token = token
        self.side = side
        self.type = type
        self.quantity = quantity
        self.price = price
        self.triggerPrice = triggerPrice
        self.trailingOffset = trailingOffset
        self.timeInForce = timeInForce
        self.isPostOnly = isPostOnly
        self.isReduceOnly = isReduceOnly
    }

    /// Buys or sells at the best price there is.
    public static func market(
        _ side: Side, _ quantity: Quantity, _ token: InstrumentToken, timeInForce: TimeInForce = .gtc,
        isReduceOnly: Bool = false
    ) -> Self {
        Self(.market, side, quantity, token, timeInForce: timeInForce, isReduceOnly: isReduceOnly)
    }

    /// Buys or sells at a price or better.
    public static func limit(
        _ side: Side, _ quantity: Quantity, _ price: Price, _ token: InstrumentToken,
        timeInForce: TimeInForce = .gtc, isPostOnly: Bool = false, isReduceOnly: Bool = false
    ) -> Self {
        Self(
            .limit, side, quantity, token, price: price, timeInForce: timeInForce, isPostOnly: isPostOnly,
            isReduceOnly: isReduceOnly)
    }

    /// Buys at the market once it has risen to `trigger`, or sells once it has fallen to it.
    public static func stop(
        _ side: Side, _ quantity: Quantity, trigger: Price, _ token: InstrumentToken,
        timeInForce: TimeInForce = .gtc, isReduceOnly: Bool = false
    ) -> Self {
        Self(
            .stop, side, quantity, token, triggerPrice: trigger, timeInForce: timeInForce,
            isReduceOnly: isReduceOnly)
    }

    /// Becomes a limit order at `price` once the market has risen (buy) or fallen (sell) to `trigger`.
    public static func stopLimit(
        _ side: Side, _ quantity: Quantity, trigger: Price, _ price: Price, _ token: InstrumentToken,
        timeInForce: TimeInForce = .gtc, isPostOnly: Bool = false, isReduceOnly: Bool = false
    ) -> Self {
        Self(
            .stopLimit, side, quantity, token, price: price, triggerPrice: trigger, timeInForce: timeInForce,
            isPostOnly: isPostOnly, isReduceOnly: isReduceOnly)
    }

    /// A stop whose trigger follows the market at a distance: up for a sell, down for a buy, and never back.
    public static func trailingStop(
        _ side: Side, _ quantity: Quantity, offset: TrailingOffset, _ token: InstrumentToken,
        timeInForce: TimeInForce = .gtc, isReduceOnly: Bool = false
    ) -> Self {
        Self(
            .trailingStop, side, quantity, token, trailingOffset: offset, timeInForce: timeInForce,
            isReduceOnly: isReduceOnly)
    }

    /// Buys at the market once it has fallen to `trigger`, or sells once it has risen to it.
    public static func marketIfTouched(
        _ side: Side, _ quantity: Quantity, trigger: Price, _ token: InstrumentToken,
        timeInForce: TimeInForce = .gtc, isReduceOnly: Bool = false
    ) -> Self {
        Self(
            .marketIfTouched, side, quantity, token, triggerPrice: trigger, timeInForce: timeInForce,
            isReduceOnly: isReduceOnly)
    }

    /// Becomes a limit order at `price` once the market has fallen (buy) or risen (sell) to `trigger`.
    public static func limitIfTouched(
        _ side: Side, _ quantity: Quantity, trigger: Price, _ price: Price, _ token: InstrumentToken,
        timeInForce: TimeInForce = .gtc, isPostOnly: Bool = false, isReduceOnly: Bool = false
    ) -> Self {
        Self(
            .limitIfTouched, side, quantity, token, price: price, triggerPrice: trigger,
            timeInForce: timeInForce, isPostOnly: isPostOnly, isReduceOnly: isReduceOnly)
    }

    /// The order that this asks for.
    func order(id: OrderID, at now: Timestamp) -> Order {
        Order(
            id: id, token: token, side: side, type: type, timeInForce: timeInForce, isPostOnly: isPostOnly,
            isReduceOnly: isReduceOnly, price: type.hasPrice ? price : .zero,
            triggerPrice: type.hasTrigger ? triggerPrice : .zero,
            trailingOffset: type == .trailingStop ? trailingOffset : nil, quantity: quantity, createdAt: now,
            expireTime: timeInForce == .gtd ? expireTime : nil, tag: tag)
    }
}

/// A change that a strategy asks for; what is `nil` stays as it is.
struct OrderChangeRequest: Equatable {
    var id: OrderID
    var price: Price?
    var triggerPrice: Price?
    var quantity: Quantity?

    /// The terms of an order with the change.
    func terms(of order: Order) -> OrderTerms {
        OrderTerms(
            price: price ?? order.price, triggerPrice: triggerPrice ?? order.triggerPrice,
            quantity: quantity ?? order.quantity)
    }
}
