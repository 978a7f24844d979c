import Foundation
import Testing
import TradingModel

@testable import MarketData

/// Compressed files, several files, mappings and the order of records.
@Suite struct ImportSourcesTests {
    private let directory = TestDirectory()

    private static let text: String = {
        var text = "time,bid,ask\n"
        for index in 0..<5000 {
            text += "2020-01-01T00:\(index / 600 < 10 ? "0" : "")\(index / 600):"
            text += "\(index / 10 % 60 < 10 ? "0" : "")\(index / 10 % 60).\(index % 10)00Z,1.\(index),3\n"
        }
        return text
    }()

    private func compressed(_ program: String) throws -> [UInt8] {
        let input = directory.write(Self.text, to: "plain.csv")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program, "-c", input]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let bytes = [UInt8](pipe.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(program) is there")
        return bytes
    }

    private func importBytes(_ bytes: [UInt8], name: String = "in.csv") throws -> ImportSummary {
        let output = directory.file("out.ticks")
        defer { directory.remove("out.ticks") }
        return try CSVImporter(options: CSVImportOptions(preset: .quotes, symbol: "X"))
            .importFile(at: directory.write(bytes, to: name), to: output)
    }

    @Test(arguments: ["gzip", "zstd"])
    func compressionIsFoundByContentWhateverTheName(program: String) throws {
        let summary = try importBytes(compressed(program), name: "quotes.txt")
        #expect(summary.recordCount == 5000)
        #expect(summary.lastTime == Timestamp(iso8601: "2020-01-01T00:08:19.900Z"))
    }

    @Test func membersOfGzipAreReadOneAfterTheOther() throws {
        let bytes = try compressed("gzip")
        let error = #expect(throws: MarketDataError.self) { try importBytes(bytes + bytes) }
        #expect(error?.code == .outOfOrder, "the second member begins anew: \(String(describing: error))")
        #expect(error?.description.contains("line 5003") == true)
    }

    @Test(arguments: ["gzip", "zstd"])
    func truncatedAndDamagedFilesAreRefusedAndLeaveNothing(program: String) throws {
        let whole = try compressed(program)
        var generator = SeededGenerator(seed: 8)
        for cut in [5, 11, 20, whole.count / 2, whole.count - 9, whole.count - 1] {
            let error = #expect(throws: MarketDataError.self) { try importBytes(Array(whole.prefix(cut))) }
            #expect(
                error?.description.contains("cannot be unpacked") == true,
                "\(cut): \(String(describing: error))")
        }
        var refused = 0
        for _ in 0..<20 {
            var damaged = whole
            let position = 20 + Int(generator.next() % UInt64(whole.count - 40))
            damaged[position] ^= UInt8(1 + generator.next() % 255)
            // Rows may be bad before the checksum at the end shows why; either way nothing is written.
            if (try? importBytes(damaged)) == nil { refused += 1 }
            #expect(!directory.names.contains { $0.hasPrefix("out") })
        }
        #expect(refused == 20)
    }

    /// Rows of a damaged file make no sense in many ways; the reason is told, not the first sign of it.
    @Test func damageOfACompressedFileIsToldBeforeTheOrderOfItsRows() throws {
        // The checksum at the end; the rows before it are right but for one that goes back.
        let text = Self.text + "2019-01-01,1,2\n"
        directory.write(Array(text.utf8), to: "late.csv")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", directory.file("late.csv")]
        try process.run()
        process.waitUntilExit()
        var whole = directory.read("late.csv.gz")
        #expect(throws: MarketDataError.self) { try importBytes(whole) }
        whole[whole.count - 6] ^= 1
        let error = #expect(throws: MarketDataError.self) { try importBytes(whole) }
        #expect(error?.code == .damaged, "\(String(describing: error))")
    }

    @Test func filesInOrderBecomeOneStream() throws {
        let first = directory.write("time,bid,ask\n2020-01-01,1,2\n", to: "a.csv")
        let second = directory.write("ask,bid,time\n2,1,2020-01-02\n3,1,2020-01-02\n", to: "b.csv")
        let importer = CSVImporter(options: CSVImportOptions(preset: .quotes, symbol: "X"))
        let summary = try importer.importFiles(at: [first, second], to: directory.file("o.ticks"))
        #expect(summary.recordCount == 3)
        #expect(try readTicks(directory.file("o.ticks")).map(\.sequence) == [1, 2, 3])
        #expect(
            try readTicks(directory.file("o.ticks")).map { $0.quote.ask } == [Price(2), Price(2), Price(3)])
        let error = #expect(throws: MarketDataError.self) {
            try importer.importFiles(at: [second, first], to: directory.file("p.ticks"))
        }
        #expect(error?.description.contains("a.csv, line 2") == true)
        #expect(!directory.names.contains { $0.hasPrefix("p.") })
    }

    @Test func overlappingFilesAreMergedByTime() throws {
        let first = directory.write("time,bid,ask\n2020-01-01,1,2\n2020-01-03,1,3\n", to: "a.csv")
        let second = directory.write("time,bid,ask\n2020-01-02,1.5,2\n2020-01-03,1,4\n", to: "b.csv")
        let importer = CSVImporter(options: CSVImportOptions(preset: .quotes, symbol: "X"))
        let summary = try importer.importMerged(at: [first, second], to: directory.file("o.ticks"))
        #expect(summary.recordCount == 4)
        #expect(summary.rowCount == 4)
        #expect(summary.instruments.map { $0.instrument.priceIncrement } == [Price("0.1")])
        let events = try readTicks(directory.file("o.ticks"))
        #expect(events.map { $0.quote.ask } == [Price(2), Price(2), Price(3), Price(4)])
        #expect(events.map(\.sequence) == [1, 2, 3, 4])
        #expect(directory.names == ["a.csv", "b.csv", "o.ticks"])
    }

    @Test func badRowsOfManyFilesAreToldWithTheirFile() throws {
        let first = directory.write("time,bid,ask\n2020-01-01,1,2\n", to: "a.csv")
        let second = directory.write("time,bid,ask\n2020-01-02,x,2\n2020-01-02,1,2\n", to: "b.csv")
        var options = CSVImportOptions(preset: .quotes, symbol: "X")
        options.badRows = .skip
        let importer = CSVImporter(options: options)
        let summary = try importer.importFiles(at: [first, second], to: directory.file("o.ticks"))
        #expect(summary.badRowsText.contains("b.csv, line 2: bid 'x'"))
        let merged = try importer.importMerged(at: [first, second], to: directory.file("m.ticks"))
        #expect(merged.badRowsText.contains("b.csv, line 2: bid 'x'"))
    }

    // MARK: Order

    private func sorted(_ seconds: [Int], _ order: CSVImportOptions.OrderPolicy) throws -> [Int64] {
        var text = "time,bid,ask\n"
        for (index, second) in seconds.enumerated() {
            text += "\(1_582_329_600 + second),\(index + 1),99999999\n"
        }
        var options = CSVImportOptions(preset: .quotes, symbol: "X")
        options.order = order
        let output = directory.file("sorted.ticks")
        defer { directory.remove("sorted.ticks") }
        _ = try CSVImporter(options: options).importFile(at: directory.write(text, to: "in.csv"), to: output)
        let events = try readTicks(output)
        #expect(events.map(\.sequence) == (1...UInt64(events.count)).map { $0 })
        return events.map { $0.quote.bid.e8 / 100_000_000 }
    }

    @Test func lateRecordsWithinTheWindowFindTheirPlace() throws {
        #expect(try sorted([0, 5, 3, 5, 4, 9], .window(.seconds(2))) == [1, 3, 5, 2, 4, 6])
        let error = #expect(throws: MarketDataError.self) { try sorted([0, 5, 2, 6], .window(.seconds(2))) }
        #expect(error?.code == .outOfOrder)
        #expect(error?.description.contains("line 4") == true && error?.description.contains("late") == true)
    }

    @Test func windowHoldsOverManyRecordsInBoundedMemory() throws {
        var generator = SeededGenerator(seed: 12)
        let seconds = (0..<200_000).map { $0 / 10 + Int(generator.next() % 5) }
        let expected = seconds.indices.sorted { (seconds[$0], $0) < (seconds[$1], $1) }.map { Int64($0 + 1) }
        #expect(try sorted(seconds, .window(.seconds(5))) == expected)
    }

    // MARK: Mappings

    private func mapped(_ mapping: String, _ text: String) throws -> [String] {
        let options = try CSVImportOptions(mapping: mapping, symbol: "X")
        let output = directory.file("mapped-\(directory.names.count).ticks")
        _ = try CSVImporter(options: options).importFile(at: directory.write(text, to: "in.csv"), to: output)
        return try readTicks(output).map { describe($0, [Instrument(symbol: "X")]) }
    }

    @Test func mappingNamesColumnsUnitsAndScales() throws {
        #expect(
            try mapped(
                "time=ts,unit=ms,price=px,size=qty,side=aggr",
                "qty,px,ts,aggr,note\n2,10.5,1582329601096,S,x\n")
                == ["X trade 2020-02-22T00:00:01.096000000Z 10.5 2 0 2"])
        #expect(
            try mapped(
                "time=0,price=1,size=2,header=no,price_scale=1e-4,size_scale=100", "1582329601,105000,3\n")
                == ["X trade 2020-02-22T00:00:01.000000000Z 10.5 300 0 0"])
    }

    @Test func mappingKnowsDecimalCommasSeparatorsAndDateOrders() throws {
        let text = "Datum;Geld;Brief\n31.12.2020 23:59:59,5;1,25;1,5\n"
        #expect(
            try mapped("time=Datum,bid=Geld,ask=Brief,decimal=comma,date_order=dmy,zone=+01:00", text)
                == ["X quote 2020-12-31T22:59:59.500000000Z 1.25 1.5 0 0"])
        #expect(
            try mapped("time=0,bid=1,ask=2,header=no,separator=pipe,date_order=mdy", "12/31/2020 10:00|1|2\n")
                == ["X quote 2020-12-31T10:00:00.000000000Z 1 2 0 0"])
        #expect(
            try mapped(
                "date=0,time=1,bid=2,ask=3,header=no", "2020-12-31,10:00:00.5,1,2\n2020-12-31,10:00:01,1,2\n")
                == [
                    "X quote 2020-12-31T10:00:00.500000000Z 1 2 0 0",
                    "X quote 2020-12-31T10:00:01.000000000Z 1 2 0 0",
                ])
        #expect(
            try mapped(
                "kind=ohlcv,time=t,bar_time=close,bar_seconds=60",
                "t,open,high,low,close\n2020-12-31,1,2,1,2\n")
                == [
                    "X barVolume 2020-12-31T00:00:00.000000000Z 0 60000000000 0 0",
                    "X bar 2020-12-31T00:00:00.000000000Z 1 2 1 2",
                ])
    }

    @Test func daysAndMonthsAreNeverGuessed() {
        let error = #expect(throws: MarketDataError.self) {
            try mapped("time=0,bid=1,ask=2,header=no", "01/02/2020 10:00:00,1,2\n")
        }
        #expect(error?.description.contains("order of day and month") == true)
    }

    @Test(arguments: [
        ("", "empty"), ("time=0", "does not show"), ("time=0,bid", "no name=value"),
        ("time=0,bid=1,colour=2", "no 'colour'"),
        ("bid=0,unit=minutes", "none of s, ms, us, ns"), ("bid=0,header=maybe", "none of yes, no"),
        ("bid=0,price_scale=3", "no power of ten"), ("bid=0,bar_seconds=0", "not 1 to"),
        ("bid=0,zone=Mars", "no time zone"),
        ("bid=0,separator=;", "none of comma"),
    ])
    func mappingsThatMakeNoSenseSaySo(mapping: String, reason: String) {
        let error = #expect(throws: MarketDataError.self) { try CSVImportOptions(mapping: mapping) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test func previewShowsTheFirstRecordsAndWritesNothing() throws {
        let input = directory.write(
            "time,bid,ask\n2020-01-01,1,2\n2020-01-01,x,2\n2020-01-01,1,3\n2020-01-01,1,4\n", to: "in.csv")
        let preview = try CSVImporter(options: CSVImportOptions(preset: .quotes, symbol: "X"))
            .preview(of: input, recordMax: 2)
        #expect(preview.records.map(\.sequence) == [2, 4])
        #expect(preview.summary.badRows.map(\.lineNumber) == [3])
        #expect(preview.hasHeader && preview.delimiter == ",")
        #expect(preview.instruments.map(\.symbol) == ["X"])
        #expect(directory.names == ["in.csv"])
    }
}
