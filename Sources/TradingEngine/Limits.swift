/// The bounds of the engine, and what happens at each.
enum Limits {
    /// Commands acted upon for one callback's consequences; the rest of the queue is denied
    /// (`too_many_commands`), so that a strategy that answers every denial with an order comes to an end.
    static let commandsPerEventMax = 10_000
    /// Orders open at once; further ones are denied (`too_many_open_orders`).
    static let openOrdersMax = 4_096
    /// Orders of one list; more is a programmer error and traps.
    static let listOrdersMax = 16
    /// Closed orders that `StrategyContext.order(_:)` still finds; older ones are forgotten.
    static let closedOrdersKept = 1_024
    /// Timers of one strategy; setting one more is a programmer error and traps.
    static let timersMax = 256
    /// Timer and bar callbacks before one record; past it repeating timers skip to the record's time.
    static let deadlinesPerRecordMax = 100_000
    /// Bar subscriptions of one strategy; one more is a programmer error and traps.
    static let barSubscriptionsMax = 4_096
    /// Names of user metrics; values under further names are ignored.
    static let metricsMax = 64
    /// Log lines held from one callback; the last one says that more were dropped.
    static let logLinesPerCallbackMax = 1_000
    /// The largest `max_orders_per_second`, the length of its window's buffer.
    static let ordersPerSecondMax = 100_000
    /// The largest `max_orders_per_minute`, the same.
    static let ordersPerMinuteMax = 1_000_000
    /// Denied orders that a session's log explains; further ones are only counted.
    static let deniedOrdersLogged = 200
    /// Rounds of closing orders of one flatten; what is open after the last is reported.
    static let flattenRoundsMax = 20
    /// The largest price times quantity that may be traded, in units of 10^-8: a quarter of what `Money`
    /// holds, so that sums over an account do not overflow for a handful of such orders.
    static let notionalE8Max: Int64 = .max / 4
    /// The largest cash, realised PnL and fees of an account, in units of 10^-8: half of what `Money` holds. A fill that
    /// would pass it is not booked; trading is halted then.
    static let accountE8Max: Int64 = .max / 2
    /// Instruments of one engine.
    static let instrumentsMax = 65_536
}
