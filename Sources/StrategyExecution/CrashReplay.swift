import MarketData
import MessageBus
import TradingEngine
import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Runs a session that a crash has ended again, from its first record to its last word, so that the next process carries
/// it on as if there had been no crash: with the venue's queues, bars, timers and random numbers as they were.
///
/// Needs a simulated exchange and a recording of the feeds. What the engine does must be what the journal says, record
/// by record; otherwise nothing is taken from it.
struct CrashReplay<S: Strategy, V: ExecutorVenue> {
    /// What can be carried on.
    struct Result {
        var engine: Engine<S, V, JournalOutput>
        /// The last record that the engine has had.
        var place: RecordPlace
        /// The epoch of the process that crashed.
        var epoch: UInt32
        var gate: ReplayGate
        var recordCount: Int
    }

    private let setup: ExecutorSetup<S>
    private let chain: SessionChain
    private let gate: ReplayGate
    private var cursors: [RecordingCursor]
    private var inputs: InputReplay
    private let lastInput: RecordPlace

    /// Prepares to run the newest session again; `nil` when it ended in order or saw no record.
    ///
    /// Throws `configuration` saying why it cannot be run again, and what journals throw.
    init?(_ setup: ExecutorSetup<S>, _ bootstrap: Bootstrap) throws(ExecutionError) {
        guard let chain = try SessionChain.newest(directory: setup.journalDirectory), !chain.isEnded else {
            return nil
        }
        let parse: InputReplay.Parse = { try StrategyConfiguration.scalars(json: $0, column: "the journal") }
        inputs = InputReplay(chain.inputs, parse: parse)
        guard let began = inputs.began else { return nil }
        guard case .simulated = setup.venue.kind else {
            throw ExecutionError(.configuration, "its orders go to an order gateway")
        }
        let feeds = bootstrap.recorder?.feeds ?? []
        guard let directory = bootstrap.ticksDirectory, !feeds.isEmpty else {
            throw ExecutionError(.configuration, "nothing is recorded")
        }
        self.setup = setup
        self.chain = chain
        let tokens = Set(setup.identity.tokens.map(\.rawValue))
        cursors = feeds.map {
            RecordingCursor(directory: directory, feed: $0.name, since: began.time, tokens: tokens)
        }
        gate = ReplayGate(expected: chain.log)
        lastInput = chain.inputs.map(\.place).max() ?? .beginning
    }

    /// Runs it again. Blocks as long as the records take, and some seconds at most for a recording that is behind.
    mutating func run(_ journal: JournalWriter, _ bootstrap: Bootstrap) throws -> Result {
        let engine = try makeEngine(journal, bootstrap)
        engine.start(at: .epoch)
        var place = RecordPlace.beginning
        var recordCount = 0
        let begin = ContinuousClock.now
        while gate.mismatch == nil, !(gate.isComplete && place >= lastInput) {
            guard let event = next() else {
                guard ContinuousClock.now < begin + .seconds(Limits.recordingBehindSeconds) else {
                    throw ExecutionError(.configuration, "the recording ends before the session did")
                }
                usleep(20_000)
                continue
            }
            if gate.isComplete, RecordPlace(event.record) > lastInput { break }
            if recordCount % 4_096 == 0, ContinuousClock.now > begin + .seconds(Limits.crashReplaySeconds) {
                throw ExecutionError(
                    .configuration, "it takes longer than \(Limits.crashReplaySeconds) s to run it again")
            }
            cursors[event.feed].advance()
            if try inputs.admit(event.record, to: engine) { engine.process(event.record) }
            place = max(place, RecordPlace(event.record))
            recordCount += 1
        }
        if let mismatch = gate.mismatch {
            throw ExecutionError(
                .configuration,
                "its replay parts from the journal at \(mismatch), as after records that the recording does not have"
            )
        }
        try inputs.finish(engine)
        return Result(
            engine: engine, place: place, epoch: chain.epochs[chain.epochs.count - 1], gate: gate,
            recordCount: recordCount)
    }

    /// The recorded record that comes next, feeds merged by receive time.
    private mutating func next() -> (feed: Int, record: MarketEvent)? {
        var best: (feed: Int, record: MarketEvent)?
        for index in cursors.indices {
            guard let event = cursors[index].peek() else { continue }
            if let found = best, found.record.receiveTime <= event.receiveTime { continue }
            best = (index, event)
        }
        return best
    }

    private func makeEngine(_ journal: JournalWriter, _ bootstrap: Bootstrap) throws -> Engine<
        S, V, JournalOutput
    > {
        let began = try StrategyConfiguration(json: text(.configuration))
        let now = try StrategyConfiguration(json: bootstrap.strategy?.configJSON ?? "{}")
        guard began.isSameMarket(as: now) else {
            throw ExecutionError(.configuration, "its settings have changed")
        }
        let parameters = try ParameterValues.resolve(S.parameters, from: began.parameters)
        var configuration = setup.engineConfiguration
        configuration.epoch = chain.epochs[0]
        let limits = try StrategyConfiguration.scalars(json: text(.limits), column: "the journal's limits")
        configuration.limits = try RiskLimits(inputs: limits)
        let engine = Engine(
            strategy: try S(parameters: parameters),
            venue: V.make(account: setup.venue.account, instruments: setup.instruments, link: nil),
            configuration: configuration, parameters: parameters,
            output: JournalOutput(journal: journal, gate: gate))
        if let checkpoint = chain.checkpoint { try engine.restore(checkpoint) }
        return engine
    }

    private func text(_ kind: SessionInput.Kind) -> String {
        chain.inputs.first { $0.kind == kind }?.text ?? "{}"
    }
}
