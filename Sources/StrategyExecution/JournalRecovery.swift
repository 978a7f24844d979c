import CPlatform
package import TradingModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Rebuilds a strategy's state from its journal files.
package enum JournalRecovery {
    /// The epochs that have a file in the directory, ascending; empty when there is no directory.
    package static func epochs(in directory: String) -> [UInt32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.compactMap { JournalCodec.epoch(ofFileNamed: $0) }.sorted()
    }

    /// The state at the end of the newest file that has a checkpoint; `nil` when the strategy never ran.
    ///
    /// A torn tail is what a killed process had not yet made visible to anybody, and is left out. Corruption
    /// before the tail throws `journal` with file and offset: a strategy must not trade on a guess.
    package static func latestState(
        directory: String, instruments: [Instrument], startingCash: Money
    ) throws(ExecutionError) -> EngineSnapshot? {
        for epoch in epochs(in: directory).suffix(Limits.journalFilesReadMax).reversed() {
            let path = directory + "/" + JournalCodec.fileName(epoch: epoch)
            let scan = try scan(path: path)
            if let corruption = scan.corruption {
                // No restart can mend this, so it is an error at once.
                throw ExecutionError(
                    .configuration,
                    "\(path) is corrupt at byte \(corruption.offset) (\(corruption.reason)): move the file away "
                        + "to start without what this strategy held")
            }
            if let snapshot = StateReplay.state(of: scan.entries, instruments: instruments) {
                return snapshot
            }
        }
        return nil
    }

    /// All records of one epoch's file; what a killed process had not finished to write is left out.
    ///
    /// Throws `journal` when it cannot be read and `configuration` when it is damaged.
    static func whole(directory: String, epoch: UInt32) throws(ExecutionError) -> [JournalEntry] {
        let path = directory + "/" + JournalCodec.fileName(epoch: epoch)
        let scan = try scan(path: path)
        if let corruption = scan.corruption {
            throw ExecutionError(
                .configuration, "\(path) is corrupt at byte \(corruption.offset) (\(corruption.reason))")
        }
        return scan.entries
    }

    private static func scan(path: String) throws(ExecutionError) -> JournalScan {
        let descriptor = cplatform_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else {
            throw ExecutionError(.journal, "cannot open the journal \(path)", errno: errno)
        }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw ExecutionError(.journal, "cannot read the journal \(path)", errno: errno)
        }
        guard status.st_size > 0 else {
            return JournalScan(UnsafeRawBufferPointer(start: nil, count: 0), fileOffset: 0)
        }
        let byteCount = Int(status.st_size)
        guard let mapping = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), mapping != MAP_FAILED
        else {
            throw ExecutionError(.journal, "cannot read the journal \(path)", errno: errno)
        }
        defer { munmap(mapping, byteCount) }
        let bytes = UnsafeRawBufferPointer(start: mapping, count: byteCount)
        var scan = JournalScan(bytes, fileOffset: 0)
        if let last = scan.entries.last, hasRecord(bytes[scan.endOffset...], after: last) {
            scan.corruption = JournalScan.Corruption(
                offset: scan.endOffset, reason: "whole records follow one that does not end")
        }
        return scan
    }

    /// Whether a whole record lies somewhere in what looks like a torn tail.
    ///
    /// A wrong length in the middle of a file reads like a record that ends past the end of the file; what tells
    /// the two apart is that nothing follows a torn tail.
    private static func hasRecord(_ tail: Slice<UnsafeRawBufferPointer>, after last: JournalEntry) -> Bool {
        let bytes = UnsafeRawBufferPointer(rebasing: tail)
        guard bytes.count > JournalCodec.recordBytesMin else { return false }
        for offset in 1...(bytes.count - JournalCodec.recordBytesMin) {
            // The cheap tests first; a checksum per byte of a long tail would take minutes.
            let sequence = UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
            let epoch = UInt32(
                littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt32.self))
            guard epoch == last.epoch, sequence > last.sequence,
                sequence - last.sequence <= UInt64(bytes.count / JournalCodec.recordBytesMin)
            else { continue }
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            if case .entry = JournalCodec.decode(rest) { return true }
        }
        return false
    }
}
