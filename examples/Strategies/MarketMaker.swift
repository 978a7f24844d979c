public import Tradewind

/// Quotes both sides round the mid and earns the spread when both fill; keeps its position within bounds.
public final class MarketMaker: Strategy {
    public static let name = "market_maker"
    public static let summary = "Keeps a post-only bid and ask round the mid, within a maximum position"
    public static let parameters: [ParameterDeclaration] = [
        .integer(
            "spread_ticks", default: 4, range: 1...10_000, isLive: true,
            help: "Price increments between its bid and its ask"),
        .decimal(
            "quantity", default: Quantity(1), range: Quantity(e8: 1)...Quantity(1_000_000),
            help: "Size per quote"),
        .decimal(
            "max_position", default: Quantity(5), range: Quantity(e8: 1)...Quantity(10_000_000), isLive: true,
            help: "Largest position, long or short"),
    ]

    private let quantity: Quantity
    private var spreadTicks: Int
    private var maxPosition: Quantity
    /// The working orders; `nil` where nothing is quoted.
    private var bid: OrderID?
    private var ask: OrderID?

    public init(parameters: ParameterValues) throws {
        guard parameters.decimal("quantity") <= parameters.decimal("max_position") else {
            throw ParameterViolations("quantity", "must not be above max_position")
        }
        quantity = parameters.decimal("quantity")
        spreadTicks = parameters.integer("spread_ticks")
        maxPosition = parameters.decimal("max_position")
    }

    /// After a crash the orders of the process before are open still: they are all its state, and nothing saved can be
    /// newer than they are.
    public func onStart(_ context: StrategyContext) {
        guard let instrument = context.instruments.first else { return }
        for order in context.openOrders(instrument.token) {
            switch order.side {
            case .buy where bid == nil: bid = order.id
            case .sell where ask == nil: ask = order.id
            default: context.cancel(order.id)
            }
        }
    }

    public func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        let instrument = context.instruments[0]
        guard token == instrument.token else { return }
        // A source without increments is quoted in hundredths.
        let tick = instrument.priceIncrement.isZero ? Price(e8: 1_000_000) : instrument.priceIncrement
        let half = Price(e8: tick.e8 * Int64(spreadTicks) / 2)
        // Post-only orders must not cross: at most the best price of the same side.
        let bidPrice = min((quote.mid - half).roundedDown(to: tick), quote.bid)
        let askPrice = max((quote.mid + half).roundedUp(to: tick), quote.ask)
        let held = context.position(token).quantity
        bid = replace(bid, .buy, bidPrice, isAllowed: held + quantity <= maxPosition, token, context)
        ask = replace(ask, .sell, askPrice, isAllowed: held - quantity >= -maxPosition, token, context)
    }

    public func onParametersChanged(_ parameters: ParameterValues, context: StrategyContext) {
        spreadTicks = parameters.integer("spread_ticks")
        maxPosition = parameters.decimal("max_position")
    }

    public func onPause(_ context: StrategyContext) {
        // Nobody watches the market now.
        context.cancelAll()
    }

    /// Keeps an order where it should be: leaves it when it is there, moves it when the price did.
    private func replace(
        _ id: OrderID?, _ side: Side, _ price: Price, isAllowed: Bool, _ token: InstrumentToken,
        _ context: StrategyContext
    ) -> OrderID? {
        if let id, let order = context.order(id), !order.status.isFinal {
            if isAllowed, order.price == price { return id }
            // The new one goes out once the old one is known to be gone, so that both can never fill.
            context.cancel(id)
            return id
        }
        guard isAllowed, price > .zero else { return nil }
        return context.submit(.limit(side, quantity, price, token, isPostOnly: true))
    }
}
