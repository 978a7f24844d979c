import Tradewind

/// Holds a position and a resting order, and tells what it saw of each instrument once it trades and at its end.
///
/// While it only looks back it does all that it must not be able to do: it sends, changes and takes back orders.
struct Survivor: Strategy {
    static let name = "survivor"
    static let summary = "Holds a position and an order over restarts"
    static let parameters: [ParameterDeclaration] = []

    private struct Account {
        var first: Int64 = 0
        var last: Int64 = 0
        var count = 0
        var breaks = 0
        var warmUpCount = 0
    }

    private var accounts: [UInt32: Account] = [:]
    private var missing: UInt64 = 0
    private var isLive = false

    init(parameters: ParameterValues) {}

    mutating func onTrade(_ trade: Trade, token: InstrumentToken, context: StrategyContext) {
        let number = trade.price.e8 / 100_000_000
        var account = accounts[token.rawValue] ?? Account()
        if account.count == 0 {
            account.first = number
        } else if number != account.last + 1 {
            account.breaks += 1
        }
        account.last = number
        account.count += 1
        if context.isWarmingUp { account.warmUpCount += 1 }
        accounts[token.rawValue] = account
        if context.isWarmingUp { return meddle(number, token, context) }
        if !isLive {
            isLive = true
            tell("live", context)
        }
        let token = context.instruments[0].token
        guard context.position(token).isFlat, context.openOrders().isEmpty else { return }
        context.submit(.limit(.buy, Quantity(3), Price(1_000_000), token))
        context.submit(.limit(.buy, Quantity(1), Price(e8: 1_000_000), token))
    }

    mutating func onGap(missing count: UInt64, context: StrategyContext) { missing += max(1, count) }

    mutating func onStop(_ context: StrategyContext) { tell("end", context) }

    private func meddle(_ number: Int64, _ token: InstrumentToken, _ context: StrategyContext) {
        if number % 7 == 0 { context.submit(.market(.sell, Quantity(1), token)) }
        if number % 11 == 0 {
            for order in context.openOrders() { context.modify(order.id, price: Price(2)) }
        }
        if number % 13 == 0 { context.cancelAll() }
    }

    private func tell(_ word: String, _ context: StrategyContext) {
        for instrument in context.instruments {
            let account = accounts[instrument.token.rawValue] ?? Account()
            context.log(
                "survivor \(word) \(instrument.symbol) first \(account.first) last \(account.last) "
                    + "count \(account.count) breaks \(account.breaks) warm-up \(account.warmUpCount) "
                    + "missing \(missing) position \(context.position(instrument.token).quantity) "
                    + "open \(context.openOrders(instrument.token).count)")
        }
    }
}
