public import TradingModel

extension StrategyContext {
    /// Calls `onTimer` once, `delay` from now; replaces a timer of that name. A negative delay is none.
    public func setTimer(_ name: String, after delay: Duration) {
        timers.set(name, due: dueTime(delay), interval: 0)
        refreshDeadline()
    }

    /// Calls `onTimer` again and again, first one `interval` from now; replaces a timer of that name.
    ///
    /// Traps when the interval is below a microsecond.
    public func setTimer(_ name: String, every interval: Duration) {
        precondition(interval >= .microseconds(1), "a timer's interval is at least a microsecond")
        timers.set(name, due: dueTime(interval), interval: interval.wholeNanoseconds)
        refreshDeadline()
    }

    /// Forgets a timer.
    public func cancelTimer(_ name: String) {
        timers.cancel(name)
        refreshDeadline()
    }

    /// Asks for time bars of an instrument, built from its trades, or from the mids of its quotes as long as
    /// it has had no trade; aligned to the epoch, stamped at their close, delivered through `onBar`.
    ///
    /// Intervals without a price have no bar. An unknown instrument is ignored; traps when the interval is
    /// below a millisecond.
    public func subscribeBars(_ token: InstrumentToken, every interval: Duration) {
        precondition(interval >= .milliseconds(1), "a bar lasts at least a millisecond")
        guard let index = index(token), bars.add(index, interval: interval.wholeNanoseconds) else { return }
        states[index].hasBars = true
    }

    private func dueTime(_ delay: Duration) -> Int64 {
        let (due, overflow) = now.nanoseconds.addingReportingOverflow(max(delay, .zero).wholeNanoseconds)
        return overflow ? .max : due
    }
}
