import Foundation
import TestSupport
import Testing

/// Everything an operator does with nothing but a `sqlite3` shell, against the real processes.
@Suite(.serialized) struct SQLControlTests {
    @Test func commandsTakeEffectAndLeaveTheOtherStrategiesAlone() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        let others = try [engine.process("crossover"), engine.process("pair")]
        let first = try engine.process("maker")

        let stop = try engine.sendCommand("stop", to: "maker")
        #expect(try engine.commandStatus(stop) == "executed")
        #expect(try engine.status("maker") == "stopped")
        #expect(try engine.process("maker") == "")

        let start = try engine.sendCommand("start", to: "maker")
        #expect(try engine.commandStatus(start) == "executed")
        #expect(try engine.status("maker") == "running")
        let second = try engine.process("maker")
        #expect(second != first && second.hasSuffix("/2"))

        let restart = try engine.sendCommand("restart", to: "maker")
        #expect(try engine.commandStatus(restart) == "executed")
        #expect(try engine.process("maker").hasSuffix("/3"))

        let pause = try engine.sendCommand("pause", to: "maker")
        #expect(try engine.commandStatus(pause) == "executed")
        #expect(try engine.status("maker") == "paused")
        let resume = try engine.sendCommand("resume", to: "maker")
        #expect(try engine.commandStatus(resume) == "executed")
        #expect(try engine.status("maker") == "running")

        let times = try engine.value(
            """
            SELECT count(*) FROM strategy_commands WHERE status = 'executed'
            AND created_at <= accepted_at AND accepted_at <= executed_at;
            """)
        #expect(times == "5")
        let before = try engine.eventCount("crossover")
        #expect(try waitUntil(seconds: 10) { try engine.eventCount("crossover") > before })
        #expect(try [engine.process("crossover"), engine.process("pair")] == others)
        #expect(engine.stop() == 0)
    }

    @Test func updateChangesLiveParametersAndRefusesTheRest() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker"])
        let process = try engine.process("maker")

        let good = try engine.sendCommand("update", to: "maker", parameters: #"{"spread_ticks": 6}"#)
        #expect(try engine.commandStatus(good) == "executed")
        let stored =
            "SELECT json_extract(config_json, '$.parameters.spread_ticks') FROM strategy_configs WHERE name = 'maker';"
        #expect(try engine.value(stored) == "6")
        let generations = """
            SELECT i.config_generation = c.config_generation AND c.config_generation > 1 FROM strategy_instances i
            JOIN strategy_configs c ON c.id = i.strategy_id WHERE c.name = 'maker' AND i.ended_at IS NULL;
            """
        #expect(try engine.value(generations) == "1", "the instance runs the configuration of the row")

        let bad = try engine.sendCommand(
            "update", to: "maker", parameters: #"{"spread_ticks": -1, "nonsense": 2}"#)
        #expect(try engine.commandStatus(bad) == "failed")
        let error = try engine.value("SELECT error FROM strategy_commands WHERE id = '\(bad)';")
        #expect(error.contains("spread_ticks") && error.contains("nonsense"))
        #expect(try engine.value(stored) == "6")

        let frozen = try engine.sendCommand("update", to: "crossover", parameters: #"{"slow": 40}"#)
        #expect(try engine.commandStatus(frozen) == "failed")
        #expect(
            try engine.value("SELECT error FROM strategy_commands WHERE id = '\(frozen)';").contains(
                "restart"))
        #expect(try engine.process("maker") == process)
    }

    @Test func aRowInsertedByHandIsAStrategyAndAnUnknownClassFailsWithAReason() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.start()
        try engine.sql(
            """
            INSERT INTO strategy_configs(id, name, class_name, module_path, config_json) VALUES
            ('11111111-2222-4333-8444-555555555555', 'by_hand', 'moving_average_crossover', NULL,
             '{"instruments": ["ALPHA"], "parameters": {"fast": 3, "slow": 9}}');
            INSERT INTO strategy_configs(name, class_name, config_json, auto_start)
            VALUES ('ghost', 'no_such_class', '{"instruments": ["ALPHA"]}', 0);
            """)
        try engine.waitForStatus("by_hand", "running")
        let command = try engine.sendCommand("start", to: "ghost")
        #expect(try engine.commandStatus(command) == "failed")
        let error = try engine.value("SELECT error FROM strategy_commands WHERE id = '\(command)';")
        #expect(error.contains("no_such_class"))
        #expect(try engine.status("by_hand") == "running")
    }

    @Test func aCommandForAllReachesEveryStrategy() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        try engine.sql("INSERT INTO strategy_commands(strategy_id, command) VALUES (NULL, 'stop');")
        for name in ["crossover", "maker", "pair"] { try engine.waitForStatus(name, "stopped") }
        #expect(
            try waitUntil(seconds: 5) {
                try engine.value("SELECT status FROM strategy_commands ORDER BY created_at DESC LIMIT 1;")
                    == "executed"
            })
    }

    @Test func commandsWrittenWhileNoManagerRunsAreDoneByTheNextOne() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.sql("INSERT INTO strategy_commands(strategy_id, command) VALUES ('pair', 'stop');")
        try engine.start(waitingFor: ["crossover", "maker"])
        let executed = try waitUntil(seconds: 10) {
            try engine.value("SELECT status FROM strategy_commands;") == "executed"
        }
        #expect(executed)
        #expect(try engine.status("pair") == "active", "it never ran")
        #expect(try engine.process("pair") == "")
    }
}
