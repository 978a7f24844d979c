import MarketData
package import TradingEngine
package import TradingModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A recorded session of one strategy, replayed as a backtest and compared order by order.
package struct ParityReplay {
    /// What the session was, from its journal, its configuration and the recordings.
    package struct Session: Sendable {
        package var parameters: [(name: String, text: String)]
        /// Settings of the simulated exchange and the account.
        package var venue: [(name: String, text: String)]
        package var limits: [(name: String, text: String)]
        package var symbols: [String]
        package var seed: UInt64
        package var epoch: UInt32
        /// The journal of the session, in order.
        package var entries: [JournalEntry]
        /// Recordings that cover it, merged by receive time.
        package var files: [String]
        /// What may explain a difference and is known from elsewhere, such as another program.
        package var notes: [String]

        package init(
            parameters: [(name: String, text: String)], venue: [(name: String, text: String)],
            limits: [(name: String, text: String)], symbols: [String], seed: UInt64, epoch: UInt32,
            entries: [JournalEntry], files: [String], notes: [String] = []
        ) {
            self.parameters = parameters
            self.venue = venue
            self.limits = limits
            self.symbols = symbols
            self.seed = seed
            self.epoch = epoch
            self.entries = entries
            self.files = files
            self.notes = notes
        }
    }

    private let session: Session
    private var observed: SessionJournal
    /// Reads a JSON object of parameters as the journal has it.
    private let parse: InputReplay.Parse

    package init(_ session: Session, parse: @escaping InputReplay.Parse) throws(BacktestError) {
        self.session = session
        self.parse = parse
        observed = try SessionJournal(session.entries)
    }

    /// Replays the session and says what differs.
    package mutating func run(_ strategy: any Strategy.Type) throws -> ParityReport { try replay(strategy) }

    private mutating func replay<S: Strategy>(_ type: S.Type) throws -> ParityReport {
        let reader = try MergedTickReader(
            paths: session.files, start: observed.firstRecordTime, tornTail: .leaveOut)
        let account = try AccountSettings.readingFiles(inputs: session.venue, seed: session.seed)
        let instruments = try account.currency.valued(try select(reader.instruments))
        let recorder = RunRecorder(instruments: instruments, keepsEntries: true)
        let engine = try makeEngine(type, account, instruments, recorder)
        if let checkpoint = observed.checkpoint { try engine.restore(checkpoint) }
        engine.start(at: .epoch)
        var inputs = InputReplay(observed.inputs, parse: parse)
        var coverage = RecordingCoverage(times: observed.orders.map(\.order.createdAt))
        let tokens = Set(instruments.map(\.token)).union([.feedWide])
        reading: while let block = try reader.nextRun() {
            for event in block where tokens.contains(event.token) {
                // What became due after the last record of a killed session came with the next one.
                guard observed.end != nil || engine.time <= observed.lastTime else { break reading }
                guard try inputs.admit(event, to: engine) else {
                    if inputs.isStopped { break reading }
                    continue
                }
                engine.process(event)
                coverage.note(event)
            }
        }
        try inputs.finish(engine)
        // A session that was killed, or still runs, has not stopped its strategy.
        if let end = observed.end { engine.stop(reason: end.reason) }
        var entries = recorder.takeEntries()
        if observed.end == nil {
            // What is being recorded may not be written yet; and the last record's consequences may be so in part.
            if let end = coverage.lastTime, end < observed.lastTime {
                observed = try SessionJournal(session.entries.filter { $0.time <= end })
            }
            entries = Array(entries.prefix(observed.logCount))
        }
        let replayed = SessionJournal.orders(
            entries.map { ($0.time, $0.record) }, open: observed.checkpoint?.openOrders ?? [])
        return ParityReport(
            observed: observed, replayed: replayed, replayHash: engine.status.orderLogHash.value,
            coverage: coverage, skippedCount: inputs.skippedCount, instruments: instruments,
            notes: session.notes)
    }

    private func makeEngine<S: Strategy>(
        _: S.Type, _ account: AccountSettings, _ instruments: [Instrument], _ recorder: RunRecorder
    ) throws -> Engine<S, SimulatedExchange, RunRecorder.Output> {
        let parameters = try ParameterValues.resolve(S.parameters, from: session.parameters)
        let configuration = EngineConfiguration(
            instruments: instruments, epoch: session.epoch, seed: session.seed,
            startingCash: account.startingCash, limits: try RiskLimits(inputs: session.limits),
            sessionEnd: account.sessionEnd, feedLatency: account.exchange.latency)
        try configuration.validate()
        return Engine(
            strategy: try S(parameters: parameters),
            venue: SimulatedExchange(configuration: account.exchange, instruments: instruments),
            configuration: configuration, parameters: parameters,
            output: RunRecorder.Output(recorder: recorder))
    }

    private func select(_ known: [Instrument]) throws(BacktestError) -> [Instrument] {
        var instruments: [Instrument] = []
        for symbol in session.symbols {
            guard let instrument = known.first(where: { $0.symbol == symbol }) else {
                let names = known.map(\.symbol).joined(separator: ", ")
                throw BacktestError(
                    .mismatch, context: "the recordings have no instrument \(symbol); they have \(names)")
            }
            instruments.append(instrument)
        }
        return instruments
    }
}
