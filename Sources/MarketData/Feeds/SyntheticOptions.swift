public import TradingModel

/// What a synthetic market is like.
public struct SyntheticOptions: Equatable, Sendable {
    /// How prices move.
    public enum Model: String, Sendable, CaseIterable {
        /// Each step is independent of the level.
        case randomWalk = "random_walk"
        /// Prices are drawn back to their start.
        case meanReverting = "mean_reverting"
    }

    /// The instruments' symbols.
    public var symbols = ["SYNTH"]
    /// Equal seeds give equal prices.
    public var seed: UInt64 = 1
    /// Records per second of the market's time, all symbols together.
    public var rate = 20.0
    /// The first mid price of each symbol; the last one counts for the symbols after it.
    public var startPrices = [Price(100)]
    /// Standard deviation of a relative price change over one second.
    public var volatility = 0.0002
    /// Ask minus bid, rounded to whole increments, at least one.
    public var spread = Price(e8: 2_000_000)
    /// The price increment.
    public var increment = Price(e8: 1_000_000)
    /// The share of records that are trades, 0 to 1; the rest are quotes.
    public var tradeShare = 0.2
    /// How prices move.
    public var model = Model.randomWalk
    /// The time in which a mean-reverting price loses 63 % of its distance, in seconds.
    public var reversionSeconds = 60.0
    /// Correlation of the price changes of any two symbols, 0 to 1.
    public var correlation = 0.3
    /// How many jumps of a symbol's price an hour has on average; each symbol jumps by itself.
    public var jumpsPerHour = 0.0
    /// Standard deviation of the relative change of a jump.
    public var jumpSize = 0.01
    /// Category and currency of the instruments.
    public var category = "synthetic", currency = "USD"

    public init() {}

    /// The instruments in the order of the symbols.
    public var instruments: [Instrument] {
        symbols.map { symbol in
            Instrument(
                symbol: symbol, category: category, priceIncrement: increment,
                quantityIncrement: SyntheticMarket.lot, currency: currency)
        }
    }

    /// Throws `badOptions` or `instrumentConflict` for values that make no market, naming the option.
    public func validate() throws(MarketDataError) {
        func refuse(_ problem: String) -> MarketDataError {
            MarketDataError(.badOptions, "synthetic: \(problem)")
        }
        guard !symbols.isEmpty, symbols.count <= Limits.syntheticSymbolsMax else {
            throw refuse("symbols must be 1 to \(Limits.syntheticSymbolsMax) names")
        }
        guard Set(symbols).count == symbols.count else { throw refuse("symbols names one twice") }
        var catalog = InstrumentCatalog()
        for instrument in instruments { try catalog.insert(instrument, from: "synthetic") }
        guard (0.001...10_000_000).contains(rate) else { throw refuse("rate must be from 0.001 to 10000000") }
        guard !startPrices.isEmpty, startPrices.allSatisfy({ $0 > .zero && $0 <= Price(1_000_000_000) })
        else {
            throw refuse("start_price must be above 0 and at most 1000000000")
        }
        guard (0...0.1).contains(volatility) else {
            throw refuse("volatility must be from 0 to 0.1 per second")
        }
        guard increment > .zero else { throw refuse("increment must be above 0") }
        guard spread > .zero, startPrices.allSatisfy({ spread.e8 < $0.e8 && increment.e8 < $0.e8 }) else {
            throw refuse("spread and increment must be above 0 and below start_price")
        }
        guard (0...1).contains(tradeShare) else { throw refuse("trade_share must be from 0 to 1") }
        guard (0...1).contains(correlation) else { throw refuse("correlation must be from 0 to 1") }
        guard (0...36_000).contains(jumpsPerHour) else {
            throw refuse("jumps_per_hour must be from 0 to 36000")
        }
        guard (0...0.5).contains(jumpSize) else { throw refuse("jump_size must be from 0 to 0.5") }
        guard (0.001...1e9).contains(reversionSeconds) else {
            throw refuse("reversion_seconds must be from 0.001 to 1000000000")
        }
    }
}
