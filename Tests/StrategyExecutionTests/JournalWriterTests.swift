import Foundation
import StrategyExecution
import TestSupport
import Testing
import TradingModel

@Suite struct JournalWriterTests {
    @Test func recordsComeBackInOrderWithSequenceEpochAndTime() throws {
        let directory = try TemporaryDirectory()
        let writer = try JournalWriter(directory: directory.path, session: .test(epoch: 9))
        let records: [JournalRecord] = [
            .parametersChanged(#"{"pace":4}"#), .stateSaved(SavedState(version: 1, bytes: [1, 2, 3])),
            .sessionEnded(JournalSessionEnd(reason: "stopped", orderLogHash: 5)),
        ]
        for (index, record) in records.enumerated() {
            writer.append(record, at: Timestamp(seconds: Int64(index)))
        }
        writer.sync()
        #expect(writer.failure == nil)
        let scan = try scan(directory.file("9.journal"))
        #expect(scan.entries.map(\.record) == [.sessionStarted(.test(epoch: 9))] + records)
        #expect(scan.entries.map(\.sequence) == [1, 2, 3, 4])
        #expect(scan.entries.allSatisfy { $0.epoch == 9 })
        #expect(scan.entries.map(\.time) == [.epoch] + (0..<3).map { Timestamp(seconds: $0) })
        #expect(scan.incompleteByteCount == 0 && scan.corruption == nil)
    }

    @Test func nothingIsVisibleBeforeAFlush() throws {
        let directory = try TemporaryDirectory()
        let writer = try JournalWriter(directory: directory.path, session: .test(epoch: 1))
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.file("1.journal"))).isEmpty)
        writer.flush()
        #expect(try scan(directory.file("1.journal")).entries.count == 1)
    }

    @Test func largeBatchIsWrittenBeforeItsEnd() throws {
        let directory = try TemporaryDirectory()
        let writer = try JournalWriter(directory: directory.path, session: .test(epoch: 1))
        let state = SavedState(version: 1, bytes: [UInt8](repeating: 7, count: 400_000))
        for _ in 0..<3 { writer.append(.stateSaved(state), at: .epoch) }
        #expect(try scan(directory.file("1.journal")).entries.count == 4)
    }

    @Test func fileOfAnEarlierProcessIsNeverWrittenAgain() throws {
        let directory = try TemporaryDirectory()
        try JournalWriter(directory: directory.path, session: .test(epoch: 1)).flush()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: directory.file("1.journal")))
        let error = try #require(throws: ExecutionError.self) {
            _ = try JournalWriter(directory: directory.path, session: .test(epoch: 1))
        }
        #expect(error.code == .journal && error.description.contains(directory.file("1.journal")))
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.file("1.journal"))) == bytes)
    }

    private func scan(_ path: String) throws -> JournalScan {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        return data.withUnsafeBytes { JournalScan($0, fileOffset: 0) }
    }
}
