public import TradingModel

/// A trading strategy: callbacks in, orders out, through the context it is given.
///
/// One engine runs one strategy on one thread; a struct or a final class may conform. Every callback has an
/// empty default. Nothing in a strategy may depend on anything but its callbacks, parameters and
/// `context.random`: then the same data gives the same orders live, on paper and in a backtest.
///
/// For one market-data record the order of callbacks is: timers and built bars that are due, then the answers
/// to resting orders that the record filled (`onOrder`, `onFill`, `onPosition`), then the record itself, then
/// the answers to the orders sent in these callbacks.
public protocol Strategy: SendableMetatype {
    /// The name it is registered under: lowercase_with_underscores.
    static var name: String { get }
    /// One sentence about it.
    static var summary: String { get }
    /// What can be set.
    static var parameters: [ParameterDeclaration] { get }

    /// Makes a strategy; each value is already valid by itself.
    ///
    /// - Throws: `ParameterViolations` when values do not fit together.
    init(parameters: ParameterValues) throws

    /// The engine runs and knows the time; called once, before the first record is seen.
    mutating func onStart(_ context: StrategyContext)
    /// The best bid or ask changed.
    mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext)
    /// Others traded.
    mutating func onTrade(_ trade: Trade, token: InstrumentToken, context: StrategyContext)
    /// A bar closed: one that the feed sent, or one of `StrategyContext.subscribeBars`.
    mutating func onBar(_ bar: Bar, token: InstrumentToken, context: StrategyContext)
    /// A level of the book changed.
    mutating func onBook(_ update: DepthUpdate, token: InstrumentToken, context: StrategyContext)
    /// A timer is due; `context.now` is the time it was due at.
    mutating func onTimer(_ name: String, context: StrategyContext)
    /// One of its orders changed.
    mutating func onOrder(_ order: Order, update: OrderUpdate, context: StrategyContext)
    /// One of its orders filled; `onOrder` came before.
    mutating func onFill(_ fill: Fill, context: StrategyContext)
    /// A fill changed a position; `onFill` came before.
    mutating func onPosition(_ position: Position, context: StrategyContext)
    /// New values are to be in force; only parameters declared live differ.
    ///
    /// - Throws: to refuse them; the old ones then stay.
    mutating func onParametersChanged(_ parameters: ParameterValues, context: StrategyContext) throws
    /// Records and timers are withheld from now on; new orders are denied.
    mutating func onPause(_ context: StrategyContext)
    /// Records come again; `missed` of them were withheld.
    mutating func onResume(_ context: StrategyContext, missed: UInt64)
    /// The feed or an instrument's trading changed state; heartbeats are not reported.
    mutating func onFeedStatus(_ status: FeedStatusCode, context: StrategyContext)
    /// The same with the instrument that it is about, `.feedWide` for the feed as a whole; calls the one without unless it is
    /// implemented.
    ///
    /// `.disconnected` means that the source, or the feed's process, is gone; `.stale` that this instrument had no data for
    /// longer than its limit although the source is there, `.fresh` that it has some again.
    mutating func onFeedStatus(_ status: FeedStatusCode, token: InstrumentToken, context: StrategyContext)
    /// Records were lost; zero when it is not known how many.
    mutating func onGap(missing: UInt64, context: StrategyContext)
    /// The last callback in which orders are acted upon; all that rest are canceled after it.
    mutating func onStop(_ context: StrategyContext)
    /// What it wants to find again after a restart; `nil` for nothing.
    func save() -> SavedState?
    /// Takes back what `save` gave in an earlier process, before `onStart`.
    ///
    /// With a warm-up from recordings (`warm_up`) records that went into the state come again: what is built from records
    /// begins anew in `onStart` when `context.isWarmingUp`.
    ///
    /// - Throws: when the state cannot be understood; the start then fails.
    mutating func load(_ state: SavedState, context: StrategyContext) throws
}

extension Strategy {
    public static var summary: String { "" }
    public static var parameters: [ParameterDeclaration] { [] }

    public mutating func onStart(_ context: StrategyContext) {}
    public mutating func onQuote(_ quote: Quote, token: InstrumentToken, context: StrategyContext) {}
    public mutating func onTrade(_ trade: Trade, token: InstrumentToken, context: StrategyContext) {}
    public mutating func onBar(_ bar: Bar, token: InstrumentToken, context: StrategyContext) {}
    public mutating func onBook(_ update: DepthUpdate, token: InstrumentToken, context: StrategyContext) {}
    public mutating func onTimer(_ name: String, context: StrategyContext) {}
    public mutating func onOrder(_ order: Order, update: OrderUpdate, context: StrategyContext) {}
    public mutating func onFill(_ fill: Fill, context: StrategyContext) {}
    public mutating func onPosition(_ position: Position, context: StrategyContext) {}
    public mutating func onParametersChanged(_ parameters: ParameterValues, context: StrategyContext) throws {
    }
    public mutating func onPause(_ context: StrategyContext) {}
    public mutating func onResume(_ context: StrategyContext, missed: UInt64) {}
    public mutating func onFeedStatus(_ status: FeedStatusCode, context: StrategyContext) {}
    public mutating func onFeedStatus(
        _ status: FeedStatusCode, token: InstrumentToken, context: StrategyContext
    ) {
        onFeedStatus(status, context: context)
    }
    public mutating func onGap(missing: UInt64, context: StrategyContext) {}
    public mutating func onStop(_ context: StrategyContext) {}
    public func save() -> SavedState? { nil }
    public mutating func load(_ state: SavedState, context: StrategyContext) throws {}
}
