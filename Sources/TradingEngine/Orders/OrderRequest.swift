public import TradingModel

/// An order as a strategy asks for it.
public struct OrderRequest: Equatable, Sendable {
    public var token: InstrumentToken
    public var side: Side
    public var type: OrderType
    public var quantity: Quantity
    /// Zero for market orders.
    public var price: Price
    public var timeInForce: TimeInForce
    public var isPostOnly: Bool
    public var isReduceOnly: Bool

    /// Buys or sells at the best price there is.
    public static func market(
        _ side: Side, _ quantity: Quantity, _ token: InstrumentToken, timeInForce: TimeInForce = .gtc,
        isReduceOnly: Bool = false
    ) -> Self {
        Self(
            token: token, side: side, type: .market, quantity: quantity, price: .zero,
            timeInForce: timeInForce,
            isPostOnly: false, isReduceOnly: isReduceOnly)
    }

    /// Buys or sells at a price or better.
    public static func limit(
        _ side: Side, _ quantity: Quantity, _ price: Price, _ token: InstrumentToken,
        timeInForce: TimeInForce = .gtc, isPostOnly: Bool = false, isReduceOnly: Bool = false
    ) -> Self {
        Self(
            token: token, side: side, type: .limit, quantity: quantity, price: price,
            timeInForce: timeInForce,
            isPostOnly: isPostOnly, isReduceOnly: isReduceOnly)
    }
}
