import TradingModel

/// Bars built from ticks: by time, by a number of ticks, or by volume.
///
/// | bars | a bar ends | its time |
/// |---|---|---|
/// | time | at a multiple of the interval counted from the epoch, or from the session's start and at the next one | that moment |
/// | ticks | with its n-th tick | that tick's |
/// | volume | with the trade that fills it up, which belongs to it whole | that trade's |
///
/// A tick at a time bar's closing time belongs to the next bar. An interval without a tick has no bar. The bar under way when the
/// data end is not delivered: nobody knows whether it would have gone on.
struct BarSubscriptions {
    /// What ends a bar.
    enum Rule: Equatable {
        /// Nanoseconds; `start` is the session's first moment after a UTC midnight, `nil` for the epoch.
        case time(interval: Int64, start: Int64?)
        case ticks(Int)
        case volume(Quantity)
    }

    private struct Subscription {
        var index: Int
        var rule: Rule
        /// When the bar under way closes; the far future while it has no tick, and for bars that time does not end.
        var close = Int64.max
        var bar = Bar(open: .zero, high: .zero, low: .zero, close: .zero)
        var isFromTrades = false
        /// Ticks of the bar under way, and when the first came.
        var tickCount = 0
        var begin: Int64 = 0
    }

    private static let dayNanoseconds: Int64 = 86_400_000_000_000
    private var subscriptions: [Subscription] = []
    /// Bars of ticks and volume that are complete and not taken yet.
    private var completed: [(index: Int, bar: Bar)] = []

    /// The earliest time at which a bar closes; the far future when none is under way.
    private(set) var nextClose = Int64.max

    /// Whether a bar of ticks or volume waits to be taken.
    var hasCompleted: Bool { !completed.isEmpty }

    /// Whether there are ticks that belong to no complete bar.
    var isBarUnderWay: Bool { subscriptions.contains { $0.tickCount > 0 } }

    /// Adds a subscription; `false` when it exists.
    mutating func add(_ index: Int, _ rule: Rule) -> Bool {
        guard !subscriptions.contains(where: { $0.index == index && $0.rule == rule }) else { return false }
        precondition(
            subscriptions.count < Limits.barSubscriptionsMax,
            "a strategy has at most \(Limits.barSubscriptionsMax) bar subscriptions")
        subscriptions.append(Subscription(index: index, rule: rule))
        return true
    }

    /// Adds a price of an instrument. From its first trade on an instrument's bars are built from trades
    /// only; what quotes had put into the bar under way is forgotten then.
    mutating func add(_ index: Int, price: Price, size: Quantity, isTrade: Bool, at time: Int64) {
        for place in subscriptions.indices where subscriptions[place].index == index {
            if isTrade, !subscriptions[place].isFromTrades {
                subscriptions[place].isFromTrades = true
                subscriptions[place].close = .max
                subscriptions[place].tickCount = 0
            }
            guard isTrade == subscriptions[place].isFromTrades else { continue }
            if subscriptions[place].tickCount == 0 {
                begin(place, price: price, at: time)
            } else {
                subscriptions[place].bar.high = max(subscriptions[place].bar.high, price)
                subscriptions[place].bar.low = min(subscriptions[place].bar.low, price)
                subscriptions[place].bar.close = price
            }
            subscriptions[place].tickCount += 1
            // A source that invents sizes must not stop a strategy: the sum stays at its largest value.
            let (sum, overflow) = subscriptions[place].bar.volume.e8.addingReportingOverflow(size.e8)
            subscriptions[place].bar.volume = Quantity(e8: overflow ? .max : sum)
            complete(place, at: time)
        }
        refresh()
    }

    /// Takes the time bar that closes first, by time then subscription.
    mutating func popFirst() -> (index: Int, bar: Bar)? {
        guard nextClose != .max, let place = subscriptions.firstIndex(where: { $0.close == nextClose }) else {
            return nil
        }
        subscriptions[place].close = .max
        subscriptions[place].tickCount = 0
        refresh()
        return (subscriptions[place].index, subscriptions[place].bar)
    }

    /// Takes the bars of ticks and volume that are complete, in the order of the subscriptions.
    mutating func takeCompleted() -> [(index: Int, bar: Bar)] {
        defer { completed.removeAll(keepingCapacity: true) }
        return completed
    }

    /// Ends a bar of ticks or volume whose measure is full.
    private mutating func complete(_ place: Int, at time: Int64) {
        switch subscriptions[place].rule {
        case .time: return
        case .ticks(let count): guard subscriptions[place].tickCount >= count else { return }
        case .volume(let volume): guard subscriptions[place].bar.volume >= volume else { return }
        }
        let (duration, overflow) = time.subtractingReportingOverflow(subscriptions[place].begin)
        subscriptions[place].bar.durationNanoseconds = overflow ? .max : duration
        subscriptions[place].tickCount = 0
        completed.append((subscriptions[place].index, subscriptions[place].bar))
    }

    private mutating func begin(_ place: Int, price: Price, at time: Int64) {
        subscriptions[place].begin = time
        subscriptions[place].bar = Bar(open: price, high: price, low: price, close: price)
        guard case .time(let interval, let start) = subscriptions[place].rule else { return }
        let (first, close) = Self.bounds(of: time, interval: interval, start: start)
        subscriptions[place].close = close
        subscriptions[place].bar.durationNanoseconds = close - first
    }

    /// Begin and end of the bar that a moment belongs to.
    private static func bounds(
        of time: Int64, interval: Int64, start: Int64?
    ) -> (begin: Int64, close: Int64) {
        guard let start else { return bounds(of: time, interval: interval, from: 0, until: .max) }
        // The last session's start at or before the moment; sessions are a day apart.
        let session = floor(of: time, step: dayNanoseconds, from: start)
        let (next, overflow) = session.addingReportingOverflow(dayNanoseconds)
        return bounds(of: time, interval: interval, from: session, until: overflow ? .max : next)
    }

    private static func bounds(
        of time: Int64, interval: Int64, from origin: Int64, until end: Int64
    ) -> (begin: Int64, close: Int64) {
        let begin = floor(of: time, step: interval, from: origin)
        let (close, overflow) = begin.addingReportingOverflow(interval)
        // The far future stands for "no bar", hence one less at the end of time.
        return (begin, min(overflow ? .max - 1 : close, end == .max ? .max - 1 : end))
    }

    /// The last multiple of a step, counted from an origin, that is not after a moment.
    private static func floor(of time: Int64, step: Int64, from origin: Int64) -> Int64 {
        let (distance, overflow) = time.subtractingReportingOverflow(origin)
        guard !overflow else { return time }
        let phase = distance % step
        let (result, underflow) = time.subtractingReportingOverflow(phase < 0 ? phase + step : phase)
        return underflow ? time : result
    }

    private mutating func refresh() { nextClose = subscriptions.lazy.map(\.close).min() ?? .max }
}
