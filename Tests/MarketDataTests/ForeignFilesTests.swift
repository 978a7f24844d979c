import Testing
import TradingModel

@testable import MarketData

/// What lies where a CSV file should be, and layouts that are nearly known.
@Suite struct ForeignFilesTests {
    private let directory = TestDirectory()

    private func failure(_ text: [UInt8], format: ImportFormat = .quotes) -> String {
        var options = CSVImportOptions(format: format, symbol: "X")
        options.badRows = .skip
        do throws(MarketDataError) {
            _ = try CSVImporter(options: options).importFile(
                at: directory.write(text, to: "in.csv"), to: directory.file("out.ticks"))
            return ""
        } catch {
            #expect(!directory.names.contains { $0.hasPrefix("out") })
            return error.context
        }
    }

    @Test(arguments: [
        ("<!DOCTYPE html>\n<html><head><title>404, not found</title>\n", "HTML or XML, no CSV text"),
        ("<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code></Error>", "HTML or XML"),
        ("{\"code\":-1121,\"msg\":\"Invalid symbol.\"}\n", "JSON, no CSV text"), ("[1,2]", "JSON"),
        ("time,bid,ask\r1582329600,1,2\r1582329601,1,2\r", "carriage returns alone"),
        ("a\u{1B}[2Jb,c\n1,2\n", "a\\x1B[2Jb"),
        ("time,bid,ask\n1582329600,\u{7}1,2\n", "bid '\\x071'"),
        ("time;bid;ask\n1582329600;1,5;2,5\n", "decimal=comma"),
        ("time,bid,ask\n1582329600\n", "1 cell where the first row has 3"),
    ])
    func foreignTextIsNamed(text: String, reason: String) {
        let found = failure(Array(text.utf8))
        #expect(found.contains(reason), "\(found)")
        #expect(!found.utf8.contains { $0 < 0x20 && $0 != 0x0A })
    }

    @Test func tickFilesOfOneSideAreRefused() {
        let found = failure(
            Array("20200101 170000;1.121200;0\n20200101 170010;1.121200;0\n".utf8), format: .histdata)
        #expect(found.contains("NinjaTrader"))
    }

    private func records(_ text: String, _ options: CSVImportOptions) throws -> [String] {
        let output = directory.file("out.ticks")
        defer { directory.remove("out.ticks") }
        let summary = try CSVImporter(options: options).importFile(
            at: directory.write(text, to: "in.csv"), to: output)
        return try readTicks(output).map { describe($0, summary.instruments.map(\.instrument)) }
    }

    @Test(arguments: [
        "Date,Time,Open,High,Low,Close,Volume\n2020-01-01,17:00,1,3,1,2,5\n2020-01-01,17:01,2,2,1,1,7\n",
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<VOL>\n2020.01.01\t17:00:00\t1\t3\t1\t2\t5\n"
            + "2020.01.01\t17:01:00\t2\t2\t1\t1\t7\n",
        "time,date,open,high,low,close,volume\n2020-01-01T17:00:00Z,x,1,3,1,2,5\n2020-01-01T17:01:00Z,x,2,2,1,1,7\n",
        "date,time,open,high,low,close,volume\n2020-01-01,1577898000000,1,3,1,2,5\n2020-01-01,1577898060000,2,2,1,1,7\n",
    ])
    func datesBesideTimesOfDayAreOneTime(text: String) throws {
        #expect(
            try records(text, CSVImportOptions(preset: .ohlcv, symbol: "X")) == [
                "X barVolume 2020-01-01T17:01:00.000000000Z 5 60000000000 0 0",
                "X bar 2020-01-01T17:01:00.000000000Z 1 3 1 2",
                "X barVolume 2020-01-01T17:02:00.000000000Z 7 60000000000 0 0",
                "X bar 2020-01-01T17:02:00.000000000Z 2 2 1 1",
            ])
    }

    @Test func undefinedTimesOfDatabentoAreTheTimesOfReceipt() throws {
        let header =
            "ts_recv,ts_event,rtype,publisher_id,instrument_id,side,price,size,flags,sequence,bid_px_00,"
        let text =
            header + "ask_px_00,bid_sz_00,ask_sz_00,bid_ct_00,ask_ct_00,symbol\n"
            + "1609113600000000000,18446744073709551615,195,1,5482,N,9223372036854775807,0,168,1,372025000000000,"
            + "372050000000000,17,36,12,22,ESH1\n"
            + "1609113601000000000,1609113600900000000,195,1,5482,A,372025000000000,1,168,2,372025000000000,"
            + "372050000000000,18,36,12,22,ESH1\n"
            + "1609113602000000000,18446744073709551615,195,1,5482,A,372025000000000,1,168,2,372025000000000,"
            + "372050000000000,19,36,12,22,ESH1\n"
        #expect(
            try records(text, CSVImportOptions(format: .databentoTopOfBook)) == [
                "ESH1 quote 2020-12-28T00:00:00.000000000Z 372025 372050 17 36 flags 3",
                "ESH1 quote 2020-12-28T00:00:00.900000000Z 2020-12-28T00:00:01.000000000Z 372025 372050 18 36 flags 3",
                "ESH1 quote 2020-12-28T00:00:02.000000000Z 372025 372050 19 36 flags 3",
            ])
    }

    @Test func bookTickersOfBinanceAndTardisAreQuotes() throws {
        #expect(ImportFormat(name: "tardis_book_ticker") == .tardisQuotes)
        let text = """
            update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time
            1,42000.1,3,42000.2,1.5,1704067200012,1704067200016

            """
        #expect(
            try records(text, CSVImportOptions(preset: .quotes, symbol: "X"))
                == ["X quote 2024-01-01T00:00:00.012000000Z 42000.1 42000.2 3 1.5"])
    }
}
