import CPlatform
import ControlPlane
import Foundation
import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Doctor {
    /// How far a journal was copied.
    private struct Cursor {
        var epoch: UInt32
        var offset: Int
    }

    /// Journals that were not copied yet, are damaged, shorter than what was copied, or belong to nobody.
    mutating func checkJournals() {
        let directories =
            ((try? FileManager.default.contentsOfDirectory(atPath: home.journalDirectory)) ?? []).sorted()
        let cursors = knowsSchema ? storedCursors() : [:]
        var waiting = 0
        for id in directories {
            let path = home.journalDirectory(strategyID: id)
            guard FileFacts(path)?.kind == S_IFDIR else { continue }
            waiting += checkJournal(path, cursors[id])
        }
        report.add(
            .ok, "journals", "\(directories.count) strategies, \(waiting) bytes not copied yet",
            at: home.journalDirectory)
        if waiting > Self.waitingBytesMax {
            report.add(
                managerPID == nil ? .note : .warning, "journals",
                "\(waiting) bytes are not in the database yet",
                at: home.journalDirectory,
                do: managerPID == nil
                    ? "the next run copies them" : "see whether the database is locked or the disk is full")
        }
    }

    /// What a manager that keeps up may have before it.
    private static let waitingBytesMax = 1 << 20
    /// Bytes of a journal read at once; a record has at most 16 MiB.
    private static let pieceByteCount = 17 << 20

    private func storedCursors() -> [String: Cursor] {
        let rows =
            (try? database?.rows("SELECT strategy_id, file_number, offset FROM journal_cursors")) ?? nil
        var cursors: [String: Cursor] = [:]
        for row in rows ?? [] {
            guard let id = row[0], let epoch = row[1].flatMap({ UInt32($0) }),
                let offset = row[2].flatMap({ Int($0) })
            else { continue }
            cursors[id] = Cursor(epoch: epoch, offset: offset)
        }
        return cursors
    }

    /// Examines one strategy's files; the bytes that are not in the database.
    private mutating func checkJournal(_ directory: String, _ cursor: Cursor?) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        let epochs = names.compactMap { JournalCodec.epoch(ofFileNamed: $0) }.sorted()
        var waiting = 0
        for epoch in epochs {
            let path = directory + "/" + JournalCodec.fileName(epoch: epoch)
            let isCopied = cursor.map { epoch < $0.epoch } ?? false
            if isCopied, !isFull { continue }
            let copied = cursor.map { $0.epoch == epoch ? $0.offset : isCopied ? .max : 0 } ?? 0
            let size = FileFacts(path)?.byteCount ?? 0
            if copied != .max, size < copied {
                report.add(
                    .problem, "journals", "has \(size) bytes, and \(copied) were copied: its end was lost",
                    at: path,
                    do: "restore the file from a backup of the disk; the database has what was copied")
                continue
            }
            let end = scan(path, from: isFull ? 0 : copied, size: size, isNewest: epoch == epochs.last)
            if copied != .max { waiting += max(0, end - copied) }
        }
        return waiting
    }

    /// Reads whole records to the end of the file; the offset behind the last one.
    private mutating func scan(_ path: String, from start: Int, size: Int, isNewest: Bool) -> Int {
        let descriptor = cplatform_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else {
            report.add(
                .problem, "journals", "cannot be read: \(String(cString: strerror(errno)))", at: path,
                do: "see its permissions")
            return start
        }
        defer { close(descriptor) }
        var offset = start
        while offset < size {
            let bytes = UnsafeMutableRawBufferPointer.allocate(
                byteCount: min(Self.pieceByteCount, size - offset), alignment: 8)
            defer { bytes.deallocate() }
            let count = cplatform_read_at(descriptor, bytes.baseAddress, bytes.count, Int64(offset))
            guard count > 0 else { break }
            let found = JournalScan(
                UnsafeRawBufferPointer(rebasing: bytes[..<Int(count)]), fileOffset: offset)
            if let corruption = found.corruption {
                report.add(
                    .problem, "journals", "is corrupt at byte \(corruption.offset): \(corruption.reason)",
                    at: path,
                    do:
                        "the strategy does not start on it: restore the file, or move it away to start without what "
                        + "stands behind that byte")
                return found.endOffset
            }
            guard found.endOffset > offset else { break }
            offset = found.endOffset
        }
        if offset < size, !isNewest {
            report.add(
                .note, "journals", "ends with \(size - offset) bytes of a record that a killed process began",
                at: path)
        }
        return offset
    }
}
