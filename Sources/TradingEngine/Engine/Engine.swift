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
    private let memory: UnsafeMutablePointer<EngineMemory>
    let context: StrategyContext
    var phase = EnginePhase.made {
        didSet {
            context.core.pointee.isRunning = phase == .running
            context.refreshDeadline()
        }
    }
    /// Records on their way to the strategy, from `delayedStart` on, and already seen by the venue.
    var delayed: [MarketEvent] = []
    var delayedStart = 0
    /// By how much changes under way raise open quantities, until the venue has answered.
    var pendingGrowth: [(id: OrderID, quantity: Quantity)] = []
    /// Set while the engine itself sends closing orders, so that pause and limits do not stand in the way.
    var isFlattening = false
    /// Set while what the strategy asked for in `onStart` is acted upon.
    var isStarting = false
    /// A flatten under way; `flattenResult` is how the last one ended.
    var closing: Closing?
    var isFlattenWanted = false
    package internal(set) var flattenResult: FlattenResult?
    /// What may be traded, by an operator's word or after a breach with `flatten_and_halt`, and why.
    package internal(set) var tradingState = TradingState.active
    package internal(set) var tradingStateReason = ""
    /// The limit on losses that is breached at present.
    package internal(set) var breach: Breach?
    /// The last one, and how many there were, for those who report them.
    package internal(set) var lastBreach: Breach?
    package internal(set) var breachCount = 0
    /// The numbers that the check of an order compared last.
    var denialContext = ""
    /// Set while nothing can be added to the journal: new orders are denied, and the denials are not journaled.
    package var isJournalBlocked = false
    /// Set while the venue cannot be reached: new orders are denied, cancels pass.
    package var isVenueUnavailable = false
    /// Set from `windDown` on: only what is on its way still happens.
    var isWindingDown = false
    /// The last order that the venue itself made for this account, 0 before the first.
    package internal(set) var lastVenueOrder: UInt32 = 0
    package private(set) var configuration: EngineConfiguration
    /// The parameters in force.
    package internal(set) var parameters: ParameterValues
    package internal(set) var output: Output

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
        self.configuration = configuration
        memory = .allocate(capacity: 1)
        memory.initialize(
            to: EngineMemory(
                hash: OrderLogHash(seed: configuration.seed),
                limits: configuration.limits))
        self.parameters = parameters
        self.output = output
        context = StrategyContext(
            instruments: configuration.instruments, epoch: configuration.epoch, seed: configuration.seed,
            startingCash: configuration.startingCash)
    }

    deinit {
        memory.deinitialize(count: 1)
        memory.deallocate()
        strategy.deinitialize(count: 1)
        strategy.deallocate()
        venue.deinitialize(count: 1)
        venue.deallocate()
        counters.deallocate()
        reports.deinitialize(count: 1)
        reports.deallocate()
    }

    var hash: OrderLogHash {
        _read { yield memory.pointee.hash }
        _modify { yield &memory.pointee.hash }
    }
    var rateWindow: OrderRateWindow? {
        _read { yield memory.pointee.rateWindow }
        _modify { yield &memory.pointee.rateWindow }
    }

    var minuteWindow: OrderRateWindow? {
        _read { yield memory.pointee.minuteWindow }
        _modify { yield &memory.pointee.minuteWindow }
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
        configuration.limits = limits
        if before.maxOrdersPerSecond != limits.maxOrdersPerSecond
            || before.maxOrdersPerMinute != limits.maxOrdersPerMinute
        {
            memory.pointee.setRates(limits)
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

    /// Adds to journal and hash.
    func record(_ record: JournalRecord) {
        switch record {
        case .orderSubmitted(let order): hash.combine(order)
        case .orderUpdated(let update): hash.combine(update, time: context.now)
        case .orderModified(let change): hash.combine(change, time: context.now)
        case .fill(let fill): hash.combine(fill)
        case .sessionStarted, .checkpoint, .parametersChanged, .stateSaved, .input, .sessionEnded: break
        }
        output.record(record, at: context.now)
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
