package import TradingModel

/// What fills cost. All parts add up.
package struct FeeModel: Equatable, Sendable {
    /// A pair of rates on notional; negative is a rebate.
    package struct Rates: Equatable, Sendable {
        /// Of fills that rested.
        package var maker: Quantity
        /// Of fills that took.
        package var taker: Quantity

        package init(maker: Quantity = .zero, taker: Quantity = .zero) {
            self.maker = maker
            self.taker = taker
        }
    }

    /// Rates from a notional on.
    package struct Tier: Equatable, Sendable {
        /// What the account must have traded before the fill.
        package var from: Money
        package var rates: Rates

        package init(from: Money, rates: Rates) {
            self.from = from
            self.rates = rates
        }
    }

    /// The rates below the first tier.
    package var rates: Rates
    /// Ascending; the last one reached counts. The notional is that of all fills of the account, over all sessions.
    package var tiers: [Tier]
    /// Per unit of quantity.
    package var perUnit: Money
    /// Once per order, with its first fill.
    package var perOrder: Money

    /// Makes a model; no fees by default.
    package init(
        rates: Rates = Rates(), tiers: [Tier] = [], perUnit: Money = .zero, perOrder: Money = .zero
    ) {
        self.rates = rates
        self.tiers = tiers
        self.perUnit = perUnit
        self.perOrder = perOrder
    }

    /// The fee of a fill, rounded to 10^-8 half away from zero.
    func fee(
        notional: Money, quantity: Quantity, liquidity: Liquidity, isFirstOfOrder: Bool, traded: Money
    ) -> Money {
        var rates = rates
        for tier in tiers where traded >= tier.from { rates = tier.rates }
        var fee = notional.times(rate: liquidity == .maker ? rates.maker : rates.taker)
        if !perUnit.isZero { fee += perUnit.times(rate: quantity) }
        if isFirstOfOrder { fee += perOrder }
        return fee
    }
}

/// By how much orders that take fill worse than the price they meet. Market orders and triggered stops; a limit order
/// never fills beyond its limit.
package enum SlippageModel: Equatable, Sendable {
    case none
    /// Price increments.
    case ticks(Int)
    /// A share of the price, such as 0.0005.
    case rate(Quantity)
    /// The price times `impact` times the square of the order's share of the quantity displayed or traded, which counts
    /// as no more than `limit`. Nothing where the data does not tell quantities.
    case volumeShare(limit: Quantity, impact: Quantity)

    /// A price moved against a side, rounded to the increment in the same direction; of a seller never to zero or below.
    func price(
        _ price: Price, _ side: Side, quantity: Quantity, available: Quantity?, increment: Price
    ) -> Price {
        let distance: Int64
        switch self {
        case .none: return price
        case .ticks(let count): distance = Int64(clamping: Int128(increment.e8) * Int128(count))
        case .rate(let rate): distance = Self.share(price.e8, rate.e8)
        case .volumeShare(let limit, let impact):
            guard let available, available > .zero else { return price }
            let exact = Int128(quantity.e8) * Int128(Quantity.scale) / Int128(available.e8)
            let share = min(Int64(clamping: exact), limit.e8)
            distance = Self.share(price.e8, Self.share(impact.e8, Self.share(share, share)))
        }
        guard distance > 0 else { return price }
        if side == .buy {
            let (sum, overflow) = price.e8.addingReportingOverflow(distance)
            // At the end of the range there is nothing worse.
            return overflow || sum > .max - increment.e8 ? price : Price(e8: sum).roundedUp(to: increment)
        }
        let down = Price(e8: price.e8 - distance).roundedDown(to: increment)
        return down > .zero ? down : price
    }

    private static func share(_ value: Int64, _ rate: Int64) -> Int64 {
        Int64(clamping: Int128(value) * Int128(rate) / Int128(Quantity.scale))
    }
}
