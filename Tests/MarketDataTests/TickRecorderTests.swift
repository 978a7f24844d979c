import Foundation
import TestSupport
import Testing
import TradingModel

@testable import MarketData

/// Recording without a bus and without a thread: files, days, gaps, and what a killed recorder leaves.
@Suite struct TickRecorderTests {
    private let directory: TemporaryDirectory
    private static let noon: Int64 = 1_767_614_400_000_000_000
    private static let day: Int64 = 86_400_000_000_000

    init() throws { directory = try TemporaryDirectory() }

    /// What was reported.
    private final class Lines {
        var all: [String] = []
    }

    private func recorder(
        _ lines: Lines = Lines(), floor: Int = 0, fileBytesMax: Int = 1 << 40, freeBytes: (() -> Int?)? = nil
    ) -> TickRecorder {
        let recorder = TickRecorder(directory: directory.path, freeBytes: freeBytes) { lines.all.append($0) }
        recorder.apply(RecorderSettings(feeds: [1: "sim"], floorBytes: floor, fileBytesMax: fileBytesMax))
        recorder.learn([testInstrument])
        return recorder
    }

    private func event(_ sequence: Int, time: Int64? = nil, kind: MarketEventKind = .quote) -> MarketEvent {
        let at = Timestamp(nanoseconds: time ?? Self.noon + Int64(sequence) * 1_000)
        return MarketEvent(
            kind: kind, token: kind == .gap ? .feedWide : testInstrument.token, eventTime: at,
            receiveTime: at,
            sequence: UInt64(sequence), words: (Int64(sequence), 2, 3, 4))
    }

    private func record(_ events: [MarketEvent], with recorder: TickRecorder) {
        events.withUnsafeBufferPointer { recorder.record($0, feed: 1) }
    }

    /// The files in order, and the records of each.
    private func files() throws -> [(name: String, events: [MarketEvent])] {
        try RecordingPath.all(in: directory.path).map { path in
            var reader = try TickFileReader(path: directory.path + "/" + path.relative, tornTail: .leaveOut)
            var events: [MarketEvent] = []
            while let block = try reader.nextBlock() { events += block }
            return (path.relative, events)
        }
    }

    /// Sequences, and gap records as `first+count`.
    private func marks(_ events: [MarketEvent]) -> String {
        events.map { $0.kind == .gap ? "\($0.word0)+\($0.word1)" : "\($0.sequence)" }.joined(separator: " ")
    }

    // MARK: - Records

    @Test func fileHoldsTheRecordsAsTheyCame() throws {
        let recorder = recorder()
        let events = (1...3_000).map { event($0) }
        for start in stride(from: 0, to: events.count, by: 700) {
            record(Array(events[start..<min(start + 700, events.count)]), with: recorder)
            recorder.flush()
        }
        recorder.finish()
        let found = try files()
        #expect(found.map(\.name) == ["2026-01-05/sim.ticks"])
        #expect(found[0].events == events)
        let header = try TickFileReader(path: directory.path + "/2026-01-05/sim.ticks").header
        #expect(header.isClosed && header.instruments == [testInstrument] && header.source == "feed sim")
        #expect(recorder.takeFiles().map(\.isComplete) == [true])
    }

    @Test func feedThatIsNotToBeRecordedIsNot() throws {
        let recorder = recorder()
        [event(1)].withUnsafeBufferPointer { recorder.record($0, feed: 2) }
        record([event(1)], with: recorder)
        recorder.apply(RecorderSettings(feeds: [:]))
        record([event(2)], with: recorder)
        recorder.finish()
        #expect(try marks(files()[0].events) == "1")
        #expect(try TickFileReader(path: directory.path + "/2026-01-05/sim.ticks").header.isClosed)
    }

    // MARK: - Gaps

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Sequences in the order received; -n announces n missing records, 0 is a gap record of the feed's own.
        var received: [Int]
        var expected: String
    }

    static let cases = [
        Case(testDescription: "no gap", received: [1, 2, 3], expected: "1 2 3"),
        Case(testDescription: "begins in the middle", received: [7, 8], expected: "7 8"),
        Case(testDescription: "jump", received: [1, 2, 6, 7], expected: "1 2 3+3 6 7"),
        Case(testDescription: "announced jump is told once", received: [1, -3, 5], expected: "1 2+3 5"),
        Case(testDescription: "feed began anew", received: [5, 6, 1, 2], expected: "5 6 1 2"),
        Case(testDescription: "began anew at a later record", received: [5, 6, 3, 4], expected: "5 6 3 4"),
        Case(
            testDescription: "began anew, records lost", received: [5, 6, -4, 3, 4], expected: "5 6 0+4 3 4"),
        Case(testDescription: "the feed's own gap", received: [1, 0, 5, 6], expected: "1 1+2 5 6"),
    ]

    @Test(arguments: cases) func whatIsMissingIsWrittenDown(_ test: Case) throws {
        let recorder = recorder()
        var time = Self.noon
        for sequence in test.received {
            time += 1_000
            if sequence < 0 {
                recorder.announce(missing: UInt64(-sequence), feed: 1)
            } else if sequence == 0 {
                var own = MarketEvent.gap(missing: 2, at: Timestamp(nanoseconds: time))
                own.word0 = 1
                record([own], with: recorder)
            } else {
                record([event(sequence, time: time)], with: recorder)
            }
        }
        recorder.finish()
        #expect(try marks(files()[0].events) == test.expected)
    }

    /// Ends of the recorder before, by whether it ended in order, and what comes after.
    static let restarts: [(isOrderly: Bool, next: Int, expected: String)] = [
        (false, 4, "1 2 3 4"), (false, 9, "1 2 3 4+5 9"), (false, 1, "1 2 3 0+0 1"),
        (false, 3, "1 2 3 0+2 3"),
        (true, 4, "1 2 3 4"), (true, 9, "1 2 3 4+5 9"), (true, 1, "1 2 3 1"), (true, 3, "1 2 3 1+2 3"),
    ]

    @Test(arguments: restarts)
    func recorderThatBeginsAgainSaysWhatItMissed(_ isOrderly: Bool, _ next: Int, _ expected: String) throws {
        do {
            let first = recorder()
            record((1...3).map { event($0) }, with: first)
            first.flush()
            // Without an orderly end the descriptors go with it, as they do with a killed process.
            if isOrderly { first.finish() }
        }
        let second = recorder()
        record([event(next, time: Self.noon + 50_000)], with: second)
        second.finish()
        let found = try files()
        #expect(found.count == 1)
        #expect(marks(found[0].events) == expected)
    }

    // MARK: - Files

    @Test func dayOfTheReceiveTimeChoosesTheFile() throws {
        let recorder = recorder()
        let midnight = Self.noon + Self.day / 2
        record(
            [event(1, time: midnight - 1), event(2, time: midnight), event(3, time: midnight + Self.day)],
            with: recorder)
        recorder.finish()
        let found = try files()
        #expect(
            found.map(\.name) == ["2026-01-05/sim.ticks", "2026-01-06/sim.ticks", "2026-01-07/sim.ticks"])
        #expect(found.map { marks($0.events) } == ["1", "2", "3"])
    }

    @Test func clockThatIsSetBackBeginsAnotherFile() throws {
        let recorder = recorder()
        for (index, offset) in [Int64(0), 10, 5, 6, 1, -Self.day, 2].enumerated() {
            record([event(index + 1, time: Self.noon + offset)], with: recorder)
        }
        recorder.finish()
        let found = try files()
        #expect(
            found.map(\.name) == [
                "2026-01-04/sim.ticks", "2026-01-05/sim.ticks", "2026-01-05/sim~2.ticks",
                "2026-01-05/sim~3.ticks",
            ])
        #expect(found.map { marks($0.events) } == ["6", "1 2", "3 4", "5 7"])
    }

    @Test func fullFileIsFollowedByAnother() throws {
        let recorder = recorder(fileBytesMax: 200_000)
        for start in stride(from: 1, to: 5_000, by: 500) {
            record((start..<start + 500).map { event($0) }, with: recorder)
        }
        recorder.finish()
        let found = try files()
        try #require(found.map(\.name) == ["2026-01-05/sim.ticks", "2026-01-05/sim~2.ticks"])
        #expect(found.flatMap(\.events).map(\.sequence) == Array(1...5_000))
        let header = try TickFileReader(path: directory.path + "/" + found[1].name).header
        #expect(header.instruments == [testInstrument])
    }

    /// Records of two instruments by turns, one of which becomes known only in the second file.
    @Test func instrumentsOfInterleavedRecordsGetIntoTheFileTheyAreIn() throws {
        let recorder = recorder(fileBytesMax: 200_000)
        let other = Instrument(symbol: "OTHER")
        func part(_ start: Int) -> [MarketEvent] {
            (start..<start + 500).map { number in
                testQuote(
                    number - 1, time: Self.noon + Int64(number) * 1_000,
                    token: number % 2 == 0 ? other.token : testInstrument.token)
            }
        }
        for start in stride(from: 1, to: 5_000, by: 500) {
            record(part(start), with: recorder)
            if start == 4_001 { recorder.learn([other]) }
        }
        recorder.finish()
        let found = try files()
        try #require(found.count == 2 && found[1].events.count > 1_500)
        #expect(found.flatMap(\.events).map(\.sequence) == Array(1...5_000))
        let symbols = try found.map { file in
            try TickFileReader(path: directory.path + "/" + file.name).header.instruments.map(\.symbol)
        }
        #expect(symbols == [[testInstrument.symbol], [testInstrument.symbol, "OTHER"]])
    }

    @Test(arguments: [1, 63, 64, 1_000, 65_000, 65_536]) func tornTailIsCutAndAppendedTo(_ cut: Int) throws {
        do {
            let first = recorder()
            record((1...2_000).map { event($0) }, with: first)
            first.flush()
        }
        let path = directory.path + "/2026-01-05/sim.ticks"
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let size = try file.seekToEnd()
        try file.truncate(atOffset: size - UInt64(cut))
        try file.close()
        let lines = Lines()
        let second = recorder(lines)
        record([event(2_001)], with: second)
        second.finish()
        let events = try files()[0].events
        #expect(events.first { $0.kind == .gap }.map { "\($0.word0)+\($0.word1)" } == "1024+977")
        #expect(events.last?.sequence == 2_001)
        #expect(cut == 65_536 || lines.all.contains { $0.contains("torn tail") }, "\(lines.all)")
    }

    @Test(arguments: ["", "not a tick file", "TWTICK01"]) func fileThatIsNoneIsLeftAlone(_ text: String)
        throws
    {
        let folder = directory.path + "/2026-01-05"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/sim.ticks"))
        let lines = Lines()
        let recorder = recorder(lines)
        record([event(1), event(2)], with: recorder)
        recorder.finish()
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/sim.ticks")) == Data(text.utf8))
        #expect(try readTicks(folder + "/sim~2.ticks").map(\.sequence) == [1, 2])
        #expect(lines.all.contains { $0.contains("another file") })
    }

    @Test func instrumentsThatBecomeKnownLaterGetIntoTheHeader() throws {
        let recorder = recorder()
        let others = (0..<1_200).map { Instrument(symbol: "S\($0)", category: "many") }
        var sequence = 0
        for instrument in others {
            sequence += 1
            var quote = event(sequence)
            quote.token = instrument.token
            record([quote], with: recorder)
        }
        #expect(try TickFileReader(path: directory.path + "/2026-01-05/sim.ticks").header.instruments.isEmpty)
        recorder.learn(others)
        record([event(sequence + 1)], with: recorder)
        recorder.flush()
        // As a reader sees it while it is written.
        let found = try files()
        let known = try found.flatMap { file in
            try TickFileReader(path: directory.path + "/" + file.name, tornTail: .leaveOut).header.instruments
        }
        #expect(Set(known.map(\.symbol)) == Set(others.map(\.symbol) + ["BTCUSDT"]))
        recorder.finish()
    }

    @Test func headerThatWasCutOffIsMendedFromTheOneBesideIt() throws {
        do {
            let first = recorder()
            record([event(1)], with: first)
            first.flush()
        }
        let path = directory.path + "/2026-01-05/sim.ticks"
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let byteCount = try TickFileReader(path: path).header.byteCount
        try whole.prefix(byteCount).write(to: URL(fileURLWithPath: path + ".header"))
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.seek(toOffset: 200)
        try file.write(contentsOf: Data(repeating: 7, count: 300))
        try file.close()
        let second = recorder()
        record([event(2)], with: second)
        second.finish()
        #expect(try readTicks(path).map(\.sequence) == [1, 2])
        #expect(!FileManager.default.fileExists(atPath: path + ".header"))
    }

    // MARK: - The disk

    @Test func nothingIsRecordedBelowTheFloor() throws {
        let lines = Lines()
        var free: Int? = 5_000
        let recorder = recorder(lines, floor: 1_000, freeBytes: { free })
        record([event(1)], with: recorder)
        free = 999
        recorder.maintain()
        record([event(2), event(3)], with: recorder)
        recorder.maintain()
        #expect(recorder.alarm?.contains("nothing is recorded") == true)
        free = 1_005
        recorder.maintain()
        #expect(recorder.alarm != nil, "a little above the floor is not enough")
        free = 2_000
        recorder.maintain()
        #expect(recorder.alarm == nil)
        record([event(4)], with: recorder)
        recorder.finish()
        #expect(try marks(files()[0].events) == "1 2+2 4")
        #expect(lines.all.count { $0.hasPrefix("ALARM") } == 1)
    }

    @Test func fileThatCannotBeWrittenIsTriedAgain() throws {
        // Where the day's directory should be lies a file.
        try Data().write(to: URL(fileURLWithPath: directory.path + "/2026-01-05"))
        let lines = Lines()
        let recorder = recorder(lines)
        record([event(1), event(2)], with: recorder)
        record([event(3)], with: recorder)
        #expect(recorder.alarm?.contains("feed sim is not recorded") == true)
        try FileManager.default.removeItem(atPath: directory.path + "/2026-01-05")
        recorder.maintain()
        record([event(4)], with: recorder)
        recorder.finish()
        #expect(try marks(files()[0].events) == "1+3 4")
    }

    // MARK: - Names

    @Test(arguments: [
        ("2026-01-05", "sim.ticks", 1), ("2026-01-05", "sim~2.ticks", 2), ("2026-01-05", "a.b-c.ticks", 1),
        ("2026-01-05", "sim~1.ticks", 0), ("2026-01-05", "sim~x.ticks", 0), ("2026-01-05", ".ticks", 0),
        ("2026-13-05", "sim.ticks", 0), ("today", "sim.ticks", 0), ("2026-01-05", "sim.csv", 0),
        ("2026-01-05", "sim.ticks.header", 0), ("2026-01-05", "sim.ticks.partial", 0),
    ]) func namesAreUnderstood(_ folder: String, _ file: String, _ segment: Int) {
        let path = RecordingPath(directory: folder, file: file)
        #expect(path?.segment ?? 0 == segment)
        if segment > 0 { #expect(path?.relative == folder + "/" + file) }
    }
}
