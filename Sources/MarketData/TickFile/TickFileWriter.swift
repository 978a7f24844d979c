public import TradingModel

/// Writes a tick file; layout at `TickFileHeader`.
///
/// A new file is written under `<path>.partial` and takes its name when it is finished, so that `path` is
/// never seen incomplete. An existing file is continued in place, see `init(appendingTo:)`. Not thread-safe.
/// A writer that goes away without `finish` or `abandon` leaves what it has written.
public final class TickFileWriter {
    /// The path the finished file has.
    public let path: String
    /// Records appended, those found when an existing file is continued included.
    public private(set) var recordCount = 0
    /// What reopening an existing file for append had to cut.
    public private(set) var recovery = TickFileRecovery()

    var header: TickFileHeader
    private(set) var writtenPath: String
    private(set) var descriptor: Int32
    private var isOpen: Bool { descriptor >= 0 }
    /// The block being filled, in memory of its own or in a piece of `bulk`; what is behind its records is never written.
    private var block: UnsafeMutableBufferPointer<MarketEvent>
    private let ownBlock: UnsafeMutableBufferPointer<MarketEvent>
    /// Writes full blocks meanwhile; `nil` when every block is written at once, as for a file that is read while it grows.
    private var bulk: (queue: TickBlockQueue, piece: TickBlockQueue.Piece, blockCount: Int)?
    private var blockCount = 0
    private var flushedCount = 0
    private var flushedChecksum: UInt32 = 0
    private var blockIndex = 0
    /// Receive time of the last record appended.
    package private(set) var lastTime = Timestamp(nanoseconds: .min)
    /// Sequence of the last record appended that has one, and of the last one that the system was handed; 0 when none.
    package private(set) var lastSequence: UInt64 = 0, flushedSequence: UInt64 = 0

    /// Creates a file; refuses one that exists and one that another process is writing.
    ///
    /// - Parameter source: where the records come from, in a few words.
    public convenience init(path: String, instruments: [Instrument], source: String) throws(MarketDataError) {
        try self.init(path: path, instruments: instruments, source: source, headerBytesMin: 0)
    }

    private init(
        path: String, instruments: [Instrument], source: String, headerBytesMin: Int
    ) throws(MarketDataError) {
        var header = TickFileHeader(instruments: instruments, source: source)
        try header.validate(path: path)
        try Self.checkName(path)
        let bytes = header.encoded(minimumByteCount: headerBytesMin)
        header.byteCount = bytes.count
        self.path = path
        self.header = header
        writtenPath = path + ".partial"
        ownBlock = Self.makeBlock()
        block = ownBlock
        descriptor = -1
        descriptor = try Self.openLocked(writtenPath, isCreating: true)
        try Syscall.truncate(descriptor, to: 0, path: writtenPath)
        try write(bytes, at: 0)
    }

    /// Creates a file of many records that nobody reads before it is finished: full blocks are written by a thread of its
    /// own, up to 8 MiB behind, until the first flush.
    package convenience init(
        bulkTo path: String, instruments: [Instrument], source: String
    ) throws(MarketDataError) {
        try self.init(path: path, instruments: instruments, source: source)
        let queue = TickBlockQueue(descriptor: descriptor, path: writtenPath, offset: blockOffset)
        let piece = queue.take()
        bulk = (queue, piece, 0)
        block = piece.block(0)
    }

    /// Creates a file that has its name at once, to be read while it grows; its header has room for instruments that
    /// become known later.
    package convenience init(
        recordingTo path: String, instruments: [Instrument], source: String
    ) throws(MarketDataError) {
        let page = TickFileHeader.pageByteCount
        let room = (instruments.count * 64 + Limits.recordingHeaderBytes + page - 1) / page * page
        try self.init(path: path, instruments: instruments, source: source, headerBytesMin: room)
        try Syscall.sync(descriptor, path: writtenPath)
        try Syscall.rename(writtenPath, to: path)
        writtenPath = path
    }

    /// Continues an existing file in place.
    ///
    /// A torn tail (an incomplete last block, or one whose checksum is wrong) is cut and told of in
    /// `recovery`; a second damaged block before it is an error, since no crash of a writer leaves that.
    public init(appendingTo path: String) throws(MarketDataError) {
        let locked = try Self.openLocked(path, isCreating: false)
        var isHandedOver = false
        defer { if !isHandedOver { Syscall.close(locked) } }
        try Self.mendHeader(of: path, descriptor: locked)
        let file = try MappedFile(path: path)
        header = try TickFileHeader(decoding: file.bytes, path: path, isClosingTrusted: false)
        self.path = path
        writtenPath = path
        ownBlock = Self.makeBlock()
        block = ownBlock
        descriptor = locked
        isHandedOver = true
        try recover(file)
    }

    deinit {
        bulk = nil
        if isOpen { Syscall.close(descriptor) }
        UnsafeMutableRawPointer(ownBlock.baseAddress)?.deallocate()
    }

    /// Appends a record; its receive time must not be before the one of the record before.
    public func append(_ event: MarketEvent) throws(MarketDataError) {
        guard event.receiveTime >= lastTime else { throw outOfOrder(event) }
        lastTime = event.receiveTime
        if event.sequence > 0 { lastSequence = event.sequence }
        block[blockCount] = event
        blockCount += 1
        recordCount += 1
        if blockCount == TickFileBlock.slotCount { try completeBlock() }
    }

    /// Appends records in order; those before one that is refused stay.
    public func append(contentsOf events: UnsafeBufferPointer<MarketEvent>) throws(MarketDataError) {
        var start = 0
        while start < events.count {
            let end = min(events.count, start + TickFileBlock.slotCount - blockCount)
            guard appendToBlock(UnsafeBufferPointer(rebasing: events[start..<end])) else {
                // One by one, up to the record that is refused.
                for event in events[start..<end] { try append(event) }
                return
            }
            if blockCount == TickFileBlock.slotCount { try completeBlock() }
            start = end
        }
    }

    /// Appends records whose receive times are known to go up, from `lastTime` on; for the recorder, which has looked at each
    /// already. A whole block is written from where it lies.
    package func append(inOrder events: UnsafeBufferPointer<MarketEvent>) throws(MarketDataError) {
        var start = 0
        while start < events.count, let target = block.baseAddress, let source = events.baseAddress {
            let count = min(events.count - start, TickFileBlock.slotCount - blockCount)
            let part = UnsafeBufferPointer(start: source + start, count: count)
            assert(part[0].receiveTime >= lastTime, "the recorder begins another file where times go back")
            lastTime = part[count - 1].receiveTime
            lastSequence = part.last { $0.sequence > 0 }?.sequence ?? lastSequence
            recordCount += count
            start += count
            if count == TickFileBlock.slotCount, bulk == nil {
                try writeBlock(of: part)
                blockIndex += 1
                continue
            }
            (target + blockCount).update(from: part.baseAddress ?? source, count: count)
            blockCount += count
            if blockCount == TickFileBlock.slotCount { try completeBlock() }
        }
    }

    /// Copies records that fit the block; `false`, and nothing done, when their times go back.
    private func appendToBlock(_ events: UnsafeBufferPointer<MarketEvent>) -> Bool {
        var last = lastTime
        var sequence = lastSequence
        for event in events {
            if event.receiveTime < last { return false }
            last = event.receiveTime
            if event.sequence > 0 { sequence = event.sequence }
        }
        guard let source = events.baseAddress, let target = block.baseAddress else { return true }
        (target + blockCount).update(from: source, count: events.count)
        lastTime = last
        lastSequence = sequence
        blockCount += events.count
        recordCount += events.count
        return true
    }

    /// Hands what was appended to the system, so that it outlives a kill of this process.
    ///
    /// - Parameter isSyncing: also waits for the disk, so that it outlives a power cut.
    public func flush(isSyncing: Bool = false) throws(MarketDataError) {
        precondition(isOpen, "the writer is finished")
        try endBulk()
        if flushedCount < blockCount { try writeBlock() }
        if isSyncing { try Syscall.sync(descriptor, path: writtenPath) }
    }

    /// Writes what is left and the counts, syncs, and gives a new file its name.
    public func finish() throws(MarketDataError) { try finish(replacingInstruments: nil) }

    /// Finishes with instruments that became known only while writing; `nil` keeps those of the beginning.
    package func finish(replacingInstruments instruments: [Instrument]?) throws(MarketDataError) {
        try flush(isSyncing: true)
        if let instruments {
            header.instruments = instruments
            try header.validate(path: path)
        }
        try setHeaderCounts()
        if instruments != nil {
            try rewriteHeader()
        } else {
            try write(header.closingBytes(), at: TickFileHeader.closingRange.lowerBound)
        }
        try Syscall.sync(descriptor, path: writtenPath)
        if writtenPath != path {
            guard !Syscall.exists(path) else {
                throw MarketDataError(
                    .fileExists, "\(path) was created meanwhile; remove it or choose another name")
            }
            try Syscall.rename(writtenPath, to: path)
        }
        Syscall.close(descriptor)
        descriptor = -1
    }

    /// Gives up: a new file is removed, a continued one stays as it was last flushed.
    public func abandon() {
        guard isOpen else { return }
        bulk = nil
        block = ownBlock
        if writtenPath != path { Syscall.remove(writtenPath) }
        Syscall.close(descriptor)
        descriptor = -1
    }
}

// MARK: - Records in place

extension TickFileWriter {
    /// The free places of the block being filled, to be filled in place and then appended with `commit`.
    package var freeSlots: UnsafeMutableBufferPointer<MarketEvent> {
        UnsafeMutableBufferPointer(rebasing: block[blockCount...])
    }

    /// Appends the first free places, as they were filled. Their receive times must not go back, nor begin before
    /// `lastTime`; of that, only the ends are checked here.
    package func commit(_ count: Int) throws(MarketDataError) {
        guard count > 0 else { return }
        precondition(blockCount + count <= TickFileBlock.slotCount, "more records than free places")
        let (first, last) = (block[blockCount], block[blockCount + count - 1])
        guard first.receiveTime >= lastTime, last.receiveTime >= first.receiveTime else {
            throw outOfOrder(first.receiveTime >= lastTime ? last : first)
        }
        lastTime = last.receiveTime
        if last.sequence > 0 { lastSequence = last.sequence }
        blockCount += count
        recordCount += count
        if blockCount == TickFileBlock.slotCount { try completeBlock() }
    }
}

/// What was cut from a tick file whose writer had been cut off.
public struct TickFileRecovery: Equatable, Sendable {
    /// Whether the writer before had closed the file.
    public internal(set) var wasClosed = true
    /// Bytes of the torn tail that were cut.
    public internal(set) var cutByteCount = 0
    /// The offset in the file where the cut was made; `nil` when nothing was cut.
    public internal(set) var cutOffset: Int?
}

// MARK: - Blocks and header

extension TickFileWriter {
    private static func makeBlock() -> UnsafeMutableBufferPointer<MarketEvent> {
        let address = UnsafeMutableRawPointer.allocate(byteCount: TickFileBlock.byteCount, alignment: 4096)
        address.initializeMemory(as: UInt8.self, repeating: 0, count: TickFileBlock.byteCount)
        return UnsafeMutableBufferPointer(
            start: address.assumingMemoryBound(to: MarketEvent.self), count: TickFileBlock.slotCount)
    }

    /// Refuses a name that a new file cannot get.
    private static func checkName(_ path: String) throws(MarketDataError) {
        guard !path.isEmpty else { throw MarketDataError(.badOptions, "the output file needs a name") }
        guard !Syscall.exists(path) else {
            throw MarketDataError(.fileExists, "\(path) exists already; remove it or choose another name")
        }
        let directory = Syscall.directoryName(of: path)
        guard Syscall.exists(directory) else {
            throw MarketDataError(.system, "cannot make \(path): there is no directory \(directory)")
        }
    }

    private static func openLocked(_ path: String, isCreating: Bool) throws(MarketDataError) -> Int32 {
        let descriptor = try Syscall.openForWriting(path, isCreating: isCreating)
        var isLocked = false
        defer { if !isLocked { Syscall.close(descriptor) } }
        isLocked = try Syscall.lockExclusively(descriptor, path: path)
        guard isLocked else {
            throw MarketDataError(
                .fileBusy, "\(path) is being written by another process; wait for it or stop it")
        }
        return descriptor
    }

    private var blockOffset: Int { header.byteCount + blockIndex * TickFileBlock.byteCount }

    private func completeBlock() throws(MarketDataError) {
        if bulk != nil { return try passBlockOn() }
        try writeBlock()
        blockIndex += 1
        blockCount = 0
        flushedCount = 0
        flushedChecksum = 0
    }

    /// Leaves a full block to `bulk` and goes on in the next one.
    private func passBlockOn() throws(MarketDataError) {
        guard let bulk else { return }
        let queue = bulk.queue
        var piece = bulk.piece
        var count = bulk.blockCount + 1
        blockIndex += 1
        blockCount = 0
        if count == TickBlockQueue.blocksPerPiece {
            try submit(piece, count, to: queue)
            piece = queue.take()
            count = 0
        }
        self.bulk = (queue, piece, count)
        block = piece.block(count)
    }

    private func submit(
        _ piece: TickBlockQueue.Piece, _ count: Int, to queue: TickBlockQueue
    ) throws(MarketDataError) {
        let offset = blockOffset - count * TickFileBlock.byteCount
        try queue.submit(piece, blockCount: count, index: blockIndex - count, offset: offset)
        flushedSequence = lastSequence
    }

    /// Waits for all full blocks, and takes the last one back into memory of its own.
    private func endBulk() throws(MarketDataError) {
        guard let (queue, piece, count) = bulk else { return }
        bulk = nil
        if let source = block.baseAddress, let target = ownBlock.baseAddress {
            target.update(from: source, count: blockCount)
        }
        block = ownBlock
        if count > 0 { try submit(piece, count, to: queue) }
        try queue.drain()
    }

    /// Writes the records not written yet and then the trailer; a full block in one call.
    private func writeBlock() throws(MarketDataError) {
        precondition(isOpen, "the writer is finished")
        let records = UnsafeBufferPointer(rebasing: block[0..<blockCount])
        guard flushedCount > 0 || blockCount < TickFileBlock.slotCount else {
            return try writeBlock(of: records)
        }
        let new = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: block[flushedCount..<blockCount]))
        let checksum = BlockChecksum.checksum(new, previous: flushedChecksum)
        let trailer = TickFileBlock(index: blockIndex, records: records, checksum: checksum).encoded()
        try Syscall.write(new, to: descriptor, at: blockOffset + flushedCount * 64, path: writtenPath)
        try write(trailer, at: blockOffset + TickFileBlock.trailerOffset)
        flushedCount = blockCount
        flushedChecksum = checksum
        flushedSequence = lastSequence
    }

    /// Writes a full block of records, wherever they lie, with its trailer.
    private func writeBlock(of records: UnsafeBufferPointer<MarketEvent>) throws(MarketDataError) {
        precondition(isOpen, "the writer is finished")
        let bytes = UnsafeRawBufferPointer(records)
        let checksum = BlockChecksum.checksum(bytes)
        let trailer = TickFileBlock(index: blockIndex, records: records, checksum: checksum).encoded()
        let path = writtenPath
        try trailer.withUnsafeBufferPointer { trailer throws(MarketDataError) in
            try Syscall.write(
                bytes, UnsafeRawBufferPointer(trailer), to: descriptor, at: blockOffset, path: path)
        }
        flushedSequence = lastSequence
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(MarketDataError) {
        try bytes.withUnsafeBufferPointer { bytes throws(MarketDataError) in
            try Syscall.write(UnsafeRawBufferPointer(bytes), to: descriptor, at: offset, path: writtenPath)
        }
    }

    private func setHeaderCounts() throws(MarketDataError) {
        header.recordCount = recordCount
        header.isClosed = true
        guard recordCount > 0 else { return }
        header.lastTime = lastTime
        var first = Timestamp.epoch
        try withUnsafeMutableBytes(of: &first) { bytes throws(MarketDataError) in
            try Syscall.read(into: bytes, from: descriptor, at: header.byteCount + 8, path: writtenPath)
        }
        header.firstTime = first
    }

    /// Writes the header anew, moving the blocks back when it has outgrown its pages. Only for a file that
    /// has not got its name yet: a crash in between would leave nothing readable.
    private func rewriteHeader() throws(MarketDataError) {
        precondition(writtenPath != path, "the header of a file in use is not rewritten")
        let bytes = header.encoded(minimumByteCount: header.byteCount)
        let shift = bytes.count - header.byteCount
        if shift > 0 {
            let buffer = UnsafeMutableRawBufferPointer.allocate(
                byteCount: TickFileBlock.byteCount, alignment: 4096)
            defer { buffer.deallocate() }
            let total = (recordCount + TickFileBlock.slotCount - 1) / TickFileBlock.slotCount
            for index in stride(from: total - 1, through: 0, by: -1) {
                let offset = header.byteCount + index * TickFileBlock.byteCount
                try Syscall.read(into: buffer, from: descriptor, at: offset, path: writtenPath)
                try Syscall.write(
                    UnsafeRawBufferPointer(buffer), to: descriptor, at: offset + shift, path: writtenPath)
            }
            header.byteCount = bytes.count
        }
        try write(bytes, at: 0)
    }

    private func outOfOrder(_ event: MarketEvent) -> MarketDataError {
        MarketDataError(
            .outOfOrder,
            "\(path): record \(recordCount + 1) was received at"
                + " \(event.receiveTime.iso8601(fractionDigits: 9)), before"
                + " the one ahead of it at \(lastTime.iso8601(fractionDigits: 9)); sort the source first")
    }
}

// MARK: - Append

extension TickFileWriter {
    /// Finds the end of an existing file, cuts a torn tail and marks the file as being written.
    private func recover(_ file: MappedFile) throws(MarketDataError) {
        let content = file.bytes.count - header.byteCount
        var count = content / TickFileBlock.byteCount
        var isTorn = content % TickFileBlock.byteCount != 0
        recovery.wasClosed = !file.bytes[TickFileHeader.closingRange].allSatisfy { $0 == 0 }
        if count > 0, !isTorn, lastBlock(of: file, count: count) == nil {
            isTorn = true
            count -= 1
        }
        if isTorn {
            let end = header.byteCount + count * TickFileBlock.byteCount
            recovery.cutOffset = end
            recovery.cutByteCount = file.bytes.count - end
        }
        guard count > 0 else { return try markAsOpen(cutAt: recovery.cutOffset) }
        guard let last = lastBlock(of: file, count: count) else {
            throw MarketDataError(
                .damaged,
                "\(path): block \(count - 1) at byte"
                    + " \(header.byteCount + (count - 1) * TickFileBlock.byteCount) is"
                    + " damaged ahead of the last one; the file was not changed, take it from a backup")
        }
        try markAsOpen(cutAt: recovery.cutOffset)
        resume(after: last, count: count, file: file)
    }

    private func markAsOpen(cutAt offset: Int?) throws(MarketDataError) {
        if let offset { try Syscall.truncate(descriptor, to: offset, path: path) }
        try write([UInt8](repeating: 0, count: 32), at: TickFileHeader.closingRange.lowerBound)
        try Syscall.sync(descriptor, path: path)
    }

    private func lastBlock(of file: MappedFile, count: Int) -> TickFileBlock? {
        TickFileReader.verifiedBlock(at: count - 1, of: file.bytes, headerByteCount: header.byteCount)
    }

    private func resume(after last: TickFileBlock, count: Int, file: MappedFile) {
        lastTime = last.lastTime
        let start = header.byteCount + (count - 1) * TickFileBlock.byteCount
        let found = UnsafeRawBufferPointer(rebasing: file.bytes[start..<start + last.recordCount * 64])
        lastSequence = found.bindMemory(to: MarketEvent.self).last { $0.sequence > 0 }?.sequence ?? 0
        flushedSequence = lastSequence
        recordCount = (count - 1) * TickFileBlock.slotCount + last.recordCount
        guard last.recordCount < TickFileBlock.slotCount else {
            blockIndex = count
            return
        }
        blockIndex = count - 1
        blockCount = last.recordCount
        flushedCount = last.recordCount
        flushedChecksum = last.recordsChecksum
        let records = UnsafeRawBufferPointer(
            rebasing: file.bytes[blockOffset..<blockOffset + blockCount * 64])
        UnsafeMutableRawBufferPointer(block).copyBytes(from: records)
    }
}
