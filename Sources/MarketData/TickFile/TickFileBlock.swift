import TradingModel

/// Sizes of a tick file's block and the fields of its trailer; drawn at `TickFileHeader`.
struct TickFileBlock: Equatable {
    /// Records a block holds.
    static let slotCount = 1023
    /// Bytes of a block with its trailer.
    static let byteCount = (slotCount + 1) * 64
    /// Where the trailer is in a block.
    static let trailerOffset = slotCount * 64
    static let trailerByteCount = 64
    private static let magic: UInt32 = 0x4B4C_4254

    let recordCount: Int
    let recordsChecksum: UInt32
    let index: Int
    let firstTime: Timestamp
    let lastTime: Timestamp

    init(index: Int, records: UnsafeBufferPointer<MarketEvent>, checksum: UInt32) {
        precondition(!records.isEmpty && records.count <= Self.slotCount, "a block holds 1 to 1023 records")
        self.index = index
        recordCount = records.count
        recordsChecksum = checksum
        firstTime = records[0].receiveTime
        lastTime = records[records.count - 1].receiveTime
    }

    /// The trailer's bytes.
    func encoded() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.trailerByteCount) { buffer, count in
            if let start = UnsafeMutableRawPointer(buffer.baseAddress) { encode(into: start) }
            count = Self.trailerByteCount
        }
    }

    /// Writes the trailer's 64 bytes.
    func encode(into start: UnsafeMutableRawPointer) {
        let bytes = UnsafeMutableRawBufferPointer(start: start, count: Self.trailerByteCount)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        bytes.storeBytes(of: Self.magic, toByteOffset: 0, as: UInt32.self)
        bytes.storeBytes(of: UInt32(recordCount), toByteOffset: 4, as: UInt32.self)
        bytes.storeBytes(of: recordsChecksum, toByteOffset: 8, as: UInt32.self)
        bytes.storeBytes(of: UInt64(index), toByteOffset: 16, as: UInt64.self)
        bytes.storeBytes(of: firstTime.nanoseconds, toByteOffset: 24, as: Int64.self)
        bytes.storeBytes(of: lastTime.nanoseconds, toByteOffset: 32, as: Int64.self)
        bytes.storeBytes(of: Self.checksum(UnsafeRawBufferPointer(bytes)), toByteOffset: 12, as: UInt32.self)
    }

    /// Reads a trailer; `nil` when its checksum or a field is wrong.
    init?(trailer: UnsafeRawBufferPointer) {
        var reader = ByteReader(trailer)
        guard reader.read(UInt32.self) == Self.magic, let count = reader.read(UInt32.self),
            let recordsChecksum = reader.read(UInt32.self),
            reader.read(UInt32.self) == Self.checksum(trailer), let index = reader.read(UInt64.self),
            let first = reader.read(Int64.self), let last = reader.read(Int64.self),
            count >= 1, count <= Self.slotCount, index < UInt64(Int32.max)
        else { return nil }
        recordCount = Int(count)
        self.recordsChecksum = recordsChecksum
        self.index = Int(index)
        firstTime = Timestamp(nanoseconds: first)
        lastTime = Timestamp(nanoseconds: last)
    }

    private static func checksum(_ trailer: UnsafeRawBufferPointer) -> UInt32 {
        let crc = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: trailer[0..<12]))
        return CRC32C.checksum(UnsafeRawBufferPointer(rebasing: trailer[16..<64]), previous: crc)
    }
}
