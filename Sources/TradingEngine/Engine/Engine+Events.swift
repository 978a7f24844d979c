package import TradingModel

extension Engine {
    /// Processes records in order; see `process(_:)` for one.
    package func process(_ events: UnsafeBufferPointer<MarketEvent>) {
        for event in events { process(event) }
    }

    /// Processes one record with all its consequences. Ignored before `start` and after `stop`.
    package func process(_ event: MarketEvent) {
        if phase != .running, !isReady(for: event) { return }
        counters.pointee.events += 1
        let time = event.receiveTime
        if time >= context.now {
            if time.nanoseconds >= context.core.pointee.nextDeadline { fireDeadlines(until: time) }
            context.now = time
        } else {
            counters.pointee.outOfOrder += 1
        }
        let index = event.token == .feedWide ? -1 : context.table.index(of: event.token)
        switch event.kind {
        case .quote: onQuote(event, index)
        case .trade: onTrade(event, index)
        case .bar, .barVolume: onBar(event, index)
        case .depth: onDepth(event, index)
        case .status: onStatus(event, index)
        case .gap: onGap(event, index)
        case nil:
            counters.pointee.invalid += 1
            passTime(event)
        }
        if context.core.pointee.hasWork { drain() }
    }

    // MARK: - Records by kind

    private func onQuote(_ event: MarketEvent, _ index: Int) {
        guard index >= 0 else { return onForeign(event) }
        let quote = event.quote
        guard quote.bid > .zero, quote.ask >= quote.bid, quote.bidSize >= .zero, quote.askSize >= .zero else {
            return onInvalid(event)
        }
        let state = context.states + index
        state.pointee.quote = quote
        state.pointee.hasQuote = true
        showVenue(event, index)
        if state.pointee.hasPosition { mark(index) }
        if state.pointee.hasBars {
            addToBars(index, price: quote.mid, size: .zero, isTrade: false)
        }
        guard !context.isPaused else { return withhold() }
        strategy.pointee.onQuote(quote, token: event.token, context: context)
    }

    private func onTrade(_ event: MarketEvent, _ index: Int) {
        guard index >= 0 else { return onForeign(event) }
        let trade = event.trade
        guard trade.price > .zero, trade.size >= .zero else { return onInvalid(event) }
        let state = context.states + index
        state.pointee.lastPrice = trade.price
        state.pointee.hasLastPrice = true
        showVenue(event, index)
        if state.pointee.hasPosition { mark(index) }
        if state.pointee.hasBars { addToBars(index, price: trade.price, size: trade.size, isTrade: true) }
        guard !context.isPaused else { return withhold() }
        strategy.pointee.onTrade(trade, token: event.token, context: context)
    }

    private func onBar(_ event: MarketEvent, _ index: Int) {
        guard index >= 0 else { return onForeign(event) }
        let state = context.states + index
        if event.kind == .barVolume {
            guard event.word0 >= 0, event.word1 >= 0 else { return onInvalid(event) }
            state.pointee.barVolume = Quantity(e8: event.word0)
            state.pointee.barDurationNanoseconds = event.word1
            showVenue(event, index)
            return
        }
        let bar = Bar(
            open: Price(e8: event.word0), high: Price(e8: event.word1), low: Price(e8: event.word2),
            close: Price(e8: event.word3), volume: state.pointee.barVolume,
            durationNanoseconds: state.pointee.barDurationNanoseconds)
        state.pointee.barVolume = .zero
        state.pointee.barDurationNanoseconds = 0
        guard bar.low > .zero, bar.low <= min(bar.open, bar.close), bar.high >= max(bar.open, bar.close)
        else {
            return onInvalid(event)
        }
        state.pointee.lastPrice = bar.close
        state.pointee.hasLastPrice = true
        showVenue(event, index)
        if state.pointee.hasPosition { mark(index) }
        guard !context.isPaused else { return withhold() }
        strategy.pointee.onBar(bar, token: event.token, context: context)
    }

    private func onDepth(_ event: MarketEvent, _ index: Int) {
        guard index >= 0 else { return onForeign(event) }
        let update = event.depth
        guard update.price > .zero, update.size >= .zero else { return onInvalid(event) }
        showVenue(event, index)
        guard !context.isPaused else { return withhold() }
        strategy.pointee.onBook(update, token: event.token, context: context)
    }

    private func onStatus(_ event: MarketEvent, _ index: Int) {
        guard index >= 0 || event.token == .feedWide else { return onForeign(event) }
        showVenue(event, index)
        guard let status = event.feedStatus else {
            counters.pointee.invalid += 1
            return
        }
        if index >= 0, status == .tradingHalted { context.states[index].isHalted = true }
        if index >= 0, status == .tradingResumed { context.states[index].isHalted = false }
        guard status != .heartbeat else { return }
        guard !context.isPaused else { return withhold() }
        strategy.pointee.onFeedStatus(status, context: context)
    }

    private func onGap(_ event: MarketEvent, _ index: Int) {
        guard index >= 0 || event.token == .feedWide else { return onForeign(event) }
        showVenue(event, index)
        let missing = UInt64(max(event.word1, 0))
        // Both counts come from outside; at the end of the range they stay there.
        let (sum, overflow) = counters.pointee.missing.addingReportingOverflow(missing)
        counters.pointee.missing = overflow ? .max : sum
        guard !context.isPaused else { return withhold() }
        strategy.pointee.onGap(missing: missing, context: context)
    }

    // MARK: - Steps

    /// Lets the venue see a record, and books what it answers.
    private func showVenue(_ event: MarketEvent, _ index: Int) {
        venue.pointee.observe(event, instrument: index, at: context.now, reports: &reports.pointee)
        if !reports.pointee.isEmpty { handleReports() }
    }

    /// Tells the venue of a record's time only.
    private func passTime(_ event: MarketEvent) {
        venue.pointee.observe(event, instrument: -1, at: context.now, reports: &reports.pointee)
        if !reports.pointee.isEmpty { handleReports() }
    }

    private func onForeign(_ event: MarketEvent) {
        counters.pointee.foreign += 1
        passTime(event)
    }

    private func onInvalid(_ event: MarketEvent) {
        counters.pointee.invalid += 1
        passTime(event)
    }

    private func withhold() {
        counters.pointee.withheld += 1
        counters.pointee.missedWhilePaused += 1
    }

    private func mark(_ index: Int) {
        guard let mark = context.states[index].mark else { return }
        if !context.core.pointee.portfolio.mark(index, at: mark) { counters.pointee.invalid += 1 }
    }

    private func addToBars(_ index: Int, price: Price, size: Quantity, isTrade: Bool) {
        context.bars.add(index, price: price, size: size, isTrade: isTrade, at: context.now.nanoseconds)
        context.refreshDeadline()
    }

    /// Whether a record can be processed; begins the session when only its time was missing.
    @inline(never)
    private func isReady(for event: MarketEvent) -> Bool {
        guard phase == .waitingForTime else { return false }
        begin(at: event.receiveTime)
        return phase == .running
    }

    /// Delivers the bars and timers that are due, in order of time, bars before timers. While paused timers
    /// are no deadlines and bars are dropped.
    @inline(never)
    func fireDeadlines(until time: Timestamp) {
        var remaining = Limits.deadlinesPerRecordMax
        let nanoseconds = time.nanoseconds
        while context.core.pointee.nextDeadline <= nanoseconds {
            guard remaining > 0 else {
                counters.pointee.skippedTimers += context.timers.skip(past: nanoseconds)
                context.refreshDeadline()
                return
            }
            remaining -= 1
            if context.core.pointee.venueDeadline == context.core.pointee.nextDeadline {
                advanceVenue()
            } else if context.core.pointee.nextDay == context.core.pointee.nextDeadline {
                context.now = max(context.now, Timestamp(nanoseconds: context.core.pointee.nextDay))
                beginDay()
            } else if context.bars.nextClose == context.core.pointee.nextDeadline {
                fireBar()
            } else {
                fireTimer()
            }
        }
    }

    /// Lets the venue do what is due between two records.
    private func advanceVenue() {
        let due = Timestamp(nanoseconds: context.core.pointee.venueDeadline - 1)
        context.now = max(context.now, due)
        venue.pointee.advance(to: due, reports: &reports.pointee)
        if !reports.pointee.isEmpty { handleReports() }
        if context.core.pointee.hasWork { drain() }
        refreshVenueDeadline()
    }

    private func fireBar() {
        let close = context.bars.nextClose
        guard let (index, bar) = context.bars.popFirst() else { return }
        context.refreshDeadline()
        context.now = max(context.now, Timestamp(nanoseconds: close))
        guard !context.isPaused else { return }
        strategy.pointee.onBar(bar, token: context.instruments[index].token, context: context)
        if context.core.pointee.hasWork { drain() }
    }

    private func fireTimer() {
        let due = context.timers.nextDue
        guard let timer = context.timers.popFirst() else { return }
        context.refreshDeadline()
        context.now = max(context.now, Timestamp(nanoseconds: due))
        strategy.pointee.onTimer(timer.name, context: context)
        if context.core.pointee.hasWork { drain() }
    }
}
