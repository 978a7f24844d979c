import Testing
import TradingEngine
import TradingModel

/// A strategy that came back with an order and looks at the past before it trades.
@Suite struct LookingBackTests {
    /// Comes back with an order to buy one at 99 while it looks back.
    private func lookingBack(_ start: @escaping (StrategyContext) -> Void) throws -> EngineHarness {
        let before = EngineHarness()
        before.strategy.quote = { _, context in
            if context.openOrders().isEmpty {
                context.submit(.limit(.buy, Quantity(1), Price(99), EngineHarness.token))
            }
        }
        before.engine.start(at: .epoch)
        before.quote("100", "101", at: 1)
        let harness = EngineHarness(epoch: 2)
        try harness.engine.restore(before.engine.snapshot())
        harness.strategy.start = start
        harness.engine.start(at: .epoch)
        harness.engine.isCatchingUp = true
        return harness
    }

    private func openPrices(_ harness: EngineHarness) -> [Price] {
        harness.engine.snapshot().openOrders.map(\.price)
    }

    @Test func ordersFromBeforeMayBeChangedAndTakenBackInItsStart() throws {
        let id = OrderID(epoch: 1, count: 1)
        let changed = try lookingBack { $0.modify(id, price: Price(98)) }
        changed.quote("100", "101", at: 2)
        #expect(openPrices(changed) == [Price(98)])
        let canceled = try lookingBack { $0.cancel(id) }
        canceled.quote("100", "101", at: 2)
        #expect(openPrices(canceled).isEmpty)
    }

    @Test func anAnswerToThePastChangesNoOrderOfToday() throws {
        let id = OrderID(epoch: 1, count: 1)
        let harness = try lookingBack { _ in }
        harness.strategy.quote = { _, context in
            context.modify(id, price: Price(98))
            context.cancel(id)
            context.submit(.market(.buy, Quantity(1), EngineHarness.token))
        }
        harness.quote("90", "91", at: 2)
        harness.quote("90", "91", at: 3)
        #expect(openPrices(harness) == [Price(99)] && harness.output.fills.isEmpty)
        harness.engine.isCatchingUp = false
        harness.quote("100", "101", at: 4)
        #expect(openPrices(harness).isEmpty && harness.output.fills.map(\.price) == [Price(101)])
    }
}
