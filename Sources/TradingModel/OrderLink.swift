/// How an order hangs together with the others of its list.
///
/// A list is made by a strategy in one call: a bracket, one-cancels-other or one-triggers-other. The rules:
///
/// - **Children** of a parent are held in the engine and go to the venue when the parent fills, for the filled share of
///   their quantity: what a child works for is its quantity times the parent's filled part, rounded down to the
///   quantity increment. Each further fill of the parent raises them. When the parent ends, children that have not gone
///   out are canceled.
/// - **One-cancels-other:** a fill of one takes the same quantity off the others of the list; one that has nothing left
///   is canceled. When one is canceled or expires, the others are canceled.
@frozen
public struct OrderLink: Equatable, Sendable, BitwiseCopyable {
    /// The first order of the list.
    public var listID: OrderID
    /// The order whose fills send this one to the venue; `nil` for one that goes at once.
    public var parentID: OrderID?
    /// Whether fills and the end of other such orders of the list reduce or cancel this one.
    public var isOneCancelsOther: Bool
    /// The quantity that was asked for.
    public var listQuantity: Quantity
    /// The parent's quantity when the list was made; zero without a parent.
    public var parentQuantity: Quantity
    /// What the parent has filled.
    public var parentFilled: Quantity
    /// What other one-cancels-other orders of the list have filled.
    public var siblingsFilled: Quantity

    public init(
        listID: OrderID, parentID: OrderID? = nil, isOneCancelsOther: Bool = false, listQuantity: Quantity,
        parentQuantity: Quantity = .zero, parentFilled: Quantity = .zero, siblingsFilled: Quantity = .zero
    ) {
        self.listID = listID
        self.parentID = parentID
        self.isOneCancelsOther = isOneCancelsOther
        self.listQuantity = listQuantity
        self.parentQuantity = parentQuantity
        self.parentFilled = parentFilled
        self.siblingsFilled = siblingsFilled
    }

    /// The quantity that the order should have now, filled part included; zero or less when it has no business at the
    /// venue.
    public func quantity(increment: Quantity) -> Quantity {
        var share = listQuantity
        if parentID != nil {
            guard parentQuantity > .zero else { return .zero }
            let product = Int128(listQuantity.e8) * Int128(parentFilled.e8) / Int128(parentQuantity.e8)
            share = Quantity(e8: Int64(clamping: product)).roundedDown(to: increment)
        }
        return share - siblingsFilled
    }
}

extension Order {
    /// Takes note of a fill of another order of the same list.
    public mutating func noteFill(of other: OrderID, isOneCancelsOther: Bool, quantity: Quantity) {
        guard var own = link, other != id else { return }
        if own.parentID == other {
            own.parentFilled += quantity
        } else if own.isOneCancelsOther, isOneCancelsOther {
            own.siblingsFilled += quantity
        } else {
            return
        }
        link = own
    }
}
