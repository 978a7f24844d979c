import Tradewind

/// Well behaved: takes down the price of every trade, which a test counts up, and tells at its end what it saw.
///
/// It sends an order with every hundredth trade, which must be denied while it only looks back.
struct Chronicle: Strategy {
    static let name = "chronicle"
    static let summary = "Tells whether the prices it saw count up by one"
    static let parameters: [ParameterDeclaration] = []

    private var first: Int64 = 0
    private var last: Int64 = 0
    private var count = 0
    private var breaks = 0
    private var warmUpCount = 0
    private var missing: UInt64 = 0

    init(parameters: ParameterValues) {}

    mutating func onTrade(_ trade: Trade, token: InstrumentToken, context: StrategyContext) {
        let number = trade.price.e8 / 100_000_000
        if count == 0 { first = number } else if number != last + 1 { breaks += 1 }
        last = number
        count += 1
        if context.isWarmingUp { warmUpCount += 1 }
        if number % 100 == 0 { context.submit(.limit(.buy, Quantity(1), Price(1), token)) }
    }

    mutating func onGap(missing count: UInt64, context: StrategyContext) { missing += count }

    mutating func onStop(_ context: StrategyContext) {
        context.log(
            "chronicle first \(first) last \(last) count \(count) breaks \(breaks) warm-up \(warmUpCount) "
                + "missing \(missing)")
    }
}
