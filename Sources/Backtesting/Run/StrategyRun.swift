import TradingEngine
import TradingModel

/// One strategy of a backtest, whatever its type.
protocol StrategyRunning: AnyObject {
    var label: String { get }
    var recorder: RunRecorder { get }
    var instruments: [Instrument] { get }
    var equity: Money { get }
    var isExposed: Bool { get }
    func start(isWarmingUp: Bool)
    func endWarmUp()
    func process(_ records: UnsafeBufferPointer<MarketEvent>)
    func stop(lastTime: Timestamp, lastSequence: UInt64)
    func result() -> StrategyResult
}

/// The engine of one strategy with its simulated exchange, as an executor would have it.
final class StrategyRun<S: Strategy>: StrategyRunning {
    let label: String
    let recorder: RunRecorder
    private let engine: Engine<S, SimulatedExchange, RunRecorder.Output>
    let instruments: [Instrument]
    private let parameters: ParameterValues
    /// The tokens it receives; `nil` for all of the files.
    private let selection: Set<InstrumentToken>?

    init(
        _ type: S.Type, entry: BacktestEntry, known: [Instrument], account: AccountSettings, epoch: UInt32,
        seed: UInt64, keepsEntries: Bool
    ) throws {
        label = entry.label
        instruments = try account.currency.valued(try Self.select(entry.symbols, from: known))
        parameters = try ParameterValues.resolve(S.parameters, from: entry.parameters)
        let configuration = EngineConfiguration(
            instruments: instruments, epoch: epoch, seed: seed, startingCash: account.startingCash,
            limits: try RiskLimits(inputs: entry.limits), sessionEnd: account.sessionEnd,
            feedLatency: account.exchange.latency)
        try configuration.validate()
        recorder = RunRecorder(instruments: instruments, keepsEntries: keepsEntries)
        engine = Engine(
            strategy: try S(parameters: parameters),
            venue: SimulatedExchange(configuration: account.exchange, instruments: instruments),
            configuration: configuration, parameters: parameters,
            output: RunRecorder.Output(recorder: recorder))
        // An executor receives its own tokens and the feed's word; so does this engine.
        selection = instruments.count == known.count ? nil : Set(instruments.map(\.token))
    }

    var equity: Money { engine.portfolio.equity }
    var isExposed: Bool { engine.portfolio.openPositionCount > 0 }

    func start(isWarmingUp: Bool) {
        engine.isWarmingUp = isWarmingUp
        engine.start(at: .epoch)
    }

    func endWarmUp() { engine.isWarmingUp = false }

    /// Processes the records that a live strategy would receive: those of its tokens and of the feed as a whole,
    /// without a recorded end, in whose place the replay's own comes.
    func process(_ records: UnsafeBufferPointer<MarketEvent>) {
        var start = 0
        for index in records.indices {
            let token = records[index].token
            let isLeftOut =
                token == .feedWide
                ? records[index].kind == .status && records[index].feedStatus == .ended
                : selection?.contains(token) == false
            guard isLeftOut else { continue }
            if start < index { engine.process(UnsafeBufferPointer(rebasing: records[start..<index])) }
            start = index + 1
        }
        if start < records.count {
            engine.process(start == 0 ? records : UnsafeBufferPointer(rebasing: records[start...]))
        }
    }

    func stop(lastTime: Timestamp, lastSequence: UInt64) {
        // The file feed ends with this record too, so that both runs see the same stream.
        engine.process(.status(.ended, time: lastTime, sequence: lastSequence + 1))
        engine.stop(reason: "completed")
        recorder.end(at: lastTime)
    }

    func result() -> StrategyResult {
        StrategyResult(
            label: label, className: S.name, parameters: parameters, instruments: instruments,
            status: engine.status, logLines: recorder.logLines, fillMarks: recorder.fillMarks,
            turnover: Double(recorder.turnoverE8) / 1e8,
            exposedTime: .nanoseconds(recorder.exposedNanoseconds),
            ambiguousBarCount: engine.withVenue { $0.ambiguousBarCount })
    }

    private static func select(_ symbols: [String], from known: [Instrument]) throws(BacktestError)
        -> [Instrument]
    {
        guard !symbols.isEmpty else { return known }
        var selected: [Instrument] = []
        for symbol in symbols {
            guard let instrument = known.first(where: { $0.symbol == symbol }) else {
                let names = known.map(\.symbol).joined(separator: ", ")
                throw BacktestError(context: "the files have no instrument \(symbol); they have \(names)")
            }
            selected.append(instrument)
        }
        return selected
    }
}
