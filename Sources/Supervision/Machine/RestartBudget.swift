import TradingModel

/// Counts unstable ends of one process and gives the pause before the next start.
struct RestartBudget: Sendable {
    /// What to do after an unstable end.
    enum Verdict: Equatable {
        /// Start again after this pause.
        case restart(after: Duration)
        /// Too many ends in too short a time; the pause is for those that are started again all the same.
        case exhausted(after: Duration)
    }

    private var exits: [MonotonicTime] = []
    private var restartCount = 0
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// Forgets the past: an operator started the process, or it has run long enough.
    mutating func clear() {
        exits.removeAll(keepingCapacity: true)
        restartCount = 0
    }

    /// The ends that count, oldest first.
    var ends: [MonotonicTime] { exits }

    /// Takes over the ends that an earlier manager counted; the next pause is as long as if it had been this one.
    mutating func restore(_ ends: [MonotonicTime]) {
        exits = Array(ends.suffix(Limits.unstableExitsMax))
        restartCount = exits.count
    }

    /// The pause after the last recorded end once more, since nobody knows how much of it is over.
    mutating func repeatPause(policy: RestartPolicy) -> Duration {
        restartCount = max(0, restartCount - 1)
        return nextPause(policy: policy)
    }

    /// Records an unstable end.
    mutating func recordExit(at now: MonotonicTime, policy: RestartPolicy) -> Verdict {
        exits.removeAll { now - $0 > policy.unstableWindow }
        exits.append(now)
        let pause = nextPause(policy: policy)
        guard exits.count >= policy.unstableExitsMax else { return .restart(after: pause) }
        if policy.isPersistent { exits.removeAll(keepingCapacity: true) }
        return .exhausted(after: pause)
    }

    private mutating func nextPause(policy: RestartPolicy) -> Duration {
        let initial = policy.backoffInitial.wholeNanoseconds
        let longest = policy.backoffMax.wholeNanoseconds
        var pause = initial
        for _ in 0..<restartCount where pause < longest { pause = min(pause * 2, longest) }
        // The policy's longest time is a day, so a doubled pause stays far below the range of Int64.
        if pause < longest { restartCount += 1 }
        let spread = (generator.nextUnit() * 2 - 1) * policy.jitter
        return .nanoseconds(pause + Int64(Double(pause) * spread))
    }
}
