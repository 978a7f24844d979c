import Foundation
import TestSupport
import Testing

/// The Python client against the real engine.
@Suite(
    .serialized,
    .enabled(if: PythonClient.isAvailable, "needs python3 3.9 or later with SQLite 3.37 or later"))
struct PythonClientTests {
    @Test func itsOwnTestsPassAmongThemTheBytesOfTheProtocolPage() throws {
        let run = try PythonClient.python(["-m", "unittest", "discover", "-s", PythonClient.directory])
        #expect(run.wait(seconds: 60) == 0, "\(run.standardError)")
        #expect(run.standardError.contains("Ran ") && run.standardError.hasSuffix("OK\n"))
    }

    @Test func itPrintsTheRecordsOfTheFileExactlyAndTheStatus() throws {
        let engine = try EngineHome()
        try engine.start()
        let tail = try PythonClient.start(
            "tail", "live_data:*", "feed:status:*", "instruments:category:*", "strategy:status:*",
            home: engine.home)
        try engine.waitForSubscriber("python")
        try engine.addSampleFeed(speed: "max", loop: false)
        try engine.addStrategy("maker", "market_maker", "--instrument", "ALPHA")
        try engine.waitForStatus("maker", "running")
        #expect(
            try waitUntil(seconds: 30) {
                try TailOutput(tail).records.last?.text("status") == "ended"
            }, "\(tail.standardError) \(engine.log)")
        let output = try TailOutput(tail)

        let rows = try engine.command("ticks", "cat", engine.ticks).split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        #expect(rows.count == 12_001)
        #expect(
            output.records.count == rows.count,
            "the records, and one for the end where the file has its header")
        for (row, record) in zip(rows.dropFirst(), output.records) {
            for (name, cell) in zip(rows[0], row) where !cell.isEmpty && name != "symbol" {
                try #require(record.text(name) == cell, "\(name) of \(record) is not that of \(row)")
            }
            #expect(record.topic == "live_data:" + row[3])
        }
        #expect(output.sequenceGaps.isEmpty && output.lines(beginningWith: "gap").isEmpty)

        let topic = try "strategy:status:" + engine.value("SELECT id FROM strategy_configs;")
        let pid = try Int(engine.pid("maker"))
        let arrived = try waitUntil(seconds: 10) {
            let status = try TailOutput(tail).lines(beginningWith: topic).last
            return status?.text("status") == "running" && status?.integer("pid") == pid
        }
        let statuses = try TailOutput(tail).lines(beginningWith: topic)
        #expect(arrived, "\(statuses) \(tail.standardError) \(engine.log)")
        #expect(try !TailOutput(tail).lines(beginningWith: "feed:status:sample").isEmpty)
        let announced = try #require(output.lines(beginningWith: "instruments:category:synthetic").first)
        let instruments = announced.fields["instruments"] as? [[String: Any]] ?? []
        #expect(instruments.map { $0["symbol"] as? String } == ["ALPHA", "BETA"])

        tail.signal(SIGINT)
        #expect(tail.wait(seconds: 10) == 130)
        #expect(tail.standardError.isEmpty)
    }

    @Test func theProgramOfItsReadmePrintsWhatItSays() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addStrategy("maker", "market_maker", "--instrument", "ALPHA")
        try engine.start(waitingFor: ["maker"])
        let readme = try String(contentsOfFile: PythonClient.directory + "/README.md", encoding: .utf8)
        let program = try #require(readme.components(separatedBy: "```python\n").dropFirst().first)
            .components(separatedBy: "```")[0]
        let run = try ProgramRun(
            "python3", ["-u", "-c", program],
            environment: ["PYTHONPATH": PythonClient.directory, "TRADEWIND_HOME": engine.home])
        #expect(
            waitUntil(seconds: 20) {
                run.standardOutput.split(separator: "\n").count { $0.split(separator: " ").count == 3 } > 20
            }, "\(run.standardError)")
        let id = try engine.value("SELECT id FROM strategy_configs;")
        #expect(run.standardOutput.contains("strategy:status:\(id) {"))
        run.signal(SIGTERM)
        #expect(run.wait(seconds: 10) == 128 + SIGTERM)
    }

    @Test func itsCommandsTakeEffectAndItsExitCodesSaySo() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addStrategy("maker", "market_maker", "--instrument", "ALPHA")
        try engine.start(waitingFor: ["maker"])
        let process = try engine.process("maker")
        func send(_ words: String...) throws -> (Int32?, String) {
            let run = try PythonClient.python(
                [PythonClient.directory + "/tradewind_bus.py", "--home", engine.home, "command"] + words)
            let exitCode = run.wait(seconds: 30)
            return (exitCode, run.standardOutput + run.standardError)
        }
        #expect(try send("maker", "pause", "--wait") == (0, "pause executed\n"))
        #expect(try engine.status("maker") == "paused")
        #expect(try send("maker", "resume", "--wait") == (0, "resume executed\n"))
        #expect(try engine.status("maker") == "running")
        #expect(try send("maker", "update", "--parameters", #"{"spread_ticks": 6}"#, "--wait", "20").0 == 0)
        let parameter = "SELECT json_extract(config_json, '$.parameters.spread_ticks') FROM strategy_configs;"
        #expect(try engine.value(parameter) == "6")
        #expect(try engine.process("maker") == process)

        let failed = try send("maker", "update", "--parameters", #"{"nonsense": 1}"#, "--wait")
        #expect(failed.0 == 1 && failed.1.contains("nonsense"))
        let wrong = try send("maker", "explode", "--wait")
        #expect(wrong.0 == 65)
        #expect(
            wrong.1.contains(
                "command must be start, stop, restart, update, pause, resume, flatten, halt, "
                    + "reduce or resume_trading"))
        #expect(
            try send("nobody", "pause").1.contains("unknown strategy: strategy_id must be the id or the name")
        )
        #expect(try engine.value("SELECT count(*) FROM strategy_commands WHERE issuer = 'python';") == "4")

        #expect(engine.stop() == 0)
        let late = try send("maker", "pause", "--wait", "0.1")
        #expect(late.0 == 75 && late.1.contains("still pending"))
        #expect(try PythonClient.run("tail", "*", home: engine.home).exitCode == 69)
        #expect(try PythonClient.run("tail", "*", home: engine.home + "/none").exitCode == 66)
        #expect(try PythonClient.run("command", "maker", "pause", home: engine.home + "/none").exitCode == 66)
        #expect(try PythonClient.run("tail", home: engine.home).exitCode == 64)
    }

    @Test func anObserverMayNotDoMoreAndAFeedNeedsItsToken() throws {
        let engine = try EngineHome()
        try engine.start()
        try engine.waitForSubscriber("manager")
        #expect(try PythonClient.run("tail", "nonsense", home: engine.home).errors.contains("(bus error 9)"))
        let script = """
            import os, sys
            from tradewind_bus import *
            from tradewind_frames import bus_token
            path = socket_path(find_home(sys.argv[1]))
            with BusClient(path) as observer:
                observer.publish("manager:nudge", {})
                try: observer.publish("strategy:commands:maker", {"command": "stop"})
                except BusError as error: print(error.code, error.text)
            key = open(os.path.dirname(path) + "/bus.key", "rb").read()
            for identity in ("other", "mine"):
                token = bus_token(key, Role.FEED, "mine")
                try:
                    with BusClient(path, Role.FEED, identity, token) as feed:
                        feed.publish("feed:status:mine", {"feed": "mine", "status": "running"})
                        print("admitted", identity)
                except BusError as error: print(error.code, error.text)
            """
        let lines = try PythonClient.run(script: script, engine.home).output.split(separator: "\n")
        try #require(lines.count == 3, "\(lines)")
        #expect(lines[0].hasPrefix("8 strategy:commands:maker"))
        #expect(lines[1].hasPrefix("7 ") && lines[1].contains("feed 'other'"))
        #expect(lines[2] == "admitted mine")
    }
}

extension EngineHome {
    /// Waits until a client of that identity has subscribed to something.
    func waitForSubscriber(_ identity: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let reached = try waitUntil(seconds: 20) {
            let result = try TradewindProgram.run("bus", "tail", "bus:status", "-n", "1", home: home)
            guard result.exitCode == 0 else { return false }
            return result.output.components(separatedBy: "\"identity\":\"").dropFirst().contains {
                let patterns = $0.components(separatedBy: "\"patterns\":").dropFirst().first
                return $0.hasPrefix(identity + "\"") && patterns?.hasPrefix("0,") == false
            }
        }
        try #require(reached, "no subscriber \(identity): \(log)", sourceLocation: sourceLocation)
    }
}
