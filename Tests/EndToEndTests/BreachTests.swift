import Foundation
import TestSupport
import Testing

/// Limits on losses that are breached, through real processes: what is on record, and what outlives whom.
@Suite(.serialized) struct BreachTests {
    /// A strategy that loses with every order, because it pays the spread.
    private func desk(limits: String) throws -> EngineHome {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addStrategy(
            "loser", "moving_average_crossover", "--instrument", "ALPHA", "--set", "fast=2", "--set", "slow=3"
        )
        try engine.sql("UPDATE strategy_configs SET limits_json = '\(limits)';")
        return engine
    }

    private func waitForDenial(_ reason: String, _ engine: EngineHome) throws {
        let query = "SELECT count(*) FROM orders WHERE reason = '\(reason)';"
        let before = try engine.value(query)
        #expect(
            try waitUntil(seconds: 30) { try engine.value(query) != before }, "no \(reason): \(engine.log)")
    }

    private func waitForState(_ state: String, _ engine: EngineHome) throws {
        let query = "SELECT state FROM trading;"
        #expect(
            try waitUntil(seconds: 60) { try engine.value(query) == state },
            "not \(state): \(engine.log)")
    }

    private func waitUntilFlat(_ engine: EngineHome) throws {
        let held = "SELECT coalesce(sum(abs(quantity_e8)), 0) FROM positions;"
        #expect(try waitUntil(seconds: 30) { try engine.value(held) == "0" }, "\(engine.log)")
    }

    static let breaches = [
        (#"{"max_daily_loss": "0.2", "breach_action": "flatten_and_halt"}"#, "max_daily_loss"),
        (#"{"max_drawdown": "0.2", "breach_action": "flatten_and_halt"}"#, "max_drawdown"),
    ]

    @Test(arguments: breaches) func aBreachFlattensAndHaltsAndOutlivesEverybody(limits: String, code: String)
        throws
    {
        let engine = try desk(limits: limits)
        try engine.start(waitingFor: ["loser"])
        try waitForState("halted", engine)
        try waitUntilFlat(engine)
        let alarm =
            "SELECT count(*) FROM strategy_events WHERE reason LIKE 'ALARM: \(code)%flatten_and_halt';"
        #expect(try engine.value(alarm) == "1", "told once: \(engine.log)")
        try waitForDenial("trading_halted", engine)
        let status = try engine.command("status")
        #expect(status.contains("running, halted") && status.contains(code), "\(status)")
        #expect(try engine.command("strategies", "list").contains("halted"))

        kill(try engine.pid("loser"), SIGKILL)
        #expect(try waitUntil(seconds: 20) { try engine.process("loser").hasSuffix("/2") }, "\(engine.log)")
        try engine.waitForStatus("loser", "running")
        try waitForDenial("trading_halted", engine)
        engine.killManager()
        try engine.start()
        try waitForDenial("trading_halted", engine)
        #expect(try engine.value("SELECT state FROM trading;") == "halted")

        try engine.sql("UPDATE strategy_configs SET limits_json = '{}';")
        try engine.command("resume-trading", "loser", "--wait", "20")
        #expect(try engine.value("SELECT state FROM trading;") == "active")
        let fills = try engine.value("SELECT count(*) FROM fills;")
        #expect(
            try waitUntil(seconds: 30) { try engine.value("SELECT count(*) FROM fills;") != fills },
            "it trades again: \(engine.log)")
        #expect(engine.stop() == 0)
        try JournalAccount(home: engine.home).expectSame(as: engine)
    }

    /// The manager is away when the limit is breached; what it finds when it comes back lives, or was killed too.
    @Test(arguments: [false, true]) func aBreachThatNoManagerSawHolds(isProcessKilled: Bool) throws {
        let engine = try desk(limits: #"{"max_drawdown": "0.5", "breach_action": "flatten_and_halt"}"#)
        try engine.start(waitingFor: ["loser"])
        let pid = try engine.pid("loser")
        engine.killManager()
        func log() -> String {
            (try? String(contentsOfFile: engine.home + "/logs/loser.log", encoding: .utf8)) ?? ""
        }
        #expect(waitUntil(seconds: 60) { log().contains("action flatten_and_halt") }, "\(log())")
        #expect(try engine.value("SELECT state FROM trading;") == "active", "nobody has heard of it")
        if isProcessKilled { kill(pid, SIGKILL) }
        try engine.start()
        try waitForState("halted", engine)
        let alarm = "SELECT count(*) FROM strategy_events WHERE reason LIKE 'ALARM: max_drawdown%';"
        #expect(try waitUntil(seconds: 20) { try engine.value(alarm) == "1" }, "\(engine.log)")
        try waitUntilFlat(engine)
        try waitForDenial("trading_halted", engine)
        #expect(try engine.process("loser").hasSuffix(isProcessKilled ? "/2" : "/1"))

        // Resumed while it is stopped: its next process must not dig out the old halt.
        _ = try engine.sendCommand("stop", to: "loser")
        try engine.sql("UPDATE strategy_configs SET limits_json = '{}';")
        try engine.command("resume-trading", "loser", "--wait", "20")
        let fills = try engine.value("SELECT count(*) FROM fills;")
        _ = try engine.sendCommand("start", to: "loser")
        #expect(
            try waitUntil(seconds: 30) { try engine.value("SELECT count(*) FROM fills;") != fills },
            "\(engine.log)")
        #expect(try engine.value("SELECT state FROM trading;") == "active")
        #expect(engine.stop() == 0)
    }

    @Test func allAreHaltedFlattenedAndResumedByHand() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        let held = "SELECT count(*) FROM positions WHERE quantity_e8 <> 0;"
        #expect(try waitUntil(seconds: 30) { try engine.value(held) != "0" }, "\(engine.log)")
        try engine.command("halt", "--all", "--reason", "news", "--wait", "20")
        let status = try engine.command("status")
        #expect(status.components(separatedBy: "running, halted").count == 4, "\(status)")
        try engine.command("flatten", "--all", "--within", "20", "--wait", "30")
        try waitUntilFlat(engine)
        #expect(
            try engine.value("SELECT state_of_all || ':' || reason_of_all FROM trading LIMIT 1;")
                == "halted:news")
        try engine.command("resume-trading", "--all", "--wait", "20")
        #expect(
            try waitUntil(seconds: 30) { try engine.value(held) != "0" }, "they trade again: \(engine.log)")
        #expect(engine.stop() == 0)
    }

    /// Without a market nothing can be closed: the command goes on trying until there is one, or its time is up.
    @Test func aFlattenIsTriedAgainUntilItsTimeIsUp() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addStrategy(
            "crossover", "moving_average_crossover", "--instrument", "ALPHA", "--set", "fast=5", "--set",
            "slow=20")
        try engine.start(waitingFor: ["crossover"])
        let held = "SELECT count(*) FROM positions WHERE quantity_e8 <> 0;"
        #expect(try waitUntil(seconds: 30) { try engine.value(held) == "1" }, "\(engine.log)")
        try engine.command("halt", "crossover", "--wait", "20")
        try engine.sql("UPDATE feeds SET enabled = 0;")
        #expect(try waitUntil(seconds: 20) { try engine.value("SELECT status FROM feeds;") == "stopped" })
        _ = try engine.sendCommand("restart", to: "crossover")
        let late = try engine.sendCommand("flatten", to: "crossover", parameters: #"{"seconds": 2}"#)
        let answer = try engine.value(
            "SELECT status || ': ' || error FROM strategy_commands WHERE id = '\(late)';")
        #expect(answer.hasPrefix("failed: ") && answer.contains("ALPHA"), "\(answer)")
        let wrong = try engine.sendCommand("flatten", to: "crossover", parameters: #"{"seconds": 0}"#)
        #expect(
            try engine.value("SELECT error FROM strategy_commands WHERE id = '\(wrong)';")
                .contains("seconds: 0 is no whole number from 1 to 86400"))
        let id = UUID().uuidString.lowercased()
        try engine.sql(
            "INSERT INTO strategy_commands(id, strategy_id, command, parameters) "
                + "VALUES ('\(id)', 'crossover', 'flatten', '{\"seconds\": 60}');")
        #expect(try waitUntil(seconds: 10) { try engine.commandStatus(id) == "accepted" })
        try engine.sql("UPDATE feeds SET enabled = 1;")
        #expect(try waitUntil(seconds: 40) { try engine.commandStatus(id) == "executed" }, "\(engine.log)")
        try waitUntilFlat(engine)
        #expect(engine.stop() == 0)
    }
}
