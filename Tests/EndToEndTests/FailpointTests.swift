import Foundation
import TestSupport
import Testing

/// An executor is killed at every step that its journal takes. Debug builds contain the failpoints, see `Failpoint`.
@Suite(.serialized) struct FailpointTests {
    /// The numbers of `Failpoint` that a start reaches, that trading reaches, and that a stop reaches.
    private static let atStart = [1, 2, 3, 4, 8, 11, 12, 13]
    private static let whileTrading = [5, 6, 7, 11, 12, 13]
    /// Not 9, a saved state in the buffer only: none of the strategies here saves any. `JournalRecoveryTests` cut the
    /// journal of one that does at every byte.
    private static let atStop = [10, 14, 15]

    @Test func killAtEveryStepOfTheJournalLosesNothingAndDoublesNothing() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "100")
        try engine.addThreeStrategies()
        try engine.sql(
            """
            UPDATE strategy_configs SET restart_policy_json =
            '{"backoff_initial": "10ms", "backoff_max": "20ms", "unstable_exits_max": 1000}' WHERE name = 'maker';
            """)
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        let others = try [engine.process("crossover"), engine.process("pair")]
        for number in Self.atStart {
            try expectKill(engine, number, count: 1) {
                try engine.sql(
                    "INSERT INTO strategy_commands(strategy_id, command) VALUES ('maker', 'restart');")
            }
        }
        for number in Self.whileTrading {
            // A start writes one piece with one record of each kind; these counts lie well behind it.
            try expectKill(engine, number, count: number < 11 ? 7 : 9) {
                _ = try engine.sendCommand("restart", to: "maker")
            }
        }
        for number in Self.atStop {
            try expectKill(engine, number, count: 1) {
                _ = try engine.sendCommand("restart", to: "maker")
                try engine.waitForStatus("maker", "running")
                _ = try engine.sendCommand("stop", to: "maker")
            }
            _ = try engine.sendCommand("start", to: "maker")
        }
        try engine.waitForStatus("maker", "running")
        #expect(
            try [engine.process("crossover"), engine.process("pair")] == others, "nobody else is restarted")
        #expect(engine.stop() == 0)
        let account = try JournalAccount(home: engine.home)
        try account.expectSame(as: engine)
        print(
            "figure: \(try kills(engine)) kills at \(Set(Self.atStart + Self.whileTrading + Self.atStop).count) steps of "
                + "the journal, "
                + "\(account.epochCount) epochs, \(account.orders.count) intents and \(account.fills.count) fills, "
                + "0 lost, 0 doubled")
    }

    /// Sets a failpoint, does what makes the strategy reach it, and waits until it has died of it.
    private func expectKill(_ engine: EngineHome, _ number: Int, count: Int, _ body: () throws -> Void) throws
    {
        let before = try kills(engine)
        let id = try engine.value("SELECT id FROM strategy_configs WHERE name = 'maker';")
        let file = "\(engine.home)/journal/\(id)/failpoint"
        try "\(number) \(count)".write(toFile: file, atomically: true, encoding: .utf8)
        try body()
        let isKilled = try waitUntil(seconds: 20) { try kills(engine) == before + 1 }
        try #require(isKilled, "failpoint \(number): \(engine.log.suffix(2_000))")
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    private func kills(_ engine: EngineHome) throws -> Int {
        Int(try engine.value("SELECT count(*) FROM strategy_instances WHERE exit_signal = 9;")) ?? 0
    }
}
