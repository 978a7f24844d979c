public import TradingModel

/// All that a strategy sees and does beyond the record it is handed: clock, timers, orders, positions,
/// account.
///
/// One per engine; it must not leave the callbacks' thread. Orders and cancels are collected in a callback
/// and acted upon, in order, after it returns.
public final class StrategyContext {
    /// What a strategy asked for in a callback.
    enum Command {
        case submit(OrderID)
        /// Orders with consecutive ids from the first.
        case submitList(OrderID, count: Int)
        case modify(OrderChangeRequest)
        case cancel(OrderID)
        case cancelAll(InstrumentToken?)
    }

    /// Engine time: the latest receive time of all records so far, and in `onTimer` and for built bars the
    /// time they were due at. It moves only with records (heartbeats included), so that a replay sees the
    /// same times.
    public internal(set) var now: Timestamp {
        get { core.pointee.now }
        set { core.pointee.now = newValue }
    }
    /// The instruments of the strategy, in configured order.
    public let instruments: [Instrument]
    /// The only source of chance; seeded by configuration.
    public var random: SeededGenerator {
        _read { yield core.pointee.random }
        _modify { yield &core.pointee.random }
    }
    /// Whether records and timers are withheld.
    public internal(set) var isPaused: Bool {
        get { core.pointee.isPaused }
        set {
            core.pointee.isPaused = newValue
            refreshDeadline()
        }
    }

    /// Whether a warm-up is under way, a backtest's or that of a strategy that joins in the middle of a day: indicators
    /// fill, and every order would be denied (`warming_up`). Who joins late with orders from before cannot change or cancel
    /// them meanwhile, but in `onStart`.
    public internal(set) var isWarmingUp: Bool {
        get { core.pointee.isWarmingUp }
        set { core.pointee.isWarmingUp = newValue }
    }

    /// Why the last denied order was denied, with the numbers that were compared; `nil` when none was.
    public internal(set) var lastDenial: Denial? {
        get { core.pointee.lastDenial }
        set { core.pointee.lastDenial = newValue }
    }

    /// One per instrument, freed in `deinit`. Like `core` plain memory, because every record touches it and a
    /// class's stored variables are checked for overlapping access at run time: 11.6 M records/s with
    /// variables.
    let states: UnsafeMutablePointer<InstrumentState>
    let core: UnsafeMutablePointer<ContextCore>
    let table: InstrumentTable
    let epoch: UInt32
    var orders: OrderTable {
        _read { yield core.pointee.orders }
        _modify { yield &core.pointee.orders }
    }
    var commands: [Command] {
        _read { yield core.pointee.commands }
        _modify { yield &core.pointee.commands }
    }
    var timers: TimerQueue {
        _read { yield core.pointee.timers }
        _modify { yield &core.pointee.timers }
    }
    var bars: BarSubscriptions {
        _read { yield core.pointee.bars }
        _modify { yield &core.pointee.bars }
    }
    var logLines: [String] {
        _read { yield core.pointee.logLines }
        _modify { yield &core.pointee.logLines }
    }
    var metrics: [(name: String, value: Double)] {
        _read { yield core.pointee.metrics }
        _modify { yield &core.pointee.metrics }
    }

    init(instruments: [Instrument], epoch: UInt32, seed: UInt64, startingCash: Money) {
        self.instruments = instruments
        self.epoch = epoch
        table = InstrumentTable(instruments)
        core = .allocate(capacity: 1)
        core.initialize(
            to: ContextCore(
                random: SeededGenerator(seed: seed),
                portfolio: Portfolio(instruments: instruments, startingCash: startingCash)))
        states = .allocate(capacity: max(instruments.count, 1))
        states.initialize(repeating: InstrumentState(), count: max(instruments.count, 1))
    }

    deinit {
        core.deinitialize(count: 1)
        core.deallocate()
        states.deallocate()
    }

    // MARK: - What is known

    /// The instrument of a token; `nil` when it is not one of the strategy's.
    public func instrument(_ token: InstrumentToken) -> Instrument? { index(token).map { instruments[$0] } }

    /// The net position in an instrument; flat when there is none.
    public func position(_ token: InstrumentToken) -> Position {
        index(token).map { core.pointee.portfolio.position($0) } ?? Position(token: token)
    }

    /// The last valid quote; `nil` before the first.
    public func quote(_ token: InstrumentToken) -> Quote? {
        guard let index = index(token), states[index].hasQuote else { return nil }
        return states[index].quote
    }

    /// The price of the last trade or the close of the last bar, else the mid of the last quote; `nil` before
    /// any.
    public func lastPrice(_ token: InstrumentToken) -> Price? {
        guard let index = index(token) else { return nil }
        return states[index].hasLastPrice ? states[index].lastPrice : states[index].mark
    }

    /// What the account is worth.
    public var account: Account {
        core.pointee.portfolio.account
    }

    // MARK: - Telling people

    /// Writes a line to the strategy's log.
    public func log(_ message: String) {
        core.pointee.hasWork = true
        guard logLines.count < Limits.logLinesPerCallbackMax else {
            logLines[logLines.count - 1] = "further log lines of this callback were dropped"
            return
        }
        logLines.append(message)
    }

    /// Sets a metric that is published with the strategy's own; at most 64 names, further ones are ignored.
    public func metric(_ name: String, _ value: Double) {
        if let index = metrics.firstIndex(where: { $0.name == name }) {
            metrics[index].value = value
        } else if metrics.count < Limits.metricsMax {
            metrics.append((name, value))
        }
    }

    // MARK: - For the engine

    func index(_ token: InstrumentToken) -> Int? {
        let index = table.index(of: token)
        return index < 0 ? nil : index
    }

    func nextOrderID() -> OrderID {
        core.pointee.lastOrderCount += 1
        return OrderID(epoch: epoch, count: core.pointee.lastOrderCount)
    }

    func refreshDeadline() {
        let due = min(
            isPaused ? .max : timers.nextDue, bars.nextClose, core.pointee.nextDay,
            core.pointee.venueDeadline)
        core.pointee.nextDeadline = core.pointee.isRunning ? due : .min
    }
}

@available(*, unavailable, message: "a context stays on its engine's thread")
extension StrategyContext: Sendable {}
