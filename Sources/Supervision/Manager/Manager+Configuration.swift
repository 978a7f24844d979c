import ControlPlane
import Foundation
import MarketData
import TradingModel

extension Manager {
    /// Takes what the store thread found.
    func take(_ event: StoreThread.Event) {
        switch event {
        case .changes(let configuration, let commands): take(configuration, commands)
        case .commands(let commands):
            if isBusReady, isConfigured { commands.forEach(take) } else { waitingCommands += commands }
        case .journalCorrupt(let strategyID, let problem):
            guard let process = executors[strategyID] else { return settings.report(problem) }
            report(process, problem)
            apply(.configurationRejected(reason: problem), to: process)
        case .trouble(let text):
            settings.report(text ?? "the database can be used again")
        }
    }

    // MARK: - Rows

    /// Instruments and feeds first, then strategies, then commands for them, then what somebody edited by hand.
    private func take(_ configuration: StoreThread.Configuration, _ commands: [AcceptedCommand]) {
        guard stopping == nil else { return }
        storedInstruments = configuration.instruments
        let before = tradingStates
        tradingStates = configuration.tradingStates
        tradingResumedAt.merge(configuration.tradingResumedAt) { max($0, $1) }
        if !isConfigured { pruneDeployments(configuration.strategies) }
        if !isConfigured { lookAtRecordings() }
        takeFeeds(configuration.feeds)
        publishInstruments()
        takeRecording(configuration)
        for row in configuration.strategies {
            _ = executor(row, lastEpoch: configuration.lastEpochs[row.id] ?? 0)
        }
        if let reason = deferredStop {
            isConfigured = true
            return stop(reason: reason)
        }
        if isBusReady, isConfigured {
            for command in commands { take(command) }
        } else {
            waitingCommands += commands
        }
        for row in configuration.strategies { takeEdits(row) }
        if before != tradingStates {
            for process in executors.values where process.machine.isReady {
                sendTradingState(nil, to: process)
            }
        }
        let known = Set(configuration.strategies.map(\.id))
        for (id, process) in executors where !known.contains(id) { remove(process, id: id) }
        if isConfigured {
            superviseRecorder()
            startWaitingFeeds()
        } else {
            isConfigured = true
            startWaiting()
        }
    }

    private func takeEdits(_ row: StrategyRow) {
        guard let process = executors[row.id] else { return }
        let before = process.strategy
        let row = process.current(row)
        process.role = .executor(row)
        process.name = row.name
        if !isConfigured || before?.limitsJSON != row.limitsJSON { takeLimits(row, of: process) }
        bringLimits(to: process)
        if before?.restartPolicyJSON != row.restartPolicyJSON { process.machine.policy = policy(row) }
        // What a command wanted is in the process's row already, and is no edit.
        if isConfigured, let before, before.desiredState != row.desiredState {
            bringAbout(row.desiredState, of: process)
        }
    }

    /// Thresholds count at once, the rest from the next start of the process, which refuses wrong ones.
    private func takeLimits(_ row: StrategyRow, of process: ManagedProcess) {
        let entries = ConfigurationJSON.scalars(row.limitsJSON).map { (name: $0.key, text: $0.value) }
        process.limits = ProcessLimits(inputs: entries) { _, _ in }
    }

    /// The process of a strategy, made and started as its row wants when it is new.
    private func executor(_ row: StrategyRow, lastEpoch: UInt32) -> ManagedProcess {
        if let process = executors[row.id] { return process }
        var machine = ProcessStateMachine(
            kind: .executor, policy: policy(row),
            desired: ProcessStateMachine.DesiredState(rawValue: row.desiredState.rawValue) ?? .stopped,
            lastEpoch: lastEpoch, seed: UInt64(InstrumentToken(symbol: row.id).rawValue),
            lastError: lastError(of: row))
        machine.restoreBudget(unstableEnds(of: row, policy: machine.policy))
        let process = ManagedProcess(role: .executor(row), name: row.name, machine: machine)
        executors[row.id] = process
        takeLimits(row, of: process)
        if isBusReady, isConfigured { apply(.managerStarted, to: process) }
        return process
    }

    private func bringAbout(_ desired: DesiredState, of process: ManagedProcess) {
        guard desired.rawValue != process.machine.desired.rawValue else { return }
        switch desired {
        case .stopped: apply(.operatorStop(commandID: nil), to: process)
        case .paused:
            let isEnded = process.machine.status == .stopped || process.machine.status == .error
            if isEnded { apply(.operatorStart(commandID: nil), to: process) }
            apply(.operatorPause(commandID: nil), to: process)
        case .running:
            let isPaused = process.machine.desired == .paused
            apply(isPaused ? .operatorResume(commandID: nil) : .operatorStart(commandID: nil), to: process)
        }
    }

    private func remove(_ process: ManagedProcess, id: String) {
        executors[id] = nil
        // The schema refuses to delete a live strategy; this is for one in backoff and for a replaced database.
        removed.append(process)
        apply(.operatorStop(commandID: nil), to: process)
        if !process.machine.hasProcess { removed.removeAll { $0 === process } }
    }

    private func takeFeeds(_ rows: [FeedRow]) {
        for row in rows {
            let process = feeds[row.id] ?? makeFeed(row)
            let before = process.feed
            process.role = .feed(row)
            process.name = row.name
            guard isConfigured,
                before?.isEnabled != row.isEnabled || before?.configGeneration != row.configGeneration
            else { continue }
            registerInstruments(of: row)
            process.hasCompleted = false
            if !row.isEnabled {
                apply(.operatorStop(commandID: nil), to: process)
            } else if process.machine.hasProcess {
                apply(.operatorRestart(commandID: nil), to: process)
            } else {
                apply(.operatorStart(commandID: nil), to: process)
            }
        }
        let known = Set(rows.map(\.id))
        for (id, process) in feeds where !known.contains(id) {
            feeds[id] = nil
            guard process.machine.hasProcess else { continue }
            removed.append(process)
            apply(.operatorStop(commandID: nil), to: process)
        }
    }

    private func makeFeed(_ row: FeedRow) -> ManagedProcess {
        // A source that ends (exit 0) has completed; everything else is started again and never given up.
        var policy = RestartPolicy.service
        policy.mode = .onFailure
        // It gives a sign of life every second, whether or not there are data; one that may wait for its readers cannot.
        policy.isWatched = !Self.isLossless(row)
        let machine = ProcessStateMachine(
            kind: .service, policy: policy, desired: .stopped, seed: UInt64(row.number))
        let process = ManagedProcess(role: .feed(row), name: row.name, machine: machine)
        feeds[row.id] = process
        registerInstruments(of: row)
        return process
    }

    /// Puts the instruments that a feed will publish where strategies look for them.
    private func registerInstruments(of row: FeedRow) {
        guard row.isEnabled else { return }
        do {
            let configuration = try FeedConfiguration(
                feedName: row.name, kind: row.kind, json: row.configJSON)
            let found = try settings.feeds.instruments(for: configuration)
            let new = found.filter { instrument in !instruments.contains { $0.symbol == instrument.symbol } }
            guard !new.isEmpty else { return }
            feedInstruments += new
            store?.enqueue("the instruments of feed \(row.name)") { try $0.upsertInstruments(new) }
        } catch {
            // The feed's own process says the same and ends in error, where status shows it.
            settings.report("feed \(row.name): \(error)")
        }
    }

    /// The restart policy of a row; the defaults, and a word about it, when it cannot be understood.
    private func policy(_ row: StrategyRow) -> RestartPolicy {
        let entries = ConfigurationJSON.scalars(row.restartPolicyJSON).sorted { $0.key < $1.key }
        do {
            return try RestartPolicy(entries: entries.map { (name: $0.key, text: $0.value) })
        } catch {
            settings.report("strategy \(row.name): \(error); the defaults apply")
            return .executor
        }
    }

    // MARK: - Starting

    /// Starts what waited for the bus and the configuration.
    func startWaiting() {
        guard isBusReady, isConfigured, stopping == nil else { return }
        adoptLeftBehind()
        superviseRecorder()
        for process in sorted(executors) + helpers where process.machine.status == .stopped {
            apply(.managerStarted, to: process)
        }
        let commands = waitingCommands
        waitingCommands = []
        for command in commands { take(command) }
        startWaitingFeeds()
    }

    /// Starts feeds that are wanted, once the recorder listens. A lossless one waits until no strategy is about to start
    /// any more, so that everybody sees its first record.
    func startWaitingFeeds() {
        // Every event of a process comes by here, and a feed that is about to be taken over must not be started.
        guard isBusReady, isConfigured, hasAdopted, !isAdopting, stopping == nil, !isRecorderStarting
        else { return }
        let isSettled = executors.values.allSatisfy { process in
            switch process.machine.status {
            case .starting, .backoff, .stopping: false
            case .running, .paused, .error, .stuck: true
            case .stopped: process.machine.desired == .stopped
            }
        }
        for process in sorted(feeds) where process.machine.status == .stopped {
            guard let row = process.feed, row.isEnabled, !process.hasCompleted else { continue }
            if Self.isLossless(row), !isSettled { continue }
            apply(.operatorStart(commandID: nil), to: process)
        }
    }

    private static func isLossless(_ row: FeedRow) -> Bool {
        // A configuration that cannot be read is not lossless; the feed's process reports it.
        let configuration = try? FeedConfiguration(feedName: row.name, kind: row.kind, json: row.configJSON)
        return (try? configuration?.flag("lossless")) ?? false
    }
}
