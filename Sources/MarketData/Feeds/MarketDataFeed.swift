public import TradingModel

/// A source of market data. Conform to it to bring a source of your own, and register it by its name.
///
/// A feed is a value driven by one thread: its host calls `next` again and again with the present time,
/// publishes what was appended, and waits as long as the step says. Receive times never go back, sequences
/// count by one, and the last record of a feed that ends is `status(.ended)` with token 0. A feed in real
/// time appends `status(.heartbeat)` with token 0 for every second without other records.
public protocol MarketDataFeed: SendableMetatype {
    /// The name it is configured by: lowercase letters, digits and underscores.
    static var name: String { get }
    /// One line for lists of feeds.
    static var summary: String { get }

    /// The instruments a configuration will publish, found out without starting it.
    static func instruments(for configuration: FeedConfiguration) throws -> [Instrument]

    /// Prepares the feed without opening a connection; throws when an option is missing, unknown or out of range, naming it.
    init(configuration: FeedConfiguration) throws

    /// Whether its records bear the present time (true) or are a replay of recorded time (false).
    var isLive: Bool { get }

    /// Begins: called once before the first `next`, with what the feed may use of its host. A feed that waits for data from
    /// outside does so on a thread of its own, and wakes its host.
    mutating func attach(_ host: FeedHost) throws

    /// Ends: the last call. What it made outside of the process, such as a socket's file, is to go now.
    mutating func detach()

    /// How the source is at the moment.
    var source: FeedSourceState { get }

    /// Instruments that came up since the last call, beside those of `instruments(for:)`; the host tells everybody of them.
    /// Called after each `next`, whose records may have them already.
    mutating func takeNewInstruments() -> [Instrument]

    /// Appends the records that are due at `now`, the wall clock, and never more than fit the batch.
    mutating func next(into batch: inout MarketEventBatch, now: Timestamp) throws -> FeedStep
}

extension MarketDataFeed {
    public mutating func attach(_ host: FeedHost) throws {}
    public mutating func detach() {}
    public var source: FeedSourceState { FeedSourceState() }
    public mutating func takeNewInstruments() -> [Instrument] { [] }
}

/// What a feed's host is to do after a call.
@frozen
public enum FeedStep: Equatable, Sendable {
    /// Call again at once.
    case ready
    /// Nothing is due before this moment of the wall clock.
    case wait(until: Timestamp)
    /// Nothing will ever come again.
    case ended
}
