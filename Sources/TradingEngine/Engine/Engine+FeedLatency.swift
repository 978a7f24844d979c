import TradingModel

/// Market data that reaches the strategy later than the exchange: `EngineConfiguration.feedLatency`.
///
/// The exchange sees a record at its receive time. The strategy sees it that much later, before the first record that the
/// exchange sees after that; what is on its way when the data ends is never seen.
extension Engine {
    /// Processes a record in two steps.
    func processDelayed(_ event: MarketEvent) {
        let time = event.receiveTime
        if phase == .waitingForTime { begin(at: time) }
        guard phase == .running else { return }
        deliverDelayed(until: time)
        // It is not seen any more once it is as late as the one before it.
        if time < context.now { counters.pointee.outOfOrder += 1 }
        if time > context.now {
            fireDeadlines(until: time)
            context.now = time
        }
        let index = event.token == .feedWide ? -1 : context.table.index(of: event.token)
        if index >= 0 || event.token == .feedWide, Self.isPossible(event) {
            venue.pointee.observe(event, instrument: index, at: context.now, reports: &reports.pointee)
            if !reports.pointee.isEmpty { handleReports() }
        }
        var later = event
        let (due, overflow) = time.nanoseconds.addingReportingOverflow(
            memory.pointee.configuration.feedLatency.feedNanoseconds(at: time))
        // Nothing overtakes: what comes behind a late record is as late.
        later.receiveTime = max(
            overflow ? .distantFuture : Timestamp(nanoseconds: due), delayed.last?.receiveTime ?? .epoch)
        delayed.append(later)
        refreshVenueDeadline()
        if context.core.pointee.hasWork { drain() }
    }

    private func deliverDelayed(until time: Timestamp) {
        while delayedStart < delayed.count, delayed[delayedStart].receiveTime <= time {
            let event = delayed[delayedStart]
            delayedStart += 1
            context.core.pointee.isVenueAhead = true
            processNow(event)
            context.core.pointee.isVenueAhead = false
        }
        // Half of the buffer is moved at most once for each record of it.
        if delayedStart > 1_024, delayedStart * 2 > delayed.count {
            delayed.removeFirst(delayedStart)
            delayedStart = 0
        }
    }

    /// Whether a record has prices and sizes that can be; the strategy's step counts the ones that have not.
    private static func isPossible(_ event: MarketEvent) -> Bool {
        switch event.kind {
        case .quote: return event.quote.isPossible
        case .trade: return event.trade.isPossible
        case .barVolume: return event.word0 >= 0 && event.word1 >= 0
        case .bar:
            return event.word2 > 0 && event.word2 <= min(event.word0, event.word3)
                && event.word1 >= max(event.word0, event.word3)
        case .depth: return event.depth.price > .zero && event.depth.size >= .zero
        case .status, .gap: return true
        case nil: return false
        }
    }
}
