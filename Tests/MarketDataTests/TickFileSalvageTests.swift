import Testing
import TradingModel

@testable import MarketData

/// Copies of damaged tick files without what is damaged.
@Suite struct TickFileSalvageTests {
    private let directory = TestDirectory()
    private static let count = 6000

    private func makeFile() throws -> (events: [MarketEvent], bytes: [UInt8]) {
        let events = try writeTicks(
            directory.file("a.ticks"), times: (0..<Self.count).map { Int64($0) * 1_000_000 })
        return (events, directory.read("a.ticks"))
    }

    private func salvage(_ bytes: [UInt8]) throws -> (result: TickFileSalvage, events: [MarketEvent]) {
        directory.remove("out.ticks")
        let path = directory.write(bytes, to: "bad.ticks")
        let result = try TickFileSalvage(path: path, output: directory.file("out.ticks"))
        #expect(directory.read("bad.ticks") == bytes, "the damaged file stays as it is")
        #expect(try TickFileVerification(path: directory.file("out.ticks")).isIntact)
        return (result, try readTicks(directory.file("out.ticks")))
    }

    /// What must be left of the events without some blocks, worked out here.
    private func expected(_ events: [MarketEvent], without blocks: Set<Int>) -> [MarketEvent] {
        var result: [MarketEvent] = []
        var missing = 0
        for (index, event) in events.enumerated() {
            guard !blocks.contains(index / 1023) else {
                missing += 1
                continue
            }
            if missing > 0 { result.append(gap(at: event.receiveTime, behind: result.last, count: missing)) }
            missing = 0
            result.append(event)
        }
        if missing > 0, let last = result.last {
            result.append(gap(at: last.receiveTime, behind: last, count: missing))
        }
        return result
    }

    private func gap(at time: Timestamp, behind last: MarketEvent?, count: Int) -> MarketEvent {
        let first = last.map { Int64($0.sequence) + 1 } ?? 0
        return MarketEvent(
            kind: .gap, token: .feedWide, eventTime: time, receiveTime: time, sequence: 0,
            words: (first, Int64(count), 0, 0))
    }

    @Test(arguments: 1...25 as ClosedRange<UInt64>)
    func flippedBitsCostTheirBlocksAndNothingElse(seed: UInt64) throws {
        let (events, whole) = try makeFile()
        var generator = SeededGenerator(seed: seed)
        var bytes = whole
        var blocks: Set<Int> = []
        for _ in 0..<1 + Int(generator.next() % 4) {
            let offset = 4096 + Int(generator.next() % UInt64(whole.count - 4096))
            bytes[offset] ^= 1 << UInt8(generator.next() % 8)
            blocks.insert((offset - 4096) / 65_536)
        }
        // The unused end of the last block is covered by no checksum; see below.
        let used = 4096 + 5 * 65_536 + (Self.count - 5 * 1023) * 64
        if bytes[used..<whole.count - 64].contains(where: { $0 != 0 }) { return }
        guard blocks.count < 6 else { return }
        let (result, left) = try salvage(bytes)
        let isSame = left == expected(events, without: blocks)
        #expect(isSame, "blocks \(blocks.sorted())")
        #expect(
            result.recordCount == left.count { $0.kind != .gap }
                && result.gapCount == left.count - result.recordCount)
        #expect(result.losses.reduce(0) { $0 + ($1.recordCount ?? 0) } == Self.count - result.recordCount)
    }

    @Test func lossesAreToldWithOffsetsAndTimes() throws {
        let (events, whole) = try makeFile()
        var bytes = whole
        for block in [0, 2, 3] { bytes[4096 + block * 65_536 + 200] ^= 4 }
        let losses = try salvage(bytes).result.losses
        #expect(losses.map(\.offset) == [4096, 4096 + 2 * 65_536])
        #expect(losses.map(\.byteCount) == [65_536, 2 * 65_536])
        #expect(losses.map(\.recordCount) == [1023, 2046])
        #expect(losses.map(\.previousTime) == [nil, events[2 * 1023 - 1].receiveTime])
        #expect(losses.map(\.nextTime) == [events[1023].receiveTime, events[4 * 1023].receiveTime])
    }

    @Test(arguments: [1, 64, 65_536, 65_537, 140_000])
    func whatIsCutOffAtTheEndIsAGapToo(missing: Int) throws {
        let (events, whole) = try makeFile()
        let (result, left) = try salvage(Array(whole.dropLast(missing)))
        let blocks = (whole.count - missing - 4096) / 65_536
        #expect(left == expected(events, without: Set(blocks..<6)))
        #expect(result.losses.map(\.firstBlock) == [blocks])
        #expect(result.losses.map(\.recordCount) == [Self.count - blocks * 1023])
    }

    @Test func anEndThatWasNeverClosedHasAnUnknownNumber() throws {
        let writer = try TickFileWriter(
            path: directory.file("w.ticks"), instruments: [testInstrument], source: "t")
        for number in 0..<2000 { try writer.append(testQuote(number)) }
        try writer.flush()
        var bytes = directory.read("w.ticks.partial")
        writer.abandon()
        bytes[4096 + 65_536 + 64] ^= 1
        let (result, left) = try salvage(bytes)
        #expect(left.count == 1024 && left.last?.kind == .gap && left.last?.word1 == 0)
        #expect(result.losses.map(\.recordCount) == [nil])
    }

    @Test func wholeFilesAreCopiedAndHopelessOnesRefused() throws {
        let (events, whole) = try makeFile()
        let (result, left) = try salvage(whole)
        #expect(left == events && result.losses.isEmpty && result.gapCount == 0)
        var hopeless = whole
        for block in 0..<6 { hopeless[4096 + block * 65_536 + 65_480] ^= 1 }
        directory.remove("out.ticks")
        #expect(throws: MarketDataError.self) {
            try TickFileSalvage(
                path: directory.write(hopeless, to: "none.ticks"), output: directory.file("out.ticks"))
        }
        hopeless = whole
        hopeless[40] ^= 1
        #expect(throws: MarketDataError.self) {
            try TickFileSalvage(
                path: directory.write(hopeless, to: "none.ticks"), output: directory.file("out.ticks"))
        }
        #expect(!directory.names.contains { $0.hasPrefix("out") })
        _ = try salvage(whole)
        let exists = #expect(throws: MarketDataError.self) {
            try TickFileSalvage(path: directory.file("a.ticks"), output: directory.file("out.ticks"))
        }
        #expect(exists?.code == .fileExists)
    }
}
