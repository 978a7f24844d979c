import TradingModel

/// The part of a context that the engine touches with every record.
struct ContextCore {
    var now = Timestamp.epoch
    /// The earliest of all bar closes, the engine's own and the venue's deadlines and, unless paused, timers.
    var nextDeadline = Int64.max
    /// The start of the next UTC day when a daily limit needs it, else the far future.
    var nextDay = Int64.max
    /// When the venue has something to do although no record comes, a nanosecond later; else the far future.
    var venueDeadline = Int64.max
    var isPaused = false
    /// Whether commands or log lines wait.
    var hasWork = false
    var portfolio: Portfolio
}
