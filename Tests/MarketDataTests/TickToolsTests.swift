import Testing
import TradingModel

@testable import MarketData

/// Verification, repair, copies, pictures and the way back from an export.
@Suite struct TickToolsTests {
    private let directory = TestDirectory()

    private func bytes(_ name: String) throws -> [UInt8] {
        try #require(Syscall.contents(of: directory.file(name), byteCountMax: 1 << 30))
    }

    /// A file of three blocks and a half.
    private func makeFile(_ name: String = "a.ticks") throws -> [MarketEvent] {
        try writeTicks(directory.file(name), times: (0..<3600).map { Int64($0) * 1_000_000_000 })
    }

    // MARK: Verify and repair

    @Test func everyDamagedBlockIsToldWithItsOffset() throws {
        _ = try makeFile()
        var damaged = try bytes("a.ticks")
        for block in [0, 2] { damaged[4096 + block * 65_536 + 100] ^= 1 }
        directory.write(damaged, to: "b.ticks")
        #expect(try TickFileVerification(path: directory.file("a.ticks")).isIntact)
        let result = try TickFileVerification(path: directory.file("b.ticks"))
        #expect(result.damages.map(\.offset) == [4096, 4096 + 2 * 65_536])
        #expect(result.recordCount == 3600 - 2 * 1023)
        #expect(!result.isIntact)
        // Nothing is missing at its end, so there is nothing to cut.
        #expect(try TickFileRepair(path: directory.file("b.ticks")).recovery.cutOffset == nil)
        #expect(try bytes("b.ticks") == damaged)
    }

    @Test func repairLeavesAWholeFileUntouched() throws {
        _ = try makeFile()
        let before = try bytes("a.ticks")
        let repair = try TickFileRepair(path: directory.file("a.ticks"))
        #expect(repair.recordCount == 3600 && repair.lostRecordCount == 0 && repair.recovery.cutOffset == nil)
        #expect(try bytes("a.ticks") == before)
    }

    @Test(arguments: [1, 64, 65_535, 65_536, 70_000])
    func repairCutsAnIncompleteEndAndSaysWhatIsLost(missing: Int) throws {
        let events = try makeFile()
        let whole = try bytes("a.ticks")
        directory.write(Array(whole.dropLast(missing)), to: "c.ticks")
        let repair = try TickFileRepair(path: directory.file("c.ticks"))
        let blocks = (whole.count - missing - 4096) / 65_536
        #expect(repair.recordCount == blocks * 1023)
        #expect(repair.lostRecordCount == 3600 - blocks * 1023)
        #expect(try TickFileVerification(path: directory.file("c.ticks")).isIntact)
        #expect(try readTicks(directory.file("c.ticks")) == Array(events.prefix(blocks * 1023)))
    }

    @Test func repairClosesAFileThatItsWriterLeft() throws {
        let writer = try TickFileWriter(
            path: directory.file("w.ticks"), instruments: [testInstrument], source: "t")
        for number in 0..<2000 { try writer.append(testQuote(number)) }
        try writer.flush()
        let torn = try bytes("w.ticks.partial") + [1, 2, 3]
        writer.abandon()
        directory.write(torn, to: "torn.ticks")
        let repair = try TickFileRepair(path: directory.file("torn.ticks"))
        #expect(
            repair.recovery.cutByteCount == 3 && repair.recordCount == 2000 && repair.lostRecordCount == 0)
        #expect(try TickFileVerification(path: directory.file("torn.ticks")).isIntact)
    }

    // MARK: Copies

    @Test func sliceKeepsRecordsAsTheyAreAndMergeCountsAnew() throws {
        let other = Instrument(symbol: "ETHUSDT", priceIncrement: Price(1))
        let first = try makeFile()
        try writeTicks(
            directory.file("b.ticks"), times: (0..<10).map { Int64($0) * 300_000_000_000 }, instrument: other)
        let merged = try TickFileCopy(
            paths: [directory.file("a.ticks"), directory.file("b.ticks")], renumbers: true)
        try merged.write(to: directory.file("m.ticks"), source: "merge")
        let all = try readTicks(directory.file("m.ticks"))
        #expect(all.count == 3610)
        #expect(all.map(\.sequence) == (1...3610).map { UInt64($0) })
        var filter = TickFileCopy.Filter()
        filter.start = Timestamp(nanoseconds: 100_000_000_000)
        filter.end = Timestamp(nanoseconds: 200_000_000_000)
        filter.tokens = [testInstrument.token]
        let slice = try TickFileCopy(paths: [directory.file("m.ticks")], filter: filter, renumbers: false)
        try slice.write(to: directory.file("s.ticks"), source: "slice")
        let part = try readTicks(directory.file("s.ticks"))
        #expect(part.map(\.quote) == Array(first[100..<200]).map(\.quote))
        #expect(part.map(\.sequence) == all.filter { filter.takes($0) }.map(\.sequence))
        #expect(
            try TickFileReader(path: directory.file("s.ticks")).header.instruments.map(\.symbol) == [
                "BTCUSDT"
            ])
    }

    // MARK: Export and back

    private static func randomEvent(_ generator: inout SeededGenerator, time: Int64, sequence: UInt64)
        -> MarketEvent
    {
        func word() -> Int64 { Int64(bitPattern: generator.next()) >> Int64(generator.next() % 40) }
        func below(_ bound: UInt64) -> Int64 { Int64(generator.next() % bound) }
        let kind = MarketEventKind.allCases[Int(generator.next() % 7)]
        var words = (word(), word(), word(), word())
        switch kind {
        case .trade: words.3 = below(3)
        case .depth: words.2 = below(3)
        case .status: words = (1 + below(6), 0, 0, 0)
        case .gap: (words.2, words.3) = (0, 0)
        default: break
        }
        if words.0 == .min { words.0 = 0 }
        let token: InstrumentToken =
            kind == .status || kind == .gap ? .feedWide : InstrumentToken(symbol: "S\(below(3))")
        return MarketEvent(
            kind: kind, token: token, eventTime: Timestamp(nanoseconds: time - below(1_000_000)),
            receiveTime: Timestamp(nanoseconds: time), sequence: sequence,
            flags: MarketEventFlags(rawValue: UInt8(below(4))), words: words)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func anExportIsReadBackToTheSameRecords(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let instruments = (0..<3).map {
            Instrument(symbol: "S\($0)", category: "c", priceIncrement: Price("0.01") ?? .zero)
        }
        var time: Int64 = 1_700_000_000_000_000_000
        let events = (0..<300).map { number in
            time += Int64(generator.next() % 5_000_000_000)
            return Self.randomEvent(&generator, time: time, sequence: UInt64(number) * 3)
        }
        let text = MarketEventText(instruments: instruments)
        let csv =
            ([MarketEventText.csvHeader] + events.map { text.csvLine($0) }).joined(separator: "\n") + "\n"
        let importer = RecordTextImporter(instruments: instruments, badRows: .refuse)
        _ = try importer.importFiles(at: [directory.write(csv, to: "x.csv")], to: directory.file("x.ticks"))
        #expect(try readTicks(directory.file("x.ticks")) == events)
        let back = try TickFileReader(path: directory.file("x.ticks")).header.instruments
        #expect(Set(back) == Set(instruments))
    }

    @Test(arguments: [
        (8, "x", "sequence, token or flags"), (5, "noise", "kind 'noise' is unknown"),
        (7, "", "bid is empty"),
        (0, "yesterday", "no"), (1, "2020", "event_time '2020' is not an ISO-8601 time"),
    ])
    func rowsOfAnExportThatWereChangedAreNamed(column: Int, cell: String, reason: String) throws {
        let text = MarketEventText(instruments: [testInstrument])
        var cells = text.csvLine(testQuote(1)).split(separator: ",", omittingEmptySubsequences: false).map(
            String.init)
        cells[column == 8 ? 6 : column] = cell
        let csv =
            "\(MarketEventText.csvHeader)\n\(text.csvLine(testQuote(0)))\n\(cells.joined(separator: ","))\n"
        let importer = RecordTextImporter(instruments: [], badRows: .refuse)
        let error = #expect(throws: MarketDataError.self) {
            try importer.importFiles(at: [directory.write(csv, to: "x.csv")], to: directory.file("y.ticks"))
        }
        #expect(error?.description.contains("line 3") == true)
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        #expect(directory.names == ["x.csv"])
    }

    // MARK: Pictures

    @Test func pictureIsAPNGWithRightChecksums() throws {
        var image = PNGImage(width: 3, height: 2, background: .init(255, 255, 255))
        image.set(1, 1, .init(1, 2, 3))
        image.set(5, 5, .init(1, 2, 3))
        let bytes = image.encoded()
        #expect(Array(bytes.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        #expect(PNGImage.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(PNGImage.crc32(Array("IEND".utf8)) == 0xAE42_6082)
        #expect(Array(bytes.suffix(12)) == [0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82])
        #expect(bytes.count == 8 + 25 + (12 + 2 + 5 + 20 + 4) + 12)
    }

    @Test func seriesGathersLowHighAndLastOfEachColumn() throws {
        _ = try makeFile()
        let series = try PriceSeries(
            paths: [directory.file("a.ticks")], token: testInstrument.token, filter: .init(), columnCount: 10)
        #expect(series.columns.allSatisfy { $0 != nil })
        #expect(series.range == (Price("100.5") ?? .zero)...(Price("3699.5") ?? .zero))
        #expect(series.columns[0]?.last == Price("459.5"))
        let text = series.text(height: 5)
        #expect(text.split(separator: "\n").count == 6)
        #expect(text.contains("3699.5 ┤") && text.contains("1970-01-01T00:00:00Z"))
        #expect(series.image(width: 60, height: 40).encoded().count > 7000)
    }
}
