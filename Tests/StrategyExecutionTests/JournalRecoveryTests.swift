import Foundation
import StrategyExecution
import TestSupport
import Testing
import TradingModel

@Suite struct JournalRecoveryTests {
    private let directory: TemporaryDirectory
    private let order = Order.test(quantity: Quantity(10))

    init() throws { directory = try TemporaryDirectory() }

    @Test func strategyThatNeverRanHasNoState() throws {
        #expect(try state() == nil)
        #expect(JournalRecovery.epochs(in: directory.file("missing")).isEmpty)
        let missing = try JournalRecovery.latestState(
            directory: directory.file("missing"), instruments: [.test], startingCash: .zero)
        #expect(missing == nil)
    }

    @Test func epochsAreThoseOfJournalFilesInNumericalOrder() throws {
        for name in ["10.journal", "9.journal", "x.journal", "3.journal.bak", "2.journal"] {
            try Data().write(to: URL(fileURLWithPath: directory.file(name)))
        }
        #expect(JournalRecovery.epochs(in: directory.path) == [2, 9, 10])
    }

    @Test func everyCutOfTheLastRecordGivesTheStateBeforeIt() throws {
        let before = try write(epoch: 1, [.orderSubmitted(order)])
        let expected = try #require(try state())
        #expect(expected.openOrders == [order])
        let fill = Fill.test(of: order, quantity: Quantity(10), positionAfter: Quantity(10))
        let whole = try write(epoch: 1, [.orderSubmitted(order), .fill(fill)])
        #expect(try state()?.openOrders.isEmpty == true)
        #expect(whole.starts(with: before) && whole.count > before.count)
        for count in before.count..<whole.count {
            try replace(epoch: 1, whole.prefix(count))
            #expect(try state() == expected, "cut at byte \(count) of \(whole.count)")
        }
    }

    /// Cut anywhere at all, a file gives a state or falls back, and never an error.
    @Test func everyCutOfAFileIsATornTail() throws {
        try write(epoch: 1, [])
        let first = try #require(try state())
        let whole = try write(epoch: 2, cash: Money(2), [.orderSubmitted(order)])
        for count in 0...whole.count {
            try replace(epoch: 2, whole.prefix(count))
            let found = try #require(try state())
            #expect(found == first || found.totals.startingCash == Money(2), "cut at byte \(count)")
        }
    }

    @Test func everyWrongByteBeforeTheLastRecordIsRefusedWithFileAndOffset() throws {
        let start = try write(epoch: 4, []).count
        let middle = try write(epoch: 4, [.orderSubmitted(order)]).count
        let fill = Fill.test(of: order, quantity: Quantity(10), positionAfter: Quantity(10))
        let whole = try write(epoch: 4, [.orderSubmitted(order), .fill(fill)])
        for offset in start..<middle {
            for mask: UInt8 in [0x01, 0x80] {
                var bytes = whole
                bytes[offset] ^= mask
                try replace(epoch: 4, bytes)
                let error = try #require(throws: ExecutionError.self) { try state() }
                #expect(error.code == .configuration)
                #expect(error.context.contains(directory.file("4.journal")), "byte \(offset)")
                #expect(error.context.contains("corrupt at byte \(start)"), "byte \(offset): \(error)")
            }
        }
    }

    @Test func fileThatIsNoJournalIsRefused() throws {
        try Data("not a journal at all".utf8).write(to: URL(fileURLWithPath: directory.file("1.journal")))
        let error = try #require(throws: ExecutionError.self) { try state() }
        #expect(error.context.contains("corrupt at byte 0"))
    }

    @Test func newestFileWithoutCheckpointFallsBackToTheOneBefore() throws {
        try write(epoch: 1, cash: Money(1), [])
        try write(epoch: 2, cash: Money(2), [.orderSubmitted(order)])
        // A process that died at birth: nothing written, then only its first record.
        try Data().write(to: URL(fileURLWithPath: directory.file("4.journal")))
        let writer = try JournalWriter(directory: directory.path, session: .test(epoch: 3))
        writer.flush()
        let found = try #require(try state())
        #expect(found.totals.startingCash == Money(2))
        #expect(found.openOrders == [order])
    }

    @Test func olderCorruptFileDoesNotMatter() throws {
        try Data("rubbish rubbish".utf8).write(to: URL(fileURLWithPath: directory.file("1.journal")))
        try write(epoch: 2, cash: Money(2), [])
        #expect(try state()?.totals.startingCash == Money(2))
    }

    // MARK: - Files

    private func state() throws -> EngineSnapshot? {
        try JournalRecovery.latestState(
            directory: directory.path, instruments: [.test], startingCash: .zero)
    }

    /// Writes a session with the real writer, in place of one that is there; returns the file's bytes.
    @discardableResult
    private func write(epoch: UInt32, cash: Money = Money(1_000), _ records: [JournalRecord]) throws -> Data {
        let url = URL(fileURLWithPath: directory.file("\(epoch).journal"))
        try? FileManager.default.removeItem(at: url)
        let writer = try JournalWriter(directory: directory.path, session: .test(epoch: epoch))
        writer.append(
            .checkpoint(EngineSnapshot(totals: AccountTotals(startingCash: cash))), at: .epoch)
        for record in records { writer.append(record, at: Timestamp(seconds: 1)) }
        writer.flush()
        return try Data(contentsOf: url)
    }

    private func replace(epoch: UInt32, _ bytes: Data) throws {
        try bytes.write(to: URL(fileURLWithPath: directory.file("\(epoch).journal")))
    }
}
