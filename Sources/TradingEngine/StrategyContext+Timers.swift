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

    /// Asks for time bars of an instrument, built from its trades, or from the mids of its quotes as long as it has had no
    /// trade; stamped at their close, delivered through `onBar` before the first record at or after it.
    ///
    /// Without `sessionStart` bars are aligned to the epoch: those of a minute end at whole minutes. With it they are counted
    /// from that time of the UTC day, and one that is under way when the next session starts ends there: an hour's bars
    /// of a session from 14:30 end at 15:30, 16:30 and so on. The offset is fixed: a venue that changes its clocks has another
    /// one in summer.
    ///
    /// Intervals without a price have no bar, and the bar under way when the data end is not delivered. An unknown
    /// instrument is ignored; traps when the interval is below a millisecond, or a session's start not within a day.
    public func subscribeBars(
        _ token: InstrumentToken, every interval: Duration, sessionStart: Duration? = nil
    ) {
        precondition(interval >= .milliseconds(1), "a bar lasts at least a millisecond")
        let start = sessionStart.map { start in
            precondition(start >= .zero && start < .seconds(86_400), "a session starts within a day")
            return start.wholeNanoseconds
        }
        subscribe(token, .time(interval: interval.wholeNanoseconds, start: start))
    }

    /// Asks for bars of so many ticks: trades, or quotes as long as there was no trade. Delivered through `onBar` after the
    /// tick that completes one, at its time; `durationNanoseconds` reaches from the first tick to the last.
    ///
    /// An unknown instrument is ignored; traps unless `ticks` is positive.
    public func subscribeBars(_ token: InstrumentToken, ticks: Int) {
        precondition(ticks > 0, "a bar has at least one tick")
        subscribe(token, .ticks(ticks))
    }

    /// Asks for bars of at least so much traded volume. The trade that fills one up belongs to it whole; it is delivered
    /// through `onBar` after that trade, at its time.
    ///
    /// An unknown instrument is ignored; traps unless `volume` is positive.
    public func subscribeBars(_ token: InstrumentToken, volume: Quantity) {
        precondition(volume > .zero, "a bar has some volume")
        subscribe(token, .volume(volume))
    }

    private func subscribe(_ token: InstrumentToken, _ rule: BarSubscriptions.Rule) {
        guard let index = index(token), bars.add(index, rule) else { return }
        states[index].hasBars = true
    }

    private func dueTime(_ delay: Duration) -> Int64 {
        let (due, overflow) = now.nanoseconds.addingReportingOverflow(max(delay, .zero).wholeNanoseconds)
        return overflow ? .max : due
    }
}
