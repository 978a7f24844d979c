import Testing
import TradingEngine
import TradingModel

@Suite struct EngineRiskTests {
    private static let token = EngineHarness.token
    private let token = EngineHarness.token

    private static let price = Price("99.5")!
    static let wrongTerms: [(OrderRequest, DenialCode)] = [
        (.market(.buy, Quantity(1), InstrumentToken(123)), .unknownInstrument),
        (.market(.buy, .zero, token), .nonPositiveQuantity),
        (.market(.buy, Quantity(-1), token), .nonPositiveQuantity),
        (.market(.buy, Quantity("0.05")!, token), .quantityIncrement),
        (.limit(.buy, Quantity(1), .zero, token), .nonPositivePrice),
        (.limit(.buy, Quantity(1), Price("-1")!, token), .nonPositivePrice),
        (.limit(.buy, Quantity(1), Price("99.505")!, token), .priceIncrement),
        (.limit(.buy, Quantity(1), price, token, timeInForce: .ioc, isPostOnly: true), .postOnly),
        (.market(.sell, Quantity(1), token, isReduceOnly: true), .reduceOnly),
        (.limit(.buy, Quantity(90_000_000_000), price, token), .maxOrderNotional),
        (.limit(.buy, Quantity(9), Price(1_000_000_000), EngineHarness.other.token), .maxOrderNotional),
    ]

    @Test(arguments: wrongTerms)
    func orderWithWrongTermsIsDenied(request: OrderRequest, code: DenialCode) throws {
        let harness = EngineHarness()
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in context.submit(request) }
        harness.quote("99", "100", at: 2)
        #expect(harness.strategy.updates.map(\.status) == [.denied])
        #expect(harness.strategy.updates[0].reason == code.rawValue)
        guard case .orderSubmitted(let order) = try #require(harness.output.records.first) else {
            Issue.record("a denied order is journaled too")
            return
        }
        #expect(order.status == .denied)
        #expect(harness.engine.status.ordersCount == 0)
        #expect(harness.engine.status.deniedCount == 1)
    }

    @Test func orderIsDeniedAndNotJournaledWhileTheJournalIsBlockedAndRestingOnesGoOn() throws {
        let harness = EngineHarness()
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in
            context.submit(.limit(.buy, Quantity(1), Self.price, Self.token))
        }
        harness.quote("99", "100", at: 2)
        let before = harness.output.records.count
        harness.engine.isJournalBlocked = true
        harness.quote("99", "100", at: 3)
        #expect(harness.strategy.updates.last?.status == .denied)
        #expect(harness.strategy.updates.last?.reason == "journal_blocked")
        #expect(harness.output.records.count == before)
        harness.strategy.quote = { _, _ in }
        harness.quote("98", "99", at: 4)
        #expect(harness.output.fills.count == 1, "what was sent before may still fill")
        harness.engine.isJournalBlocked = false
        harness.strategy.quote = { _, context in context.submit(.market(.buy, Quantity(1), Self.token)) }
        harness.quote("99", "100", at: 5)
        #expect(harness.output.fills.count == 2)
        #expect(harness.engine.status.deniedCount == 1)
    }

    /// Sends orders one after the other in one callback and returns the reasons.
    private func reasons(_ requests: [OrderRequest], limits: RiskLimits) -> [String] {
        let harness = EngineHarness(limits: limits)
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in
            for request in requests { context.submit(request) }
        }
        harness.quote("99", "100", at: 2)
        return harness.output.updates.filter { $0.status == .denied }.map(\.reason)
    }

    @Test func limitsAreInclusive() {
        let limits = RiskLimits(
            maxOrderQuantity: Quantity(5), maxPosition: Quantity(5), maxOrderNotional: Money(500))
        #expect(reasons([.market(.buy, Quantity(5), token)], limits: limits).isEmpty)
        #expect(reasons([.market(.buy, Quantity("5.1")!, token)], limits: limits) == ["max_order_quantity"])
        #expect(
            reasons([.limit(.buy, Quantity(5), Price("100.01")!, token)], limits: limits) == [
                "max_order_notional"
            ])
    }

    @Test func maxPositionCountsOpenOrdersOfTheSameSide() {
        let limits = RiskLimits(maxPosition: Quantity(5))
        let resting = OrderRequest.limit(.buy, Quantity(2), Price(90), token)
        #expect(
            reasons([.market(.buy, Quantity(2), token), resting, resting], limits: limits) == ["max_position"]
        )
        // The other side is judged from the position alone: 2 - 7 is within, 2 - 8 is not.
        #expect(
            reasons([.market(.buy, Quantity(2), token), .market(.sell, Quantity(7), token)], limits: limits)
                .isEmpty)
        #expect(
            reasons([.market(.buy, Quantity(2), token), .market(.sell, Quantity(8), token)], limits: limits)
                == ["max_position"])
    }

    @Test func canceledOrderFreesItsPartOfThePosition() {
        let harness = EngineHarness(limits: RiskLimits(maxPosition: Quantity(5)))
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in
            context.cancelAll()
            context.submit(.limit(.buy, Quantity(5), Price(90), EngineHarness.token))
        }
        harness.quote("99", "100", at: 2)
        harness.quote("99", "100", at: 3)
        #expect(harness.output.statuses == [.accepted, .canceled, .accepted])
    }

    @Test func orderRateIsLimitedWithinAnySecond() {
        let harness = EngineHarness(limits: RiskLimits(maxOrdersPerSecond: 2))
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in
            context.submit(.market(.buy, Quantity(1), EngineHarness.token))
        }
        harness.quote("99", "100", at: 10)
        harness.quote("99", "100", at: 600_000_000)
        harness.quote("99", "100", at: 1_000_000_009)
        harness.quote("99", "100", at: 1_000_000_010)
        #expect(harness.output.statuses == [.filled, .filled, .denied, .filled])
        #expect(harness.output.updates[2].reason == "max_orders_per_second")
    }

    @Test func dailyLossLetsOnlyReducingOrdersPassUntilTheNextDay() {
        let harness = EngineHarness(limits: RiskLimits(maxDailyLoss: Money(10)))
        harness.engine.start(at: harness.at(1))
        var request = OrderRequest.market(.buy, Quantity(4), token)
        harness.strategy.quote = { _, context in context.submit(request) }
        harness.quote("99.99", "100.01", at: 2)
        harness.quote("97", "97.02", at: 3)
        #expect(harness.output.statuses == [.filled, .denied])
        #expect(harness.output.updates[1].reason == "max_daily_loss")
        // Latched: a recovery within the day does not lift it.
        harness.quote("99.99", "100.01", at: 4)
        #expect(harness.output.statuses.last == .denied)
        request = .market(.sell, Quantity(1), token)
        harness.quote("99.99", "100.01", at: 5)
        #expect(harness.output.statuses.last == .filled)
        request = .market(.buy, Quantity(1), token)
        harness.quote("99.99", "100.01", at: 86_400_000_000_000)
        #expect(harness.output.statuses.last == .filled)
    }

    @Test func haltedInstrumentDeniesOrdersButCancelsPass() {
        let harness = EngineHarness()
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in
            context.submit(.limit(.buy, Quantity(1), Price(90), EngineHarness.token))
        }
        harness.quote("99", "100", at: 2)
        harness.status(.tradingHalted, token: token, at: 3)
        harness.strategy.quote = { _, context in
            context.cancelAll()
            context.submit(.market(.buy, Quantity(1), EngineHarness.token))
        }
        harness.quote("99", "100", at: 4)
        #expect(harness.output.statuses == [.accepted, .canceled, .denied])
        #expect(harness.output.updates[2].reason == "halted")
        harness.status(.tradingResumed, token: token, at: 5)
        harness.quote("99", "100", at: 6)
        #expect(harness.output.statuses.last == .filled)
    }

    @Test func tooManyOpenOrdersAreDenied() {
        let request = OrderRequest.limit(.buy, Quantity(1), Price(90), token)
        #expect(
            reasons(Array(repeating: request, count: 4_098), limits: RiskLimits())
                == ["too_many_open_orders", "too_many_open_orders"])
    }

    @Test func limitsComeFromTextWithAllViolationsAtOnce() throws {
        let limits = try RiskLimits(inputs: [
            ("max_position", "2.5"), ("max_daily_loss", "1000"), ("max_orders_per_second", "7"),
            ("cancel_on_pause", "true"),
        ])
        #expect(
            limits
                == RiskLimits(
                    maxPosition: Quantity("2.5"), maxDailyLoss: Money(1_000), maxOrdersPerSecond: 7,
                    cancelOnPause: true))
        let violations = #expect(throws: ParameterViolations.self) {
            try RiskLimits(inputs: [
                ("max_positon", "1"), ("max_order_quantity", "-1"), ("max_orders_per_second", "0"),
                ("cancel_on_pause", "maybe"), ("max_daily_loss", "1"), ("max_daily_loss", "2"),
            ])
        }
        #expect(
            violations?.list.map(\.message) == [
                "is unknown, did you mean max_position?", "'-1' is not a decimal above zero",
                "'0' is not a whole number within 1...100000", "'maybe' is not true or false",
                "is given more than once",
            ])
    }
}
