package import TradingModel

/// Records that a subscriber did not get: announced by the broker with a gap frame, or found out by counting.
///
/// The payload of a gap frame:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | lowest token that lost records, UInt32 |
/// | 4 | 4 | highest token that lost records, UInt32 |
/// | 8 | 8 | records lost, UInt64 |
/// | 16 | 2 | source (feed number), 65535 for several, UInt16 |
/// | 18 | 2 | reserved, 0 |
package struct BusGap: Equatable, Sendable {
    /// Bytes of the payload.
    package static let byteCount = 20
    /// The source of a gap that merges more feeds than are told apart.
    package static let severalSources = UInt16.max

    /// Why records are missing.
    package enum Cause: Equatable, Sendable {
        /// The broker dropped them, because this subscriber read too slowly.
        case slowReader
        /// Nobody announced it: the broker or the connection to it was lost with records under way. The number is exact
        /// for fewer than 65,536 records of a token.
        case lost
    }

    /// The lowest token that lost records.
    package var firstToken: InstrumentToken
    /// The highest token that lost records.
    package var lastToken: InstrumentToken
    /// Records lost.
    package var droppedCount: UInt64
    /// The feed they came from, or `severalSources`.
    package var source: UInt16
    /// Why; not on the wire.
    package var cause: Cause

    package init(
        firstToken: InstrumentToken, lastToken: InstrumentToken, droppedCount: UInt64, source: UInt16,
        cause: Cause = .slowReader
    ) {
        self.cause = cause
        self.firstToken = firstToken
        self.lastToken = lastToken
        self.droppedCount = droppedCount
        self.source = source
    }

    /// Reads the payload of a gap frame; throws for another length.
    package init(parsing payload: UnsafeRawBufferPointer) throws(BusError) {
        var reader = ByteReader(payload)
        guard payload.count == Self.byteCount, let first = reader.read(UInt32.self),
            let last = reader.read(UInt32.self), let count = reader.read(UInt64.self),
            let source = reader.read(UInt16.self)
        else {
            throw BusError(.malformedFrame, "a gap payload has \(payload.count) bytes, not \(Self.byteCount)")
        }
        // Who adds gaps up must not overflow.
        guard count <= Limits.gapRecordsMax else {
            throw BusError(.malformedFrame, "a gap of \(count) records is beyond belief")
        }
        self.init(
            firstToken: InstrumentToken(first), lastToken: InstrumentToken(last), droppedCount: count,
            source: source)
    }

    /// Widens this gap by another.
    mutating func merge(_ other: BusGap) {
        firstToken = min(firstToken, other.firstToken)
        lastToken = max(lastToken, other.lastToken)
        droppedCount += other.droppedCount
    }
}
