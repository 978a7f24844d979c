import TradingEngine
import TradingModel

/// Collects what the engine puts out.
struct CollectingOutput: EngineOutput {
    var records: [JournalRecord] = []
    var times: [Timestamp] = []
    var lines: [String] = []

    mutating func record(_ record: JournalRecord, at time: Timestamp) {
        records.append(record)
        times.append(time)
    }

    mutating func log(_ message: String, at time: Timestamp) { lines.append(message) }

    var fills: [Fill] {
        records.compactMap { if case .fill(let fill) = $0 { fill } else { nil } }
    }

    var updates: [OrderUpdate] {
        records.compactMap { if case .orderUpdated(let update) = $0 { update } else { nil } }
    }

    var statuses: [OrderStatus] { updates.map(\.status) }
}

/// A strategy made of closures, which writes down every callback.
final class ScriptedStrategy: Strategy {
    static let name = "scripted"
    static let parameters: [ParameterDeclaration] = [
        .integer("level", default: 1, range: 0...100, isLive: true),
        .integer("fixed", default: 1, range: 0...100),
    ]

    struct Refusal: Error {}

    var calls: [String] = []
    var bars: [(bar: Bar, time: Timestamp)] = []
    var fills: [Fill] = []
    var updates: [OrderUpdate] = []
    var saved: SavedState?
    var loaded: SavedState?
    var start: (StrategyContext) -> Void = { _ in }
    var quote: (Quote, StrategyContext) -> Void = { _, _ in }
    var trade: (Trade, StrategyContext) -> Void = { _, _ in }
    var bar: (Bar, StrategyContext) -> Void = { _, _ in }
    var timer: (String, StrategyContext) -> Void = { _, _ in }
    var order: (Order, StrategyContext) -> Void = { _, _ in }
    var fill: (Fill, StrategyContext) -> Void = { _, _ in }
    var stop: (StrategyContext) -> Void = { _ in }
    var pause: (StrategyContext) -> Void = { _ in }
    var parametersChanged: (ParameterValues) throws -> Void = { _ in }

    init() {}
    init(parameters: ParameterValues) {}

    func onStart(_ context: StrategyContext) {
        calls.append("start \(context.now.nanoseconds)")
        start(context)
    }
    func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {
        calls.append("quote \(quote.mid)")
        self.quote(quote, context)
    }
    func onTrade(_ trade: Trade, token: InstrumentToken, context: StrategyContext) {
        calls.append("trade \(trade.price)")
        self.trade(trade, context)
    }
    func onBar(_ bar: Bar, token: InstrumentToken, context: StrategyContext) {
        calls.append("bar \(bar.close)")
        bars.append((bar, context.now))
        self.bar(bar, context)
    }
    func onBook(_ update: DepthUpdate, token: InstrumentToken, context: StrategyContext) {
        calls.append("book \(update.side) \(update.price)")
    }
    func onTimer(_ name: String, context: StrategyContext) {
        calls.append("timer \(name) \(context.now.nanoseconds)")
        timer(name, context)
    }
    func onOrder(_ order: Order, update: OrderUpdate, context: StrategyContext) {
        calls.append("order \(order.status)")
        updates.append(update)
        self.order(order, context)
    }
    func onFill(_ fill: Fill, context: StrategyContext) {
        calls.append("fill \(fill.price)")
        fills.append(fill)
        self.fill(fill, context)
    }
    func onPosition(_ position: Position, context: StrategyContext) {
        calls.append("position \(position.quantity)")
    }
    func onParametersChanged(_ parameters: ParameterValues, context: StrategyContext) throws {
        try parametersChanged(parameters)
        calls.append("parameters \(parameters.integer("level"))")
    }
    func onPause(_ context: StrategyContext) {
        calls.append("pause")
        pause(context)
    }
    func onResume(_ context: StrategyContext, missed: UInt64) { calls.append("resume \(missed)") }
    func onFeedStatus(_ status: FeedStatusCode, context: StrategyContext) { calls.append("status \(status)") }
    func onGap(missing: UInt64, context: StrategyContext) { calls.append("gap \(missing)") }
    func onStop(_ context: StrategyContext) {
        calls.append("stop")
        stop(context)
    }
    func save() -> SavedState? { saved }
    func load(_ state: SavedState, context: StrategyContext) { loaded = state }
}

/// An engine with a simulated exchange, and short words for records. Times are nanoseconds.
final class EngineHarness {
    typealias ScriptedEngine = Engine<ScriptedStrategy, SimulatedExchange, CollectingOutput>

    static let instrument = Instrument(
        symbol: "ABC", token: InstrumentToken(7), priceIncrement: Price(e8: 1_000_000),
        quantityIncrement: Quantity(e8: 10_000_000))
    static let other = Instrument(symbol: "XYZ", token: InstrumentToken(9), multiplier: Quantity(10))
    static let token = instrument.token

    let strategy: ScriptedStrategy
    let engine: ScriptedEngine
    private var sequence: UInt64 = 0

    init(
        strategy: ScriptedStrategy = ScriptedStrategy(),
        exchange: SimulatedExchangeConfiguration = SimulatedExchangeConfiguration(),
        limits: RiskLimits = RiskLimits(), epoch: UInt32 = 1, seed: UInt64 = 0
    ) {
        self.strategy = strategy
        let instruments = [Self.instrument, Self.other]
        engine = Engine(
            strategy: strategy, venue: SimulatedExchange(configuration: exchange, instruments: instruments),
            configuration: EngineConfiguration(
                instruments: instruments, epoch: epoch, seed: seed, startingCash: Money(10_000),
                limits: limits, feedLatency: exchange.latency),
            parameters: ParameterValues(defaults: ScriptedStrategy.parameters), output: CollectingOutput())
    }

    var output: CollectingOutput { engine.output }
    var position: Quantity { engine.portfolio.position(0).quantity }

    func quote(
        _ bid: String, _ ask: String, size: Int = 0, at time: Int64,
        token: InstrumentToken = EngineHarness.token
    ) {
        let quote = Quote(
            bid: Price(bid)!, ask: Price(ask)!, bidSize: Quantity(size), askSize: Quantity(size))
        engine.process(
            .quote(quote, token: token, eventTime: at(time), receiveTime: at(time), sequence: next()))
    }

    func trade(_ price: String, size: Int = 1, at time: Int64, token: InstrumentToken = EngineHarness.token) {
        let trade = Trade(price: Price(price)!, size: Quantity(size))
        engine.process(
            .trade(trade, token: token, eventTime: at(time), receiveTime: at(time), sequence: next()))
    }

    func bar(
        _ open: String, _ high: String, _ low: String, _ close: String, volume: Int = 0, duration: Int64 = 0,
        at time: Int64
    ) {
        let bar = Bar(
            open: Price(open)!, high: Price(high)!, low: Price(low)!, close: Price(close)!,
            volume: Quantity(volume), durationNanoseconds: duration)
        let records = MarketEvent.bar(
            bar, token: Self.token, eventTime: at(time), receiveTime: at(time), sequence: next())
        engine.process(records.volume)
        engine.process(records.bar)
    }

    func heartbeat(at time: Int64) { status(.heartbeat, at: time) }

    func status(_ code: FeedStatusCode, token: InstrumentToken = .feedWide, at time: Int64) {
        engine.process(.status(code, token: token, time: at(time), sequence: next()))
    }

    func at(_ nanoseconds: Int64) -> Timestamp { Timestamp(nanoseconds: nanoseconds) }

    private func next() -> UInt64 {
        sequence += 1
        return sequence
    }
}
