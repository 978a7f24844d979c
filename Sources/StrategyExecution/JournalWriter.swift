import CPlatform
package import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Appends what a strategy does to its journal file, `<directory>/<epoch>.journal`.
///
/// Records are buffered and written with one write(2) by `flush`, which the executor calls at the end of every
/// batch of records, before anybody else can see what the batch caused. The page cache keeps them when the
/// process dies; `close` also syncs them to the disk. Confined to the executor's event loop.
package final class JournalWriter {
    private let descriptor: Int32
    private let path: String
    private let epoch: UInt32
    private var buffer = ByteWriter()
    private var nextSequence: UInt64 = 1
    /// The first failure to write; nothing is written after it, so that the file has no hole.
    package private(set) var failure: ExecutionError?

    /// Creates the file; fails when it exists, because an epoch is never used twice.
    package init(directory: String, session: JournalSession) throws(ExecutionError) {
        path = directory + "/" + JournalCodec.fileName(epoch: session.epoch)
        epoch = session.epoch
        descriptor = cplatform_open(path, O_CREAT | O_EXCL | O_WRONLY | O_APPEND, 0o600)
        guard descriptor >= 0 else {
            throw ExecutionError(.journal, "cannot create the journal \(path)", errno: errno)
        }
        buffer.append(contentsOf: JournalCodec.magic)
        append(.sessionStarted(session), at: .epoch)
    }

    deinit { Self.closeDescriptor(descriptor) }

    /// Adds a record to the buffer.
    package func append(_ record: JournalRecord, at time: Timestamp) {
        JournalCodec.encode(
            JournalEntry(sequence: nextSequence, epoch: epoch, time: time, record: record), into: &buffer)
        nextSequence += 1
        if buffer.bytes.count > Limits.journalBufferBytesMax { flush() }
    }

    /// Writes what is buffered; a failure is kept in `failure`.
    package func flush() {
        guard failure == nil, !buffer.bytes.isEmpty else { return }
        let result = buffer.bytes.withUnsafeBytes {
            cplatform_write_all(descriptor, $0.baseAddress, $0.count)
        }
        if result != 0 {
            failure = ExecutionError(.journal, "cannot write the journal \(path)", errno: errno)
        }
        buffer.removeAll()
    }

    /// Writes what is buffered and syncs the file to the disk.
    package func sync() {
        flush()
        guard failure == nil else { return }
        if fsync(descriptor) != 0 {
            failure = ExecutionError(.journal, "cannot sync the journal \(path)", errno: errno)
        }
    }

    private static func closeDescriptor(_ descriptor: Int32) { _ = close(descriptor) }
}
