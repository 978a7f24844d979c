import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct CrashTests {
    @Test func aKilledExecutorComesBackWithANewEpochAndItsPositionWhileTheOthersGoOn() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        let fills =
            "SELECT count(*) FROM fills WHERE strategy_id = (SELECT id FROM strategy_configs WHERE name = 'crossover');"
        #expect(try waitUntil(seconds: 30) { (Int(try engine.value(fills)) ?? 0) > 0 }, "\(engine.log)")
        let others = try [engine.process("maker"), engine.process("pair")]
        let pid = try engine.pid("crossover")
        kill(pid, SIGKILL)
        #expect(
            try waitUntil(seconds: 20) { try engine.process("crossover").hasSuffix("/2") }, "\(engine.log)")
        try engine.waitForStatus("crossover", "running")
        #expect(try engine.pid("crossover") != pid)
        #expect(try [engine.process("maker"), engine.process("pair")] == others)
        let ended = try engine.value(
            "SELECT exit_signal FROM strategy_instances WHERE pid = \(pid) AND epoch = 1;")
        #expect(ended == "9")
        #expect(engine.stop() == 0)

        // The database has exactly what the journals have: the net of all fills is the position, and no gap in numbers.
        let difference = try engine.value(
            """
            SELECT coalesce(sum(abs(net - held)), 0) FROM (
              SELECT p.quantity_e8 AS held, (SELECT coalesce(sum(CASE side WHEN 'buy' THEN quantity_e8
                ELSE -quantity_e8 END), 0) FROM fills f WHERE f.strategy_id = p.strategy_id AND f.token = p.token) AS net
              FROM positions p);
            """)
        #expect(difference == "0")
    }

    @Test func aStrategyThatCannotStartEndsInErrorWithItsReasonAndTheOthersRun() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.sql(
            """
            INSERT INTO strategy_configs(name, class_name, config_json)
            VALUES ('lost', 'market_maker', '{"instruments": ["NOWHERE"]}');
            """)
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        try engine.waitForStatus("lost", "error")
        let reason = try engine.value(
            """
            SELECT reason FROM strategy_events WHERE to_status = 'error'
            AND strategy_id = (SELECT id FROM strategy_configs WHERE name = 'lost');
            """)
        #expect(reason.contains("NOWHERE"))
    }

    @Test func theBusAndTheFeedComeBackAfterAKill() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover"])
        let executor = try engine.process("crossover")
        for role in ["bus", "feed"] {
            let query = "SELECT pid FROM process_metrics WHERE role = '\(role)' ORDER BY rowid DESC LIMIT 1;"
            #expect(try waitUntil(seconds: 15) { try !engine.value(query).isEmpty }, "\(engine.log)")
            kill(try #require(Int32(engine.value(query))), SIGKILL)
            let before = try engine.eventCount("crossover")
            #expect(
                try waitUntil(seconds: 20) { try engine.eventCount("crossover") > before + 100 },
                "after the \(role) was killed: \(engine.log)")
            let lock = role == "bus" ? "bus" : "feed-" + (try engine.feedID())
            let pid = try engine.lockHolder(lock)
            #expect(try engine.command("status", "--json").contains("\(pid)"), "status names the new \(role)")
        }
        #expect(try engine.process("crossover") == executor)
    }
}
