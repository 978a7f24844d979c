import Foundation
import TestSupport
import Testing

/// What a strategy saw on a socket feed, recorded by default, and what a backtest of that recording gives.
@Suite(.serialized) struct RecordedSessionTests {
    private func addFeed(to engine: EngineHome, _ more: [String]) throws -> String {
        let path = engine.directory.file("in.sock")
        let arguments = ["feeds", "add", "desk", "--kind", "socket", "--set", "address=unix:\(path)"] + more
        let added = try TradewindProgram.run(arguments, home: engine.home)
        try #require(added.exitCode == 0, "\(added.errors)")
        return path
    }

    private func recording(_ engine: EngineHome) throws -> String {
        let days = try FileManager.default.contentsOfDirectory(atPath: engine.home + "/ticks")
        return "\(engine.home)/ticks/\(try #require(days.first))/desk.ticks"
    }

    @Test func backtestOfTheRecordingSendsTheSameOrders() throws {
        let engine = try EngineHome(seconds: 5)
        let path = try addFeed(to: engine, ["--set", "symbols=ALPHA", "--set", "preset=quotes"])
        try engine.addStrategy(
            "crossover", "moving_average_crossover", "--instrument", "ALPHA", "--set", "fast=3", "--set",
            "slow=12")
        try engine.start(waitingFor: ["crossover"])
        let peer = try FeedSender(socket: path)
        peer.send("ts,bid,ask\n")
        var cents = 10_000
        var lines: [String] = []
        for number in 0..<3_000 {
            // Up and down in waves of changing length.
            cents += (number / (20 + number % 7)) % 2 == 0 ? 1 : -1
            let (bid, ask) = (Double(cents) / 100, Double(cents + 2) / 100)
            lines.append("\(1_700_000_000_000 + number),\(bid),\(ask)")
            if lines.count % 50 == 0 {
                peer.send(lines.suffix(50).joined(separator: "\n") + "\n")
                usleep(5_000)
            }
        }
        #expect(try waitUntil(seconds: 30) { try engine.eventCount("crossover") >= lines.count })
        _ = try engine.sendCommand("stop", to: "crossover")
        try engine.waitForStatus("crossover", "stopped")
        let hash = try engine.value(
            "SELECT order_log_hash FROM strategy_instances WHERE order_log_hash IS NOT NULL ORDER BY epoch DESC;"
        )
        let orders = Int(try engine.value("SELECT count(*) FROM orders;")) ?? 0
        #expect(orders > 20 && !hash.isEmpty, "\(orders) orders, hash '\(hash)'")
        let parity = try TradewindProgram.run("parity", "crossover", home: engine.home)
        #expect(parity.exitCode == 0, "\(parity)")
        #expect(engine.stop() == 0)

        let file = try recording(engine)
        let backtest = try TradewindProgram.run(
            "backtest", "moving_average_crossover", "--data", file, "--instrument", "ALPHA", "--set",
            "fast=3",
            "--set", "slow=12", home: engine.home)
        #expect(backtest.exitCode == 0 && backtest.output.contains(hash), "\(hash): \(backtest)")
        // What was sent is what was recorded, line by line.
        let recorded = try engine.command("ticks", "cat", file, "--kind", "quote").split(separator: "\n")
            .dropFirst()
        #expect(recorded.count == lines.count)
        for (line, sent) in zip(recorded, lines) {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            let wanted = sent.split(separator: ",").dropFirst().map { Double($0) }
            #expect([Double(cells[7]), Double(cells[8])] == wanted, "\(line) where \(sent) was sent")
        }
        try expectReplayToBeRecordedAgain(file)
    }

    /// The recording, replayed through processes and recorded again, is the same records.
    private func expectReplayToBeRecordedAgain(_ file: String) throws {
        let engine = try EngineHome(seconds: 5)
        try engine.command(
            "feeds", "add", "desk", "--kind", "file", "--set", "path=\(file)", "--record", "on", "--set",
            "lossless=true")
        try engine.start()
        let isDone = try waitUntil(seconds: 30) {
            try engine.value("SELECT reason FROM feeds;") == "completed"
        }
        #expect(isDone, "\(engine.log)")
        #expect(engine.stop() == 0)
        let replayed = try engine.command("ticks", "cat", try recording(engine))
        // The end of the replay is its own record.
        let lines = replayed.split(separator: "\n").filter { !$0.contains(",ended,") }
        let recorded = try engine.command("ticks", "cat", file).split(separator: "\n")
        #expect(lines == recorded)
    }

    /// A burst as fast as the socket takes it: all of it in the recording, in order.
    @Test func burstIsRecordedWholeAndInOrder() throws {
        let engine = try EngineHome(seconds: 5)
        let path = try addFeed(to: engine, ["--set", "symbols=ALPHA", "--set", "preset=trades"])
        try engine.start()
        let peer = try FeedSender(socket: path)
        peer.send("ts,symbol,price,qty\n")
        let total = 200_000
        for start in stride(from: 1, through: total, by: 10_000) {
            peer.send((start..<start + 10_000).map { "1700000000000,ALPHA,\($0),1\n" }.joined())
        }
        let isThere = try waitUntil(seconds: 60) {
            Int(try engine.value("SELECT sum(record_count) FROM recordings;")) ?? 0 >= total
        }
        #expect(isThere, "\(engine.log)")
        #expect(engine.stop() == 0)
        #expect(!FileManager.default.fileExists(atPath: path), "the feed left its socket behind")
        let prices = try engine.command("ticks", "cat", try recording(engine), "--kind", "trade")
            .split(separator: "\n").dropFirst().map {
                $0.split(separator: ",", omittingEmptySubsequences: false)[11]
            }
        #expect(
            prices.count == total && prices.enumerated().allSatisfy { String($0.offset + 1) == $0.element })
        let gaps = try engine.command("ticks", "cat", try recording(engine), "--kind", "gap")
        #expect(gaps.split(separator: "\n").count == 1, "\(gaps)")
    }

    /// `symbols=any`: a symbol that nobody named is an instrument from its first record on.
    @Test func symbolsThatNobodyNamedBecomeInstruments() throws {
        let engine = try EngineHome(seconds: 5)
        let path = try addFeed(
            to: engine,
            [
                "--set", "symbols=ALPHA,any", "--set", "symbols_max=4", "--set", "preset=trades", "--set",
                "price_increment=0.01", "--set", "category=desk", "--set", "stale_after=60,DELTA=30",
            ])
        try engine.start()
        let peer = try FeedSender(socket: path)
        peer.send("ts,symbol,price,qty\n")
        for symbol in ["ALPHA", "DELTA", "GAMMA", "a b", "DELTA", "OMEGA"] {
            peer.send("1700000000000,\(symbol),5,1\n")
        }
        // One more than may be, and a row that is wrong.
        peer.send("1700000000000,SIGMA,5,1\n1700000000000,KAPPA,-5,1\n1700000000000,GAMMA,6,1\n")
        let symbols =
            "SELECT group_concat(symbol) FROM (SELECT symbol FROM instruments WHERE category = 'desk' ORDER BY 1);"
        let areThere = try waitUntil(seconds: 20) { try engine.value(symbols) == "ALPHA,DELTA,GAMMA,OMEGA" }
        #expect(areThere, "\(engine.log)")
        #expect(try engine.value("SELECT price_increment FROM instruments WHERE symbol = 'GAMMA';") == "0.01")
        // A strategy trades on one at once.
        try engine.sql(
            "INSERT INTO strategy_configs(name, class_name, module_path, config_json) VALUES ('gamma', 'chronicle', "
                + "'\(FaultProgram.path)', '{\"instruments\": [\"GAMMA\"]}');")
        try engine.waitForStatus("gamma", "running")
        peer.send("1700000000000,GAMMA,7,1\n")
        #expect(try waitUntil(seconds: 20) { try engine.eventCount("gamma") >= 1 }, "\(engine.log)")
        let counted = try waitUntil(seconds: 20) {
            try engine.command("feeds", "list").contains("1 not understood, 2 of unknown symbols")
        }
        let log = try engine.command("logs", "feed-desk")
        #expect(counted, "\(log)")
        #expect(
            log.contains("'a b' is no symbol") && log.contains("SIGMA is one more than symbols_max"), "\(log)"
        )
        // Without a manager they wait for the next one.
        engine.killManager()
        peer.send("1700000000000,GAMMA,8,1\n")
        try engine.start()
        #expect(try waitUntil(seconds: 20) { try engine.eventCount("gamma") >= 2 }, "\(engine.log)")
        #expect(engine.stop() == 0)
        let info = try engine.command("ticks", "info", try recording(engine))
        for symbol in ["ALPHA", "DELTA", "GAMMA", "OMEGA"] { #expect(info.contains(symbol), "\(info)") }
        #expect(!info.contains("SIGMA"), "\(info)")
    }

    @Test(arguments: [
        (["symbols=any", "format=frames"], "must be named for frames"),
        (["symbols=ALPHA", "symbols_max=5", "preset=trades"], "bounds the symbols of symbols=any"),
        (["symbols=A,B,any", "symbols_max=2", "preset=trades"], "must be more than the 2 symbols named"),
        (["symbols=any", "symbols_max=0", "preset=trades"], "must be from 1 to 4096"),
        (["symbols=A", "format=frames", "preset=trades"], "format frames has none"),
        (["symbols=A", "price_increment=-1", "preset=trades"], "must be 0 or a positive decimal"),
    ])
    func wrongOptionsAreSaid(_ options: [String], _ words: String) throws {
        let directory = try TemporaryDirectory()
        let home = directory.file("home")
        _ = try TradewindProgram.run("init", home: home)
        let result = try TradewindProgram.run(
            ["feeds", "add", "desk", "--kind", "socket", "--set", "address=127.0.0.1:9000"]
                + options.flatMap { ["--set", $0] }, home: home)
        #expect(result.exitCode == 78 && result.errors.contains(words), "\(result)")
    }
}
