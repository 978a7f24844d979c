import Testing
import TradingModel

@testable import MarketData

/// Rows that come late: refused, left out, put in their place.
@Suite struct ImportOrderTests {
    private let directory = TestDirectory()

    private func run(
        _ text: String, order: CSVImportOptions.OrderPolicy = .refuse,
        late: CSVImportOptions.BadRowPolicy = .skip, bad: CSVImportOptions.BadRowPolicy = .refuse,
        preset: CSVImportOptions.Preset = .quotes, symbol: String? = "X"
    ) throws -> (summary: ImportSummary, events: [MarketEvent]) {
        var options = CSVImportOptions(preset: preset, symbol: symbol)
        options.order = order
        options.outOfOrder = late
        options.badRows = bad
        options.barDuration = .seconds(60)
        defer { directory.remove("out.ticks") }
        let summary = try CSVImporter(options: options).importFile(
            at: directory.write(text, to: "in.csv"), to: directory.file("out.ticks"))
        return (summary, try readTicks(directory.file("out.ticks")))
    }

    private func quotes(_ seconds: [Int]) -> String {
        "time,bid,ask\n"
            + seconds.enumerated().map { "\(1_582_329_600 + $0.element),\($0.offset + 1),99999999\n" }
            .joined()
    }

    @Test func lateRowsAreLeftOutCountedAndTold() throws {
        let (summary, events) = try run(quotes([0, 5, 3, 5, 4, 9]))
        #expect(events.map { $0.quote.bid } == [Price(1), Price(2), Price(4), Price(6)])
        #expect(events.map(\.sequence) == [1, 2, 3, 4])
        #expect(summary.recordCount == 4 && summary.rowCount == 6 && summary.badRowCount == 2)
        #expect(summary.badRows.map(\.lineNumber) == [4, 6])
        #expect(summary.badRowsText.contains("before the row ahead of it at 2020-02-22T00:00:05"))
        #expect(summary.instruments.map(\.recordCount) == [4])
    }

    /// Files that overlap a little have their late rows at the same lines.
    @Test func lateRowsOfSeveralFilesAreCountedEach() throws {
        var options = CSVImportOptions(preset: .quotes, symbol: "X")
        options.outOfOrder = .skip
        let paths = [[0, 5], [4, 9], [8, 12]].enumerated().map {
            directory.write(quotes($0.element), to: "\($0.offset).csv")
        }
        let summary = try CSVImporter(options: options).importFiles(
            at: paths, to: directory.file("out.ticks"))
        #expect(summary.badRowCount == 2 && summary.badRows.map(\.lineNumber) == [2, 2])
        #expect(summary.recordCount == 4)
    }

    @Test func skippingBadRowsDoesNotSkipLateOnes() {
        let error = #expect(throws: MarketDataError.self) {
            try run(quotes([0, 5, 3]), late: .refuse, bad: .skip)
        }
        #expect(error?.code == .outOfOrder && error?.context.contains("line 4") == true)
        let bad = #expect(throws: MarketDataError.self) {
            try run(quotes([0, 5, 3]) + "1582329699,x,1\n", late: .skip, bad: .refuse)
        }
        #expect(bad?.code == .badRows && bad?.context.contains("line 5: bid 'x'") == true)
        #expect(!directory.names.contains { $0.hasPrefix("out") })
    }

    @Test func lateAndBadRowsAreToldInTheirOrder() throws {
        let (summary, _) = try run(quotes([0, 5, 3]) + "x,1,2\n" + "1582329600,1,2\n", bad: .skip)
        #expect(summary.badRows.map(\.lineNumber) == [4, 5, 6] && summary.recordCount == 2)
    }

    @Test func rowsBeyondTheWindowAreLeftOut() throws {
        let (summary, events) = try run(quotes([0, 5, 2, 4, 6, 5]), order: .window(.seconds(2)))
        #expect(events.map { $0.quote.bid.e8 / 100_000_000 } == [1, 4, 2, 6, 5])
        #expect(summary.badRows.map(\.lineNumber) == [4])
        #expect(summary.badRowsText.contains("more than 2"))
    }

    @Test func bothRecordsOfALateBarAreOneRow() throws {
        let text = """
            time,open,high,low,close
            2020-01-01T00:02:00Z,1,2,1,2
            2020-01-01T00:01:00Z,1,2,1,2
            2020-01-01T00:03:00Z,1,2,1,2

            """
        let (summary, events) = try run(text, preset: .ohlcv)
        #expect(events.count == 4 && summary.badRowCount == 1 && summary.recordCount == 4)
    }

    @Test func anInstrumentOfLateRowsAloneIsNotInTheFile() throws {
        let text = "time,symbol,bid,ask\n1582329605,A,1,2\n1582329604,B,1,2\n1582329606,A,1,2\n"
        let (summary, _) = try run(text, symbol: nil)
        #expect(summary.instruments.map(\.instrument.symbol) == ["A"])
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func manyRowsAgreeWithThePlainRule(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var now = 0
        let seconds = (0..<20_000).map { _ in
            now += Int(generator.next() % 3)
            return max(0, now - (generator.next() % 50 == 0 ? Int(generator.next() % 9) : 0))
        }
        var highest = 0
        var expected: [Int64] = []
        for (index, second) in seconds.enumerated() where second >= highest {
            highest = second
            expected.append(Int64(index + 1))
        }
        let (summary, events) = try run(quotes(seconds))
        let isSame = events.map { $0.quote.bid.e8 / 100_000_000 } == expected
        #expect(isSame && summary.badRowCount == seconds.count - expected.count)
    }

    @Test func exportsFollowTheSameRule() throws {
        let text = MarketEventText(instruments: [testInstrument])
        let lines = [3, 1, 4].map { text.csvLine(testQuote($0)) }
        let csv = ([MarketEventText.csvHeader] + lines).joined(separator: "\n") + "\n"
        let input = directory.write(csv, to: "x.csv")
        let output = directory.file("r.ticks")
        #expect(throws: MarketDataError.self) {
            try RecordTextImporter(instruments: [], badRows: .skip).importFiles(at: [input], to: output)
        }
        let summary = try RecordTextImporter(instruments: [], badRows: .refuse, outOfOrder: .skip)
            .importFiles(at: [input], to: output)
        #expect(summary.recordCount == 2 && summary.badRows.map(\.lineNumber) == [3])
    }
}
