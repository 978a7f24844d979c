import TradingModel

/// The named timers of a strategy.
struct TimerQueue {
    private struct Timer {
        var name: String
        var due: Int64
        /// Zero for a timer that fires once.
        var interval: Int64
        /// Ascends in the order of creation; breaks ties.
        var order: UInt64
    }

    private var timers: [Timer] = []
    private var created: UInt64 = 0

    /// The earliest time at which one is due; the far future when there is none.
    private(set) var nextDue = Int64.max

    /// Sets or replaces a timer.
    mutating func set(_ name: String, due: Int64, interval: Int64) {
        timers.removeAll { $0.name == name }
        precondition(timers.count < Limits.timersMax, "a strategy has at most \(Limits.timersMax) timers")
        created += 1
        timers.append(Timer(name: name, due: due, interval: interval, order: created))
        refresh()
    }

    mutating func cancel(_ name: String) {
        timers.removeAll { $0.name == name }
        refresh()
    }

    /// Takes the timer that is first due, by time then creation; a repeating one stays, due one interval
    /// later.
    mutating func popFirst() -> (name: String, isRepeating: Bool)? {
        guard let index = firstIndex else { return nil }
        let timer = timers[index]
        if timer.interval > 0 { advance(index, past: timer.due) } else { timers.remove(at: index) }
        refresh()
        return (timer.name, timer.interval > 0)
    }

    /// Moves repeating timers past a time without firing them, in phase; returns how many firings that skips.
    mutating func skip(past time: Int64) -> UInt64 {
        var skipped: UInt64 = 0
        for index in timers.indices where timers[index].interval > 0 && timers[index].due <= time {
            skipped += UInt64((time - timers[index].due) / timers[index].interval) + 1
            advance(index, past: time)
        }
        refresh()
        return skipped
    }

    private var firstIndex: Int? {
        timers.indices.min { left, right in
            (timers[left].due, timers[left].order) < (timers[right].due, timers[right].order)
        }
    }

    /// Makes a repeating timer due at the first time of its phase after `time`; never when that is past all
    /// time.
    private mutating func advance(_ index: Int, past time: Int64) {
        let interval = timers[index].interval
        let periods = (time - timers[index].due) / interval + 1
        let (step, isTooLong) = periods.multipliedReportingOverflow(by: interval)
        let (due, isPastEnd) = timers[index].due.addingReportingOverflow(step)
        timers[index].due = isTooLong || isPastEnd ? .max : due
    }

    private mutating func refresh() { nextDue = timers.lazy.map(\.due).min() ?? .max }
}
