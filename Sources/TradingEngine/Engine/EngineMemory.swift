package import TradingModel

/// What an engine changes with records and orders; plain memory for the reason given at `StrategyContext.states`, and not
/// copyable so that nothing of it is copied by accident.
struct EngineMemory: ~Copyable {
    var hash: OrderLogHash
    var rateWindow: OrderRateWindow?
    var minuteWindow: OrderRateWindow?
    var configuration: EngineConfiguration
    var phase = EnginePhase.made
    /// Records on their way to the strategy, from `delayedStart` on, and already seen by the venue.
    var delayed: [MarketEvent] = []
    var delayedStart = 0
    /// By how much changes under way raise open quantities, until the venue has answered.
    var pendingGrowth: [(id: OrderID, quantity: Quantity)] = []
    /// Set while the engine itself sends closing orders, so that pause and limits do not stand in the way.
    var isFlattening = false
    /// Set while what the strategy asked for in `onStart` is acted upon.
    var isStarting = false
    /// A flatten under way; `Engine.flattenResult` is how the last one ended.
    var closing: Closing?
    var isFlattenWanted = false
    /// What may be traded, by an operator's word or after a breach with `flatten_and_halt`, and why.
    var tradingState = TradingState.active
    var tradingStateReason = ""
    /// The limit on losses that is breached at present.
    var breach: Breach?
    /// The last one, and how many there were, for those who report them.
    var lastBreach: Breach?
    var breachCount = 0
    /// The numbers that the check of an order compared last.
    var denialContext = ""
    /// Set while nothing can be added to the journal: new orders are denied, and the denials are not journaled.
    var isJournalBlocked = false
    /// Set while the venue cannot be reached: new orders are denied, cancels pass.
    var isVenueUnavailable = false
    /// Set from `windDown` on: only what is on its way still happens.
    var isWindingDown = false
    /// Whether the output takes orders and their updates, or fills only.
    var isOrderLogWanted = true
    /// The last order that the venue itself made for this account, 0 before the first.
    var lastVenueOrder: UInt32 = 0

    init(configuration: EngineConfiguration) {
        hash = OrderLogHash(seed: configuration.seed)
        self.configuration = configuration
        setRates()
    }

    /// Begins to count the rates of orders.
    mutating func setRates() {
        let limits = configuration.limits
        rateWindow = limits.maxOrdersPerSecond.map { OrderRateWindow(orderCount: $0, interval: .seconds(1)) }
        minuteWindow = limits.maxOrdersPerMinute.map {
            OrderRateWindow(orderCount: $0, interval: .seconds(60))
        }
    }
}

/// The members of an engine's memory, under the engine's name.
extension Engine {
    var hash: OrderLogHash {
        _read { yield memory.pointee.hash }
        _modify { yield &memory.pointee.hash }
    }
    package var configuration: EngineConfiguration {
        _read { yield memory.pointee.configuration }
    }
    var phase: EnginePhase {
        get { memory.pointee.phase }
        set {
            memory.pointee.phase = newValue
            context.core.pointee.isRunning = newValue == .running
            context.refreshDeadline()
        }
    }
    var delayed: [MarketEvent] {
        _read { yield memory.pointee.delayed }
        _modify { yield &memory.pointee.delayed }
    }
    var delayedStart: Int {
        get { memory.pointee.delayedStart }
        set { memory.pointee.delayedStart = newValue }
    }
    var pendingGrowth: [(id: OrderID, quantity: Quantity)] {
        _read { yield memory.pointee.pendingGrowth }
        _modify { yield &memory.pointee.pendingGrowth }
    }
    var isFlattening: Bool {
        get { memory.pointee.isFlattening }
        set { memory.pointee.isFlattening = newValue }
    }
    var isStarting: Bool {
        get { memory.pointee.isStarting }
        set { memory.pointee.isStarting = newValue }
    }
    var closing: Closing? {
        _read { yield memory.pointee.closing }
        _modify { yield &memory.pointee.closing }
    }
    var isFlattenWanted: Bool {
        get { memory.pointee.isFlattenWanted }
        set { memory.pointee.isFlattenWanted = newValue }
    }
    package internal(set) var tradingState: TradingState {
        get { memory.pointee.tradingState }
        set { memory.pointee.tradingState = newValue }
    }
    package internal(set) var tradingStateReason: String {
        get { memory.pointee.tradingStateReason }
        set { memory.pointee.tradingStateReason = newValue }
    }
    package internal(set) var breach: Breach? {
        _read { yield memory.pointee.breach }
        _modify { yield &memory.pointee.breach }
    }
    package internal(set) var lastBreach: Breach? {
        get { memory.pointee.lastBreach }
        set { memory.pointee.lastBreach = newValue }
    }
    package internal(set) var breachCount: Int {
        get { memory.pointee.breachCount }
        set { memory.pointee.breachCount = newValue }
    }
    var denialContext: String {
        _read { yield memory.pointee.denialContext }
        _modify { yield &memory.pointee.denialContext }
    }
    package var isJournalBlocked: Bool {
        get { memory.pointee.isJournalBlocked }
        set { memory.pointee.isJournalBlocked = newValue }
    }
    package var isVenueUnavailable: Bool {
        get { memory.pointee.isVenueUnavailable }
        set { memory.pointee.isVenueUnavailable = newValue }
    }
    var isWindingDown: Bool {
        get { memory.pointee.isWindingDown }
        set { memory.pointee.isWindingDown = newValue }
    }
    package internal(set) var lastVenueOrder: UInt32 {
        get { memory.pointee.lastVenueOrder }
        set { memory.pointee.lastVenueOrder = newValue }
    }
    var rateWindow: OrderRateWindow? {
        _read { yield memory.pointee.rateWindow }
        _modify { yield &memory.pointee.rateWindow }
    }
    var minuteWindow: OrderRateWindow? {
        _read { yield memory.pointee.minuteWindow }
        _modify { yield &memory.pointee.minuteWindow }
    }
    /// Where the journal and the log go.
    package internal(set) var output: Output {
        _read { yield outputMemory.pointee }
        _modify { yield &outputMemory.pointee }
    }
}
