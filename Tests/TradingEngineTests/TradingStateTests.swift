import Testing
import TradingEngine
import TradingModel

/// Trading states, breached limits on losses, and flatten.
@Suite struct TradingStateTests {
    private static let token = EngineHarness.token

    private func started(
        _ limits: RiskLimits = RiskLimits(),
        exchange: SimulatedExchangeConfiguration = SimulatedExchangeConfiguration()
    ) -> EngineHarness {
        let harness = EngineHarness(exchange: exchange, limits: limits)
        harness.engine.start(at: harness.at(1))
        return harness
    }

    private func send(_ harness: EngineHarness, _ request: OrderRequest, at time: Int64, bid: Int = 99) {
        harness.strategy.quote = { _, context in context.submit(request) }
        harness.quote("\(bid)", "\(bid + 1)", at: time)
        harness.strategy.quote = { _, _ in }
    }

    @Test func haltedDeniesEverythingAndReducingWhatDoesNotReduce() {
        let harness = started()
        send(harness, .market(.buy, Quantity(3), Self.token), at: 2)
        harness.engine.setTradingState(.reducing, reason: "by desk")
        send(harness, .market(.buy, Quantity(1), Self.token), at: 3)
        send(harness, .market(.sell, Quantity(1), Self.token), at: 4)
        harness.engine.setTradingState(.halted, reason: "by desk")
        send(harness, .market(.sell, Quantity(1), Self.token), at: 5)
        harness.engine.setTradingState(.active, reason: "")
        send(harness, .market(.sell, Quantity(1), Self.token), at: 6)
        #expect(harness.output.statuses == [.filled, .denied, .filled, .denied, .filled])
        #expect(
            harness.output.updates.map(\.reason).filter { !$0.isEmpty } == [
                "reducing_only", "trading_halted",
            ])
        #expect(harness.output.lines.last?.hasSuffix("trading_halted: by desk") == true)
    }

    @Test func haltTakesBackWhatCouldGrowAPositionAndLeavesWhatProtectsIt() {
        let harness = started()
        send(harness, .market(.buy, Quantity(3), Self.token), at: 2)
        send(harness, .limit(.buy, Quantity(1), Price(90), Self.token), at: 3)
        send(harness, .limit(.sell, Quantity(3), Price(120), Self.token, isReduceOnly: true), at: 4)
        harness.engine.setTradingState(.halted, reason: "by desk")
        #expect(harness.output.statuses == [.filled, .accepted, .accepted, .canceled])
        #expect(harness.engine.status.openOrdersCount == 1)
        harness.quote("121", "122", at: 5)
        #expect(harness.position == .zero)
    }

    @Test func stateSetBeforeTheStartHoldsFromTheFirstOrderOn() {
        let harness = EngineHarness()
        harness.engine.setTradingState(.halted, reason: "halted before")
        harness.strategy.start = { $0.submit(.market(.buy, Quantity(1), Self.token)) }
        harness.engine.start(at: harness.at(1))
        #expect(harness.output.statuses == [.denied])
    }

    static let breaches: [(RiskLimits, RiskLimits.BreachAction, String)] = RiskLimits.BreachAction.allCases
        .flatMap { action in
            [
                (RiskLimits(maxDailyLoss: Money(10), breachAction: action), action, "max_daily_loss"),
                (RiskLimits(maxDrawdown: Money(10), breachAction: action), action, "max_drawdown"),
            ]
        }

    @Test(arguments: breaches)
    func breachTakesItsAction(limits: RiskLimits, action: RiskLimits.BreachAction, code: String) {
        let harness = started(limits)
        send(harness, .market(.buy, Quantity(4), Self.token), at: 2)
        send(harness, .limit(.buy, Quantity(1), Price(50), Self.token), at: 3)
        // Equity falls by 4 × 3 from the entry at 100 to the mid 97.
        harness.quote("96.5", "97.5", at: 4)
        #expect(harness.engine.status.breach?.hasPrefix(code) == true)
        #expect(harness.output.lines.contains { $0.contains("\(code): ") && $0.contains(action.rawValue) })
        switch action {
        case .deny:
            send(harness, .market(.sell, Quantity(1), Self.token), at: 5)
            #expect(harness.output.updates.last?.reason == code)
            #expect(harness.position == Quantity(4) && harness.engine.status.openOrdersCount == 1)
        case .reduce:
            send(harness, .market(.buy, Quantity(1), Self.token), at: 5)
            #expect(harness.output.updates.last?.reason == code)
            send(harness, .market(.sell, Quantity(1), Self.token), at: 6)
            #expect(harness.position == Quantity(3))
        case .flattenAndHalt:
            #expect(harness.position == .zero && harness.engine.status.openOrdersCount == 0)
            #expect(harness.engine.flattenResult == .flat)
            #expect(harness.engine.tradingState == .halted)
            send(harness, .market(.buy, Quantity(1), Self.token), at: 5)
            #expect(harness.output.updates.last?.reason == "trading_halted")
            harness.engine.setTradingState(.active, reason: "")
            send(harness, .market(.buy, Quantity(1), Self.token), at: 6)
            #expect(harness.position == Quantity(1), "the loss is counted anew")
        }
    }

    @Test func drawdownIsCountedFromThePeakAndADailyLossEndsWithTheDay() {
        let harness = started(RiskLimits(maxDailyLoss: Money(10), maxDrawdown: Money(30)))
        send(harness, .market(.buy, Quantity(1), Self.token), at: 2)
        harness.quote("139.5", "140.5", at: 3)
        harness.quote("110.5", "111.5", at: 4)
        #expect(harness.engine.status.breach == nil, "29 below the peak, above the day's start")
        harness.quote("109.5", "110.5", at: 5)
        #expect(harness.engine.status.breach == "max_drawdown: the drawdown 30 reached 30")
        let day: Int64 = 86_400_000_000_000
        harness.quote("109.5", "110.5", at: day + 1)
        #expect(harness.engine.status.breach?.hasPrefix("max_drawdown") == true, "until trading is resumed")
        harness.engine.setTradingState(.active, reason: "")
        #expect(harness.engine.status.breach == nil)
        harness.quote("99.5", "100.5", at: day + 2)
        #expect(harness.engine.status.breach == "max_daily_loss: the day's loss 10 reached 10")
        harness.quote("99.5", "100.5", at: 2 * day)
        #expect(harness.engine.status.breach == nil)
    }

    @Test func widerLimitsEndABreachAndNarrowerOnesMakeOne() {
        let harness = started(RiskLimits(maxDailyLoss: Money(10)))
        send(harness, .market(.buy, Quantity(1), Self.token), at: 2)
        harness.quote("84.5", "85.5", at: 3)
        #expect(harness.engine.status.breach != nil)
        harness.engine.update(limits: RiskLimits(maxDailyLoss: Money(20)))
        #expect(harness.engine.status.breach == nil)
        harness.engine.update(limits: RiskLimits(maxDailyLoss: Money(15)))
        #expect(harness.engine.status.breach == "max_daily_loss: the day's loss 15 reached 15")
        harness.engine.update(limits: RiskLimits())
        #expect(harness.engine.status.breach == nil)
    }

    // MARK: - Flatten

    @Test func flattenWaitsForItsCancelsBeforeItCloses() {
        let harness = started(exchange: SimulatedExchangeConfiguration(latency: .nanoseconds(10)))
        send(harness, .market(.buy, Quantity(2), Self.token), at: 10)
        harness.quote("99", "100", at: 30)
        send(harness, .limit(.buy, Quantity(3), Price(98), Self.token), at: 40)
        harness.quote("99", "100", at: 60)
        harness.engine.flatten()
        // Before the cancel arrives the order fills: it has to be closed as well.
        harness.quote("97", "98", at: 65)
        #expect(harness.position == Quantity(5))
        send(harness, .market(.buy, Quantity(1), Self.token), at: 66, bid: 97)
        #expect(harness.output.updates.last?.reason == "flattening")
        harness.quote("97", "98", at: 80)
        #expect(harness.position == .zero)
        #expect(harness.engine.flattenResult == .flat)
        send(harness, .market(.buy, Quantity(1), Self.token), at: 90, bid: 97)
        harness.quote("97", "98", at: 110)
        #expect(harness.position == Quantity(1), "afterwards the strategy trades again")
    }

    @Test func flattenThatCannotCloseSaysWhatIsOpenAndWhy() {
        let harness = started()
        send(harness, .market(.buy, Quantity(2), Self.token), at: 2)
        harness.status(.tradingHalted, token: Self.token, at: 3)
        harness.engine.flatten()
        #expect(
            harness.engine.flattenResult
                == .failed("the closing orders ended unfilled: ABC 2, last denial halted"))
        harness.status(.tradingResumed, token: Self.token, at: 4)
        harness.engine.flatten()
        #expect(harness.engine.flattenResult == .flat)
    }

    @Test func flattenIsAbandonedWhenItTakesTooLong() {
        let harness = started(exchange: SimulatedExchangeConfiguration(latency: .seconds(1)))
        send(harness, .market(.buy, Quantity(2), Self.token), at: 2)
        harness.quote("99", "100", at: 2_000_000_000)
        harness.engine.flatten()
        #expect(harness.engine.flattenResult == nil)
        harness.engine.abandonFlatten("not flat after 30 s")
        guard case .failed(let text)? = harness.engine.flattenResult else {
            Issue.record("an abandoned flatten has failed")
            return
        }
        #expect(text.hasPrefix("not flat after 30 s: ABC 2, order "))
    }
}
