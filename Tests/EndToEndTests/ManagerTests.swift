import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct ManagerTests {
    @Test func terminationStopsEverythingInOrderAndTheNextRunCarriesOn() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        _ = try engine.sendCommand("stop", to: "pair")
        let pids = try [engine.pid("crossover"), engine.pid("maker")]
        #expect(engine.stop() == 0)
        for pid in pids { #expect(kill(pid, 0) == -1, "process \(pid) is still there") }
        #expect(try engine.sql("SELECT name FROM strategy_configs WHERE status != 'stopped';") == [])
        #expect(
            try engine.sql("SELECT name, desired_state FROM strategy_configs ORDER BY name;")
                == ["crossover|running", "maker|running", "pair|stopped"])
        #expect(try engine.sql("PRAGMA integrity_check;") == ["ok"])

        try engine.start(waitingFor: ["crossover", "maker"])
        #expect(try engine.status("pair") == "stopped")
        #expect(try engine.process("crossover").hasSuffix("/2"))
    }

    @Test func interruptFromTheKeyboardIsAnOrderlyEndToo() throws {
        let engine = try EngineHome()
        try engine.addThreeStrategiesWithSlowFeed()
        try engine.start(waitingFor: ["crossover"])
        engine.manager?.signal(SIGINT)
        #expect(engine.manager?.wait(seconds: 30) == 0)
        #expect(try engine.status("crossover") == "stopped")
    }

    @Test func aSecondManagerOnOneHomeIsRefusedWithTheFirstOnesPid() throws {
        let engine = try EngineHome()
        try engine.addThreeStrategiesWithSlowFeed()
        try engine.start(waitingFor: ["crossover"])
        let second = try TradewindProgram.run("run", home: engine.home)
        #expect(second.exitCode != 0 && second.exitCode != nil)
        #expect(second.errors.contains(String(try #require(engine.manager).processID)))
        #expect(try engine.status("crossover") == "running")
    }

    @Test func runForEndsByItself() throws {
        let engine = try EngineHome()
        try engine.addThreeStrategiesWithSlowFeed()
        let run = try TradewindProgram.run("run", "--for", "2", home: engine.home, seconds: 30)
        #expect(run.exitCode == 0)
        #expect(
            Int(try engine.value("SELECT count(*) FROM strategy_instances WHERE ready_at IS NOT NULL;")) == 3)
    }

    @Test func aSignalDuringTheStartIsAnOrderlyEndToo() throws {
        let engine = try EngineHome()
        try engine.addThreeStrategiesWithSlowFeed()
        try engine.start(waitingFor: ["crossover"])
        let pids = try [engine.pid("crossover")]
        engine.manager?.signal(SIGKILL)
        _ = engine.manager?.wait(seconds: 10)
        // The new manager has begun, and may not know yet what the killed one left.
        try engine.start()
        #expect(waitUntil(seconds: 10) { engine.log.contains("home ") })
        #expect(engine.stop() == 0)
        for pid in pids { #expect(EngineHome.hasEnded(pid)) }
        #expect(
            try engine.sql("SELECT name FROM strategy_configs WHERE status NOT IN ('stopped', 'active');")
                == [])
    }

    @Test func nothingSecretStandsInArgumentsOrEnvironment() throws {
        let engine = try EngineHome()
        try engine.addThreeStrategiesWithSlowFeed()
        try engine.start(waitingFor: ["crossover"])
        let pid = try engine.pid("crossover")
        #if os(Linux)
            let arguments = try String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)
            #expect(arguments.split(separator: "\0").count == 3, "\(arguments)")
            #expect(!arguments.contains("ALPHA"))
            let environment = try String(contentsOfFile: "/proc/\(pid)/environ", encoding: .utf8)
            #expect(!environment.contains("TRADEWIND"))
        #else
            #expect(pid > 0)
        #endif
    }
}

extension EngineHome {
    /// Three strategies on a feed in real time, for tests that need no trading.
    func addThreeStrategiesWithSlowFeed() throws {
        try addSampleFeed(speed: "1")
        try addThreeStrategies()
    }
}
