import Foundation
import TestSupport
import Testing

/// Awkward moments: a locked database, a paused strategy that dies, rows that arrive together, a feed without a file.
@Suite(.serialized) struct FaultTests {
    @Test func aLockedDatabaseDelaysNoRestartAndLosesNothing() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        let pid = try engine.pid("maker")
        let locker = try ProgramRun(
            "sqlite3",
            [
                "-batch", "-cmd", ".timeout 5000", engine.database, "BEGIN IMMEDIATE;", ".shell echo locked",
                ".shell sleep 4", "COMMIT;",
            ])
        try #require(
            waitUntil(seconds: 10) { locker.standardOutput.contains("locked") }, "\(locker.standardError)")
        kill(pid, SIGKILL)
        // The manager says on its own output what it cannot write down yet.
        let restarted = waitUntil(seconds: 3) {
            engine.log.components(separatedBy: "executor maker: running").count == 3
        }
        #expect(restarted && locker.isRunning, "restarted while the database was locked: \(engine.log)")
        #expect(locker.wait(seconds: 20) == 0)
        #expect(try waitUntil(seconds: 10) { try engine.process("maker").hasSuffix("/2") }, "\(engine.log)")
        try engine.waitForStatus("maker", "running")
        #expect(try engine.value("SELECT exit_signal FROM strategy_instances WHERE pid = \(pid);") == "9")
        #expect(engine.stop() == 0)
        #expect(try engine.sql("PRAGMA integrity_check;") == ["ok"])
    }

    @Test func aPausedStrategyThatDiesComesBackPaused() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["maker"])
        let pause = try engine.sendCommand("pause", to: "maker")
        #expect(try engine.commandStatus(pause) == "executed")
        let orders = "SELECT count(*) FROM orders WHERE epoch = 2;"
        kill(try engine.pid("maker"), SIGKILL)
        #expect(try waitUntil(seconds: 10) { try engine.process("maker").hasSuffix("/2") }, "\(engine.log)")
        try engine.waitForStatus("maker", "paused")
        let before = try engine.eventCount("maker")
        #expect(
            try waitUntil(seconds: 10) { try engine.eventCount("maker") > before }, "it marks its positions")
        #expect(try engine.value(orders) == "0")
        let resume = try engine.sendCommand("resume", to: "maker")
        #expect(try engine.commandStatus(resume) == "executed")
        #expect(
            try waitUntil(seconds: 20) { try engine.value(orders) != "0" }, "it trades again: \(engine.log)")
    }

    @Test func aFeedAStrategyAndItsStartMayComeInOneTransaction() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.start()
        try engine.sql(
            """
            BEGIN;
            INSERT INTO feeds(name, kind, config_json)
            VALUES ('late', 'file', '{"path": "\(engine.ticks)", "speed": 1, "loop": true}');
            INSERT INTO strategy_configs(name, class_name, config_json, auto_start)
            VALUES ('late_one', 'market_maker', '{"instruments": ["ALPHA"]}', 0);
            INSERT INTO strategy_commands(strategy_id, command) VALUES ('late_one', 'start');
            COMMIT;
            """)
        try engine.waitForStatus("late_one", "running")
        #expect(
            try waitUntil(seconds: 10) {
                try engine.value("SELECT status FROM strategy_commands;") == "executed"
            })
        #expect(try waitUntil(seconds: 10) { try engine.value("SELECT status FROM feeds;") == "running" })
        #expect(try waitUntil(seconds: 10) { try engine.eventCount("late_one") > 0 }, "\(engine.log)")
    }

    @Test func aFeedWithoutItsFileIsAnErrorUntilItsRowIsMended() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.start()
        try engine.sql(
            "INSERT INTO feeds(name, kind, config_json) VALUES ('f', 'file', '{\"path\": \"/no/such\"}');")
        #expect(
            try waitUntil(seconds: 10) {
                try engine.value("SELECT status || ' ' || reason FROM feeds;").hasPrefix("error")
            })
        #expect(try engine.value("SELECT reason FROM feeds;").contains("/no/such"))
        try engine.sql("UPDATE feeds SET config_json = '{\"path\": \"\(engine.ticks)\", \"speed\": 1}';")
        #expect(try waitUntil(seconds: 10) { try engine.value("SELECT status FROM feeds;") == "running" })
    }

    @Test func flattenClosesPositionsAndOrders() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "50")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover"])
        let position = """
            SELECT count(*) FROM positions_view WHERE strategy = 'crossover' AND quantity != 0;
            """
        #expect(try waitUntil(seconds: 20) { try engine.value(position) == "1" }, "\(engine.log)")
        _ = try engine.sendCommand("pause", to: "crossover")
        let flatten = try engine.sendCommand("flatten", to: "crossover")
        #expect(try engine.commandStatus(flatten) == "executed")
        #expect(try waitUntil(seconds: 10) { try engine.value(position) == "0" })
        let open = """
            SELECT count(*) FROM orders_view WHERE strategy = 'crossover'
            AND status IN ('submitted', 'accepted', 'partially_filled');
            """
        #expect(try engine.value(open) == "0")
    }

    @Test func aStrategyThatKeepsDyingIsGivenUpWithItsReasonAndAStartBringsItBack() throws {
        let engine = try EngineHome()
        try engine.addThreeStrategiesWithSlowFeed()
        try engine.sql(
            """
            UPDATE strategy_configs SET restart_policy_json =
            '{"backoff_initial": "10ms", "backoff_max": "20ms", "unstable_exits_max": 3}' WHERE name = 'maker';
            """)
        try engine.start(waitingFor: ["crossover", "maker"])
        let other = try engine.process("crossover")
        for epoch in 1...3 {
            #expect(
                try waitUntil(seconds: 10) { try engine.process("maker").hasSuffix("/\(epoch)") },
                "\(engine.log)")
            try engine.waitForStatus("maker", "running")
            kill(try engine.pid("maker"), SIGKILL)
        }
        try engine.waitForStatus("maker", "error")
        let reason = try engine.value("SELECT last_reason FROM strategies WHERE name = 'maker';")
        #expect(reason.contains("crash loop"), "\(reason)")
        let start = try engine.sendCommand("start", to: "maker")
        #expect(try engine.commandStatus(start) == "executed")
        #expect(try engine.process("crossover") == other)
    }

    @Test func whatAStrategyDidWithoutAManagerReachesTheDatabaseAlthoughItIsStoppedThen() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "50")
        try engine.addStrategy(
            "crossover", "moving_average_crossover", "--instrument", "ALPHA", "--set", "fast=5", "--set",
            "slow=20")
        try engine.start(waitingFor: ["crossover"])
        let id = try engine.value("SELECT id FROM strategy_configs;")
        engine.manager?.signal(SIGKILL)
        _ = engine.manager?.wait(seconds: 10)
        let stored = Int(try engine.value("SELECT count(*) FROM fills;")) ?? 0
        let journal = engine.home + "/journal/\(id)/1.journal"
        func size() throws -> Int {
            try #require(try FileManager.default.attributesOfItem(atPath: journal)[.size] as? Int)
        }
        // A fill takes some hundred bytes: it goes on trading while nobody looks.
        let before = try size()
        #expect(try waitUntil(seconds: 20) { try size() > before + 4000 })
        try engine.sql("INSERT INTO strategy_commands(strategy_id, command) VALUES ('crossover', 'stop');")
        try engine.start()
        #expect(
            try waitUntil(seconds: 20) {
                try engine.value("SELECT status FROM strategy_commands;") == "executed"
                    && (Int(try engine.value("SELECT count(*) FROM fills;")) ?? 0) > stored + 5
            }, "\(engine.log)")
        #expect(try engine.process("crossover") == "")
        let difference = """
            SELECT p.quantity_e8 - (SELECT sum(iif(side = 'buy', quantity_e8, -quantity_e8)) FROM fills) FROM positions p;
            """
        #expect(try engine.value(difference) == "0")
    }
}
