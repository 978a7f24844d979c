import Foundation
import TestSupport
import Testing

/// A manager that is killed or detached, and the next one, which takes over what runs.
@Suite(.serialized) struct AdoptionTests {
    @Test func theNextManagerTakesOverWhatAKilledOneLeftAsItIs() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "50")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        let pause = try engine.sendCommand("pause", to: "maker")
        #expect(try engine.commandStatus(pause) == "executed")
        let before = try ["crossover", "maker"].map(engine.process)
        let services = try ["bus", "feed-" + engine.feedID()].map(engine.lockHolder)
        let victim = try engine.pid("pair")
        engine.killManager()
        kill(victim, SIGKILL)
        let stored = try fillCount(engine)

        try engine.start()
        #expect(
            try waitUntil(seconds: 20) { try engine.process("pair").hasSuffix("/2") }, "\(engine.log)")
        try engine.waitForStatus("pair", "running")
        #expect(try ["crossover", "maker"].map(engine.process) == before)
        #expect(try engine.status("maker") == "paused")
        #expect(try ["bus", "feed-" + engine.feedID()].map(engine.lockHolder) == services)
        let reason = "SELECT reason FROM strategy_instances WHERE pid = \(victim) AND ended_at IS NOT NULL;"
        #expect(try engine.value(reason) == "ended while no manager was watching; how is not known")
        // They answer the new manager, and what they did meanwhile arrives.
        #expect(try engine.commandStatus(engine.sendCommand("resume", to: "maker")) == "executed")
        let update = try engine.sendCommand("update", to: "maker", parameters: #"{"spread_ticks": 6}"#)
        #expect(try engine.commandStatus(update) == "executed")
        #expect(try engine.commandStatus(engine.sendCommand("restart", to: "crossover")) == "executed")
        #expect(try engine.process("crossover").hasSuffix("/2"))
        #expect(try waitUntil(seconds: 20) { try fillCount(engine) > stored }, "\(engine.log)")
        // An end of a process that is not the manager's child is handled like any other.
        let adopted = try engine.pid("maker")
        kill(adopted, SIGKILL)
        #expect(
            try waitUntil(seconds: 20) { try engine.process("maker").hasSuffix("/2") }, "\(engine.log)")
        try engine.waitForStatus("maker", "running")
        #expect(engine.stop() == 0)
        for pid in services { #expect(EngineHome.hasEnded(pid)) }
        #expect(try differences(engine) == "0")
        #expect(try engine.sql("PRAGMA integrity_check;") == ["ok"])
    }

    @Test func allOfSeveralFeedsAreTakenOverAndNoneIsStartedBesideItself() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.addThreeStrategiesWithSlowFeed()
        for name in ["a", "z"] {
            try engine.command(
                "feeds", "add", name, "--kind", "synthetic", "--set", "symbols=\(name.uppercased())1")
        }
        try engine.start(waitingFor: ["crossover"])
        let feeds = "SELECT 'feed-' || id FROM feeds WHERE status = 'running' ORDER BY name;"
        #expect(try waitUntil(seconds: 10) { try engine.sql(feeds).count == 3 })
        let before = try engine.sql(feeds).map(engine.lockHolder)
        engine.killManager()
        try engine.start()
        #expect(try waitUntil(seconds: 10) { try Oracle(home: engine.home).complaintsWhileRunning() == [] })
        #expect(waitUntil(seconds: 10) { engine.log.contains("feed z: running") }, "\(engine.log)")
        #expect(try engine.sql(feeds).map(engine.lockHolder) == before, "\(engine.log)")
        for name in ["a", "z", "sample"] {
            #expect(!engine.log.contains("feed \(name): starting"), "\(engine.log)")
        }
        // What is held of a process that was taken over goes with it.
        let manager = try #require(engine.manager).processID
        let held = HomeProcesses.descriptorKinds(of: manager)["anon_inode:[pidfd]"]
        kill(try engine.pid("crossover"), SIGKILL)
        #expect(try waitUntil(seconds: 10) { try engine.process("crossover").hasSuffix("/2") })
        try engine.waitForStatus("crossover", "running")
        #expect(HomeProcesses.descriptorKinds(of: manager)["anon_inode:[pidfd]"] == held)
        #expect(engine.stop() == 0)
    }

    @Test func aCrashLoopGoesOnWithTheNextManagerAndAnErrorStaysOne() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.addThreeStrategiesWithSlowFeed()
        try engine.sql(
            """
            UPDATE strategy_configs SET restart_policy_json =
            '{"backoff_initial": "200ms", "backoff_max": "200ms", "unstable_exits_max": 4}' WHERE name = 'maker';
            """)
        try engine.start(waitingFor: ["crossover", "maker"])
        for epoch in 1...4 {
            try engine.waitForStatus("maker", "running")
            #expect(try engine.process("maker").hasSuffix("/\(epoch)"), "\(engine.log)")
            kill(try engine.pid("maker"), SIGKILL)
            #expect(try waitUntil(seconds: 10) { try engine.process("maker") == "" }, "\(engine.log)")
            guard epoch < 4 else { break }
            // Each manager sees one crash only.
            engine.killManager()
            try engine.start()
            #expect(try waitUntil(seconds: 10) { try engine.process("maker").hasSuffix("/\(epoch + 1)") })
        }
        try engine.waitForStatus("maker", "error")
        let reason = "SELECT last_reason FROM strategies WHERE name = 'maker';"
        #expect(try engine.value(reason).contains("crash loop"), "\(engine.log)")
        engine.killManager()
        try engine.start()
        #expect(
            waitUntil(seconds: 10) { engine.log.contains("executor crossover: running") }, "\(engine.log)")
        #expect(try !waitUntil(seconds: 1) { try engine.status("maker") != "error" }, "\(engine.log)")
        let start = try engine.sendCommand("start", to: "maker")
        #expect(try engine.commandStatus(start) == "executed")
        #expect(try engine.process("maker").hasSuffix("/5"))
        #expect(engine.stop() == 0)
    }

    @Test func detachLeavesEverythingRunningForTheNextManager() throws {
        let engine = try EngineHome()
        try engine.addThreeStrategiesWithSlowFeed()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        let before = try ["crossover", "maker", "pair"].map(engine.process)
        let output = try engine.command("detach")
        #expect(output.contains("tradewind run"))
        #expect(engine.manager?.wait(seconds: 10) == 0)
        for name in ["crossover", "maker", "pair"] { #expect(try !EngineHome.hasEnded(engine.pid(name))) }
        let again = try TradewindProgram.run("detach", home: engine.home)
        #expect(again.exitCode == 69, "\(again.errors)")
        // Ends in order without a manager: what it says about itself is believed.
        kill(try engine.pid("pair"), SIGTERM)
        #expect(try waitUntil(seconds: 10) { try EngineHome.hasEnded(engine.pid("pair")) })
        try engine.sql("INSERT INTO strategy_commands(strategy_id, command) VALUES ('maker', 'stop');")
        try engine.start()
        #expect(
            try waitUntil(seconds: 20) {
                try engine.value("SELECT status FROM strategy_commands;") == "executed"
                    && engine.process("pair").hasSuffix("/2")
            }, "\(engine.log)")
        #expect(try engine.process("crossover") == before[0])
        #expect(try engine.status("maker") == "stopped")
        let reason = """
            SELECT reason FROM strategy_instances WHERE epoch = 1
            AND strategy_id = (SELECT id FROM strategy_configs WHERE name = 'pair');
            """
        #expect(try engine.value(reason) == "ended by signal 15 (SIGTERM) while no manager was watching")
        #expect(engine.stop() == 0)
    }

    @Test func aCommandThatWasAcceptedIsSeenThroughByTheNextManager() throws {
        let engine = try EngineHome()
        try engine.addThreeStrategiesWithSlowFeed()
        try engine.start(waitingFor: ["crossover", "maker"])
        let pid = try engine.pid("crossover")
        // A stopped process neither ends nor answers, so both commands are still open when the manager is killed.
        kill(pid, SIGSTOP)
        let maker = try engine.pid("maker")
        kill(maker, SIGSTOP)
        try engine.sql(
            """
            INSERT INTO strategy_commands(strategy_id, command) VALUES ('crossover', 'pause'), ('maker', 'pause');
            """)
        #expect(
            try waitUntil(seconds: 10) {
                try engine.value("SELECT count(*) FROM strategy_commands WHERE status = 'accepted';") == "2"
            })
        engine.killManager()
        kill(pid, SIGCONT)
        kill(maker, SIGKILL)
        try engine.start()
        #expect(
            try waitUntil(seconds: 20) {
                try engine.value("SELECT count(*) FROM strategy_commands WHERE status = 'executed';") == "2"
            }, "\(engine.log)")
        #expect(try engine.pid("crossover") == pid)
        for name in ["crossover", "maker"] { #expect(try engine.status(name) == "paused") }
    }

    @Test func aRecycledProcessNumberIsNeverSignalled() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.addStrategy(
            "crossover", "moving_average_crossover", "--instrument", "ALPHA", "--set", "fast=5", "--set",
            "slow=20")
        try engine.addSampleFeed(speed: "1")
        try engine.start(waitingFor: ["crossover"])
        let id = try engine.value("SELECT id FROM strategy_configs;")
        let old = try engine.pid("crossover")
        engine.killManager()
        kill(old, SIGKILL)
        #expect(waitUntil(seconds: 10) { EngineHome.hasEnded(old) })
        // The system has given the number to somebody else: as far as text in files and rows goes.
        let innocent = try ProgramRun("sleep", ["600"])
        let lock = engine.home + "/run/\(id).lock"
        let text = try String(contentsOfFile: lock, encoding: .utf8)
        try text.replacingOccurrences(of: "\"pid\":\(old)", with: "\"pid\":\(innocent.processID)")
            .write(toFile: lock, atomically: false, encoding: .utf8)
        try engine.sql("UPDATE strategy_instances SET pid = \(innocent.processID);")
        try engine.start()
        #expect(
            try waitUntil(seconds: 20) { try engine.process("crossover").hasSuffix("/2") }, "\(engine.log)")
        #expect(engine.stop() == 0)
        #expect(innocent.isRunning)

        // And so when the lock is held, by a process that the text does not name.
        let holder = try ProgramRun("flock", [lock, "sleep", "600"])
        #expect(waitUntil(seconds: 10) { isLocked(lock) })
        try text.replacingOccurrences(of: "\"pid\":\(old)", with: "\"pid\":\(innocent.processID)")
            .write(toFile: lock, atomically: false, encoding: .utf8)
        try engine.start()
        try engine.waitForStatus("crossover", "backoff")
        #expect(engine.log.contains("cannot be proven"), "\(engine.log)")
        #expect(engine.stop() == 0)
        #expect(innocent.isRunning && holder.isRunning)
    }

    @Test func aFeedThatHadEndedIsNotPlayedAgainInTheSameSession() throws {
        let engine = try EngineHome(seconds: 20)
        try engine.addSampleFeed(speed: "max", loop: false)
        try engine.addStrategy(
            "crossover", "moving_average_crossover", "--instrument", "ALPHA", "--set", "fast=5", "--set",
            "slow=20")
        try engine.start(waitingFor: ["crossover"])
        let feed = "SELECT status || ' ' || reason FROM feeds;"
        #expect(try waitUntil(seconds: 20) { try engine.value(feed) == "stopped completed" })
        #expect(try waitUntil(seconds: 20) { try engine.eventCount("crossover") > 0 })
        let process = try engine.process("crossover")
        engine.killManager()
        try engine.start()
        #expect(
            waitUntil(seconds: 10) { engine.log.contains("executor crossover: running") }, "\(engine.log)")
        #expect(try engine.process("crossover") == process)
        // A command makes the round through the new manager; the feed has had its chance by then.
        _ = try engine.sendCommand("pause", to: "crossover")
        #expect(try engine.value(feed) == "stopped completed")
        #expect(!engine.log.contains("feed sample: starting"), "\(engine.log)")
        // A stop in order ends the session.
        #expect(engine.stop() == 0)
        try engine.start()
        #expect(waitUntil(seconds: 10) { engine.log.contains("feed sample: starting") }, "\(engine.log)")
    }

    @Test func aStrategyThatIsGoneFromTheDatabaseIsEnded() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.addThreeStrategiesWithSlowFeed()
        try engine.start(waitingFor: ["crossover", "maker"])
        let pid = try engine.pid("maker")
        engine.killManager()
        // As somebody may who does not want to wait: the schema refuses to delete a live strategy.
        try engine.sql(
            """
            UPDATE strategy_configs SET status = 'stopped' WHERE name = 'maker';
            DELETE FROM strategy_configs WHERE name = 'maker';
            """)
        try engine.start()
        #expect(waitUntil(seconds: 20) { EngineHome.hasEnded(pid) }, "\(engine.log)")
        #expect(engine.log.contains("belongs to no strategy or feed"))
        #expect(try engine.status("crossover") == "running", "\(engine.log)")
        #expect(engine.stop() == 0)
    }

    // MARK: - Looking

    private func fillCount(_ engine: EngineHome) throws -> Int {
        Int(try engine.value("SELECT count(*) FROM fills;")) ?? 0
    }

    /// What positions and fills disagree by.
    private func differences(_ engine: EngineHome) throws -> String {
        try engine.value(
            """
            SELECT coalesce(sum(abs(net - held)), 0) FROM (
              SELECT p.quantity_e8 AS held, (SELECT coalesce(sum(CASE side WHEN 'buy' THEN quantity_e8
                ELSE -quantity_e8 END), 0) FROM fills f WHERE f.strategy_id = p.strategy_id AND f.token = p.token) AS net
              FROM positions p);
            """)
    }

    private func isLocked(_ path: String) -> Bool {
        let descriptor = open(path, O_RDWR)
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) != 0
    }
}
