package import TradingModel

/// Positions and money of one account: net positions, exact to the last unit of 10^-8.
///
/// A position's cost is its average price times its quantity, rounded as `Money` is; nothing else is
/// remembered about entries, so a position restored from its journal goes on exactly as the original would.
/// What a fill realises is what it adds to cash plus the change of the position's cost. Therefore at every
/// moment
///
///     starting cash + realised + unrealised - fees == cash + positions at their marks
///
/// holds exactly. The average price is rounded half up to 10^-8 when a position grows; the difference this
/// makes to the cost (under 10^-8 per unit held) is part of that fill's realised PnL, so that a closed round
/// trip has realised exactly what it brought in cash.
package struct Portfolio {
    private struct Holding {
        var position: Position
        var multiplier: Quantity
        var cost = Money.zero
        var unrealized = Money.zero
        var isUsed = false
    }

    /// What a fill did.
    package struct Outcome {
        package var realizedPnL: Money
        package var position: Position
    }

    private var holdings: [Holding]
    /// Indices of the instruments ever held, in the order of first use.
    private var usedIndices: [Int] = []
    /// Closed positions in instruments that are not configured any more; part of the totals.
    private var retired: [Position] = []
    package private(set) var totals: AccountTotals
    package private(set) var cash: Money
    package private(set) var realizedPnL = Money.zero
    package private(set) var unrealizedPnL = Money.zero
    package private(set) var fees = Money.zero
    package private(set) var equity: Money
    package private(set) var peakEquity: Money
    package private(set) var maxDrawdown = Money.zero
    /// Instruments with a position that is not flat.
    package private(set) var openPositionCount = 0
    private var equityFloor = Money(e8: .min)
    /// Whether equity has been at or below the floor since it was set.
    package private(set) var isFloorReached = false

    /// Makes a flat portfolio; marks and fills name instruments by their index in `instruments`.
    package init(instruments: [Instrument], startingCash: Money) {
        holdings = instruments.map { Holding(position: Position(token: $0.token), multiplier: $0.multiplier) }
        totals = AccountTotals(startingCash: startingCash)
        cash = startingCash
        equity = startingCash
        peakEquity = startingCash
    }

    /// How far equity is below its peak.
    package var drawdown: Money { peakEquity - equity }

    /// Closed round trips that won, as a share of all closed ones; zero when there are none.
    package var successRate: Double {
        totals.roundTripCount == 0 ? 0 : Double(totals.winningRoundTripCount) / Double(totals.roundTripCount)
    }

    /// Every position ever held, in the order of first use.
    package var positions: [Position] { retired + usedIndices.map { holdings[$0].position } }

    package func position(_ index: Int) -> Position { holdings[index].position }

    package mutating func countOrder() { totals.orderCount += 1 }

    // MARK: - Fills

    /// Books a fill; the price serves as the position's mark until the next one when there is none yet.
    package mutating func apply(
        _ index: Int, side: Side, price: Price, quantity: Quantity, fee: Money, mark: Price
    ) -> Outcome {
        let before = holdings[index].position.quantity
        let change = side == .buy ? quantity : -quantity
        let after = before + change
        let multiplier = holdings[index].multiplier
        let costBefore = holdings[index].cost
        let average = Self.average(
            before: before, at: holdings[index].position.averagePrice, change: change, at: price)
        let cashChange = -Money(price: price, quantity: change, multiplier: multiplier)
        let costAfter = Money(price: average, quantity: after, multiplier: multiplier)
        let realized = cashChange + (costAfter - costBefore)

        cash = cash + cashChange - fee
        realizedPnL += realized
        fees += fee
        totals.fillCount += 1
        let (traded, isBeyond) = totals.tradedNotional.e8.addingReportingOverflow(cashChange.magnitude.e8)
        totals.tradedNotional = Money(e8: isBeyond ? .max : traded)
        openPositionCount += (after.isZero ? 0 : 1) - (before.isZero ? 0 : 1)
        if !holdings[index].isUsed {
            holdings[index].isUsed = true
            usedIndices.append(index)
        }
        holdings[index].cost = costAfter
        holdings[index].position.quantity = after
        holdings[index].position.averagePrice = average
        holdings[index].position.realizedPnL += realized
        holdings[index].position.fees += fee
        settleRoundTrip(index, before: before, change: change, realized: realized, fee: fee)
        if !self.mark(index, at: mark) { _ = self.mark(index, at: price) }
        return Outcome(realizedPnL: realized, position: holdings[index].position)
    }

    /// Values a position at a price; `false`, and nothing changes, when the value is beyond what money can
    /// hold.
    @discardableResult
    package mutating func mark(_ index: Int, at price: Price) -> Bool {
        let quantity = holdings[index].position.quantity
        var unrealized = Money.zero
        if !quantity.isZero {
            guard
                let value = Money.checked(
                    price: price, quantity: quantity, multiplier: holdings[index].multiplier)
            else { return false }
            unrealized = value - holdings[index].cost
        }
        unrealizedPnL = unrealizedPnL - holdings[index].unrealized + unrealized
        holdings[index].unrealized = unrealized
        equity = totals.startingCash + realizedPnL - fees + unrealizedPnL
        if equity > peakEquity { peakEquity = equity }
        if drawdown > maxDrawdown { maxDrawdown = drawdown }
        if equity <= equityFloor { isFloorReached = true }
        return true
    }

    /// Watches for equity at or below a floor from now on; `nil` watches for nothing.
    package mutating func setFloor(_ floor: Money?) {
        equityFloor = floor ?? Money(e8: .min)
        isFloorReached = false
    }

    // MARK: - Restoring

    /// Takes over totals and positions of an earlier process; positions are marked at their average price.
    ///
    /// Positions with an index of `nil` must be flat; they only take part in the totals.
    package mutating func restore(totals: AccountTotals, positions: [(index: Int?, position: Position)]) {
        self.totals = totals
        for (index, position) in positions {
            realizedPnL += position.realizedPnL
            fees += position.fees
            guard let index else {
                precondition(position.isFlat, "only a flat position can be without its instrument")
                retired.append(position)
                continue
            }
            holdings[index].position = position
            holdings[index].cost = Money(
                price: position.averagePrice, quantity: position.quantity,
                multiplier: holdings[index].multiplier)
            if !holdings[index].isUsed {
                holdings[index].isUsed = true
                usedIndices.append(index)
            }
        }
        openPositionCount = holdings.count { !$0.position.isFlat }
        var cost = Money.zero
        for holding in holdings { cost += holding.cost }
        cash = totals.startingCash + realizedPnL - fees - cost
        equity = totals.startingCash + realizedPnL - fees
        peakEquity = equity
    }

    // MARK: - Arithmetic

    /// The average entry price after a change: weighted when the position grows, kept when it shrinks, the
    /// change's own price when it turns, zero when flat.
    private static func average(before: Quantity, at average: Price, change: Quantity, at price: Price)
        -> Price
    {
        let after = before + change
        if after.isZero { return .zero }
        if before.isZero || (before > .zero) != (after > .zero) { return price }
        guard (before > .zero) == (change > .zero) else { return average }
        let total =
            Int128(before.magnitude.e8) * Int128(average.e8) + Int128(change.magnitude.e8) * Int128(price.e8)
        let divisor = Int128(after.magnitude.e8)
        return Price(e8: Int64((total + divisor / 2) / divisor))
    }

    /// Adds a fill to the open round trip and closes it when the position went to flat or through it; a fill
    /// that turns the position shares its fee between the trip it closes and the one it opens, by quantity.
    private mutating func settleRoundTrip(
        _ index: Int, before: Quantity, change: Quantity, realized: Money, fee: Money
    ) {
        let after = before + change
        let isTurned = !before.isZero && !after.isZero && (before > .zero) != (after > .zero)
        guard !before.isZero, after.isZero || isTurned else {
            holdings[index].position.roundTripPnL += realized - fee
            return
        }
        var closingFee = fee
        if isTurned {
            closingFee = Money(
                e8: Int64(Int128(fee.e8) * Int128(before.magnitude.e8) / Int128(change.magnitude.e8)))
        }
        let result = holdings[index].position.roundTripPnL + realized - closingFee
        totals.roundTripCount += 1
        if result > .zero { totals.winningRoundTripCount += 1 }
        holdings[index].position.roundTripPnL = closingFee - fee
    }
}
