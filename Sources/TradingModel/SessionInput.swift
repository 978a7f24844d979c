/// Something that a session went by besides its market data: a command, a loss of records, its settings.
///
/// Written to the journal with its place among the records, so that the session can be run again exactly as it was.
public struct SessionInput: Equatable, Sendable {
    /// What it was; `text` of the input says more.
    public enum Kind: UInt8, Sendable, CaseIterable {
        /// The strategy's configuration, JSON.
        case configuration = 1
        /// The limits it began with, a JSON object; none when empty.
        case limits = 2
        /// The first record: the place is its own.
        case began = 3
        case paused = 4
        case resumed = 5
        /// Live parameters, a JSON object of all values.
        case parameters = 6
        /// A trading state's name, a line feed, and why.
        case tradingState = 7
        case flattened = 8
        /// A flatten that was given up; why.
        case flattenAbandoned = 9
        /// So many records did not arrive.
        case missed = 10
        /// The first record after missed ones: the place is its own.
        case wentOn = 11
        /// It looks back into recordings, without trading, from here on.
        case catchingUp = 12
        /// It has caught up.
        case caughtUp = 13
        /// The journal could not be written from here on; orders were denied.
        case journalBlocked = 14
        case journalFree = 15
        /// It was stopped.
        case stopped = 16
        /// It carries on the session of this epoch, of which it has seen all again.
        case carriesOn = 17
        /// Limits in force from here on, a JSON object.
        case limitsChanged = 18
    }

    public var kind: Kind
    /// Where among the records.
    public var place: RecordPlace
    public var text: String

    public init(kind: Kind, place: RecordPlace, text: String = "") {
        self.kind = kind
        self.place = place
        self.text = text
    }
}

/// A place in a stream of records: just after the record of this receive time and sequence.
public struct RecordPlace: Comparable, Sendable {
    public var time: Timestamp
    /// Counts within a feed; 0 where the feed does not count.
    public var sequence: UInt64

    /// Before all records.
    public static let beginning = RecordPlace(time: .epoch, sequence: 0)

    public init(time: Timestamp, sequence: UInt64) {
        self.time = time
        self.sequence = sequence
    }

    /// The place of a record.
    public init(_ event: MarketEvent) { self.init(time: event.receiveTime, sequence: event.sequence) }

    public static func < (left: RecordPlace, right: RecordPlace) -> Bool {
        left.time == right.time ? left.sequence < right.sequence : left.time < right.time
    }
}
