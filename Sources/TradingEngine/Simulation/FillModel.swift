import TradingModel

/// How much of an order fills against what is displayed or traded.
package struct FillModel: Equatable, Sendable {
    /// Whether a fill is limited to the quantity at the opposite quote or of the trade that went through the
    /// order's price, where the source tells it; otherwise orders fill whole.
    package var isVolumeLimited: Bool

    package init(isVolumeLimited: Bool = false) { self.isVolumeLimited = isVolumeLimited }

    /// What can fill of `wanted`; `available` is `nil` when the source does not tell.
    func fillable(_ wanted: Quantity, available: Quantity?) -> Quantity {
        guard isVolumeLimited, let available else { return wanted }
        return min(wanted, available)
    }
}
