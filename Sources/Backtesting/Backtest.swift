import MarketData
package import TradingEngine
package import TradingModel

/// What a backtest runs on.
package struct BacktestSettings: Sendable {
    /// Tick files, merged by receive time; ties go to the file named first.
    package var files: [String]
    /// The strategy's instruments in order; empty means all of the files in their order.
    package var symbols: [String]
    /// Parameters, account settings and limits that differ from their defaults.
    package var parameters: [(name: String, text: String)]
    package var venue: [(name: String, text: String)]
    package var limits: [(name: String, text: String)]
    package var seed: UInt64

    package init(
        files: [String], symbols: [String] = [], parameters: [(name: String, text: String)] = [],
        venue: [(name: String, text: String)] = [], limits: [(name: String, text: String)] = [],
        seed: UInt64 = 0
    ) {
        self.files = files
        self.symbols = symbols
        self.parameters = parameters
        self.venue = venue
        self.limits = limits
        self.seed = seed
    }
}

/// What came of a backtest.
package struct BacktestResult: Sendable {
    package var className: String
    package var parameters: ParameterValues
    package var venue: AccountSettings
    package var instruments: [Instrument]
    package var seed: UInt64
    /// Receive times of the first and the last record.
    package var firstTime: Timestamp
    package var lastTime: Timestamp
    package var status: EngineStatus
    package var trades: [BacktestTrade]
    /// What the strategy logged, with engine times, up to `Limits.logLinesMax` lines.
    package var logLines: [String]
}

/// Runs a strategy over recorded ticks: the engine of the executor on the clock of the records.
package enum Backtest {
    /// Runs to the end of the files. Constant memory for any file size, apart from the trades.
    ///
    /// Throws `MarketDataError` for files, `ParameterViolations` for settings and `BacktestError` for instruments.
    package static func run(strategy: any Strategy.Type, settings: BacktestSettings) throws -> BacktestResult
    {
        try run(opened: strategy, settings: settings)
    }

    private static func run<S: Strategy>(opened: S.Type, settings: BacktestSettings) throws -> BacktestResult
    {
        let reader = try MergedTickReader(paths: settings.files)
        let instruments = try select(settings.symbols, from: reader.instruments)
        let parameters = try ParameterValues.resolve(S.parameters, from: settings.parameters)
        let account = try AccountSettings(inputs: settings.venue)
        let configuration = EngineConfiguration(
            instruments: instruments, epoch: 1, seed: settings.seed, startingCash: account.startingCash,
            limits: try RiskLimits(inputs: settings.limits))
        try configuration.validate()
        let engine = Engine(
            strategy: try S(parameters: parameters),
            venue: SimulatedExchange(configuration: account.exchange, instruments: instruments),
            configuration: configuration, parameters: parameters, output: Collector())
        // An executor receives its own tokens and the feed's word; so does this engine.
        let selection = instruments.count == reader.instruments.count ? nil : Set(instruments.map(\.token))
        engine.start(at: .epoch)
        var firstTime = Timestamp.epoch
        var lastTime = Timestamp.epoch
        var lastSequence: UInt64 = 0
        while let run = try reader.nextRun() {
            guard let first = run.first, let last = run.last else { continue }
            if firstTime == .epoch { firstTime = first.receiveTime }
            lastTime = last.receiveTime
            lastSequence = last.sequence
            forEachSelected(run, selection) { engine.process($0) }
        }
        // The file feed ends with this record too, so that both runs see the same stream.
        engine.process(.status(.ended, time: lastTime, sequence: lastSequence + 1))
        engine.stop(reason: "completed")
        return BacktestResult(
            className: S.name, parameters: parameters, venue: account, instruments: instruments,
            seed: settings.seed, firstTime: firstTime, lastTime: lastTime, status: engine.status,
            trades: engine.output.builder.trades, logLines: engine.output.logLines)
    }

    /// The parts of a run that a live strategy would receive: records of its tokens (`nil`: all) and of the feed as a
    /// whole, without a recorded end, in whose place the replay's own comes.
    private static func forEachSelected(
        _ run: UnsafeBufferPointer<MarketEvent>, _ selection: Set<InstrumentToken>?,
        _ body: (UnsafeBufferPointer<MarketEvent>) -> Void
    ) {
        var start = 0
        for index in run.indices {
            let token = run[index].token
            let isLeftOut =
                token == .feedWide
                ? run[index].kind == .status && run[index].feedStatus == .ended
                : selection?.contains(token) == false
            guard isLeftOut else { continue }
            if start < index { body(UnsafeBufferPointer(rebasing: run[start..<index])) }
            start = index + 1
        }
        if start < run.count { body(start == 0 ? run : UnsafeBufferPointer(rebasing: run[start...])) }
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

    private struct Collector: EngineOutput {
        var builder = TradeBuilder()
        var logLines: [String] = []

        mutating func record(_ record: JournalRecord, at time: Timestamp) {
            if case .fill(let fill) = record { builder.add(fill) }
        }

        mutating func log(_ message: String, at time: Timestamp) {
            if logLines.count < Limits.logLinesMax { logLines.append("[\(time)] \(message)") }
        }
    }
}

/// A backtest that cannot begin.
package struct BacktestError: Error, CustomStringConvertible {
    /// What is wrong and what to do.
    package var context: String
    package var description: String { context }
}

/// The bounds of a backtest.
enum Limits {
    /// Lines of the strategy's log that are kept; later ones are left out.
    static let logLinesMax = 10_000
}
