import Foundation
import TestSupport
import Testing

/// Many commands at once, commands without a manager, commands that come too late: each ends, once, in order.
@Suite(.serialized) struct CommandFloodTests {
    private func waitForAll(_ engine: EngineHome, seconds: Double) throws -> Bool {
        try waitUntil(seconds: seconds) {
            try engine.value(
                "SELECT count(*) FROM strategy_commands WHERE status IN ('pending', 'accepted');") == "0"
        }
    }

    private func statuses(_ engine: EngineHome) throws -> [String] {
        try engine.sql("SELECT status, count(*) FROM strategy_commands GROUP BY status ORDER BY status;")
    }

    @Test func burstOfTenThousandCommandsOfAShellEndsAndOthersStayAlive() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        let others = try [engine.process("crossover"), engine.process("pair")]
        let start = ContinuousClock.now
        // One row a transaction for the first 2,000, as a script would; the rest at once.
        let file = engine.directory.file("burst.sql")
        let single = (0..<2_000).map {
            "INSERT INTO strategy_commands(strategy_id, command) VALUES ('maker', '\($0 % 2 == 0 ? "pause" : "resume")');"
        }
        let rest = """
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 7999)
            INSERT INTO strategy_commands(strategy_id, command) SELECT 'maker', iif(i % 2, 'resume', 'pause') FROM n;
            """
        try (single + [rest]).joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let shell = try ProgramRun(
            "sqlite3", ["-batch", "-cmd", ".timeout 30000", engine.database, ".read '\(file)'"])
        #expect(shell.wait(seconds: 60) == 0 && shell.standardError.isEmpty, "\(shell.standardError)")
        let written = ContinuousClock.now - start
        #expect(try waitForAll(engine, seconds: 60), "\(engine.log.suffix(1_000))")
        let ended = ContinuousClock.now - start
        #expect(try engine.value("SELECT count(*) FROM strategy_commands;") == "10000")
        let found = try statuses(engine)
        #expect(
            Set(found.map { $0.split(separator: "|")[0] }).isSubset(of: ["executed", "superseded"]),
            "\(found)")
        try engine.waitForStatus("maker", "running")
        #expect(
            try engine.value("SELECT status FROM strategy_commands ORDER BY seq DESC LIMIT 1;") == "executed")
        #expect(try [engine.process("crossover"), engine.process("pair")] == others)
        print("figure: 10,000 commands written in \(written), all ended after \(ended): \(found)")
        #expect(engine.stop() == 0)
        try JournalAccount(home: engine.home).expectSame(as: engine)
    }

    @Test func commandsWrittenWithoutAManagerAreDoneInOrderAndThoseThatCameTooLateAreNot() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.sql("UPDATE strategy_configs SET desired_state = 'stopped';")
        try engine.sql(
            """
            INSERT INTO strategy_commands(strategy_id, command) VALUES ('maker', 'start'), ('maker', 'stop'), ('pair', 'start');
            INSERT INTO strategy_commands(strategy_id, command, parameters) VALUES ('maker', 'update', '{"spread_ticks": 7}');
            INSERT INTO strategy_commands(strategy_id, command, expires_at) VALUES ('crossover', 'start', datetime('now', '-1 minute'));
            INSERT INTO strategy_commands(command) VALUES ('restart');
            """)
        try engine.start(waitingFor: ["pair"])
        #expect(try waitForAll(engine, seconds: 20), "\(engine.log)")
        let ends = try engine.sql("SELECT command, status FROM strategy_commands ORDER BY seq;")
        #expect(
            ends == [
                "start|superseded", "stop|executed", "start|executed", "update|executed", "start|expired",
                "restart|executed",
            ], "\(engine.log)")
        #expect(["active", "stopped"].contains(try engine.status("maker")))
        #expect(["active", "stopped"].contains(try engine.status("crossover")))
        let spread =
            "SELECT json_extract(config_json, '$.parameters.spread_ticks') FROM strategy_configs WHERE name = 'maker';"
        #expect(try engine.value(spread) == "7")
    }

    @Test func commandThatWasAcceptedBeforeTheManagerDiedIsDoneOnceByTheNext() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        for round in 1...3 {
            try engine.sql(
                "INSERT INTO strategy_commands(command) VALUES ('\(round % 2 == 0 ? "resume" : "pause")');")
            engine.manager?.signal(SIGKILL)
            _ = engine.manager?.wait(seconds: 10)
            try engine.start()
            #expect(try waitForAll(engine, seconds: 30), "\(engine.log)")
            let wanted = round % 2 == 0 ? "running" : "paused"
            for name in ["crossover", "maker", "pair"] { try engine.waitForStatus(name, wanted) }
        }
        #expect(try statuses(engine) == ["executed|3"])
        #expect(engine.stop() == 0)
        try JournalAccount(home: engine.home).expectSame(as: engine)
    }
}
