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
        return JournalScan(UnsafeRawBufferPointer(start: mapping, count: byteCount), fileOffset: 0)
    }
}
