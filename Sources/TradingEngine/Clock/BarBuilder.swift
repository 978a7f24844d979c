package import TradingModel

/// Builds bars of every instrument in a stream of records, by the rules and with the code of an engine whose strategy has
/// subscribed to them; see `StrategyContext.subscribeBars`.
///
/// Time is the records' receive time and never goes back. Of an instrument's quotes the mids count, until it has its first
/// trade. Records that an engine would leave out as invalid are counted and left out. Not thread-safe.
package struct BarBuilder {
    /// A bar, and the moment at which it is known: its close.
    package struct Closed: Equatable, Sendable {
        package var token: InstrumentToken
        package var time: Timestamp
        package var bar: Bar
    }

    private let rule: BarSubscriptions.Rule
    private var tokens: [InstrumentToken] = []
    private var builders: [BarSubscriptions] = []
    private var indices: [UInt32: Int] = [:]
    private var lastIndex = -1
    private var now = Timestamp(nanoseconds: .min)
    /// The earliest close of all instruments.
    private var nextClose = Int64.max
    /// Quotes and trades that no market can have.
    package private(set) var invalidCount: UInt64 = 0

    /// Bars of a time, aligned to the epoch or to a moment of the UTC day; traps as `subscribeBars` does.
    package init(every interval: Duration, sessionStart: Duration? = nil) {
        precondition(interval >= .milliseconds(1), "a bar lasts at least a millisecond")
        let start = sessionStart.map { start in
            precondition(start >= .zero && start < .seconds(86_400), "a session starts within a day")
            return start.wholeNanoseconds
        }
        rule = .time(interval: interval.wholeNanoseconds, start: start)
    }

    /// Bars of so many ticks; traps unless positive.
    package init(ticks: Int) {
        precondition(ticks > 0, "a bar has at least one tick")
        rule = .ticks(ticks)
    }

    /// Bars of at least so much volume; traps unless positive.
    package init(volume: Quantity) {
        precondition(volume > .zero, "a bar has some volume")
        rule = .volume(volume)
    }

    /// Whether an instrument has had ticks that belong to no closed bar.
    package var isBarUnderWay: Bool { builders.contains { $0.isBarUnderWay } }

    /// Lets time pass without a record; `emit` gets the bars that close until then, in the order that `add` says.
    package mutating func advance(to time: Timestamp, emit: (Closed) throws -> Void) rethrows {
        now = max(now, time)
        // The end of time stands for nothing.
        while nextClose < .max, nextClose <= now.nanoseconds { try fire(emit) }
    }

    /// Takes a record; `emit` gets the bars that it closes, by time and then in the order in which instruments came.
    package mutating func add(_ event: MarketEvent, emit: (Closed) throws -> Void) rethrows {
        try advance(to: event.receiveTime, emit: emit)
        switch event.kind {
        case .quote:
            let quote = event.quote
            guard quote.isPossible else { return invalidCount += 1 }
            try add(event.token, price: quote.mid, size: .zero, isTrade: false, emit)
        case .trade:
            let trade = event.trade
            guard trade.isPossible else { return invalidCount += 1 }
            try add(event.token, price: trade.price, size: trade.size, isTrade: true, emit)
        default: return
        }
    }

    private mutating func add(
        _ token: InstrumentToken, price: Price, size: Quantity, isTrade: Bool, _ emit: (Closed) throws -> Void
    ) rethrows {
        let index = index(of: token)
        builders[index].add(0, price: price, size: size, isTrade: isTrade, at: now.nanoseconds)
        if builders[index].hasCompleted {
            for (_, bar) in builders[index].takeCompleted() {
                try emit(Closed(token: token, time: now, bar: bar))
            }
        }
        // A first trade may have put off the close of an instrument's quotes.
        nextClose = min(nextClose, builders[index].nextClose)
    }

    /// Closes the bars that close first, or finds out that none does yet.
    private mutating func fire(_ emit: (Closed) throws -> Void) rethrows {
        let close = nextClose
        for index in builders.indices where builders[index].nextClose == close {
            while builders[index].nextClose == close, let (_, bar) = builders[index].popFirst() {
                try emit(Closed(token: tokens[index], time: Timestamp(nanoseconds: close), bar: bar))
            }
        }
        nextClose = builders.lazy.map(\.nextClose).min() ?? .max
    }

    private mutating func index(of token: InstrumentToken) -> Int {
        if lastIndex >= 0, tokens[lastIndex] == token { return lastIndex }
        if let known = indices[token.rawValue] {
            lastIndex = known
            return known
        }
        var builder = BarSubscriptions()
        _ = builder.add(0, rule)
        lastIndex = builders.count
        indices[token.rawValue] = lastIndex
        tokens.append(token)
        builders.append(builder)
        return lastIndex
    }
}
