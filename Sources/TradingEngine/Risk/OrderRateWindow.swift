import TradingModel

/// Remembers when the last orders were sent, to tell whether one more would be too many within a second.
struct OrderRateWindow {
    private var times: [Int64]
    private var next = 0

    /// A window that allows `ordersPerSecond` orders in any second.
    init(ordersPerSecond: Int) {
        times = Array(repeating: .min, count: min(max(ordersPerSecond, 1), Limits.ordersPerSecondMax))
    }

    /// Counts an order sent at a time; `false`, and not counted, when it is one too many.
    mutating func admit(at time: Timestamp) -> Bool {
        let oldest = times[next]
        // The initial value stands for never and must not take part in a subtraction.
        if oldest != .min, time.nanoseconds - oldest < 1_000_000_000 { return false }
        times[next] = time.nanoseconds
        next = next + 1 == times.count ? 0 : next + 1
        return true
    }
}
