package import TradingModel

extension Engine {
    /// Processes records in order; see `process(_:)` for one.
    package func process(_ events: UnsafeBufferPointer<MarketEvent>) {
        guard let start = events.baseAddress else { return }
        if isFeedDelayed {
            for event in events { processDelayed(event) }
            return
        }
        // The usual case is written out here, where what it needs stays in registers: valid quotes and trades of an
        // instrument for which nothing rests at the venue. It does exactly what `step` does.
        let core = context.core
        let states = context.states
        var token = InstrumentToken.feedWide
        var state = states
        var index = -1
        for event in start..<start + events.count {
            if event.pointee.token != token {
                token = event.pointee.token
                index = context.table.index(of: token)
                state = states + max(index, 0)
            }
            let time = event.pointee.receiveTime
            guard index >= 0, time >= core.pointee.now, time.nanoseconds < core.pointee.nextDeadline,
                state.pointee.isVenueIdle, core.pointee.isVenueQuiet, !state.pointee.hasBars,
                !core.pointee.isPaused, !core.pointee.isCatchingUp
            else {
                step(event)
                continue
            }
            if event.pointee.rawKind == MarketEventKind.quote.rawValue {
                let quote = event.pointee.quote
                guard quote.isPossible else {
                    step(event)
                    continue
                }
                core.pointee.now = time
                counters.pointee.events &+= 1
                state.pointee.quote = quote
                state.pointee.hasQuote = true
                state.pointee.hasUnseenQuote = true
                if state.pointee.hasPosition { mark(index, at: quote.mid) }
                strategy.pointee.onQuote(quote, token: token, context: context)
            } else if event.pointee.rawKind == MarketEventKind.trade.rawValue, state.pointee.hasQuote {
                let trade = event.pointee.trade
                guard trade.isPossible else {
                    step(event)
                    continue
                }
                core.pointee.now = time
                counters.pointee.events &+= 1
                state.pointee.lastPrice = trade.price
                state.pointee.hasLastPrice = true
                state.pointee.hasUnseenTrade = true
                strategy.pointee.onTrade(trade, token: token, context: context)
            } else {
                step(event)
                continue
            }
            if core.pointee.hasWork { drain() }
        }
    }

    private var isFeedDelayed: Bool { memory.pointee.configuration.feedLatency.hasFeed }

    /// Processes one record with all its consequences. Ignored before `start` and after `stop`.
    package func process(_ event: MarketEvent) {
        if isFeedDelayed { processDelayed(event) } else { processNow(event) }
    }

    func processNow(_ event: MarketEvent) { withUnsafePointer(to: event) { step($0) } }

    /// One record; the records stay where they are, which no callback can change.
    private func step(_ event: UnsafePointer<MarketEvent>) {
        let core = context.core
        let time = event.pointee.receiveTime
        if time >= core.pointee.now, time.nanoseconds < core.pointee.nextDeadline {
            core.pointee.now = time
        } else if !prepare(time) {
            return
        }
        counters.pointee.events &+= 1
        let index = context.table.index(of: event.pointee.token)
        switch event.pointee.rawKind {
        case MarketEventKind.quote.rawValue: onQuote(event, index)
        case MarketEventKind.trade.rawValue: onTrade(event, index)
        default: onOther(event.pointee, event.pointee.token == .feedWide ? -1 : index)
        }
        if core.pointee.hasWork { drain() }
    }

    /// Everything about a record's time but the usual case: the start, deadlines, and records from the past.
    ///
    /// - Returns: whether the record is to be processed.
    @inline(never)
    private func prepare(_ time: Timestamp) -> Bool {
        if phase != .running {
            guard phase == .waitingForTime else { return false }
            begin(at: time)
            guard phase == .running else { return false }
        }
        guard time >= context.now else {
            counters.pointee.outOfOrder += 1
            return true
        }
        if time.nanoseconds >= context.core.pointee.nextDeadline { fireDeadlines(until: time) }
        context.now = time
        return true
    }

    // MARK: - Records by kind

    private func onQuote(_ event: UnsafePointer<MarketEvent>, _ index: Int) {
        guard index >= 0 else { return onForeign(event.pointee) }
        let quote = event.pointee.quote
        guard quote.isPossible else { return onInvalid(event.pointee) }
        let state = context.states + index
        state.pointee.quote = quote
        state.pointee.hasQuote = true
        if state.pointee.isVenueIdle, context.core.pointee.isVenueQuiet {
            state.pointee.hasUnseenQuote = true
        } else {
            showVenue(event.pointee, index)
        }
        if state.pointee.hasPosition { mark(index, at: quote.mid) }
        if state.pointee.hasBars {
            addToBars(index, price: quote.mid, size: .zero, isTrade: false)
        }
        guard !context.isPaused else { return withhold() }
        strategy.pointee.onQuote(quote, token: event.pointee.token, context: context)
        if state.pointee.hasBars { deliverCompletedBars() }
    }

    private func onTrade(_ event: UnsafePointer<MarketEvent>, _ index: Int) {
        guard index >= 0 else { return onForeign(event.pointee) }
        let trade = event.pointee.trade
        guard trade.isPossible else { return onInvalid(event.pointee) }
        let state = context.states + index
        state.pointee.lastPrice = trade.price
        state.pointee.hasLastPrice = true
        if state.pointee.isVenueIdle, context.core.pointee.isVenueQuiet {
            state.pointee.hasUnseenTrade = true
        } else {
            showVenue(event.pointee, index)
        }
        // With a quote the mark is its mid, which a trade does not change.
        if state.pointee.hasPosition, !state.pointee.hasQuote { mark(index, at: trade.price) }
        if state.pointee.hasBars { addToBars(index, price: trade.price, size: trade.size, isTrade: true) }
        guard !context.isPaused else { return withhold() }
        strategy.pointee.onTrade(trade, token: event.pointee.token, context: context)
        if state.pointee.hasBars { deliverCompletedBars() }
    }

    @inline(never)
    private func onOther(_ event: MarketEvent, _ index: Int) {
        switch event.kind {
        case .bar, .barVolume: onBar(event, index)
        case .depth: onDepth(event, index)
        case .status: onStatus(event, index)
        case .gap: onGap(event, index)
        case .quote, .trade, nil:
            counters.pointee.invalid += 1
            passTime(event)
        }
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
        if state.pointee.hasPosition, !state.pointee.hasQuote { mark(index, at: bar.close) }
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
        strategy.pointee.onFeedStatus(status, token: event.token, context: context)
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
        guard !context.core.pointee.isVenueAhead, !context.core.pointee.isCatchingUp else { return }
        venue.pointee.observe(event, instrument: index, at: context.now, reports: &reports.pointee)
        if !reports.pointee.isEmpty { handleReports() }
        if index >= 0 { askVenue(index) }
        if venue.pointee.nextDue.nanoseconds != context.core.pointee.venueDue { refreshVenueDeadline() }
    }

    /// Tells the venue of a record's time only.
    private func passTime(_ event: MarketEvent) {
        guard !context.core.pointee.isVenueAhead, !context.core.pointee.isCatchingUp else { return }
        venue.pointee.observe(event, instrument: -1, at: context.now, reports: &reports.pointee)
        if !reports.pointee.isEmpty { handleReports() }
        // What waits has perhaps arrived; the next record that is shown brings the answer.
        context.core.pointee.isVenueQuiet = false
        if venue.pointee.nextDue.nanoseconds != context.core.pointee.venueDue { refreshVenueDeadline() }
    }

    /// Asks whether an instrument's records can be kept back from now on.
    func askVenue(_ index: Int) {
        let attention = venue.pointee.attention(instrument: index)
        context.states[index].isVenueIdle = attention.isIdle
        context.core.pointee.isVenueQuiet = attention.isQuiet
    }

    /// Shows the venue the latest prices that were kept back while it was idle.
    func showUnseen(_ index: Int) {
        let state = context.states + index
        let token = context.instruments[index].token
        let now = context.now
        if state.pointee.hasUnseenTrade {
            state.pointee.hasUnseenTrade = false
            let trade = Trade(price: state.pointee.lastPrice, size: .zero)
            showVenue(.trade(trade, token: token, eventTime: now, receiveTime: now, sequence: 0), index)
        }
        if state.pointee.hasUnseenQuote {
            state.pointee.hasUnseenQuote = false
            showVenue(
                .quote(state.pointee.quote, token: token, eventTime: now, receiveTime: now, sequence: 0),
                index)
        }
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

    private func mark(_ index: Int, at price: Price) {
        guard !context.core.pointee.isCatchingUp else { return }
        if !context.core.pointee.portfolio.mark(index, at: price) { counters.pointee.invalid += 1 }
        if context.core.pointee.portfolio.isFloorReached { noteBreach() }
    }

    /// Bars that the present record has completed.
    private func deliverCompletedBars() {
        guard context.bars.hasCompleted else { return }
        for (index, bar) in context.bars.takeCompleted() {
            strategy.pointee.onBar(bar, token: context.instruments[index].token, context: context)
        }
    }

    private func addToBars(_ index: Int, price: Price, size: Quantity, isTrade: Bool) {
        context.bars.add(index, price: price, size: size, isTrade: isTrade, at: context.now.nanoseconds)
        // While paused they are dropped, like those of time.
        if context.isPaused, context.bars.hasCompleted { _ = context.bars.takeCompleted() }
        context.refreshDeadline()
    }

    /// Delivers the bars and timers that are due, in order of time, bars before timers. While paused timers
    /// are no deadlines and bars are dropped.
    @inline(never)
    func fireDeadlines(until time: Timestamp) {
        // Otherwise the beginning of time is the next deadline, for the sake of `step`.
        guard phase == .running else { return }
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
