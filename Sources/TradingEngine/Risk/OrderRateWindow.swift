import TradingModel

/// Remembers when the last orders were sent, to tell whether one more would be too many within an interval.
struct OrderRateWindow {
    private var times: [Int64]
    private var next = 0
    private let interval: Int64

    /// A window that allows `orderCount` orders in any interval of a length.
    init(orderCount: Int, interval: Duration) {
        precondition(orderCount > 0, "a rate allows at least one order")
        times = Array(repeating: .min, count: orderCount)
        self.interval = interval.wholeNanoseconds
    }

    /// The orders allowed.
    var orderCount: Int { times.count }

    /// Whether one more at a time is within the rate.
    func allows(_ time: Timestamp) -> Bool {
        let oldest = times[next]
        // The initial value stands for never and must not take part in a subtraction.
        return oldest == .min || time.nanoseconds - oldest >= interval
    }

    /// Counts an order sent at a time.
    mutating func count(_ time: Timestamp) {
        times[next] = time.nanoseconds
        next = next + 1 == times.count ? 0 : next + 1
    }
}
