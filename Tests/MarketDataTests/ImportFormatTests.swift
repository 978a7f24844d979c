import Testing
import TradingModel

@testable import MarketData

/// A few rows of each vendor's format, as the vendor writes them, and what they must become.
struct FormatCase: Sendable, CustomTestStringConvertible {
    var name: String
    var format: ImportFormat
    var symbol: String?
    var text: String
    var expected: [String]

    var testDescription: String { name }
}

@Suite struct ImportFormatTests {
    private let directory = TestDirectory()

    @Test(arguments: formatCases)
    func rowsOfAVendorBecomeTheirRecords(item: FormatCase) throws {
        for newline in ["\n", "\r\n"] {
            let text = newline == "\n" ? item.text : item.text.replacing("\n", with: newline)
            let input = directory.write(text, to: "in.csv")
            let output = directory.file("out-\(directory.names.count).ticks")
            _ = try CSVImporter(options: CSVImportOptions(format: item.format, symbol: item.symbol))
                .importFile(at: input, to: output)
            let reader = try TickFileReader(path: output)
            #expect(try readTicks(output).map { describe($0, reader.header.instruments) } == item.expected)
        }
    }

    @Test(arguments: formatCases)
    func everyWayOfReadingGivesTheSame(item: FormatCase) throws {
        let options = CSVImportOptions(format: item.format, symbol: item.symbol)
        let input = directory.write(item.text, to: "in.csv")
        var results: [[MarketEvent]] = []
        let lines = item.text.split(separator: "\n")
        // The header if there is one and two rows: the layout and the length of bars are decided by them.
        let first = lines.prefix(3).reduce(0) { $0 + $1.utf8.count + 1 }
        for (read, first, isFast) in [(262_144, 262_144, true), (262_144, 262_144, false), (1, first, true)] {
            let output = directory.file("out-\(results.count).ticks")
            _ = try CSVImporter(
                options: options, readByteCount: read, firstByteCount: first, usesFastRows: isFast
            ).importFile(at: input, to: output)
            results.append(try readTicks(output))
        }
        #expect(results[0] == results[1])
        #expect(results[0] == results[2])
    }

    @Test func namesOfFormatsAllowDashesAndOtherNames() {
        #expect(ImportFormat(name: "Binance-AggTrades") == .binanceAggregateTrades)
        #expect(ImportFormat(name: "tardis-quotes") == .tardisQuotes)
        #expect(ImportFormat(name: "databento_tbbo") == .databentoTopOfBook)
        #expect(ImportFormat(name: "histdata_m1") == .histdata)
        #expect(ImportFormat(name: "excel") == nil)
    }

    // MARK: What a vendor's rows may hold that is no fault

    private func summary(
        _ format: ImportFormat, _ text: String, symbol: String? = nil,
        change: (inout CSVImportOptions) -> Void = { _ in }
    ) throws -> ImportSummary {
        var options = CSVImportOptions(format: format, symbol: symbol)
        change(&options)
        return try CSVImporter(options: options).importFile(
            at: directory.write(text, to: "in.csv"), to: directory.file("s-\(directory.names.count).ticks"))
    }

    @Test func emptySidesOfABookAreLeftOutAndCounted() throws {
        let header = "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount\n"
        let row = "deribit,BTC-PERPETUAL,1582329601096000,1582329601096000,"
        let result = try summary(
            .tardisQuotes, header + row + "1,10,9,1\n" + row + ",,9,1\n" + row + "1,10,,\n")
        #expect(result.recordCount == 1)
        #expect(result.badRowCount == 0)
        #expect(result.notes == ["2 rows left out: one side of the book is empty"])
    }

    @Test func tradeIDsThatAreTextsAreLeftOutAndCounted() throws {
        let header = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
        let row = "bitmex,XBTUSD,1582329601096000,1582329601096000,"
        let result = try summary(
            .tardisTrades, header + row + "c5d9-aa,buy,9,1\n" + row + ",sell,9,1\n" + row + "7,unknown,9,1\n")
        #expect(result.recordCount == 3)
        #expect(result.notes == ["1 trade ids are no whole numbers and were left out"])
    }

    @Test func turnoversBeyondTheRangeAreLeftOutAndCounted() throws {
        let row = "1609459200000,1,1,1,1,5,1609459259999,123456789012345.5,7,0,0,0\n"
        let result = try summary(.binanceKlines, row, symbol: "X")
        #expect(result.notes == ["1 turnovers are beyond 92 billion and were left out"])
        #expect(result.recordCount == 2)
    }

    @Test func wholeDatabentoPricesAfterDecimalsAreRefused() throws {
        let header = "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags\n"
        let start = "1609160400000704060,1609160400000429831,0,1,5482,T,A,0,"
        for isFast in [true, false] {
            let rows = [3720.25, 3720.25, 3720.5].map { start + "\($0)00000000,1,0\n" }.joined()
            let input = directory.write(header + rows + start + "3720,1,0\n", to: "in.csv")
            let importer = CSVImporter(
                options: CSVImportOptions(format: .databentoTrades), readByteCount: 1 << 18,
                firstByteCount: 1 << 18, usesFastRows: isFast)
            let error = #expect(throws: MarketDataError.self) {
                try importer.importFile(at: input, to: directory.file("x.ticks"))
            }
            #expect(error?.description.contains("line 5: price '3720' has no point") == true)
        }
    }

    @Test func undefinedPriceOfATradeIsABadRow() {
        let header = "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags\n"
        let start = "1609160400000704060,1609160400000429831,0,1,5482,T,A,0,"
        #expect(throws: MarketDataError.self) {
            try summary(.databentoTrades, header + start + "9223372036854775807,1,0\n" + start + "10,1,0\n")
        }
    }

    @Test func crossedQuotesAreBadOrKept() throws {
        let text = "EUR/USD,20090501 00:00:00.123,1.2,1.1\n"
        #expect(throws: MarketDataError.self) { try summary(.truefx, text) }
        let kept = try summary(.truefx, text) { $0.crossed = .keep }
        #expect(kept.recordCount == 1)
        #expect(kept.notes == ["1 rows taken though their bid is above their ask"])
    }

    @Test func valuesOffTheIncrementAreBadOrTold() throws {
        let text = "2020-01-01T00:00:00Z,1.25,1.3\n2020-01-01T00:00:00Z,1.26,1.3\n"
        let error = #expect(throws: MarketDataError.self) {
            try summary(.quotes, text, symbol: "X") { $0.priceIncrement = Price("0.05") }
        }
        #expect(error?.description.contains("line 2: bid '1.26' is no multiple of the increment") == true)
        let kept = try summary(.quotes, text, symbol: "X") {
            $0.priceIncrement = Price("0.05")
            $0.offIncrement = .warn
        }
        #expect(kept.recordCount == 2)
        #expect(kept.notes == ["1 values taken though they are no multiple of their increment"])
        #expect(kept.instruments[0].instrument.priceIncrement == Price("0.05"))
    }

    @Test func knownInstrumentsKeepTheirTokenAndIncrements() throws {
        let known = Instrument(
            symbol: "X", token: InstrumentToken(7), category: "fx", priceIncrement: Price(e8: 5_000_000),
            currency: "CHF")
        let result = try summary(.quotes, "2020-01-01T00:00:00Z,1.25,1.3\n", symbol: "X") {
            $0.instruments = [known]
        }
        let instrument = result.instruments[0].instrument
        #expect(instrument.token == InstrumentToken(7))
        #expect(instrument.category == "fx" && instrument.currency == "CHF")
        #expect(instrument.priceIncrement == known.priceIncrement)
    }

    @Test func zeroBytesInARowMakeItABadRow() throws {
        let row = "2020-01-01T00:00:00Z,1,2\n"
        let text =
            "time,bid,ask\n\(row)2020-01-01T00:00:00Z,1\0,2\n\0\0\0\n" + String(repeating: row, count: 5)
        let result = try summary(.quotes, text, symbol: "X") { $0.badRows = .skip }
        #expect(result.recordCount == 6)
        #expect(result.badRows.map(\.lineNumber) == [3, 4])
    }

    @Test func firstRowThatIsDamagedDoesNotHideTheRest() throws {
        let text = "time,bid,ask\n###,1,2\n2020-01-01T00:00:00Z,1,2\n"
        let result = try summary(.quotes, text, symbol: "X") { $0.badRows = .skip }
        #expect(result.recordCount == 1)
        #expect(result.badRows.map(\.lineNumber) == [2])
    }
}

/// A record on one line: symbol, kind, event time, receive time when it differs, and the body.
func describe(_ event: MarketEvent, _ instruments: [Instrument]) -> String {
    let symbol = instruments.first { $0.token == event.token }?.symbol ?? "?"
    var text = "\(symbol) \(event.kind.map { "\($0)" } ?? "?") \(event.eventTime.iso8601(fractionDigits: 9))"
    if event.receiveTime != event.eventTime { text += " \(event.receiveTime.iso8601(fractionDigits: 9))" }
    func decimal(_ value: Int64) -> String { FixedPointText.format(value) }
    switch event.kind {
    case .trade:
        text += " \(decimal(event.word0)) \(decimal(event.word1)) \(event.word2) \(event.word3)"
    case .barVolume:
        text += " \(decimal(event.word0)) \(event.word1) \(event.word2) \(decimal(event.word3))"
    default:
        text +=
            " \(decimal(event.word0)) \(decimal(event.word1)) \(decimal(event.word2)) \(decimal(event.word3))"
    }
    return event.flags.rawValue == 0 ? text : text + " flags \(event.flags.rawValue)"
}
