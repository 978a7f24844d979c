import Foundation
import TestSupport
import Testing

/// A strategy is put on another executable while the others trade.
@Suite(.serialized) struct DeploymentTests {
    @Test func aNewExecutableRunsOneStrategyAndABadOneIsTakenBack() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        let others = try ["maker", "pair"].map(engine.process)
        let good = try copyOfProgram(to: engine.directory.file("good"))
        let output = try engine.command("deploy", "crossover", "--module", good)
        #expect(output.contains("SHA-256") && output.contains("crossover: restart executed"), "\(output)")
        #expect(try engine.process("crossover").hasSuffix("/2"))
        #expect(try engine.value(Self.binary("crossover")) == good)
        #expect(try waitUntil(seconds: 10) { try engine.value(Self.digest("crossover")).count == 64 })

        // A program without the class is refused before anything happens.
        let refused = try TradewindProgram.run(
            "deploy", "crossover", "--module", FaultProgram.path, home: engine.home)
        #expect(
            refused.exitCode == 78 && refused.errors.contains("does not have the class"), "\(refused.errors)")
        let garbage = engine.directory.file("garbage")
        try "no program\n".write(toFile: garbage, atomically: true, encoding: .utf8)
        chmod(garbage, 0o700)
        for path in [garbage, engine.directory.file("missing"), "/bin/true"] {
            let result = try TradewindProgram.run("deploy", "crossover", "--module", path, home: engine.home)
            #expect(result.exitCode != 0 && result.errors.contains(path), "\(path): \(result.errors)")
        }
        #expect(try engine.process("crossover").hasSuffix("/2"))

        // Half a file, as a copy leaves it when the disk is full, and one without permission.
        let torn = try copyOfProgram(to: engine.directory.file("torn"))
        #expect(truncate(torn, 1 << 20) == 0)
        let forbidden = try copyOfProgram(to: engine.directory.file("forbidden"))
        chmod(forbidden, 0o600)
        // What gets past that, by SQL, is taken back when it does not become ready.
        let bad = [
            garbage, engine.directory.file("missing"), "/bin/true", FaultProgram.path, torn, forbidden,
        ]
        for path in bad {
            let command = try engine.sendCommand(
                "restart", to: "crossover", parameters: #"{"module_path": "\#(path)"}"#)
            #expect(try engine.commandStatus(command) == "failed", "\(path)")
            let error = try engine.value("SELECT error FROM strategy_commands WHERE id = '\(command)';")
            #expect(!error.isEmpty)
            try engine.waitForStatus("crossover", "running")
            #expect(try engine.value(Self.binary("crossover")) == good, "\(path): \(error)")
            #expect(
                try engine.value("SELECT module_path FROM strategy_configs WHERE name = 'crossover';") == good
            )
        }
        #expect(try ["maker", "pair"].map(engine.process) == others)
        #expect(engine.stop() == 0)
    }

    @Test func aFileReplacedAtItsPathIsANewExecutableAndTheOldContentIsTheWayBack() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.addThreeStrategiesWithSlowFeed()
        let path = try copyOfProgram(to: engine.directory.file("desk"))
        try engine.sql("UPDATE strategy_configs SET module_path = '\(path)' WHERE name = 'maker';")
        try engine.start(waitingFor: ["maker"])
        #expect(try waitUntil(seconds: 10) { try engine.value(Self.digest("maker")).count == 64 })
        let digest = try engine.value(Self.digest("maker"))
        // As a build does: a new file takes the place of the old one.
        try "#!/bin/sh\nexit 1\n".write(toFile: path, atomically: true, encoding: .utf8)
        chmod(path, 0o700)
        let command = try engine.sendCommand("restart", to: "maker")
        #expect(try engine.commandStatus(command) == "failed")
        try engine.waitForStatus("maker", "running")
        let kept = try engine.value("SELECT module_path FROM strategy_configs WHERE name = 'maker';")
        #expect(kept == engine.home + "/deployments/\(digest)/desk")
        #expect(try waitUntil(seconds: 10) { try engine.value(Self.digest("maker")) == digest })
        // The next manager starts it from there as well.
        #expect(engine.stop() == 0)
        try engine.start(waitingFor: ["maker"])
        #expect(try engine.value(Self.binary("maker")) == kept)
        #expect(engine.stop() == 0)
    }

    @Test func rollingThroughAllLeavesTheTicksOfTheOthersAlone() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "10")
        let desk = FaultProgram.path
        for name in ["one", "two", "three", "meter"] {
            try engine.addStrategy(name, "gap_meter", "--instrument", "ALPHA", "--module", desk)
        }
        try engine.start(waitingFor: ["one", "two", "three", "meter"])
        let process = try engine.process("meter")
        #expect(try waitUntil(seconds: 20) { try gaps(engine).count >= 4 }, "\(engine.log)")
        let before = try gaps(engine)
        let copy = engine.directory.file("copy")
        try FileManager.default.copyItem(atPath: desk, toPath: copy)
        for _ in 0..<3 {
            for name in ["one", "two", "three"] { try engine.command("deploy", name, "--module", copy) }
        }
        let count = try gaps(engine).count
        #expect(try waitUntil(seconds: 20) { try gaps(engine).count >= count + 2 })
        let during = try gaps(engine).dropFirst(before.count)
        print(
            "longest pause between quotes, ms: before \(before.max() ?? 0), during nine deployments \(during.max() ?? 0)"
        )
        #expect(try engine.process("meter") == process)
        // Ticks come every 5 ms. Hashing and starting programs takes processor time from everybody on a small machine;
        // a pause of a restart would be a hundred times longer than what is normal.
        #expect((during.max() ?? .infinity) < max(250, 3 * (before.max() ?? 0)))
        let output = try engine.command("deploy", "--all", "--module", copy)
        #expect(output.components(separatedBy: "restart executed").count == 5, "\(output)")
        #expect(engine.stop() == 0)
    }

    // MARK: - Looking

    private func copyOfProgram(to path: String) throws -> String {
        try FileManager.default.copyItem(atPath: TradewindProgram.path, toPath: path)
        // Another content with the same behaviour.
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("another build".utf8))
        try handle.close()
        return path
    }

    private static func binary(_ name: String) -> String {
        """
        SELECT binary_path FROM strategy_instances WHERE ended_at IS NULL
        AND strategy_id = (SELECT id FROM strategy_configs WHERE name = '\(name)');
        """
    }

    private static func digest(_ name: String) -> String {
        """
        SELECT binary_sha256 FROM strategy_instances WHERE ended_at IS NULL
        AND strategy_id = (SELECT id FROM strategy_configs WHERE name = '\(name)');
        """
    }

    private func gaps(_ engine: EngineHome) throws -> [Double] {
        try engine.sql(
            """
            SELECT v FROM (SELECT json_extract(metrics_json, '$.user_metrics[0].value') AS v FROM strategy_metrics
            WHERE strategy_id = (SELECT id FROM strategy_configs WHERE name = 'meter') ORDER BY id) WHERE v > 0;
            """
        ).compactMap(Double.init)
    }
}
