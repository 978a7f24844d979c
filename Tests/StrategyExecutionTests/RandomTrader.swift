import TradingEngine
import TradingModel

/// Does everything an account can see: market and limit orders, partial fills, cancels and turned positions.
final class RandomTrader: Strategy {
    static let name = "random_trader"
    static let parameters: [ParameterDeclaration] = [
        .integer("pace", default: 3, range: 1...10, isLive: true),
        .decimal("lot", default: Quantity(2), range: Quantity(1)...Quantity(10)),
        .flag("sells", default: true),
    ]

    private let pace: UInt64
    private let lot: Quantity

    init(parameters: ParameterValues) throws {
        pace = UInt64(parameters.integer("pace"))
        lot = parameters.decimal("lot")
        guard parameters.flag("sells") || pace > 1 else {
            throw ParameterViolations("pace", "must be above 1 without sells")
        }
    }

    func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        guard context.random.next() % pace == 0 else { return }
        let held = context.position(token).quantity
        let drawn: Side = context.random.next() % 2 == 0 ? .buy : .sell
        let side = held.magnitude < lot * 4 ? drawn : held > .zero ? .sell : .buy
        let quantity = lot * Int(1 + context.random.next() % 4)
        let open = context.openOrders(token)
        switch context.random.next() % 4 {
        case 0: context.submit(.market(side, quantity, token))
        case 1: context.submit(.limit(side, quantity, side == .buy ? quote.bid : quote.ask, token))
        case 2: context.submit(.limit(side, quantity, quote.mid.roundedDown(to: Price(e8: 1_000_000)), token))
        default: if let order = open.first { context.cancel(order.id) }
        }
        // A bounded book: otherwise limit orders that never fill pile up.
        if open.count > 6, let order = open.first { context.cancel(order.id) }
    }
}
