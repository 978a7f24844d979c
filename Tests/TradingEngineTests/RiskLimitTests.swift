import Testing
import TradingEngine
import TradingModel

/// Each limit at its bound and beyond, with the numbers that a denial tells.
@Suite struct RiskLimitTests {
    private static let token = EngineHarness.token
    private static let other = EngineHarness.other.token

    /// Sends orders one after the other in one callback; the denials with their numbers.
    private func denials(_ limits: RiskLimits, _ requests: [OrderRequest]) -> [String] {
        let harness = EngineHarness(limits: limits)
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in
            for request in requests { context.submit(request) }
            harness.strategy.quote = { _, _ in }
        }
        harness.quote("99", "101", at: 2, token: Self.other)
        harness.strategy.quote = { _, context in
            for request in requests { context.submit(request) }
        }
        harness.quote("99", "101", at: 3)
        let logged = harness.output.lines.compactMap { line in
            line.hasPrefix("denied order") ? String(line.split(separator: ": ", maxSplits: 1)[1]) : nil
        }
        let codes = harness.output.updates.filter { $0.status == .denied }.map(\.reason)
        #expect(codes.count == logged.count)
        for (code, text) in zip(codes, logged) { #expect(text.hasPrefix(code)) }
        return logged
    }

    struct Case: Sendable {
        var limits: RiskLimits
        var allowed: OrderRequest
        var denied: OrderRequest
        var text: String

        init(_ limits: RiskLimits, allowed: OrderRequest, denied: OrderRequest, _ text: String) {
            self.limits = limits
            self.allowed = allowed
            self.denied = denied
            self.text = text
        }
    }

    private static func buy(_ quantity: String, at price: String) -> OrderRequest {
        .limit(.buy, Quantity(quantity)!, Price(price)!, token)
    }

    static let cases: [Case] = [
        Case(
            RiskLimits(minOrderQuantity: Quantity(2)), allowed: buy("2", at: "90"),
            denied: buy("1.9", at: "90"),
            "min_order_quantity: 1.9 below 2"),
        Case(
            RiskLimits(maxOrderQuantity: Quantity(2)), allowed: buy("2", at: "90"),
            denied: buy("2.1", at: "90"),
            "max_order_quantity: 2.1 above 2"),
        Case(
            RiskLimits(maxOrderNotional: Money(180)), allowed: buy("2", at: "90"),
            denied: buy("2", at: "90.01"),
            "max_order_notional: 180.02 above 180"),
        Case(
            RiskLimits(maxPosition: Quantity(2)), allowed: buy("2", at: "90"), denied: buy("2.1", at: "90"),
            "max_position: 2.1 above 2"),
        Case(
            RiskLimits(maxPositionNotional: Money(180)), allowed: buy("2", at: "90"),
            denied: buy("2.1", at: "90"), "max_position_notional: 189 above 180"),
        Case(
            RiskLimits(maxTotalNotional: Money(180)), allowed: buy("2", at: "90"),
            denied: buy("2.1", at: "90"),
            "max_total_notional: 189 beside 0 of other positions, at most 180"),
        Case(
            RiskLimits(priceCollarPercent: Quantity(10)), allowed: buy("1", at: "90"),
            denied: buy("1", at: "89.99"), "price_collar: 89.99 is more than 10 % from 100"),
        Case(
            RiskLimits(priceCollarPercent: Quantity("0.99")!), allowed: buy("1", at: "99.01"),
            denied: .market(.buy, Quantity(1), token), "price_collar: 101 is more than 0.99 % from 100"),
    ]

    @Test(arguments: cases)
    func limitIsInclusiveAndItsDenialTellsTheNumbers(item: Case) {
        let harness = EngineHarness(limits: item.limits)
        harness.engine.start(at: harness.at(1))
        var request = item.allowed
        harness.strategy.quote = { _, context in context.submit(request) }
        harness.quote("99", "101", at: 2)
        #expect(harness.output.statuses == [.accepted], "\(item.text)")
        harness.strategy.quote = { _, context in context.cancelAll() }
        harness.quote("99", "101", at: 3)
        request = item.denied
        harness.strategy.quote = { _, context in context.submit(request) }
        harness.quote("99", "101", at: 4)
        #expect(harness.output.statuses.last == .denied, "\(item.text)")
        #expect(harness.output.lines.contains { $0.hasSuffix(item.text) }, "\(harness.output.lines)")
    }

    @Test func totalCountsLongAndShortPositionsOfAllInstruments() {
        let harness = EngineHarness(limits: RiskLimits(maxTotalNotional: Money(2_000)))
        harness.engine.start(at: harness.at(1))
        harness.quote("99", "101", at: 2)
        harness.strategy.quote = { _, context in
            // Ten units each: 100 × 10 = 1000.
            context.submit(.market(.sell, Quantity(1), Self.other))
        }
        harness.quote("100", "100", at: 3, token: Self.other)
        harness.strategy.quote = { _, context in context.submit(Self.buy("10", at: "100")) }
        harness.quote("99", "101", at: 4)
        harness.strategy.quote = { _, context in context.submit(Self.buy("0.1", at: "100")) }
        harness.quote("99", "101", at: 5)
        #expect(harness.output.statuses == [.filled, .accepted, .denied])
        #expect(
            harness.output.lines.last?.hasSuffix(
                "max_total_notional: 1010 beside 1000 of other positions, at most 2000") == true)
    }

    @Test func openOrdersAreCounted() {
        let resting = Self.buy("1", at: "90")
        let harness = EngineHarness(limits: RiskLimits(maxOpenOrders: 2))
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in for _ in 0..<3 { context.submit(resting) } }
        harness.quote("99", "101", at: 2)
        #expect(harness.output.statuses == [.accepted, .accepted, .denied])
        #expect(harness.output.lines.last?.hasSuffix("max_open_orders: 2 are open, at most 2") == true)
        harness.strategy.quote = { _, context in
            context.cancelAll()
            context.submit(resting)
        }
        harness.quote("99", "101", at: 3)
        #expect(harness.output.statuses.suffix(3) == [.canceled, .canceled, .accepted])
    }

    @Test func ordersAreCountedPerMinute() {
        let harness = EngineHarness(limits: RiskLimits(maxOrdersPerSecond: 2, maxOrdersPerMinute: 3))
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in context.submit(.market(.buy, Quantity(1), Self.token)) }
        let second: Int64 = 1_000_000_000
        for time: Int64 in [1, 2, 3, 60, 61] { harness.quote("99", "101", at: time * second) }
        #expect(harness.output.statuses == [.filled, .filled, .filled, .denied, .filled])
        #expect(
            harness.output.lines.last?.hasSuffix("max_orders_per_minute: 3 within the last minute") == true)
    }

    @Test func limitsChangeWhileItRuns() {
        let harness = EngineHarness(limits: RiskLimits(maxOrderQuantity: Quantity(1)))
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in context.submit(.market(.buy, Quantity(2), Self.token)) }
        harness.quote("99", "101", at: 2)
        harness.engine.update(limits: RiskLimits(maxOrderQuantity: Quantity(2)))
        harness.quote("99", "101", at: 3)
        harness.engine.update(limits: RiskLimits(maxOrderQuantity: Quantity(1)))
        harness.quote("99", "101", at: 4)
        #expect(harness.output.statuses == [.denied, .filled, .denied])
    }

    @Test func cancelsPassWhateverTheLimitsAndTheTradingState() {
        let harness = EngineHarness(limits: RiskLimits(maxOrdersPerSecond: 1))
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in
            context.submit(.limit(.sell, Quantity(1), Price(120), Self.token))
        }
        harness.quote("99", "101", at: 2)
        harness.strategy.quote = { _, context in context.cancelAll() }
        harness.engine.setTradingState(.reducing, reason: "test")
        harness.quote("99", "101", at: 3)
        #expect(harness.output.statuses == [.accepted, .canceled])
    }

    @Test func deniedOrdersAreExplainedUpToABound() {
        let harness = EngineHarness(limits: RiskLimits(maxOrderQuantity: Quantity(1)))
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in context.submit(.market(.buy, Quantity(2), Self.token)) }
        for time in 2..<302 { harness.quote("99", "101", at: Int64(time)) }
        #expect(harness.engine.status.deniedCount == 300)
        #expect(harness.output.lines.count == 200)
        #expect(harness.output.lines.last?.hasSuffix("further ones are only counted") == true)
    }

    @Test func inputsAreCheckedAllAtOnce() throws {
        let limits = try RiskLimits(inputs: [
            ("min_order_quantity", "0.1"), ("max_position_notional", "1000"), ("max_total_notional", "2000"),
            ("max_open_orders", "5"), ("max_orders_per_minute", "60"), ("price_collar_percent", "2.5"),
            ("max_drawdown", "100"), ("breach_action", "flatten_and_halt"),
        ])
        #expect(limits.breachAction == .flattenAndHalt && limits.maxOpenOrders == 5)
        let violations = #expect(throws: ParameterViolations.self) {
            try RiskLimits(inputs: [
                ("max_open_orders", "0"), ("breach_action", "panic"), ("price_collar_percent", "x"),
                ("min_order_quantity", "2"), ("max_order_quantity", "1"), ("max_drawdwn", "1"),
            ])
        }
        #expect(
            violations?.list.map(\.message) == [
                "'0' is not a whole number within 1...4096",
                "'panic' is not one of deny, reduce, flatten_and_halt", "'x' is not a decimal above zero",
                "is unknown, did you mean max_drawdown?", "2 is above max_order_quantity, 1",
            ])
    }
}
