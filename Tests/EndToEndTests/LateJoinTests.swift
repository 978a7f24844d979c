import Foundation
import TestSupport
import Testing

/// A strategy that starts in the middle of the day has seen every record once when it is at the live edge.
@Suite(.serialized) struct LateJoinTests {
    private func add(
        _ name: String, _ className: String = "chronicle", symbols: [String] = ["ALPHA"], warmUp: String?,
        to engine: EngineHome
    ) throws {
        let extra = warmUp.map { #", "warm_up": "\#($0)""# } ?? ""
        try engine.sql(
            "INSERT INTO strategy_configs(name, class_name, module_path, config_json) VALUES ('\(name)', '\(className)', "
                + "'\(FaultProgram.path)', '{\"instruments\": \(symbols)\(extra)}');")
    }

    private func addFeed(_ name: String, symbol: String, to engine: EngineHome, record: Bool = true) throws
        -> String
    {
        let path = engine.directory.file("\(name).sock")
        try engine.command(
            "feeds", "add", name, "--kind", "socket", "--set", "address=unix:\(path)", "--set",
            "symbols=\(symbol)", "--set", "preset=trades", "--record", record ? "default" : "off")
        return path
    }

    /// What a survivor told of an instrument in its latest line with a word, by the word before each number.
    private func told(_ word: String, _ symbol: String, by name: String, of engine: EngineHome) throws
        -> [String: String]
    {
        let line = try #require(
            log(name, of: engine).split(separator: "\n").last { $0.contains("survivor \(word) \(symbol)") },
            "\(log(name, of: engine))\n\(engine.log)")
        let words = line.split(separator: " ").map(String.init)
        return Dictionary(zip(words, words.dropFirst())) { $1 }
    }

    private func count(_ text: String, in name: String, of engine: EngineHome) -> Int {
        log(name, of: engine).components(separatedBy: text).count - 1
    }

    private func log(_ name: String, of engine: EngineHome) -> String {
        (try? String(contentsOfFile: engine.home + "/logs/\(name).log", encoding: .utf8)) ?? ""
    }

    /// What a chronicle told at its end, by the word before each number.
    private func account(_ name: String, of engine: EngineHome) throws -> [String: Int] {
        let line = try #require(
            log(name, of: engine).split(separator: "\n").last { $0.contains("chronicle first") },
            "\(log(name, of: engine))")
        let words = line.split(separator: " ")
        var found: [String: Int] = [:]
        for (word, next) in zip(words, words.dropFirst()) { found[String(word)] = Int(next) }
        return found
    }

    @Test func whoJoinsLateSeesWhatTheOthersSawOnce() throws {
        let engine = try EngineHome(seconds: 5)
        let path = engine.directory.file("in.sock")
        try engine.command(
            "feeds", "add", "desk", "--kind", "socket", "--set", "address=unix:\(path)", "--set",
            "symbols=ALPHA", "--set", "preset=trades")
        try add("early", warmUp: nil, to: engine)
        try engine.start(waitingFor: ["early"])
        let sender = try TradeSender(path: path, symbol: "ALPHA")
        #expect(waitUntil(seconds: 30) { sender.count > 5_000 })
        try add("late", warmUp: "today", to: engine)
        #expect(waitUntil(seconds: 30) { log("late", of: engine).contains("caught up") }, "\(engine.log)")
        // A recorder that is behind is waited for.
        let recorder = try engine.lockHolder("recorder")
        kill(recorder, SIGSTOP)
        try add("later", warmUp: "1h", to: engine)
        #expect(waitUntil(seconds: 30) { log("later", of: engine).contains("warming up") }, "\(engine.log)")
        let before = sender.count
        #expect(waitUntil(seconds: 30) { sender.count > before + 2_000 })
        #expect(!log("later", of: engine).contains("caught up"))
        kill(recorder, SIGCONT)
        #expect(waitUntil(seconds: 30) { log("later", of: engine).contains("caught up") }, "\(engine.log)")
        let joined = sender.count
        #expect(waitUntil(seconds: 30) { sender.count > joined + 2_000 })
        sender.stop()
        let total = sender.count
        for name in ["early", "late", "later"] {
            let isComplete = try waitUntil(seconds: 30) { try engine.eventCount(name) >= total }
            #expect(isComplete, "\(name) has not seen all: \(log(name, of: engine))")
        }
        #expect(engine.stop() == 0)
        let early = try account("early", of: engine)
        #expect(early["first"] == 1 && early["count"] == total && early["breaks"] == 0)
        for name in ["late", "later"] {
            let late = try account(name, of: engine)
            #expect(late["first"] == 1 && late["last"] == total && late["count"] == total, "\(name): \(late)")
            #expect(late["breaks"] == 0 && late["missing"] == 0, "\(name): \(late)")
            #expect((5_000..<total).contains(late["warm-up"] ?? 0), "\(name): \(late)")
            // Nothing was ordered on the past, nor put down.
            let orders =
                try Int(
                    engine.value(
                        """
                        SELECT count(*) FROM orders WHERE strategy_id =
                        (SELECT id FROM strategy_configs WHERE name = '\(name)');
                        """)) ?? -1
            #expect((1...(total - (late["warm-up"] ?? 0)) / 100 + 1).contains(orders), "\(orders) orders")
        }
    }

    /// Two feeds, one ten times as fast as the other; the strategy is killed with a position and an open order.
    @Test func killedStrategyOfTwoFeedsLooksBackAgainAndHoldsWhatItHeld() throws {
        let engine = try EngineHome(seconds: 5)
        let paths = try ["ALPHA": "fast", "BETA": "slow"].mapValues { name in
            try addFeed(name, symbol: name == "fast" ? "ALPHA" : "BETA", to: engine)
        }
        try engine.start()
        let senders = try paths.map { symbol, path in
            (symbol, try TradeSender(path: path, symbol: symbol, perMoment: symbol == "ALPHA" ? 50 : 5))
        }
        #expect(waitUntil(seconds: 30) { senders.allSatisfy { $0.1.count > 300 } })
        try add("keeper", "survivor", symbols: ["ALPHA", "BETA"], warmUp: "today", to: engine)
        func wait(for count: Int, of text: String) {
            #expect(
                waitUntil(seconds: 40) { self.count(text, in: "keeper", of: engine) >= count },
                "\(log("keeper", of: engine))\n\(engine.log)")
        }
        wait(for: 1, of: "survivor live BETA")
        let orders = "SELECT id, status, quantity, filled_quantity, price FROM orders_view ORDER BY id;"
        let hasFilled = try waitUntil(seconds: 20) {
            try engine.sql("SELECT count(*) FROM fills;") == ["1"]
                && engine.sql(orders).count == 2
        }
        try #require(hasFilled, "\(engine.log)")
        let before = try engine.sql(orders)
        // Twice: the second time while it looks back.
        kill(try engine.pid("keeper"), SIGKILL)
        wait(for: 2, of: "warming up")
        kill(try engine.pid("keeper"), SIGKILL)
        wait(for: 2, of: "survivor live BETA")
        for symbol in ["ALPHA", "BETA"] {
            let live = try told("live", symbol, by: "keeper", of: engine)
            #expect(live["first"] == "1" && live["breaks"] == "0" && live["missing"] == "0", "\(live)")
            #expect(live["position"] == (symbol == "ALPHA" ? "3" : "0"), "\(live)")
            #expect(live["open"] == (symbol == "ALPHA" ? "1" : "0"), "\(live)")
        }
        let middle = senders.map(\.1.count)
        #expect(waitUntil(seconds: 30) { zip(senders, middle).allSatisfy { $0.1.count > $1 + 200 } })
        #expect(try engine.sql(orders) == before)
        senders.forEach { $0.1.stop() }
        let total = senders.reduce(0) { $0 + $1.1.count }
        let hasAll = try waitUntil(seconds: 30) { try engine.eventCount("keeper") >= total }
        #expect(hasAll, "\(log("keeper", of: engine))")
        #expect(engine.stop() == 0)
        for (symbol, sender) in senders {
            let end = try told("end", symbol, by: "keeper", of: engine)
            #expect(end["first"] == "1" && end["last"] == "\(sender.count)", "\(end)")
            #expect(end["count"] == "\(sender.count)" && end["breaks"] == "0", "\(end)")
            #expect(end["missing"] == "0", "\(end)")
        }
        // Nothing of the past was put down.
        #expect(try engine.sql("SELECT count(*) FROM orders;") == ["2"])
    }

    /// A strategy is paused, resumed and flattened in the middle of its warm-up, and told when there can be none.
    @Test func commandsWaitForTheEndOfTheWarmUpAndWhatIsNotRecordedIsSaid() throws {
        let engine = try EngineHome(seconds: 5)
        let path = try addFeed("desk", symbol: "ALPHA", to: engine)
        let other = try addFeed("other", symbol: "BETA", to: engine, record: false)
        try engine.start()
        let sender = try TradeSender(path: path, symbol: "ALPHA")
        let others = try TradeSender(path: other, symbol: "BETA", perMoment: 1)
        #expect(waitUntil(seconds: 30) { sender.count > 500 && others.count > 10 })
        let recorder = try engine.lockHolder("recorder")
        kill(recorder, SIGSTOP)
        try add("paused", "survivor", symbols: ["ALPHA", "BETA"], warmUp: "today", to: engine)
        #expect(waitUntil(seconds: 30) { log("paused", of: engine).contains("warming up") }, "\(engine.log)")
        _ = try engine.sendCommand("pause", to: "paused")
        try engine.waitForStatus("paused", "paused")
        kill(recorder, SIGCONT)
        #expect(waitUntil(seconds: 30) { log("paused", of: engine).contains("caught up") }, "\(engine.log)")
        for words in ["feeds that are not recorded", "no warm-up of BETA"] {
            #expect(waitUntil(seconds: 10) { log("paused", of: engine).contains(words) }, "\(words)")
        }
        #expect(try engine.status("paused") == "paused")
        _ = try engine.sendCommand("resume", to: "paused")
        #expect(
            waitUntil(seconds: 20) { log("paused", of: engine).contains("survivor live ALPHA") },
            "\(log("paused", of: engine))")
        // The past was not withheld from it.
        let live = try told("live", "ALPHA", by: "paused", of: engine)
        #expect(live["first"] == "1" && Int(live["warm-up"] ?? "") ?? 0 > 500, "\(live)")
        try engine.sql("UPDATE settings SET value = 0 WHERE name = 'record_by_default';")
        #expect(
            waitUntil(seconds: 20) {
                (try? engine.value("SELECT count(*) FROM recordings WHERE status = 'complete';")) != "0"
            })
        try add("bare", "survivor", warmUp: "today", to: engine)
        #expect(
            waitUntil(seconds: 20) {
                log("bare", of: engine).contains("no warm-up, it trades without a past")
            },
            "\(log("bare", of: engine))\n\(engine.log)")
        #expect(
            waitUntil(seconds: 20) { engine.log.contains("ALARM: no warm-up, it trades") }, "\(engine.log)")
        sender.stop()
        others.stop()
        #expect(engine.stop() == 0)
    }

    /// The recording goes on in the next day's file while a strategy joins.
    @Test func strategyThatJoinsOverMidnightSeesBothDays() throws {
        let engine = try EngineHome(seconds: 5)
        let midnight = (Date().timeIntervalSince1970 / 86_400).rounded(.down) * 86_400
        let start = ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: midnight - 2))
        try engine.command(
            "feeds", "add", "sim", "--kind", "synthetic", "--set", "symbols=ALPHA", "--set", "rate=2000",
            "--set",
            "start=\(start)", "--set", "speed=1", "--set", "duration_seconds=5", "--record", "on")
        try engine.start()
        #expect(waitUntil(seconds: 20) { engine.log.contains("feed sim: running") }, "\(engine.log)")
        #expect(
            try waitUntil(seconds: 20) {
                try engine.value("SELECT sum(record_count) > 1000 FROM recordings;") == "1"
            }, "\(engine.log)")
        try add("night", "survivor", warmUp: "366d", to: engine)
        #expect(waitUntil(seconds: 30) { log("night", of: engine).contains("caught up") }, "\(engine.log)")
        #expect(
            waitUntil(seconds: 30) { engine.log.contains("feed sim: stopped: completed") }, "\(engine.log)")
        let days = try engine.sql("SELECT path FROM recordings ORDER BY path;")
        #expect(days.count == 2, "\(days)")
        #expect(
            try waitUntil(seconds: 20) {
                // The end of the feed is a record as well.
                try engine.eventCount("night")
                    == Int(engine.value("SELECT sum(record_count) FROM recordings;")) ?? -1
            }, "\(log("night", of: engine))")
        #expect(engine.stop() == 0)
    }

    @Test(arguments: ["yesterday", "5", "-1h", "1w", "0s", ""]) func wrongWarmUpIsAnError(_ text: String)
        throws
    {
        let engine = try EngineHome(seconds: 5)
        try engine.sql(
            "INSERT INTO strategy_configs(name, class_name, config_json, auto_start) VALUES ('wrong', 'market_maker', "
                + "'{\"instruments\": [\"ALPHA\"], \"warm_up\": \"\(text)\"}', 1);")
        try engine.start()
        try engine.waitForStatus("wrong", "error")
        #expect(engine.log.contains("warm_up"), "\(engine.log)")
    }
}
