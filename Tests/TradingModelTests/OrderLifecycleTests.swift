import Testing
import TradingModel

@Suite struct OrderLifecycleTests {
    /// Rows are states, columns events in the order of `OrderEvent`: denied, held, submitted, cancel sent, modify sent,
    /// rejected, accepted, triggered, modified, modify rejected, cancel rejected, partly filled, filled, canceled, expired.
    /// A dot means ignored. For an order of which nothing has filled and whose trigger was reached only by `triggered`.
    static let table: [(OrderStatus, String)] = [
        (.initialized, "denied held submitted . . . . . . . . . . canceled ."),
        (.held, "denied . submitted . . . . . . . . . . canceled ."),
        (
            .submitted,
            ". . . pending_cancel pending_update rejected accepted triggered accepted . . partially_filled filled canceled expired"
        ),
        (
            .accepted,
            ". . . pending_cancel pending_update rejected . triggered accepted . . partially_filled filled canceled expired"
        ),
        (
            .triggered,
            ". . . pending_cancel pending_update . . triggered triggered . . partially_filled filled canceled expired"
        ),
        (
            .partiallyFilled,
            ". . . pending_cancel pending_update . . partially_filled partially_filled . . partially_filled filled canceled expired"
        ),
        (
            .pendingUpdate,
            ". . . pending_cancel . rejected . pending_update accepted accepted . pending_update filled canceled expired"
        ),
        (
            .pendingCancel,
            ". . . . . rejected . pending_cancel pending_cancel . accepted pending_cancel filled canceled expired"
        ),
        (.denied, ". . . . . . . . . . . . . . ."), (.rejected, ". . . . . . . . . . . . . . ."),
        (.filled, ". . . . . . . . . . . . . . ."), (.canceled, ". . . . . . . . . . . . . . ."),
        (.expired, ". . . . . . . . . . . . . . ."),
    ]

    @Test func everyStateIsInTheTable() {
        #expect(Set(Self.table.map(\.0)) == Set(OrderStatus.allCases))
    }

    @Test(arguments: table) func everyEventLeadsWhereTheTableSays(status: OrderStatus, row: String) {
        let expected = row.split(separator: " ").map(String.init)
        #expect(expected.count == OrderEvent.allCases.count)
        for (event, word) in zip(OrderEvent.allCases, expected) {
            var order = Order(
                id: OrderID(epoch: 1, count: 1), token: InstrumentToken(1), side: .buy, type: .stopLimit,
                price: Price(5), triggerPrice: Price(4), quantity: Quantity(3), status: status,
                createdAt: .epoch)
            // The members are as they are after the event.
            if event == .triggered || status == .triggered { order.isTriggered = true }
            if event == .partlyFilled || status == .partiallyFilled { order.filledQuantity = Quantity(1) }
            #expect(order.status(after: event)?.description ?? "." == word, "\(status), \(event)")
        }
    }

    @Test func aRefusedCancelLeadsBackToWhatTheOrderWas() {
        var order = JournalCodecTests.order
        order.status = .pendingCancel
        #expect(order.status(after: .cancelRejected) == .partiallyFilled)
        order.filledQuantity = .zero
        #expect(order.status(after: .cancelRejected) == .accepted)
        order.isTriggered = true
        #expect(order.status(after: .cancelRejected) == .triggered)
    }

    @Test func tagKeepsSixteenBytesAndRefusesMore() {
        #expect(OrderTag(validating: "entry-0123456789")?.description == "entry-0123456789")
        #expect(OrderTag(validating: "entry-01234567890") == nil)
        #expect(OrderTag(validating: "ä€")?.description == "ä€")
        #expect(OrderTag(validating: "")?.isEmpty == true)
    }

    @Test(
        arguments: [
            (TrailingOffset.price(Price(2)), Price(2)), (.ticks(3), Price("0.03")),
            (.basisPoints(50), Price("0.5")),
            (.price(.zero), nil), (.price(Price(-1)), nil), (.ticks(0), nil), (.basisPoints(10_000), nil),
            (.basisPoints(-1), nil),
        ] as [(TrailingOffset, Price?)])
    func trailingOffsetIsADistance(offset: TrailingOffset, expected: Price?) {
        #expect(offset.distance(from: Price(100), priceIncrement: Price("0.01")!) == expected)
    }

    @Test func childWorksForTheFilledShareOfItsQuantity() {
        var link = OrderLink(
            listID: OrderID(rawValue: 1), parentID: OrderID(rawValue: 1), isOneCancelsOther: true,
            listQuantity: Quantity(5), parentQuantity: Quantity(10))
        #expect(link.quantity(increment: Quantity(1)) == .zero)
        link.parentFilled = Quantity(5)
        #expect(link.quantity(increment: Quantity(1)) == Quantity(2), "2.5, rounded down to the increment")
        link.parentFilled = Quantity(10)
        link.siblingsFilled = Quantity(1)
        #expect(link.quantity(increment: Quantity(1)) == Quantity(4))
    }
}
