import Foundation
import TestSupport
import Testing
import TradingModel

/// An executor is killed at every step that its journal takes. Debug builds contain the failpoints, see `Failpoint`.
@Suite(.serialized) struct FailpointTests {
    /// The numbers of `Failpoint` that a start reaches, that trading reaches, and that a stop reaches.
    private static let atStart = [1, 2, 3, 4, 8, 11, 12, 13]
    private static let whileTrading = [5, 6, 7, 11, 12, 13]
    private static let atStop = [10, 14, 15]
    /// And at a stop of one that saves state: with that in the buffer only.
    private static let whileSaving = 9

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

    @Test func killWhileStateIsSavedLeavesTheStateBeforeAndNoOrderTwice() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "100")
        try engine.addStrategy("maker", "keeper", "--instrument", "ALPHA", "--module", FaultProgram.path)
        try engine.start(waitingFor: ["maker"])
        _ = try engine.sendCommand("restart", to: "maker")
        #expect(try waitUntil(seconds: 10) { try kept(engine).count == 1 })
        let first = try kept(engine)
        for _ in 1...2 {
            try expectKill(engine, Self.whileSaving, count: 1) {
                _ = try engine.sendCommand("restart", to: "maker")
                try engine.waitForStatus("maker", "running")
                _ = try engine.sendCommand("stop", to: "maker")
            }
            _ = try engine.sendCommand("start", to: "maker")
        }
        #expect(try waitUntil(seconds: 10) { try kept(engine).count >= 5 }, "\(engine.log)")
        let counts = try kept(engine)
        // A restart in order saved a later one; the start after each kill has that of the end before.
        #expect(counts.first == first.first && counts == counts.sorted(), "\(counts)")
        #expect(counts[1] == counts[2] && counts[3] == counts[4], "\(counts)")
        #expect(engine.stop() == 0)
        let account = try JournalAccount(home: engine.home)
        try account.expectSame(as: engine)
        print(
            "figure: killed twice with its state in the buffer: \(account.orders.count) intents, 0 lost, 0 doubled, \(counts)"
        )
    }

    @Test func stopInMidWriteLeavesNothingTornInTheDatabaseAndGoesOn() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "100")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        let others = try [engine.process("crossover"), engine.process("pair")]
        let id = try engine.value("SELECT id FROM strategy_configs WHERE name = 'maker';")
        try "12 20 \(SIGSTOP)".write(
            toFile: "\(engine.home)/journal/\(id)/failpoint", atomically: true, encoding: .utf8)
        _ = try engine.sendCommand("restart", to: "maker")
        let pid = try engine.pid("maker")
        func state() -> String {
            let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
            return stat.split(separator: ")").last?.split(separator: " ").first.map(String.init) ?? ""
        }
        guard FileManager.default.fileExists(atPath: "/proc/self/stat") else { return }
        try #require(waitUntil(seconds: 20) { state() == "T" }, "\(engine.log)")
        // What the file ends with is half a record: it is there, and nobody takes it for one.
        let journal = "\(engine.home)/journal/\(id)/2.journal"
        let scan = try Data(contentsOf: URL(fileURLWithPath: journal)).withUnsafeBytes {
            JournalScan($0, fileOffset: 0)
        }
        #expect(scan.corruption == nil)
        let cursor = "SELECT offset FROM journal_cursors WHERE strategy_id = '\(id)';"
        #expect(try waitUntil(seconds: 10) { try engine.value(cursor) == "\(scan.endOffset)" })
        #expect(try !waitUntil(seconds: 1.5) { try engine.value(cursor) != "\(scan.endOffset)" })
        kill(pid, SIGCONT)
        #expect(try waitUntil(seconds: 20) { try (Int(engine.value(cursor)) ?? 0) > scan.endOffset + 2_000 })
        #expect(try engine.pid("maker") == pid)
        #expect(try [engine.process("crossover"), engine.process("pair")] == others)
        #expect(engine.stop() == 0)
        try JournalAccount(home: engine.home).expectSame(as: engine)
        print(
            "figure: stopped with \(scan.incompleteByteCount) bytes of a torn record in the file: 0 of them stored, 0 lost"
        )
    }

    /// The counts with which processes of the keeper began.
    private func kept(_ engine: EngineHome) throws -> [Int] {
        let log = try String(contentsOfFile: engine.home + "/logs/maker.log", encoding: .utf8)
        return log.components(separatedBy: "kept count ").dropFirst().compactMap {
            Int($0.prefix { $0.isNumber })
        }
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
