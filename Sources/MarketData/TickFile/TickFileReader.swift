public import TradingModel

#if _endian(big)
    #error("Tick files are mapped as they are: the host must be little-endian.")
#endif

/// Reads a tick file block by block straight from its mapping, with every block's checksum proven before it
/// is handed out. Memory stays constant for any size: pages behind the cursor are given back.
///
/// Not thread-safe; copies share the mapping but have cursors of their own.
public struct TickFileReader {
    /// What to do about the incomplete last block of a file whose writer was cut off.
    public enum TornTailPolicy: Sendable {
        /// Opening throws `tornTail`, saying how to mend the file.
        case refuse
        /// The records before it are read; `tornByteCount` says what is left out.
        case leaveOut
    }

    /// Instruments, source, counts and times.
    public let header: TickFileHeader
    /// Bytes at the end that are no part of what is read; 0 for a file that was closed.
    public let tornByteCount: Int
    /// Blocks that are read.
    package let blockCount: Int
    private let file: MappedFile
    private var nextIndex = 0
    private var releasedByteCount = 0

    /// Opens a file and proves its header and length; one clear error each for what is no complete tick file.
    public init(path: String, tornTail: TornTailPolicy = .refuse) throws(MarketDataError) {
        file = try MappedFile(path: path)
        var header = try TickFileHeader(decoding: file.bytes, path: path)
        let content = file.bytes.count - header.byteCount
        let whole = content / TickFileBlock.byteCount
        if header.isClosed {
            try Self.checkLength(of: file, header: header)
            blockCount = whole
            tornByteCount = 0
        } else {
            var count = whole
            let last = Self.verifiedBlock(at: whole - 1, of: file.bytes, headerByteCount: header.byteCount)
            if content % TickFileBlock.byteCount == 0, whole > 0, last == nil { count -= 1 }
            blockCount = count
            tornByteCount = content - count * TickFileBlock.byteCount
            header.recordCount = Self.recordCount(of: file.bytes, blockCount: count, header: header)
            guard tornByteCount == 0 || tornTail == .leaveOut else {
                throw MarketDataError(
                    .tornTail,
                    "\(path) was not closed by its writer and its last \(tornByteCount) bytes are incomplete;"
                        + " \(header.recordCount) records before them are whole: open it for append to"
                        + " cut them"
                )
            }
        }
        self.header = header
    }

    /// The path it was opened with.
    public var path: String { file.path }

    /// The records of the next block, valid as long as a copy of this reader lives; `nil` at the end.
    ///
    /// Throws `damaged` with the offset when a checksum is wrong; the cursor then stays.
    public mutating func nextBlock() throws(MarketDataError) -> UnsafeBufferPointer<MarketEvent>? {
        guard nextIndex < blockCount else { return nil }
        let index = nextIndex
        let records = try verifiedRecords(at: index)
        nextIndex += 1
        releaseBehind(header.byteCount + index * TickFileBlock.byteCount)
        return records
    }

    /// Calls `body` with the records of every block from the first on, each proven before.
    public func forEachBlock(_ body: (UnsafeBufferPointer<MarketEvent>) throws -> Void) throws {
        var cursor = self
        cursor.seek(toBlock: 0)
        while let block = try cursor.nextBlock() { try body(block) }
    }

    /// Goes to the block that holds the first record received at or after `time`; O(log n) reads of trailers.
    ///
    /// That block may begin with earlier records. A damaged trailer on the way is reported.
    public mutating func seek(to time: Timestamp) throws(MarketDataError) {
        var low = 0
        var high = blockCount
        while low < high {
            let middle = (low + high) / 2
            guard let block = TickFileBlock(trailer: trailer(at: middle)) else { throw damage(at: middle) }
            if block.lastTime < time { low = middle + 1 } else { high = middle }
        }
        seek(toBlock: low)
    }

    /// The index of the block that `nextBlock` gives.
    var nextBlockIndex: Int { nextIndex }

    /// Goes back to the first record.
    public mutating func rewind() { seek(toBlock: 0) }

    mutating func seek(toBlock index: Int) {
        nextIndex = index
        releasedByteCount = 0
    }
}

// MARK: - Ends

extension TickFileReader {
    /// Bytes of the file when it was opened.
    package var byteCount: Int { file.bytes.count }

    /// Receive times of the first and the last record; `nil` without records.
    package func timeRange() throws(MarketDataError) -> ClosedRange<Timestamp>? {
        guard blockCount > 0 else { return nil }
        guard let first = TickFileBlock(trailer: trailer(at: 0)) else { throw damage(at: 0) }
        guard let last = TickFileBlock(trailer: trailer(at: blockCount - 1)), first.firstTime <= last.lastTime
        else { throw damage(at: blockCount - 1) }
        return first.firstTime...last.lastTime
    }

    /// The sequence of the last record of the last block that has one; 0 when none has.
    package func lastSequence() throws(MarketDataError) -> UInt64 {
        guard blockCount > 0 else { return 0 }
        return try verifiedRecords(at: blockCount - 1).last { $0.sequence > 0 }?.sequence ?? 0
    }
}

// MARK: - Proof

extension TickFileReader {
    /// The trailer of a block that lies within the file and whose checksums are right; otherwise `nil`.
    static func verifiedBlock(
        at index: Int, of file: UnsafeRawBufferPointer, headerByteCount: Int
    ) -> TickFileBlock? {
        let offset = headerByteCount + index * TickFileBlock.byteCount
        guard index >= 0, offset + TickFileBlock.byteCount <= file.count else { return nil }
        let bytes = UnsafeRawBufferPointer(rebasing: file[offset..<offset + TickFileBlock.byteCount])
        let trailer = UnsafeRawBufferPointer(rebasing: bytes[TickFileBlock.trailerOffset...])
        guard let block = TickFileBlock(trailer: trailer), block.index == index else { return nil }
        let records = UnsafeRawBufferPointer(rebasing: bytes[0..<block.recordCount * 64])
        return BlockChecksum.checksum(records) == block.recordsChecksum ? block : nil
    }

    /// The records of a block that matches its checksums; `nil` for one that does not. The cursor stays.
    func block(at index: Int) -> UnsafeBufferPointer<MarketEvent>? { try? verifiedRecords(at: index) }

    private func verifiedRecords(at index: Int) throws(MarketDataError) -> UnsafeBufferPointer<MarketEvent> {
        let offset = header.byteCount + index * TickFileBlock.byteCount
        let proven = Self.verifiedBlock(at: index, of: file.bytes, headerByteCount: header.byteCount)
        guard let block = proven, let address = file.bytes.baseAddress else { throw damage(at: index) }
        let isLast = index == blockCount - 1
        guard isLast || block.recordCount == TickFileBlock.slotCount else { throw damage(at: index) }
        if isLast, header.isClosed {
            let expected = header.recordCount - index * TickFileBlock.slotCount
            let unused = file.bytes[offset + block.recordCount * 64..<offset + TickFileBlock.trailerOffset]
            guard block.recordCount == expected, unused.allSatisfy({ $0 == 0 }) else {
                throw damage(at: index)
            }
        }
        let records = (address + offset).assumingMemoryBound(to: MarketEvent.self)
        return UnsafeBufferPointer(start: records, count: block.recordCount)
    }

    private func trailer(at index: Int) -> UnsafeRawBufferPointer {
        let offset = header.byteCount + index * TickFileBlock.byteCount + TickFileBlock.trailerOffset
        return UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + TickFileBlock.trailerByteCount])
    }

    private func damage(at index: Int) -> MarketDataError {
        let offset = header.byteCount + index * TickFileBlock.byteCount
        return MarketDataError(
            .damaged,
            "\(path): block \(index) of \(blockCount) at byte \(offset) does not match its checksum;"
                + " the records up to"
                + " number \(index * TickFileBlock.slotCount) are whole, take the file from a backup")
    }

    private static func checkLength(of file: MappedFile, header: TickFileHeader) throws(MarketDataError) {
        let blocks = (header.recordCount + TickFileBlock.slotCount - 1) / TickFileBlock.slotCount
        let expected = header.byteCount + blocks * TickFileBlock.byteCount
        if file.bytes.count < expected {
            throw MarketDataError(
                .truncated,
                "\(file.path) has \(file.bytes.count) bytes of \(expected); it was cut off, copy or"
                    + " record it again"
            )
        }
        guard file.bytes.count == expected else {
            throw MarketDataError(
                .damaged, "\(file.path) has \(file.bytes.count - expected) bytes past its end; copy it again")
        }
    }

    private static func recordCount(
        of file: UnsafeRawBufferPointer, blockCount: Int, header: TickFileHeader
    ) -> Int {
        guard blockCount > 0 else { return 0 }
        let last = verifiedBlock(at: blockCount - 1, of: file, headerByteCount: header.byteCount)
        return (blockCount - 1) * TickFileBlock.slotCount + (last?.recordCount ?? 0)
    }

    private mutating func releaseBehind(_ offset: Int) {
        let end = offset / TickFileBlock.byteCount * TickFileBlock.byteCount
        guard end - releasedByteCount >= Limits.mappedBytesBehindMax else { return }
        file.release(releasedByteCount..<end)
        releasedByteCount = end
    }
}
