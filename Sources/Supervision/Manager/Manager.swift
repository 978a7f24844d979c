package import ControlPlane
package import MarketData
import MessageBus
package import NIOCore
import TradingModel

/// What a manager is started with.
package struct ManagerSettings: Sendable {
    package var home: HomeDirectory
    /// The executable that every role is run from, unless a strategy names another.
    package var executable: String
    /// The first two arguments of a role process; the role's name follows.
    package var roleVerb: String
    package var strategies: StrategyCatalog
    package var feeds: FeedRegistry
    /// The web server that runs beside the engine; `nil`: none.
    package var web: WebServer?
    /// Takes one line for the operator; called on the manager's loop.
    package var report: @Sendable (String) -> Void

    /// A program that serves this home, and its arguments.
    package struct WebServer: Sendable {
        package var executable: String
        package var arguments: [String]

        package init(executable: String, arguments: [String]) {
            self.executable = executable
            self.arguments = arguments
        }
    }

    package init(
        home: HomeDirectory, executable: String, roleVerb: String, strategies: StrategyCatalog,
        feeds: FeedRegistry, web: WebServer? = nil,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.home = home
        self.executable = executable
        self.roleVerb = roleVerb
        self.strategies = strategies
        self.feeds = feeds
        self.web = web
        self.report = report
    }
}

/// Supervises all processes of a home: reads desired state and commands, starts, watches and stops.
///
/// Three threads and no locks between them: the event loop owns the processes and their state machines, the store
/// thread owns the database, the exit watcher waits for process ends. They hand each other messages and never wait
/// for one another, so a locked database delays no restart.
package final class Manager {
    let settings: ManagerSettings
    let eventLoop: any EventLoop
    let exits: ExitWatcher
    let busKey: BusKey
    let ended: EventLoopPromise<Void>
    var store: StoreThread?
    var client: BusClient?
    var bus: ManagedProcess
    var recorder: ManagedProcess
    /// The alerter, and the web server if there is to be one.
    let helpers: [ManagedProcess]
    /// What the recorder was told last; `nil` before the configuration was read.
    var recorderSettings: RecorderSettingsPayload?
    /// Which feeds are replays, by id and generation.
    var replays: [String: (generation: Int64, isReplay: Bool)] = [:]
    /// What the recorder said last that it cannot record.
    var recorderAlarm: String?
    /// Executors by strategy id, feeds by row id.
    var executors: [String: ManagedProcess] = [:]
    var feeds: [String: ManagedProcess] = [:]
    var storedInstruments: [Instrument] = []
    /// What may be traded where it is not everything, by strategy id or `ControlStore.allStrategies`.
    var tradingStates: [String: TradingStateRow] = [:]
    /// When trading was last resumed, by the same scopes.
    var tradingResumedAt: [String: Timestamp] = [:]
    /// What was last published of each category.
    var publishedInstruments: [String: [Instrument]] = [:]
    /// Instruments of feeds that may not have reached the database yet.
    var feedInstruments: [Instrument] = []
    /// Symbols that came up with the token of another one, as far as that was reported.
    var conflictsTold: Set<String> = []
    /// Commands that came before the bus was ready.
    var waitingCommands: [AcceptedCommand] = []
    var tracker = CommandTracker()
    var pendingMetrics: [MetricsRow] = []
    var sampler = ProcessSampler()
    var lastSample = MonotonicTime(nanoseconds: 0)
    /// Processes whose rows are gone and that have not ended yet.
    var removed: [ManagedProcess] = []
    /// Executors and feeds begin when the bus answers and the configuration has been read.
    var isBusReady = false
    var isConfigured = false
    var stopping: StoppingPhase?
    /// Computes hashes of executables, beside the loop.
    let hashing = WorkerThread(name: "hashing")
    var lastTick = MonotonicClock.now
    var busPulse = BusPulse()
    private var ticks: RepeatedTask?

    /// In which order everything ends.
    enum StoppingPhase { case executors, feeds, recorder, bus, ended }

    /// What an earlier manager left; used up when the bus and the configuration are there.
    var leftBehind: LeftBehind
    /// The newest instances on record, by strategy id, until they are dealt with.
    var lastInstances: [String: InstanceRow] = [:]
    /// How earlier processes ended, by strategy id, until they are dealt with.
    var lastEnds: [String: EndRecords] = [:]
    /// What strategies published last, by their ids, until they are dealt with.
    var earlyStatuses: [String: StrategyStatusPayload] = [:]
    /// Commands that an earlier manager accepted and did not see through.
    var leftOverIDs: Set<String> = []
    var hasAdopted = false
    /// While that is being dealt with: nothing is started yet that may turn out to live.
    var isAdopting = false
    /// Why the manager should stop as soon as it knows what an earlier one left.
    var deferredStop: String?
    /// Whether the manager has ended and left everything else running.
    package internal(set) var isDetached = false

    /// Makes a manager; the caller holds the manager lock of the home.
    package init(settings: ManagerSettings, leftBehind: LeftBehind, eventLoop: any EventLoop) throws {
        self.leftBehind = leftBehind
        self.settings = settings
        busKey = try BusKey(fileAt: settings.home.busKeyPath)
        self.eventLoop = eventLoop
        exits = try ExitWatcher()
        ended = eventLoop.makePromise(of: Void.self)
        bus = ManagedProcess(
            role: .bus, name: "bus",
            machine: ProcessStateMachine(kind: .service, policy: .bus, desired: .running, seed: 1))
        recorder = ManagedProcess(
            role: .recorder, name: "recorder",
            machine: ProcessStateMachine(kind: .service, policy: .bus, desired: .stopped, seed: 2))
        let kinds = [ManagedProcess.Helper.alerter] + (settings.web.map { [.web($0)] } ?? [])
        helpers = kinds.enumerated().map { index, kind in
            ManagedProcess(
                role: .helper(kind), name: kind.name,
                machine: ProcessStateMachine(
                    kind: .service, policy: .service, desired: .running, seed: UInt64(3 + index)))
        }
    }

    /// Takes over what runs, starts the bus and all that is wanted; the future ends when everything has stopped.
    ///
    /// `leftOver` are commands that an earlier manager accepted and did not see through, `instances` the newest ones on
    /// record, one a strategy, `ends` what restart budgets are rebuilt from.
    package func start(
        store controlStore: ControlStore, leftOver: [CommandRow], instances: [InstanceRow],
        ends: [String: EndRecords]
    ) throws -> EventLoopFuture<Void> {
        eventLoop.preconditionInEventLoop()
        leftOverIDs = Set(leftOver.map(\.id))
        lastInstances = Dictionary(instances.map { ($0.strategyID, $0) }) { $1 }
        lastEnds = ends
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let loop = eventLoop
        let catalog = settings.strategies
        let store = try StoreThread(
            store: controlStore, home: settings.home, leftOver: leftOver,
            veto: { command, strategy in Self.refusal(of: command, for: strategy, catalog) },
            deliver: { event in loop.execute { bound.value.take(event) } })
        self.store = store
        store.start()
        ticks = loop.scheduleRepeatedTask(initialDelay: .milliseconds(250), delay: .milliseconds(250)) { _ in
            bound.value.tick()
        }
        let client = BusClient(
            socketPath: settings.home.busSocketPath, role: .manager, identity: "manager",
            token: busKey.token(role: .manager, identity: "manager"), eventLoop: loop, delegate: self)
        self.client = client
        client.subscribe([
            .allStrategyStatus, .allStrategyMetrics, TopicPattern(.health), .allFeedStatus,
            TopicPattern(.managerNudge), TopicPattern(.recorderStatus),
        ])
        client.connect()
        if !adoptBus() { apply(.managerStarted, to: bus) }
        return ended.futureResult
    }

    /// Ends executors, feeds, the recorder and the bus, in this order; leaves the desired state as it is.
    package func stop(reason: String) {
        eventLoop.preconditionInEventLoop()
        guard stopping == nil, !waitsToStop(reason) else { return }
        settings.report("stopping: \(reason)")
        stopping = .executors
        // First, so that nobody is alerted of what is meant to end.
        for process in helpers + sorted(executors) { apply(.managerStopping, to: process) }
        continueStopping()
    }

    /// Goes to the next phase when nothing of the current one is left.
    func continueStopping() {
        // A stuck process cannot be waited for; its lock keeps a second copy from ever being started.
        func haveEnded(_ processes: some Collection<ManagedProcess>) -> Bool {
            processes.allSatisfy { !$0.machine.hasProcess || $0.machine.status == .stuck }
        }
        if stopping == .executors, haveEnded(executors.values), haveEnded(helpers), haveEnded(removed) {
            stopping = .feeds
            for process in sorted(feeds) { apply(.managerStopping, to: process) }
        }
        if stopping == .feeds, haveEnded(feeds.values) {
            stopping = .recorder
            apply(.managerStopping, to: recorder)
        }
        if stopping == .recorder, haveEnded([recorder]) {
            stopping = .bus
            client?.close(reason: "the manager stops")
            apply(.managerStopping, to: bus)
        }
        if stopping == .bus, haveEnded([bus]) {
            stopping = .ended
            finish()
        }
    }

    func finish() {
        ticks?.cancel()
        ticks = nil
        flushMetrics()
        // What it still has in hand comes back to this loop.
        hashing.finish()
        let store = store
        let ended = ended
        // The store thread may take a while to write what is left; the loop has nothing more to do meanwhile.
        store?.stop()
        exits.close()
        ended.succeed()
    }

    /// Four times a second: notices its own stalls, writes metrics, samples processes.
    private func tick() {
        noticeStall()
        let now = MonotonicClock.now
        lastTick = now
        checkBus(now)
        flushMetrics()
        sampleIfDue(now)
        if stopping != nil { continueStopping() }
    }

    /// Shifts all deadlines when this loop has not run for a while; before anything else is decided.
    func noticeStall() {
        let now = MonotonicClock.now
        let gap = now - lastTick
        guard gap > Limits.managerStall else { return }
        lastTick = now
        busPulse.lastAnswer = now
        settings.report("the manager did not run for \(gap); all deadlines shift by that")
        for process in allProcesses + removed { apply(.managerStalled(by: gap), to: process) }
    }

    // MARK: - Shared

    /// All instruments, stored or announced by a feed.
    var instruments: [Instrument] {
        let stored = Set(storedInstruments.map(\.symbol))
        return storedInstruments + feedInstruments.filter { !stored.contains($0.symbol) }
    }

    var allProcesses: [ManagedProcess] { [bus, recorder] + helpers + sorted(feeds) + sorted(executors) }

    /// In the order of names, so that logs and starts do not depend on hashing.
    func sorted(_ processes: [String: ManagedProcess]) -> [ManagedProcess] {
        processes.values.sorted { $0.name < $1.name }
    }

    func report(_ process: ManagedProcess, _ text: String) {
        settings.report("\(process.role.name) \(process.name): \(text)")
    }
}

@available(*, unavailable, message: "a manager stays on its event loop")
extension Manager: Sendable {}
