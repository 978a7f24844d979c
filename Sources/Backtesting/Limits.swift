/// The bounds of a backtest, and what happens at each.
package enum Limits {
    /// Lines of one strategy's log that are kept; later ones are left out.
    static let logLinesMax = 10_000
    /// Points of the equity curve; past it the curve goes on with the next longer interval, see `EquityCurve`.
    static let curvePointsMax = 4_000
    /// Instruments whose prices the curve keeps for charts; further ones are not drawn.
    static let chartedInstrumentsMax = 4
    /// Fills kept for charts; past it every other one of each side is dropped, again and again.
    static let fillMarksMax = 1_000
    /// Returns that a series needs before ratios are built on it; a shorter period is taken instead.
    static let returnsMin = 30
    /// Strategies on one account.
    static let strategiesMax = 64
    /// Drawdowns that a report lists, deepest first.
    static let drawdownsListed = 5
    /// Points of one sweep; more are refused.
    package static let sweepPointsMax = 1_000_000
    /// Windows of one walk-forward; later data is left out.
    static let walkForwardWindowsMax = 10_000
    /// Times that a point of a sweep is tried when its process dies.
    package static let attemptsPerPoint = 2
    /// Entries of an order log that checks compare; what comes later is not compared, and the check says so.
    static let comparedEntriesMax = 2_000_000
    /// Differences that a check lists.
    static let differencesListed = 20
    /// Bytes that a backtest itself may read from files besides mapping them: headers and a file of latencies.
    static let ownReadBytesMax = 64 << 10
}
