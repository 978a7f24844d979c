import Testing
import TradingModel

@testable import MarketData

/// Drives a feed with a clock of its own, from one due time to the next.
private func drain(
    _ feed: inout some MarketDataFeed, capacity: Int = 64, from start: Timestamp = Timestamp(seconds: 1_000),
    callsMax: Int = 100_000, recordsMax: Int = .max
) throws -> (events: [MarketEvent], end: Timestamp, hasEnded: Bool) {
    var batch = MarketEventBatch(capacity: capacity)
    var events: [MarketEvent] = []
    var now = start
    for _ in 0..<callsMax {
        batch.removeAll()
        let step = try feed.next(into: &batch, now: now)
        events.append(contentsOf: batch.events)
        if events.count >= recordsMax { return (events, now, false) }
        switch step {
        case .ready: continue
        case .wait(let until):
            #expect(until > now)
            now = until
        case .ended: return (events, now, true)
        }
    }
    return (events, now, false)
}

private func configuration(_ kind: String, _ json: String) throws -> FeedConfiguration {
    try FeedConfiguration(feedName: "test", kind: kind, json: json)
}

@Suite struct FileFeedTests {
    private let directory = TestDirectory()

    private func feed(_ options: String, _ names: [String] = ["a.ticks"]) throws -> FileFeed {
        let paths = names.map { "\"\(directory.file($0))\"" }.joined(separator: ",")
        return try FileFeed(configuration: configuration("file", "{\"paths\":[\(paths)]\(options)}"))
    }

    @Test(arguments: [1, 7, 64, 5000])
    func recordsAreSentExactlyAsRecordedThenEnded(capacity: Int) throws {
        let recorded = try writeTicks(directory.file("a.ticks"), times: (0..<2500).map { Int64($0) })
        var feed = try feed("")
        let (events, _, hasEnded) = try drain(&feed, capacity: capacity)
        #expect(hasEnded)
        #expect(Array(events.dropLast()) == recorded)
        #expect(events.last == .status(.ended, time: Timestamp(nanoseconds: 2499), sequence: 2501))
        let again = try drain(&feed)
        #expect(again.events.isEmpty && again.hasEnded)
    }

    @Test(arguments: [("1", 1), ("20", 20), ("0.5", 0.5)])
    func recordsAreDueInProportionToTheSpeed(speed: String, factor: Double) throws {
        try writeTicks(directory.file("a.ticks"), times: [100, 1_000_100, 3_000_100, 3_000_100])
        var feed = try feed(",\"speed\":\(speed)")
        var batch = MarketEventBatch(capacity: 10)
        let start = Timestamp(seconds: 50)
        func after(_ nanoseconds: Double) -> Timestamp {
            Timestamp(nanoseconds: start.nanoseconds + Int64(nanoseconds / factor))
        }
        #expect(try feed.next(into: &batch, now: start) == .wait(until: after(1_000_000)))
        #expect(batch.count == 1)
        let early = Timestamp(nanoseconds: after(1_000_000).nanoseconds - 1)
        #expect(try feed.next(into: &batch, now: early) == .wait(until: after(1_000_000)))
        #expect(batch.count == 1)
        #expect(try feed.next(into: &batch, now: after(1_000_000)) == .wait(until: after(3_000_000)))
        #expect(try feed.next(into: &batch, now: after(9_000_000)) == .ended)
        #expect(batch.count == 5)
        #expect(!feed.isLive)
    }

    @Test func loopMovesTimesOnAndContinuesSequences() throws {
        try writeTicks(directory.file("a.ticks"), times: [100, 110, 120])
        var feed = try feed(",\"loop\":true")
        let events = try drain(&feed, capacity: 2, recordsMax: 10).events
        #expect(
            events.prefix(9).map { $0.receiveTime.nanoseconds } == [
                100, 110, 120, 130, 140, 150, 160, 170, 180,
            ])
        #expect(events.prefix(9).map { $0.sequence } == Array(1...9))
        #expect(events.prefix(9).map { $0.word0 } == (0..<9).map { testQuote($0 % 3).word0 })
    }

    @Test func loopOfOneMomentStillMovesOn() throws {
        try writeTicks(directory.file("a.ticks"), times: [5])
        var feed = try feed(",\"loop\":true")
        let events = try drain(&feed, recordsMax: 50).events
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.receiveTime < $1.receiveTime })
    }

    @Test func startLeavesOutEarlierRecords() throws {
        let second: Int64 = 1_000_000_000
        try writeTicks(directory.file("a.ticks"), times: (0..<3000).map { Int64($0) * second })
        var feed = try feed(",\"start\":\"1970-01-01T00:41:40Z\"")
        let events = try drain(&feed).events
        #expect(events.count == 501)
        #expect(events[0].receiveTime == Timestamp(seconds: 2500))
    }

    @Test func severalFilesAreMergedAndNumberedOn() throws {
        let other = Instrument(symbol: "ETHUSDT")
        try writeTicks(directory.file("a.ticks"), times: [1, 3, 5])
        try writeTicks(directory.file("b.ticks"), times: [2, 3, 6], instrument: other)
        var feed = try feed("", ["a.ticks", "b.ticks"])
        let events = try drain(&feed).events.dropLast()
        #expect(events.map { $0.receiveTime.nanoseconds } == [1, 2, 3, 3, 5, 6])
        #expect(events.map { $0.sequence } == [1, 2, 3, 4, 5, 6])
        #expect(events[2].token == testInstrument.token && events[3].token == other.token)
        let options = "{\"paths\":[\"\(directory.file("a.ticks"))\",\"\(directory.file("b.ticks"))\"]}"
        #expect(try FileFeed.instruments(for: configuration("file", options)) == [testInstrument, other])
    }

    @Test func recordedEndOfDataIsNotSentTwice() throws {
        let writer = try TickFileWriter(
            path: directory.file("a.ticks"), instruments: [testInstrument], source: "")
        try writer.append(testQuote(0, time: 5))
        try writer.append(.status(.ended, time: Timestamp(nanoseconds: 5), sequence: 2))
        try writer.finish()
        var feed = try feed("")
        #expect(try drain(&feed).events == readTicks(directory.file("a.ticks")))
    }

    @Test(arguments: [
        ("{}", "path"), ("{\"path\":\"x\",\"speeed\":1}", "speeed"),
        ("{\"path\":\"x\",\"speed\":\"fast\"}", "speed"),
        ("{\"path\":\"x\",\"loop\":3}", "loop"), ("{\"path\":\"x\",\"start\":\"noon\"}", "start"),
        ("[1]", "JSON"),
        ("{\"path\":\"x\",\"paths\":[\"y\"]}", "paths"),
    ])
    func badOptionsAreNamed(json: String, option: String) {
        let error = #expect(throws: MarketDataError.self) {
            _ = try FileFeed(configuration: configuration("file", json))
        }
        #expect(error?.code == .badOptions)
        #expect(error?.description.contains(option) == true)
    }
}

@Suite struct SyntheticFeedTests {
    private func feed(_ json: String) throws -> SyntheticFeed {
        try SyntheticFeed(configuration: configuration("synthetic", json))
    }

    @Test func sameSeedGivesTheSameRecordsAndAnotherSeedOthers() throws {
        let options =
            "{\"symbols\":[\"A\",\"B\"],\"start\":\"2024-01-01T00:00:00Z\",\"speed\":\"max\","
            + "\"count\":5000,\"seed\":"
        var first = try feed(options + "7}")
        var second = try feed(options + "7}")
        var third = try feed(options + "8}")
        let events = try drain(&first).events
        #expect(try drain(&second, capacity: 7).events == events)
        #expect(try drain(&third).events != events)
        #expect(events.count == 5001)
        #expect(events.map { $0.sequence } == Array(1...5001))
        #expect(events.last?.feedStatus == .ended)
        #expect(events.last?.receiveTime == events[4999].receiveTime)
    }

    @Test func quotesAndTradesAreWellFormed() throws {
        var feed = try feed(
            "{\"speed\":\"max\",\"count\":20000,\"increment\":0.25,\"start_price\":50,\"volatility\":0.05}")
        for event in try drain(&feed).events.dropLast() {
            if event.kind == .quote {
                #expect(event.quote.bid > .zero && event.quote.bid < event.quote.ask)
                #expect(event.quote.bid.e8 % 25_000_000 == 0 && event.quote.ask.e8 % 25_000_000 == 0)
                #expect(event.quote.bidSize > .zero)
            } else {
                #expect(event.kind == .trade && event.trade.size > .zero && event.trade.aggressor != nil)
            }
        }
    }

    @Test func correlatedSymbolsMoveTogether() throws {
        func agreement(_ correlation: Double) throws -> Double {
            var options = SyntheticOptions()
            options.symbols = ["A", "B"]
            options.correlation = correlation
            options.tradeShare = 0
            options.volatility = 0.001
            var market = try SyntheticMarket(options: options)
            var last = [Int64](repeating: 0, count: 2)
            var moves: [[Double]] = [[], []]
            for window in 0..<2001 {
                for _ in 0..<50 {
                    let event = market.next(beginning: .epoch)
                    last[event.token == InstrumentToken(symbol: "A") ? 0 : 1] = event.word0
                }
                for side in 0..<2 { moves[side].append(Double(last[side])) }
                _ = window
            }
            var same = 0
            for index in 1..<2001 {
                let (a, b) = (moves[0][index] - moves[0][index - 1], moves[1][index] - moves[1][index - 1])
                if a * b > 0 { same += 1 }
            }
            return Double(same) / 2000
        }
        #expect(try agreement(0.95) > 0.75)
        #expect(try agreement(0) < 0.6)
    }

    @Test func liveFeedStampsTheWallClockAndNeverGoesBack() throws {
        var feed = try feed("{\"rate\":100,\"count\":500}")
        #expect(feed.isLive)
        let start = Timestamp(seconds: 1_700_000_000)
        let (events, end, hasEnded) = try drain(&feed, from: start)
        #expect(hasEnded)
        #expect(
            events.allSatisfy {
                $0.receiveTime >= start && $0.receiveTime <= end && $0.eventTime <= $0.receiveTime
            })
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.receiveTime <= $1.receiveTime })
        let span = end - start
        #expect(span > .seconds(4) && span < .seconds(6))
    }

    @Test func quietLiveFeedSendsHeartbeats() throws {
        var feed = try feed("{\"rate\":0.1,\"heartbeat_ms\":1000}")
        let events = try drain(&feed, recordsMax: 60).events
        let heartbeats = events.filter { $0.feedStatus == .heartbeat && $0.kind == .status }
        #expect(heartbeats.count > 45)
        #expect(heartbeats.allSatisfy { $0.token == .feedWide })
        #expect(zip(events, events.dropFirst()).allSatisfy { $1.receiveTime - $0.receiveTime <= .seconds(1) })
        #expect(events.map { $0.sequence } == (1...UInt64(events.count)).map { $0 })
    }

    @Test func stalledLiveFeedDoesNotCatchUpMoreThanASecond() throws {
        var feed = try feed("{\"rate\":100}")
        var batch = MarketEventBatch(capacity: 100_000)
        _ = try feed.next(into: &batch, now: Timestamp(seconds: 1000))
        _ = try feed.next(into: &batch, now: Timestamp(seconds: 2000))
        #expect(batch.count < 220)
        #expect(batch.count > 50)
    }

    @Test func virtualTimelineIsPacedBySpeed() throws {
        var feed = try feed("{\"start\":\"2020-01-01\",\"speed\":10,\"duration_seconds\":100,\"rate\":50}")
        #expect(!feed.isLive)
        let start = Timestamp(seconds: 1_000)
        let (events, end, hasEnded) = try drain(&feed, from: start)
        #expect(hasEnded)
        #expect(end - start > .seconds(9) && end - start <= .seconds(10))
        #expect(events[0].receiveTime >= Timestamp(iso8601: "2020-01-01")!)
        #expect(events.last!.receiveTime <= Timestamp(iso8601: "2020-01-01T00:01:40Z")!)
    }

    @Test(arguments: [
        "{\"rate\":0}", "{\"rate\":\"x\"}", "{\"symbols\":[]}", "{\"symbols\":[\"A\",\"A\"]}",
        "{\"model\":\"jumpy\"}",
        "{\"trade_share\":2}", "{\"spread\":1000}", "{\"start_price\":-1}", "{\"colour\":1}",
        "{\"correlation\":-0.1}",
        "{\"start\":\"2261-01-01\"}",
    ])
    func badOptionsAreRefused(json: String) {
        let error = #expect(throws: MarketDataError.self) { _ = try feed(json) }
        #expect(error?.code == .badOptions)
    }

    @Test func tickFileOfAMarketIsReproducible() throws {
        let directory = TestDirectory()
        for name in ["a.ticks", "b.ticks"] {
            try SyntheticMarket.writeTickFile(
                path: directory.file(name), options: SyntheticOptions(), beginning: Timestamp(seconds: 1),
                recordCount: 3000)
        }
        #expect(directory.read("a.ticks") == directory.read("b.ticks"))
        #expect(try readTicks(directory.file("a.ticks")).count == 3000)
    }
}

@Suite struct FeedRegistryTests {
    @Test func knowsTheFeedsOfTheModuleAndNamesThemWhenAskedForAnother() throws {
        let registry = FeedRegistry()
        #expect(registry.types.map { $0.name } == ["file", "socket", "synthetic"])
        let feed = try registry.makeFeed(configuration("synthetic", "{}"))
        #expect(feed.isLive)
        let error = #expect(throws: MarketDataError.self) { _ = try registry.type(kind: "nonesuch") }
        #expect(error?.code == .unknownFeed)
        #expect(error?.description.contains("file, socket, synthetic") == true)
    }

    @Test func optionsAreTypedAndTextsFromACommandLineAreRead() throws {
        let options = try configuration(
            "x",
            "{\"a\":\"t\",\"b\":1.5,\"c\":true,\"d\":[\"x\",2],\"e\":\"3\",\"f\":\"true\",\"g\":\"p,q\","
                + "\"h\":null}"
        )
        #expect(try options.text("a") == "t")
        #expect(try options.number("b") == 1.5)
        #expect(try options.flag("c"))
        #expect(try options.list("d") == ["x", "2"])
        #expect(try options.number("e") == 3)
        #expect(try options.integer("e", in: 0...5) == 3)
        #expect(try options.flag("f"))
        #expect(try options.list("g") == ["p", "q"])
        #expect(try options.text("h") == nil)
        #expect(try options.text("absent") == nil)
        #expect(try !options.flag("absent"))
        #expect(throws: MarketDataError.self) { _ = try options.number("a") }
        #expect(throws: MarketDataError.self) { _ = try options.integer("e", in: 4...5) }
        #expect(throws: MarketDataError.self) { try options.requireOnly(["a", "b"]) }
    }
}
