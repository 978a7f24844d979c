import CPlatform
import ControlPlane
import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Reads what a strategy's journal files gained since last time. Confined to the store thread.
///
/// The place is (epoch, byte offset): the file `<epoch>.journal` is read up to its last whole record, and the next
/// file begins when the strategy has a newer one. A torn tail of an ended epoch is left behind.
struct JournalTail {
    /// What one read found.
    struct Step {
        var entries: [JournalEntry] = []
        /// Where the read ended; goes into the database in the transaction that stores the entries.
        var cursor: JournalCursor
        /// Set when the file cannot be understood at an offset; the tail stays there.
        var problem: String?
    }

    private let directory: String
    private var epoch: UInt32
    private var offset: Int
    private var descriptor: Int32 = -1
    private var isCorrupt = false

    /// Begins at a place, usually the cursor of the database; epoch 0 means before the first file.
    init(directory: String, epoch: UInt32, offset: Int) {
        self.directory = directory
        self.epoch = epoch
        self.offset = offset
    }

    /// Reads at most `Limits.journalReadBytesMax` bytes; `nil` when nothing is new.
    mutating func next() -> Step? {
        guard !isCorrupt else { return nil }
        if descriptor < 0 { _ = openCurrent() }
        if let step = readCurrent() { return step }
        // The current file has nothing new: go on only when a newer epoch has begun, so this one is complete.
        guard let newer = newerEpoch() else { return nil }
        // It may have gained its last records between the two looks.
        if let step = readCurrent() { return step }
        return begin(newer) ? readCurrent() : nil
    }

    /// Closes the file; the tail is not to be used afterwards.
    mutating func finish() { closeCurrent() }

    private mutating func readCurrent() -> Step? {
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0, Int(status.st_size) > offset else {
            return nil
        }
        let byteCount = min(Int(status.st_size) - offset, Limits.journalReadBytesMax)
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 8)
        defer { bytes.deallocate() }
        let count = cplatform_read_at(descriptor, bytes.baseAddress, byteCount, Int64(offset))
        guard count > 0 else { return nil }
        let scan = JournalScan(UnsafeRawBufferPointer(rebasing: bytes[..<Int(count)]), fileOffset: offset)
        guard scan.endOffset > offset || scan.corruption != nil else { return nil }
        offset = scan.endOffset
        var step = Step(
            entries: scan.entries,
            cursor: JournalCursor(
                fileNumber: epoch, offset: UInt64(offset), epoch: scan.entries.last?.epoch ?? 0,
                sequence: scan.entries.last?.sequence ?? 0))
        if let corruption = scan.corruption {
            isCorrupt = true
            step.problem = "\(path(epoch)) is corrupt at byte \(corruption.offset): \(corruption.reason)"
        }
        return step
    }

    private func newerEpoch() -> UInt32? {
        JournalFiles.epochs(in: directory).first { $0 > epoch }
    }

    private mutating func begin(_ newer: UInt32) -> Bool {
        closeCurrent()
        epoch = newer
        offset = 0
        return openCurrent()
    }

    private mutating func openCurrent() -> Bool {
        guard epoch > 0 else { return false }
        descriptor = cplatform_open(path(epoch), O_RDONLY, 0)
        return descriptor >= 0
    }

    private mutating func closeCurrent() {
        if descriptor >= 0 { _ = close(descriptor) }
        descriptor = -1
    }

    private func path(_ epoch: UInt32) -> String { directory + "/" + JournalCodec.fileName(epoch: epoch) }
}
