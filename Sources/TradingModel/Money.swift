/// An amount of an account's currency, units of 10^-8.
@frozen
public struct Money: FixedPoint {
    public let e8: Int64

    @inlinable public init(e8: Int64) { self.e8 = e8 }

    /// `price × quantity × multiplier`, rounded half away from zero to 10^-8; traps on overflow.
    ///
    /// - Parameter multiplier: units of the underlying per unit of quantity; 1 for spot.
    @inlinable public init(price: Price, quantity: Quantity, multiplier: Quantity = Quantity(1)) {
        let product = Self.scaledProduct(price.e8, quantity.e8)
        self.init(e8: multiplier.e8 == Self.scale ? product : Self.scaledProduct(product, multiplier.e8))
    }

    /// This amount times a rate such as a fee of 0.0004, rounded half away from zero; traps on overflow.
    @inlinable public func times(rate: Quantity) -> Money { Money(e8: Self.scaledProduct(e8, rate.e8)) }

    /// `left × right / 10^8` through 128 bits, rounded half away from zero; traps when the result overflows.
    @inlinable static func scaledProduct(_ left: Int64, _ right: Int64) -> Int64 {
        let (high, low) = left.magnitude.multipliedFullWidth(by: right.magnitude)
        let divisor = UInt64(scale)
        let (quotient, remainder) = divisor.dividingFullWidth((high, low))
        let rounded = quotient + (remainder * 2 >= divisor ? 1 : 0)
        return (left < 0) != (right < 0) ? -Int64(rounded) : Int64(rounded)
    }
}
