import Foundation
import TestSupport
import Testing

/// `tradewind ticks ...` when it is interrupted, when there is no space, and when names are wrong.
@Suite(.timeLimit(.minutes(3))) struct TickFailureTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []).sorted()
    }

    private func run(_ arguments: String...) throws -> TradewindProgram.Result {
        try TradewindProgram.run(arguments, home: directory.file("none"))
    }

    private func quotes(rows: Int) -> String {
        "time,bid,ask\n" + (0..<rows).map { "\(1_582_329_600_000 + $0),1,2\n" }.joined()
    }

    private func write(_ text: String, _ name: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory.file(name)))
        return directory.file(name)
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func anInterruptedImportLeavesNothing(signal: Int32) throws {
        let pipe = directory.file("rows")
        #expect(mkfifo(pipe, 0o600) == 0)
        // Open for both directions: nobody waits, and the rows have no end.
        let descriptor = open(pipe, O_RDWR)
        defer { close(descriptor) }
        let output = directory.file("out.ticks")
        let script = #"exec "$0" ticks import - --preset quotes --symbol X -o "$1" < "$2""#
        let program = try ProgramRun("sh", ["-c", script, TradewindProgram.path, output, pipe])
        // Rows enough for the layout to be decided and some blocks to be written.
        let bytes = Array(quotes(rows: 30_000).utf8)
        let writer = Thread {
            _ = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
        }
        writer.start()
        let isBegun = waitUntil(seconds: 60) {
            let size = try? FileManager.default.attributesOfItem(atPath: output + ".partial")[.size] as? Int
            return (size ?? 0) > 0
        }
        #expect(isBegun)
        program.signal(signal)
        #expect(program.wait(seconds: 60) == 128 + signal)
        #expect(program.standardError.contains("interrupted"))
        #expect(names == ["rows"])
    }

    @Test func whatDoesNotFitLeavesNothing() throws {
        let input = try write(quotes(rows: 20_000), "q.csv")
        let script =
            #"trap "" XFSZ; ulimit -f 300; exec "$0" ticks import "$1" --preset quotes --symbol X -o "$2""#
        let program = try ProgramRun(
            "sh", ["-c", script, TradewindProgram.path, input, directory.file("out.ticks")])
        #expect(program.wait(seconds: 60) == 74)
        #expect(program.standardError.contains("cannot write"), "\(program.standardError)")
        #expect(names == ["q.csv"])
    }

    @Test func namesThatCannotBeAreSaid() throws {
        let input = try write(quotes(rows: 2), "q.csv")
        func fails(_ code: Int32, _ text: String, _ arguments: String...) throws {
            let result = try TradewindProgram.run(["ticks"] + arguments, home: directory.file("none"))
            #expect(result.exitCode == code && result.errors.contains(text), "\(arguments): \(result.errors)")
        }
        try fails(
            74, "there is no directory", "import", input, "--preset", "quotes", "--symbol", "X", "-o",
            "/no/x.ticks")
        try fails(78, "needs a name", "import", input, "--preset", "quotes", "--symbol", "X", "-o", "")
        try fails(
            78, "has no name", "import", "", "--preset", "quotes", "--symbol", "X", "-o", directory.file("o"))
        try fails(
            64, "--symbol is empty", "import", input, "--preset", "quotes", "--symbol", "", "-o",
            directory.file("o"))
        try fails(74, "exists already", "import", input, "--preset", "quotes", "--symbol", "X", "-o", input)
        try fails(64, "with -o", "repair", input, "--drop-damaged")
        try fails(64, "-o goes with", "repair", input, "-o", directory.file("o"))
        #expect(names == ["q.csv"])
    }

    @Test func damagedBlocksAreLeftOutWhenAskedFor() throws {
        let ticks = directory.file("a.ticks"), copy = directory.file("b.ticks")
        #expect(try run("ticks", "synth", "-o", ticks, "--rate", "100", "--seconds", "60").exitCode == 0)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: ticks))
        bytes[4096 + 2 * 65_536 + 10] ^= 1
        try bytes.write(to: URL(fileURLWithPath: ticks))
        let refused = try run("ticks", "repair", ticks)
        #expect(refused.exitCode == 65 && refused.errors.contains("--drop-damaged"))
        let result = try run("ticks", "repair", ticks, "--drop-damaged", "-o", copy)
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(
            result.output.contains(
                "left out block 2 at byte 135168, 65536 bytes: 1023 records received after 2026"))
        #expect(result.output.contains("4977 records and 1 gap record"))
        #expect(try run("ticks", "verify", copy).output.contains("intact, 4978 records"))
        #expect(try run("ticks", "cat", copy, "--kind", "gap").output.contains(",2047,1023"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: ticks)) == bytes)
    }

    @Test func lateRowsAreLeftOutWhenAskedFor() throws {
        let input = try write(quotes(rows: 3) + "1582329600000,1,2\n1582329700000,1,2\n", "q.csv")
        let arguments = [
            "ticks", "import", input, "--preset", "quotes", "--symbol", "X", "-o", directory.file("o.ticks"),
        ]
        let home = directory.file("none")
        let refused = try TradewindProgram.run(arguments + ["--bad-rows", "skip"], home: home)
        #expect(refused.exitCode == 65 && refused.errors.contains("line 5"))
        let skipped = try TradewindProgram.run(arguments + ["--out-of-order", "skip"], home: home)
        #expect(skipped.exitCode == 0 && skipped.errors.contains("line 5: received at"))
        #expect(skipped.output.contains("4 records from 5 rows"))
    }
}
