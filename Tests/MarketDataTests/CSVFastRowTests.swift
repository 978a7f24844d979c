import Testing
import TradingModel

@testable import MarketData

/// The fast way of reading rows against the general one, over rows that are mostly right and often are not.
@Suite struct CSVFastRowTests {
    private let directory = TestDirectory()

    private struct Outcome: Equatable {
        var events: [MarketEvent] = []
        var summary = ImportSummary()
        var failure: MarketDataError?
    }

    private func outcome(
        _ text: String, _ options: CSVImportOptions, read: Int = 1 << 18, first: Int = 1 << 18, isFast: Bool
    ) -> Outcome {
        let input = directory.write(text, to: "in.csv")
        let output = directory.file("out.ticks")
        defer { directory.remove("out.ticks") }
        var result = Outcome()
        do throws(MarketDataError) {
            result.summary = try CSVImporter(
                options: options, readByteCount: read, firstByteCount: first, usesFastRows: isFast
            ).importFile(at: input, to: output)
        } catch { result.failure = error }
        if result.failure == nil { result.events = (try? readTicks(output)) ?? [] }
        return result
    }

    private struct Layout: Sendable {
        var name: String
        var format: ImportFormat
        var symbol: String?
        var header: String
        var cells: [[String]]
        var delimiter = ","
    }

    /// Texts a cell of each column may have; the first ones are right, the last ones are not or are odd.
    private static let layouts: [Layout] = {
        let prices = [
            "9682.01", "9682", "1.123456780", "92233720367.99", "123456789.5", "0.00000001", "5.", "", "-1",
            "+3", "1e3", "1.123456789", "92233720368.6", "\"7\"", "nan", "0", "1.5x", ".5", "1,5", " 1",
            "12345678901",
        ]
        let sizes = [
            "1", "0", "0.132", "1000000", "12345678", "123456789", "99999999999", "", "-2", "1e400",
            "7.00000000000",
        ]
        let epochs = [
            "1582329601096", "1582329601097", "158232960109", "15823296010960", "01582329601096", "",
            "1582329601096.5", "9999999999999",
        ]
        let dates = [
            "2020-02-22T00:00:01.096Z", "2020-02-22T23:59:59.999999999Z", "2020-02-22T00:00:60Z",
            "2020-02-23T00:00:00Z",
            "2020-02-22T24:00:00Z", "2020-02-22T00:00:01.0961234567Z", "2020-02-22T00:00:01.Z",
            "2020-02-22T00:00:01", "2020-02-22",
            "2020-02-22T0a:00:01Z", "2020-02-22T00:00:01.096+01:00", "2020-02-22 00:00:01.096Z",
        ]
        let compact = [
            "20200701 170000065", "20200701 170001", "20200701 235959999", "20200701 17000006",
            "20200702 000000000",
            "20200701 246060065", "20200701 17:00:00.065",
        ]
        let sides = ["buy", "sell", "B", "S", "A", "N", "", "BUY", "bought", "bu", "sel", "unknown", "none"]
        let ids = [
            "1", "12345678", "123456789", "123456789012345678", "1234567890123456789", "", "-5",
            "99999999999999999999", "x",
        ]
        let makers = ["true", "false", "True", "FALSE", "1", "0", "", "tru", "falsey"]
        let symbols = ["BTCUSDT", "ETHUSDT", "A", "", "\"BTCUSDT\"", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
        return [
            Layout(
                name: "epoch quotes", format: .quotes, symbol: "X", header: "time,bid,ask,bid_size,ask_size",
                cells: [epochs, prices, prices, sizes, sizes]),
            Layout(
                name: "dated quotes", format: .quotes, symbol: "X", header: "time,bid,ask",
                cells: [dates, prices, prices]),
            Layout(
                name: "compact quotes", format: .histdata, symbol: "X", header: "",
                cells: [compact, prices, prices, ["0", "x", "\"a,b\""]]),
            Layout(
                name: "trades of many", format: .trades, symbol: nil,
                header: "time,symbol,price,size,side,id",
                cells: [epochs, symbols, prices, sizes, sides, ids]),
            Layout(
                name: "symbols last", format: .quotes, symbol: nil, header: "time,bid,ask,symbol",
                cells: [epochs, prices, prices, symbols]),
            Layout(
                name: "makers", format: .binanceTrades, symbol: "X", header: "",
                cells: [ids, prices, sizes, ["1", "z"], epochs, makers, ["True", "\"", ""]]),
            Layout(
                name: "semicolons", format: .ohlcv, symbol: "X", header: "time;open;high;low;close;volume",
                cells: [dates, prices, prices, prices, prices, sizes], delimiter: ";"),
            Layout(
                name: "Tardis", format: .tardisTrades, symbol: nil,
                header: "exchange,symbol,timestamp,local_timestamp,id,side,price,amount",
                cells: [["x", ""], symbols, epochs, epochs, ids, sides, prices, sizes]),
        ]
    }()

    private static func rows(_ layout: Layout, _ generator: inout SeededGenerator, count: Int) -> String {
        var text = layout.header.isEmpty ? "" : layout.header + "\n"
        text += layout.cells.map { $0[0] }.joined(separator: layout.delimiter) + "\n"
        for _ in 0..<count {
            let isOdd = generator.next() % 3 == 0
            var cells = layout.cells.map { texts in
                let bound = isOdd && generator.next() % 2 == 0 ? texts.count : min(2, texts.count)
                return texts[Int(generator.next() % UInt64(bound))]
            }
            switch generator.next() % 40 {
            case 0: cells.removeLast()
            case 1: cells.append("1")
            default: break
            }
            text += cells.joined(separator: layout.delimiter)
            text += generator.next() % 30 == 0 ? "\r\n" : generator.next() % 30 == 0 ? "\n\n" : "\n"
        }
        return text
    }

    @Test(arguments: 0..<8)
    func bothWaysAgreeOnRandomRows(index: Int) {
        let layout = Self.layouts[index]
        var generator = SeededGenerator(seed: 77 + UInt64(index))
        for round in 0..<40 {
            let text = Self.rows(layout, &generator, count: 60)
            for policy in CSVImportOptions.BadRowPolicy.allCases {
                var options = CSVImportOptions(format: layout.format, symbol: layout.symbol)
                options.badRows = policy
                options.order = .sort
                options.crossed = round % 2 == 0 ? .bad : .keep
                options.barDuration = .seconds(60)
                if round % 5 == 0 { options.priceIncrement = Price("0.5") }
                if round % 10 == 0 { options.offIncrement = .warn }
                let fast = outcome(text, options, isFast: true)
                let general = outcome(text, options, isFast: false)
                // The values are too long to be shown by the test library.
                let isSame = fast == general
                #expect(isSame, "\(layout.name), round \(round)")
                guard isSame else { return }
            }
        }
    }

    /// Cells of every length, of the one before or of another, in columns that end with every kind of byte.
    @Test(arguments: [",", ";", "\t"], ["\n", "\r\n"])
    func decimalsOfAllFormsAgree(delimiter: String, newline: String) {
        var generator = SeededGenerator(seed: 2024)
        func number(_ length: Int) -> String {
            (0..<length).map { _ in String(generator.next() % 10) }.joined()
        }
        var forms = [(1, 1), (1, 1), (1, 1), (1, 1)]
        var text = ["time", "bid", "ask", "bid_size", "ask_size"].joined(separator: delimiter) + newline
        var time = 1_582_329_601_096_000 as UInt64
        for _ in 0..<4000 {
            time += generator.next() % (generator.next() % 50 == 0 ? 900_000_000 : 2000)
            var cells = [String(time)]
            for column in 0..<4 {
                if generator.next() % 4 == 0 {
                    forms[column] = (1 + Int(generator.next() % 9), Int(generator.next() % 9))
                }
                let (whole, fraction) = forms[column]
                cells.append(number(whole) + (fraction > 0 ? "." + number(fraction) : ""))
                if generator.next() % 100 == 0 { cells[cells.count - 1] += "x" }
            }
            text += cells.joined(separator: delimiter) + newline
        }
        var options = CSVImportOptions(preset: .quotes, symbol: "X")
        options.badRows = .skip
        options.crossed = .keep
        let fast = outcome(text, options, isFast: true)
        let isSame = fast == outcome(text, options, isFast: false)
        #expect(isSame && fast.events.count > 3000)
    }

    @Test(arguments: 0..<8)
    func everySplitOfTheReadsGivesTheSame(index: Int) {
        let layout = Self.layouts[index]
        var generator = SeededGenerator(seed: 5 + UInt64(index))
        let text = Self.rows(layout, &generator, count: 12)
        var options = CSVImportOptions(format: layout.format, symbol: layout.symbol)
        options.badRows = .skip
        options.order = .sort
        options.barDuration = .seconds(60)
        let whole = outcome(text, options, isFast: true)
        let first = (text.utf8.firstIndex(of: 0x0A)?.utf16Offset(in: text) ?? 0) + 60
        for read in 1...70 {
            #expect(
                outcome(text, options, read: read, first: first, isFast: true) == whole, "reads of \(read)")
        }
    }

    /// What the fast way begins with must not be taken for what stood in the row before.
    @Test func timeOfZeroBytesIsBadInTheFirstRows() {
        var options = CSVImportOptions(preset: .quotes, symbol: "X")
        options.order = .sort
        options.badRows = .skip
        let zeros = String(repeating: "\0", count: 8)
        let text = "time,bid,ask\n1582329601096000,1,2\n\(zeros)01096000,1,2\n1582329601097000,1,2\n"
        let fast = outcome(text, options, isFast: true)
        #expect(fast == outcome(text, options, isFast: false))
        #expect(fast.summary.badRowCount == 1 && fast.summary.recordCount == 2)
    }

    @Test func randomBytesNeverTrap() {
        var generator = SeededGenerator(seed: 4711)
        for round in 0..<300 {
            let layout = Self.layouts[round % Self.layouts.count]
            var bytes = Array(Self.rows(layout, &generator, count: 8).utf8)
            for _ in 0..<(1 + generator.next() % 12) {
                let position = Int(generator.next() % UInt64(bytes.count))
                let byte = UInt8(truncatingIfNeeded: generator.next())
                switch generator.next() % 3 {
                case 0: bytes[position] = byte
                case 1: bytes.insert(byte, at: position)
                default: bytes.remove(at: position)
                }
            }
            var options = CSVImportOptions(format: layout.format, symbol: layout.symbol)
            options.badRows = .skip
            options.barDuration = .seconds(60)
            let input = directory.write(bytes, to: "in.csv")
            var results: [Int] = []
            for isFast in [true, false] {
                let output = directory.file("out.ticks")
                defer { directory.remove("out.ticks") }
                let importer = CSVImporter(
                    options: options, readByteCount: 1 << 18, firstByteCount: 1 << 18, usesFastRows: isFast)
                results.append((try? importer.importFile(at: input, to: output))?.recordCount ?? -1)
            }
            #expect(results[0] == results[1], "round \(round)")
        }
    }

    @Test func lineBeyondTheBoundIsABadRowAndTheNextOnesAreRead() throws {
        let long = String(repeating: "1", count: 3 * Limits.csvLineBytesMax)
        let text = "2020-01-01T00:00:00Z,1,2\n2020-01-01T00:00:00Z,1,\(long)\n2020-01-01T00:00:00Z,1,2\n"
        var options = CSVImportOptions(preset: .quotes, symbol: "X")
        options.badRows = .skip
        for read in [1 << 18, 4096] {
            let result = outcome(text, options, read: read, first: 30, isFast: true)
            #expect(result.summary.recordCount == 2)
            #expect(result.summary.badRows.map(\.lineNumber) == [2])
            #expect(result.summary.badRowsText.contains("longer than"))
        }
    }

    @Test func linesOfManySkippedBytesAreBoundToo() {
        let long = String(repeating: "x", count: Limits.csvLineBytesMax + 10)
        let text = "time,bid,ask,note\n2020-01-01T00:00:00Z,1,2,\n2020-01-01T00:00:00Z,1,2,\(long)\n"
        var options = CSVImportOptions(preset: .quotes, symbol: "X")
        options.badRows = .skip
        let isSame = outcome(text, options, isFast: true) == outcome(text, options, isFast: false)
        #expect(isSame)
    }
}
