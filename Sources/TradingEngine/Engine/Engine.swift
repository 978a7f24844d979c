package import TradingModel

/// Runs one strategy: records in, orders out, on one thread, without I/O.
///
/// For each record: bars and timers due at or before its time come first; the venue updates its market and
/// matches resting orders; the strategy hears of the fills, then of the record; its commands reach the venue,
/// and the answers the strategy, until nothing is left.
///
/// **Time** moves only through records, by their receive time, and never back. `start(at: .epoch)` means that
/// the time is not known yet: the first record then sets it and `onStart` runs just before that record.
///
/// **Journal.** Every order, answer, fill, parameter change and saved state goes to the output, an order
/// before it goes to the venue, an answer before the strategy hears of it; of a fill, `.fill` comes before
/// `.orderUpdated`.
package final class Engine<S: Strategy, V: ExecutionVenue, Output: EngineOutput> {
    /// Plain memory, freed in `deinit`, for the reason given at `StrategyContext.states`.
    let strategy: UnsafeMutablePointer<S>
    let venue: UnsafeMutablePointer<V>
    let counters: UnsafeMutablePointer<EngineCounters>
    let reports: UnsafeMutablePointer<[VenueReport]>
    let memory: UnsafeMutablePointer<EngineMemory>
    let outputMemory: UnsafeMutablePointer<Output>
    let context: StrategyContext
    package internal(set) var flattenResult: FlattenResult?
    /// The parameters in force.
    package internal(set) var parameters: ParameterValues

    /// Makes an engine; the strategy was made with the same parameters. Traps when the instruments are not
    /// valid, see `EngineConfiguration.validate()`.
    package init(
        strategy: S, venue: V, configuration: EngineConfiguration, parameters: ParameterValues, output: Output
    ) {
        do throws(EngineError) { try configuration.validate() } catch { preconditionFailure("\(error)") }
        self.strategy = .allocate(capacity: 1)
        self.strategy.initialize(to: strategy)
        self.venue = .allocate(capacity: 1)
        self.venue.initialize(to: venue)
        counters = .allocate(capacity: 1)
        counters.initialize(to: EngineCounters())
        reports = .allocate(capacity: 1)
        reports.initialize(to: [])
        memory = .allocate(capacity: 1)
        memory.initialize(to: EngineMemory(configuration: configuration))
        memory.pointee.isOrderLogWanted = output.wantsOrderLog
        outputMemory = .allocate(capacity: 1)
        outputMemory.initialize(to: output)
        self.parameters = parameters
        context = StrategyContext(
            instruments: configuration.instruments, epoch: configuration.epoch, seed: configuration.seed,
            startingCash: configuration.startingCash)
    }

    deinit {
        memory.deinitialize(count: 1)
        memory.deallocate()
        outputMemory.deinitialize(count: 1)
        outputMemory.deallocate()
        strategy.deinitialize(count: 1)
        strategy.deallocate()
        venue.deinitialize(count: 1)
        venue.deallocate()
        counters.deallocate()
        reports.deinitialize(count: 1)
        reports.deallocate()
    }

    /// Whether records are withheld from the strategy.
    package var isPaused: Bool { context.isPaused }

    /// Whether the strategy only watches: new orders are denied until a backtest's warm-up is over.
    package var isWarmingUp: Bool {
        get { context.isWarmingUp }
        set { context.isWarmingUp = newValue }
    }

    /// Whether the strategy looks back into a recording before it joins: a warm-up of which the venue and the marks of
    /// positions see nothing, because both are ahead of it. Orders that it sends meanwhile are denied, cancels and changes
    /// of those it came back with are not acted upon, except in `onStart`, and none of that is put down anywhere.
    package var isCatchingUp: Bool {
        get { context.core.pointee.isCatchingUp }
        set {
            context.core.pointee.isCatchingUp = newValue
            context.isWarmingUp = newValue
        }
    }

    /// The account as it stands.
    package var portfolio: Portfolio {
        _read { yield context.core.pointee.portfolio }
    }

    /// How things stand.
    package var status: EngineStatus {
        let account = context.core.pointee.portfolio.account
        let totals = context.core.pointee.portfolio.totals
        return EngineStatus(
            events: counters.pointee.events, invalidEvents: counters.pointee.invalid,
            foreignEvents: counters.pointee.foreign,
            outOfOrderEvents: counters.pointee.outOfOrder, withheldEvents: counters.pointee.withheld,
            missingEvents: counters.pointee.missing, skippedTimers: counters.pointee.skippedTimers,
            equity: account.equity,
            cash: account.cash, realizedPnL: account.realizedPnL, unrealizedPnL: account.unrealizedPnL,
            fees: account.fees, drawdown: account.drawdown,
            maxDrawdown: context.core.pointee.portfolio.maxDrawdown,
            positionsCount: context.core.pointee.portfolio.openPositionCount, ordersCount: totals.orderCount,
            openOrdersCount: context.orders.open.count, deniedCount: counters.pointee.denied,
            idleCommandsCount: counters.pointee.idleCommands,
            idleReportsCount: counters.pointee.idleReports, fillsCount: totals.fillCount,
            roundTripsCount: totals.roundTripCount,
            successRate: context.core.pointee.portfolio.successRate, lastEventTime: context.now,
            orderLogHash: hash,
            metrics: context.metrics.map { EngineStatus.Metric(name: $0.name, value: $0.value) },
            isPaused: context.isPaused, tradingState: tradingState, tradingStateReason: tradingStateReason,
            breach: breach.map { "\($0.code.rawValue): \($0.context)" })
    }

    /// All that a next process needs to carry on from here; asks the strategy for its state.
    package func snapshot() -> EngineSnapshot {
        EngineSnapshot(
            totals: context.core.pointee.portfolio.totals,
            positions: context.core.pointee.portfolio.positions,
            openOrders: context.orders.open.filter { $0.status != .initialized },
            savedState: strategy.pointee.save(), lastVenueOrder: lastVenueOrder)
    }

    /// Puts other limits in force. The day's loss and the drawdown go on from where they were counted; the order rate
    /// is counted anew when its limit changes. A breach ends when the new limits allow more.
    package func update(limits: RiskLimits) {
        let before = configuration.limits
        memory.pointee.configuration.limits = limits
        if before.maxOrdersPerSecond != limits.maxOrdersPerSecond
            || before.maxOrdersPerMinute != limits.maxOrdersPerMinute
        {
            memory.pointee.setRates()
        }
        guard phase == .running else { return }
        breach = nil
        context.core.pointee.portfolio.setLossLimits(
            daily: limits.maxDailyLoss, drawdown: limits.maxDrawdown)
        refreshDay()
        if context.core.pointee.portfolio.isFloorReached { noteBreach() }
        if context.core.pointee.hasWork { drain() }
    }

    // MARK: - Shared steps

    /// Adds a record that is no part of the order log to the journal.
    func record(_ record: JournalRecord) { output.record(record, at: context.now) }

    /// Adds an order as it was sent or denied to hash and journal.
    func recordSubmitted(_ order: Order) {
        memory.pointee.hash.combine(order)
        if memory.pointee.isOrderLogWanted {
            outputMemory.pointee.record(.orderSubmitted(order), at: context.now)
        }
    }

    /// Adds a change of an order's status to hash and journal.
    func recordUpdated(_ update: OrderUpdate) {
        memory.pointee.hash.combine(update, time: context.now)
        if memory.pointee.isOrderLogWanted {
            outputMemory.pointee.record(.orderUpdated(update), at: context.now)
        }
    }

    /// Adds a change of an order's terms to hash and journal.
    func recordModified(_ change: OrderModification) {
        memory.pointee.hash.combine(change, time: context.now)
        if memory.pointee.isOrderLogWanted {
            outputMemory.pointee.record(.orderModified(change), at: context.now)
        }
    }

    /// Adds an execution to hash and journal.
    func recordFill(_ fill: Fill) {
        memory.pointee.hash.combine(fill)
        outputMemory.pointee.record(fill, at: context.now)
    }

    /// Starts to count a UTC day's loss. What a loss of the day before had forbidden is allowed again.
    func beginDay() {
        if let breach, breach.code == .maxDailyLoss, breach.action != .flattenAndHalt { self.breach = nil }
        context.core.pointee.portfolio.setLossLimits(
            daily: configuration.limits.maxDailyLoss, drawdown: configuration.limits.maxDrawdown)
        context.core.pointee.portfolio.beginDay()
        refreshDay()
        // The drawdown may have reached its limit long before.
        if context.core.pointee.portfolio.isFloorReached, breach == nil { noteBreach() }
    }

    /// Wakes the engine at the end of the UTC day when a limit needs it.
    private func refreshDay() {
        guard configuration.limits.maxDailyLoss != nil else {
            context.core.pointee.nextDay = .max
            return context.refreshDeadline()
        }
        let dayNanoseconds: Int64 = 86_400_000_000_000
        let phase = context.now.nanoseconds % dayNanoseconds
        let start = context.now.nanoseconds - (phase < 0 ? phase + dayNanoseconds : phase)
        let (next, overflow) = start.addingReportingOverflow(dayNanoseconds)
        context.core.pointee.nextDay = overflow ? .max : next
        context.refreshDeadline()
    }
}

@available(*, unavailable, message: "an engine stays on one thread")
extension Engine: Sendable {}
