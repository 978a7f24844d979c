import TradingModel

extension Money {
    /// `price × quantity × multiplier` rounded as `Money.init(price:quantity:multiplier:)` does, or `nil`
    /// when its size passes `Limits.notionalE8Max`; for numbers that come from market data or strategies.
    static func checked(price: Price, quantity: Quantity, multiplier: Quantity) -> Money? {
        guard let product = scaledProduct(price.e8, quantity.e8) else { return nil }
        if multiplier.e8 == Self.scale { return Money(e8: product) }
        return scaledProduct(product, multiplier.e8).map { Money(e8: $0) }
    }

    /// `left × right / 10^8`, rounded half away from zero; `nil` when its size passes the bound.
    private static func scaledProduct(_ left: Int64, _ right: Int64) -> Int64? {
        let divisor = UInt64(scale)
        let (high, low) = left.magnitude.multipliedFullWidth(by: right.magnitude)
        let rounded: UInt64
        if high == 0 {
            // The usual case: a division by a constant, which is a multiplication.
            rounded = low / divisor + (low % divisor >= divisor / 2 ? 1 : 0)
        } else {
            guard high < divisor else { return nil }
            let (quotient, remainder) = divisor.dividingFullWidth((high, low))
            // The bound below leaves no quotient that adding one could overflow.
            guard quotient <= UInt64(Limits.notionalE8Max) else { return nil }
            rounded = quotient + (remainder >= divisor / 2 ? 1 : 0)
        }
        guard rounded <= UInt64(Limits.notionalE8Max) else { return nil }
        return (left < 0) != (right < 0) ? -Int64(rounded) : Int64(rounded)
    }
}
