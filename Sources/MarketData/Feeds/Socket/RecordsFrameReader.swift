import TradingModel

/// Reads records frames, the bytes in which market data travels on the bus (`PROTOCOL.md` of MessageBus):
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | payload byte count, UInt32, at most 1 MiB |
/// | 4 | 1 | type, 7 |
/// | 5 | 1 | flags, not looked at |
/// | 6 | 1 | version, 1 |
/// | 7 | 1 | reserved |
/// | 8 | 8 | token of all records, then a source number and an ordinal that are not looked at |
/// | 16 | n × 64 | records |
///
/// Sequences and receive times are the feed's own; all else of a record is taken. Frames of other types are passed over. A
/// header that is none ends the connection, because nobody can say where the next frame begins.
struct RecordsFrameReader: ~Copyable {
    private var buffer: [UInt8] = []
    private static let headerByteCount = 8
    private static let payloadBytesMax = 1 << 20

    /// Takes bytes; gives whole records one by one, and reasons for what is not understood.
    ///
    /// - Returns: `false` when the connection cannot be read on.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer, record: (MarketEvent) -> Void, bad: (String) -> Void
    ) -> Bool {
        buffer.append(contentsOf: bytes)
        var position = 0
        let isReadable = buffer.withUnsafeBytes { bytes in
            while bytes.count - position >= Self.headerByteCount {
                let byteCount = Int(
                    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
                guard byteCount <= Self.payloadBytesMax, bytes[position + 6] == 1, bytes[position + 4] <= 12
                else {
                    bad("no frame of this protocol begins here; the connection is closed")
                    return false
                }
                let end = position + Self.headerByteCount + byteCount
                guard end <= bytes.count else { break }
                if bytes[position + 4] == 7 {
                    let payload = UnsafeRawBufferPointer(
                        rebasing: bytes[position + Self.headerByteCount..<end])
                    Self.read(payload, record: record, bad: bad)
                }
                position = end
            }
            return true
        }
        buffer.removeFirst(isReadable ? position : buffer.count)
        return isReadable
    }

    /// Whether a frame has begun that has not ended.
    var hasRest: Bool { !buffer.isEmpty }

    private static func read(
        _ payload: UnsafeRawBufferPointer, record: (MarketEvent) -> Void, bad: (String) -> Void
    ) {
        guard payload.count >= 72, (payload.count - 8) % MarketEvent.byteCount == 0 else {
            return bad("a records frame of \(payload.count) bytes does not hold whole records")
        }
        let token = UInt32(littleEndian: payload.loadUnaligned(as: UInt32.self))
        for offset in stride(from: 8, to: payload.count, by: MarketEvent.byteCount) {
            let event = payload.loadUnaligned(fromByteOffset: offset, as: MarketEvent.self)
            guard event.token.rawValue == token else {
                bad("a record of token \(event.token.rawValue) in a frame of token \(token)")
                continue
            }
            guard let kind = event.kind, kind != .gap || event.word1 >= 0 else {
                bad("a record of a kind that is not known")
                continue
            }
            record(event)
        }
    }
}
