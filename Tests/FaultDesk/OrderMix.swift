import Tradewind

/// Well behaved: uses every kind of order, list and callback in turn, by bars, timers and random numbers; keeps no state, so
/// that only a run of the same records from the same beginning does the same.
struct OrderMix: Strategy {
    static let name = "order_mix"
    static let summary = "Sends every kind of order in turn"
    static let parameters: [ParameterDeclaration] = [
        .integer("distance", default: 8, range: 1...1_000, isLive: true, help: "ticks from the market")
    ]

    private let tick = Price(e8: 1_000_000)
    private var distance: Int
    private var turn = 0
    private var last: OrderID?

    init(parameters: ParameterValues) { distance = parameters.integer("distance") }

    mutating func onStart(_ context: StrategyContext) {
        let token = context.instruments[0].token
        context.subscribeBars(token, every: .seconds(7))
        context.subscribeBars(token, ticks: 90)
        context.setTimer("pulse", every: .seconds(3))
        context.setTimer("late", after: .seconds(40))
    }

    mutating func onParametersChanged(_ parameters: ParameterValues, context: StrategyContext) {
        distance = parameters.integer("distance")
    }

    mutating func onBar(_ bar: Bar, token: InstrumentToken, context: StrategyContext) {
        guard context.openOrders(token).count < 12, let quote = context.quote(token) else { return }
        turn += 1
        let gap = tick * (distance + Int.random(in: 0...5, using: &context.random))
        let side: Side = turn % 2 == 0 ? .buy : .sell
        let sign = side == .buy ? 1 : -1
        let near = side == .buy ? quote.bid : quote.ask
        let far = side == .buy ? quote.ask + gap : quote.bid - gap
        let one = Quantity(1 + turn % 3)
        switch turn % 9 {
        case 0: last = context.submit(.stop(side, one, trigger: far, token))
        case 1: last = context.submit(.stopLimit(side, one, trigger: far, far + tick * sign, token))
        case 2: last = context.submit(.trailingStop(side, one, offset: .ticks(Int32(distance)), token))
        case 3: last = context.submit(.limit(side, one, near - gap * sign, token, isPostOnly: true))
        case 4: context.submit(.limit(side, one, near + gap * sign, token, timeInForce: .ioc))
        case 5:
            last =
                context.submitBracket(
                    .limit(.buy, one, quote.bid, token), takeProfit: quote.bid + gap,
                    stopLoss: quote.bid - gap
                ).takeProfit
        case 6: last = context.submit(.marketIfTouched(side, one, trigger: near - gap * sign, token))
        case 7:
            context.submitOneCancelsOther([
                .limit(.sell, one, quote.ask + gap, token),
                .stop(.sell, one, trigger: quote.bid - gap, token),
            ])
        default: context.submit(.market(side, one, token))
        }
    }

    mutating func onTimer(_ name: String, context: StrategyContext) {
        let token = context.instruments[0].token
        if name == "late" { return context.cancelAll() }
        if let id = last, let order = context.order(id), !order.status.isFinal, turn % 4 == 0 {
            context.cancel(id)
        } else if !context.position(token).isFlat, turn % 5 == 0 {
            let quantity = context.position(token).quantity
            context.submit(
                .market(quantity > .zero ? .sell : .buy, quantity.magnitude, token, isReduceOnly: true))
        }
    }

    mutating func onResume(_ context: StrategyContext, missed: UInt64) { turn += Int(missed % 7) }

    mutating func onStop(_ context: StrategyContext) {
        let token = context.instruments[0].token
        let quantity = context.position(token).quantity
        guard !quantity.isZero else { return }
        context.submit(.market(quantity > .zero ? .sell : .buy, quantity.magnitude, token))
    }
}
