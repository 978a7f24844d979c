import Foundation
import TestSupport
import Testing
import TradingModel

@testable import MarketData

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A socket feed at the other end of real sockets.
@Suite struct SocketFeedTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// A feed that listens on a socket of the test, and what it gave.
    private final class Bench {
        let path: String
        var feed: SocketFeed
        var events: [MarketEvent] = []
        let lines = Lines()
        var now = Timestamp(seconds: 1_800_000_000)

        /// What was logged, from any thread.
        final class Lines: @unchecked Sendable {
            private let lock = NSLock()
            private var all: [String] = []
            func add(_ line: String) { lock.withLock { all.append(line) } }
            var text: String { lock.withLock { all.joined(separator: "\n") } }
        }

        init(_ directory: TemporaryDirectory, _ options: String, connectingTo path: String? = nil) throws {
            self.path = path ?? directory.file("feed.sock")
            let mode = path == nil ? "" : #""mode": "connect","#
            let configuration = try FeedConfiguration(
                feedName: "desk", kind: "socket",
                json: #"{"address": "unix:\#(self.path)", \#(mode) "symbols": ["A", "B"], \#(options)}"#)
            feed = try SocketFeed(configuration: configuration)
            let lines = lines
            try feed.attach(FeedHost(wake: {}, log: { lines.add($0) }))
        }

        /// Takes what is there until a condition holds; data alone, heartbeats left out.
        @discardableResult
        func take(until isDone: (Bench) -> Bool) throws -> Bool {
            var batch = MarketEventBatch(capacity: 64)
            let deadline = ContinuousClock.now + .seconds(20)
            while ContinuousClock.now < deadline {
                now = Timestamp(nanoseconds: now.nanoseconds + 1_000)
                _ = try feed.next(into: &batch, now: now)
                events += batch.events.filter { $0.feedStatus != .heartbeat || $0.kind != .status }
                batch.removeAll()
                if isDone(self) { return true }
                usleep(1_000)
            }
            return false
        }

        var data: [MarketEvent] { events.filter { $0.kind != .status } }
        var malformed: UInt64 { feed.source.malformedCount }

        func connect() throws -> Int32 {
            let address = try #require(SocketAddress("unix:" + path))
            let deadline = ContinuousClock.now + .seconds(10)
            while true {
                if let made = try? FeedSocket.connect(to: address, milliseconds: 500) { return made }
                try #require(ContinuousClock.now < deadline, "nobody listens on \(path)")
                usleep(2_000)
            }
        }
    }

    private func send(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else { usleep(500) }
        }
    }

    private func send(_ text: String, to descriptor: Int32) { send(Array(text.utf8), to: descriptor) }

    // MARK: - Lines

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var options: String
        var sent: String
        /// Kind, symbol and first two words of each record.
        var expected: [String]
        var malformed: UInt64 = 0
    }

    static let cases = [
        Case(
            testDescription: "CSV with a header", options: #""preset": "trades""#,
            sent: "ts,symbol,price,qty\n1700000000000,A,1.5,2\n1700000000001,B,2.5,3\n",
            expected: ["trade A 1.5 2", "trade B 2.5 3"]),
        Case(
            testDescription: "CSV with a mapping and no header",
            options: #""preset": "quotes", "header": false, "map": "time=0,symbol=3,bid=1,ask=2""#,
            sent: "1700000000000,1.5,1.6,B\r\n", expected: ["quote B 1.5 1.6"]),
        Case(
            testDescription: "a vendor's layout", options: #""preset": "tardis_trades""#,
            sent: "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
                + "binance,A,1700000000000000,1700000000000100,7,buy,1.5,2\n",
            expected: ["trade A 1.5 2"]),
        Case(
            testDescription: "a mapping alone, with a decimal comma",
            options: #""map": "time=Zeit,symbol=Art,price=Kurs,size=Menge,decimal=comma""#,
            sent: "Zeit;Art;Kurs;Menge\n1700000000000;A;1,5;2\n", expected: ["trade A 1.5 2"]),
        Case(
            testDescription: "bars", options: #""preset": "ohlcv", "bar_seconds": 60"#,
            sent: "ts,symbol,open,high,low,close,volume\n1700000000000,A,1,3,1,2,9\n",
            expected: ["barVolume A 9 600", "bar A 1 3"]),
        Case(
            testDescription: "malformed lines", options: #""preset": "trades""#,
            sent: "ts,symbol,price,qty\n1700000000000,A,1.5,2\nx\n1700000000000,A,-1,2\n1,2,3,4,5,6\n"
                + "1700000000002,A,7,1\n",
            expected: ["trade A 1.5 2", "trade A 7 1"], malformed: 3),
        Case(
            testDescription: "an unknown symbol", options: #""preset": "trades""#,
            sent: "ts,symbol,price,qty\n1700000000000,C,1.5,2\n1700000000002,A,7,1\n",
            expected: ["trade A 7 1"], malformed: 1),
        Case(
            testDescription: "garbage ahead of the header", options: #""preset": "trades""#,
            sent: "\u{1}\u{2}garbage\n!!!\nts,symbol,price,qty\n1700000000000,A,1.5,2\n",
            expected: ["trade A 1.5 2"], malformed: 2),
        Case(
            testDescription: "JSON lines of two kinds, members in any order", options: #""format": "json""#,
            sent: #"{"symbol":"A","ts":1700000000000,"bid":"1.5","ask":1.75}"# + "\n"
                + #"{"ts":1700000000001,"size":3,"symbol":"B","price":1.6,"side":"sell"}"# + "\n"
                + #" { "ask" : 2 , "bid" : 1 , "ts" : 1700000000002 , "symbol" : "A" } "# + "\n",
            expected: ["quote A 1.5 1.75", "trade B 1.6 3", "quote A 1 2"]),
        Case(
            testDescription: "JSON that is none", options: #""format": "json""#,
            sent: "{\n[]\n{}\n{\"a\":[1]}\n{\"a\":\"\\n\"}\n{\"a\":1\n{\"a\":1}x\n\n"
                + #"{"symbol":"A","ts":1700000000001,"price":1,"size":2}"# + "\n",
            expected: ["trade A 1 2"], malformed: 7),
    ]

    private func text(_ event: MarketEvent) -> String {
        let symbol = event.token == InstrumentToken(symbol: "A") ? "A" : "B"
        let words =
            event.kind == .barVolume
            ? (Quantity(e8: event.word0).description, "\(event.word1 / 100_000_000)")
            : (Price(e8: event.word0).description, Price(e8: event.word1).description)
        return "\(event.kind.map { "\($0)" } ?? "?") \(symbol) \(words.0) \(words.1)"
    }

    @Test(arguments: cases, [true, false])
    func linesBecomeRecords(_ test: Case, _ isByteByByte: Bool) throws {
        let bench = try Bench(directory, test.options)
        let peer = try bench.connect()
        defer { close(peer) }
        if isByteByByte {
            for byte in test.sent.utf8 { send([byte], to: peer) }
        } else {
            send(test.sent, to: peer)
        }
        let isThere = try bench.take {
            $0.data.count >= test.expected.count && $0.malformed >= test.malformed
        }
        #expect(isThere, "\(bench.data.map(text)), \(bench.malformed): \(bench.lines.text)")
        #expect(bench.data.map(text) == test.expected)
        #expect(bench.malformed == test.malformed)
        #expect(bench.data.allSatisfy { $0.receiveTime >= Timestamp(seconds: 1_800_000_000) })
        #expect(bench.data.first.map { $0.eventTime >= Timestamp(seconds: 1_699_999_000) } ?? true)
    }

    @Test func sequencesCountAndTimesNeverGoBackWhateverTheClockDoes() throws {
        let bench = try Bench(directory, #""preset": "trades""#)
        let peer = try bench.connect()
        defer { close(peer) }
        send("ts,symbol,price,qty\n", to: peer)
        for number in 0..<20 {
            send("1700000000000,A,\(number + 1),1\n", to: peer)
            try bench.take { $0.data.count > number }
            bench.now = Timestamp(nanoseconds: bench.now.nanoseconds - 5_000_000_000)
        }
        let all = bench.events
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.receiveTime <= $1.receiveTime })
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.sequence < $1.sequence })
    }

    @Test func lineWithoutAnEndIsGivenUpAndTheNextOneRead() throws {
        let bench = try Bench(directory, #""preset": "trades""#)
        let peer = try bench.connect()
        send("ts,symbol,price,qty\n1700000000000,A,1,1\n", to: peer)
        send([UInt8](repeating: 0x78, count: 3_000_000), to: peer)
        send("\n1700000000000,A,2,1\n1700000000000,A,3", to: peer)
        #expect(try bench.take { $0.data.count == 2 })
        #expect(bench.malformed == 1)
        close(peer)
        // What is left at the end of a connection is no line.
        #expect(try bench.take { $0.malformed == 2 }, "\(bench.lines.text)")
        #expect(try bench.take { $0.lines.text.contains("within a line") }, "\(bench.lines.text)")
    }

    @Test func binaryNoiseEndsNothing() throws {
        let bench = try Bench(directory, #""format": "json""#)
        let noise = try bench.connect()
        var generator = SeededGenerator(seed: 7)
        send((0..<300_000).map { _ in UInt8(truncatingIfNeeded: generator.next()) }, to: noise)
        let peer = try bench.connect()
        send(#"{"symbol":"A","ts":1700000000001,"price":1,"size":2}"# + "\n", to: peer)
        #expect(try bench.take { !$0.data.isEmpty })
        #expect(bench.malformed > 100)
        let longest = bench.lines.text.split(separator: "\n").map(\.utf8.count).max() ?? 0
        #expect(longest < 700, "a logged line has \(longest) bytes")
        #expect(!bench.lines.text.utf8.contains { $0 < 0x20 && $0 != 0x0A })
        close(noise)
        close(peer)
    }

    // MARK: - Frames

    @Test func recordsFramesAreTakenWithOwnSequencesAndTimes() throws {
        let bench = try Bench(directory, #""format": "frames""#)
        let peer = try bench.connect()
        var frame: [UInt8] = []
        let events = (0..<3).map { testQuote($0, token: InstrumentToken(symbol: "A")) }
        frame += withUnsafeBytes(of: UInt32(8 + 192).littleEndian) { Array($0) } + [7, 0, 1, 0]
        frame += withUnsafeBytes(of: InstrumentToken(symbol: "A").rawValue.littleEndian) { Array($0) }
        frame += [9, 0, 0, 0]
        events.withUnsafeBytes { frame += $0 }
        for byte in frame + [0, 0, 0, 0, 9, 0, 1, 0] + frame { send([byte], to: peer) }
        #expect(try bench.take { $0.data.count == 6 })
        #expect(bench.data.map(\.word0) == (events + events).map(\.word0))
        #expect(bench.data.map(\.eventTime) == (events + events).map(\.eventTime))
        #expect(bench.data.allSatisfy { $0.receiveTime >= Timestamp(seconds: 1_800_000_000) })
        // After bytes that are no frame nobody knows where the next one begins.
        send("GET / HTTP/1.1\r\n\r\n", to: peer)
        #expect(
            try bench.take { $0.events.contains { $0.feedStatus == .disconnected && $0.kind == .status } })
        close(peer)
    }

    // MARK: - Connections

    @Test func sourceIsConnectedWhileAnybodyIs() throws {
        let bench = try Bench(directory, #""preset": "trades""#)
        let first = try bench.connect()
        let second = try bench.connect()
        #expect(try bench.take { $0.feed.source.detail.contains("2 connected") })
        close(first)
        #expect(try bench.take { $0.feed.source.detail.contains("1 connected") })
        #expect(bench.feed.source.isConnected)
        close(second)
        #expect(try bench.take { !$0.feed.source.isConnected })
        _ = try bench.take { $0.events.count >= 2 }
        #expect(bench.events.map(\.feedStatus) == [.connected, .disconnected])
    }

    @Test func connectingFeedComesBackWhenItsSourceDoes() throws {
        let path = directory.file("source.sock")
        let address = try #require(SocketAddress("unix:" + path))
        let bench = try Bench(directory, #""preset": "trades""#, connectingTo: path)
        #expect(try bench.take { $0.feed.source.detail.contains("cannot connect") })
        for round in 1...2 {
            let listener = try FeedSocket.listen(at: address)
            let deadline = ContinuousClock.now + .seconds(20)
            var peer: Int32?
            while peer == nil, ContinuousClock.now < deadline {
                peer = FeedSocket.accept(listener)
                usleep(2_000)
            }
            let made = try #require(peer)
            send("ts,symbol,price,qty\n1700000000000,A,\(round),1\n", to: made)
            #expect(try bench.take { $0.data.count == round })
            close(made)
            close(listener)
            unlink(path)
            #expect(try bench.take { !$0.feed.source.isConnected })
        }
    }

    @Test func addressInUseIsSaidAndTriedAgain() throws {
        let first = try Bench(directory, #""preset": "trades""#)
        _ = try first.connect()
        let second = try Bench(directory, #""preset": "trades""#)
        #expect(try second.take { $0.feed.source.detail.contains("somebody listens") })
        #expect(second.lines.text.components(separatedBy: "somebody listens").count == 2, "told once")
    }

    @Test func fileInThePlaceOfASocketIsLeftAlone() throws {
        try Data("mine".utf8).write(to: URL(fileURLWithPath: directory.file("feed.sock")))
        let bench = try Bench(directory, #""preset": "trades""#)
        #expect(try bench.take { $0.feed.source.detail.contains("is no socket") })
        #expect(try String(contentsOfFile: directory.file("feed.sock"), encoding: .utf8) == "mine")
    }

    @Test func burstThatNobodyTakesWaitsAtItsSource() throws {
        let bench = try Bench(directory, #""preset": "trades""#)
        let peer = try bench.connect()
        let line = Array("1700000000000,A,1.25,1\n".utf8)
        let block = Array(repeatElement(line, count: 1_000).joined())
        send("ts,symbol,price,qty\n", to: peer)
        // Until the feed reads no more: far below what is to be sent.
        var sent = 0
        var refusals = 0
        while sent < 1_000_000, refusals < 200 {
            let count = block.withUnsafeBytes { write(peer, $0.baseAddress, $0.count) }
            if count == block.count {
                sent += 1_000
                refusals = 0
            } else if count > 0 {
                sent += 1_000
                break
            } else {
                refusals += 1
                usleep(2_000)
            }
        }
        #expect(sent < 200_000, "\(sent) lines were taken in though nobody took them out")
        #expect(try bench.take { $0.data.count >= sent - 1_000 })
        close(peer)
    }

    // MARK: - Options

    static let wrong: [(json: String, text: String)] = [
        (#"{"symbols": "A", "preset": "trades"}"#, "address is needed"),
        (#"{"address": "here", "symbols": "A", "preset": "trades"}"#, "unix:/absolute/path"),
        (#"{"address": "unix:relative", "symbols": "A", "preset": "trades"}"#, "unix:/absolute/path"),
        (#"{"address": "1.2.3.4:5", "symbols": "A", "preset": "trades"}"#, "allow_remote"),
        (#"{"address": "127.0.0.1:0", "symbols": "A", "preset": "trades"}"#, "address"),
        (#"{"address": "127.0.0.1:5", "preset": "trades"}"#, "symbols is needed"),
        (#"{"address": "127.0.0.1:5", "symbols": "A,A", "preset": "trades"}"#, "each once"),
        (#"{"address": "127.0.0.1:5", "symbols": "A"}"#, "preset is needed"),
        (#"{"address": "127.0.0.1:5", "symbols": "A", "preset": "x"}"#, "quotes, trades, ohlcv"),
        (#"{"address": "127.0.0.1:5", "symbols": "A", "preset": "trades", "map": "px=1"}"#, "no 'px'"),
        (#"{"address": "127.0.0.1:5", "symbols": "A", "preset": "trades", "mode": "x"}"#, "listen, connect"),
        (#"{"address": "127.0.0.1:5", "symbols": "A", "preset": "trades", "foo": 1}"#, "unknown option foo"),
        (#"{"address": "127.0.0.1:5", "symbols": "A", "format": "json", "delimiter": "x"}"#, "comma"),
    ]

    @Test(arguments: wrong) func wrongOptionIsNamed(_ json: String, _ text: String) throws {
        let configuration = try FeedConfiguration(feedName: "desk", kind: "socket", json: json)
        let error = #expect(throws: MarketDataError.self) { _ = try SocketFeed(configuration: configuration) }
        #expect(error?.code == .badOptions)
        #expect(error?.context.contains(text) == true, "\(error?.context ?? "")")
    }

    // MARK: - Quiet and stale

    @Test func quietMarketAndStaleInstrumentsAreToldApart() throws {
        let configuration = try FeedConfiguration(
            feedName: "desk", kind: "socket", json: #"{"stale_after": ["A=2", "30"], "quiet_after": 5}"#)
        let instruments = [Instrument(symbol: "A"), Instrument(symbol: "B")]
        let start = ContinuousClock.now
        var monitor = try FeedMonitor(configuration, instruments: instruments, now: start)
        func at(_ seconds: Double, data: [Int] = [], isConnected: Bool = true) -> String {
            let now = start + .milliseconds(Int64(seconds * 1_000))
            let events = data.map { testQuote(1, token: instruments[$0].token) }
            events.withUnsafeBufferPointer { monitor.note($0, now: now) }
            let changes = monitor.check(now: now, isConnected: isConnected).map { change in
                "\(change.code) \(instruments.first { $0.token == change.token }?.symbol ?? "?")"
            }
            return ([monitor.health.rawValue] + changes).joined(separator: " ")
        }
        #expect(at(1, data: [0, 1]) == "ok")
        #expect(at(2.5, data: [1]) == "ok")
        #expect(at(3.5, data: [1]) == "stale stale A")
        #expect(at(4, data: [1]) == "stale")
        #expect(monitor.staleSymbols == ["A"])
        #expect(at(5, data: [0]) == "ok fresh A")
        #expect(at(6, isConnected: false) == "disconnected")
        #expect(at(6.5, data: [0]) == "ok")
        #expect(at(36, data: [0]) == "stale stale B")
        var calm = try FeedMonitor(
            FeedConfiguration(feedName: "f", kind: "k", json: "{}"), instruments: instruments, now: start)
        _ = calm.check(now: start + .seconds(11), isConnected: true)
        #expect(calm.health == .quiet)
    }

    @Test(arguments: ["x", "C=3", "A=", "A=x", "0", "A=-1"]) func wrongLimitIsNamed(_ text: String) throws {
        let configuration = try FeedConfiguration(
            feedName: "desk", kind: "socket", json: #"{"stale_after": "\#(text)"}"#)
        let error = #expect(throws: MarketDataError.self) {
            _ = try FeedMonitor(
                configuration, instruments: [Instrument(symbol: "A")], now: ContinuousClock.now)
        }
        #expect(error?.code == .badOptions)
    }
}
