import Foundation
import TestSupport
import Testing

/// The system refuses to start processes, for now or for good.
@Suite(.serialized) struct SpawnFaultTests {
    @Test func aStartThatTheSystemRefusesForNowIsTriedAgainAndTheOthersGoOn() throws {
        let user = 54_321
        // RLIMIT_NPROC counts all processes of a user and does not bind root, so one of its own is needed.
        guard getuid() == 0, try ProgramRun("setpriv", ["--version"]).wait(seconds: 5) == 0,
            try ProgramRun("prlimit", ["--version"]).wait(seconds: 5) == 0
        else {
            print("skipped: EAGAIN needs root, setpriv and prlimit; no process was refused")
            return
        }
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "50")
        try engine.addThreeStrategies()
        try engine.sql(
            """
            UPDATE strategy_configs SET restart_policy_json = '{"backoff_initial": "100ms", "backoff_max": "200ms",
            "unstable_exits_max": 100}';
            """)
        let program = engine.directory.file("tradewind")
        try FileManager.default.copyItem(atPath: TradewindProgram.path, toPath: program)
        let owned = try ProgramRun("chown", ["-R", "\(user):\(user)", engine.directory.path])
        #expect(owned.wait(seconds: 20) == 0)
        let manager = try ProgramRun(
            "setpriv", ["--reuid=\(user)", "--regid=\(user)", "--clear-groups", program, "run"],
            environment: ["TRADEWIND_HOME": engine.home])
        for name in ["crossover", "maker", "pair"] {
            let isRunning = try waitUntil(seconds: 20) { try engine.status(name) == "running" }
            try #require(isRunning, "\(manager.standardError)")
        }
        let others = try ["crossover", "pair"].map(engine.process)
        try limit(manager.processID, to: "1", as: user)
        kill(try engine.pid("maker"), SIGKILL)
        let refused = "SELECT count(*) FROM strategy_events WHERE reason LIKE '%EAGAIN%';"
        #expect(
            try waitUntil(seconds: 20) { try (Int(engine.value(refused)) ?? 0) >= 3 },
            "\(manager.standardError)")
        let reason = try engine.value("SELECT reason FROM strategy_events WHERE reason LIKE '%EAGAIN%';")
        #expect(reason.contains("ulimit -u"), "it says what to do: \(reason)")
        let stored = Int(try engine.value("SELECT count(*) FROM fills;")) ?? 0
        #expect(
            try waitUntil(seconds: 20) {
                try (Int(engine.value("SELECT count(*) FROM fills;")) ?? 0) > stored
            })
        try limit(manager.processID, to: "2000", as: user)
        let begin = ContinuousClock.now
        try engine.waitForStatus("maker", "running")
        let healed = ContinuousClock.now - begin
        #expect(try ["crossover", "pair"].map(engine.process) == others, "\(manager.standardError)")
        print(
            "figure: \(try engine.value(refused)) starts refused with EAGAIN, running \(healed) after the limit was lifted"
        )
        manager.signal(SIGTERM)
        #expect(manager.wait(seconds: 30) == 0)
        try JournalAccount(home: engine.home).expectSame(as: engine)
    }

    /// Sets the soft limit, which the user may do himself; root of a container often may not.
    private func limit(_ pid: Int32, to count: String, as user: Int) throws {
        let run = try ProgramRun(
            "setpriv",
            [
                "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "prlimit", "--pid", "\(pid)",
                "--nproc=\(count):",
            ])
        #expect(run.wait(seconds: 10) == 0, "\(run.standardError)")
    }

    @Test func anExecutableThatCannotRunIsAnErrorWithItsReasonAndNobodyElseIsTouched() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.addThreeStrategiesWithSlowFeed()
        try engine.start(waitingFor: ["crossover"])
        let before = try engine.process("crossover")
        let directory = engine.directory
        let forbidden = directory.file("forbidden")
        try FileManager.default.copyItem(atPath: "/bin/true", toPath: forbidden)
        chmod(forbidden, 0o600)
        let torn = directory.file("torn")
        try Data([0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0]).write(to: URL(fileURLWithPath: torn))
        chmod(torn, 0o700)
        let cases = [
            ("missing", directory.file("missing"), "ENOENT"), ("forbidden", forbidden, "EACCES"),
            ("folder", directory.path, "EACCES"), ("below", forbidden + "/desk", "ENOTDIR"),
            ("torn", torn, "ENOEXEC"),
        ]
        for (name, path, _) in cases {
            try engine.sql(
                """
                INSERT INTO strategy_configs(name, class_name, module_path, config_json)
                VALUES ('\(name)', 'market_maker', '\(path)', '{"instruments": ["ALPHA"]}');
                """)
        }
        for (name, path, symbol) in cases {
            try engine.waitForStatus(name, "error")
            let reason = try engine.value("SELECT last_reason FROM strategies WHERE name = '\(name)';")
            #expect(reason.contains(symbol) && reason.contains(path), "\(reason)")
        }
        #expect(try engine.process("crossover") == before)
        #expect(engine.stop() == 0)
        try JournalAccount(home: engine.home).expectSame(as: engine)
    }

    @Test func ofTwoManagersStartedTogetherOneRuns() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.addThreeStrategiesWithSlowFeed()
        for round in 1...5 {
            let both = try (0..<2).map { _ in try TradewindProgram.start("run", home: engine.home) }
            #expect(waitUntil(seconds: 20) { both.filter(\.isRunning).count == 1 }, "round \(round)")
            let winner = try #require(both.first { $0.isRunning })
            let loser = try #require(both.first { !$0.isRunning })
            #expect(
                loser.wait(seconds: 1) != 0 && loser.standardError.contains("running"),
                "\(loser.standardError)")
            try engine.waitForStatus("pair", "running")
            #expect(
                try waitUntil(seconds: 10) { try Oracle(home: engine.home).complaintsWhileRunning() == [] })
            winner.signal(SIGTERM)
            #expect(winner.wait(seconds: 30) == 0)
        }
        let instances = try engine.value("SELECT count(*) || ' ' || max(epoch) FROM strategy_instances;")
        #expect(instances == "15 5", "three strategies, once a round")
        try JournalAccount(home: engine.home).expectSame(as: engine)
    }

    @Test func aJournalThatMustNotGrowRefusesOrdersOfThatStrategyOnly() throws {
        guard try ProgramRun("prlimit", ["--version"]).wait(seconds: 5) == 0 else {
            print("skipped: no prlimit here")
            return
        }
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "50")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        let before = try ["crossover", "maker", "pair"].map(engine.process)
        let maker = try engine.pid("maker")
        func fills(_ name: String) throws -> Int {
            let query = """
                SELECT count(*) FROM fills WHERE strategy_id = (SELECT id FROM strategy_configs WHERE name = '\(name)');
                """
            return Int(try engine.value(query)) ?? 0
        }
        #expect(try waitUntil(seconds: 20) { try fills("maker") > 5 })
        let file = try ProgramRun("prlimit", ["--pid", "\(maker)", "--fsize=4096:"])
        #expect(file.wait(seconds: 10) == 0)
        #expect(
            waitUntil(seconds: 20) { engine.log.contains("orders are refused until then") }, "\(engine.log)")
        let (stuck, other) = try (fills("maker"), fills("crossover"))
        #expect(try waitUntil(seconds: 20) { try fills("crossover") > other + 5 }, "\(engine.log)")
        #expect(try fills("maker") <= stuck + 1)
        let lifted = try ProgramRun("prlimit", ["--pid", "\(maker)", "--fsize=unlimited:"])
        #expect(lifted.wait(seconds: 10) == 0)
        #expect(try waitUntil(seconds: 20) { try fills("maker") > stuck + 5 }, "\(engine.log)")
        #expect(try ["crossover", "maker", "pair"].map(engine.process) == before)
        #expect(engine.stop() == 0)
        try JournalAccount(home: engine.home).expectSame(as: engine)
        print("figure: RLIMIT_FSIZE at one journal: its orders refused, 0 fills lost, 0 doubled, 0 restarts")
    }
}
