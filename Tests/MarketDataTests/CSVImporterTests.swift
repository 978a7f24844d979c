import Testing
import TradingModel

@testable import MarketData

@Suite struct CSVImporterTests {
    private let directory = TestDirectory()

    private func importText(
        _ text: String, _ preset: CSVImportOptions.Preset = .quotes, symbol: String? = "X",
        change: (inout CSVImportOptions) -> Void = { _ in }
    ) throws -> (summary: ImportSummary, events: [MarketEvent]) {
        let input = directory.write(text, to: "in.csv")
        let output = directory.file("out-\(directory.names.count).ticks")
        var options = CSVImportOptions(preset: preset, symbol: symbol)
        change(&options)
        let summary = try CSVImporter(options: options).importFile(at: input, to: output)
        return (summary, try readTicks(output))
    }

    private func failure(
        _ text: String, _ preset: CSVImportOptions.Preset = .quotes, symbol: String? = "X",
        change: (inout CSVImportOptions) -> Void = { _ in }
    ) -> MarketDataError? {
        do {
            _ = try importText(text, preset, symbol: symbol, change: change)
            return nil
        } catch {
            return error as? MarketDataError
        }
    }

    // MARK: Times

    @Test(arguments: [
        ("2020-02-22T00:00:01.096Z", 1_582_329_601_096_000_000),
        ("2020-02-22 00:00:01.096", 1_582_329_601_096_000_000),
        ("2020-02-22T01:00:01.096+01:00", 1_582_329_601_096_000_000),
        ("2020-02-21T19:00:01-0500", 1_582_329_601_000_000_000),
        ("2020-02-22 00:00", 1_582_329_600_000_000_000),
        ("2020-02-22 00:00:01.123456789 UTC", 1_582_329_601_123_456_789),
        ("2020-02-22", 1_582_329_600_000_000_000),
        ("2020/02/22 00:00:01", 1_582_329_601_000_000_000), ("2020.02.22 00:00", 1_582_329_600_000_000_000),
        ("20200222 000001096", 1_582_329_601_096_000_000), ("20200222 000001", 1_582_329_601_000_000_000),
        ("20200222 00:00:01.096", 1_582_329_601_096_000_000), ("20200222", 1_582_329_600_000_000_000),
        ("1582329601", 1_582_329_601_000_000_000), ("1582329601.096", 1_582_329_601_096_000_000),
        ("1582329601096", 1_582_329_601_096_000_000), ("1582329601096.5", 1_582_329_601_096_500_000),
        ("1582329601096000", 1_582_329_601_096_000_000), ("1582329601096000001", 1_582_329_601_096_000_001),
        ("\"2020-02-22T00:00:01.096Z\"", 1_582_329_601_096_000_000),
    ])
    func timeIsReadInEveryKnownForm(text: String, nanoseconds: Int64) throws {
        let events = try importText("time,bid,ask\n\(text),1,2\n").events
        #expect(events.map { $0.receiveTime.nanoseconds } == [nanoseconds])
        #expect(events.map { $0.eventTime.nanoseconds } == [nanoseconds])
    }

    @Test(arguments: [
        "2020-02-30", "2020-02-22T25:00", "2020-02-22T00:61", "20201340", "2020-02-22T00:00:01.096X", "noon",
        "",
        "2020-02-22T00:00:01.", "20200222 0000011", "1582329601096x", "2020-2-22",
    ])
    func whatIsNoTimeIsRefused(text: String) {
        #expect(failure("time,bid,ask\n\(text),1,2\n")?.code == .unknownLayout)
        let later = failure("time,bid,ask\n2020-01-01T00:00:00Z,1,2\n\(text),1,2\n")
        #expect(later?.code == .badRows)
        #expect(later?.description.contains("line 3") == true)
    }

    @Test func zoneOffsetHoldsForTimesWithoutZoneOnly() throws {
        let text = "20200101 170000065,1.1,1.2,0\n"
        let events = try importText(text) {
            $0.zoneOffsetSeconds = CSVImportOptions.zoneOffsetSeconds("-05:00") ?? 0
        }
        #expect(events.events[0].receiveTime == Timestamp(iso8601: "2020-01-01T22:00:00.065Z"))
        let zoned = try importText("time,bid,ask\n2020-01-01T17:00:00Z,1,2\n") {
            $0.zoneOffsetSeconds = -18_000
        }
        #expect(zoned.events[0].receiveTime == Timestamp(iso8601: "2020-01-01T17:00:00Z"))
    }

    @Test func epochUnitOfTheFirstRowHoldsForTheFile() {
        let error = failure("time,bid,ask\n1582329601096,1,2\n1582329601096000,1,2\n")
        #expect(error?.code == .badRows)
    }

    @Test func givenUnitOverridesTheMagnitude() throws {
        let events = try importText("time,bid,ask\n5,1,2\n7,1,2\n") { $0.timeUnit = .milliseconds }.events
        #expect(events.map { $0.receiveTime.milliseconds } == [5, 7])
    }

    @Test func exchangeAndReceiveTimesAreKeptApart() throws {
        let text =
            "symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount\nBTC,"
            + "1582329601096000,1582329603502092,1,3,2,4\n"
        let result = try importText(text, symbol: nil)
        let event = try #require(result.events.first)
        #expect(event.eventTime.nanoseconds == 1_582_329_601_096_000_000)
        #expect(event.receiveTime.nanoseconds == 1_582_329_603_502_092_000)
        #expect(
            event.quote == Quote(bid: Price(2), ask: Price(3), bidSize: Quantity(4), askSize: Quantity(1)))
        #expect(result.summary.instruments[0].instrument.symbol == "BTC")
    }

    // MARK: Layout

    @Test(arguments: [
        "time,bid,ask", "Timestamp,Bid Price,Ask Price", "ts;b;a", "ts_ns\tp1\tp2",
        "datetime,best-bid,BEST_ASK",
        "date,bid_px_00,ask_px_00", "\"time\",\"bid\",\"ask\"",
    ])
    func headerSynonymsAndDelimitersAreRecognised(header: String) throws {
        let delimiter = header.contains(";") ? ";" : header.contains("\t") ? "\t" : ","
        let row = ["2020-01-01T00:00:00Z", "1.5", "1.75"].joined(separator: delimiter)
        let event = try #require(try importText("\(header)\r\n\(row)\r\n").events.first)
        #expect(event.quote.bid == Price("1.5"))
        #expect(event.quote.ask == Price("1.75"))
    }

    @Test func byteOrderMarkBlankLinesAndMissingLastNewlineAreFine() throws {
        let text = "\u{FEFF}time,bid,ask\n\n2020-01-01T00:00:00Z,1,2\n\n2020-01-01T00:00:01Z,1,2"
        #expect(try importText(text).events.count == 2)
    }

    @Test func columnsCanBeGivenByNameAndPosition() throws {
        let named = try importText("when,x,y,bid\n2020-01-01,1,2,9\n") {
            $0.columns = ["time": .name("When"), "bid": .name("x"), "ask": .position(2)]
        }
        #expect(named.events[0].quote.bid == Price(1))
        let positioned = try importText("1,2020-01-01,2\n") {
            $0.columns = ["time": .position(1), "bid": .position(0), "ask": .position(2)]
        }
        #expect(positioned.events[0].quote.ask == Price(2))
        #expect(failure("1,2,3\n") { $0.columns = ["bid": .name("x")] }?.code == .badOptions)
        #expect(failure("1,2,3\n") { $0.columns = ["bid": .position(3)] }?.code == .badOptions)
        #expect(failure("1,2,3\n") { $0.columns = ["colour": .position(0)] }?.code == .badOptions)
    }

    @Test func headerlessColumnsAreTakenByPositionOnlyWhenTheirNumberTells() throws {
        let sized = try importText("2020-01-01,1,2,3,4\n").events[0].quote
        #expect(sized == Quote(bid: Price(1), ask: Price(2), bidSize: Quantity(3), askSize: Quantity(4)))
        #expect(try importText("2020-01-01,1,2,9\n").events[0].quote.bidSize == .zero)
        #expect(try importText("2020-01-01,1,2\n", .trades).events[0].trade.size == Quantity(2))
        #expect(failure("2020-01-01,1,2,3\n", .trades)?.code == .unknownLayout)
        #expect(failure("2020-01-01,1,2,3,4,5\n")?.code == .unknownLayout)
    }

    @Test func missingColumnsAndSymbolAreNamed() {
        #expect(failure("time,bid\n2020-01-01,1\n")?.description.contains("ask") == true)
        #expect(failure("time,bid,ask\n2020-01-01,1,2\n", symbol: nil)?.code == .badOptions)
    }

    @Test func symbolColumnGivesManyInstruments() throws {
        let text = "time,symbol,bid,ask\n2020-01-01,A,1.25,2\n2020-01-01,B,10,11\n2020-01-01,A,1,2.5\n"
        let result = try importText(text, symbol: nil)
        #expect(result.summary.instruments.map { $0.instrument.symbol } == ["A", "B"])
        #expect(result.summary.instruments.map { $0.recordCount } == [2, 1])
        #expect(result.summary.instruments.map { $0.instrument.priceIncrement } == [Price("0.01"), Price(1)])
        #expect(result.events.map { $0.token } == ["A", "B", "A"].map { InstrumentToken(symbol: $0) })
        #expect(result.events.map { $0.sequence } == [1, 2, 3])
        #expect(failure(text, symbol: "A")?.code == .badRows)
    }

    // MARK: Presets

    @Test func tradesTakeSideOrBuyerMakerAndId() throws {
        let sided = try importText(
            "time,id,side,price,amount\n2020-01-01,7,buy,9682,0.132\n2020-01-01,8,SELL,9,1\n", .trades)
        #expect(
            sided.events[0].trade
                == Trade(
                    price: Price(9682), size: try #require(Quantity("0.132")), tradeID: 7, aggressor: .buy))
        #expect(sided.events[1].trade.aggressor == .sell)
        let text =
            "id,price,qty,quote_qty,time,is_buyer_maker\n1,10,2,20,1582329601096,true\n2,10,2,20,"
            + "1582329601096,False\n"
        let maker = try importText(text, .trades)
        #expect(maker.events.map { $0.trade.aggressor } == [.sell, .buy])
    }

    @Test func barsAreStampedAtTheirClose() throws {
        let text =
            "date,open,high,low,close,volume\n2020-01-01T00:00,1,3,0.5,2,10\n2020-01-01T00:05,2,2,1,1,11\n"
        let opened = try importText(text, .ohlcv).events
        #expect(opened.map { $0.kind } == [.barVolume, .bar, .barVolume, .bar])
        #expect(opened[1].receiveTime == Timestamp(iso8601: "2020-01-01T00:05:00Z"))
        #expect(opened[0].word1 == 300_000_000_000)
        #expect(opened[0].word0 == Quantity(10).e8)
        #expect(
            [opened[1].word0, opened[1].word1, opened[1].word3] == [Price(1).e8, Price(3).e8, Price(2).e8])
        let closed = try importText(text, .ohlcv) { $0.isBarTimeClose = true }.events
        #expect(closed[1].receiveTime == Timestamp(iso8601: "2020-01-01T00:00:00Z"))
        let klines =
            "open_time,open,high,low,close,volume,close_time\n1582329600000,1,3,0.5,2,10,1582329659999\n"
        #expect(try importText(klines, .ohlcv).events[1].receiveTime.milliseconds == 1_582_329_659_999)
        #expect(failure("date,open,high,low,close\n2020-01-01,1,3,0.5,2\n", .ohlcv)?.code == .unknownLayout)
    }

    // MARK: Bad rows

    @Test(arguments: [
        (",1,2", "time is empty"), ("2020-01-01,,2", "bid is empty"), ("2020-01-01,1,", "ask is empty"),
        ("2020-01-01,0,2", "not above zero"), ("2020-01-01,-1,2", "not above zero"),
        ("2020-01-01,3,2", "above the ask"),
        ("2020-01-01,1x,2", "not a decimal"), ("2020-01-01,1.123456789,2", "not a decimal"),
        ("2020-01-01,nan,2", "not a decimal"), ("2020-01-01,1", "2 cells"), ("2020-01-01,1,2,3", "4 cells"),
        ("2020-01-01,1 ,2", "not a decimal"), ("2020-01-01,\"1\"2,2", "quoted"),
        ("2020-01-01,1\"2,2", "quote"),
        ("2020-01-01,99999999999999999999,2", "not a decimal"), ("2020-01-01,.,2", "not a decimal"),
        ("2020-01-01,-,2", "not a decimal"), ("2020-01-01,1e400,2", "not a decimal"),
    ])
    func badQuoteRowsAreNamedWithTheirLine(row: String, reason: String) throws {
        let text = "time,bid,ask\n2020-01-01,1,2\n\(row)\n2020-01-01,1,2\n"
        let error = try #require(failure(text))
        #expect(error.code == .badRows)
        #expect(error.description.contains("line 3"))
        #expect(error.description.contains(reason), "\(error)")
        #expect(directory.names == ["in.csv"])
        let skipped = try importText(text) { $0.badRows = .skip }
        #expect(skipped.summary.rowCount == 3)
        #expect(skipped.summary.badRowCount == 1)
        #expect(skipped.events.count == 2)
    }

    @Test(arguments: [
        ("2020-01-01,1,0", "size '0' is zero"), ("2020-01-01,1,-2", "negative"),
        ("2020-01-01,,2", "price is empty"),
    ])
    func badTradeRowsAreNamed(row: String, reason: String) {
        let error = failure("time,price,size\n2020-01-01,1,2\n\(row)\n", .trades)
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test func unknownSideIsABadRow() {
        let error = failure("time,price,size,side\n2020-01-01,1,2,buyish\n", .trades)
        #expect(error?.description.contains("neither buy nor sell") == true)
    }

    @Test(arguments: [
        ("1,2,3,1.5,0", "below the low"), ("9,3,1,2,0", "open '9' is outside"),
        ("2,3,1,9,0", "close '9' is outside"),
        ("2,3,1,2,-1", "volume '-1' is negative"), ("2,3,1,2,", "volume is empty"),
    ])
    func badBarRowsAreNamed(cells: String, reason: String) {
        let error = failure(
            "time,open,high,low,close,volume\n2020-01-01,1,1,1,1,1\n2020-01-02,\(cells)\n", .ohlcv)
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test func onlyTheFirstTenBadRowsAreDescribed() throws {
        let bad = String(repeating: "2020-01-01,0,1\n", count: 25)
        let summary = try importText("time,bid,ask\n\(bad)2020-01-01,1,2\n") { $0.badRows = .skip }.summary
        #expect(summary.badRowCount == 25)
        #expect(summary.badRows.count == 10)
        #expect(summary.badRows[9].lineNumber == 11)
        #expect(summary.badRowsText.hasSuffix("and 15 more"))
    }

    @Test func fileOfBadRowsOnlyIsRefusedEvenWhenSkipping() {
        #expect(failure("time,bid,ask\n2020-01-01,0,1\n") { $0.badRows = .skip }?.code == .badRows)
        #expect(directory.names == ["in.csv"])
    }

    @Test func rowsOutOfOrderAreRefusedOrSortedStably() throws {
        let text = "time,bid,ask\n2020-01-02,1,9\n2020-01-01,2,9\n2020-01-02,3,9\n2020-01-01,4,9\n"
        let error = try #require(failure(text))
        #expect(error.code == .outOfOrder)
        #expect(error.description.contains("line 3"))
        #expect(directory.names == ["in.csv"])
        let sorted = try importText(text) { $0.order = .sort }
        #expect(sorted.events.map { $0.quote.bid } == [Price(2), Price(4), Price(1), Price(3)])
        #expect(sorted.events.map { $0.sequence } == [1, 2, 3, 4])
        #expect(sorted.summary.firstTime == Timestamp(iso8601: "2020-01-01T00:00:00Z"))
    }

    @Test(
        arguments: [
            ([0x1F, 0x8B, 8, 0], "cannot be unpacked"), ([0x28, 0xB5, 0x2F, 0xFD], "cannot be unpacked"),
            ([0x50, 0x4B, 3, 4, 0], "zip archive"),
            ([0xFF, 0xFE, 0x61, 0], "UTF-16"),
            ([0x61, 0, 0x62], "zero bytes"), ([], "empty"),
        ] as [([UInt8], String)])
    func whatIsNoTextIsRefusedWithTheReason(bytes: [UInt8], reason: String) throws {
        let input = directory.write(bytes, to: "in.csv")
        let importer = CSVImporter(options: CSVImportOptions(preset: .quotes, symbol: "X"))
        let error = #expect(throws: MarketDataError.self) {
            try importer.importFile(at: input, to: directory.file("out.ticks"))
        }
        #expect(error?.description.contains(reason) == true)
        #expect(directory.names == ["in.csv"])
    }

    @Test func randomTextNeverTraps() {
        var generator = SeededGenerator(seed: 21)
        let alphabet = Array("0123456789.,,,;\"\n\n\r-+eTZ: ".utf8)
        for _ in 0..<80 {
            let bytes = (0..<Int(generator.next() % 400)).map { _ in
                alphabet[Int(generator.next() % UInt64(alphabet.count))]
            }
            let text = "time,bid,ask\n2020-01-01,1,2\n" + String(decoding: bytes, as: UTF8.self)
            for preset in CSVImportOptions.Preset.allCases {
                _ = failure(text, preset) { $0.badRows = .skip }
                _ = failure(String(decoding: bytes, as: UTF8.self), preset)
            }
        }
    }
}
