package import MessageBus
package import NIOCore
package import TradingEngine
package import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One strategy in its process: bus client, engine, venue and journal.
///
/// Everything happens on one event loop: records come in, the engine steps, the journal is written at the end of
/// each batch, and status and metrics go out. Nothing else touches the state.
package final class Executor<S: Strategy, V: ExecutorVenue>: BusClientDelegate, MarketDataReader {
    enum Phase { case connecting, running, stopping }

    let bootstrap: Bootstrap
    let identity: ExecutorIdentity
    private let journalDirectory: String
    let eventLoop: any EventLoop
    private let parameters: [ParameterDeclaration]
    private var values: ParameterValues
    let journal: JournalWriter
    let engine: Engine<S, V, JournalOutput>
    /// The way to the order gateway, when orders go to one.
    private let link: GatewayLink?
    /// Ends a stop that waits for the order gateway.
    private var stopDeadline: Scheduled<Void>?
    private var stopReason: String?
    /// Made when it is needed: a promise that nobody keeps, as of an executor that cannot begin, is a trap.
    private lazy var completion = eventLoop.makePromise(of: Int32.self)
    private var client: BusClient?
    private(set) var phase = Phase.connecting
    private var generation: Int
    private(set) var hasSeenRecords = false
    var missedRecords: UInt64 = 0
    /// The last record that the engine had, and whether others are missing since then.
    var lastPlace = RecordPlace.beginning
    var isAfterMiss = false
    /// Where a session that carries on a crashed one has seen all again; records up to there are not processed twice.
    let resumePlace: RecordPlace?
    private var exitCode: Int32?
    /// Orders denied before the disk was full.
    private var deniedBeforeBlock: UInt64 = 0
    /// What is under way to get the strategy out of the market, and what the manager knows of its halts.
    var trading = ExecutorTrading()
    private var metricsTask: RepeatedTask?
    private var nextHeartbeat = ContinuousClock.now
    /// The events that the last metrics were of, and when they are published again although none came.
    private var publishedEvents: UInt64 = 0
    private var nextIdleMetrics = ContinuousClock.now
    /// How late the last heartbeat ran: what a busy strategy loop looks like from outside.
    private var loopLag: Duration = .zero
    /// When the strategy's state may be journaled again, and the events it was last journaled after.
    private var nextStateSave = ContinuousClock.now
    private var savedEvents: UInt64 = 0
    let clock: @Sendable () -> Timestamp
    let warmUp: WarmUpSpan?
    /// Brings it from the recording to the live edge; `nil` without a warm-up.
    var lateJoin: LateJoin?
    var isStepScheduled = false
    /// Whether it is to pause once it has caught up: the past is not withheld from it.
    var isPauseWanted = false

    /// Builds the strategy and its engine, rebuilt from the journal where there is one; does not connect yet.
    ///
    /// Throws `configuration` for anything wrong with the strategy's settings and `journal` for its files.
    /// `clock` reads the wall clock, for the times of status messages only.
    package init(
        bootstrap: Bootstrap, strategy: S.Type, eventLoop: any EventLoop,
        clock: @escaping @Sendable () -> Timestamp
    ) throws(ExecutionError) {
        self.bootstrap = bootstrap
        self.eventLoop = eventLoop
        self.clock = clock
        let setup = try ExecutorSetup<S>(bootstrap: bootstrap)
        identity = setup.identity
        parameters = S.parameters
        values = setup.parameters
        generation = setup.generation
        warmUp = setup.warmUp
        journalDirectory = setup.journalDirectory
        Failpoint.arm(directory: journalDirectory)
        // A limit on the size of files has to end as an error of write(2), and not in the end of the process.
        signal(SIGXFSZ, SIG_IGN)
        let recovered = try JournalRecovery.latestState(
            directory: journalDirectory, instruments: setup.instruments,
            startingCash: setup.venue.account.startingCash)
        journal = try JournalWriter(directory: journalDirectory, session: setup.session)
        link = Self.makeLink(setup, recovered: recovered?.openOrders ?? [], eventLoop)
        let resumed = Self.resume(setup, bootstrap, journal)
        resumePlace = resumed?.place
        engine =
            resumed?.engine
            ?? Engine(
                strategy: setup.strategy,
                venue: V.make(account: setup.venue.account, instruments: setup.instruments, link: link),
                configuration: setup.engineConfiguration, parameters: setup.parameters,
                output: JournalOutput(journal: journal))
        trading.journaled = recovered?.trading
        let state = trading.begin(bootstrap.strategy, recovered: recovered?.trading)
        if let resumed {
            hasSeenRecords = true
            try carryOn(resumed, recovered, setup, state)
            flushJournal()
            if let failure = journal.failure { throw failure }
            return
        }
        noteSettings()
        if state.state != .active { note(.tradingState, "\(state.state.rawValue)\n\(state.reason)") }
        engine.setTradingState(state.state, reason: state.reason)
        if let recovered {
            do {
                try engine.restore(recovered)
            } catch {
                throw ExecutionError(
                    .configuration, "the state in \(journalDirectory) cannot be used: \(error)")
            }
        }
        engine.isVenueUnavailable = link != nil
        var snapshot = engine.snapshot()
        snapshot.trading = trading.journaled
        journal.append(.checkpoint(snapshot), at: .epoch)
        journal.append(.parametersChanged(values.jsonText), at: .epoch)
        flushJournal()
        if let failure = journal.failure { throw failure }
    }

    /// Connects to the bus; the future gives the exit code when the executor is done.
    package func start() -> EventLoopFuture<Int32> {
        eventLoop.assertInEventLoop()
        let client = BusClient(
            socketPath: bootstrap.socketPath, role: .executor, identity: identity.strategyID,
            token: bootstrap.token, eventLoop: eventLoop, delegate: self)
        self.client = client
        client.subscribe([
            TopicPattern(.strategyCommands(identity.strategyID)), TopicPattern(.globalCommands),
        ])
        let source: any MarketDataSource = client
        source.marketDataReader = self
        source.subscribe(tokens: [.feedWide] + identity.tokens)
        client.connect()
        return completion.futureResult
    }

    /// Ends the strategy in order: `onStop`, cancel of resting orders, saved state, last status; exit code 0.
    package func stop(reason: String) {
        eventLoop.assertInEventLoop()
        guard phase != .stopping else { return }
        phase = .stopping
        // What it does at its end is of now, even when it was still looking back.
        endCatchingUp()
        guard let link else { return end(reason: reason) }
        stopReason = reason
        engine.windDown()
        flushJournal()
        guard link.isAvailable, engine.status.openOrdersCount > 0 else { return end(reason: reason) }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        stopDeadline = eventLoop.scheduleTask(in: .seconds(Limits.gatewayCancelSeconds)) {
            bound.value.end(reason: reason)
        }
    }

    /// Ends a stop at once when nothing is left at the order gateway that it waits for.
    func continueStopping() {
        guard let reason = stopReason, engine.status.openOrdersCount == 0 || link?.isAvailable != true
        else { return }
        end(reason: reason)
    }

    private func end(reason: String) {
        guard exitCode == nil else { return }
        stopReason = nil
        stopDeadline?.cancel()
        metricsTask?.cancel()
        let openCount = engine.status.openOrdersCount
        if link != nil, openCount > 0 {
            ExecutorLog.write(
                "\(openCount) orders may still be open at the order gateway; the next start asks")
        }
        note(.stopped)
        engine.stop(reason: reason)
        link?.close()
        journal.sync()
        publishMetrics()
        publishStatus(.stopped, reason: reason, orderLogHash: engine.status.orderLogHash.description)
        ExecutorLog.write("stopped: \(reason)")
        let loss = journal.failure ?? journal.obstruction
        if let loss { ExecutorLog.write("\(journal.bufferedByteCount) bytes were not kept: \(loss)") }
        finish(exitCode: loss == nil ? 0 : 74)
    }

    // MARK: - BusClientDelegate

    package func busClientDidConnect(_ client: BusClient) {
        if phase == .connecting {
            phase = .running
            if resumePlace == nil { engine.start(at: .epoch) }
            beginLateJoin()
            if lateJoin == nil { setPause() }
            flushJournal()
            link?.connect(delegate: self)
            ExecutorLog.write("ready: \(identity.name) epoch \(identity.epoch)")
            nextHeartbeat = ContinuousClock.now + .seconds(Limits.metricsIntervalSeconds)
            let bound = NIOLoopBound(self, eventLoop: eventLoop)
            metricsTask = eventLoop.scheduleRepeatedTask(
                initialDelay: .seconds(Limits.metricsIntervalSeconds),
                delay: .seconds(Limits.metricsIntervalSeconds)
            ) { _ in bound.value.heartbeat() }
        }
        guard phase == .running else { return }
        publishStatus(currentStatus)
        // Before the first record, which a strategy may take a long time over.
        client.flush()
        failIfJournalFailed()
    }

    package func marketData(didReceive records: UnsafeBufferPointer<MarketEvent>, feed: UInt16) {
        guard phase == .running else { return }
        guard let lateJoin else { return process(records) }
        guard lateJoin.isDone else {
            lateJoin.take(records, feed: feed, now: ContinuousClock.now)
            return stepSoon()
        }
        process(lateJoin.rest(of: records, feed: feed))
    }

    /// Lets the engine have live records.
    func process(_ records: UnsafeBufferPointer<MarketEvent>) {
        guard let first = records.first, let last = records.last else { return }
        if !hasSeenRecords {
            hasSeenRecords = true
            // Says at which record the session began, so that it can be replayed.
            note(.began, at: RecordPlace(first))
        }
        if isAfterMiss {
            isAfterMiss = false
            note(.wentOn, at: RecordPlace(first))
        }
        engine.process(records)
        lastPlace = max(lastPlace, RecordPlace(last))
    }

    package func marketDataDidEndBatch() {
        flushJournal()
        settleFlattening()
        reportBreaches()
        failIfJournalFailed()
    }

    package func marketData(didMiss gap: BusGap) {
        guard phase == .running else { return }
        if let lateJoin, lateJoin.beginAgain(now: ContinuousClock.now) { return }
        missedRecords += gap.droppedCount
        let cause =
            gap.cause == .slowReader
            ? "this process reads more slowly than they come" : "they were lost with the bus"
        ExecutorLog.write("missed \(gap.droppedCount) records: \(cause)")
        // Before the first record there is no time to put it at, and nothing that the strategy could miss.
        let time = engine.status.lastEventTime
        guard time != .epoch else { return }
        note(.missed, "\(gap.droppedCount)")
        isAfterMiss = true
        engine.process(.gap(missing: gap.droppedCount, at: time))
    }

    package func busClient(_ client: BusClient, didDisconnect reason: BusError?) {
        guard phase != .stopping else {
            if let exitCode { completion.succeed(exitCode) }
            return
        }
        ExecutorLog.write("the bus is gone (\(reason?.description ?? "closed")); connecting again")
    }

    package func busClient(_ client: BusClient, didReceive payload: ByteBuffer, topic: String) {
        let command: StrategyCommandPayload
        do {
            command = try StrategyCommandPayload(decoding: payload)
        } catch {
            ExecutorLog.write("ignored a message on \(topic): \(error)")
            return
        }
        handle(command)
    }

    // MARK: - Commands

    private func handle(_ command: StrategyCommandPayload) {
        guard phase == .running else { return }
        generation = max(generation, command.generation)
        switch command.command {
        case "stop": stop(reason: "stopped")
        case "pause":
            if isCatchingUp { isPauseWanted = true } else { setPaused(true) }
            acknowledge(command, .paused)
        case "resume":
            isPauseWanted = false
            setPaused(false)
            acknowledge(command, .running)
        case "update": update(command)
        case "flatten": flatten(command)
        case "trading": trade(command)
        case "limits": limit(command)
        case "status": publishStatus(currentStatus)
        default:
            acknowledge(command, currentStatus, error: "unknown command \(command.command)")
        }
        flushJournal()
        failIfJournalFailed()
    }

    /// Puts the live parameters of a whole set in force; what is missing means its default.
    ///
    /// Others wait for the next start. The command fails when they are all that changes.
    private func update(_ command: StrategyCommandPayload) {
        let current = currentStatus
        let inputs = (command.parameters ?? [:]).sorted { $0.key < $1.key }.map {
            (name: $0.key, text: $0.value)
        }
        do {
            let wanted = try ParameterValues.resolve(parameters, from: inputs)
            let fixed = values.entries.filter { entry in
                !parameters.contains { $0.name == entry.name && $0.isLive }
            }
            let live = inputs.filter { input in !fixed.contains { $0.name == input.name } }
            let next = try ParameterValues.resolve(parameters, from: live + fixed)
            let waiting = wanted.changes(from: next)
            guard next != values || waiting.isEmpty else {
                return acknowledge(
                    command, current, error: "needs a restart: \(waiting.joined(separator: ", "))")
            }
            note(.parameters, next.jsonText)
            try engine.update(parameters: next)
            values = next
            ExecutorLog.write("parameters: \(next.jsonText)")
            acknowledge(command, current)
        } catch {
            acknowledge(command, current, error: "\(error)")
        }
    }

    func acknowledge(
        _ command: StrategyCommandPayload, _ status: StrategyStatusPayload.Status, error: String? = nil
    ) {
        publishStatus(status, commandID: command.commandID, error: error)
    }

    // MARK: - Out

    private func heartbeat() {
        let now = ContinuousClock.now
        loopLag = max(.zero, now - nextHeartbeat)
        nextHeartbeat = now + .seconds(Limits.metricsIntervalSeconds)
        saveState(now)
        flushJournal()
        retryFlattening(now)
        settleFlattening()
        reportBreaches()
        journal.syncInBackground()
        let status = engine.status
        if status.events != publishedEvents || now >= nextIdleMetrics {
            publishedEvents = status.events
            nextIdleMetrics = now + .seconds(Limits.idleMetricsIntervalSeconds)
            publishMetrics()
        }
        let payload = HeartbeatPayload(
            strategyID: identity.strategyID, epoch: UInt64(identity.epoch), time: clock(),
            eventsCount: status.events,
            lastEventTime: status.lastEventTime, queueBytes: client?.unflushedByteCount ?? 0,
            ticksMissed: missedRecords, loopLagMicroseconds: loopLag.wholeNanoseconds / 1_000)
        _ = client?.publish(.health, payload.encoded())
    }

    /// Journals the strategy's state from time to time while it sees records; the larger it is, the less often.
    private func saveState(_ now: ContinuousClock.Instant) {
        let events = engine.status.events
        guard now >= nextStateSave, events != savedEvents, journal.obstruction == nil, !isCatchingUp else {
            return
        }
        savedEvents = events
        let byteCount = engine.saveState() ?? 0
        let seconds = max(Limits.stateSaveSecondsMin, byteCount / Limits.stateBytesPerSecondMax)
        nextStateSave = now + .seconds(seconds)
    }

    private func publishMetrics() {
        let payload = StrategyMetricsPayload(
            identity: identity, time: clock(), status: engine.status, positions: engine.portfolio.positions,
            ticksMissed: missedRecords, loopLag: loopLag)
        _ = client?.publish(.strategyMetrics(identity.strategyID), payload.encoded())
    }

    func publishStatus(
        _ status: StrategyStatusPayload.Status, commandID: String? = nil, error: String? = nil,
        reason: String? = nil,
        orderLogHash: String? = nil, alarm: String? = nil
    ) {
        let payload = StrategyStatusPayload(
            strategyID: identity.strategyID, name: identity.name, epoch: UInt64(identity.epoch),
            processID: identity.processID, status: status, generation: generation,
            acknowledgedCommandID: commandID,
            error: error, time: clock(), orderLogHash: orderLogHash, reason: reason,
            tradingState: engine.tradingState.rawValue, alarm: alarm ?? trading.unheardAlarm)
        _ = client?.publish(.strategyStatus(identity.strategyID), payload.encoded())
    }

    /// Writes the journal. While the disk is full the strategy goes on without new orders; what it did is kept in memory.
    ///
    /// What was decided goes to the order gateway only when the journal has it.
    func flushJournal() {
        journalTradingState()
        journal.flush()
        let isBlocked = journal.obstruction != nil
        if !isBlocked, journal.failure == nil { link?.flush() }
        guard isBlocked != engine.isJournalBlocked else { return }
        note(isBlocked ? .journalBlocked : .journalFree)
        engine.isJournalBlocked = isBlocked
        let deniedCount = engine.status.deniedCount
        if let obstruction = journal.obstruction {
            deniedBeforeBlock = deniedCount
            ExecutorLog.write("\(obstruction)")
        } else {
            let refused = deniedCount - deniedBeforeBlock
            ExecutorLog.write("the journal can be written again; \(refused) orders were refused meanwhile")
        }
        if phase == .running {
            publishStatus(currentStatus, error: journal.obstruction?.description)
        }
    }

    func failIfJournalFailed() {
        guard let failure = journal.failure, phase != .stopping else { return }
        phase = .stopping
        ExecutorLog.write("cannot go on: \(failure)")
        publishStatus(.error, error: failure.description)
        finish(exitCode: 74)
    }

    private func finish(exitCode: Int32) {
        self.exitCode = exitCode
        // The delegate hears when the last messages are written; without a connection nobody will say so.
        eventLoop.scheduleTask(in: client?.isConnected == true ? .seconds(Limits.closeSeconds) : .zero) {
            [completion] in completion.succeed(exitCode)
        }
        client?.close(reason: "stopped")
    }
}
