import Testing
import TradingModel

@testable import MarketData

/// Files whose blocks a thread of their own writes, against files written block by block; and decimals by their form.
@Suite struct BulkWriterTests {
    private let directory = TestDirectory()

    @Test(arguments: [0, 1, 1022, 1023, 1024, 16 * 1023 - 1, 16 * 1023, 16 * 1023 + 1, 200_000])
    func bothWaysGiveTheSameBytes(count: Int) throws {
        let events = (0..<count).map { testQuote($0) }
        for isBulk in [false, true] {
            let path = directory.file("\(isBulk).ticks")
            let writer =
                isBulk
                ? try TickFileWriter(bulkTo: path, instruments: [testInstrument], source: "x")
                : try TickFileWriter(path: path, instruments: [testInstrument], source: "x")
            try events.withUnsafeBufferPointer { events in
                var start = 0
                var length = 1
                while start < events.count {
                    let end = min(events.count, start + length)
                    if isBulk, length % 3 == 0 {
                        try fillInPlace(writer, events[start..<end])
                    } else {
                        try writer.append(contentsOf: UnsafeBufferPointer(rebasing: events[start..<end]))
                    }
                    start = end
                    length = length * 5 % 4099 + 1
                }
            }
            try writer.finish()
        }
        let isSame = directory.read("true.ticks") == directory.read("false.ticks")
        #expect(isSame)
        #expect(try TickFileVerification(path: directory.file("true.ticks")).isIntact)
    }

    private func fillInPlace(_ writer: TickFileWriter, _ events: Slice<UnsafeBufferPointer<MarketEvent>>)
        throws
    {
        var left = events
        while !left.isEmpty {
            let slots = writer.freeSlots
            let part = left.prefix(slots.count)
            for (slot, event) in zip(slots.indices, part) { slots[slot] = event }
            try writer.commit(part.count)
            left = left.dropFirst(part.count)
        }
    }

    @Test func committedRecordsMustNotGoBack() throws {
        let writer = try TickFileWriter(
            bulkTo: directory.file("b.ticks"), instruments: [testInstrument], source: "x")
        writer.freeSlots[0] = testQuote(5)
        try writer.commit(1)
        writer.freeSlots[0] = testQuote(4)
        let error = #expect(throws: MarketDataError.self) { try writer.commit(1) }
        #expect(error?.code == .outOfOrder)
        writer.abandon()
        #expect(directory.names.isEmpty)
    }

    @Test func anAbandonedFileLeavesNothing() throws {
        let writer = try TickFileWriter(
            bulkTo: directory.file("b.ticks"), instruments: [testInstrument], source: "x")
        for number in 0..<100_000 { try writer.append(testQuote(number)) }
        writer.abandon()
        #expect(directory.names.isEmpty)
    }

    @Test func aFlushEndsTheThreadAndTheFileGoesOn() throws {
        let writer = try TickFileWriter(
            bulkTo: directory.file("b.ticks"), instruments: [testInstrument], source: "x")
        let events = (0..<50_000).map { testQuote($0) }
        for event in events[..<20_000] { try writer.append(event) }
        try writer.flush(isSyncing: true)
        for event in events[20_000...] { try writer.append(event) }
        try writer.finish()
        let isSame = try readTicks(directory.file("b.ticks")) == events
        #expect(isSame)
    }

    // MARK: Forms of decimals

    @Test func everyFormGivesWhatTheGeneralWayGives() {
        var generator = SeededGenerator(seed: 9)
        let forms = CSVDecimalForms(mark: 0x2E)
        for whole in 1...8 {
            for fraction in 0...7 {
                guard let form = forms.form(wholeCount: whole, fractionCount: fraction) else {
                    #expect(whole + fraction + (fraction > 0 ? 1 : 0) > 8)
                    continue
                }
                for round in 0..<200 {
                    var digits = (0..<whole + fraction).map { _ in UInt8(0x30 + generator.next() % 10) }
                    if fraction > 0 { digits.insert(0x2E, at: whole) }
                    // Some bytes are spoilt, also by ones that carry; what stands behind must not matter.
                    if round % 2 == 1 {
                        digits[Int(generator.next() % UInt64(digits.count))] = UInt8(
                            truncatingIfNeeded: generator.next())
                    }
                    let rest = (digits.count..<8).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                    let word = (digits + rest).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                    let mark = digits.firstIndex(of: 0x2E) ?? digits.count
                    let isForm =
                        digits.allSatisfy { $0 &- 0x30 <= 9 || $0 == 0x2E }
                        && digits.count { $0 == 0x2E } <= 1
                        && mark == whole && digits.count == form.pointee.byteCount
                    #expect(form.pointee.matches(word) == isForm, "\(digits)")
                    guard isForm else { continue }
                    let value = digits.withUnsafeBufferPointer { CSVNumber.decimal($0) }
                    #expect(form.pointee.value(word) == value, "\(digits)")
                }
            }
        }
    }
}
