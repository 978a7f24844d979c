import Foundation
import Testing
import TradingModel

@testable import MarketData

/// Zip archives that Python's zipfile makes, whole and damaged.
@Suite struct ZipArchiveTests {
    private let directory = TestDirectory()
    private static let rows = 3000

    private static func text(_ day: Int) -> String {
        var text = "time,bid,ask\n"
        for row in 0..<rows { text += "\(1_577_836_800_000 + day * 86_400_000 + row * 7),1.\(row),3\n" }
        return text
    }

    /// Runs Python statements that put files into the archive `z`; `day(n)` is a day's text.
    private func archive(_ statements: String, method: String = "ZIP_DEFLATED", _ name: String = "a.zip")
        throws
        -> String
    {
        let script = """
            import sys, zipfile
            def day(n):
                rows = "".join(f"{1577836800000 + n * 86400000 + row * 7},1.{row},3\\n" for row in range(\(Self.rows)))
                return "time,bid,ask\\n" + rows
            z = zipfile.ZipFile(sys.argv[1], "w", zipfile.\(method))
            \(statements)
            z.close()
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script, directory.file(name)]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return directory.file(name)
    }

    private func options(_ badRows: CSVImportOptions.BadRowPolicy = .refuse) -> CSVImportOptions {
        var options = CSVImportOptions(preset: .quotes, symbol: "X")
        options.badRows = badRows
        return options
    }

    private func imported(
        _ path: String, _ badRows: CSVImportOptions.BadRowPolicy = .refuse, _ output: String = "out.ticks"
    ) throws -> (summary: ImportSummary, events: [MarketEvent]) {
        defer { directory.remove(output) }
        let summary = try CSVImporter(options: options(badRows)).importFile(
            at: path, to: directory.file(output))
        return (summary, try readTicks(directory.file(output)))
    }

    /// What the same text gives as a plain file.
    private func expected(_ days: Int...) throws -> [MarketEvent] {
        let header = "time,bid,ask\n"
        let rows = days.map { Self.text($0).dropFirst(header.count) }.joined()
        return try imported(directory.write(header + rows, to: "plain.csv"), .refuse, "plain.ticks").events
    }

    private func failure(_ path: String, _ badRows: CSVImportOptions.BadRowPolicy = .refuse)
        -> MarketDataError?
    {
        defer { directory.remove("out.ticks") }
        do throws(MarketDataError) {
            _ = try CSVImporter(options: options(badRows)).importFile(
                at: path, to: directory.file("out.ticks"))
            return nil
        } catch { return error }
    }

    @Test(arguments: ["ZIP_DEFLATED", "ZIP_STORED"])
    func memberGivesTheRecordsOfThePlainFile(method: String) throws {
        let path = try archive("z.writestr('EURUSD.csv', day(0))", method: method, "quotes.dat")
        let result = try imported(path)
        #expect(result.events == (try expected(0)))
        #expect(result.summary.rowCount == Self.rows)
    }

    @Test func membersAreReadByNameAndWhatIsNoTableIsLeftOut() throws {
        let path = try archive(
            "z.mkdir('x'); z.writestr('x/2.CSV', day(2)); z.writestr('x/1.csv', day(1)); z.writestr('status.txt', 'ok');"
                + " z.writestr('__MACOSX/x/._1.csv', b'\\x00\\x05'); z.writestr('0.csv', day(0)); z.comment = b'PK' * 500"
        )
        #expect(try imported(path).events == expected(0, 1, 2))
    }

    @Test func onlyMemberIsReadWhateverItsName() throws {
        #expect(try imported(archive("z.writestr('DAT_ASCII', day(0))")).events == expected(0))
    }

    @Test func archivesOfSixtyFourBitNumbersAreRead() throws {
        let path = try archive("with z.open('a.csv', 'w', force_zip64=True) as f: f.write(day(0).encode())")
        #expect(try imported(path).events == expected(0))
        // The end of the directory in its 64-bit form, as an archive of over 65,535 files has it.
        var bytes = directory.read("a.zip")
        let end = bytes.count - 22
        let offset = bytes[end + 16..<end + 20], size = bytes[end + 12..<end + 16]
        func wide(_ value: Int) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        var tail: [UInt8] = [0x50, 0x4B, 6, 6] + wide(44) + [45, 0, 45, 0] + wide(0) + wide(1) + wide(1)
        tail += size + [0, 0, 0, 0] + offset + [0, 0, 0, 0]
        tail += [0x50, 0x4B, 6, 7, 0, 0, 0, 0] + wide(end) + [1, 0, 0, 0]
        tail += [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 12) + [0, 0]
        bytes = Array(bytes[..<end]) + tail
        #expect(try imported(directory.write(bytes, to: "wide.zip")).events == expected(0))
    }

    @Test func badRowsAreToldWithTheirMember() throws {
        let path = try archive(
            "z.writestr('a.csv', day(0)); z.writestr('b.csv', day(1).replace('1.7,3', '1.7,x'))")
        let error = failure(path)
        #expect(error?.code == .badRows)
        #expect(
            error?.context.contains("a.zip: b.csv, line 9: ask 'x'") == true, "\(String(describing: error))")
        #expect(try imported(path, .skip).summary.badRowCount == 1)
        let preview = try CSVImporter(options: options()).preview(of: path, recordMax: 3)
        #expect(preview.records.count == 3)
    }

    @Test(arguments: [
        (
            "z.writestr('a.txt', 'x'); z.writestr('b.txt', 'y')",
            "no file that ends in .csv; it holds a.txt, b.txt"
        ),
        ("pass", "it holds nothing"), ("z.writestr('a.csv', '')", "a.csv is empty"),
        ("z.writestr('a.csv', day(0), compress_type=zipfile.ZIP_BZIP2)", "compressed by method 12"),
        ("z.writestr('a\\x1b[2J.csv', 'x')", "a\\x1B[2J.csv"),
    ])
    func whatCannotBeReadIsSaid(statements: String, reason: String) throws {
        let error = failure(try archive(statements))
        #expect(error?.context.contains(reason) == true, "\(String(describing: error))")
        #expect(!directory.names.contains { $0.hasPrefix("out") })
    }

    @Test func encryptedMembersAreRefused() throws {
        _ = try archive("z.writestr('a.csv', day(0))")
        var bytes = directory.read("a.zip")
        let entry = try #require(bytes.indices.last { bytes[$0...].starts(with: [0x50, 0x4B, 1, 2]) })
        bytes[entry + 8] |= 1
        let error = failure(directory.write(bytes, to: "b.zip"))
        #expect(error?.context.contains("a.csv is encrypted") == true)
    }

    @Test(arguments: ["ZIP_DEFLATED", "ZIP_STORED"])
    func archivesCutOffAnywhereAreRefused(method: String) throws {
        _ = try archive("z.writestr('a.csv', day(0))", method: method)
        let bytes = directory.read("a.zip")
        for cut in [5, 30, 40, bytes.count / 2, bytes.count - 60, bytes.count - 22, bytes.count - 1] {
            let error = failure(directory.write(Array(bytes.prefix(cut)), to: "cut.zip"))
            #expect(
                error?.code == .damaged || error?.code == .truncated, "\(cut): \(String(describing: error))")
        }
    }

    @Test(arguments: ["ZIP_DEFLATED", "ZIP_STORED"])
    func flippedBitsAreNeverImported(method: String) throws {
        _ = try archive("z.writestr('a.csv', day(0))", method: method)
        let whole = directory.read("a.zip")
        let original = try imported(directory.file("a.zip")).events
        var generator = SeededGenerator(seed: 31)
        var refused = 0
        for _ in 0..<40 {
            var bytes = whole
            bytes[Int(generator.next() % UInt64(whole.count))] ^= 1 << UInt8(generator.next() % 8)
            let path = directory.write(bytes, to: "flip.zip")
            // A flip in a date or a name changes nothing; any other one must be found.
            if failure(path, .skip) != nil {
                refused += 1
            } else {
                #expect(try imported(path, .skip).events == original)
            }
            #expect(!directory.names.contains { $0.hasPrefix("out") })
        }
        #expect(refused > 25)
    }

    @Test func exportsInArchivesAreReadBack() throws {
        let text = MarketEventText(instruments: [testInstrument])
        let events = (0..<50).map { testQuote($0) }
        let csv = ([MarketEventText.csvHeader] + events.map { text.csvLine($0) }).joined(separator: "\\n")
        let path = try archive("z.writestr('a.csv', '\(csv)\\n')")
        _ = try RecordTextImporter(instruments: [], badRows: .refuse).importFiles(
            at: [path], to: directory.file("r.ticks"))
        #expect(try readTicks(directory.file("r.ticks")) == events)
    }
}
