public import TradingModel

/// What the account of a strategy is worth.
public struct Account: Equatable, Sendable {
    /// Cash plus positions at their marks.
    public var equity: Money
    public var cash: Money
    /// Gross PnL of what was closed.
    public var realizedPnL: Money
    /// PnL of open positions at their marks: the mid of the last quote, else the last price.
    public var unrealizedPnL: Money
    /// Fees paid, rebates subtracted.
    public var fees: Money
    /// How far equity is below its peak since the process started.
    public var drawdown: Money
}
