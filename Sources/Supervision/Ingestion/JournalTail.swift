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
    /// A byte of a file; epoch 0 means before the first file.
    struct Place: Equatable {
        var epoch: UInt32 = 0
        var offset = 0
    }

    /// What one read found.
    struct Step {
        var entries: [JournalEntry] = []
        /// Where the read began.
        var start: Place
        /// Where the read ended; goes into the database in the transaction that stores the entries.
        var cursor: JournalCursor
        /// Whether the read ended for its length, so that more is certain to follow.
        var isFull = false
        /// Set when the file cannot be understood at an offset; the tail stays there.
        var problem: String?
    }

    private let directory: String
    private var epoch: UInt32
    private var offset: Int
    private var descriptor: Int32 = -1
    /// The newest epoch that may have a file.
    private(set) var expectedEpoch: UInt32
    /// Set when the file cannot be understood, for good.
    private(set) var isCorrupt = false

    /// Begins at a place, usually the cursor of the database; epoch 0 means before the first file.
    /// `expectedEpoch` is the newest that may have a file.
    init(directory: String, epoch: UInt32, offset: Int, expectedEpoch: UInt32 = .max) {
        self.expectedEpoch = expectedEpoch
        self.directory = directory
        self.epoch = epoch
        self.offset = offset
    }

    /// Reads the next piece, about `Limits.journalReadBytes` long; `nil` when nothing is new.
    mutating func next() -> Step? {
        guard !isCorrupt else { return nil }
        if descriptor < 0 {
            // Without descriptors to spare the file is opened next time; only one that is gone is passed over.
            guard openCurrent() || (epoch == 0 || errno == ENOENT) && advance() else { return nil }
        }
        if let step = readCurrent() { return step }
        // The directory is read only while a newer file is due, because this runs for every strategy all the time.
        guard epoch < expectedEpoch, hasNewer else { return nil }
        // The newer file proves that the process of this one is gone: what it wrote last is there now.
        if let step = readCurrent() { return step }
        guard advance() else { return nil }
        return readCurrent()
    }

    /// Tells that a process of this epoch was started and may make a file.
    mutating func expect(epoch: UInt32) { expectedEpoch = max(expectedEpoch, epoch) }

    /// Closes the file; the tail is not to be used afterwards.
    mutating func finish() { closeCurrent() }

    private mutating func readCurrent() -> Step? {
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0, Int(status.st_size) != offset else {
            return nil
        }
        guard Int(status.st_size) > offset else { return shortened(byteCount: Int(status.st_size)) }
        let available = Int(status.st_size) - offset
        var piece = readPiece(byteCount: min(available, Limits.journalReadBytes))
        piece?.isFull = available > Limits.journalReadBytes
        guard piece == nil, available > Limits.journalReadBytes else { return piece }
        // One record is longer than a piece.
        return readPiece(byteCount: min(available, Limits.journalReadBytesMax))
    }

    /// A file that has lost what was copied already: a disk that forgot it in a power failure, or somebody's edit.
    private mutating func shortened(byteCount: Int) -> Step {
        isCorrupt = true
        var step = Step(
            start: Place(epoch: epoch, offset: offset),
            cursor: JournalCursor(fileNumber: epoch, offset: UInt64(offset), epoch: 0, sequence: 0))
        step.problem =
            "\(path(epoch)) is corrupt at byte \(byteCount): it ends there, and \(offset) bytes of it were copied"
        return step
    }

    /// A descriptor of the file that the last step came from, for syncing; -1 when there is none.
    func duplicateDescriptor() -> Int32 { descriptor < 0 ? -1 : cplatform_duplicate(descriptor, 0) }

    private mutating func readPiece(byteCount: Int) -> Step? {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 8)
        defer { bytes.deallocate() }
        let count = cplatform_read_at(descriptor, bytes.baseAddress, byteCount, Int64(offset))
        guard count > 0 else { return nil }
        let scan = JournalScan(UnsafeRawBufferPointer(rebasing: bytes[..<Int(count)]), fileOffset: offset)
        guard scan.endOffset > offset || scan.corruption != nil else { return nil }
        let start = Place(epoch: epoch, offset: offset)
        offset = scan.endOffset
        var step = Step(
            entries: scan.entries, start: start,
            cursor: JournalCursor(
                fileNumber: epoch, offset: UInt64(offset), epoch: scan.entries.last?.epoch ?? 0,
                sequence: scan.entries.last?.sequence ?? 0))
        if let corruption = scan.corruption {
            isCorrupt = true
            step.problem = "\(path(epoch)) is corrupt at byte \(corruption.offset): \(corruption.reason)"
        }
        return step
    }

    private var hasNewer: Bool { JournalFiles.epochs(in: directory).contains { $0 > epoch } }

    private mutating func advance() -> Bool {
        guard let newer = JournalFiles.epochs(in: directory).first(where: { $0 > epoch }) else {
            return false
        }
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
