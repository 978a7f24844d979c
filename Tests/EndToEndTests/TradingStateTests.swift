import Foundation
import TestSupport
import Testing

/// halt, resume-trading and live limits through real processes.
@Suite(.serialized) struct TradingStateTests {
    /// Waits until an order was denied for a reason after now.
    private func waitForDenial(_ reason: String, _ engine: EngineHome) throws {
        let before = try engine.value("SELECT count(*) FROM orders WHERE reason = '\(reason)';")
        let query = "SELECT count(*) FROM orders WHERE reason = '\(reason)';"
        #expect(
            try waitUntil(seconds: 30) { try engine.value(query) != before }, "no \(reason): \(engine.log)")
    }

    private func fillCount(_ engine: EngineHome) throws -> Int {
        Int(try engine.value("SELECT count(*) FROM fills;")) ?? 0
    }

    @Test func haltOutlivesTheExecutorAndTheManagerUntilTradingIsResumed() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addStrategy("maker", "market_maker", "--instrument", "ALPHA")
        try engine.start(waitingFor: ["maker"])
        #expect(try waitUntil(seconds: 30) { try fillCount(engine) > 0 }, "\(engine.log)")
        try engine.command("halt", "maker", "--reason", "news", "--wait", "20")
        #expect(try engine.value("SELECT state || ':' || reason FROM trading;") == "halted:news")
        try waitForDenial("trading_halted", engine)

        kill(try engine.pid("maker"), SIGKILL)
        #expect(try waitUntil(seconds: 20) { try engine.process("maker").hasSuffix("/2") }, "\(engine.log)")
        try engine.waitForStatus("maker", "running")
        try waitForDenial("trading_halted", engine)
        engine.killManager()
        try engine.start()
        try engine.command("resume-trading", "maker", "--wait", "20")
        #expect(try engine.value("SELECT state FROM trading;") == "active")
        let fills = try fillCount(engine)
        #expect(try waitUntil(seconds: 30) { try fillCount(engine) > fills }, "\(engine.log)")

        try engine.command("halt", "--all", "--reduce-only", "--wait", "20")
        #expect(try engine.value("SELECT state_of_all FROM trading;") == "reducing")
        try waitForDenial("reducing_only", engine)
        try engine.command("resume-trading", "--all", "--wait", "20")
        #expect(engine.stop() == 0)
    }

    @Test func limitsTypedIntoTheRowReachTheRunningStrategy() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addStrategy("maker", "market_maker", "--instrument", "ALPHA")
        try engine.start(waitingFor: ["maker"])
        let process = try engine.process("maker")
        func lastEvent(_ text: String) throws -> Bool {
            try engine.value("SELECT count(*) FROM strategy_events WHERE reason LIKE '\(text)';") != "0"
        }
        try engine.sql(
            "UPDATE strategy_configs SET limits_json = '{\"max_order_quantity\": \"0.00000001\"}';")
        #expect(try waitUntil(seconds: 20) { try lastEvent("limits in force") }, "\(engine.log)")
        try waitForDenial("max_order_quantity", engine)
        try engine.sql("UPDATE strategy_configs SET limits_json = '{\"max_order_quantity\": -1}';")
        #expect(
            try waitUntil(seconds: 20) { try lastEvent("limits refused%not a decimal above zero%") },
            "\(engine.log)")
        try waitForDenial("max_order_quantity", engine)
        try engine.sql(
            "UPDATE strategy_configs SET limits_json = '{\"max_drawdown\": \"0.00000001\", \"breach_action\": \"flatten_and_halt\"}';"
        )
        #expect(
            try waitUntil(seconds: 60) { try engine.value("SELECT state FROM trading;") == "halted" },
            "\(engine.log)")
        #expect(try lastEvent("ALARM: max_drawdown%flatten_and_halt"))
        #expect(
            try waitUntil(seconds: 20) {
                try engine.value("SELECT coalesce(sum(abs(quantity_e8)), 0) FROM positions;") == "0"
            }, "\(engine.log)")
        #expect(try engine.process("maker") == process, "the same process all the time")
    }
}
