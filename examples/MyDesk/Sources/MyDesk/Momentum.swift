import Tradewind

/// Buys when the price has risen by a threshold since some quotes ago, and sells out when it has fallen by as much.
struct Momentum: Strategy {
    static let name = "momentum"
    static let summary = "Goes with a move of a given size over a number of quotes."
    static let parameters: [ParameterDeclaration] = [
        .integer("lookback", default: 100, range: 2...10_000, help: "quotes to look back"),
        .number(
            "threshold", default: 0.0005, range: 0...1, isLive: true,
            help: "move that counts, 0.01 is one percent"),
        .decimal(
            "quantity", default: Quantity(1), range: Quantity(e8: 1)...Quantity(1_000_000),
            help: "size of a position"),
    ]

    private let quantity: Quantity
    private var threshold: Double
    private var mids: [Double]
    private var next = 0
    private var count = 0

    init(parameters: ParameterValues) {
        quantity = parameters.decimal("quantity")
        threshold = parameters.number("threshold")
        mids = Array(repeating: 0, count: parameters.integer("lookback"))
    }

    mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        let mid = quote.mid.doubleValue
        let oldest = mids[next]
        mids[next] = mid
        next = (next + 1) % mids.count
        count += 1
        guard count > mids.count else { return }
        let move = mid / oldest - 1
        let position = context.position(token)
        if move > threshold, position.isFlat {
            context.submit(.market(.buy, quantity, token))
        } else if move < -threshold, !position.isFlat {
            context.submit(.market(.sell, position.quantity, token))
        }
    }

    mutating func onParametersChanged(_ parameters: ParameterValues, context: StrategyContext) {
        threshold = parameters.number("threshold")
    }
}
