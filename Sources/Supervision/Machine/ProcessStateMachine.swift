/// Decides about one supervised process: what to do when something happens. Does no input or output itself.
///
/// States: stopped, starting, running, paused, stopping, backoff, error, stuck. There is a process, or a spawn without
/// an answer yet, in starting, running, paused, stopping and stuck, and in these no other one is ever spawned.
///
/// - stopped, error: nothing runs; a start command, or `managerStarted` with a desired state, leads to starting, and a
///   process that was found alive to its own state.
/// - starting: spawned, not ready. An end or the ready timeout leads to backoff, or to error when the budget is used.
/// - running, paused: ready. What the process confirms is the state; while it differs from the desired one the
///   request is repeated. Exit 0 leads to stopped, exit 78 to error, other ends and the watchdog to backoff.
/// - stopping: told to end; SIGKILL after the stop timeout, stuck if that does not help either. What follows the
///   end (nothing, another start, backoff, error) is decided by the last command or the cause.
/// - backoff: waits for the next start.
///
/// A command stays open until its effect is observed, fails with the reason of an error, or gives way to a later one.
package struct ProcessStateMachine: Sendable {
    /// What is supervised.
    package let kind: Kind
    /// When to start again and how long to wait; a change counts for the deadlines set after it.
    package var policy: RestartPolicy

    /// What was observed.
    package internal(set) var status: Status = .stopped
    /// Why the status is what it is; empty when that is plain.
    package internal(set) var reason = ""
    /// Whether the process answers in time.
    package internal(set) var health: Health = .ok
    /// What the operator wants.
    package internal(set) var desired: DesiredState
    /// The epoch of the current or last process; 0 before the first.
    package internal(set) var epoch: UInt32
    /// The current process; `nil` when there is none or its spawn has not been answered.
    package internal(set) var pid: Int32?
    /// Whether a process is there, or may be.
    package internal(set) var hasProcess = false

    var afterExit = AfterExit.stop
    var isManagerStopping = false
    var startsPaused = false
    var isModeKnown = true
    var unconfirmedRequest: DesiredState?
    var isConfirmationOverdue = false
    var commands: [PendingCommand] = []
    var budget: RestartBudget
    var clock = ShiftingClock()
    var deadlines = Deadlines()
    var actions: [Action] = []

    /// A machine without a process. `lastEpoch` is the highest epoch ever used; `seed` drives the jitter of pauses.
    ///
    /// `lastError` puts it into the state error, as it was left by an earlier manager.
    package init(
        kind: Kind, policy: RestartPolicy, desired: DesiredState = .stopped, lastEpoch: UInt32 = 0,
        seed: UInt64,
        lastError: String? = nil
    ) {
        self.kind = kind
        self.policy = policy
        self.desired = desired
        epoch = lastEpoch
        budget = RestartBudget(seed: seed)
        if let lastError {
            status = .error
            reason = lastError
        }
    }

    /// Takes in one event and says what to do. `now` must not go back.
    package mutating func handle(_ event: Event, now: MonotonicTime) -> [Action] {
        switch event {
        case .operatorStart(let id): start(id, now)
        case .operatorStop(let id): stop(id, now)
        case .operatorRestart(let id): restart(id, now)
        case .operatorPause(let id): changeMode(to: .paused, id, now)
        case .operatorResume(let id): changeMode(to: .running, id, now)
        case .managerStarted: managerStarted(now)
        case .managerStopping: managerStopping(now)
        case .adopted(let pid, let epoch, let mode): adopt(pid, epoch, mode, now)
        case .foundEnded(let epoch, let status, let reason): foundEnded(epoch, status, reason, now)
        case .foundFailed(let reason): foundFailed(reason, now)
        case .fellBack(let reason): fallBack(reason, now)
        case .spawned(let pid, let epoch): spawned(pid, epoch, now)
        case .spawnFailed(let reason, let isTransient): spawnFailed(reason, isTransient, now)
        case .ready(let epoch): ready(epoch, now)
        case .pausedConfirmed(let epoch): confirmed(.paused, epoch, now)
        case .resumedConfirmed(let epoch): confirmed(.running, epoch, now)
        case .heartbeat(let epoch): heartbeat(epoch, now)
        case .ticked(let epoch): ticked(epoch, now)
        case .exited(let epoch, let status): exited(epoch, status, now)
        case .configurationRejected(let reason): configurationRejected(reason, now)
        case .tick: checkDeadlines(now)
        case .busLost: _ = clock.loseBus(now)
        case .busBack: busBack(now)
        case .managerStalled(let duration): if duration > .zero { clock.skip(duration) }
        }
        settleCommands()
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    /// The reason of a process that ended by itself and in order.
    package static let completedReason = "completed"

    /// Sets what the operator wants before anything has happened; traps while there is a process.
    mutating func want(_ state: DesiredState) {
        precondition(!hasProcess, "a live process is told by events what is wanted")
        desired = state
    }

    /// The unstable ends that count, oldest first.
    var unstableEnds: [MonotonicTime] { budget.ends }

    /// Takes over unstable ends that an earlier manager saw, oldest first; before the first event.
    package mutating func restoreBudget(_ ends: [MonotonicTime]) { budget.restore(ends) }

    /// Takes in that an epoch was used; numbers only rise.
    mutating func keepEpoch(_ used: UInt32) {
        if !hasProcess { epoch = max(epoch, used) }
    }

    /// Whether the process has said that it is ready and has not been told to end.
    package var isReady: Bool { status == .running || status == .paused }

    /// The number of commands without an end.
    package var pendingCommandCount: Int { commands.count }

    // MARK: - Steps shared by the events

    mutating func setStatus(_ newStatus: Status, reason newReason: String = "") {
        guard newStatus != status || newReason != reason else { return }
        status = newStatus
        reason = newReason
        actions.append(.setStatus(newStatus, reason: newReason))
    }

    mutating func setHealth(_ newHealth: Health) {
        guard newHealth != health else { return }
        health = newHealth
        actions.append(.setHealth(newHealth))
    }

    /// Spawns the next epoch; the caller has made sure that no process is there.
    mutating func spawn(reason: String = "", _ now: MonotonicTime) {
        precondition(!hasProcess, "a second copy of a process must never be started")
        epoch += 1
        hasProcess = true
        pid = nil
        startsPaused = desired == .paused && kind == .executor
        isModeKnown = true
        forgetConfirmations()
        deadlines = Deadlines()
        deadlines.ready = clock.busTime(now) + policy.readyTimeout
        setStatus(.starting, reason: reason)
        actions.append(.spawn(epoch: epoch, isPaused: startsPaused))
    }

    /// Begins to end the process: politely, or by force when it does not listen anyway.
    mutating func beginStopping(
        then next: AfterExit, reason: String, isForced: Bool = false, _ now: MonotonicTime
    ) {
        afterExit = next
        forgetConfirmations()
        deadlines = Deadlines()
        setStatus(.stopping, reason: reason)
        if isForced {
            deadlines.stuck = clock.managerTime(now) + policy.stuckAfter
        } else {
            deadlines.kill = clock.managerTime(now) + policy.stopTimeout
        }
        sendEndSignals()
    }

    /// Stop message and SIGTERM, or SIGKILL when the time for these is over.
    mutating func sendEndSignals() {
        guard pid != nil else { return }
        if deadlines.kill != nil {
            actions.append(.sendStop(epoch: epoch))
            actions.append(.signalTerminate(epoch: epoch))
        } else {
            actions.append(.signalKill(epoch: epoch))
        }
    }

    /// No process any more.
    mutating func clearProcess() {
        hasProcess = false
        pid = nil
        forgetConfirmations()
        deadlines = Deadlines()
        setHealth(.ok)
    }

    mutating func forgetConfirmations() {
        unconfirmedRequest = nil
        isConfirmationOverdue = false
    }
}

extension ProcessStateMachine {
    /// What follows the end of a process that was told to end.
    enum AfterExit: Equatable {
        /// Nothing.
        case stop
        /// The next epoch at once.
        case startAgain
        /// An unstable end: the budget decides.
        case fail(String)
        /// An error.
        case reject(String)
    }

    /// Moments at which `tick` has something to do; which clock they are on stands beside them.
    struct Deadlines: Equatable {
        /// Bus clock: the process should be ready.
        var ready: MonotonicTime?
        /// Bus clock: the last heartbeat.
        var lastHeartbeat: MonotonicTime?
        /// Bus clock: the last record of market data, or the start.
        var lastTick: MonotonicTime?
        /// Bus clock: a pause or resume request is repeated.
        var repeatRequest: MonotonicTime?
        /// Bus clock: a pause or resume command fails unless it was confirmed.
        var confirmation: MonotonicTime?
        /// Manager's clock: earlier unstable ends are forgotten.
        var stable: MonotonicTime?
        /// Manager's clock: SIGKILL.
        var kill: MonotonicTime?
        /// Manager's clock: the process cannot be killed.
        var stuck: MonotonicTime?
        /// Manager's clock: the next start.
        var restart: MonotonicTime?
    }
}
