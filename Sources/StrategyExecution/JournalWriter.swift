import CPlatform
package import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Appends what a strategy does to its journal file, `<directory>/<epoch>.journal`.
///
/// Records are buffered and written with write(2) by `flush`, which the executor calls at the end of every batch of
/// records, before anybody else can see what the batch caused. The page cache keeps them when the process dies; they
/// are synced to the disk by the manager before it copies them, by `syncInBackground` once a second, and by `sync`.
/// Confined to the executor's event loop.
///
/// A full disk is no failure: what could not be written stays in the buffer, in its place, and is written by a later
/// `flush`; until then `obstruction` says why, and no new order may go out.
package final class JournalWriter {
    private let descriptor: Int32
    private let path: String
    private let epoch: UInt32
    private let background: JournalSync
    private var buffer = ByteWriter()
    /// How much of the buffer is in the file already, after a write that was cut short.
    private var writtenCount = 0
    private var nextSequence: UInt64 = 1
    /// The first failure to write; nothing is written after it, so that the file has no hole.
    package private(set) var failure: ExecutionError?
    /// Why nothing can be written at the moment: the disk is full.
    package private(set) var obstruction: ExecutionError?

    /// Creates the file; fails when it exists, because an epoch is never used twice.
    package init(directory: String, session: JournalSession) throws(ExecutionError) {
        path = directory + "/" + JournalCodec.fileName(epoch: session.epoch)
        epoch = session.epoch
        Failpoint.reach(.beforeFile)
        descriptor = cplatform_open(path, O_CREAT | O_EXCL | O_WRONLY | O_APPEND, 0o600)
        guard descriptor >= 0 else {
            throw ExecutionError(.journal, "cannot create the journal \(path)", errno: errno)
        }
        background = JournalSync(descriptor: descriptor)
        Failpoint.reach(.afterFile)
        buffer.append(contentsOf: JournalCodec.magic)
        append(.sessionStarted(session), at: .epoch)
    }

    deinit { Self.closeDescriptor(descriptor) }

    /// Bytes that are not in the file yet.
    package var bufferedByteCount: Int { buffer.bytes.count - writtenCount }

    /// Adds a record to the buffer.
    package func append(_ record: JournalRecord, at time: Timestamp) {
        JournalCodec.encode(
            JournalEntry(sequence: nextSequence, epoch: epoch, time: time, record: record), into: &buffer)
        nextSequence += 1
        Failpoint.reach(afterAppending: record)
        if buffer.bytes.count > Limits.journalBufferBytesMax { flush() }
    }

    /// Writes what is buffered. A failure is kept in `failure`, a full disk in `obstruction`.
    package func flush() {
        guard failure == nil, !buffer.bytes.isEmpty else { return }
        Failpoint.reach(.beforeWrite)
        if let number = write() {
            guard Self.isForNow(number) else {
                failure = ExecutionError(.journal, "cannot write the journal \(path)", errno: number)
                return buffer.removeAll()
            }
            obstruction = ExecutionError(
                .journal, "cannot write the journal \(path): free some space; orders are refused until then",
                errno: number)
            if bufferedByteCount > Limits.journalBlockedBytesMax {
                failure = ExecutionError(
                    .journal, "the journal \(path) cannot be written for too long", errno: number)
            }
            return
        }
        buffer.removeAll()
        writtenCount = 0
        obstruction = nil
        background.isDue = true
        Failpoint.reach(.afterWrite)
        // A disk that lost what it was given must not be trusted with more.
        if let number = background.failureNumber {
            failure = ExecutionError(.journal, "cannot sync the journal \(path)", errno: number)
        }
    }

    /// Writes what is buffered and syncs the file to the disk.
    package func sync() {
        flush()
        guard failure == nil, obstruction == nil else { return }
        Failpoint.reach(.beforeSync)
        if fsync(descriptor) != 0 {
            failure = ExecutionError(.journal, "cannot sync the journal \(path)", errno: errno)
        }
        Failpoint.reach(.afterSync)
    }

    /// Has another thread sync what was written since the last time, unless it is at it; never waits.
    package func syncInBackground() { background.begin() }

    /// Writes until the buffer is in the file; the errno that ended it early.
    private func write() -> Int32? {
        buffer.bytes.withUnsafeBytes { bytes in
            // In test builds a record can be cut in the middle.
            if Failpoint.isSet(.tornWrite) {
                // Not where two records of one length meet.
                let half = min(bytes.count - 1, writtenCount + (bytes.count - writtenCount) / 2 + 5)
                if let number = write(bytes, until: half) { return number }
            }
            Failpoint.reach(.tornWrite)
            return write(bytes, until: bytes.count)
        }
    }

    /// write(2) until so many bytes of the buffer are in the file; the errno that ended it early.
    private func write(_ bytes: UnsafeRawBufferPointer, until end: Int) -> Int32? {
        while writtenCount < end {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[writtenCount..<end])
            let count = Self.write(descriptor, rest)
            if count >= 0 {
                writtenCount += count
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }

    /// Whether a later attempt may succeed: no space, no quota, a limit of file size.
    private static func isForNow(_ number: Int32) -> Bool {
        number == ENOSPC || number == EDQUOT || number == EFBIG
    }

    private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        writeBytes(descriptor, bytes.baseAddress, bytes.count)
    }

    private static func closeDescriptor(_ descriptor: Int32) { _ = close(descriptor) }
}

/// write(2), reachable from inside methods of the same name.
private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
