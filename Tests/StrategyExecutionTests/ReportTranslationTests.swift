import GatewayProtocol
import Testing
import TradingEngine
import TradingModel

@testable import StrategyExecution

/// Reports of an order gateway are booked once, whether they come live, after a break or to a new process.
@Suite struct ReportTranslationTests {
    private static let id = OrderID(epoch: 1, count: 1)
    private static let token = InstrumentToken(symbol: "ALPHA")

    /// An order of 10 at 100 of which a part has filled.
    private func order(filled: Int = 0, price: Int = 100, quantity: Int = 10) -> Order {
        Order(
            id: Self.id, token: Self.token, side: .buy, type: .limit, price: Price(price),
            quantity: Quantity(quantity), filledQuantity: Quantity(filled),
            status: filled == 0 ? .accepted : .partiallyFilled, createdAt: .epoch)
    }

    private func fill(_ number: UInt64, _ quantity: Int, total: Int) -> GatewayReport {
        var report = GatewayReport(
            number: number, id: Self.id, event: .filled, time: Timestamp(nanoseconds: Int64(number)))
        report.price = Price(100)
        report.quantity = Quantity(quantity)
        report.filledQuantity = Quantity(total)
        report.liquidity = "maker"
        report.fee = Money(1)
        return report
    }

    private func change(_ number: UInt64, price: Int, quantity: Int) -> GatewayReport {
        var report = GatewayReport(number: number, id: Self.id, event: .modified, time: .epoch)
        report.price = Price(price)
        report.quantity = Quantity(quantity)
        return report
    }

    private func translate(
        _ reports: [GatewayReport], known: Order?, lastVenueOrder: UInt32 = 0, isReplay: Bool = true
    ) -> ReportTranslation {
        var translation = ReportTranslation(
            lastVenueOrder: lastVenueOrder, order: { $0 == Self.id ? known : nil },
            token: { $0 == "ALPHA" ? Self.token : nil })
        translation.add(reports, isReplay: isReplay)
        return translation
    }

    private func filled(_ quantity: Int) -> VenueReport {
        .filled(Self.id, price: Price(100), quantity: Quantity(quantity), liquidity: .maker, fee: Money(1))
    }

    @Test(arguments: 0...3) func fillsThatTheOrderShowsAreLeftOut(bookedCount: Int) {
        let all = [fill(1, 2, total: 2), fill(2, 3, total: 5), fill(3, 5, total: 10)]
        let booked = [0, 2, 5, 10][bookedCount]
        let found = translate(all, known: order(filled: booked))
        #expect(found.answers == [2, 3, 5].dropFirst(bookedCount).map(filled))
        #expect(found.remarks.isEmpty && found.time == Timestamp(nanoseconds: 3))
    }

    @Test func aFillTwiceInOneAnswerIsBookedOnceAndAHoleIsSaid() {
        let twice = translate([fill(1, 2, total: 2), fill(1, 2, total: 2)], known: order())
        #expect(twice.answers == [filled(2)] && twice.remarks.isEmpty)
        let hole = translate([fill(4, 2, total: 6)], known: order(filled: 2))
        #expect(hole.answers == [filled(2)] && hole.remarks.count == 1, "what is true is booked, and said")
        let foreign = translate([fill(4, 2, total: 6)], known: nil)
        #expect(foreign.answers.isEmpty && foreign.remarks.count == 1)
    }

    static let chains: [(price: Int, quantity: Int, applied: Int)] = [
        (100, 10, 3), (90, 10, 2), (80, 8, 1), (70, 7, 0), (60, 6, 3),
    ]

    @Test(arguments: chains) func changesUpToTheTermsOfTheOrderAreLeftOut(
        price: Int, quantity: Int, applied: Int
    ) {
        let all = [
            change(1, price: 90, quantity: 10), change(2, price: 80, quantity: 8),
            change(3, price: 70, quantity: 7),
        ]
        let found = translate(all, known: order(price: price, quantity: quantity))
        #expect(found.answers.count == applied)
        let live = translate(all, known: order(price: price, quantity: quantity), isReplay: false)
        #expect(live.answers.count == 3, "live reports are all news")
    }

    @Test func ordersOfTheGatewayItselfAreTakenOnce() {
        let wire = GatewayOrder(
            Order(
                id: OrderID(epoch: 0, count: 3), token: Self.token, side: .sell, type: .market,
                isReduceOnly: true, quantity: Quantity(5), createdAt: .epoch), symbol: "ALPHA")
        var placed = GatewayReport(number: 9, id: wire.id.value, event: .placed, time: .epoch)
        placed.order = wire
        let first = translate([placed], known: nil, lastVenueOrder: 2)
        #expect(first.answers == [.placed(wire.order(token: Self.token))])
        #expect(translate([placed, placed], known: nil, lastVenueOrder: 2).answers.count == 1)
        #expect(translate([placed], known: nil, lastVenueOrder: 3).answers.isEmpty)
        placed.order?.symbol = "GAMMA"
        let unknown = translate([placed], known: nil, lastVenueOrder: 2)
        #expect(unknown.answers.isEmpty && unknown.remarks.count == 1)
    }

    @Test func refusalsOfAnEarlierProcessMeanNothingToTheNext() {
        let refusals = [
            GatewayReport(number: 1, id: Self.id, event: .modifyRejected, time: .epoch, reason: "not_open"),
            GatewayReport(number: 2, id: Self.id, event: .cancelRejected, time: .epoch, reason: "not_open"),
        ]
        #expect(translate(refusals, known: order()).answers.isEmpty)
        #expect(translate(refusals, known: order(), isReplay: false).answers.count == 2)
    }
}
