import Testing
import TradingEngine
import TradingModel

/// Brackets and other lists on a venue that links nothing itself.
@Suite struct OrderListTests {
    /// A bracket of 10 at 100 with exits at 110 and 90; orders 1, 2 and 3.
    private func bracket() throws -> VenueHarness {
        let harness = try VenueHarness()
        harness.act { context in
            context.submitBracket(
                .limit(.buy, Quantity(10), Price(100), EngineHarness.token), takeProfit: Price(110),
                stopLoss: Price(90))
        }
        return harness
    }

    @Test func exitsAreHeldUntilTheEntryFills() throws {
        let harness = try bracket()
        #expect(harness.calls() == ["submit 1 limit 10"])
        #expect(harness.order(2)?.status == .held)
        #expect(harness.order(3)?.status == .held)
        harness.deliver(.accepted(harness.id(1)))
        harness.fill(1, 10)
        #expect(harness.calls() == ["submit 2 limit 10", "submit 3 stop 10"])
        #expect(harness.log.orders.suffix(2).allSatisfy { $0.isReduceOnly && $0.side == .sell })
    }

    @Test func partialFillsOfTheEntryRaiseTheExits() throws {
        let harness = try bracket()
        harness.fill(1, 3)
        harness.deliver(.accepted(harness.id(2)), .accepted(harness.id(3)))
        #expect(harness.calls() == ["submit 1 limit 10", "submit 2 limit 3", "submit 3 stop 3"])
        harness.fill(1, 4)
        #expect(harness.calls() == ["modify 2 to 7 at 110", "modify 3 to 7 at 0"])
        // A further fill while the changes are under way is made up for by the next ones.
        harness.fill(1, 3)
        #expect(harness.calls().isEmpty)
        let seven = OrderTerms(price: Price(110), triggerPrice: .zero, quantity: Quantity(7))
        harness.deliver(.modified(harness.id(2), seven))
        #expect(harness.calls() == ["modify 2 to 10 at 110"])
    }

    @Test func fillOfOneExitReducesTheOtherAndItsEndCancelsIt() throws {
        let harness = try bracket()
        harness.fill(1, 10)
        harness.deliver(.accepted(harness.id(2)), .accepted(harness.id(3)))
        _ = harness.calls()
        harness.fill(2, 4, at: Price(110))
        #expect(harness.calls() == ["modify 3 to 6 at 0"])
        harness.deliver(
            .modified(
                harness.id(3), OrderTerms(price: .zero, triggerPrice: Price(90), quantity: Quantity(6))))
        harness.fill(2, 6, at: Price(110))
        #expect(harness.calls() == ["cancel 3"])
        harness.deliver(.canceled(harness.id(3), reason: ""))
        #expect(harness.engine.status.openOrdersCount == 0)
        #expect(harness.engine.portfolio.position(0).isFlat)
    }

    @Test func whenAnExitHasFilledTheRestOfTheEntryIsCanceled() throws {
        let harness = try bracket()
        harness.fill(1, 3)
        _ = harness.calls()
        harness.fill(3, 3, at: Price(90))
        #expect(harness.calls() == ["cancel 2", "cancel 1"])
    }

    @Test func endOfTheEntryCancelsWhatIsHeld() throws {
        for report in [
            VenueReport.rejected(OrderID(epoch: 1, count: 1), reason: "no"),
            .canceled(OrderID(epoch: 1, count: 1), reason: ""),
            .expired(OrderID(epoch: 1, count: 1), reason: ""),
        ] {
            let harness = try bracket()
            harness.deliver(report)
            #expect(harness.engine.status.openOrdersCount == 0)
            #expect(harness.strategy.updates.suffix(2).map(\.reason) == ["parent_ended", "parent_ended"])
        }
    }

    @Test func cancelOfOneExitTakesTheOtherAndARejectionDoesNot() throws {
        let harness = try bracket()
        harness.fill(1, 10)
        _ = harness.calls()
        harness.deliver(.rejected(harness.id(2), reason: "price_band"))
        #expect(harness.calls().isEmpty, "the stop still protects the position")
        let other = try bracket()
        other.fill(1, 10)
        _ = other.calls()
        other.act { $0.cancel(OrderID(epoch: 1, count: 2)) }
        other.deliver(.canceled(other.id(2), reason: ""))
        #expect(other.calls() == ["cancel 2", "cancel 3"])
    }

    @Test func allAreDeniedWhenOneIs() throws {
        let harness = try VenueHarness()
        harness.act { context in
            context.submitBracket(
                .limit(.buy, Quantity(10), Price(100), EngineHarness.token), takeProfit: Price("110.001")!,
                stopLoss: Price(90))
        }
        #expect(harness.calls().isEmpty)
        #expect(harness.strategy.updates.map(\.reason) == ["order_list", "price_increment", "order_list"])
        #expect(harness.engine.status.openOrdersCount == 0)
    }

    @Test func ordersOfTwoInstrumentsAreNoList() throws {
        let harness = try VenueHarness()
        harness.act { context in
            context.submitOneCancelsOther([
                .limit(.buy, Quantity(1), Price(90), EngineHarness.token),
                .limit(.buy, Quantity(1), Price(90), EngineHarness.other.token),
            ])
        }
        #expect(harness.strategy.updates.map(\.reason) == ["order_list", "order_list"])
    }

    @Test func oneTriggersOtherSendsShares() throws {
        let harness = try VenueHarness()
        harness.act { context in
            context.submitOneTriggersOther(
                .limit(.buy, Quantity(10), Price(100), EngineHarness.token),
                [.limit(.sell, Quantity(5), Price(120), EngineHarness.token)])
        }
        harness.fill(1, 5)
        #expect(harness.calls() == ["submit 1 limit 10", "submit 2 limit 2.5"])
        harness.deliver(.accepted(harness.id(2)))
        harness.fill(1, 5)
        #expect(harness.calls() == ["modify 2 to 5 at 120"])
    }

    @Test func venueThatLinksOrdersIsAskedOnlyForMore() throws {
        let harness = try bracket()
        harness.log.linksOrders = true
        harness.fill(1, 10)
        harness.deliver(.accepted(harness.id(2)), .accepted(harness.id(3)))
        _ = harness.calls()
        harness.fill(2, 4, at: Price(110))
        harness.deliver(
            .adjusted(harness.id(3), triggerPrice: Price(90), quantity: Quantity(6), reason: "linked"))
        #expect(harness.calls().isEmpty)
        #expect(harness.order(3)?.quantity == Quantity(6))
        #expect(harness.order(3)?.triggerPrice == Price(90))
    }

    /// The next process knows the list from the journal: what waits, what the entry filled, what an exit took.
    @Test func listGoesOnAfterARestart() throws {
        let first = try bracket()
        first.fill(1, 4)
        first.deliver(.accepted(first.id(2)), .accepted(first.id(3)))
        first.fill(2, 1, at: Price(110))
        let next = try VenueHarness(epoch: 2, restoring: first.engine.snapshot())
        #expect(next.log.restored.map(\.id.count) == [1, 2, 3])
        // Order 3 had a change under way that the venue has not confirmed: it is asked for again.
        #expect(next.calls() == ["modify 3 to 3 at 0"])
        next.fill(1, 6)
        #expect(next.calls() == ["modify 2 to 10 at 110"])
    }

    @Test func whatTheEntryFilledBeforeTheEndGoesOutAtTheStart() throws {
        let first = try bracket()
        var snapshot = first.engine.snapshot()
        // The process died between the entry's last fill and the exits.
        snapshot.openOrders.removeFirst()
        for index in snapshot.openOrders.indices {
            snapshot.openOrders[index].link?.parentFilled = Quantity(10)
        }
        let next = try VenueHarness(epoch: 2, restoring: snapshot)
        #expect(next.calls() == ["submit 2 limit 10", "submit 3 stop 10"])
    }
}
