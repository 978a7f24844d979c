import Testing
import TradingModel

@testable import MarketData

@Suite struct ZoneRulesTests {
    private func tail(_ text: String) throws -> ZoneTail { try #require(ZoneTail(Array(text.utf8))) }

    private func seconds(_ text: String) throws -> Int64 {
        try #require(Timestamp(iso8601: text)).nanoseconds / 1_000_000_000
    }

    @Test(arguments: [
        ("EST5EDT,M3.2.0,M11.1.0", "2024-03-10T06:59:59Z", -5),
        ("EST5EDT,M3.2.0,M11.1.0", "2024-03-10T07:00:00Z", -4),
        ("EST5EDT,M3.2.0,M11.1.0", "2024-11-03T05:59:59Z", -4),
        ("EST5EDT,M3.2.0,M11.1.0", "2024-11-03T06:00:00Z", -5),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2025-03-30T00:59:59Z", 1),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2025-03-30T01:00:00Z", 2),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2025-10-26T01:00:00Z", 1), ("JST-9", "2025-06-01T00:00:00Z", 9),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2025-01-01T00:00:00Z", 11),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2025-07-01T00:00:00Z", 10), ("<-03>3", "2025-07-01T00:00:00Z", -3),
        ("EST5EDT,J60,J300", "2024-03-01T07:00:00Z", -4), ("EST5EDT,59,300", "2024-02-29T07:00:00Z", -4),
    ])
    func offsetFollowsTheRule(rule: String, moment: String, hours: Int64) throws {
        #expect(try tail(rule).offset(atUTC: seconds(moment)) == hours * 3600)
    }

    @Test(arguments: [
        "", "EST", "E5", "EST5EDT", "EST5EDT,M13.1.0,M11.1.0", "EST5EDT,M3.2.0", "EST5x", "<-03",
        "EST5EDT,M3.6.0,M1.1.0",
    ])
    func rulesThatAreNoneAreRefused(rule: String) { #expect(ZoneTail(Array(rule.utf8)) == nil) }

    /// A compiled file with one change, at 1,000,000,000, from +1 h to +2 h, and a rule behind it.
    private func compiled(rule: String) -> [UInt8] {
        func header(_ counts: [UInt32]) -> [UInt8] {
            Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
                + counts.flatMap { Self.bytes(UInt64($0), 4) }
        }
        var file = header([0, 0, 0, 0, 1, 1]) + [0, 0, 0, 0, 0, 0, 0]
        file += header([0, 0, 0, 1, 2, 4]) + Self.bytes(1_000_000_000, 8) + [1]
        file += Self.bytes(3600, 4) + [0, 0] + Self.bytes(7200, 4) + [1, 0] + [65, 66, 67, 0]
        return file + [0x0A] + Array(rule.utf8) + [0x0A]
    }

    private static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - $0))) }
    }

    @Test func compiledFileGivesItsChangesAndThenItsRule() throws {
        let rules = try #require(ZoneRules(name: "X", compiled: compiled(rule: "AAA-2")))
        #expect(rules.offset(atUTC: 0) == 3600)
        #expect(rules.offset(atUTC: 999_999_999) == 3600)
        #expect(rules.offset(atUTC: 1_000_000_000) == 7200)
        #expect(rules.offset(atUTC: 2_000_000_000) == 7200)
    }

    @Test func everyTruncationIsRefusedOrHarmless() {
        let whole = compiled(rule: "CET-1CEST,M3.5.0,M10.5.0/3")
        for count in 0..<whole.count { _ = ZoneRules(name: "X", compiled: Array(whole.prefix(count))) }
        #expect(ZoneRules(name: "X", compiled: Array(whole.prefix(60))) == nil)
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            var damaged = whole
            damaged[Int(generator.next() % UInt64(whole.count))] = UInt8(truncatingIfNeeded: generator.next())
            _ = ZoneRules(name: "X", compiled: damaged)?.resolve(local: 1_600_000_000)
        }
    }

    @Test func timesThatTheClockSkipsOrRepeatsAreTold() throws {
        let rules = try #require(ZoneRules(name: "X", compiled: compiled(rule: "CET-1CEST,M3.5.0,M10.5.0/3")))
        #expect(rules.resolve(local: try seconds("2025-03-30T02:30:00Z")) == .missing)
        #expect(rules.resolve(local: try seconds("2025-10-26T02:30:00Z")) == .ambiguous)
        #expect(rules.resolve(local: try seconds("2025-10-26T03:00:00Z")) == .offset(3600))
        #expect(rules.resolve(local: try seconds("2025-07-01T03:00:00Z")) == .offset(7200))
        let day = try seconds("2025-03-30T00:00:00Z") / 86_400
        #expect(!rules.isConstant(overDay: day))
        #expect(rules.isConstant(overDay: day + 7))
    }

    @Test(arguments: ["Nowhere/City", "../etc/passwd", "/etc/passwd", "", "Europe/Ber lin", "25:00", "+5"])
    func unknownZonesAreRefused(name: String) {
        let error = #expect(throws: MarketDataError.self) { try CSVZone(name) }
        #expect(error?.code == .badOptions || error?.code == .damaged)
    }

    @Test func fixedZonesNeedNoDatabase() throws {
        #expect(try CSVZone("EST") == .fixed(secondsEast: -18_000))
        #expect(try CSVZone("+05:30") == .fixed(secondsEast: 19_800))
        #expect(try CSVZone("UTC") == .utc)
    }

    @Test func rowsOfAPlaceAreReadByItsRules() throws {
        let directory = TestDirectory()
        let rules = try #require(ZoneRules(name: "X", compiled: compiled(rule: "CET-1CEST,M3.5.0,M10.5.0/3")))
        var options = CSVImportOptions(preset: .quotes, symbol: "X")
        options.zone = .place(rules)
        options.badRows = .skip
        let text = """
            2025-03-30 01:59:59,1,2
            2025-03-30 02:30:00,1,2
            2025-03-30 03:00:00,1,2
            2025-07-01 12:00:00,1,2
            2025-07-01 12:00:01,1,2
            2025-10-26 02:30:00,1,2
            2025-10-26 03:00:00,1,2

            """
        let output = directory.file("out.ticks")
        let summary = try CSVImporter(options: options).importFile(
            at: directory.write(text, to: "in.csv"), to: output)
        #expect(
            try readTicks(output).map { $0.receiveTime.iso8601(fractionDigits: 0) } == [
                "2025-03-30T00:59:59Z", "2025-03-30T01:00:00Z", "2025-07-01T10:00:00Z",
                "2025-07-01T10:00:01Z",
                "2025-10-26T02:00:00Z",
            ])
        #expect(summary.badRows.map(\.lineNumber) == [2, 6])
        #expect(
            summary.badRowsText.contains("never happens") && summary.badRowsText.contains("happens twice"))
    }
}
