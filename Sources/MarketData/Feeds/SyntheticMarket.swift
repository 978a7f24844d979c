public import TradingModel

/// A seeded market of quotes and trades: the same options give the same records on every machine.
///
/// Log-free and exp-free on purpose: only +, -, ×, ÷ and square roots, whose results IEEE 754 fixes to the
/// last bit. A common factor moves all symbols, so that any two of them have the correlation asked for.
public struct SyntheticMarket: Sendable {
    /// The quantity increment; sizes are whole multiples of it.
    public static let lot = Quantity(e8: 1_000_000)

    /// 2200-01-01T00:00:00Z: a market that begins later could pass the last moment a `Timestamp` has.
    static let latestBeginning = Timestamp(seconds: 7_258_118_400)

    /// Nanoseconds from the market's beginning to the last record made.
    public private(set) var elapsedNanoseconds: Int64 = 0
    /// Records made so far.
    public private(set) var recordCount: UInt64 = 0

    private let options: SyntheticOptions
    private let tokens: [InstrumentToken]
    private var generator: SeededGenerator
    private var states: [SymbolState]
    private var commonFactor = 0.0
    private var tradeCount: Int64 = 0

    private struct SymbolState {
        let startMid: Double
        var mid: Double
        var commonFactor = 0.0
        var lastNanoseconds: Int64 = 0
    }

    /// Makes a market at its beginning; throws what `SyntheticOptions.validate` throws.
    public init(options: SyntheticOptions) throws(MarketDataError) {
        try options.validate()
        self.options = options
        tokens = options.instruments.map { $0.token }
        generator = SeededGenerator(seed: options.seed)
        states = options.symbols.indices.map { index in
            let price = options.startPrices[min(index, options.startPrices.count - 1)].doubleValue
            return SymbolState(startMid: price, mid: price)
        }
    }

    /// The next record; both its times are the market's beginning plus the time elapsed.
    public mutating func next(beginning: Timestamp) -> MarketEvent {
        let step = 1e9 / options.rate * (0.5 + generator.nextUnit())
        elapsedNanoseconds += max(1, Int64(step))
        let seconds = step / 1e9
        commonFactor += options.volatility * seconds.squareRoot() * generator.nextNormal()
        let index = states.count == 1 ? 0 : Int(generator.next() % UInt64(states.count))
        movePrice(of: index)
        recordCount += 1
        let time = Timestamp(nanoseconds: beginning.nanoseconds + elapsedNanoseconds)
        let quote = quote(of: index)
        guard generator.nextUnit() < options.tradeShare else {
            return .quote(
                quote, token: tokens[index], eventTime: time, receiveTime: time, sequence: recordCount)
        }
        tradeCount += 1
        let aggressor: Side = generator.next() & 1 == 0 ? .buy : .sell
        let trade = Trade(
            price: aggressor == .buy ? quote.ask : quote.bid, size: size(), tradeID: tradeCount,
            aggressor: aggressor)
        return .trade(trade, token: tokens[index], eventTime: time, receiveTime: time, sequence: recordCount)
    }

    private mutating func movePrice(of index: Int) {
        var state = states[index]
        let seconds = Double(elapsedNanoseconds - state.lastNanoseconds) / 1e9
        let own = options.volatility * seconds.squareRoot() * generator.nextNormal()
        let common = commonFactor - state.commonFactor
        let change = options.correlation.squareRoot() * common + (1 - options.correlation).squareRoot() * own
        state.mid *= 1 + min(max(change + jump(in: seconds), -0.5), 0.5)
        if options.model == .meanReverting {
            state.mid += min(seconds / options.reversionSeconds, 1) * (state.startMid - state.mid)
        }
        // Kept within a factor of a thousand, so that a long run neither overflows nor reaches zero.
        state.mid = min(max(state.mid, state.startMid / 1000), state.startMid * 1000)
        state.commonFactor = commonFactor
        state.lastNanoseconds = elapsedNanoseconds
        states[index] = state
    }

    /// A relative change that comes all at once, now and then; no chance is used up by a market without jumps.
    private mutating func jump(in seconds: Double) -> Double {
        guard options.jumpsPerHour > 0 else { return 0 }
        // At most one between two records of a symbol, with the expected number as its probability.
        guard generator.nextUnit() < options.jumpsPerHour * seconds / 3_600 else { return 0 }
        return options.jumpSize * generator.nextNormal()
    }

    private mutating func quote(of index: Int) -> Quote {
        let increment = options.increment.e8
        let spread = max(1, (options.spread.e8 + increment / 2) / increment) * increment
        let mid = Int64(min(states[index].mid, 9e10) * 1e8)
        let bid = max(increment, (mid - spread / 2) / increment * increment)
        let (bidSize, askSize) = (size(), size())
        return Quote(bid: Price(e8: bid), ask: Price(e8: bid + spread), bidSize: bidSize, askSize: askSize)
    }

    private mutating func size() -> Quantity {
        Quantity(e8: Self.lot.e8 * Int64(1 + generator.next() % 1000))
    }
}

extension SyntheticMarket {
    /// Writes `recordCount` records from `beginning` on to a new tick file; the same arguments give the same
    /// bytes.
    public static func writeTickFile(
        path: String, options: SyntheticOptions, beginning: Timestamp, recordCount: Int
    ) throws(MarketDataError) {
        var market = try SyntheticMarket(options: options)
        guard (Timestamp.epoch...latestBeginning).contains(beginning),
            Double(recordCount) / options.rate < 1e9
        else {
            throw MarketDataError(
                .badOptions, "synthetic: the records must begin from 1970 to 2200 and last less than 31 years"
            )
        }
        let writer = try TickFileWriter(
            path: path, instruments: options.instruments, source: "synthetic seed \(options.seed)")
        do throws(MarketDataError) {
            for _ in 0..<max(recordCount, 0) { try writer.append(market.next(beginning: beginning)) }
            try writer.finish()
        } catch {
            writer.abandon()
            throw error
        }
    }
}
