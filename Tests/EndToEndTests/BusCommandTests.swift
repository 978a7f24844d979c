import Foundation
import TestSupport
import Testing

/// `tradewind bus ...` with real processes.
@Suite(.timeLimit(.minutes(3))) struct BusCommandTests {
    /// A broker alone, ended with the test.
    private final class ServedBus {
        let directory: TemporaryDirectory
        let socket: String
        let process: ProgramRun

        init() throws {
            directory = try TemporaryDirectory()
            let socket = directory.file("bus/b.sock")
            self.socket = socket
            process = try ProgramRun(TradewindProgram.path, ["bus", "serve", "--socket", socket])
            try #require(waitUntil(seconds: 20) { process.standardError.contains("listening on \(socket)") })
        }

        func run(_ arguments: String...) throws -> TradewindProgram.Result {
            try TradewindProgram.run(["bus"] + arguments + ["--socket", socket], home: directory.path)
        }
    }

    @Test func publishedMessageIsTailedAndTheBrokerEndsInOrder() throws {
        let bus = try ServedBus()
        let tail = try ProgramRun(
            TradewindProgram.path, ["bus", "tail", "feed:status:*", "-n", "2", "--socket", bus.socket])
        // Retained, so that it does not matter which of the two programs is there first.
        #expect(try bus.run("publish", "feed:status:one", #"{"n": 1}"#).exitCode == 0)
        #expect(try bus.run("publish", "feed:status:two", "café").exitCode == 0)
        #expect(tail.wait(seconds: 20) == 0)
        let lines = Set(tail.standardOutput.split(separator: "\n").map(String.init))
        #expect(lines == [#"feed:status:one {"n": 1}"#, "feed:status:two café"])
        bus.process.signal(SIGTERM)
        #expect(bus.process.wait(seconds: 10) == 0)
        #expect(!FileManager.default.fileExists(atPath: bus.socket))
    }

    @Test func wrongTopicsAndAMissingBusAreRefusedWithARemedy() throws {
        let bus = try ServedBus()
        let unknown = try bus.run("publish", "nonsense", "{}")
        #expect(unknown.exitCode == 64 && unknown.errors.contains("'nonsense' is no topic"))
        let data = try bus.run("publish", "live_data:7", "{}")
        #expect(data.exitCode == 64 && data.errors.contains("feeds add"))
        #expect(try bus.run("publish", "bus:status", "{}").exitCode == 64)
        #expect(try bus.run("tail", "strategy:*:x").exitCode == 64)
        let nowhere = try TradewindProgram.run(
            "bus", "tail", "*", "--socket", "/nowhere.sock", home: bus.directory.path)
        #expect(nowhere.exitCode == 69 && nowhere.errors.contains("bus serve"))
    }

    /// A home's bus asks for a token, which the command makes from the key; commands have to be rows.
    @Test func homeTakesMessagesButNoCommands() throws {
        let engine = try EngineHome(seconds: 10)
        let early = try TradewindProgram.run("bus", "publish", "manager:nudge", "{}", home: engine.home)
        #expect(early.exitCode == 69 && early.errors.contains("tradewind run"))
        try engine.start()
        try #require(waitUntil(seconds: 20) { engine.log.contains("bus bus: running") })
        #expect(
            try TradewindProgram.run("bus", "publish", "feed:status:x", "{}", home: engine.home).exitCode == 0
        )
        let command = try TradewindProgram.run(
            "bus", "publish", "strategy:global:commands", "{}", home: engine.home)
        #expect(command.exitCode == 64 && command.errors.contains("strategy_commands"))
        let mode = try FileManager.default.attributesOfItem(atPath: engine.home + "/run/bus.key")[
            .posixPermissions]
        #expect(mode as? Int == 0o600)
        let status = try engine.command("status")
        #expect(status.contains("bus: ") && status.contains(" dropped"))
        engine.stop()
    }

    @Test func benchCountsEveryDelivery() throws {
        let directory = try TemporaryDirectory()
        let result = try TradewindProgram.run(
            "bus", "bench", "--subscribers", "1,3", "--topics", "5", "--rates", "2000", "--seconds", "0.05",
            "--json",
            home: directory.path)
        try #require(result.exitCode == 0, "\(result.errors)")
        let rows = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
        #expect(rows.count == 4)
        for row in rows {
            let expected = (row["records"] as? Int ?? 0) * (row["subscribers"] as? Int ?? 0)
            #expect(row["delivered"] as? Int == expected && expected > 0)
            #expect(row["lost"] as? Int == 0 && row["dropped"] as? Int == 0)
            #expect((row["deliveries_per_second"] as? Double ?? 0) > 0)
        }
        let paced = rows.filter { $0["rate"] as? Int == 2_000 }
        #expect(paced.count == 2)
        for row in paced {
            let percentiles = ["p50_ns", "p99_ns", "p999_ns", "max_ns"].compactMap { row[$0] as? Int }
            #expect(percentiles.count == 4 && percentiles == percentiles.sorted() && percentiles[0] > 0)
        }
        let wrong = try TradewindProgram.run("bus", "bench", "--subscribers", "0", home: directory.path)
        #expect(wrong.exitCode == 64)
    }

    /// Far more peers, or topics, than an engine has: each reader gets all of its own.
    @Test(arguments: [(200, 300), (4, 5_000)])
    func hundredsOfSubscribersAndThousandsOfTopics(subscribers: Int, topics: Int) throws {
        let directory = try TemporaryDirectory()
        let result = try TradewindProgram.run(
            "bus", "bench", "--subscribers", "\(subscribers)", "--topics", "\(topics)", "--rates", "0",
            "--seconds",
            "0.1", "--json", home: directory.path)
        try #require(result.exitCode == 0, "\(result.errors)")
        let rows = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
        let row = try #require(rows.first)
        #expect(row["delivered"] as? Int == (row["records"] as? Int ?? 0) * subscribers)
        print(
            "\(subscribers) subscribers, \(topics) topics:", row["deliveries_per_second"] ?? "",
            "deliveries/s")
    }
}
