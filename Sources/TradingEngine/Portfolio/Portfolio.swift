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
///
/// Not copyable: the holdings are plain memory that a record's mark writes to, which an array would check for other
/// owners every time.
package struct Portfolio: ~Copyable {
    private struct Holding {
        var cost = Money.zero
        var unrealized = Money.zero
        /// Units of money per unit of price when that is a whole number, so that a mark is one exact multiplication;
        /// else zero. Zero too for a flat position, whose value is zero.
        var wholeUnits: Int64 = 0
        var isUsed = false
        var position: Position
        var multiplier: Quantity
    }

    /// What makes a mark of the only open position one multiplication: equity is a linear function of its price until the
    /// next fill, and only at the bounds does something else change with it. Units of 10^-8.
    private struct Solo {
        /// The position; -1 when there is none, several, or one whose value is no whole multiple of the price.
        var index = -1
        /// Equity at a price of zero.
        var base: Int64 = 0
        var units: Int64 = 0
        /// Prices above it are beyond what money can hold; zero when not worked out yet.
        var priceMax: UInt64 = 0
        /// Equity at which a peak, the largest drawdown or the floor of the limits is not touched yet.
        var equityMax = Int64.min
        var equityMin = Int64.max
        /// Equity when the holding's unrealised PnL was last put down.
        var settledEquity: Int64 = 0
    }

    /// What a fill did.
    package struct Outcome {
        package var realizedPnL: Money
        package var position: Position
    }

    private let holdings: UnsafeMutablePointer<Holding>
    private let holdingCount: Int
    /// Indices of the instruments ever held, in the order of first use.
    private var usedIndices: [Int] = []
    /// Closed positions in instruments that are not configured any more; part of the totals.
    private var retired: [Position] = []
    package private(set) var totals: AccountTotals
    package private(set) var cash: Money
    package private(set) var realizedPnL = Money.zero
    package private(set) var fees = Money.zero
    package private(set) var equity: Money
    package private(set) var peakEquity: Money
    package private(set) var maxDrawdown = Money.zero
    /// Instruments with a position that is not flat.
    package private(set) var openPositionCount = 0
    /// Equity at the beginning of the day, and its peak since the drawdown's limit is counted.
    private var dayStart: Money
    private var riskPeak: Money
    private var dailyLossMax: Money?
    private var drawdownLimit: Money?
    private var equityFloor = Money(e8: .min)
    /// Whether equity has been at or below what the limits allow since they were set or the day began.
    package private(set) var isFloorReached = false
    /// The way of marks while one position is open, see `mark`.
    private var solo = Solo()

    /// Makes a flat portfolio; marks and fills name instruments by their index in `instruments`.
    package init(instruments: [Instrument], startingCash: Money) {
        holdingCount = instruments.count
        holdings = .allocate(capacity: max(holdingCount, 1))
        for (index, instrument) in instruments.enumerated() {
            (holdings + index).initialize(
                to: Holding(position: Position(token: instrument.token), multiplier: instrument.multiplier))
        }
        totals = AccountTotals(startingCash: startingCash)
        cash = startingCash
        equity = startingCash
        peakEquity = startingCash
        dayStart = startingCash
        riskPeak = startingCash
    }

    // The holdings are of a trivial type: nothing in them needs an end of its own.
    deinit { holdings.deallocate() }

    /// What the open positions have gained at their marks; follows from the identity above.
    package var unrealizedPnL: Money {
        // The result fits, which `markAny` sees to; what comes between need not.
        Money(e8: equity.e8 &- totals.startingCash.e8 &- realizedPnL.e8 &+ fees.e8)
    }

    /// How far equity is below its peak.
    package var drawdown: Money { peakEquity - equity }

    /// All of it as a strategy sees it.
    package var account: Account {
        Account(
            equity: equity, cash: cash, realizedPnL: realizedPnL, unrealizedPnL: unrealizedPnL, fees: fees,
            drawdown: drawdown)
    }

    /// Closed round trips that won, as a share of all closed ones; zero when there are none.
    package var successRate: Double {
        totals.roundTripCount == 0 ? 0 : Double(totals.winningRoundTripCount) / Double(totals.roundTripCount)
    }

    /// Every position ever held, in the order of first use.
    package var positions: [Position] { retired + usedIndices.map { holdings[$0].position } }

    /// The position in an instrument; traps when there is no such index.
    package func position(_ index: Int) -> Position {
        precondition(index >= 0 && index < holdingCount, "an instrument's index")
        return holdings[index].position
    }

    package mutating func countOrder() { totals.orderCount += 1 }

    // MARK: - Fills

    /// Books a fill; the price serves as the position's mark until the next one when there is none yet.
    ///
    /// Traps when there is no such index.
    ///
    /// - Returns: `nil`, and nothing changes, when an amount would be beyond what money can hold.
    package mutating func apply(
        _ index: Int, side: Side, price: Price, quantity: Quantity, fee: Money, mark: Price
    ) -> Outcome? {
        precondition(index >= 0 && index < holdingCount, "an instrument's index")
        endSolo()
        let holding = holdings + index
        let before = holding.pointee.position.quantity
        let change = side == .buy ? quantity : -quantity
        guard
            let entry = Self.entry(
                before: before, at: holding.pointee.position.averagePrice, change: change, at: price,
                multiplier: holding.pointee.multiplier),
            let paid = Money.checked(price: price, quantity: change, multiplier: holding.pointee.multiplier),
            let value = Money.checked(
                price: price, quantity: entry.quantity, multiplier: holding.pointee.multiplier)
        else { return nil }
        // Values, costs and amounts paid are at most a quarter of the range each: no sum of three overflows.
        let realized = entry.cost - holding.pointee.cost - paid
        let unrealized = value - entry.cost
        guard
            let sums = sums(
                adding: realized, fee: fee, paid: paid, unrealized: unrealized - holding.pointee.unrealized)
        else { return nil }
        let after = entry.quantity

        cash = sums.cash
        realizedPnL = sums.realizedPnL
        fees = sums.fees
        equity = sums.equity
        totals.fillCount += 1
        let (traded, isBeyond) = totals.tradedNotional.e8.addingReportingOverflow(paid.magnitude.e8)
        totals.tradedNotional = Money(e8: isBeyond ? .max : traded)
        openPositionCount += (after.isZero ? 0 : 1) - (before.isZero ? 0 : 1)
        if !holding.pointee.isUsed {
            holding.pointee.isUsed = true
            usedIndices.append(index)
        }
        holding.pointee.cost = entry.cost
        holding.pointee.unrealized = unrealized
        holding.pointee.position.quantity = after
        holding.pointee.position.averagePrice = entry.averagePrice
        holding.pointee.position.realizedPnL += realized
        holding.pointee.position.fees += fee
        holding.pointee.wholeUnits = Self.wholeUnits(after, holding.pointee.multiplier)
        solo.priceMax = 0
        settleRoundTrip(index, before: before, change: change, realized: realized, fee: fee)
        if !markAny(index, at: mark) { setEquity(equity) }
        beginSolo(index)
        return Outcome(realizedPnL: realized, position: holding.pointee.position)
    }

    /// Values a position at a price; `false`, and nothing changes, when the value is beyond what money can
    /// hold. The index must be one of the instruments'.
    @discardableResult @inline(__always)
    package mutating func mark(_ index: Int, at price: Price) -> Bool {
        // The only position, within the bounds: a few instructions of a backtest's every quote.
        if index == solo.index, UInt64(bitPattern: price.e8) <= solo.priceMax {
            // Within the range: `priceMax` bounds the product, and `base` is at most half the range.
            let worth = solo.base &+ solo.units &* price.e8
            if worth <= solo.equityMax, worth >= solo.equityMin {
                equity = Money(e8: worth)
                return true
            }
            if worth.magnitude <= UInt64(Limits.accountE8Max) {
                setEquity(Money(e8: worth))
                setSoloBounds()
                return true
            }
        }
        return markSlowly(index, at: price)
    }

    @inline(never)
    private mutating func markSlowly(_ index: Int, at price: Price) -> Bool {
        endSolo()
        let isMarked = markAny(index, at: price)
        beginSolo(index)
        return isMarked
    }

    /// Values a position while no position is marked by itself.
    private mutating func markAny(_ index: Int, at price: Price) -> Bool {
        assert(index >= 0 && index < holdingCount, "an instrument's index")
        let holding = holdings + index
        var value = Money.zero
        let (product, isBeyond) = price.e8.multipliedReportingOverflow(by: holding.pointee.wholeUnits)
        if holding.pointee.wholeUnits != 0, !isBeyond, product.magnitude <= UInt64(Limits.notionalE8Max) {
            value = Money(e8: product)
        } else if !holding.pointee.position.quantity.isZero {
            guard
                let checked = Money.checked(
                    price: price, quantity: holding.pointee.position.quantity,
                    multiplier: holding.pointee.multiplier)
            else { return false }
            value = checked
        }
        let unrealized = value - holding.pointee.cost
        let change = unrealized - holding.pointee.unrealized
        let isTooMuch = unrealizedPnL.e8.addingReportingOverflow(change.e8).overflow
        let (worth, isTooMuchToo) = equity.e8.addingReportingOverflow(change.e8)
        // Half the range is left, so that the distance between two equities never overflows.
        guard !isTooMuch, !isTooMuchToo, worth.magnitude <= UInt64(Limits.accountE8Max) else { return false }
        holding.pointee.unrealized = unrealized
        setEquity(Money(e8: worth))
        return true
    }

    /// Lets marks of a position take the short way from here, when it is the only open one and its value a whole multiple of
    /// its price, which that of a flat one is not.
    private mutating func beginSolo(_ index: Int) {
        let holding = holdings + index
        guard openPositionCount == 1, holding.pointee.wholeUnits != 0 else { return }
        // Both are within a quarter of the range, and equity within half of it.
        let base = equity.e8 - (holding.pointee.cost.e8 + holding.pointee.unrealized.e8)
        guard base.magnitude <= UInt64(Limits.accountE8Max) else { return }
        solo.index = index
        solo.base = base
        solo.units = holding.pointee.wholeUnits
        solo.settledEquity = equity.e8
        if solo.priceMax == 0 { solo.priceMax = UInt64(Limits.notionalE8Max) / solo.units.magnitude }
        setSoloBounds()
    }

    @inline(never)
    private mutating func setSoloBounds() {
        solo.equityMax = min(peakEquity.e8, riskPeak.e8)
        // Limits never reach the end of the range that equity cannot have.
        solo.equityMin = max(peakEquity.e8 - maxDrawdown.e8, equityFloor.e8 &+ 1)
    }

    /// Puts down what the marks since `beginSolo` have changed.
    private mutating func endSolo() {
        guard solo.index >= 0 else { return }
        // Both are within half the range.
        holdings[solo.index].unrealized += Money(e8: equity.e8 - solo.settledEquity)
        solo.index = -1
    }

    private mutating func setEquity(_ value: Money) {
        equity = value
        if equity > peakEquity { peakEquity = equity }
        if drawdown > maxDrawdown { maxDrawdown = drawdown }
        if equity > riskPeak {
            riskPeak = equity
            setFloor()
        }
        if equity <= equityFloor { isFloorReached = true }
    }

    // MARK: - Limits on losses

    /// Which limit equity has reached, with the loss.
    package enum ReachedFloor: Equatable, Sendable {
        case day(loss: Money)
        case peak(fall: Money)
    }

    /// Which limit equity is at or beyond now; when it has recovered, the one that is nearer.
    package var reachedFloor: ReachedFloor? {
        guard isFloorReached else { return nil }
        let day = dailyLossMax.map { $0 - (dayStart - equity) }
        let peak = drawdownLimit.map { $0 - (riskPeak - equity) }
        if let day, peak.map({ day <= $0 }) ?? true { return .day(loss: dayStart - equity) }
        return peak == nil ? nil : .peak(fall: riskPeak - equity)
    }

    /// Sets the loss of the day and the fall from the peak to watch for; `nil` for none. Counting goes on.
    package mutating func setLossLimits(daily: Money?, drawdown: Money?) {
        endSolo()
        dailyLossMax = daily
        drawdownLimit = drawdown
        setFloor()
        isFloorReached = equity <= equityFloor
    }

    /// Counts the day's loss from the present equity.
    package mutating func beginDay() {
        endSolo()
        dayStart = equity
        setFloor()
        isFloorReached = equity <= equityFloor
    }

    /// Counts the day's loss and the drawdown from the present equity.
    package mutating func restartLossLimits() {
        endSolo()
        riskPeak = equity
        beginDay()
    }

    private mutating func setFloor() {
        // Equity is within half the range, see `Limits.accountE8Max`; a limit may be all of it.
        func below(_ start: Money, _ limit: Money?) -> Int64 {
            guard let limit else { return .min }
            let (floor, isBeyond) = start.e8.subtractingReportingOverflow(limit.e8)
            return isBeyond ? .min : floor
        }
        equityFloor = Money(e8: max(below(dayStart, dailyLossMax), below(riskPeak, drawdownLimit)))
    }

    /// The values of all positions but one at their marks, long and short added up, in units of 10^-8.
    func grossValueE8(except index: Int) -> UInt128 {
        var sum: UInt128 = 0
        for used in usedIndices where used != index {
            var value = Int128(holdings[used].cost.e8) + Int128(holdings[used].unrealized.e8)
            if used == solo.index { value += Int128(equity.e8 - solo.settledEquity) }
            sum += value.magnitude
        }
        return sum
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
            holdings[index].wholeUnits = Self.wholeUnits(position.quantity, holdings[index].multiplier)
            if !holdings[index].isUsed {
                holdings[index].isUsed = true
                usedIndices.append(index)
            }
        }
        openPositionCount = 0
        var cost = Money.zero
        for index in 0..<holdingCount {
            if !holdings[index].position.isFlat { openPositionCount += 1 }
            cost += holdings[index].cost
        }
        cash = totals.startingCash + realizedPnL - fees - cost
        equity = totals.startingCash + realizedPnL - fees
        peakEquity = equity
        dayStart = equity
        riskPeak = equity
    }

    // MARK: - Arithmetic

    private struct Sums {
        var cash = Money.zero
        var realizedPnL = Money.zero
        var fees = Money.zero
        var unrealizedPnL = Money.zero
        var equity = Money.zero
    }

    /// The money of an account after a fill; `nil` when a part of it is out of range.
    private func sums(adding realized: Money, fee: Money, paid: Money, unrealized: Money) -> Sums? {
        // 128 bits hold every sum of a few numbers of 64.
        let wide = (
            cash: Int128(cash.e8) - Int128(paid.e8) - Int128(fee.e8),
            realized: Int128(realizedPnL.e8) + Int128(realized.e8),
            fees: Int128(fees.e8) + Int128(fee.e8),
            unrealized: Int128(unrealizedPnL.e8) + Int128(unrealized.e8),
            equity: Int128(equity.e8) + Int128(realized.e8) - Int128(fee.e8) + Int128(unrealized.e8)
        )
        func money(_ value: Int128) -> Money? {
            value.magnitude <= UInt128(Limits.accountE8Max) ? Money(e8: Int64(value)) : nil
        }
        guard let cash = money(wide.cash), let realizedPnL = money(wide.realized),
            let fees = money(wide.fees),
            let unrealizedPnL = money(wide.unrealized), let equity = money(wide.equity)
        else { return nil }
        return Sums(
            cash: cash, realizedPnL: realizedPnL, fees: fees, unrealizedPnL: unrealizedPnL, equity: equity)
    }

    /// Units of money per unit of price; zero when that is no whole number.
    private static func wholeUnits(_ quantity: Quantity, _ multiplier: Quantity) -> Int64 {
        let scale = Money.scale
        guard quantity.e8 % scale == 0, multiplier.e8 % scale == 0 else { return 0 }
        let (units, isBeyond) = (quantity.e8 / scale).multipliedReportingOverflow(by: multiplier.e8 / scale)
        return isBeyond ? 0 : units
    }

    /// The position after a change and what it cost; `nil` when one of them is out of range.
    ///
    /// The average entry price is weighted when the position grows, kept when it shrinks, the change's own price when
    /// it turns, zero when flat.
    private static func entry(
        before: Quantity, at average: Price, change: Quantity, at price: Price, multiplier: Quantity
    ) -> (quantity: Quantity, averagePrice: Price, cost: Money)? {
        let (sum, isBeyond) = before.e8.addingReportingOverflow(change.e8)
        guard !isBeyond, sum != .min else { return nil }
        let after = Quantity(e8: sum)
        var entry = price
        if after.isZero {
            entry = .zero
        } else if !before.isZero, (before > .zero) == (after > .zero) {
            entry = average
            if (before > .zero) == (change > .zero) {
                let total =
                    Int128(before.magnitude.e8) * Int128(average.e8)
                    + Int128(change.magnitude.e8) * Int128(price.e8)
                let divisor = Int128(after.magnitude.e8)
                // Between the two prices, hence within their range.
                entry = Price(e8: Int64((total + divisor / 2) / divisor))
            }
        }
        guard let cost = Money.checked(price: entry, quantity: after, multiplier: multiplier) else {
            return nil
        }
        return (after, entry, cost)
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
        if isTurned, !fee.isZero {
            closingFee = Money(
                e8: Int64(Int128(fee.e8) * Int128(before.magnitude.e8) / Int128(change.magnitude.e8)))
        }
        let result = holdings[index].position.roundTripPnL + realized - closingFee
        totals.roundTripCount += 1
        if result > .zero { totals.winningRoundTripCount += 1 }
        holdings[index].position.roundTripPnL = closingFee - fee
    }
}
