import Foundation
import TestSupport
import Testing

/// Alerts as those hear of them who should: by real processes, hooks and a real server.
@Suite(.serialized) struct AlertTests {
    @Test func everyKindFiresOnceIsToldAndClears() throws {
        let home = try AlertHome()
        let engine = home.engine
        let port = try home.serve("204")
        home.endServer()
        try prepare(home, port: port)
        try engine.start(waitingFor: ["victim", "maker"])
        try crash("victim", of: engine)
        try home.wait("crash", "open")
        // Refused at first, then an error, then no answer at all, then it works; meanwhile everything else goes on.
        #expect(
            try waitUntil(seconds: 20) {
                try engine.value("SELECT last_error FROM alerts WHERE rule = 'post';").contains("refused")
            })
        try home.serve(port: port, "500", "hang", "200")
        for rule in ["hang", "feed", "loss", "disk", "lost"] { try home.wait(rule, "open") }

        let told = home.files("crash-fired")
        #expect(told.count == 1, "\(told)")
        try check(home, told)
        _ = try engine.sendCommand("start", to: "victim")
        try home.wait("crash", "cleared")
        #expect(waitUntil(seconds: 10) { home.files("crash-cleared").count == 1 })
        let cleared = try home.document(#require(home.files("crash-cleared").first))
        #expect((cleared["message"] as? String)?.hasPrefix("cleared: victim is ") == true)

        _ = try engine.sendCommand("stop", to: "spins")
        _ = try engine.sendCommand("stop", to: "maker")
        try engine.command("alerts", "set", "disk", "--threshold", "0.001")
        let sender = try FeedSender(socket: engine.directory.file("in.sock"))
        sender.send("ts,symbol,price,qty\n1700000000000,DELTA,1,1\n")
        for rule in ["hang", "feed", "loss", "disk", "lost"] {
            #expect(try home.wait(rule, "cleared", seconds: 40) == 1, "\(rule) fired once")
        }
        withExtendedLifetime(sender) {}
        try checkPosts(home)
        #expect(home.files("crash-").count == 2, "each was told once")
        #expect(engine.stop() == 0)
    }

    private func prepare(_ home: AlertHome, port: Int) throws {
        let engine = home.engine
        try engine.addSampleFeed(speed: "20")
        try engine.command(
            "ticks", "synth", "-o", engine.directory.file("g.ticks"), "--symbol", "GAMMA", "--seed", "1",
            "--rate", "20", "--seconds", "600", "--start", "2026-01-05T09:00:00Z")
        try engine.command(
            "feeds", "add", "flood", "--kind", "file", "--set", "path=\(engine.directory.file("g.ticks"))",
            "--set", "speed=4000", "--set", "loop=true")
        try engine.command(
            "feeds", "add", "desk", "--kind", "socket", "--set",
            "address=unix:\(engine.directory.file("in.sock"))", "--set", "symbols=DELTA", "--set",
            "preset=trades")
        let strategies = [
            (
                "victim", "moving_average_crossover", "ALPHA", "NULL",
                #"{"backoff_initial": "10ms", "unstable_exits_max": 2}"#
            ),
            ("maker", "market_maker", "ALPHA", "NULL", "{}"),
            (
                "spins", "spinner", "GAMMA", "'\(FaultProgram.path)'",
                #"{"late_after": "1s", "stalled_after": "2s", "restart_on_stall": false, "stop_timeout": "500ms"}"#
            ),
        ]
        for (name, className, symbol, module, policy) in strategies {
            try engine.sql(
                """
                INSERT INTO strategy_configs(name, class_name, module_path, config_json, restart_policy_json) VALUES
                ('\(name)', '\(className)', \(module), '{"instruments": ["\(symbol)"]}', '\(policy)');
                """)
        }
        let now = ["clear_seconds": "0"]
        try home.addRule(
            "crash", "error",
            ["strategy_id": "'victim'", "command_json": home.hook(), "clear_seconds": "0"])
        try home.addRule(
            "post", "error",
            [
                "strategy_id": "'victim'", "webhook_url": "'http://127.0.0.1:\(port)/a?b=1'",
                "clear_seconds": "0",
            ])
        try home.addRule("hang", "stalled", ["strategy_id": "'spins'"].merging(now) { $1 })
        try home.addRule("feed", "stale_feed", ["feed": "'desk'"].merging(now) { $1 })
        try home.addRule(
            "loss", "drawdown", ["strategy_id": "'maker'", "threshold": "0.01"].merging(now) { $1 })
        try home.addRule("disk", "disk", ["threshold": "1e12"].merging(now) { $1 })
        try home.addRule(
            "lost", "drops", ["strategy_id": "'spins'", "threshold": "0"].merging(now) { $1 })
    }

    /// Kills a strategy until its manager gives it up.
    private func crash(_ name: String, of engine: EngineHome) throws {
        var killed: Int32 = 0
        let isGivenUp = try waitUntil(seconds: 20) {
            let process = try engine.process(name).split(separator: "/").first
            if let pid = process.flatMap({ Int32($0) }), pid != killed {
                kill(pid, SIGKILL)
                killed = pid
            }
            return try engine.status(name) == "error"
        }
        #expect(isGivenUp, "\(engine.log)")
    }

    /// What the hook got: the document, and the same in its environment.
    private func check(_ home: AlertHome, _ told: [String]) throws {
        let document = try home.document(#require(told.first))
        #expect(document["event"] as? String == "fired" && document["kind"] as? String == "error")
        #expect(document["rule"] as? String == "crash" && document["subject"] as? String == "victim")
        #expect((document["message"] as? String)?.hasPrefix("victim is in error") == true, "\(document)")
        #expect(document["attempt"] as? Int == 1 && document["home"] as? String == home.engine.home)
        #expect((document["opened_at"] as? String)?.hasSuffix("Z") == true)
        let environment = try String(
            contentsOfFile: home.folder + "/" + #require(home.files("environment-").first), encoding: .utf8)
        for line in [
            "TRADEWIND_ALERT_EVENT=fired", "TRADEWIND_ALERT_RULE=crash", "TRADEWIND_ALERT_SUBJECT=victim",
            "TRADEWIND_HOME=\(home.engine.home)",
        ] {
            #expect(environment.contains(line), "\(line) in \(environment)")
        }
        #expect(!environment.contains("PROGRAM_RUN_OUTPUT"), "the environment is not the manager's")
        let log = try String(contentsOfFile: home.engine.home + "/logs/alerter.log", encoding: .utf8)
        #expect(log.contains("hook heard victim is in error"), "\(log)")
    }

    private func checkPosts(_ home: AlertHome) throws {
        let isDone = try waitUntil(seconds: 40) {
            try home.engine.value("SELECT delivery FROM alerts WHERE rule = 'post';") == "delivered"
        }
        let files = home.files("0")
        #expect(isDone && files.count == 4, "\(files)")
        #expect(
            files.map { $0.split(separator: "-")[1] } == ["500.json", "hang.json", "200.json", "200.json"])
        let posts = try files.map { try home.document($0) }
        let bodies = posts.compactMap { $0["body"] as? [String: Any] }
        #expect(bodies.compactMap { $0["event"] as? String } == ["fired", "fired", "fired", "cleared"])
        #expect(Set(posts.prefix(3).compactMap { $0["key"] as? String }).count == 1, "copies are recognised")
        #expect(posts[0]["path"] as? String == "/a?b=1")
        #expect(posts[0]["type"] as? String == "application/json")
        let attempts = bodies.compactMap { $0["attempt"] as? Int }
        #expect(Array(attempts.prefix(3)) == attempts.prefix(3).sorted() && attempts[0] >= 2, "\(attempts)")
    }

    @Test func whoeverIsKilledAnIncidentIsOneAndIsTold() throws {
        let home = try AlertHome()
        let engine = home.engine
        try home.addRule("disk", "disk", ["threshold": "1e12", "command_json": home.hook(pause: "3")])
        try engine.start()
        #expect(waitUntil(seconds: 20) { home.files("began-").count == 1 })
        // The manager dies while the hook runs: nobody but it was touched, so the hook is run once.
        let alerter = try engine.lockHolder("alerter")
        engine.killManager()
        #expect(waitUntil(seconds: 20) { home.files("disk-fired").count == 1 })
        try engine.start()
        #expect(try engine.lockHolder("alerter") == alerter, "it was taken over")
        #expect(
            try waitUntil(seconds: 20) {
                try engine.value("SELECT delivery FROM alerts;") == "delivered"
            })
        #expect(home.files("began-").count == 1)
        // The alerter dies while the hook runs that says it is over: it is told again, under the same number.
        try engine.sql("UPDATE alert_rules SET threshold = 0.001, clear_seconds = 0 WHERE name = 'disk';")
        #expect(waitUntil(seconds: 20) { home.files("began-").count == 2 })
        kill(alerter, SIGKILL)
        #expect(waitUntil(seconds: 30) { home.files("began-").count == 3 })
        #expect(
            try waitUntil(seconds: 20) {
                try engine.value("SELECT delivery FROM alerts;") == "delivered"
            })
        #expect(try engine.lockHolder("alerter") != alerter)
        let told = home.files("disk-cleared")
        #expect((1...2).contains(told.count), "\(told)")
        #expect(Set(told.map { $0.split(separator: "-")[2] }).count == 1)
        #expect(try engine.value("SELECT count(*) FROM alert_incidents WHERE rule = 'disk';") == "1")
        #expect(engine.stop() == 0)
    }

    @Test func commandsManageRulesAndTestThem() throws {
        let home = try AlertHome()
        let engine = home.engine
        func run(_ arguments: String...) throws -> TradewindProgram.Result {
            try TradewindProgram.run(["alerts"] + arguments, home: engine.home)
        }
        #expect(try run().errors.contains("no alerts"))
        let rules = try run("rules", "--json").output
        let known = try #require(JSONSerialization.jsonObject(with: Data(rules.utf8)) as? [[String: Any]])
        #expect(
            known.compactMap { $0["name"] as? String } == [
                "disk_low", "feed_stale", "strategy_drawdown", "strategy_error", "strategy_stalled",
                "ticks_dropped",
            ])
        let hook = engine.directory.file("hook.sh")
        #expect(try run("add", "d", "--kind", "disk", "--threshold", "5").output.contains("tells nobody"))
        #expect(try run("test", "d").exitCode == 1)
        #expect(try run("set", "d", "--command", hook, home.folder, "0").exitCode == 0)
        #expect(try run("test", "d").exitCode == 69, "there is no manager")
        for (arguments, code, words) in [
            (["add", "d", "--kind", "disk", "--threshold", "5"], 65, "exists"),
            (["add", "e", "--kind", "mood"], 64, "--kind must be one of"),
            (["add", "e", "--kind", "disk"], 65, "threshold must be above 0"),
            (["add", "e", "--kind", "error", "--strategy", "nobody"], 65, "unknown strategy"),
            (["add", "e", "--kind", "error", "--webhook", "https://x/"], 64, "for https"),
            (["add", "e", "--kind", "error", "--command", "/no/such"], 66, "there is no program /no/such"),
            (["remove", "nobody"], 66, "there is no alert rule nobody"),
            (["list", "--json", "--csv"], 64, "not both"),
        ] {
            let result = try TradewindProgram.run(["alerts"] + arguments, home: engine.home)
            #expect(result.exitCode == Int32(code) && result.errors.contains(words), "\(result)")
        }
        let port = try home.serve("404")
        try engine.command(
            "alerts", "add", "w", "--kind", "disk", "--threshold", "5", "--webhook",
            "http://127.0.0.1:\(port)/")
        try engine.start()
        let test = try run("test", "d")
        #expect(test.exitCode == 0 && test.output.contains("delivered"), "\(test)")
        let refused = try run("test", "w")
        #expect(refused.exitCode == 1 && refused.output.contains("status 404"), "\(refused)")
        // The test that waited for a manager was told as well.
        #expect(waitUntil(seconds: 10) { home.files("d-test").count == 2 })
        try engine.command("alerts", "set", "d", "--threshold", "1e12")
        try home.wait("d", "open")
        #expect(try run("list", "--open").output.contains("MiB are free"))
        #expect(try run("list", "--csv").output.hasPrefix("id,state,rule,kind,subject,opened_at"))
        #expect(try run("disable", "d").exitCode == 0)
        try home.wait("d", "cleared")
        #expect(try run("--rule", "d", "--json").output.contains("the rule was removed or disabled"))
        #expect(try run("enable", "d").exitCode == 0 && run("remove", "d").exitCode == 0)
        #expect(engine.stop() == 0)
    }
}
