import TradingModel

/// What round trips add up to, in constant memory.
package struct TradeStatistics: Equatable, Sendable {
    package private(set) var count = 0
    package private(set) var winCount = 0
    package private(set) var lossCount = 0
    /// The sum of what winning trips earned and of what losing ones lost (positive), after fees.
    package private(set) var grossProfitE8: Int128 = 0
    package private(set) var grossLossE8: Int128 = 0
    package private(set) var bestE8: Int64?
    package private(set) var worstE8: Int64?
    package private(set) var longestWinningStreak = 0
    package private(set) var longestLosingStreak = 0
    private var winningStreak = 0
    private var losingStreak = 0
    private var heldSeconds = 0.0
    // Welford's running mean and squared deviations of the net PnL, in currency.
    private var mean = 0.0
    private var squaredDeviations = 0.0

    package init() {}

    /// Adds a round trip; those of one account by time of exit. A trip that earned nothing is neither a win nor a
    /// loss and ends both streaks.
    package mutating func add(_ trade: BacktestTrade) {
        let net = trade.netPnL.e8
        count += 1
        bestE8 = max(bestE8 ?? net, net)
        worstE8 = min(worstE8 ?? net, net)
        heldSeconds += Double(trade.exitTime.nanoseconds - trade.entryTime.nanoseconds) / 1e9
        let value = Double(net) / 1e8
        let difference = value - mean
        mean += difference / Double(count)
        squaredDeviations += difference * (value - mean)
        if net > 0 {
            winCount += 1
            grossProfitE8 += Int128(net)
            winningStreak += 1
            losingStreak = 0
        } else if net < 0 {
            lossCount += 1
            grossLossE8 -= Int128(net)
            losingStreak += 1
            winningStreak = 0
        } else {
            winningStreak = 0
            losingStreak = 0
        }
        longestWinningStreak = max(longestWinningStreak, winningStreak)
        longestLosingStreak = max(longestLosingStreak, losingStreak)
    }

    package var winRate: Double? { count == 0 ? nil : Double(winCount) / Double(count) }
    package var profitFactor: Double? {
        grossLossE8 == 0 ? nil : Double(grossProfitE8) / Double(grossLossE8)
    }
    package var expectancy: Double? {
        count == 0 ? nil : Double(grossProfitE8 - grossLossE8) / 1e8 / Double(count)
    }
    package var averageWin: Double? { winCount == 0 ? nil : Double(grossProfitE8) / 1e8 / Double(winCount) }
    package var averageLoss: Double? { lossCount == 0 ? nil : Double(-grossLossE8) / 1e8 / Double(lossCount) }
    package var averageHeldSeconds: Double? { count == 0 ? nil : heldSeconds / Double(count) }

    /// Van Tharp's system quality number: the square root of the count times mean over standard deviation of the
    /// net PnL; `nil` with fewer than two trips or when they are all equal.
    package var systemQuality: Double? {
        guard count > 1, squaredDeviations > 0 else { return nil }
        let deviation = (squaredDeviations / Double(count - 1)).squareRoot()
        return deviation > 0 ? Double(count).squareRoot() * mean / deviation : nil
    }
}
