import Testing
import TradingEngine
import TradingModel

/// What cannot be is denied with a code or counted, and the account stays as it was to the last unit.
@Suite struct BadInputTests {
    private func state(_ harness: EngineHarness) -> [String] {
        let status = harness.engine.status
        return [
            "\(status.equity)", "\(status.cash)", "\(status.realizedPnL)", "\(status.unrealizedPnL)",
            "\(status.fees)", "\(status.fillsCount)", "\(status.ordersCount)",
            "\(harness.engine.portfolio.positions)",
        ]
    }

    /// A position of 3 bought at 100.02, marked at the mid of 99.98 / 100.02.
    private func holding() -> EngineHarness {
        let harness = EngineHarness(
            exchange: SimulatedExchangeConfiguration(takerFeeRate: Quantity("0.001")!))
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in
            context.submit(.market(.buy, Quantity(3), EngineHarness.token))
        }
        harness.quote("99.98", "100.02", at: 10)
        harness.strategy.quote = { _, _ in }
        return harness
    }

    static let token = EngineHarness.token
    static let huge = Quantity(e8: .max)
    static let orders: [(OrderRequest, String)] = [
        (.market(.buy, .zero, token), "non_positive_quantity"),
        (.market(.buy, Quantity(-5), token), "non_positive_quantity"),
        (.market(.buy, Quantity(e8: .min), token), "non_positive_quantity"),
        (.market(.buy, Quantity("0.05")!, token), "quantity_increment"),
        (.market(.buy, Quantity(92_000_000_000), token), "max_order_notional"),
        (.limit(.buy, Quantity(92_000_000_000), Price(92_000_000_000), token), "max_order_notional"),
        (.market(.buy, Quantity(1), InstrumentToken(4_711)), "unknown_instrument"),
        (.market(.buy, Quantity(1), .feedWide), "unknown_instrument"),
        (.limit(.buy, Quantity(1), .zero, token), "non_positive_price"),
        (.limit(.buy, Quantity(1), Price(-1), token), "non_positive_price"),
        (.limit(.buy, Quantity(1), Price("99.995")!, token), "price_increment"),
        (
            .limit(.buy, Quantity(1), Price(99), token, timeInForce: .ioc, isPostOnly: true),
            "post_only_invalid"
        ),
        (.stop(.buy, Quantity(1), trigger: .zero, token), "non_positive_trigger"),
        (.stop(.buy, Quantity(1), trigger: Price("101.005")!, token), "trigger_increment"),
        (.stopLimit(.buy, Quantity(1), trigger: Price(101), Price("101.001")!, token), "price_increment"),
        (.trailingStop(.sell, Quantity(1), offset: .ticks(0), token), "trailing_offset"),
        (.trailingStop(.sell, Quantity(1), offset: .basisPoints(10_000), token), "trailing_offset"),
        (.trailingStop(.sell, Quantity(1), offset: .price(Price(-1)), token), "trailing_offset"),
        (.limit(.buy, Quantity(1), Price(99), token, timeInForce: .gtd), "expire_time"),
        (.market(.buy, Quantity(1), token, isReduceOnly: true), "reduce_only"),
    ]

    @Test(arguments: orders) func impossibleOrderIsDeniedWithItsCode(request: OrderRequest, code: String) {
        let harness = holding()
        let before = state(harness)
        harness.strategy.quote = { _, context in context.submit(request) }
        harness.quote("99.98", "100.02", at: 20)
        #expect(harness.strategy.updates.last?.status == .denied)
        #expect(harness.strategy.updates.last?.reason == code)
        #expect(state(harness) == before)
    }

    @Test func expireTimeInThePastIsDenied() {
        let harness = holding()
        var request = OrderRequest.limit(.buy, Quantity(1), Price(99), Self.token, timeInForce: .gtd)
        request.expireTime = harness.at(20)
        harness.strategy.quote = { _, context in context.submit(request) }
        harness.quote("99.98", "100.02", at: 20)
        #expect(harness.strategy.updates.last?.reason == "expire_time")
    }

    @Test(
        arguments: [
            ("0", "100.02"), ("99.98", "0"), ("-1", "100.02"), ("100.02", "99.98"), ("0", "0"),
        ])
    func impossibleQuoteIsCountedAndChangesNothing(bid: String, ask: String) {
        let harness = holding()
        let before = state(harness)
        let calls = harness.strategy.calls.count
        harness.quote(bid, ask, at: 20)
        #expect(harness.engine.status.invalidEvents == 1)
        #expect(harness.strategy.calls.count == calls)
        #expect(state(harness) == before)
    }

    @Test func impossibleTradesAndBarsAreCountedAndChangeNothing() {
        let harness = holding()
        harness.strategy.quote = { _, context in
            context.submit(.limit(.sell, Quantity(3), Price(101), EngineHarness.token))
            context.submit(.stop(.sell, Quantity(3), trigger: Price(90), EngineHarness.token))
        }
        harness.quote("99.98", "100.02", at: 15)
        let before = state(harness)
        harness.trade("0", at: 20)
        harness.trade("-5", at: 21)
        harness.trade("200", size: -1, at: 22)
        harness.bar("100", "90", "95", "100", at: 23)
        harness.bar("100", "110", "0", "100", at: 24)
        #expect(harness.engine.status.invalidEvents == 5)
        #expect(state(harness) == before)
    }

    @Test func recordsFromThePastAndTwiceDoNotTurnTheClockBack() {
        let harness = holding()
        harness.strategy.quote = { _, context in
            var request = OrderRequest.limit(.sell, Quantity(3), Price(101), EngineHarness.token)
            request.timeInForce = .gtd
            request.expireTime = Timestamp(nanoseconds: 100)
            if context.openOrders().isEmpty { context.submit(request) }
        }
        harness.quote("99.98", "100.02", at: 90)
        harness.strategy.quote = { _, _ in }
        harness.quote("99.98", "100.02", at: 90)
        harness.quote("99.9", "100.1", at: 50)
        #expect(harness.engine.status.outOfOrderEvents == 1)
        #expect(harness.engine.status.lastEventTime == harness.at(90))
        harness.trade("102", at: 95)
        harness.trade("102", at: 95)
        #expect(harness.engine.status.fillsCount == 2, "one fill of an order, whatever comes twice")
        #expect(harness.position.isZero)
        let status = harness.engine.status
        #expect(status.equity == Money(10_000) + status.realizedPnL - status.fees)
    }

    @Test func pricesAtTheEndOfTheRangeDoNotTrap() {
        let harness = holding()
        let top = "92233720368.54"
        harness.strategy.quote = { _, context in
            context.submit(.trailingStop(.sell, Quantity(1), offset: .basisPoints(1), EngineHarness.token))
            context.submit(.trailingStop(.buy, Quantity(1), offset: .price(Price(1)), EngineHarness.token))
            context.submit(.stop(.buy, Quantity(1), trigger: Price(top)!, EngineHarness.token))
        }
        harness.quote("99.98", "100.02", at: 20)
        harness.strategy.quote = { _, _ in }
        harness.quote("92233720368.53", top, at: 30)
        harness.quote("0.01", "0.01", at: 40)
        let status = harness.engine.status
        #expect(status.equity == Money(10_000) + status.realizedPnL + status.unrealizedPnL - status.fees)
    }

    /// Random commands of every kind with random nonsense among them; the account's identity holds after each record.
    @Test(arguments: [UInt64(1), 2, 3, 4]) func accountAddsUpWhateverTheStrategyAsksFor(seed: UInt64) {
        let harness = EngineHarness(
            exchange: SimulatedExchangeConfiguration(
                makerFeeRate: Quantity("-0.0001")!, takerFeeRate: Quantity("0.0005")!, slippageTicks: 1,
                fillModel: FillModel(volume: .limited, touch: .queue(.power(2)))), seed: seed)
        harness.strategy.quote = { quote, context in Self.act(quote, context) }
        harness.engine.start(at: harness.at(1))
        var random = SeededGenerator(seed: seed)
        var cents = 10_000
        for step in 1...4_000 {
            cents += Int(random.next() % 15) - 7
            let price = { (cents: Int) in "\(Price(e8: Int64(cents) * 1_000_000))" }
            if random.next() % 3 == 0 {
                harness.trade(price(cents), size: Int(random.next() % 5), at: Int64(step * 10))
            } else {
                harness.quote(
                    price(cents - 1), price(cents + 1), size: Int(random.next() % 6), at: Int64(step * 10))
            }
            let status = harness.engine.status
            #expect(status.equity == Money(10_000) + status.realizedPnL + status.unrealizedPnL - status.fees)
        }
        harness.engine.stop(reason: "done")
        #expect(harness.engine.status.openOrdersCount == 0)
        #expect(harness.engine.status.fillsCount > 100)
    }

    private static func act(_ quote: Quote, _ context: StrategyContext) {
        let token = EngineHarness.token
        let side: Side = context.random.next() % 2 == 0 ? .buy : .sell
        let quantity = Quantity(e8: Int64(context.random.next() % 40) * 5_000_000)
        let away = Price(e8: Int64(context.random.next() % 40) * 500_000)
        let worse = side == .buy ? quote.ask + away : quote.bid - away
        let better = side == .buy ? quote.bid - away : quote.ask + away
        let open = context.openOrders()
        switch context.random.next() % 12 {
        case 0: context.submit(.market(side, quantity, token))
        case 1: context.submit(.limit(side, quantity, better, token))
        case 2: context.submit(.stop(side, quantity, trigger: worse, token, isReduceOnly: away.e8 % 3 == 0))
        case 3: context.submit(.stopLimit(side, quantity, trigger: worse, worse, token, timeInForce: .day))
        case 4: context.submit(.trailingStop(side, quantity, offset: .price(away), token))
        case 5:
            context.submitBracket(
                .limit(side, quantity, better, token),
                takeProfit: side == .buy ? better + away : better - away,
                stopLoss: side == .buy ? better - away : better + away)
        case 6:
            context.submitOneCancelsOther([
                .limit(side, quantity, better, token), .stop(side, quantity, trigger: worse, token),
            ])
        case 7:
            if let order = open.randomElement(using: &context.random) {
                context.modify(order.id, price: better, quantity: quantity)
            }
        case 8:
            if let order = open.randomElement(using: &context.random) {
                context.modify(order.id, triggerPrice: worse)
            }
        case 9: if let order = open.randomElement(using: &context.random) { context.cancel(order.id) }
        case 10: context.cancel(OrderID(epoch: 7, count: 3))
        default: if open.count > 30 { context.cancelAll(token) }
        }
    }
}
