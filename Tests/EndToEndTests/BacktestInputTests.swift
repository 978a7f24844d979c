import Foundation
import TestSupport
import Testing

/// What a person may get wrong on the command line of a backtest: one clear message each, and the exit code of the README.
@Suite struct BacktestInputTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try synthesize("a.ticks", "--symbol", "ALPHA", "--rate", "50", "--seconds", "60")
    }

    private func synthesize(_ name: String, _ arguments: String...) throws {
        let made = try TradewindProgram.run(
            ["ticks", "synth", "-o", directory.file(name)] + arguments, home: directory.path)
        try #require(made.exitCode == 0, "\(made.errors)")
    }

    private func backtest(_ arguments: [String]) throws -> TradewindProgram.Result {
        // A name in capitals is a file of the test.
        let named = arguments.map { $0.replacingOccurrences(of: "DIR/", with: directory.path + "/") }
        return try TradewindProgram.run(
            ["backtest", "moving_average_crossover"] + named, home: directory.path)
    }

    @Test(arguments: [
        (["--data", "DIR/none.ticks"], Int32(66), "none.ticks does not exist"),
        (["--data", "DIR/empty.ticks"], 65, "empty.ticks is empty"),
        (["--data", "DIR/text.ticks"], 65, "is not a tick file"),
        (["--data", "DIR/damaged.ticks"], 65, "does not match its checksum"),
        (["--data", "DIR/cut.ticks"], 65, "was cut off"),
        (["--data", "DIR/a.ticks", "DIR/a.ticks"], 78, "given twice"),
        (["--data", "DIR/a.ticks", "DIR/same.ticks"], 78, "are the same file"),
        (["--data", "DIR/a.ticks", "DIR/other.ticks"], 78, "ALPHA is in EUR with multiplier 1"),
        (["--data", "DIR/a.ticks", "--instrument", "GAMMA"], 78, "no instrument GAMMA; they have ALPHA"),
        (["--data", "DIR/a.ticks", "--from", "2026-02-01", "--until", "2026-01-01"], 78, "ends before that"),
        (["--data", "DIR/a.ticks", "--from", "2027-01-01"], 65, "no records in the chosen period"),
        (["--data", "DIR/a.ticks", "--venue", "starting_cash=-1"], 78, "starting_cash: -1 is not within"),
        (["--data", "DIR/a.ticks", "--fill-model", "magic"], 78, "fill_model: 'magic' is not made of"),
        (["--data", "DIR/a.ticks", "--latency", "soon"], 78, "latency: 'soon' is not"),
        (["--data", "DIR/a.ticks", "--fees", "taker=9"], 78, "fees: 'taker=9' is not"),
        (["--data", "DIR/a.ticks", "--slippage", "much"], 78, "slippage: 'much' is not"),
        (["--data", "DIR/a.ticks", "--set", "fst=5"], 78, "fst: is unknown, did you mean fast?"),
        (["--data", "DIR/a.ticks", "--limit", "max_loss=1"], 78, "max_loss: is unknown"),
        (["--data", "DIR/a.ticks", "--warm-up", "100000"], 65, "belong to the warm-up"),
    ])
    func wrongInputIsSaidOnceAndClearly(_ arguments: [String], _ exitCode: Int32, _ words: String) throws {
        let path = directory.file("a.ticks")
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        func write(_ name: String, _ data: Data) throws {
            try data.write(to: URL(fileURLWithPath: directory.file(name)))
        }
        try write("empty.ticks", Data())
        try write("text.ticks", Data("hello\n".utf8))
        var damaged = whole
        damaged[whole.count - 70_000] ^= 0x55
        try write("damaged.ticks", damaged)
        try write("cut.ticks", whole.prefix(whole.count - 40_000))
        try FileManager.default.createSymbolicLink(
            atPath: directory.file("same.ticks"), withDestinationPath: path)
        if arguments.contains("DIR/other.ticks") { try importInEuros() }
        let result = try backtest(arguments)
        #expect(result.exitCode == exitCode && result.errors.contains(words), "\(arguments): \(result)")
        let lines = result.errors.split(separator: "\n").filter { !$0.hasPrefix("note:") }
        #expect(lines.count == 1, "\(arguments): \(result.errors)")
    }

    /// A file in which ALPHA is in another currency.
    private func importInEuros() throws {
        let csv = directory.file("other.csv")
        try "time,bid,ask,bid_size,ask_size\n2026-01-06T09:00:00Z,10.5,11,1,1\n".write(
            toFile: csv, atomically: true, encoding: .utf8)
        let made = try TradewindProgram.run(
            [
                "ticks", "import", csv, "--preset", "quotes", "-o", directory.file("other.ticks"), "--symbol",
                "ALPHA",
                "--currency",
                "EUR",
            ], home: directory.path)
        try #require(made.exitCode == 0, "\(made.errors)")
    }

    @Test func filesThatOverlapAreSaidAndWovenTogether() throws {
        try synthesize(
            "b.ticks", "--symbol", "ALPHA", "--rate", "50", "--seconds", "60", "--start",
            "2026-01-05T09:00:30Z")
        let result = try backtest(["--data", "DIR/a.ticks", "DIR/b.ticks"])
        #expect(result.exitCode == 0 && result.errors.contains("note: ALPHA is in both"), "\(result.errors)")
    }
}
