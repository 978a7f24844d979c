/// A signed amount of an instrument: order sizes are positive, short positions negative; units of 10^-8.
@frozen
public struct Quantity: FixedPoint {
    public let e8: Int64

    @inlinable public init(e8: Int64) { self.e8 = e8 }
}
