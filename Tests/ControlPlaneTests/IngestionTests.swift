import ControlPlane
import Testing
import TradingModel

@Suite struct IngestionTests {
    private let context: TemporaryHomeStore
    private var store: ControlStore { context.store }

    init() throws {
        context = try TemporaryHomeStore()
        try store.insertStrategy(NewStrategy(id: "s1", name: "alpha", className: "m"))
    }

    private func digest() throws -> String {
        try context.home.shell(
            """
            SELECT count(*), sum(quantity_e8), sum(fee_e8) FROM fills;
            SELECT token, quantity_e8, average_price_e8, realized_pnl_e8, fees_e8 FROM positions ORDER BY token;
            SELECT epoch || '-' || count, status, filled_quantity, reason FROM orders ORDER BY id;
            SELECT * FROM journal_cursors;
            """
        ).output
    }

    @Test func entriesBecomeOrdersFillsAndPositions() throws {
        var journal = JournalFixture()
        var entries = [journal.order(), journal.update(.partiallyFilled, filled: 1), journal.fill()]
        entries += [journal.fill(), journal.fill()]
        let count = try store.ingest(strategyID: "s1", entries: entries, cursor: journal.cursor(offset: 900))
        #expect(count.orders == 1 && count.orderUpdates == 1 && count.fills == 3 && count.skipped == 0)
        #expect(
            try store.journalCursor("s1") == JournalCursor(fileNumber: 1, offset: 900, epoch: 1, sequence: 5))
        #expect(
            try digest() == """
                3|300000000|15
                1|100000000|10000000000|7|5
                2|200000000|10000000000|14|10
                1-1|partially_filled|1.0|
                s1|1|900|1|5
                """)
        #expect(
            try context.home.shell(
                "SELECT time, strategy, symbol, side, quantity, price, order_id FROM fills_view LIMIT 1"
            )
            .output == "1970-01-01T00:00:00.001Z|alpha|#2|buy|1.0|100.0|1-1")
        #expect(
            try context.home.shell("SELECT symbol, type, time_in_force, price FROM orders_view").output
                == "#1|limit|IOC|101.0")
    }

    @Test func triggersListsAndChangesOfAnOrderAreKept() throws {
        var journal = JournalFixture()
        let id = OrderID(epoch: 1, count: 1)
        var order = Order(
            id: OrderID(epoch: 1, count: 2), token: InstrumentToken(1), side: .sell, type: .stopLimit,
            timeInForce: .gtd, price: Price(89), triggerPrice: Price(90), quantity: Quantity(10),
            status: .held,
            createdAt: .epoch, expireTime: Timestamp(seconds: 60),
            link: OrderLink(listID: id, parentID: id, listQuantity: Quantity(10)), tag: "stop")
        var entries = [journal.entry(.orderSubmitted(order))]
        order.quantity = Quantity(4)
        order.status = .submitted
        entries.append(journal.entry(.orderSubmitted(order)))
        try store.ingest(strategyID: "s1", entries: entries, cursor: journal.cursor(offset: 100))
        let select = """
            SELECT type, time_in_force, quantity, price, trigger_price, filled_quantity, status, reason, expires_at, list_id,
                parent_id, tag FROM orders_view
            """
        #expect(
            try context.home.shell(select).output
                == "stop_limit|GTD|4.0|89.0|90.0|0.0|submitted||1970-01-01T00:01:00.000Z|1-1|1-1|stop")
        let change = OrderModification(
            id: order.id, price: Price(88), triggerPrice: Price(91), quantity: Quantity(10),
            status: .triggered,
            reason: "modified")
        let update = OrderUpdate(id: order.id, status: .partiallyFilled, filledQuantity: Quantity(1))
        for record in [JournalRecord.orderUpdated(update), .orderModified(change)] {
            try store.ingest(
                strategyID: "s1", entries: [journal.entry(record)], cursor: journal.cursor(offset: 200))
        }
        #expect(
            try context.home.shell(select).output
                == "stop_limit|GTD|10.0|88.0|91.0|1.0|triggered|modified|1970-01-01T00:01:00.000Z|1-1|1-1|stop"
        )
    }

    @Test func replayOfTheSameOrOverlappingEntriesChangesNothing() throws {
        var journal = JournalFixture()
        let first = (0..<10).map { _ in journal.fill() }
        let firstCursor = journal.cursor(offset: 100)
        let second = (0..<10).map { _ in journal.fill() }
        try store.ingest(strategyID: "s1", entries: first, cursor: firstCursor)
        try store.ingest(strategyID: "s1", entries: first + second, cursor: journal.cursor(offset: 200))
        let expected = try digest()
        let again = try store.ingest(strategyID: "s1", entries: first, cursor: firstCursor)
        #expect(again.skipped == 10 && again.fills == 0)
        #expect(try digest() == expected)
        #expect(expected.hasPrefix("20|"))
        // Even a cursor that was lost does not let a fill in twice.
        try context.home.shell("DELETE FROM journal_cursors")
        let count = try store.ingest(
            strategyID: "s1", entries: first + second, cursor: journal.cursor(offset: 200))
        #expect(count.fills == 0)
        #expect(try digest() == expected)
    }

    /// Within a batch an order is written once, whatever happened to it; that must not show.
    @Test func everyCutIntoBatchesGivesTheSameRows() throws {
        var journal = JournalFixture()
        var entries: [JournalEntry] = []
        for _ in 0..<3 {
            entries += [
                journal.order(), journal.update(.accepted), journal.update(.partiallyFilled, filled: 1),
            ]
            entries += [journal.fill()]
        }
        entries += [journal.order(), journal.update(.denied, reason: "max_position")]
        var expected: String?
        for cut in 0...entries.count {
            let context = try TemporaryHomeStore()
            try context.store.insertStrategy(NewStrategy(id: "s1", name: "alpha", className: "m"))
            for part in [entries[..<cut], entries[cut...]] {
                // What was copied already may come again.
                let again = Array(entries[..<max(0, part.startIndex - 1)].suffix(2) + part)
                let sequence = part.last?.sequence ?? 0
                try context.store.ingest(
                    strategyID: "s1", entries: again,
                    cursor: JournalCursor(fileNumber: 1, offset: sequence * 10, epoch: 1, sequence: sequence))
            }
            let found = try context.home.shell(
                """
                SELECT epoch || '-' || count, sequence, status, filled_quantity, reason, updated_ns, updated_sequence FROM orders
                ORDER BY id; SELECT count(*) FROM fills; SELECT * FROM positions; SELECT * FROM journal_cursors;
                """
            ).output
            expected = expected ?? found
            #expect(found == expected, "cut at \(cut)")
        }
        #expect(expected?.contains("1-1|1|partially_filled|1.0||3000000|3\n") == true, "\(expected ?? "")")
        #expect(expected?.contains("denied|0.0|max_position") == true)
    }

    @Test func crashWithinTheTransactionLeavesNothingAndTheRepeatIsComplete() throws {
        var journal = JournalFixture()
        let entries = (0..<10).map { _ in journal.fill() }
        let before = try digest()
        try context.home.shell(
            """
            CREATE TRIGGER crash BEFORE INSERT ON journal_cursors BEGIN SELECT RAISE(ABORT, 'crash'); END
            """)
        let error = #expect(throws: ControlError.self) {
            try store.ingest(strategyID: "s1", entries: entries, cursor: journal.cursor(offset: 100))
        }
        #expect(error?.code == .refused)
        #expect(try digest() == before)
        try context.home.shell("DROP TRIGGER crash")
        try store.ingest(strategyID: "s1", entries: entries, cursor: journal.cursor(offset: 100))
        #expect(try digest().hasPrefix("10|1000000000|50\n"))
    }

    @Test func olderEpochIsRefused() throws {
        var old = JournalFixture(epoch: 1)
        var new = JournalFixture(epoch: 2)
        try store.ingest(strategyID: "s1", entries: [new.fill()], cursor: new.cursor(offset: 10))
        let count = try store.ingest(strategyID: "s1", entries: [old.fill()], cursor: old.cursor(offset: 99))
        #expect(count.skipped == 1)
        #expect(
            try store.journalCursor("s1") == JournalCursor(fileNumber: 2, offset: 10, epoch: 2, sequence: 1))
    }

    @Test func unknownStrategyIsRefused() throws {
        var journal = JournalFixture()
        let error = #expect(throws: ControlError.self) {
            try store.ingest(
                strategyID: "nobody", entries: [journal.fill()], cursor: journal.cursor(offset: 1))
        }
        #expect(error?.code == .notFound)
    }

    @Test func sessionRecordsGoToTheInstanceAndCheckpointsCorrectPositions() throws {
        try store.insertInstance(
            NewInstance(
                strategyID: "s1", pid: 1, processStartTime: 1, bootID: "b", binaryPath: "/x",
                startedAt: moment()))
        var journal = JournalFixture()
        let session = JournalSession(
            strategyID: "s1", strategyName: "alpha", className: "m", epoch: 1, seed: .max)
        var snapshot = EngineSnapshot(totals: AccountTotals(startingCash: Money(1)))
        snapshot.positions = [Position(token: InstrumentToken(1), quantity: Quantity(-3), fees: Money(2))]
        snapshot.openOrders = [
            Order(
                id: OrderID(epoch: 1, count: 9), token: InstrumentToken(1), side: .buy, type: .market,
                timeInForce: .fok, quantity: Quantity(1), status: .accepted, createdAt: moment())
        ]
        let entries = [
            journal.entry(.sessionStarted(session)), journal.entry(.checkpoint(snapshot)),
            journal.entry(.parametersChanged(#"{"fast":1}"#)),
            journal.entry(.stateSaved(SavedState(version: 1, bytes: [1]))),
            journal.entry(.sessionEnded(JournalSessionEnd(reason: "stopped", orderLogHash: 0xAB))),
        ]
        try store.ingest(strategyID: "s1", entries: entries, cursor: journal.cursor(offset: 5))
        let instance = try #require(try store.instances(strategyID: "s1", limit: 1).first)
        #expect(instance.parametersJSON == #"{"fast":1}"#)
        #expect(instance.orderLogHash == "00000000000000ab")
        #expect(try digest() == "0||\n1|-300000000|0|0|200000000\n1-9|accepted|0.0|\ns1|1|5|1|5")
    }

    /// Prints the rate at which a busy journal is copied; the target of 100,000 fills/s is for release builds.
    @Test(arguments: [false, true]) func ingestionRateIsMeasured(_ hasOrders: Bool) throws {
        var journal = JournalFixture()
        let batches = (0..<25).map { _ in
            var entries: [JournalEntry] = []
            while entries.count < Limits.entriesPerIngestion {
                if hasOrders { entries += [journal.order(), journal.update(.filled, filled: 2)] }
                entries.append(journal.fill())
            }
            return (entries, journal.sequence)
        }
        let start = ContinuousClock.now
        for (entries, sequence) in batches {
            try store.ingest(
                strategyID: "s1", entries: entries,
                cursor: JournalCursor(fileNumber: 1, offset: sequence * 100, epoch: 1, sequence: sequence))
            try store.checkpointIfNeeded()
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let rate = Int(Double(journal.fillCount) / seconds)
        print("\(hasOrders ? "order, update and fill" : "fills only"): \(rate) fills/s, synchronous FULL")
        #expect(try store.scalar("SELECT count(*) FROM fills") == Int64(journal.fillCount))
        #expect(try store.scalar("SELECT count(*) FROM orders") == (hasOrders ? Int64(journal.fillCount) : 0))
    }
}
