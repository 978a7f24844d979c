/// A price per unit of an instrument, in its currency; units of 10^-8.
@frozen
public struct Price: FixedPoint {
    public let e8: Int64

    @inlinable public init(e8: Int64) { self.e8 = e8 }
}
