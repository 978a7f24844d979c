import TradingModel

extension ProcessStateMachine {
    /// When `tick` should come next; `nil` when nothing is waited for.
    package var nextDeadline: MonotonicTime? {
        var next: MonotonicTime?
        func consider(_ time: MonotonicTime?) {
            guard let time else { return }
            next = min(next ?? time, time)
        }
        for deadline in [deadlines.ready, deadlines.repeatRequest, deadlines.confirmation, healthDeadline] {
            consider(deadline.flatMap { clock.dueTime(bus: $0) })
        }
        for deadline in [deadlines.stable, deadlines.kill, deadlines.stuck, deadlines.restart] {
            consider(deadline.map { clock.dueTime(manager: $0) })
        }
        return next
    }

    /// When the health gets worse, on the bus clock; `nil` when it cannot.
    private var healthDeadline: MonotonicTime? {
        switch health {
        case .ok: [lateDeadline, staleDeadline].compactMap(\.self).min()
        case .feedStale: lateDeadline
        case .late: deadlines.lastHeartbeat.map { $0 + policy.stalledAfter }
        case .stalled: nil
        }
    }

    private var lateDeadline: MonotonicTime? { deadlines.lastHeartbeat.map { $0 + policy.lateAfter } }

    /// When market data has been missing for too long, for a strategy that wants to be told.
    private var staleDeadline: MonotonicTime? {
        guard let limit = policy.feedStaleAfter else { return nil }
        return deadlines.lastTick.map { $0 + limit }
    }

    mutating func checkDeadlines(_ now: MonotonicTime) {
        let managerTime = clock.managerTime(now)
        if let stable = deadlines.stable, stable <= managerTime {
            deadlines.stable = nil
            budget.clear()
        }
        switch status {
        case .starting where isBusDeadlineDue(deadlines.ready, now):
            notReady(now)
        case .running, .paused:
            checkHealth(now)
            if isReady { checkConfirmation(now) }
        case .stopping:
            checkEnd(managerTime)
        case .backoff:
            if let restart = deadlines.restart, restart <= managerTime {
                spawn(reason: "restart after: \(reason)", now)
            }
        case .stopped, .starting, .error, .stuck:
            break
        }
    }

    private func isBusDeadlineDue(_ deadline: MonotonicTime?, _ now: MonotonicTime) -> Bool {
        guard let deadline, !clock.isBusLost else { return false }
        return deadline <= clock.busTime(now)
    }

    private mutating func notReady(_ now: MonotonicTime) {
        let words = "not ready within \(seconds(policy.readyTimeout)) s"
        beginStopping(then: .fail(words), reason: words, isForced: true, now)
    }

    private mutating func checkHealth(_ now: MonotonicTime) {
        // Two steps at most: a tick that comes late may find the process stalled at once.
        while isBusDeadlineDue(healthDeadline, now) {
            if health == .ok, staleDeadline == healthDeadline, let limit = policy.feedStaleAfter {
                setHealth(.feedStale)
                actions.append(.raiseAlarm("no market data for \(seconds(limit)) s"))
                continue
            }
            guard health == .late else {
                setHealth(.late)
                continue
            }
            setHealth(.stalled)
            let words = "no heartbeat for \(seconds(policy.stalledAfter)) s"
            guard policy.isRestartedOnStall else { return actions.append(.raiseAlarm(words)) }
            actions.append(.raiseAlarm("\(words); it is killed and started again"))
            beginStopping(then: .fail(words), reason: words, isForced: true, now)
        }
    }

    private mutating func checkConfirmation(_ now: MonotonicTime) {
        if isBusDeadlineDue(deadlines.confirmation, now) {
            deadlines.confirmation = nil
            isConfirmationOverdue = true
        }
        guard isBusDeadlineDue(deadlines.repeatRequest, now), let wanted = unconfirmedRequest else { return }
        sendRequest(wanted, now)
    }

    private mutating func checkEnd(_ managerTime: MonotonicTime) {
        if let kill = deadlines.kill, kill <= managerTime {
            deadlines.kill = nil
            deadlines.stuck = managerTime + policy.stuckAfter
            sendEndSignals()
        } else if let stuck = deadlines.stuck, stuck <= managerTime {
            deadlines = Deadlines()
            setStatus(.stuck, reason: "cannot be killed; no other copy is started")
            actions.append(.raiseAlarm(stuckReason))
        }
    }

    /// Seconds as text, exact to the millisecond.
    func seconds(_ duration: Duration) -> String {
        let milliseconds = duration.wholeNanoseconds / 1_000_000
        guard milliseconds % 1000 != 0 else { return String(milliseconds / 1000) }
        let fraction = String(milliseconds % 1000)
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.utf8.count))\(fraction)"
    }
}
