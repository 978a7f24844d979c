/// The bytes of a journal file.
///
/// A file begins with the eight bytes `TWJRNL01`. Records follow without padding, little-endian:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | payload byte count n, at most `payloadBytesMax` |
/// | 4 | 4 | CRC-32C of the payload |
/// | 8 | 8 | sequence within the epoch, from 1 |
/// | 16 | 4 | epoch |
/// | 20 | 4 | kind, see below |
/// | 24 | 8 | engine time, ns |
/// | 32 | n - 24 | body by kind |
///
/// The payload is everything from offset 8. A record that ends past the end of the file is a torn tail.
///
/// Kinds: 1 session started, 4 order updated, 5 fill, 6 parameters changed, 7 state saved, 8 session ended,
/// 9 order submitted, 10 checkpoint, 11 order modified, 12 input,
/// 13 trading state changed. Kinds 2 (checkpoint) and 3 (order submitted) have the orders of
/// the first version, without triggers and lists; they are read and not written any more.
public enum JournalCodec {
    /// The first bytes of every file.
    public static let magic: [UInt8] = Array("TWJRNL01".utf8)
    /// The largest payload, 16 MiB; a length above it is corruption, checked before anything is read.
    public static let payloadBytesMax = 16 << 20
    /// The bytes of the shortest record: its header alone.
    package static let recordBytesMin = 32

    /// The name of the file that the process of an epoch writes.
    public static func fileName(epoch: UInt32) -> String { "\(epoch).journal" }

    /// The epoch of a file by its name; `nil` when it is no journal.
    public static func epoch(ofFileNamed name: String) -> UInt32? {
        guard name.hasSuffix(".journal"), let epoch = UInt32(name.dropLast(8)) else { return nil }
        return epoch
    }

    /// What stands at an offset of a journal file.
    public enum Decoded: Equatable, Sendable {
        /// A record, and the number of bytes it takes.
        case entry(JournalEntry, byteCount: Int)
        /// The bytes end within a record: more may come, or it is a torn tail.
        case needMoreData
        /// The bytes cannot be a record; the text says why.
        case corrupt(String)
    }

    /// The framed bytes of an entry.
    public static func encode(_ entry: JournalEntry) -> [UInt8] {
        var writer = ByteWriter()
        encode(entry, into: &writer)
        return writer.bytes
    }

    package static func encode(_ entry: JournalEntry, into writer: inout ByteWriter) {
        let start = writer.bytes.count
        writer.append(UInt64(0))
        writer.append(entry.sequence)
        writer.append(entry.epoch)
        writer.append(UInt32(entry.record.kind))
        writer.append(entry.time.nanoseconds)
        writer.append(entry.record)
        let payloadCount = writer.bytes.count - start - 8
        precondition(payloadCount <= payloadBytesMax, "a journal record has at most 16 MiB")
        let checksum = writer.bytes.withUnsafeBytes { bytes in
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[(start + 8)...]))
        }
        writer.patch(UInt32(payloadCount), at: start)
        writer.patch(checksum, at: start + 4)
    }

    /// Reads the record at the front of `bytes`; never reads past them, whatever the length field claims.
    public static func decode(_ bytes: UnsafeRawBufferPointer) -> Decoded {
        var reader = ByteReader(bytes)
        guard let length: UInt32 = reader.read(), let checksum: UInt32 = reader.read() else {
            return .needMoreData
        }
        let payloadCount = Int(length)
        guard payloadCount >= 24, payloadCount <= payloadBytesMax else {
            return .corrupt("record length \(payloadCount) is not 24 to \(payloadBytesMax)")
        }
        guard reader.remainingCount >= payloadCount else { return .needMoreData }
        let payload = UnsafeRawBufferPointer(rebasing: bytes[8..<8 + payloadCount])
        guard CRC32C.checksum(payload) == checksum else { return .corrupt("checksum does not match") }
        var body = ByteReader(payload)
        guard let sequence: UInt64 = body.read(), let epoch: UInt32 = body.read(),
            let kind: UInt32 = body.read(),
            let time: Int64 = body.read()
        else { return .corrupt("record is too short") }
        guard let record = body.readRecord(kind: kind), body.remainingCount == 0 else {
            return .corrupt("record of kind \(kind) cannot be understood")
        }
        let entry = JournalEntry(
            sequence: sequence, epoch: epoch, time: Timestamp(nanoseconds: time), record: record)
        return .entry(entry, byteCount: 8 + payloadCount)
    }
}

extension JournalRecord {
    fileprivate var kind: Int {
        switch self {
        case .sessionStarted: 1
        case .orderUpdated: 4
        case .fill: 5
        case .parametersChanged: 6
        case .stateSaved: 7
        case .sessionEnded: 8
        case .orderSubmitted: 9
        case .checkpoint: 10
        case .orderModified: 11
        case .input: 12
        case .tradingStateChanged: 13
        }
    }
}
