import Foundation
import TestSupport
import Testing

/// Strategies that do what strategies must not do, beside one that does nothing wrong.
@Suite(.serialized) struct MisbehaviourTests {
    @Test func aStrategyThatSpinsIsKilledAndStartedAgainOrOnlyReportedAsItsPolicySays() throws {
        let engine = try engineWithMeter()
        try addFault(
            "spins", "spinner",
            policy: #"{"late_after": "1s", "stalled_after": "2s", "backoff_initial": "10ms"}"#,
            to: engine)
        try addFault(
            "reported", "spinner",
            policy:
                #"{"late_after": "1s", "stalled_after": "2s", "restart_on_stall": false, "stop_timeout": "500ms"}"#,
            to: engine)
        try engine.start(waitingFor: ["meter"])
        let meter = try engine.process("meter")
        #expect(try waitUntil(seconds: 20) { try engine.process("spins").hasSuffix("/2") }, "\(engine.log)")
        let reason = try engine.value(
            "SELECT group_concat(reason) FROM strategy_events WHERE strategy_id = \(Self.id("spins"));")
        #expect(reason.contains("health late") && reason.contains("no heartbeat for 2 s"), "\(reason)")
        let told =
            "SELECT group_concat(reason) FROM strategy_events WHERE strategy_id = \(Self.id("reported"));"
        #expect(
            try waitUntil(seconds: 10) { try engine.value(told).contains("ALARM: no heartbeat for 2 s") },
            "\(engine.log)")
        #expect(try engine.process("reported").hasSuffix("/1"))
        // It hears neither the stop message nor SIGTERM.
        let pid = try engine.pid("reported")
        let stop = try engine.sendCommand("stop", to: "reported")
        #expect(try engine.commandStatus(stop) == "executed")
        #expect(EngineHome.hasEnded(pid))
        #expect(try engine.value("SELECT exit_signal FROM strategy_instances WHERE pid = \(pid);") == "9")
        #expect(try engine.process("meter") == meter)
        #expect(engine.stop() == 0)
    }

    @Test func aStrategyThatPrintsForEverFillsNoDisk() throws {
        let engine = try engineWithMeter()
        try addFault("prints", "printer", policy: #"{"watched": false, "stop_timeout": "200ms"}"#, to: engine)
        try engine.start(waitingFor: ["prints"])
        let logs = engine.home + "/logs"
        func files() throws -> [String: Int] {
            let names = try FileManager.default.contentsOfDirectory(atPath: logs).filter {
                $0.hasPrefix("prints")
            }
            return Dictionary(
                uniqueKeysWithValues: names.map { name in
                    let attributes = try? FileManager.default.attributesOfItem(atPath: logs + "/" + name)
                    return (name, attributes?[.size] as? Int ?? 0)
                })
        }
        let pid = try engine.pid("prints")
        // All ten files are there, and they have been replaced since.
        #expect(try waitUntil(seconds: 60) { try files()["prints.log.9"] != nil })
        func firstLine() -> Substring {
            ((try? String(contentsOfFile: logs + "/prints.log.9", encoding: .utf8)) ?? "").prefix(20)
        }
        let first = firstLine()
        #expect(waitUntil(seconds: 30) { firstLine() != first })
        let now = try files()
        print("log files of a strategy that prints for ever: \(now.count), \(now.values.reduce(0, +)) bytes")
        #expect(now.count <= 11, "\(now)")
        #expect(now.values.reduce(0, +) < 300_000_000, "\(now)")
        #expect(try engine.pid("prints") == pid)
        let lines = try engine.command("logs", "prints", "-n", "3")
        #expect(lines.contains("all work and no play"))
        #expect(engine.stop() == 0)
    }

    @Test func fiftyStrategiesThatEndAtOnceAreBoundedAndTheHealthyOneGoesOn() throws {
        let engine = try engineWithMeter()
        for number in 0..<50 {
            try engine.sql(
                """
                INSERT INTO strategy_configs(name, class_name, module_path, config_json) VALUES ('e\(number)',
                'exiter', '\(FaultProgram.path)', '{"instruments": ["ALPHA"]}');
                """)
        }
        let begin = ContinuousClock.now
        try engine.start(waitingFor: ["meter"])
        let meter = try engine.process("meter")
        let errors = "SELECT count(*) FROM strategy_configs WHERE status = 'error';"
        #expect(try waitUntil(seconds: 60) { try engine.value(errors) == "50" }, "\(engine.log.suffix(2000))")
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        let spawns = Int(try engine.value("SELECT count(*) FROM strategy_instances;")) ?? 0
        print("50 strategies that end at once: \(spawns) starts in \(seconds) s, then error")
        // Five unstable ends each, and no more.
        #expect(spawns == 251)
        let reason = try engine.value("SELECT last_reason FROM strategies WHERE name = 'e7';")
        #expect(reason.contains("crash loop") && reason.contains("code 1"), "\(reason)")
        #expect(try engine.process("meter") == meter)
        let before = try engine.eventCount("meter")
        #expect(try waitUntil(seconds: 10) { try engine.eventCount("meter") > before })
        #expect(engine.stop() == 0)
    }

    @Test func aGrandchildEndsWithTheStrategyAndHoldsNoLock() throws {
        let engine = try engineWithMeter()
        try addFault("forks", "forker", policy: #"{"backoff_initial": "10ms"}"#, to: engine)
        try engine.start(waitingFor: ["forks"])
        func grandchild() throws -> Int32? {
            let log = try String(contentsOfFile: engine.home + "/logs/forks.log", encoding: .utf8)
            return log.components(separatedBy: "grandchild ").last.flatMap {
                Int32($0.prefix { $0.isNumber })
            }
        }
        #expect(try waitUntil(seconds: 10) { try grandchild() != nil })
        let first = try #require(try grandchild())
        #expect(!EngineHome.hasEnded(first))
        kill(try engine.pid("forks"), SIGKILL)
        #expect(try waitUntil(seconds: 20) { try engine.process("forks").hasSuffix("/2") }, "\(engine.log)")
        #expect(waitUntil(seconds: 10) { EngineHome.hasEnded(first) })
        #expect(try waitUntil(seconds: 10) { try grandchild() != first })
        let second = try #require(try grandchild())
        #expect(engine.stop() == 0)
        #expect(waitUntil(seconds: 10) { EngineHome.hasEnded(second) })
    }

    @Test func aStrategyThatNeverBecomesReadyIsGivenUp() throws {
        let engine = try engineWithMeter()
        try addFault(
            "never", "never_ready",
            policy: #"{"ready_timeout": "300ms", "unstable_exits_max": 3, "backoff_initial": "10ms"}"#,
            to: engine)
        try engine.start(waitingFor: ["meter"])
        try engine.waitForStatus("never", "error")
        let reason = try engine.value("SELECT last_reason FROM strategies WHERE name = 'never';")
        #expect(reason.contains("not ready within 0.3") && reason.contains("crash loop"), "\(reason)")
        #expect(try engine.value("SELECT count(*) FROM strategy_instances WHERE ready_at IS NULL;") == "3")
        #expect(engine.stop() == 0)
    }

    @Test func aManagerThatDidNotRunKillsNobodyForIt() throws {
        let engine = try engineWithMeter()
        for name in ["first", "second"] {
            try addFault(
                name, "gap_meter", policy: #"{"late_after": "1s", "stalled_after": "3s"}"#, to: engine)
        }
        try engine.start(waitingFor: ["first", "second", "meter"])
        let before = try ["first", "second", "meter"].map(engine.process)
        let manager = try #require(engine.manager)
        manager.signal(SIGSTOP)
        // Long past every deadline; the strategies go on meanwhile.
        let end = ContinuousClock.now + .seconds(7)
        #expect(!waitUntil(seconds: 8) { ContinuousClock.now >= end && !manager.isRunning })
        manager.signal(SIGCONT)
        #expect(waitUntil(seconds: 10) { engine.log.contains("did not run for") }, "\(engine.log)")
        let pause = try engine.sendCommand("pause", to: "first")
        #expect(try engine.commandStatus(pause) == "executed")
        let seen = ContinuousClock.now + .seconds(4)
        _ = waitUntil(seconds: 5) { ContinuousClock.now >= seen }
        #expect(try ["first", "second", "meter"].map(engine.process) == before, "\(engine.log)")
        #expect(try engine.value("SELECT count(*) FROM strategy_instances;") == "3")
        #expect(engine.stop() == 0)
    }

    @Test func aManagerWithoutDescriptorsToSpareKeepsWhatRunsAndTriesAgain() throws {
        let engine = try engineWithMeter()
        let manager = try ProgramRun(
            "/bin/sh", ["-c", "ulimit -n 120; exec \"$0\" run", TradewindProgram.path],
            environment: ["TRADEWIND_HOME": engine.home])
        try engine.waitForStatus("meter", "running")
        for number in 0..<60 {
            try engine.sql(
                """
                INSERT INTO strategy_configs(name, class_name, config_json, restart_policy_json) VALUES ('m\(number)',
                'market_maker', '{"instruments": ["ALPHA"]}', '{"backoff_initial": "500ms", "backoff_max": "500ms",
                "unstable_exits_max": 100}');
                """)
        }
        let short = "SELECT count(*) FROM strategy_events WHERE reason LIKE '%EMFILE%';"
        #expect(try waitUntil(seconds: 30) { try engine.value(short) != "0" }, "\(manager.standardError)")
        let process = try engine.process("meter")
        // Stopping some makes room for the others.
        for number in 0..<30 { try engine.command("stop", "m\(number)") }
        let running = "SELECT count(*) FROM strategy_configs WHERE status = 'running';"
        #expect(
            try waitUntil(seconds: 30) { try engine.value(running) == "31" },
            "\(manager.standardError.suffix(2000))")
        #expect(try engine.process("meter") == process)
        manager.signal(SIGTERM)
        #expect(manager.wait(seconds: 60) == 0)
    }

    @Test func aBusThatHangsIsReplacedAndNobodyElseIsBlamed() throws {
        let engine = try engineWithMeter()
        try addFault(
            "other", "gap_meter", policy: #"{"late_after": "3s", "stalled_after": "4s"}"#, to: engine)
        try engine.start(waitingFor: ["meter", "other"])
        let before = try ["meter", "other"].map(engine.process)
        let bus = try engine.lockHolder("bus")
        kill(bus, SIGSTOP)
        // Killed after ten seconds; the strategies' own deadlines would have been over long before.
        #expect(waitUntil(seconds: 30) { EngineHome.hasEnded(bus) }, "\(engine.log)")
        let count = try engine.eventCount("meter")
        #expect(try waitUntil(seconds: 20) { try engine.eventCount("meter") > count + 100 }, "\(engine.log)")
        #expect(try engine.lockHolder("bus") != bus)
        #expect(engine.log.contains("the bus does not answer"))
        #expect(try ["meter", "other"].map(engine.process) == before, "\(engine.log)")
        #expect(engine.stop() == 0)
    }

    @Test func limitsAreInForceAndThresholdsRaiseAnAlarm() throws {
        let engine = try engineWithMeter()
        try engine.sql(
            """
            UPDATE strategy_configs SET limits_json = '{"nice": 5, "cpus": "0", "descriptors_max": 64,
            "core_bytes_max": 0, "memory_alert_mib": 1}' WHERE name = 'meter';
            INSERT INTO strategy_configs(name, class_name, config_json, limits_json) VALUES ('wrong', 'market_maker',
            '{"instruments": ["ALPHA"]}', '{"nice": 50, "cpus": "x"}');
            """)
        try engine.start(waitingFor: ["meter"])
        let pid = try engine.pid("meter")
        #if os(Linux)
            let limits = try String(contentsOfFile: "/proc/\(pid)/limits", encoding: .utf8).split(
                separator: "\n")
            func limit(_ name: String) -> [Substring] {
                limits.first { $0.hasPrefix(name) }?.dropFirst(name.count).split(separator: " ") ?? []
            }
            #expect(limit("Max open files").prefix(2) == ["64", "64"])
            #expect(limit("Max core file size").prefix(2) == ["0", "0"])
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            #expect(status.contains("Cpus_allowed_list:\t0\n"))
            let fields = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8).split(
                separator: " ")
            #expect(fields[18] == "5")
        #endif
        let events =
            "SELECT group_concat(reason) FROM strategy_events WHERE strategy_id = \(Self.id("meter"));"
        #expect(
            try waitUntil(seconds: 10) { try engine.value(events).contains("ALARM: memory") }, "\(engine.log)"
        )
        try engine.waitForStatus("wrong", "error")
        let reason = try engine.value("SELECT last_reason FROM strategies WHERE name = 'wrong';")
        #expect(reason.contains("nice") && reason.contains("cpus"), "\(reason)")
        #expect(engine.stop() == 0)
    }

    // MARK: - Setting up

    private func engineWithMeter() throws -> EngineHome {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "10")
        try engine.addStrategy("meter", "gap_meter", "--instrument", "ALPHA", "--module", FaultProgram.path)
        return engine
    }

    private func addFault(_ name: String, _ className: String, policy: String, to engine: EngineHome) throws {
        try engine.addStrategy(
            name, className, "--instrument", "ALPHA", "--module", FaultProgram.path, "--no-auto-start")
        try engine.sql(
            """
            UPDATE strategy_configs SET restart_policy_json = '\(policy)', desired_state = 'running'
            WHERE name = '\(name)';
            """)
    }

    private static func id(_ name: String) -> String {
        "(SELECT id FROM strategy_configs WHERE name = '\(name)')"
    }
}
