import Foundation
import TestSupport
import Testing

/// Sweeps with real worker processes.
@Suite(.serialized) struct SweepCommandTests {
    private let directory: TemporaryDirectory
    private let ticks: String

    init() throws {
        directory = try TemporaryDirectory()
        ticks = directory.file("sample.ticks")
        _ = try run([
            "ticks", "synth", "-o", ticks, "--symbol", "ALPHA", "--seed", "7", "--rate", "20", "--seconds",
            "600",
            "--start", "2026-01-05T09:00:00Z",
        ])
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    private struct Document: Decodable {
        struct Point: Decodable {
            var number: Int
            var parameters: [String: String]
            var status: String
            var error: String?
            var objective: Double?
            var orderLogHash: String?
        }

        var pointsCount: Int
        var points: [Point]
    }

    @discardableResult
    private func run(_ arguments: [String], expecting exitCode: Int32 = 0) throws -> TradewindProgram.Result {
        let result = try TradewindProgram.run(arguments, home: directory.file("home"))
        try #require(result.exitCode == exitCode, "\(arguments): \(result.errors)")
        return result
    }

    private func sweep(_ output: String, _ more: [String] = []) -> [String] {
        [
            "sweep", "moving_average_crossover", "--data", ticks, "--range", "fast=2:10:2", "--range",
            "slow=5:45:10",
            "--constraint", "fast < slow", "--objective", "net_pnl", "-o", directory.file(output), "--json",
        ] + more
    }

    private func document(_ output: String) throws -> Document {
        try Self.decoder.decode(Document.self, from: Data(output.utf8))
    }

    @Test func everyPointIsTheBacktestOfItsParametersAndAFinishedSweepDoesNothing() throws {
        let first = try document(run(sweep("a.db", ["-j", "2"])).output)
        #expect(first.points.count == 22 && first.pointsCount == 22)
        #expect(first.points.allSatisfy { $0.status == "completed" && $0.objective != nil })
        for point in [first.points[0], first.points[13]] {
            let result = try run([
                "backtest", "moving_average_crossover", "--data", ticks, "--set",
                "fast=\(point.parameters["fast"]!)",
                "--set", "slow=\(point.parameters["slow"]!)", "--json",
            ])
            let hash = try #require(point.orderLogHash)
            #expect(result.output.contains("\"order_log_hash\" : \"\(hash)\""))
        }
        let again = try run(sweep("a.db", ["-j", "2"]))
        #expect(again.errors.contains("0 points in") && again.errors.contains("22 were done before"))
        #expect(try document(again.output).points.map(\.orderLogHash) == first.points.map(\.orderLogHash))
    }

    @Test func shardsTogetherAreTheWholeSweep() throws {
        let whole = try document(run(sweep("whole.db")).output)
        for shard in 1...3 { try run(sweep("\(shard).db", ["--shard", "\(shard)/3"])) }
        let merged = try run(
            ["sweep", "merge", directory.file("out.db")] + (1...3).map { directory.file("\($0).db") })
        #expect(merged.output.contains("22 of 22 points, 0 failed"))
        let joined = try document(run(["sweep", "show", directory.file("out.db"), "--json"]).output)
        #expect(joined.points.map(\.orderLogHash) == whole.points.map(\.orderLogHash))
    }

    @Test func onlyShardsOfOneSweepAreMergedAndOverlappingOnesMustAgree() throws {
        try run(sweep("first.db", ["--shard", "1/2"]))
        try run(sweep("whole.db"))
        try run(sweep("other.db", ["--random", "3"]))
        let (first, whole, other) = (
            directory.file("first.db"), directory.file("whole.db"), directory.file("other.db")
        )
        let merged = directory.file("merged.db")
        let different = try run(["sweep", "merge", merged, first, other], expecting: 65)
        #expect(different.errors.contains("another sweep"))
        #expect(!FileManager.default.fileExists(atPath: merged), "a refused merge leaves nothing behind")
        // What is there twice and the same is taken once.
        let overlap = try run(["sweep", "merge", merged, first, whole])
        #expect(overlap.output.contains("0 failed, in \(merged)"))
        try SQLiteShell.run("UPDATE points SET order_log_hash = 'x' WHERE number = 0;", on: whole)
        let conflict = try run(["sweep", "merge", directory.file("c.db"), first, whole], expecting: 65)
        #expect(conflict.errors.contains("point 0 has order-log hash"), "\(conflict.errors)")
    }

    @Test func aSweepThatIsInterruptedGoesOnWhereItWas() throws {
        let many = ["--random", "150", "--range", "bar_seconds=0:50:1", "-j", "1"]
        let sweep = try ProgramRun(TradewindProgram.path, sweep("cut.db", many), environment: [:])
        let database = directory.file("cut.db")
        func count() -> Int {
            guard FileManager.default.fileExists(atPath: database) else { return 0 }
            return Int((try? SQLiteShell.run("SELECT count(*) FROM points", on: database))?.first ?? "") ?? 0
        }
        try #require(waitUntil(seconds: 60) { count() >= 3 })
        sweep.signal(SIGINT)
        #expect(sweep.wait(seconds: 30) == 1)
        #expect(sweep.standardError.contains("the same command goes on from there"), "\(sweep.standardError)")
        let done = count()
        try #require(done >= 3 && done < 150, "the sweep was over before it was interrupted")
        let rest = try run(self.sweep("cut.db", many))
        #expect(rest.errors.contains("\(done) were done before"), "\(rest.errors)")
        #expect(try document(rest.output).points.count == 150)
    }

    @Test func aPointWhoseProcessDiesIsTriedAgainAndOnlyThenFails() throws {
        // A strategy of the fault desk that ends its process.
        let rows = try faultySweep("exiter", "code=3,4", [])
        #expect(
            rows == [
                "0|failed|2|its process ended with exit code 3",
                "1|failed|2|its process ended with exit code 4",
            ], "\(rows)")
    }

    @Test func aPointThatNeverEndsIsEnded() throws {
        let rows = try faultySweep("endless", "quotes=0,5", ["--point-timeout", "1s"])
        #expect(rows == ["0|completed|1|", "1|failed|2|it took longer than 1.0 s"], "\(rows)")
    }

    private func faultySweep(_ className: String, _ range: String, _ more: [String]) throws -> [String] {
        let database = directory.file("\(className).db")
        let sweep = try ProgramRun(
            FaultProgram.path,
            [
                "sweep", className, "--data", ticks, "--range", range, "--objective", "net_pnl", "-o",
                database, "-j",
                "2",
            ] + more, environment: [:])
        #expect(sweep.wait(seconds: 90) == 0, "\(sweep.standardError)")
        return try SQLiteShell.run(
            "SELECT number, status, attempts, error FROM points ORDER BY number", on: database)
    }

    @Test func walkForwardPutsItsWindowsTogether() throws {
        let result = try run([
            "walk-forward", "moving_average_crossover", "--data", ticks, "--range", "fast=2:6:2", "--range",
            "slow=10:30:10", "--objective", "net_pnl", "--in-sample", "4m", "--out-of-sample", "2m", "-o",
            directory.file("wf.db"), "--json", "-j", "2",
        ])
        struct Windows: Decodable {
            struct Window: Decodable {
                var outOfSampleFrom: String
                var outOfSampleUntil: String
                var parameters: [String: String]
                var netPnl: String
            }

            var windows: [Window]
            var outOfSample: [String: Figure]
        }
        struct Figure: Decodable {
            var number: Double?
            init(from decoder: any Decoder) throws {
                number = try? decoder.singleValueContainer().decode(Double.self)
            }
        }
        let document = try Self.decoder.decode(Windows.self, from: Data(result.output.utf8))
        #expect(document.windows.count == 3)
        var total = 0.0
        for window in document.windows {
            let run = try run([
                "backtest", "moving_average_crossover", "--data", ticks, "--from", window.outOfSampleFrom,
                "--until",
                window.outOfSampleUntil, "--set", "fast=\(window.parameters["fast"]!)", "--set",
                "slow=\(window.parameters["slow"]!)", "--json",
            ])
            total += try #require(Double(window.netPnl))
            #expect(run.output.contains("\"net_pnl\" : \"\(window.netPnl)\""), "\(window)")
        }
        let stitched = try #require(document.outOfSample["net_pnl"]?.number)
        #expect(abs(stitched - total) < 1e-6)
    }

    @Test(arguments: [
        (["--objective", "luck"], 78, "no figure is called luck"), (["--shard", "3/2"], 64, "--shard"),
        (["-j", "0"], 64, "-j must be"), (["--range", "speed=1:2:1"], 78, "speed"),
        (["--constraint", "fast ? slow"], 78, "constraint"), (["--set", "fast=3"], 64, "both set and swept"),
        (["--random", "0"], 78, "--random must be"), (["--instrument", "NONE"], 78, "no instrument NONE"),
        (["--venue", "maker_fee=lots"], 78, "maker_fee"),
    ])
    func wrongOptionsAreSaid(_ more: [String], _ exitCode: Int32, _ words: String) throws {
        let result = try TradewindProgram.run(sweep("bad.db", more), home: directory.file("home"))
        #expect(result.exitCode == exitCode && result.errors.contains(words), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory.file("bad.db")))
    }
}
