import Foundation
import TestSupport
import Testing

/// `tradewind ticks bars`: the engine's bars of a tick file.
@Suite struct BarCommandTests {
    @Test(arguments: [1])
    func barsAgreeWithAnIndependentResampling(seed: Int) throws {
        let directory = try TemporaryDirectory()
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("independent_bars.py").path
        let run = try ProgramRun("python3", [script, TradewindProgram.path, directory.path, String(seed)])
        #expect(run.wait(seconds: 240) == 0, "\(run.standardOutput)\(run.standardError)")
        #expect(run.standardOutput.contains("are equal"))
    }

    @Test(arguments: [
        ([], "one of --every 1m, --ticks N and --volume V"),
        (["--every", "1m", "--ticks", "5"], "one of --every 1m, --ticks N and --volume V"),
        (["--every", "soon"], "--every: 'soon' is not a time from 1s to 366d"),
        (["--every", "0s"], "--every: '0s'"), (["--every", "400d"], "--every: '400d'"),
        (["--ticks", "0"], "--ticks: '0' is not a number from 1 on"),
        (["--volume", "0"], "--volume: '0' is not a positive decimal"),
        (["--volume", "much"], "--volume: 'much'"),
        (["--ticks", "5", "--session", "14:30"], "--session goes with --every"),
        (["--every", "1h", "--session", "25:00"], "--session: '25:00' is not a time of the UTC day"),
        (["--every", "1h", "--session", "9"], "--session: '9'"),
        (["--every", "1h", "--json", "-o", "x.ticks"], "--json prints"),
    ])
    func wrongArgumentsAreSaid(_ arguments: [String], _ words: String) throws {
        let directory = try TemporaryDirectory()
        let ticks = try synth(in: directory)
        let result = try TradewindProgram.run(["ticks", "bars", ticks] + arguments, home: directory.path)
        #expect(result.exitCode == 64 && result.errors.contains(words), "\(result)")
    }

    @Test func filterTornTailAndFewDataAreSaid() throws {
        let directory = try TemporaryDirectory()
        let ticks = try synth(in: directory)
        func bars(_ arguments: String...) throws -> (output: String, errors: String, exitCode: Int32?) {
            let result = try TradewindProgram.run(["ticks", "bars"] + arguments, home: directory.path)
            return (result.output, result.errors, result.exitCode)
        }
        let long = try bars(ticks, "--every", "1h")
        #expect(long.exitCode == 0 && long.errors.contains("the data end before the first is complete"))
        let part = try bars(
            ticks, "--every", "10s", "--symbol", "BETA", "--from", "2026-01-05T09:00:20Z", "--json")
        let lines = part.output.split(separator: "\n")
        #expect(lines.count == 4 && lines.allSatisfy { $0.contains(#""symbol":"BETA""#) }, "\(part)")
        let there = try bars(ticks, "--every", "10s", "-o", ticks)
        #expect(there.exitCode == 74 && there.errors.contains("exists already"), "\(there)")
        let missing = try bars(directory.file("none.ticks"), "--every", "10s")
        #expect(missing.exitCode == 66, "\(missing)")
    }

    private func synth(in directory: TemporaryDirectory) throws -> String {
        let ticks = directory.file("in.ticks")
        let made = try TradewindProgram.run(
            [
                "ticks", "synth", "-o", ticks, "--symbol", "ALPHA", "--symbol", "BETA", "--seconds", "60",
                "--rate", "50",
            ], home: directory.path)
        try #require(made.exitCode == 0, "\(made.errors)")
        return ticks
    }
}
