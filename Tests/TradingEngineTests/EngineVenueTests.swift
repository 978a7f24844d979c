import Testing
import TradingEngine
import TradingModel

/// The engine between a strategy and a venue that answers when it likes.
@Suite struct EngineVenueTests {
    private let token = EngineHarness.token

    private func resting(_ quantity: Int = 3, limits: RiskLimits = RiskLimits()) throws -> VenueHarness {
        let harness = try VenueHarness(limits: limits)
        harness.act { $0.submit(.limit(.buy, Quantity(quantity), Price(99), EngineHarness.token)) }
        harness.deliver(.accepted(harness.id(1)))
        _ = harness.calls()
        return harness
    }

    @Test func answersThatComeLaterAreBookedAtTheirTime() throws {
        let harness = try resting()
        harness.fill(1, 1, at: Price(99))
        #expect(harness.order(1)?.status == .partiallyFilled)
        #expect(harness.engine.portfolio.position(0).quantity == Quantity(1))
        #expect(harness.engine.status.lastEventTime > Timestamp(nanoseconds: 11))
        harness.fill(1, 2, at: Price(99))
        #expect(harness.order(1) == nil)
        #expect(harness.strategy.updates.map(\.status) == [.accepted, .partiallyFilled, .filled])
    }

    @Test func changeIsPendingUntilTheVenueHasAnswered() throws {
        let harness = try resting()
        harness.act { $0.modify(OrderID(epoch: 1, count: 1), price: Price(98), quantity: Quantity(2)) }
        #expect(harness.calls() == ["modify 1 to 2 at 98"])
        #expect(harness.order(1)?.status == .pendingUpdate)
        #expect(harness.order(1)?.price == Price(99), "what the venue has confirmed")
        harness.deliver(
            .modified(
                harness.id(1), OrderTerms(price: Price(98), triggerPrice: .zero, quantity: Quantity(2))))
        #expect(harness.order(1)?.status == .accepted)
        #expect(harness.order(1)?.price == Price(98))
        #expect(harness.order(1)?.quantity == Quantity(2))
        #expect(harness.strategy.updates.last?.reason == "modified")
    }

    @Test func refusedChangeAndCancelLeaveTheOrderAsItWas() throws {
        let harness = try resting()
        harness.act { $0.modify(OrderID(epoch: 1, count: 1), price: Price(98)) }
        harness.deliver(.modifyRejected(harness.id(1), reason: "too_late"))
        #expect(harness.order(1)?.status == .accepted)
        #expect(harness.order(1)?.price == Price(99))
        #expect(harness.strategy.updates.last?.reason == "too_late")
        harness.act { $0.cancel(OrderID(epoch: 1, count: 1)) }
        #expect(harness.order(1)?.status == .pendingCancel)
        harness.deliver(.cancelRejected(harness.id(1), reason: "busy"))
        #expect(harness.order(1)?.status == .accepted)
    }

    @Test(
        arguments: [
            (Change(quantity: Quantity(1)), "modify_below_filled"),
            (Change(quantity: Quantity(-1)), "non_positive_quantity"),
            (Change(quantity: Quantity("2.05")), "quantity_increment"),
            (Change(price: Price("98.001")), "price_increment"), (Change(price: .zero), "non_positive_price"),
            (Change(triggerPrice: Price(3)), "modify_terms"), (Change(), "modify_terms"),
            (Change(quantity: Quantity(50)), "max_position"),
        ])
    func impossibleChangeIsRefusedWithItsCode(change: Change, code: String) throws {
        let harness = try resting(limits: RiskLimits(maxPosition: Quantity(10)))
        harness.fill(1, 1, at: Price(99))
        let before = harness.order(1)
        harness.act { context in
            context.modify(
                OrderID(epoch: 1, count: 1), price: change.price, triggerPrice: change.triggerPrice,
                quantity: change.quantity)
        }
        #expect(harness.calls().isEmpty)
        #expect(harness.strategy.updates.last?.reason == code)
        #expect(harness.order(1) == before)
    }

    struct Change: Sendable {
        var price: Price?
        var triggerPrice: Price?
        var quantity: Quantity?
    }

    @Test func growthUnderWayCountsAgainstTheLimits() throws {
        let harness = try resting(limits: RiskLimits(maxPosition: Quantity(10)))
        harness.act { context in
            context.modify(OrderID(epoch: 1, count: 1), quantity: Quantity(8))
            context.submit(.limit(.buy, Quantity(3), Price(99), EngineHarness.token))
            context.submit(.limit(.buy, Quantity(2), Price(99), EngineHarness.token))
        }
        #expect(harness.calls() == ["modify 1 to 8 at 99", "submit 3 limit 2"])
        harness.deliver(.modifyRejected(harness.id(1), reason: "no"))
        harness.act { $0.submit(.limit(.buy, Quantity(5), Price(99), EngineHarness.token)) }
        #expect(harness.calls() == ["submit 4 limit 5"], "3 + 2 + 5 are the limit")
        harness.act { $0.submit(.limit(.buy, Quantity("0.1")!, Price(99), EngineHarness.token)) }
        #expect(harness.strategy.updates.last?.reason == "max_position")
    }

    @Test func secondChangeWhileOneIsUnderWayIsRefused() throws {
        let harness = try resting()
        harness.act { context in
            context.modify(OrderID(epoch: 1, count: 1), price: Price(98))
            context.modify(OrderID(epoch: 1, count: 1), price: Price(97))
        }
        #expect(harness.calls() == ["modify 1 to 3 at 98"])
        #expect(harness.strategy.updates.last?.reason == "modify_pending")
    }

    @Test func commandsAboutUnknownAndFinishedOrdersChangeNothing() throws {
        let harness = try resting()
        harness.deliver(.canceled(harness.id(1), reason: ""))
        let before = harness.engine.snapshot()
        harness.act { context in
            context.cancel(OrderID(epoch: 1, count: 1))
            context.cancel(OrderID(epoch: 9, count: 9))
            context.modify(OrderID(epoch: 1, count: 1), price: Price(98))
            context.modify(OrderID(epoch: 9, count: 9), price: Price(98))
        }
        #expect(harness.calls().isEmpty)
        #expect(harness.engine.snapshot() == before)
        #expect(harness.engine.status.idleCommandsCount == 4)
        #expect(harness.strategy.updates.last?.reason == "modify_closed", "of the order that is known")
    }

    /// A fill can pass a cancel on its way: it is true all the same.
    @Test func fillOfAnEndedOrderIsBooked() throws {
        let harness = try resting()
        harness.deliver(.canceled(harness.id(1), reason: ""))
        harness.fill(1, 2, at: Price(99))
        #expect(harness.engine.portfolio.position(0).quantity == Quantity(2))
        #expect(harness.strategy.fills.count == 1)
        #expect(harness.output.lines.count == 1)
    }

    @Test func moreThanWasAskedForIsBookedAsItCame() throws {
        let harness = try resting()
        harness.fill(1, 5, at: Price(99))
        #expect(harness.order(1) == nil)
        #expect(harness.engine.portfolio.position(0).quantity == Quantity(5))
        harness.act { $0.submit(.limit(.buy, Quantity(1), Price(99), EngineHarness.token)) }
        #expect(harness.calls() == ["submit 2 limit 1"], "open quantities are still right")
    }

    @Test func answersAboutOrdersThatNeverWereAreCounted() throws {
        let harness = try resting()
        let unknown = OrderID(epoch: 7, count: 7)
        let before = harness.engine.snapshot()
        harness.deliver(
            .accepted(unknown), .rejected(unknown, reason: ""), .canceled(unknown, reason: ""),
            .expired(unknown, reason: ""), .triggered(unknown), .modifyRejected(unknown, reason: ""),
            .cancelRejected(unknown, reason: ""),
            .modified(unknown, OrderTerms(price: .zero, triggerPrice: .zero, quantity: .zero)),
            .adjusted(unknown, triggerPrice: .zero, quantity: .zero, reason: ""),
            .filled(unknown, price: Price(1), quantity: Quantity(1), liquidity: .maker, fee: .zero))
        #expect(harness.engine.status.idleReportsCount == 10)
        #expect(harness.engine.snapshot() == before)
    }
}

extension VenueHarness {
    var output: CollectingOutput { engine.output }
}
