import MarketData
package import TradingEngine
package import TradingModel

/// A recorded session of one strategy, replayed as a backtest and compared order by order.
package struct ParityReplay {
    /// What the session was, from its journal, its configuration and the recordings.
    package struct Session: Sendable {
        package var parameters: [(name: String, text: String)]
        package var venue: [(name: String, text: String)]
        package var limits: [(name: String, text: String)]
        package var symbols: [String]
        package var seed: UInt64
        package var epoch: UInt32
        /// The journal of the session, in order.
        package var entries: [JournalEntry]
        /// Recordings that cover it, merged by receive time.
        package var files: [String]
        /// When it was paused, in the time of its records.
        package var pauses: [ClosedRange<Timestamp>]
        /// Records that it missed, as it counted them itself.
        package var missedCount: UInt64

        package init(
            parameters: [(name: String, text: String)], venue: [(name: String, text: String)],
            limits: [(name: String, text: String)], symbols: [String], seed: UInt64, epoch: UInt32,
            entries: [JournalEntry], files: [String], pauses: [ClosedRange<Timestamp>] = [],
            missedCount: UInt64 = 0
        ) {
            self.parameters = parameters
            self.venue = venue
            self.limits = limits
            self.symbols = symbols
            self.seed = seed
            self.epoch = epoch
            self.entries = entries
            self.files = files
            self.pauses = pauses
            self.missedCount = missedCount
        }
    }

    private let session: Session
    private let observed: SessionJournal
    /// Reads a JSON object of parameters as the journal has it.
    private let parse: (String) throws -> [(name: String, text: String)]

    package init(
        _ session: Session, parse: @escaping (String) throws -> [(name: String, text: String)]
    ) throws(BacktestError) {
        self.session = session
        self.parse = parse
        observed = try SessionJournal(session.entries)
    }

    /// Replays the session and says what differs.
    package func run(_ strategy: any Strategy.Type) throws -> ParityReport {
        try replay(strategy)
    }

    private func replay<S: Strategy>(_ type: S.Type) throws -> ParityReport {
        let reader = try MergedTickReader(
            paths: session.files, start: observed.firstRecordTime, tornTail: .leaveOut)
        let instruments = try select(reader.instruments)
        let recorder = RunRecorder(instruments: instruments, keepsEntries: true)
        let engine = try makeEngine(type, instruments, recorder)
        if let checkpoint = observed.checkpoint { try engine.restore(checkpoint) }
        engine.start(at: .epoch)
        var coverage = RecordingCoverage(times: observed.orders.map(\.order.createdAt))
        var changes = observed.parameterChanges[...]
        var pauses = session.pauses[...]
        let tokens = Set(instruments.map(\.token)).union([.feedWide])
        reading: while let block = try reader.nextRun() {
            for event in block where tokens.contains(event.token) {
                guard event.receiveTime <= observed.lastTime else { break reading }
                while let change = changes.first, change.time < event.receiveTime {
                    changes.removeFirst()
                    let values = try ParameterValues.resolve(
                        S.parameters, from: try parse(change.json), base: engine.parameters)
                    if values != engine.parameters { try engine.update(parameters: values) }
                }
                Self.pause(engine, &pauses, at: event.receiveTime)
                engine.process(event)
                coverage.note(event)
            }
        }
        let replayed = SessionJournal.orders(
            recorder.takeEntries().map { ($0.time, $0.record) }, open: observed.checkpoint?.openOrders ?? [])
        return ParityReport(
            observed: observed, replayed: replayed, coverage: coverage, pauses: session.pauses,
            missedCount: session.missedCount, instruments: instruments)
    }

    private static func pause<S: Strategy, Output: EngineOutput>(
        _ engine: Engine<S, SimulatedExchange, Output>, _ pauses: inout ArraySlice<ClosedRange<Timestamp>>,
        at time: Timestamp
    ) {
        while let pause = pauses.first, pause.upperBound <= time {
            if engine.isPaused { engine.resume() }
            pauses.removeFirst()
        }
        if let pause = pauses.first, pause.lowerBound <= time, !engine.isPaused { engine.pause() }
    }

    private func makeEngine<S: Strategy>(
        _: S.Type, _ instruments: [Instrument], _ recorder: RunRecorder
    ) throws -> Engine<S, SimulatedExchange, RunRecorder.Output> {
        let account = try AccountSettings(inputs: session.venue)
        let parameters = try ParameterValues.resolve(S.parameters, from: session.parameters)
        let configuration = EngineConfiguration(
            instruments: instruments, epoch: session.epoch, seed: session.seed,
            startingCash: account.startingCash,
            limits: try RiskLimits(inputs: session.limits))
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
