import MarketData
import TestSupport
import Testing
import TradingEngine
import TradingModel

@testable import StrategyExecution

@Suite struct StateReplayTests {
    @Test(arguments: [UInt64(1), 7, 42, 1_001])
    func recoveredStateOfARandomSessionEqualsTheEnginesOwn(seed: UInt64) throws {
        let directory = try TemporaryDirectory()
        var market = try TestMarket(seed: seed)
        let instruments = market.options.instruments
        let session = try TradingSession(directory.path, epoch: 1, instruments: instruments, seed: seed)
        var statuses: Set<OrderStatus> = []
        for _ in 0..<40 {
            session.run(&market, count: 25)
            let snapshot = session.engine.snapshot()
            for order in snapshot.openOrders { statuses.insert(order.status) }
            #expect(try recover(directory, instruments) == snapshot)
        }
        let status = session.engine.status
        #expect(status.fillsCount > 50 && status.roundTripsCount > 5 && status.openOrdersCount > 0)
        #expect(statuses.isSuperset(of: [.submitted, .accepted, .partiallyFilled, .pendingCancel]))
    }

    @Test func stateIsCarriedOverSeveralProcessesThatDied() throws {
        let directory = try TemporaryDirectory()
        var market = try TestMarket(seed: 3)
        let instruments = market.options.instruments
        var orders: UInt64 = 0
        for epoch in 1...UInt32(4) {
            let session = try TradingSession(
                directory.path, epoch: epoch, instruments: instruments, seed: UInt64(epoch))
            #expect(session.engine.status.ordersCount == orders, "what the process before had sent")
            session.run(&market, count: 300)
            orders = session.engine.status.ordersCount
            #expect(try recover(directory, instruments) == session.engine.snapshot())
        }
        #expect(orders > 200)
    }

    @Test func sessionThatEndedInOrderLeavesNoOpenOrders() throws {
        let directory = try TemporaryDirectory()
        var market = try TestMarket(seed: 5)
        let instruments = market.options.instruments
        let session = try TradingSession(directory.path, epoch: 1, instruments: instruments, seed: 5)
        session.run(&market, count: 400)
        #expect(session.engine.status.openOrdersCount > 0)
        session.engine.stop(reason: "stopped")
        session.journal.flush()
        let state = try #require(try recover(directory, instruments))
        #expect(state.openOrders.isEmpty)
        #expect(state == session.engine.snapshot())
    }

    /// A killed process can leave a file that ends between a fill and the update of its order.
    @Test func fillWithoutItsUpdateCountsForTheOrderToo() throws {
        let order = Order.test(quantity: Quantity(10))
        let half = Fill.test(of: order, quantity: Quantity(4), positionAfter: Quantity(4))
        let entries = [
            JournalRecord.checkpoint(EngineSnapshot(totals: AccountTotals(startingCash: Money(1_000)))),
            .orderSubmitted(order), .fill(half),
        ].entries
        let state = try #require(StateReplay.state(of: entries, instruments: [.test]))
        #expect(state.positions.map(\.quantity) == [Quantity(4)])
        #expect(state.openOrders.map(\.filledQuantity) == [Quantity(4)])
        #expect(state.openOrders.map(\.status) == [.partiallyFilled])

        var rest = Fill.test(of: order, quantity: Quantity(6), positionAfter: Quantity(10))
        rest.count = 2
        let update = OrderUpdate(id: order.id, status: .partiallyFilled, filledQuantity: Quantity(4))
        let more = entries.map(\.record) + [.orderUpdated(update), .fill(rest)]
        let end = try #require(StateReplay.state(of: more.entries, instruments: [.test]))
        #expect(end.openOrders.isEmpty, "the order is complete")
        #expect(end.positions.map(\.quantity) == [Quantity(10)])
    }

    @Test func savedStateAndTotalsOfTheCheckpointAreKept() throws {
        let totals = AccountTotals(
            startingCash: Money(10), orderCount: 5, fillCount: 4, roundTripCount: 2, winningRoundTripCount: 1)
        let gone = Position(token: InstrumentToken(77), realizedPnL: Money(3), fees: Money(1))
        let checkpoint = EngineSnapshot(
            totals: totals, positions: [gone], savedState: SavedState(version: 1, bytes: [1]))
        let kept = try #require(
            StateReplay.state(of: [JournalRecord.checkpoint(checkpoint)].entries, instruments: [.test]))
        #expect(kept == checkpoint, "an instrument that is not configured any more still counts")
        let newer = SavedState(version: 2, bytes: [2, 3])
        let records = [JournalRecord.checkpoint(checkpoint), .stateSaved(newer)]
        #expect(StateReplay.state(of: records.entries, instruments: [.test])?.savedState == newer)
    }

    @Test func entriesWithoutACheckpointHaveNoState() {
        let records = [JournalRecord.sessionStarted(.test(epoch: 1)), .parametersChanged("{}")]
        #expect(StateReplay.state(of: records.entries, instruments: [.test]) == nil)
    }

    private func recover(_ directory: TemporaryDirectory, _ instruments: [Instrument]) throws
        -> EngineSnapshot?
    {
        try JournalRecovery.latestState(
            directory: directory.path, instruments: instruments, startingCash: .zero)
    }
}

extension [JournalRecord] {
    /// The records as entries of epoch 1.
    var entries: [JournalEntry] {
        enumerated().map { index, record in
            JournalEntry(sequence: UInt64(index + 1), epoch: 1, time: .epoch, record: record)
        }
    }
}

extension Instrument {
    static var test: Instrument { Instrument(symbol: "AAA", token: InstrumentToken(1)) }
}

extension Order {
    static func test(quantity: Quantity) -> Order {
        Order(
            id: OrderID(epoch: 1, count: 1), token: InstrumentToken(1), side: .buy, type: .limit,
            price: Price(100), quantity: quantity, status: .submitted, createdAt: .epoch)
    }
}

extension Fill {
    static func test(of order: Order, quantity: Quantity, positionAfter: Quantity) -> Fill {
        Fill(
            count: 1, orderID: order.id, token: order.token, side: order.side, liquidity: .maker,
            price: order.price, quantity: quantity, fee: .zero, realizedPnL: .zero,
            positionAfter: positionAfter, averagePriceAfter: order.price, time: .epoch)
    }
}
