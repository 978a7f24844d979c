package import TradingModel

/// Tells a quiet market from a dead source: how long ago each instrument had data, whatever heartbeats say.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `quiet_after` | seconds without any data after which the feed is `quiet`, which is no alarm | 10 |
/// | `stale_after` | seconds after which an instrument without data is stale: a number for all, or `SYMBOL=SECONDS` in a list, where a plain number counts for the rest | never |
///
/// Quotes, trades, bars and book levels are data; status, heartbeat and gap records are not. An instrument that never had
/// data counts from the feed's start. Times are those of a clock that is never set. Pure.
package struct FeedMonitor {
    /// How the data are; whether the process lives is another question, and its host's heartbeat answers it.
    package enum Health: String, Sendable, CaseIterable {
        /// Data come.
        case ok
        /// Nothing came for a while, and nobody expected it to.
        case quiet
        /// An instrument had no data for longer than its limit.
        case stale
        /// The source is not connected.
        case disconnected
    }

    private struct Watch {
        var instrument: Instrument
        var limit: Duration?
        var lastData: ContinuousClock.Instant
        var isStale = false
    }

    private var watches: [Watch]
    private var indexByToken: [UInt32: Int]
    private var lastToken = InstrumentToken.feedWide
    private var lastIndex = -1
    private var lastData: ContinuousClock.Instant
    private let quietAfter: Duration
    /// Limits by symbol; that of `""` counts for the others.
    private let limits: [String: Duration]
    /// What the last check found.
    package private(set) var health = Health.ok

    package init(
        _ configuration: FeedConfiguration, instruments: [Instrument], now: ContinuousClock.Instant
    ) throws(MarketDataError) {
        let quiet = try configuration.number("quiet_after", in: 0.1...1e6, default: Limits.quietSeconds)
        quietAfter = .milliseconds(Int64(quiet * 1_000))
        limits = try Self.limits(configuration, symbols: Set(instruments.map(\.symbol)))
        watches = []
        indexByToken = [:]
        lastData = now
        add(instruments, now: now)
    }

    /// Watches these as well, from now on.
    package mutating func add(_ instruments: [Instrument], now: ContinuousClock.Instant) {
        for instrument in instruments where indexByToken[instrument.token.rawValue] == nil {
            indexByToken[instrument.token.rawValue] = watches.count
            watches.append(
                Watch(instrument: instrument, limit: limits[instrument.symbol] ?? limits[""], lastData: now))
        }
    }

    /// The symbols of instruments that are stale, the first `Limits.staleSymbolsNamed`.
    package var staleSymbols: [String] {
        Array(watches.lazy.filter(\.isStale).map(\.instrument.symbol).prefix(Limits.staleSymbolsNamed))
    }

    /// Takes note of records that the feed sends.
    package mutating func note(
        _ events: UnsafeBufferPointer<MarketEvent>, now: ContinuousClock.Instant
    ) {
        for event in events where event.token != .feedWide {
            if event.token == lastToken, event.kind == .quote || event.kind == .trade {
                continue
            }
            guard let kind = event.kind, kind != .status, kind != .gap else { continue }
            lastToken = event.token
            lastData = now
            if let index = indexByToken[event.token.rawValue] { watches[index].lastData = now }
        }
        // The last token of a call is met again in the next one.
        if !events.isEmpty { lastToken = .feedWide }
    }

    /// Finds out what changed since the last check: a `stale` or `fresh` status for each instrument concerned.
    package mutating func check(
        now: ContinuousClock.Instant, isConnected: Bool
    ) -> [(token: InstrumentToken, code: FeedStatusCode)] {
        var changes: [(token: InstrumentToken, code: FeedStatusCode)] = []
        var isAnyStale = false
        for index in watches.indices {
            guard let limit = watches[index].limit else { continue }
            let isStale = now - watches[index].lastData > limit
            isAnyStale = isAnyStale || isStale
            guard isStale != watches[index].isStale else { continue }
            watches[index].isStale = isStale
            changes.append((watches[index].instrument.token, isStale ? .stale : .fresh))
        }
        if !isConnected {
            health = .disconnected
        } else if isAnyStale {
            health = .stale
        } else {
            health = now - lastData > quietAfter ? .quiet : .ok
        }
        return changes
    }

    private static func limits(
        _ configuration: FeedConfiguration, symbols: Set<String>
    ) throws(MarketDataError) -> [String: Duration] {
        var limits: [String: Duration] = [:]
        for part in try configuration.list("stale_after") ?? [] {
            let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard let seconds = sides.last.flatMap(Double.init), (0.1...1e6).contains(seconds) else {
                throw configuration.error(
                    "stale_after", "must be seconds from 0.1 to 1000000, or SYMBOL=SECONDS, not '\(part)'")
            }
            let symbol = sides.count == 2 ? sides[0] : ""
            guard symbol.isEmpty || symbols.contains(symbol) || configuration.takesAnySymbol else {
                throw configuration.error(
                    "stale_after",
                    "names \(symbol), which is none of the feed's instruments:"
                        + " \(symbols.sorted().prefix(20).joined(separator: ", "))")
            }
            limits[symbol] = .milliseconds(Int64(seconds * 1_000))
        }
        return limits
    }
}
