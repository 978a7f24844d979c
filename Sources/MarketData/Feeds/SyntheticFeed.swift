public import TradingModel

/// A seeded market in real time, or on a timeline of its own.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `symbols` | list of symbols | `SYNTH` |
/// | `seed` | equal seeds give equal prices | 1 |
/// | `rate` | records per second of its time, all symbols together | 20 |
/// | `start_price` | first mid price, or a list of one per symbol | 100 |
/// | `volatility` | standard deviation of the relative change over a second | 0.0002 |
/// | `spread`, `increment` | ask minus bid; price step | 0.02, 0.01 |
/// | `trade_share` | share of trades among the records | 0.2 |
/// | `model` | `random_walk` or `mean_reverting` | `random_walk` |
/// | `reversion_seconds` | time in which a mean-reverting price loses 63 % of its distance | 60 |
/// | `correlation` | of any two symbols' changes | 0.3 |
/// | `jumps_per_hour` | jumps of each symbol's price in an hour, on average | 0 |
/// | `jump_size` | standard deviation of a jump's relative change | 0.01 |
/// | `count`, `duration_seconds` | ends after so many records; so much of its time | never |
/// | `start` | ISO-8601 time; makes the timeline virtual | 2024-01-01 with `speed` |
/// | `speed` | `"max"` or N times; makes the timeline virtual | 1 with `start` |
/// | `heartbeat_ms` | quiet time after which a live feed sends a heartbeat | 1000 |
/// | `category`, `currency` | of the instruments | `synthetic`, `USD` |
/// | `lossless` | read by the host: the feed waits for slow subscribers | false |
public struct SyntheticFeed: MarketDataFeed {
    public static let name = "synthetic"
    public static let summary = "Makes quotes and trades from a seed, in real time or on a virtual timeline."
    public let isLive: Bool

    private var market: SyntheticMarket
    private var pending: MarketEvent?
    private var pacing: FeedPacing
    private var beginning: Timestamp
    private let countMax: UInt64
    private let endNanoseconds: Int64
    private let heartbeatNanoseconds: Int64
    private var hasStarted = false
    private var hasEnded = false
    private var lastTime: Timestamp
    private var sequence: UInt64 = 0

    public static func instruments(for configuration: FeedConfiguration) throws -> [Instrument] {
        let options = try options(of: configuration)
        try options.validate()
        return options.instruments
    }

    public init(configuration: FeedConfiguration) throws {
        try configuration.requireOnly(Self.optionNames)
        market = try SyntheticMarket(options: Self.options(of: configuration))
        let start = try configuration.time("start")
        if let start, !(Timestamp.epoch...SyntheticMarket.latestBeginning).contains(start) {
            throw configuration.error("start", "must be from 1970 to 2200")
        }
        let speed = try configuration.speed("speed")
        isLive = start == nil && speed == nil
        pacing = FeedPacing(speed: speed ?? .factor(1))
        // 2024-01-01T00:00:00Z: any fixed moment will do for a virtual timeline nobody placed.
        beginning = start ?? Timestamp(seconds: 1_704_067_200)
        lastTime = beginning
        countMax = try configuration.integer("count", in: 1...Int64.max).map { UInt64($0) } ?? .max
        let duration = try configuration.number("duration_seconds", in: 0.001...1e9, default: 1e9)
        endNanoseconds = Int64(duration * 1e9)
        heartbeatNanoseconds =
            (try configuration.integer("heartbeat_ms", in: 10...60_000) ?? 1000) * 1_000_000
        _ = try configuration.flag("lossless")
    }

    public mutating func next(into batch: inout MarketEventBatch, now: Timestamp) throws -> FeedStep {
        begin(at: now)
        while !hasEnded {
            if batch.isFull { return .ready }
            guard var event = nextEvent() else {
                let time = isLive ? max(now, lastTime) : lastTime
                append(.status(.ended, time: time, sequence: 0), to: &batch)
                hasEnded = true
                break
            }
            let due = isLive ? event.receiveTime : pacing.dueTime(of: event.receiveTime, now: now)
            if due > now {
                pending = event
                return wait(until: due, now: now, batch: &batch)
            }
            if isLive { event.receiveTime = max(now, lastTime) }
            append(event, to: &batch)
        }
        return .ended
    }

    /// Sets the live clock at the first call, and sets it on after a stall that is too long to be caught up.
    private mutating func begin(at now: Timestamp) {
        guard isLive else { return }
        if !hasStarted {
            beginning = now
            lastTime = now
            hasStarted = true
        }
        let dueNanoseconds = beginning.nanoseconds + market.elapsedNanoseconds
        let lag = now.nanoseconds - dueNanoseconds - Limits.catchUpNanosecondsMax
        guard lag > 0 else { return }
        beginning = Timestamp(nanoseconds: beginning.nanoseconds + lag)
        pending?.eventTime = Timestamp(nanoseconds: dueNanoseconds + lag)
        pending?.receiveTime = Timestamp(nanoseconds: dueNanoseconds + lag)
    }

    private mutating func nextEvent() -> MarketEvent? {
        if let event = pending {
            pending = nil
            return event
        }
        guard market.recordCount < countMax else { return nil }
        let event = market.next(beginning: beginning)
        return market.elapsedNanoseconds <= endNanoseconds ? event : nil
    }

    private mutating func append(_ event: MarketEvent, to batch: inout MarketEventBatch) {
        sequence += 1
        var numbered = event
        numbered.sequence = sequence
        batch.append(numbered)
        lastTime = numbered.receiveTime
    }

    /// Waits for the next record, or until a heartbeat is due before it; sends one that is due now.
    private mutating func wait(until due: Timestamp, now: Timestamp, batch: inout MarketEventBatch)
        -> FeedStep
    {
        guard isLive else { return .wait(until: due) }
        var heartbeat = Timestamp(nanoseconds: lastTime.nanoseconds + heartbeatNanoseconds)
        if heartbeat <= now {
            append(.status(.heartbeat, time: now, sequence: 0), to: &batch)
            heartbeat = Timestamp(nanoseconds: now.nanoseconds + heartbeatNanoseconds)
        }
        return .wait(until: min(due, heartbeat))
    }
}

// MARK: - Options

extension SyntheticFeed {
    private static let optionNames = [
        "symbols", "seed", "rate", "start_price", "volatility", "spread", "increment", "trade_share", "model",
        "reversion_seconds", "correlation", "jumps_per_hour", "jump_size", "count", "duration_seconds",
        "start", "speed", "heartbeat_ms",
        "category",
        "currency", "lossless",
    ]

    /// The market a feed's options describe.
    package static func options(of configuration: FeedConfiguration) throws(MarketDataError)
        -> SyntheticOptions
    {
        var options = SyntheticOptions()
        options.symbols = try configuration.list("symbols") ?? options.symbols
        options.seed = try configuration.integer("seed", in: 0...Int64.max).map { UInt64($0) } ?? options.seed
        options.rate = try configuration.number("rate") ?? options.rate
        if let prices = try configuration.list("start_price") {
            options.startPrices = try prices.map { text throws(MarketDataError) in
                try price(text, option: "start_price", of: configuration)
            }
        }
        options.volatility = try configuration.number("volatility") ?? options.volatility
        if let text = try configuration.list("increment")?.first {
            options.increment = try price(text, option: "increment", of: configuration)
            options.spread = options.increment * 2
        }
        if let text = try configuration.list("spread")?.first {
            options.spread = try price(text, option: "spread", of: configuration)
        }
        options.tradeShare = try configuration.number("trade_share") ?? options.tradeShare
        if let text = try configuration.text("model") {
            guard let model = SyntheticOptions.Model(rawValue: text) else {
                throw configuration.error("model", "must be random_walk or mean_reverting, not '\(text)'")
            }
            options.model = model
        }
        options.reversionSeconds = try configuration.number("reversion_seconds") ?? options.reversionSeconds
        options.correlation = try configuration.number("correlation") ?? options.correlation
        options.jumpsPerHour = try configuration.number("jumps_per_hour") ?? options.jumpsPerHour
        options.jumpSize = try configuration.number("jump_size") ?? options.jumpSize
        options.category = try configuration.text("category") ?? options.category
        options.currency = try configuration.text("currency") ?? options.currency
        return options
    }

    private static func price(
        _ text: String, option: String, of configuration: FeedConfiguration
    ) throws(MarketDataError) -> Price {
        if let price = Price(text) { return price }
        guard let number = Double(text), let price = Price(rounding: number) else {
            throw configuration.error(option, "must be a price, not '\(text)'")
        }
        return price
    }
}
