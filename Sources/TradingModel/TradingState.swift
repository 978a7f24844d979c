/// What a strategy may trade at present, by an operator's word or because a limit was breached; cancels always pass.
public enum TradingState: String, Sendable, CaseIterable, Comparable {
    /// Everything within the limits.
    case active
    /// Only orders that reduce a position.
    case reducing
    /// No new orders.
    case halted

    private var severity: Int {
        switch self {
        case .active: 0
        case .reducing: 1
        case .halted: 2
        }
    }

    /// Whether the left one allows more.
    public static func < (left: Self, right: Self) -> Bool { left.severity < right.severity }
}
