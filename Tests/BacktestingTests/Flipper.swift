import TradingEngine
import TradingModel

/// Trades at random on both sides, with partial entries and exits and turned positions.
final class Flipper: Strategy {
    static let name = "flipper"
    static let parameters: [ParameterDeclaration] = [
        .integer("pace", default: 4, range: 1...100),
        .flag("closes", default: false, help: "end flat"),
    ]

    private let pace: UInt64
    private let closes: Bool

    init(parameters: ParameterValues) {
        pace = UInt64(parameters.integer("pace"))
        closes = parameters.flag("closes")
    }

    func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        guard context.random.next() % pace == 0 else { return }
        let held = context.position(token).quantity
        let drawn: Side = context.random.next() % 2 == 0 ? .buy : .sell
        let side = held.magnitude < Quantity(4) ? drawn : held > .zero ? .sell : .buy
        context.submit(.market(side, Quantity(Int(1 + context.random.next() % 3)), token))
    }

    func onFill(_ fill: Fill, context: StrategyContext) {
        context.log("\(fill.side) \(fill.quantity) at \(fill.price)")
    }

    func onStop(_ context: StrategyContext) {
        guard closes else { return }
        for instrument in context.instruments {
            let quantity = context.position(instrument.token).quantity
            guard !quantity.isZero else { continue }
            context.submit(.market(quantity > .zero ? .sell : .buy, quantity.magnitude, instrument.token))
        }
    }
}
