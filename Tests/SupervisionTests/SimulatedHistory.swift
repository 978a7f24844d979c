import TradingModel

@testable import Supervision

/// One history of virtual processes, messages, faults and commands around a state machine, all drawn from a seed.
///
/// The checks keep their own account of what happened, so that they do not repeat the machine's reasoning.
struct SimulatedHistory {
    /// What happens at a moment.
    enum Happening {
        case command(Machine.Event)
        case spawnAnswered(epoch: UInt32)
        case becomesReady(epoch: UInt32)
        case beats(epoch: UInt32)
        case fails(epoch: UInt32, ChildEnd)
        case hangs(epoch: UInt32)
        case hears(epoch: UInt32, Request)
        case arrives(Machine.Event, epoch: UInt32)
        case busLost, busBack
        case stall(Duration)
        case managerKilled, managerBack
    }

    enum Request {
        case stop, pause, resume, terminate, kill
    }

    /// A process, or one that is being spawned.
    struct VirtualProcess {
        var epoch: UInt32
        /// Which manager started it.
        var manager: Int
        var isAlive = true
        var isReady = false
        var isHung = false
        var isPaused: Bool
        var isEnding = false
        var obeysTerminate = true
        var killDelay: Duration = .milliseconds(2)
    }

    static let faultsEnd = MonotonicTime(nanoseconds: 90_000_000_000)
    static let end = MonotonicTime(nanoseconds: 1_500_000_000_000)

    var generator: SeededGenerator
    var machine: Machine
    let policy: RestartPolicy
    let kind: Machine.Kind
    var now = MonotonicTime(nanoseconds: 0)
    var queue: [(time: MonotonicTime, happening: Happening)] = []
    var process: VirtualProcess?
    var isBusLost = false
    /// Set while no manager runs; the machine is that of the last one.
    var isManagerAway = false
    var managerCount = 1
    /// How the process ended while no manager saw it.
    var unseenEnd: (epoch: UInt32, status: ChildEnd)?
    /// Commands by id with the epoch at which they were given, for the next manager to see through.
    var given: [(id: String, event: Machine.Event, epoch: UInt32)] = []
    /// Commands that nobody has taken yet.
    var waiting: [Machine.Event] = []
    var isFinalStartSent = false
    var lastDelivery = MonotonicTime(nanoseconds: 0)

    var account: HistoryAccount
    var trace: [String] = []
    let isTraced: Bool

    init(seed: UInt64, isTraced: Bool = false) {
        generator = SeededGenerator(seed: seed)
        self.isTraced = isTraced
        kind = generator.next() % 5 == 0 ? .service : .executor
        var policy = kind == .service ? RestartPolicy.service : .executor
        let modes: [RestartPolicy.Mode] = [.onFailure, .onFailure, .onFailure, .always, .never]
        if kind == .executor { policy.mode = modes[Int(generator.next() % 5)] }
        self.policy = policy
        machine = Machine(kind: kind, policy: policy, seed: seed)
        account = HistoryAccount(policy: policy)
        planCommandsAndOutages()
    }

    /// Runs to the end; returns what went wrong first, or `nil`.
    mutating func run() -> String? {
        while account.violation == nil, let next = nextStep() {
            now = max(now, next.time)
            if let index = next.index {
                happen(queue.remove(at: index).happening)
            } else {
                handle(.tick)
            }
            if now > Self.faultsEnd, isSettled { break }
        }
        return account.violation ?? finalViolation()
    }

    // MARK: - Plan

    private mutating func planCommandsAndOutages() {
        for index in 0..<Int(3 + generator.next() % 6) {
            let id = "c\(index)"
            let commands: [Machine.Event] = [
                .operatorStart(commandID: id), .operatorStart(commandID: id), .operatorStop(commandID: id),
                .operatorRestart(commandID: id), .operatorPause(commandID: id),
                .operatorResume(commandID: id),
            ]
            let isFirst = index == 0
            let command = isFirst ? commands[0] : commands[Int(generator.next() % 6)]
            plan(.command(command), after: isFirst ? .zero : time(upTo: 80))
            // Commands in a burst meet in the same state more often.
            if chance(0.2) { now = queue[queue.count - 1].time }
        }
        now = MonotonicTime(nanoseconds: 0)
        if chance(0.2) {
            let start = time(upTo: 70)
            plan(.busLost, after: start)
            plan(.busBack, after: start + time(upTo: 20))
        }
        if chance(0.2) { plan(.stall(time(upTo: 15)), after: time(upTo: 75)) }
        for _ in 0..<2 where chance(0.25) {
            let kill = time(upTo: 70)
            plan(.managerKilled, after: kill)
            plan(.managerBack, after: kill + time(upTo: chance(0.5) ? 0.3 : 15))
        }
    }

    mutating func chance(_ probability: Double) -> Bool { generator.nextUnit() < probability }

    /// A fault of this probability; none once the faults have ended.
    mutating func fault(_ probability: Double) -> Bool { chance(probability) && now < Self.faultsEnd }

    mutating func time(upTo seconds: Double) -> Duration {
        .nanoseconds(Int64(generator.nextUnit() * seconds * 1e9))
    }

    mutating func plan(_ happening: Happening, after delay: Duration) {
        queue.append((now + delay, happening))
    }

    private func nextStep() -> (time: MonotonicTime, index: Int?)? {
        var best: (time: MonotonicTime, index: Int?)?
        for (index, entry) in queue.enumerated() where entry.time < best?.time ?? Self.end {
            best = (entry.time, index)
        }
        if !isManagerAway, let deadline = machine.nextDeadline, deadline < best?.time ?? Self.end {
            return (deadline, nil)
        }
        return best
    }

    private var isSettled: Bool {
        guard !isManagerAway, isFinalStartSent || machine.status != .error else { return false }
        let isQuiet = queue.allSatisfy { if case .beats = $0.happening { true } else { false } }
        return isQuiet && machine.pendingCommandCount == 0 && finalViolation() == nil
    }

    // MARK: - Machine

    mutating func handle(_ event: Machine.Event) {
        guard !isManagerAway else { return }
        if isTraced { trace.append("\(now.nanoseconds / 1_000_000) ms: \(event)") }
        account.before(event, now: now, machine: machine)
        let actions = machine.handle(event, now: now)
        for action in actions {
            if isTraced { trace.append("    \(action)") }
            account.record(action, cause: event, now: now, hasLiveProcess: process?.isAlive == true)
            perform(action)
        }
        if machine.status == .error, now > Self.faultsEnd, !isFinalStartSent {
            isFinalStartSent = true
            plan(.command(.operatorStart(commandID: "final")), after: .seconds(1))
        }
    }

    private mutating func perform(_ action: Machine.Action) {
        switch action {
        case .spawn(let epoch, let isPaused):
            var new = VirtualProcess(epoch: epoch, manager: managerCount, isPaused: isPaused)
            if fault(0.1) { new.obeysTerminate = false }
            if fault(0.05) { new.killDelay = time(upTo: 25) }
            process = new
            plan(.spawnAnswered(epoch: epoch), after: .milliseconds(fault(0.1) ? 40 : 1))
        case .sendStop(let epoch): send(.stop, epoch)
        case .sendPause(let epoch): send(.pause, epoch)
        case .sendResume(let epoch): send(.resume, epoch)
        case .signalTerminate(let epoch): plan(.hears(epoch: epoch, .terminate), after: .milliseconds(1))
        case .signalKill(let epoch): plan(.hears(epoch: epoch, .kill), after: .milliseconds(1))
        case .setStatus, .setHealth, .setDesired, .finishCommand, .raiseAlarm: break
        }
    }

    /// A message to the process: lost without a bus, and now and then with one.
    private mutating func send(_ request: Request, _ epoch: UInt32) {
        guard !isBusLost, !fault(0.1) else { return }
        plan(.hears(epoch: epoch, request), after: .milliseconds(1))
    }

    /// A message from the process; messages arrive in the order in which they were sent.
    mutating func deliver(_ event: Machine.Event, _ epoch: UInt32) {
        guard !isBusLost, !fault(0.1) else { return }
        lastDelivery = max(lastDelivery + .nanoseconds(1), now + time(upTo: 0.005))
        queue.append((lastDelivery, .arrives(event, epoch: epoch)))
    }

    // MARK: - Verdict

    private func finalViolation() -> String? {
        if isManagerAway { return "no manager came back" }
        let live = process?.isAlive == true
        let unfinished = account.openCommands.sorted()
        guard unfinished.isEmpty else { return "commands without an end: \(unfinished)" }
        switch (machine.desired, machine.status) {
        case (.running, .running):
            return live && process?.isPaused == false ? nil : "the process does not run"
        case (.paused, .paused): return live && process?.isPaused == true ? nil : "the process is not paused"
        case (.stopped, .stopped): return live ? "the process runs" : nil
        case (_, .error) where !isFinalStartSent: return nil
        default: return "desired \(machine.desired), observed \(machine.status) (\(machine.reason))"
        }
    }
}
