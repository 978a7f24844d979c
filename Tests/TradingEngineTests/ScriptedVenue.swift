import TradingEngine
import TradingModel

/// A venue that writes down what it is asked and answers only what a test delivers.
struct ScriptedVenue: ExecutionVenue {
    /// Shared with the test.
    final class Log {
        var calls: [String] = []
        var orders: [Order] = []
        var restored: [Order] = []
        var linksOrders = false
    }

    let log: Log

    var linksOrders: Bool { log.linksOrders }

    mutating func restore(position: Quantity, instrument: Int) {}
    mutating func restore(_ order: Order, instrument: Int) { log.restored.append(order) }
    mutating func observe(
        _ event: MarketEvent, instrument: Int, at now: Timestamp, reports: inout [VenueReport]
    ) {}
    mutating func submit(_ order: Order, instrument: Int, at now: Timestamp, reports: inout [VenueReport]) {
        log.calls.append("submit \(order.id.count) \(order.type) \(order.quantity)")
        log.orders.append(order)
    }
    mutating func modify(
        _ order: Order, to terms: OrderTerms, instrument: Int, at now: Timestamp, reports: inout [VenueReport]
    ) {
        log.calls.append("modify \(order.id.count) to \(terms.quantity) at \(terms.price)")
    }
    mutating func cancel(_ order: Order, instrument: Int, at now: Timestamp, reports: inout [VenueReport]) {
        log.calls.append("cancel \(order.id.count)")
    }
    mutating func cancelAll(reason: String, at now: Timestamp, reports: inout [VenueReport]) {
        log.calls.append("cancel all")
    }
}

/// An engine on such a venue.
final class VenueHarness {
    let strategy = ScriptedStrategy()
    let log = ScriptedVenue.Log()
    let engine: Engine<ScriptedStrategy, ScriptedVenue, CollectingOutput>
    private var time: Int64 = 10

    static let token = EngineHarness.token

    init(limits: RiskLimits = RiskLimits(), epoch: UInt32 = 1, restoring snapshot: EngineSnapshot? = nil)
        throws
    {
        let configuration = EngineConfiguration(
            instruments: [EngineHarness.instrument, EngineHarness.other], epoch: epoch,
            startingCash: Money(10_000), limits: limits)
        engine = Engine(
            strategy: strategy, venue: ScriptedVenue(log: log), configuration: configuration,
            parameters: ParameterValues(defaults: ScriptedStrategy.parameters), output: CollectingOutput())
        if let snapshot { try engine.restore(snapshot) }
        engine.start(at: Timestamp(nanoseconds: 1))
    }

    /// Lets the strategy do something while a quote of 99.98 / 100.02 is handled.
    func act(_ body: @escaping (StrategyContext) -> Void) {
        strategy.quote = { _, context in body(context) }
        time += 1
        let quote = Quote(
            bid: Price("99.98")!, ask: Price("100.02")!, bidSize: Quantity(1), askSize: Quantity(1))
        let now = Timestamp(nanoseconds: time)
        engine.process(
            .quote(quote, token: Self.token, eventTime: now, receiveTime: now, sequence: UInt64(time)))
        strategy.quote = { _, _ in }
    }

    func deliver(_ reports: VenueReport...) {
        time += 1
        engine.deliver(reports, at: Timestamp(nanoseconds: time))
    }

    func order(_ count: UInt32, epoch: UInt32 = 1) -> Order? {
        engine.snapshot().openOrders.first { $0.id == OrderID(epoch: epoch, count: count) }
    }

    func fill(_ count: UInt32, _ quantity: Int, at price: Price = Price(100)) {
        deliver(
            .filled(id(count), price: price, quantity: Quantity(quantity), liquidity: .maker, fee: .zero))
    }

    func id(_ count: UInt32) -> OrderID { OrderID(epoch: 1, count: count) }

    /// What was asked of the venue since the last look.
    func calls() -> [String] {
        defer { log.calls = [] }
        return log.calls
    }
}
