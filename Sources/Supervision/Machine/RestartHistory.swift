package import TradingModel

/// What is on record of a strategy's processes, from which a new manager rebuilds the restart budget.
///
/// So a crash loop does not begin anew with every manager: the ends that count are those a manager without interruption
/// would have counted.
package struct RestartHistory: Sendable {
    /// A process that has ended, or the one that lives.
    package struct Process: Sendable {
        /// When it was ready; `nil` when it never was.
        package let readyAt: Timestamp?
        /// When it ended; `nil` for one that has not, as far as is known.
        package let endedAt: Timestamp?
        /// Whether it ended with exit code 0, as it does when it is told to.
        package let isOrderly: Bool

        package init(readyAt: Timestamp?, endedAt: Timestamp?, isOrderly: Bool) {
            self.readyAt = readyAt
            self.endedAt = endedAt
            self.isOrderly = isOrderly
        }
    }

    /// Newest first.
    package let processes: [Process]
    /// When an operator last started or restarted it, which forgives all before; `nil` for never.
    package let forgivenAt: Timestamp?

    package init(processes: [Process], forgivenAt: Timestamp?) {
        self.processes = processes
        self.forgivenAt = forgivenAt
    }

    /// How long ago the ends were that still count, longest first; empty when none does.
    ///
    /// A clock that was set back makes an end look like one to come, which counts as one of this moment.
    package func unstableEndAges(policy: RestartPolicy, now: Timestamp) -> [Duration] {
        var ages: [Duration] = []
        for process in processes {
            if let forgivenAt, (process.endedAt ?? now) <= forgivenAt { break }
            let isStable =
                process.readyAt.map { (process.endedAt ?? now) - $0 >= policy.stableAfter } ?? false
            if let endedAt = process.endedAt, !process.isOrderly {
                let age = max(.zero, now - endedAt)
                guard age <= policy.unstableWindow, ages.count < policy.unstableExitsMax else { break }
                ages.append(age)
            }
            // It had run long enough for those before it to be forgotten.
            if isStable { break }
        }
        return ages.reversed()
    }
}
