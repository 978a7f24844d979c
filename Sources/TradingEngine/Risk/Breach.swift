package import TradingModel

/// A limit on the account's loss that was reached, and what was done about it.
package struct Breach: Equatable, Sendable {
    /// `maxDailyLoss`, `maxDrawdown` or `accountRange`.
    package var code: DenialCode
    package var action: RiskLimits.BreachAction
    /// The numbers that were compared.
    package var context: String
    /// Engine time.
    package var time: Timestamp
}
