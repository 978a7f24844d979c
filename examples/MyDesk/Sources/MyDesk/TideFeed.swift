import Tradewind

/// A source of market data of your own: a price that rises and falls like a tide, a quote every `interval_ms`.
///
/// A feed is a value that its host asks, again and again, for what is due. One that waits for data from outside starts a
/// thread in `attach` and calls `host.wake()` when something has come. It is registered in `MyDesk.feeds`:
///
///     MyDesk feeds add sea --kind tide --set symbol=TIDE --set interval_ms=50 --set stale_after=2
struct TideFeed: MarketDataFeed {
    static let name = "tide"
    static let summary = "A price that rises and falls like a tide; an example of a feed of one's own."
    let isLive = true

    private let instrument: Instrument
    private let intervalNanoseconds: Int64
    private var sequence: UInt64 = 0
    private var due: Timestamp?

    static func instruments(for configuration: FeedConfiguration) throws -> [Instrument] {
        [Instrument(symbol: try configuration.text("symbol") ?? "TIDE", priceIncrement: Price(e8: 1_000_000))]
    }

    init(configuration: FeedConfiguration) throws {
        try configuration.requireOnly(["symbol", "interval_ms"])
        instrument = try Self.instruments(for: configuration)[0]
        intervalNanoseconds = (try configuration.integer("interval_ms", in: 1...60_000) ?? 100) * 1_000_000
    }

    mutating func next(into batch: inout MarketEventBatch, now: Timestamp) throws -> FeedStep {
        let time = due ?? now
        guard time <= now else { return .wait(until: time) }
        guard !batch.isFull else { return .ready }
        sequence += 1
        // A triangle of 200 steps between 90 and 110, in whole cents.
        let step = Int64(sequence % 200)
        let cents = 9_000 + (step < 100 ? step : 200 - step) * 20
        let quote = Quote(
            bid: Price(e8: cents * 1_000_000), ask: Price(e8: (cents + 2) * 1_000_000), bidSize: Quantity(10),
            askSize: Quantity(10))
        batch.append(
            .quote(quote, token: instrument.token, eventTime: now, receiveTime: now, sequence: sequence))
        due = Timestamp(nanoseconds: now.nanoseconds + intervalNanoseconds)
        return .ready
    }
}
