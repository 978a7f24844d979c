import ControlPlane
import Foundation
import TestSupport
import Testing
import TradingModel

@testable import Supervision

@Suite struct JournalTailTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func missingDirectoryAndEmptyFileHaveNothing() throws {
        var tail = JournalTail(directory: directory.file("none"), epoch: 0, offset: 0)
        #expect(tail.next() == nil)
        try append(Data(), epoch: 1)
        tail = JournalTail(directory: directory.path, epoch: 0, offset: 0)
        #expect(tail.next() == nil)
        try append(Data(JournalCodec.magic.prefix(3)), epoch: 1)
        #expect(tail.next() == nil)
        tail.finish()
    }

    @Test func growingFileIsFollowedRecordByRecord() throws {
        var tail = JournalTail(directory: directory.path, epoch: 0, offset: 0)
        try append(Data(JournalCodec.magic) + record(1) + record(2), epoch: 3)
        let read = tail.next()
        let first = try #require(read)
        #expect(first.entries.map(\.sequence) == [1, 2] && first.problem == nil)
        #expect(
            first.cursor
                == JournalCursor(fileNumber: 3, offset: size(epoch: 3), epoch: 3, sequence: 2))
        #expect(tail.next() == nil)
        for sequence in 3...UInt64(6) {
            try append(record(sequence), epoch: 3)
            let read = tail.next()
            let step = try #require(read)
            #expect(step.entries.map(\.sequence) == [sequence])
            #expect(step.cursor.offset == size(epoch: 3) && step.cursor.sequence == sequence)
            #expect(tail.next() == nil)
        }
        tail.finish()
    }

    @Test func tornTailIsLeftUntilItIsCompleted() throws {
        var tail = JournalTail(directory: directory.path, epoch: 0, offset: 0)
        let whole = Data(JournalCodec.magic) + record(1, epoch: 1)
        try append(whole, epoch: 1)
        #expect(tail.next()?.entries.count == 1)
        let next = record(2, epoch: 1)
        for byte in next.dropLast() {
            try append(Data([byte]), epoch: 1)
            #expect(tail.next() == nil)
        }
        try append(next.suffix(1), epoch: 1)
        #expect(tail.next()?.entries.map(\.sequence) == [2])
        tail.finish()
    }

    @Test func tailMovesToTheNextEpochAndLeavesATornEndBehind() throws {
        var tail = JournalTail(directory: directory.path, epoch: 0, offset: 0)
        try append(
            Data(JournalCodec.magic) + record(1, epoch: 1) + record(2, epoch: 1).dropLast(5), epoch: 1)
        try append(Data(JournalCodec.magic) + record(1, epoch: 4), epoch: 4)
        try append(Data(JournalCodec.magic) + record(1, epoch: 12), epoch: 12)
        let cursors = steps(&tail).map(\.cursor)
        #expect(cursors.map(\.fileNumber) == [1, 4, 12])
        #expect(cursors.map(\.epoch) == [1, 4, 12])
        #expect(cursors.last?.offset == size(epoch: 12))
        tail.finish()
    }

    @Test func corruptionIsReportedOnceWithItsOffset() throws {
        var tail = JournalTail(directory: directory.path, epoch: 0, offset: 0)
        let good = Data(JournalCodec.magic) + record(1, epoch: 1)
        var bad = record(2, epoch: 1)
        bad[bad.count - 1] ^= 0xFF
        try append(good + bad + record(3, epoch: 1), epoch: 1)
        let read = tail.next()
        let step = try #require(read)
        #expect(step.entries.map(\.sequence) == [1], "what stands before it is read")
        #expect(step.cursor.offset == UInt64(good.count), "and the tail stays there")
        let problem = try #require(step.problem)
        #expect(problem.hasPrefix("\(directory.file("1.journal")) is corrupt at byte \(good.count)"))
        try append(record(4, epoch: 1), epoch: 1)
        #expect(tail.next() == nil)
        tail.finish()
    }

    @Test func fileThatLostWhatWasCopiedIsCorruptAndNotReadOn() throws {
        var tail = JournalTail(directory: directory.path, epoch: 0, offset: 0)
        let whole = Data(JournalCodec.magic) + record(1, epoch: 1)
        try append(whole + record(2, epoch: 1), epoch: 1)
        #expect(tail.next()?.entries.count == 2)
        #expect(truncate(directory.file("1.journal"), off_t(whole.count)) == 0)
        let read = tail.next()
        let step = try #require(read)
        #expect(step.entries.isEmpty)
        #expect(
            step.problem?.hasPrefix(
                "\(directory.file("1.journal")) is corrupt at byte \(whole.count): it ends there") == true)
        try append(record(9, epoch: 1), epoch: 1)
        #expect(tail.next() == nil && tail.isCorrupt)
        tail.finish()
    }

    @Test func cursorIsWhereReadingGoesOn() throws {
        try append(Data(JournalCodec.magic) + record(1, epoch: 2) + record(2, epoch: 2), epoch: 2)
        var first = JournalTail(directory: directory.path, epoch: 0, offset: 0)
        let read = first.next()
        let cursor = try #require(read).cursor
        first.finish()
        try append(record(3, epoch: 2), epoch: 2)
        try append(Data(JournalCodec.magic) + record(1, epoch: 3), epoch: 3)
        var second = JournalTail(
            directory: directory.path, epoch: cursor.fileNumber, offset: Int(cursor.offset))
        let entries = steps(&second).flatMap(\.entries)
        #expect(entries.map(\.epoch) == [2, 3] && entries.map(\.sequence) == [3, 1])
        second.finish()
    }

    @Test func cursorOfAFileThatIsGoneGoesOnWithTheNext() throws {
        try append(Data(JournalCodec.magic) + record(1, epoch: 3), epoch: 3)
        var tail = JournalTail(directory: directory.path, epoch: 2, offset: 500)
        #expect(tail.next()?.entries.map(\.epoch) == [3])
        tail.finish()
    }

    // MARK: - Files

    private func record(_ sequence: UInt64, epoch: UInt32 = 3) -> Data {
        Data(
            JournalCodec.encode(
                JournalEntry(
                    sequence: sequence, epoch: epoch, time: .epoch,
                    record: .parametersChanged("{\"count\":\(sequence)}"))))
    }

    private func url(_ epoch: UInt32) -> URL { URL(fileURLWithPath: directory.file("\(epoch).journal")) }

    private func append(_ bytes: Data, epoch: UInt32) throws {
        if !FileManager.default.fileExists(atPath: url(epoch).path) { try Data().write(to: url(epoch)) }
        let handle = try FileHandle(forWritingTo: url(epoch))
        defer { try? handle.close() }
        try handle.seekToEnd()
        try handle.write(contentsOf: bytes)
    }

    private func size(epoch: UInt32) -> UInt64 {
        UInt64((try? Data(contentsOf: url(epoch)))?.count ?? 0)
    }

    private func steps(_ tail: inout JournalTail) -> [JournalTail.Step] {
        var steps: [JournalTail.Step] = []
        while let step = tail.next() { steps.append(step) }
        return steps
    }
}
