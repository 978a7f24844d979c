/// One market-data record: the wire format, the recording, the replay input and the in-memory form.
///
/// Sixty-four bytes, little-endian, without padding:
///
/// | offset | size | field | unit |
/// |---|---|---|---|
/// | 0 | 8 | event time (the venue's clock) | ns since the epoch, Int64 |
/// | 8 | 8 | receive time (the feed's clock); order of replay | ns since the epoch, Int64 |
/// | 16 | 8 | sequence, counted by the feed from 1 | UInt64 |
/// | 24 | 4 | instrument token, 0 = the feed as a whole | UInt32 |
/// | 28 | 1 | kind, see `MarketEventKind` | UInt8 |
/// | 29 | 1 | flags, see `MarketEventFlags` | UInt8 |
/// | 30 | 2 | spare, zero | UInt16 |
/// | 32 | 32 | body, four Int64 words by kind | |
///
/// Body words by kind (prices and quantities in 10^-8):
///
/// | kind | word 0 | word 1 | word 2 | word 3 |
/// |---|---|---|---|---|
/// | quote | bid | ask | bid size | ask size |
/// | trade | price | size | trade id | aggressor: 1 buy, 2 sell, 0 unknown |
/// | bar | open | high | low | close |
/// | barVolume | volume | bar duration, ns | trade count, 0 unknown | turnover, 0 unknown |
/// | depth | price | size, 0 removes the level | side: 1 bid, 2 ask | level, 0 unknown |
/// | status | `FeedStatusCode` | 0 | 0 | 0 |
/// | gap | first missing sequence, 0 unknown | missing record count | 0 | 0 |
///
/// A bar is two records: `barVolume` directly before its `bar`, same token and times.
@frozen
public struct MarketEvent: Equatable, Sendable, BitwiseCopyable {
    /// When the venue says it happened.
    public var eventTime: Timestamp
    /// When the feed received it; never decreases within a feed.
    public var receiveTime: Timestamp
    /// The feed's count of its records, from 1.
    public var sequence: UInt64
    /// The instrument, or `.feedWide`.
    public var token: InstrumentToken
    /// The kind's number, see `MarketEventKind`; may be one that this version does not know.
    public internal(set) var rawKind: UInt8
    /// Marks, see `MarketEventFlags`.
    public var flags: MarketEventFlags
    @usableFromInline var spare: UInt16
    /// The body's words; their meaning depends on the kind.
    public var word0: Int64, word1: Int64, word2: Int64, word3: Int64

    /// Bytes per record.
    @inlinable public static var byteCount: Int { 64 }

    /// Makes a record from its words. Prefer the factory of the kind.
    public init(
        kind: MarketEventKind, token: InstrumentToken, eventTime: Timestamp, receiveTime: Timestamp,
        sequence: UInt64, flags: MarketEventFlags = [], words: (Int64, Int64, Int64, Int64)
    ) {
        self.eventTime = eventTime
        self.receiveTime = receiveTime
        self.sequence = sequence
        self.token = token
        rawKind = kind.rawValue
        self.flags = flags
        spare = 0
        (word0, word1, word2, word3) = words
    }

    /// The kind; `nil` for a number this version does not know.
    @inlinable public var kind: MarketEventKind? { MarketEventKind(rawValue: rawKind) }
}

/// What a record's body holds.
@frozen
public enum MarketEventKind: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    case quote = 1
    case trade = 2
    case bar = 3
    case barVolume = 4
    case depth = 5
    case status = 6
    case gap = 7
}

/// Marks on a record.
@frozen
public struct MarketEventFlags: OptionSet, Sendable, BitwiseCopyable {
    public let rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Part of a book snapshot; the first one clears the book.
    public static var snapshot: Self { Self(rawValue: 1) }
    /// The last record of one venue message.
    public static var endOfBatch: Self { Self(rawValue: 2) }
}

/// The word 0 of a `status` record.
@frozen
public enum FeedStatusCode: Int64, Sendable, BitwiseCopyable, CaseIterable {
    /// The feed is alive and its clock stands at the record's times; a feed in real time sends one a second.
    case heartbeat = 1
    /// The source is connected.
    case connected = 2
    /// The source is lost; the feed tries again.
    case disconnected = 3
    /// No more records will come.
    case ended = 4
    /// Trading in the instrument is halted.
    case tradingHalted = 5
    /// Trading in the instrument goes on.
    case tradingResumed = 6
    /// The instrument had no data for longer than its limit.
    case stale = 7
    /// The stale instrument has data again.
    case fresh = 8
}
