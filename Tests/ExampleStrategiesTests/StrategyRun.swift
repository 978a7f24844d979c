import Testing
import TradingEngine
import TradingModel

/// Collects fills, orders and log lines.
struct RunOutput: EngineOutput {
    var fills: [Fill] = []
    var orders: [Order] = []
    var updates: [OrderUpdate] = []
    var lines: [String] = []

    mutating func record(_ record: JournalRecord, at time: Timestamp) {
        switch record {
        case .fill(let fill): fills.append(fill)
        case .orderSubmitted(let order): orders.append(order)
        case .orderUpdated(let update): updates.append(update)
        case .sessionStarted, .checkpoint, .orderModified, .parametersChanged, .stateSaved, .input,
            .tradingStateChanged,
            .sessionEnded:
            break
        }
    }

    mutating func log(_ message: String, at time: Timestamp) { lines.append(message) }
}

/// A strategy on the simulated exchange, fed with mids one second apart.
struct StrategyRun<S: Strategy> {
    static var instruments: [Instrument] {
        [
            Instrument(symbol: "AAA", token: InstrumentToken(1), priceIncrement: Price(e8: 1_000_000)),
            Instrument(symbol: "BBB", token: InstrumentToken(2), priceIncrement: Price(e8: 1_000_000)),
        ]
    }

    let engine: Engine<S, SimulatedExchange, RunOutput>
    private var second: Int64 = 1_700_000_000
    private var sequence: UInt64 = 0

    init(_ inputs: [(name: String, text: String)] = [], instrumentCount: Int = 2) throws {
        let instruments = Array(Self.instruments.prefix(instrumentCount))
        let values = try ParameterValues.resolve(S.parameters, from: inputs)
        engine = Engine(
            strategy: try S(parameters: values),
            venue: SimulatedExchange(
                configuration: SimulatedExchangeConfiguration(), instruments: instruments),
            configuration: EngineConfiguration(instruments: instruments), parameters: values,
            output: RunOutput())
        engine.start(at: .epoch)
    }

    var output: RunOutput { engine.output }
    func position(_ index: Int = 0) -> Quantity { engine.portfolio.position(index).quantity }

    /// A quote of two increments' width round a mid in hundredths; the clock moves a second.
    mutating func quote(_ cents: Int, _ token: UInt32 = 1) {
        let mid = Int64(cents) * 1_000_000
        second += 1
        sequence += 1
        engine.process(
            .quote(
                Quote(
                    bid: Price(e8: mid - 1_000_000), ask: Price(e8: mid + 1_000_000), bidSize: .zero,
                    askSize: .zero),
                token: InstrumentToken(token), eventTime: Timestamp(seconds: second),
                receiveTime: Timestamp(seconds: second), sequence: sequence))
    }

    /// A trade of one unit at a price in hundredths, at the time of the last quote.
    mutating func trade(_ cents: Int, _ token: UInt32 = 1) {
        sequence += 1
        engine.process(
            .trade(
                Trade(price: Price(e8: Int64(cents) * 1_000_000), size: Quantity(1)),
                token: InstrumentToken(token),
                eventTime: Timestamp(seconds: second), receiveTime: Timestamp(seconds: second),
                sequence: sequence))
    }

    /// A triangle wave: up and down by `height` cents in steps of one.
    mutating func wave(base: Int, height: Int, count: Int, each: (Self) -> Void = { _ in }) {
        for _ in 0..<count {
            for step in 0..<(2 * height) {
                quote(base + (step < height ? step : 2 * height - step))
                each(self)
            }
        }
    }
}
