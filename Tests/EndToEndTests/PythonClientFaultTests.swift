import Foundation
import TestSupport
import Testing

/// The Python client when it is slow, when records are missing and when the broker dies.
@Suite(
    .serialized,
    .enabled(if: PythonClient.isAvailable, "needs python3 3.9 or later with SQLite 3.37 or later"))
struct PythonClientFaultTests {
    @Test func aKilledBrokerIsToldAndTheClientGoesOnWithTheNextOne() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addStrategy("maker", "market_maker", "--instrument", "ALPHA")
        try engine.start(waitingFor: ["maker"])
        let tail = try PythonClient.start("tail", "live_data:*", "strategy:status:*", home: engine.home)
        // The strategy says to every broker that it runs, and each tells it to whoever comes.
        func waitForRecordsAndStatus(ofBroker number: Int) throws {
            let before = try TailOutput(tail).records.count
            let isServed = try waitUntil(seconds: 20) {
                let output = try TailOutput(tail)
                let statuses = output.lines(beginningWith: "strategy:status:")
                return output.records.count > before + 100
                    && statuses.count { $0.text("status") == "running" } >= number
            }
            let statuses = try TailOutput(tail).lines(beginningWith: "strategy:status:")
            #expect(isServed, "broker \(number): \(statuses) \(tail.standardError) \(engine.log)")
        }
        for number in 1...2 {
            try waitForRecordsAndStatus(ofBroker: number)
            kill(try engine.brokerPID(), SIGKILL)
            let isBack = waitUntil(seconds: 20) {
                tail.standardError.components(separatedBy: "connected again").count == number + 1
            }
            #expect(isBack, "\(tail.standardError) \(engine.log)")
        }
        try waitForRecordsAndStatus(ofBroker: 3)
        let output = try TailOutput(tail)
        #expect(
            output.isAccountedFor, "what was not received between the brokers is told: \(output.sequenceGaps)"
        )
        #expect(tail.standardError.contains("trying again"))
    }

    @Test func aStoppedReaderLosesRecordsAndIsToldOfEveryOne() throws {
        let engine = try EngineHome()
        let big = engine.directory.file("big.ticks")
        try engine.command(
            "ticks", "synth", "-o", big, "--symbol", "ALPHA", "--symbol", "BETA", "--rate", "1000",
            "--seconds", "300", "--start", "2026-01-05T09:00:00Z")
        try engine.start()
        let tail = try PythonClient.start("tail", "live_data:*", home: engine.home)
        try engine.waitForSubscriber("python")
        tail.signal(SIGSTOP)
        try engine.command("feeds", "add", "big", "--kind", "file", "--set", "path=\(big)")
        let ended = try waitUntil(seconds: 60) {
            let totals = try engine.brokerStatus()["totals"] as? [String: Any]
            return totals?["records_in"] as? Int == 300_001
        }
        #expect(ended, "\(engine.log)")
        tail.signal(SIGCONT)
        #expect(
            waitUntil(seconds: 60) { tail.standardOutput.hasSuffix("\"status\":\"ended\"}\n") },
            "\(tail.standardError)")
        let output = try TailOutput(tail)
        func missing(_ lines: [TailOutput.Line]) -> Int {
            lines.reduce(0) { $0 + $1.integer("missing_count") }
        }
        let dropped = missing(output.lines(beginningWith: "gap"))
        #expect(dropped > 0)
        #expect(output.records.count + dropped == 300_001, "all records and the end of the feed")
        // Before the first record that it saw there is no number to count from.
        let first = try #require(output.records.first).integer("sequence")
        #expect(missing(output.sequenceGaps) + first - 1 == dropped)
        #expect(output.isAccountedFor)
    }

    @Test func recordsThatAFeedLeftOutAreTold() throws {
        let directory = try TemporaryDirectory()
        let socket = directory.file("bus/bus.sock")
        let broker = try ProgramRun(TradewindProgram.path, ["bus", "serve", "--socket", socket])
        try #require(
            waitUntil(seconds: 10) { FileManager.default.fileExists(atPath: socket) },
            "\(broker.standardError)")
        func tail(_ pattern: String, lines: Int) throws -> ProgramRun {
            try PythonClient.start(
                "tail", "--socket", socket, "-n", "\(lines)", pattern, home: directory.path)
        }
        let all = try tail("live_data:*", lines: 8)
        let some = try tail("live_data:7", lines: 5)
        let script = """
            import sys
            from tradewind_bus import *
            from tradewind_bus import encode_records, json
            from tradewind_frames import Decimal, Trade
            with BusClient(sys.argv[1], Role.FEED, "gappy") as feed:
                def send(token, ordinal, *sequences):
                    trade = Trade(Decimal("1.25"), Decimal(2), 0, "buy")
                    records = [Record(0, 0, sequence, token, 0, trade) for sequence in sequences]
                    feed._send(encode_records(Records(token, 9, False, ordinal, records)))
                while True:
                    feed.subscribe("bus:status")
                    peers = json.loads(feed.next(10).content)["connections"]
                    if sum(peer["identity"] == "python" and peer["patterns"] for peer in peers) == 2: break
                    feed.unsubscribe("bus:status")
                send(7, 0, 1, 2)
                send(8, 0, 3)
                send(7, 4, 6)
                send(8, 1, 7, 17)
                feed.send_records(7, 9, [Record(0, 0, 1, 7, 0, Trade(Decimal(1), Decimal(2), 0, "sell"))])
                feed.ping()
            """
        let feed = try PythonClient.run(script: script, socket)
        #expect(feed.exitCode == 0, "\(feed.errors)")
        #expect(all.wait(seconds: 20) == 0, "\(all.standardError)")
        func summary(_ run: ProgramRun) throws -> [String] {
            try TailOutput(run).lines.map { line in
                let name =
                    ["sequence", "first_missing", "missing_count"].first { line.fields[$0] != nil } ?? ""
                return "\(line.topic) \(name) \(line.integer(name))"
            }
        }
        #expect(
            try summary(all) == [
                "live_data:7 sequence 1", "live_data:7 sequence 2", "live_data:8 sequence 3",
                "sequence_gap first_missing 4", "live_data:7 sequence 6", "sequence_gap first_missing 8",
                "live_data:8 sequence 7", "live_data:8 sequence 17",
            ])
        #expect(some.wait(seconds: 20) == 0, "\(some.standardError)")
        #expect(
            try summary(some) == [
                "live_data:7 sequence 1", "live_data:7 sequence 2", "token_gap missing_count 2",
                "live_data:7 sequence 6", "live_data:7 sequence 1",
            ], "the feed that begins again has lost nothing")
        broker.signal(SIGTERM)
        #expect(broker.wait(seconds: 10) == 0)
    }

    @Test func aReaderOfItsOutputThatHasEnoughEndsItQuietly() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.start()
        let code = engine.directory.file("code")
        let script =
            #"{ python3 "$1"/tradewind_bus.py --home "$2" tail 'live_data:*'; echo $? >"$3"; } | head -n 2"#
        let run = try ProgramRun("sh", ["-c", script, "sh", PythonClient.directory, engine.home, code])
        #expect(run.wait(seconds: 30) == 0)
        #expect(try TailOutput(run).records.count == 2)
        #expect(run.standardError.isEmpty)
        #expect(waitUntil(seconds: 10) { (try? String(contentsOfFile: code, encoding: .utf8)) == "0\n" })
    }

    @Test func itFindsTheSocketOfAHomeWhosePathIsTooLongForOne() throws {
        let directory = try TemporaryDirectory()
        let home = directory.file(String(repeating: "long", count: 20))
        let environment = ["XDG_RUNTIME_DIR": directory.path]
        let initialized = try ProgramRun(
            TradewindProgram.path, ["init", "--home", home], environment: environment)
        #expect(initialized.wait() == 0)
        let manager = try ProgramRun(
            TradewindProgram.path, ["run", "--home", home], environment: environment)
        let arguments = [
            PythonClient.directory + "/tradewind_bus.py", "--home", home, "tail", "-n", "1", "bus:status",
        ]
        let isFound = try waitUntil(seconds: 20) {
            try ProgramRun("python3", arguments, environment: environment).wait() == 0
        }
        #expect(isFound, "\(manager.standardOutput) \(manager.standardError)")
        manager.signal(SIGTERM)
        #expect(manager.wait(seconds: 20) == 0)
    }
}

extension EngineHome {
    /// What the broker tells of itself on `bus:status`.
    func brokerStatus() throws -> [String: Any] {
        let line = try command("bus", "tail", "bus:status", "-n", "1")
        let content = Data(line.dropFirst("bus:status ".count).utf8)
        return try #require(JSONSerialization.jsonObject(with: content) as? [String: Any])
    }

    /// The broker's process.
    func brokerPID() throws -> Int32 { Int32(try #require(brokerStatus()["pid"] as? Int)) }
}
