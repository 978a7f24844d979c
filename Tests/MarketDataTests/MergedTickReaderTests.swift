import Testing
import TradingModel

@testable import MarketData

@Suite struct MergedTickReaderTests {
    private let directory = TestDirectory()

    private func readAll(_ reader: MergedTickReader) throws -> [MarketEvent] {
        var events: [MarketEvent] = []
        while let run = try reader.nextRun() {
            #expect(!run.isEmpty)
            events.append(contentsOf: run)
        }
        return events
    }

    @Test func oneFileIsPassedThrough() throws {
        let events = try writeTicks(directory.file("a.ticks"), times: Array(0..<2500))
        let reader = try MergedTickReader(paths: [directory.file("a.ticks")])
        #expect(try readAll(reader) == events)
        try reader.rewind()
        #expect(try readAll(reader) == events)
        #expect(reader.recordCount == 2500)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6])
    func severalFilesComeInOrderOfReceiveTimeThenOfFiles(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var paths: [String] = []
        var expected: [(time: Int64, file: Int, event: MarketEvent)] = []
        for file in 0..<Int(2 + seed % 3) {
            var time: Int64 = 0
            // Runs of very different lengths, so that both ways of handing out records are taken.
            let times = (0..<Int(generator.next() % 4000)).map { index in
                time += Int64(generator.next() % (index / 500 % 2 == file % 2 ? 1 : 5))
                return time
            }
            let path = directory.file("\(file).ticks")
            let instrument = Instrument(symbol: "S\(file)")
            let events = try writeTicks(path, times: times, instrument: instrument)
            expected += events.map { ($0.receiveTime.nanoseconds, file, $0) }
            paths.append(path)
        }
        let order = expected.indices.sorted { left, right in
            (expected[left].time, expected[left].file, left) < (
                expected[right].time, expected[right].file, right
            )
        }
        #expect(try readAll(MergedTickReader(paths: paths)) == order.map { expected[$0].event })
    }

    @Test func startLeavesOutEarlierRecordsOfEveryFile() throws {
        try writeTicks(directory.file("a.ticks"), times: Array(0..<3000))
        try writeTicks(directory.file("b.ticks"), times: [1, 2999])
        let paths = [directory.file("a.ticks"), directory.file("b.ticks")]
        let reader = try MergedTickReader(paths: paths, start: Timestamp(nanoseconds: 2998))
        #expect(try readAll(reader).map { $0.receiveTime.nanoseconds } == [2998, 2999, 2999])
        let past = try MergedTickReader(paths: paths, start: Timestamp(nanoseconds: 9000))
        #expect(try readAll(past).isEmpty)
    }

    @Test func filesThatContradictEachOtherAreRefused() throws {
        try writeTicks(directory.file("a.ticks"), times: [1])
        let twin = Instrument(symbol: "OTHER", token: testInstrument.token)
        try writeTicks(directory.file("b.ticks"), times: [1], instrument: twin)
        let error = #expect(throws: MarketDataError.self) {
            _ = try MergedTickReader(paths: [directory.file("a.ticks"), directory.file("b.ticks")])
        }
        #expect(error?.code == .instrumentConflict)
    }

    @Test func instrumentsOfEqualTokenTakeTheFinerIncrement() throws {
        try writeTicks(
            directory.file("a.ticks"), times: [1],
            instrument: Instrument(symbol: "A", priceIncrement: Price(1)))
        let finer = Instrument(symbol: "A", priceIncrement: Price(e8: 10_000_000))
        try writeTicks(directory.file("b.ticks"), times: [1], instrument: finer)
        let reader = try MergedTickReader(paths: [directory.file("a.ticks"), directory.file("b.ticks")])
        #expect(reader.instruments == [finer])
    }

    @Test func damageIsReportedAfterTheRecordsBeforeIt() throws {
        let events = try writeTicks(directory.file("a.ticks"), times: Array(0..<3000))
        var bytes = directory.read("a.ticks")
        bytes[4096 + 65_536 + 9] ^= 1
        directory.write(bytes, to: "a.ticks")
        let reader = try MergedTickReader(paths: [directory.file("a.ticks")])
        #expect(try reader.nextRun().map { Array($0) } == Array(events[0..<1023]))
        #expect(throws: MarketDataError.self) { _ = try reader.nextRun() }
    }
}

@Suite struct TickFileSummaryTests {
    private let directory = TestDirectory()

    @Test func countsRangesAndStateAreThoseOfTheFile() throws {
        let path = directory.file("a.ticks")
        let writer = try TickFileWriter(path: path, instruments: [testInstrument], source: "test")
        try writer.append(testQuote(0, time: 10))
        let trade = Trade(price: Price(500), size: Quantity(1))
        let at = Timestamp(nanoseconds: 20)
        try writer.append(
            .trade(trade, token: testInstrument.token, eventTime: at, receiveTime: at, sequence: 2))
        try writer.append(testQuote(1, time: 30, token: InstrumentToken(99)))
        try writer.append(.status(.heartbeat, time: Timestamp(nanoseconds: 40), sequence: 4))
        try writer.finish()
        let summary = try TickFileSummary(path: path)
        #expect(summary.recordCount == 4)
        #expect(summary.counts[.quote] == 2 && summary.counts[.trade] == 1 && summary.counts[.status] == 1)
        #expect(
            summary.firstTime == Timestamp(nanoseconds: 10) && summary.lastTime == Timestamp(nanoseconds: 40))
        #expect(summary.instruments.map { $0.instrument.symbol } == ["BTCUSDT", "?"])
        #expect(summary.instruments[0].priceRange == Price(100)...Price(500))
        #expect(summary.instruments[0].counts.total == 2)
        #expect(summary.checksumState == .intact)
    }

    @Test func damagedAndUnclosedFilesAreToldApart() throws {
        let path = directory.file("a.ticks")
        try writeTicks(path, times: Array(0..<2000))
        var bytes = directory.read("a.ticks")
        for index in 64..<96 { bytes[index] = 0 }
        directory.write(bytes + [1, 2, 3], to: "a.ticks")
        #expect(try TickFileSummary(path: path).checksumState == .unclosed(tornByteCount: 3))
        bytes[5000] ^= 1
        directory.write(bytes, to: "a.ticks")
        guard case .damaged = try TickFileSummary(path: path).checksumState else {
            Issue.record("the damage was not found")
            return
        }
    }

    @Test func recordsAreRenderedAsCSVAndJSON() {
        let text = MarketEventText(instruments: [testInstrument])
        let quote = testQuote(0, time: 1_000_000_005)
        #expect(
            text.csvLine(quote)
                == "1970-01-01T00:00:01.000000005Z,1970-01-01T00:00:01.000000005Z,1,"
                + "\(testInstrument.token),BTCUSDT,quote,0,"
                + "100,101,1,2,,,,,,,,,,,,,,,,")
        let columnCount = MarketEventText.csvHeader.split(separator: ",").count
        #expect(
            text.csvLine(quote).split(separator: ",", omittingEmptySubsequences: false).count == columnCount)
        #expect(
            text.jsonLine(.status(.ended, time: Timestamp(seconds: 1), sequence: 3))
                == "{\"receive_time\":\"1970-01-01T00:00:01.000000000Z\","
                + "\"event_time\":\"1970-01-01T00:00:01.000000000Z\","
                + "\"sequence\":3,\"token\":0,\"symbol\":\"\",\"kind\":\"status\",\"flags\":0,"
                + "\"status\":\"ended\"}"
        )
    }
}
