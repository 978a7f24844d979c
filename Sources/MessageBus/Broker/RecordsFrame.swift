internal import TradingModel

/// A whole, well-formed records frame in memory: the broker's fast look at it.
///
/// What it does not accept is not necessarily wrong: the frame may be cut off, of another type or malformed, and the
/// general path says which.
package struct RecordsFrame {
    /// Header and payload.
    package let byteCount: Int
    /// The token of all its records.
    package let token: UInt32
    /// Records in the frame.
    package let recordCount: Int
    /// Whether it must not be dropped.
    package let isLossless: Bool

    /// Header and prefix before the records.
    static let overheadBytes = FrameHeader.byteCount + RecordsPrefix.byteCount

    /// Type, version and reserved byte of a records frame, in the upper half of the header word.
    private static let expected =
        UInt64(FrameType.records.rawValue) | UInt64(FrameHeader.protocolVersion) << 16
    private static let losslessBit = UInt64(FrameHeader.losslessFlag) << 8
    /// All of the upper half but the flags.
    private static let mask = ~(losslessBit | UInt64(FrameHeader.countedFlag) << 8)

    /// Looks at the bytes from `start` to `end`; `nil` unless they begin with a whole records frame whose records
    /// all have its token.
    @inline(__always)
    package init?(at start: UnsafeRawPointer, before end: UnsafeRawPointer) {
        let available = end - start
        guard available >= Self.overheadBytes + MarketEvent.byteCount else { return nil }
        let word = UInt64(littleEndian: start.loadUnaligned(as: UInt64.self))
        let upper = word >> 32
        guard upper & Self.mask == Self.expected else { return nil }
        let payload = Int(UInt32(truncatingIfNeeded: word))
        let recordBytes = payload - RecordsPrefix.byteCount
        guard recordBytes > 0, recordBytes & (MarketEvent.byteCount - 1) == 0,
            payload <= Limits.framePayloadBytesMax, available >= FrameHeader.byteCount + payload
        else { return nil }
        let token = start.loadUnaligned(fromByteOffset: FrameHeader.byteCount, as: UInt32.self)
        var difference: UInt32 = 0
        var record = start + (Self.overheadBytes + RecordsPrefix.tokenOffset)
        let stop = start + (FrameHeader.byteCount + payload)
        while record < stop {
            difference |= record.loadUnaligned(as: UInt32.self) ^ token
            record += MarketEvent.byteCount
        }
        guard difference == 0 else { return nil }
        byteCount = FrameHeader.byteCount + payload
        self.token = UInt32(littleEndian: token)
        recordCount = recordBytes / MarketEvent.byteCount
        isLossless = upper & Self.losslessBit != 0
    }
}
