public import TradingModel

/// What a tick file says of itself; the layout of the whole file is drawn here.
///
/// ```
/// +--------------------------+ 0
/// | header                   |   a multiple of 4096 bytes
/// +--------------------------+ headerByteCount
/// | block 0                  |   65,536 bytes: 1,023 record slots of 64 bytes, then a trailer of 64 bytes
/// +--------------------------+ headerByteCount + 65,536
/// | block 1 ...              |   every block but the last is full
/// +--------------------------+
/// ```
///
/// Little-endian throughout. Records are `MarketEvent`s, 64-byte aligned, and lie together inside a block, so
/// that a mapped block is an array of them. Receive times never decrease. The header:
///
/// | offset | size | field | type |
/// |---|---|---|---|
/// | 0 | 8 | magic `TWTICK01` | ASCII |
/// | 8 | 4 | version, 1 | UInt32 |
/// | 12 | 4 | bytes per record, 64 | UInt32 |
/// | 16 | 4 | header byte count, a multiple of 4096 | UInt32 |
/// | 20 | 4 | record slots per block, 1023 | UInt32 |
/// | 24 | 4 | instrument count | UInt32 |
/// | 28 | 4 | byte count of the text and table from offset 128 | UInt32 |
/// | 32 | 4 | CRC-32C of bytes 0 to 31 and 36 to 63 and 96 to the header's end | UInt32 |
/// | 36 | 28 | zero | |
/// | 64 | 8 | record count | UInt64 |
/// | 72 | 8 | first receive time, ns since the epoch | Int64 |
/// | 80 | 8 | last receive time, ns since the epoch | Int64 |
/// | 88 | 4 | 1: closed | UInt32 |
/// | 92 | 4 | CRC-32C of bytes 64 to 91 | UInt32 |
/// | 96 | 32 | zero | |
/// | 128 | | source: u32 byte count, UTF-8 | |
/// | | | per instrument: token | UInt32 |
/// | | | symbol, category, currency: each u32 byte count, UTF-8 | |
/// | | | price increment, quantity increment, multiplier: each in 10^-8 | Int64 |
/// | | | zero to the header's end | |
///
/// Bytes 64 to 95 are all zero while a file is being written; a file that stays so was not closed in order
/// and tells its record count by its blocks. The trailer of a block, at offset 65,472 of it:
///
/// | offset | size | field | type |
/// |---|---|---|---|
/// | 0 | 4 | magic `TBLK` | ASCII |
/// | 4 | 4 | record count, 1 to 1023 | UInt32 |
/// | 8 | 4 | CRC-32C of those records | UInt32 |
/// | 12 | 4 | CRC-32C of trailer bytes 0 to 11 and 16 to 63 | UInt32 |
/// | 16 | 8 | index of the block, from 0 | UInt64 |
/// | 24 | 8 | first receive time | Int64 |
/// | 32 | 8 | last receive time | Int64 |
/// | 40 | 24 | zero | |
///
/// A recorder commits a block that is not full yet by writing the new records and then the trailer again: a
/// process that is killed between the two leaves the former trailer, which still describes the former
/// records. Unused slots of a closed file's last block are zero. No field holds the time of creation: equal
/// input gives equal bytes.
public struct TickFileHeader: Equatable, Sendable {
    /// The instruments of the records' tokens, in the order given.
    public var instruments: [Instrument]
    /// Where the records come from, in a few words.
    public var source: String
    /// How many records the file holds.
    public internal(set) var recordCount: Int
    /// Receive time of the first record; 0 when the file is empty or was not closed in order.
    public internal(set) var firstTime: Timestamp
    /// Receive time of the last record; 0 when the file is empty or was not closed in order.
    public internal(set) var lastTime: Timestamp
    /// Whether its writer finished; otherwise the counts come from the blocks.
    public internal(set) var isClosed: Bool
    /// Bytes before the first block.
    package internal(set) var byteCount: Int

    static let version: UInt32 = 1
    static let magic: StaticString = "TWTICK01"
    static let pageByteCount = 4096
    static let bodyOffset = 128
    static let closingRange = 64..<96

    init(instruments: [Instrument], source: String) {
        self.instruments = instruments
        self.source = source
        recordCount = 0
        firstTime = .epoch
        lastTime = .epoch
        isClosed = false
        byteCount = 0
    }

    /// Refuses instruments and a source that a header cannot hold or that contradict each other.
    func validate(path: String) throws(MarketDataError) {
        guard instruments.count <= Limits.instrumentsMax else {
            throw MarketDataError(
                .limitExceeded,
                "\(path): \(instruments.count) instruments; at most \(Limits.instrumentsMax) fit a file")
        }
        guard source.utf8.count <= Limits.sourceBytesMax else {
            throw MarketDataError(
                .limitExceeded, "\(path): the source text has over \(Limits.sourceBytesMax) bytes; shorten it"
            )
        }
        var catalog = InstrumentCatalog()
        for instrument in instruments { try catalog.insert(instrument, from: path) }
    }

    /// The header's bytes, padded with zeros to a multiple of 4096 and at least `minimumByteCount`.
    func encoded(minimumByteCount: Int = 0) -> [UInt8] {
        var body = ByteWriter()
        body.append(source)
        for instrument in instruments {
            body.append(instrument.token.rawValue)
            body.append(instrument.symbol)
            body.append(instrument.category)
            body.append(instrument.currency)
            body.append(instrument.priceIncrement.e8)
            body.append(instrument.quantityIncrement.e8)
            body.append(instrument.multiplier.e8)
        }
        let page = Self.pageByteCount
        let needed = (Self.bodyOffset + body.bytes.count + page - 1) / page * page
        let total = max(needed, minimumByteCount)
        var writer = ByteWriter()
        Self.magic.withUTF8Buffer { writer.append(contentsOf: $0) }
        for field in [Self.version, 64, UInt32(total), UInt32(TickFileBlock.slotCount)] {
            writer.append(field)
        }
        writer.append(UInt32(instruments.count))
        writer.append(UInt32(body.bytes.count))
        writer.append(contentsOf: repeatElement(0, count: Self.closingRange.lowerBound - 32))
        writer.append(contentsOf: isClosed ? closingBytes() : [UInt8](repeating: 0, count: 32))
        writer.append(contentsOf: repeatElement(0, count: Self.bodyOffset - 96))
        writer.append(contentsOf: body.bytes)
        writer.append(contentsOf: repeatElement(0, count: total - writer.bytes.count))
        writer.patch(writer.bytes.withUnsafeBytes { Self.checksum($0) }, at: 32)
        return writer.bytes
    }

    /// Bytes 64 to 95 of a closed file.
    func closingBytes() -> [UInt8] {
        var writer = ByteWriter()
        writer.append(UInt64(recordCount))
        writer.append(firstTime.nanoseconds)
        writer.append(lastTime.nanoseconds)
        writer.append(UInt32(1))
        writer.append(writer.bytes.withUnsafeBytes { CRC32C.checksum($0) })
        return writer.bytes
    }

    static func checksum(_ header: UnsafeRawBufferPointer) -> UInt32 {
        var crc = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: header[0..<32]))
        crc = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: header[36..<64]), previous: crc)
        return CRC32C.checksum(UnsafeRawBufferPointer(rebasing: header[96...]), previous: crc)
    }
}
