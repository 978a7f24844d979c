import TradingModel

/// Time bars built from ticks, aligned to the epoch; a tick at a bar's closing time belongs to the next bar.
struct BarSubscriptions {
    private struct Subscription {
        var index: Int
        var interval: Int64
        /// When the bar under way closes; the far future while it has no tick.
        var close = Int64.max
        var bar = Bar(open: .zero, high: .zero, low: .zero, close: .zero)
        var isFromTrades = false
    }

    private var subscriptions: [Subscription] = []

    /// The earliest time at which a bar closes; the far future when none is under way.
    private(set) var nextClose = Int64.max

    /// Adds a subscription; `false` when it exists.
    mutating func add(_ index: Int, interval: Int64) -> Bool {
        guard !subscriptions.contains(where: { $0.index == index && $0.interval == interval }) else {
            return false
        }
        precondition(
            subscriptions.count < Limits.barSubscriptionsMax,
            "a strategy has at most \(Limits.barSubscriptionsMax) bar subscriptions")
        subscriptions.append(Subscription(index: index, interval: interval))
        return true
    }

    /// Adds a price of an instrument. From its first trade on an instrument's bars are built from trades
    /// only; what quotes had put into the bar under way is forgotten then.
    mutating func add(_ index: Int, price: Price, size: Quantity, isTrade: Bool, at time: Int64) {
        for place in subscriptions.indices where subscriptions[place].index == index {
            if isTrade, !subscriptions[place].isFromTrades {
                subscriptions[place].isFromTrades = true
                subscriptions[place].close = .max
            }
            guard isTrade == subscriptions[place].isFromTrades else { continue }
            if subscriptions[place].close == .max {
                begin(place, price: price, at: time)
            } else {
                subscriptions[place].bar.high = max(subscriptions[place].bar.high, price)
                subscriptions[place].bar.low = min(subscriptions[place].bar.low, price)
                subscriptions[place].bar.close = price
            }
            // A source that invents sizes must not stop a strategy: the sum stays at its largest value.
            let (sum, overflow) = subscriptions[place].bar.volume.e8.addingReportingOverflow(size.e8)
            subscriptions[place].bar.volume = Quantity(e8: overflow ? .max : sum)
        }
        refresh()
    }

    /// Takes the bar that closes first, by time then subscription.
    mutating func popFirst() -> (index: Int, bar: Bar)? {
        guard nextClose != .max, let place = subscriptions.firstIndex(where: { $0.close == nextClose }) else {
            return nil
        }
        subscriptions[place].close = .max
        refresh()
        return (subscriptions[place].index, subscriptions[place].bar)
    }

    private mutating func begin(_ place: Int, price: Price, at time: Int64) {
        let interval = subscriptions[place].interval
        let phase = time % interval
        let start = time - (phase < 0 ? phase + interval : phase)
        let (close, overflow) = start.addingReportingOverflow(interval)
        // The far future stands for "no bar", hence one less at the end of time.
        subscriptions[place].close = overflow ? .max - 1 : close
        subscriptions[place].bar = Bar(
            open: price, high: price, low: price, close: price, volume: .zero, durationNanoseconds: interval)
    }

    private mutating func refresh() { nextClose = subscriptions.lazy.map(\.close).min() ?? .max }
}
