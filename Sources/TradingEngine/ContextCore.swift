import TradingModel

/// The part of a context that the engine touches with every record or order.
struct ContextCore: ~Copyable {
    var now = Timestamp.epoch
    /// The earliest of all bar closes, the engine's own and the venue's deadlines and, unless paused, timers; before the start and
    /// after the end the beginning of time, so that one comparison finds everything but the usual case.
    var nextDeadline = Int64.min
    var isRunning = false
    /// The start of the next UTC day when a daily limit needs it, else the far future.
    var nextDay = Int64.max
    /// When the venue has something to do although no record comes; else the far future.
    var venueDue = Int64.max
    /// The same a nanosecond later: what is due with a record reaches the venue with it, and not before.
    var venueDeadline = Int64.max
    /// Whether the venue has seen the record at hand before the strategy, because market data is late.
    var isVenueAhead = false
    var isPaused = false
    /// Whether the records are of a past that the strategy only looks back into: neither venue nor positions see them.
    var isCatchingUp = false
    /// Whether nothing at the venue waits for a time to come.
    var isVenueQuiet = false
    /// Whether commands or log lines wait.
    var hasWork = false
    var orders = OrderTable()
    var commands: [StrategyContext.Command] = []
    var timers = TimerQueue()
    var bars = BarSubscriptions()
    var logLines: [String] = []
    var metrics: [(name: String, value: Double)] = []
    var lastOrderCount: UInt32 = 0
    var isWarmingUp = false
    var lastDenial: Denial?
    var random: SeededGenerator
    var portfolio: Portfolio
}
