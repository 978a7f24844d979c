internal import TradingModel

/// The eight bytes before the records of a records frame.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | token of every record in the frame, UInt32 |
/// | 4 | 2 | source (feed number), UInt16 |
/// | 6 | 2 | ordinal: records of this token that the source sent before, modulo 65,536, UInt16; 0 unless the frame is counted |
/// | 8 | n × 64 | `MarketEvent` records, n ≥ 1 |
package struct RecordsPrefix: Equatable {
    /// Bytes before the first record.
    package static let byteCount = 8
    /// Where a record's token lies in its 64 bytes.
    static let tokenOffset = 24
    /// Where a record's kind lies in its 64 bytes.
    static let kindOffset = 28

    /// The token of every record in the frame.
    package var token: UInt32
    /// The feed's number.
    package var source: UInt16
    /// Records of this token that the source sent before, modulo 65,536; 0 unless the frame is counted.
    package var ordinal: UInt16
    /// Records in the frame.
    package var recordCount: Int

    /// Reads the prefix and checks that the payload is whole records of its token.
    package init(parsing payload: UnsafeRawBufferPointer) throws(BusError) {
        try self.init(checkingLengthOf: payload)
        var offset = Self.byteCount + Self.tokenOffset
        var difference: UInt32 = 0
        while offset < payload.count {
            difference |= payload.loadUnaligned(fromByteOffset: offset, as: UInt32.self) ^ token.littleEndian
            offset += MarketEvent.byteCount
        }
        guard difference == 0 else {
            throw BusError(
                .malformedFrame, "a records frame of token \(token) holds records of another token")
        }
    }

    /// Reads the prefix and checks only that the payload is whole records: the broker has checked their
    /// tokens.
    init(checkingLengthOf payload: UnsafeRawBufferPointer) throws(BusError) {
        let recordBytes = payload.count - Self.byteCount
        guard recordBytes > 0, recordBytes % MarketEvent.byteCount == 0 else {
            throw BusError(
                .malformedFrame, "a records payload of \(payload.count) bytes is not whole records")
        }
        self.init(unchecked: payload)
    }

    /// Reads the prefix of a payload that was checked before.
    init(unchecked payload: UnsafeRawBufferPointer) {
        token = UInt32(littleEndian: payload.loadUnaligned(as: UInt32.self))
        source = UInt16(littleEndian: payload.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
        ordinal = UInt16(littleEndian: payload.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
        recordCount = (payload.count - Self.byteCount) / MarketEvent.byteCount
    }
}
