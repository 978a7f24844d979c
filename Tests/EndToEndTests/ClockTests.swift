import Foundation
import TestSupport
import Testing

/// The wall clock of the manager and of strategies steps by an hour, both ways, while they trade.
@Suite(.serialized) struct ClockTests {
    @Test func aClockThatStepsByAnHourEndsNobodyAndLosesNothing() throws {
        guard let clock = try PreloadLibrary() else {
            print("skipped: no C compiler here, so no clock was stepped")
            return
        }
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "50")
        try engine.addThreeStrategies()
        let desk = try clock.wrapper(of: TradewindProgram.path)
        try engine.sql("UPDATE strategy_configs SET module_path = '\(desk)' WHERE name <> 'pair';")
        try engine.start(waitingFor: ["crossover", "maker", "pair"], environment: clock.environment)
        let names = ["crossover", "maker", "pair"]
        let before = try names.map(engine.process)
        for hours in [1, -1, 0] {
            try clock.step(toSeconds: Int64(hours * 3_600))
            // By its own clock and by that of the manager, whose rows these are.
            let isStepped = "SELECT abs(unixepoch(timestamp) - unixepoch('now') - \(hours * 3_600)) < 60"
            for query in [
                "\(isStepped) FROM process_metrics ORDER BY id DESC LIMIT 1;",
                """
                \(isStepped) FROM strategy_metrics WHERE strategy_id = (SELECT id FROM strategy_configs WHERE name = 'maker') ORDER BY id DESC LIMIT 1;
                """,
            ] {
                #expect(try waitUntil(seconds: 15) { try engine.value(query) == "1" }, "\(hours) h: \(query)")
            }
            let fills = "SELECT count(*) FROM fills;"
            let stored = Int(try engine.value(fills)) ?? 0
            #expect(try waitUntil(seconds: 20) { try (Int(engine.value(fills)) ?? 0) > stored + 10 })
            for command in ["pause", "resume"] {
                #expect(try engine.commandStatus(engine.sendCommand(command, to: "crossover")) == "executed")
            }
        }
        #expect(try names.map(engine.process) == before, "\(engine.log)")
        #expect(!engine.log.contains("did not run for") && !engine.log.contains("late"), "\(engine.log)")
        // A crash in the wrong hour is handled as any other.
        try clock.step(toSeconds: -3_600)
        kill(try engine.pid("crossover"), SIGKILL)
        #expect(
            try waitUntil(seconds: 20) { try engine.process("crossover").hasSuffix("/2") }, "\(engine.log)")
        try engine.waitForStatus("crossover", "running")
        #expect(engine.stop() == 0)
        let account = try JournalAccount(home: engine.home)
        try account.expectSame(as: engine)
        print(
            "figure: clock stepped by +1 h, -2 h, +1 h, -1 h: \(account.fills.count) fills, 0 lost, 0 doubled, 0 restarts but the "
                + "one asked for")
    }
}
