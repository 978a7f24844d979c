import Tradewind

/// Well behaved: keeps one order a little below the market and moves it with every quote, now and then with another
/// size.
struct Amender: Strategy {
    static let name = "amender"
    static let summary = "Moves one limit order after the market"
    static let parameters: [ParameterDeclaration] = []

    private var order: OrderID?
    private var quoteCount = 0

    init(parameters: ParameterValues) {}

    mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        quoteCount += 1
        let price = (quote.bid - Price(e8: 5_000_000)).roundedDown(to: Price(e8: 1_000_000))
        guard let id = order, let known = context.order(id), !known.status.isFinal else {
            order = context.submit(.limit(.buy, Quantity(1), price, token))
            return
        }
        guard known.status == .accepted, price != known.price else { return }
        context.modify(id, price: price, quantity: quoteCount % 3 == 0 ? Quantity(2) : nil)
    }
}
