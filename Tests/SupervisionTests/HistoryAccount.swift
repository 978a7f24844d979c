import TradingModel

@testable import Supervision

/// Keeps count of a simulated history and notices broken promises.
struct HistoryAccount {
    private let policy: RestartPolicy
    private(set) var violation: String?
    private(set) var openCommands: Set<String> = []
    private(set) var epochs: [UInt32] = []
    private(set) var automaticRestartCount = 0
    private var endedCommands: Set<String> = []
    private var automaticRestarts: [MonotonicTime] = []
    private var backoffStart: MonotonicTime?
    private var backoffCount = 0
    private var readySince: MonotonicTime?
    /// How long the manager has been stalled so far.
    var stalled: Duration = .zero

    init(policy: RestartPolicy) { self.policy = policy }

    mutating func before(_ event: Machine.Event, now: MonotonicTime, machine: Machine) {
        let time = now - stalled
        switch event {
        case .operatorStart(let id):
            open(id)
            reset()
        case .operatorRestart(let id):
            open(id)
            reset()
        case .operatorStop(let id), .operatorPause(let id), .operatorResume(let id):
            open(id)
        case .tick, .exited:
            // The machine may learn of stability with a tick only, so the account grants it at that very moment too.
            if machine.isReady, let readySince, time - readySince >= policy.stableAfter { reset() }
        default:
            break
        }
    }

    /// The next manager knows of the unstable ends; how many restarts there were otherwise is forgotten.
    mutating func managerWasReplaced(unstableEndCount: Int, isPausing: Bool) {
        if unstableEndCount == 0 { automaticRestarts = [] }
        backoffCount = max(0, unstableEndCount - (isPausing ? 1 : 0))
        backoffStart = nil
        readySince = nil
    }

    mutating func record(
        _ action: Machine.Action, cause: Machine.Event, now: MonotonicTime, hasLiveProcess: Bool
    ) {
        let time = now - stalled
        switch action {
        case .spawn(let epoch, _):
            if hasLiveProcess { violation = "second live copy, epoch \(epoch)" }
            if let last = epochs.last, epoch <= last { violation = "epoch \(epoch) after \(last)" }
            epochs.append(epoch)
            if cause == .tick { checkAutomaticRestart(at: time) }
        case .setStatus(let status, _):
            readySince = status == .running || status == .paused ? readySince ?? time : nil
            if status == .backoff { backoffStart = time }
            if status == .stopped || status == .error { backoffStart = nil }
        case .finishCommand(let id, _):
            if openCommands.remove(id) == nil { violation = "command \(id) ended twice or was never given" }
            endedCommands.insert(id)
        default:
            break
        }
    }

    private mutating func open(_ id: String?) {
        if let id { openCommands.insert(id) }
    }

    private mutating func reset() {
        automaticRestarts = []
        backoffCount = 0
    }

    private mutating func checkAutomaticRestart(at time: MonotonicTime) {
        automaticRestartCount += 1
        if policy.mode == .never { violation = "restart although the policy says never" }
        automaticRestarts.append(time)
        automaticRestarts.removeAll { time - $0 > policy.unstableWindow }
        if !policy.isPersistent, automaticRestarts.count >= policy.unstableExitsMax {
            violation = "\(automaticRestarts.count) restarts within the window"
        }
        var nominal = policy.backoffInitial
        for _ in 0..<backoffCount { nominal = min(nominal * 2, policy.backoffMax) }
        backoffCount += 1
        guard let start = backoffStart else { return violation = "restart without a pause" }
        let pause = time - start
        let tolerance: Duration = .nanoseconds(2)
        if pause < nominal * 0.8 - tolerance || pause > nominal * 1.2 + tolerance {
            violation = "pause \(pause) instead of \(nominal)"
        }
    }
}
