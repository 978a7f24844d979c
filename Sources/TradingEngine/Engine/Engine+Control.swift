package import TradingModel

extension Engine {
    /// Begins the session. With `.epoch` the time is not known yet and `onStart` waits for the first record.
    ///
    /// Traps when called twice.
    package func start(at time: Timestamp) {
        precondition(phase == .made, "an engine is started once")
        if time == .epoch { phase = .waitingForTime } else { begin(at: time) }
    }

    /// Takes over positions, totals, open orders and saved state of an earlier process; to be called before
    /// `start`.
    ///
    /// Positions are marked at their average price until the first record; peak equity and the day's loss
    /// start from there. Open orders go back to the venue as they were.
    ///
    /// - Throws: `.unknownInstrument` when an open position or order is in an instrument that is not
    ///   configured; `.strategyRefused` when the strategy cannot take its state back; `.wrongState` after
    ///   `start`.
    package func restore(_ snapshot: EngineSnapshot) throws(EngineError) {
        guard phase == .made, context.core.pointee.portfolio.totals.orderCount == 0 else {
            throw EngineError(.wrongState, "a snapshot is restored once, before the start")
        }
        var positions: [(index: Int?, position: Position)] = []
        for position in snapshot.positions {
            let index = context.index(position.token)
            guard index != nil || position.isFlat else {
                throw EngineError(
                    .unknownInstrument,
                    "a position of \(position.quantity) is open in instrument \(position.token), "
                        + "which is not configured; configure it or close the position elsewhere")
            }
            positions.append((index, position))
        }
        for order in snapshot.openOrders where context.index(order.token) == nil {
            throw EngineError(
                .unknownInstrument,
                "order \(order.id) is open in instrument \(order.token), which is not configured; "
                    + "configure it"
            )
        }
        lastVenueOrder = snapshot.lastVenueOrder
        context.core.pointee.portfolio.restore(totals: snapshot.totals, positions: positions)
        venue.pointee.restore(tradedNotional: snapshot.totals.tradedNotional)
        for case (let index?, let position) in positions {
            context.states[index].hasPosition = !position.isFlat
            venue.pointee.restore(position: position.quantity, instrument: index)
        }
        for order in snapshot.openOrders.sorted(by: { $0.id < $1.id }) where !order.status.isFinal {
            restore(order)
        }
        guard let state = snapshot.savedState else { return }
        do {
            try strategy.pointee.load(state, context: context)
        } catch {
            throw EngineError(.strategyRefused, "\(S.name) cannot take its saved state back: \(error)")
        }
    }

    /// Withholds records and timers from the strategy and denies new orders, until `resume`. Positions are
    /// still marked and resting orders stay, unless the limits say cancel on pause. Nothing happens when
    /// paused.
    package func pause() {
        guard phase == .running || phase == .waitingForTime, !context.isPaused else { return }
        context.isPaused = true
        counters.pointee.missedWhilePaused = 0
        if phase == .running { tellPaused() }
    }

    /// Ends a pause and tells the strategy how many records it missed. Repeating timers go on in phase;
    /// others that became due fire with the next record.
    package func resume() {
        guard phase == .running || phase == .waitingForTime, context.isPaused else { return }
        counters.pointee.skippedTimers += context.timers.skip(past: context.now.nanoseconds)
        context.isPaused = false
        guard phase == .running else { return }
        strategy.pointee.onResume(context, missed: counters.pointee.missedWhilePaused)
        drain()
    }

    /// Puts other values of live parameters in force and journals them.
    ///
    /// - Throws: `.notLive` when others differ, `.strategyRefused` when the strategy throws; the old ones
    ///   then stay.
    package func update(parameters new: ParameterValues) throws(EngineError) {
        guard phase != .ended else { throw EngineError(.wrongState, "the engine has ended") }
        let fixed = ParameterValues.nonLiveChanges(S.parameters, from: parameters, to: new)
        guard fixed.isEmpty else {
            throw EngineError(
                .notLive, "\(fixed.joined(separator: ", ")) can only be set at start; restart the strategy")
        }
        do {
            try strategy.pointee.onParametersChanged(new, context: context)
        } catch {
            drain()
            throw EngineError(.strategyRefused, "\(S.name) refuses the parameters: \(error)")
        }
        parameters = new
        record(.parametersChanged(new.jsonText))
        drain()
    }

    /// Journals the strategy's state, so that a process that is killed leaves more than its positions.
    ///
    /// - Returns: the count of its bytes; `nil` when it has none or the session does not run.
    package func saveState() -> Int? {
        guard phase == .running, let state = strategy.pointee.save() else { return nil }
        record(.stateSaved(state))
        return state.bytes.count
    }

    /// Ends the session: `onStop` and its orders, then all open orders are canceled (`session_ended`), the
    /// strategy's state is saved and the journal closed. Nothing happens when ended or never started.
    package func stop(reason: String) {
        guard phase == .running || phase == .waitingForTime else { return }
        if phase == .running, !isWindingDown {
            strategy.pointee.onStop(context)
            drain()
        }
        closing = nil
        phase = .ended
        venue.pointee.cancelAll(reason: "session_ended", at: context.now, reports: &reports.pointee)
        handleReports()
        for order in context.orders.open where order.status == .held {
            end(order.id, .canceled, "session_ended")
        }
        drain()
        if let state = strategy.pointee.save() { record(.stateSaved(state)) }
        record(.sessionEnded(JournalSessionEnd(reason: reason, orderLogHash: hash.value)))
    }

    // MARK: - Steps

    /// Sets the clock and tells the strategy.
    func begin(at time: Timestamp) {
        phase = .running
        context.now = time
        beginDay()
        refreshVenueDeadline()
        settleLists()
        strategy.pointee.onStart(context)
        isStarting = true
        drain()
        isStarting = false
        if context.isPaused { tellPaused() }
    }

    private func tellPaused() {
        strategy.pointee.onPause(context)
        if configuration.limits.cancelOnPause { context.cancelAll() }
        drain()
    }

    /// An order of an earlier process, as the venue has it: what was sent is taken to have arrived, and what
    /// was to be canceled is still there.
    private func restore(_ order: Order) {
        guard let index = context.index(order.token) else { return }
        var restored = order
        if order.status == .held {
            context.orders.add(restored)
            return
        }
        restored.status = order.workingStatus
        context.orders.add(restored)
        if order.side == .buy {
            context.states[index].openBuyQuantity += order.remainingQuantity
        } else {
            context.states[index].openSellQuantity += order.remainingQuantity
        }
        venue.pointee.restore(restored, instrument: index)
    }
}
