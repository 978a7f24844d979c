import Foundation
import TestSupport
import Testing

/// `tradewind ticks ...` and `tradewind instruments ...` as programs.
@Suite(.timeLimit(.minutes(3))) struct TickCommandTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func run(_ arguments: String...) throws -> TradewindProgram.Result {
        try TradewindProgram.run(arguments, home: directory.file("none"))
    }

    private func write(_ text: String, _ name: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory.file(name)))
        return directory.file(name)
    }

    @Test func recordsGoOutAndComeBackTheSame() throws {
        let ticks = directory.file("a.ticks")
        #expect(
            try run("ticks", "synth", "-o", ticks, "--symbol", "A", "--symbol", "B", "--seconds", "60")
                .exitCode == 0)
        let csv = directory.file("a.csv"), table = directory.file("i.csv"), back = directory.file("b.ticks")
        #expect(try run("ticks", "export", ticks, "-o", csv, "--instruments", table).exitCode == 0)
        let imported = try run(
            "ticks", "import", csv, "--preset", "records", "--instruments", table, "-o", back)
        #expect(imported.exitCode == 0, "\(imported.errors)")
        #expect(try run("ticks", "cat", ticks).output == run("ticks", "cat", back).output)
        let slice = try run(
            "ticks", "slice", ticks, "--symbol", "B", "--kind", "trade", "-o", directory.file("s.ticks"))
        #expect(slice.exitCode == 0, "\(slice.errors)")
        let lines = try run("ticks", "cat", directory.file("s.ticks")).output.split(separator: "\n")
            .dropFirst()
        #expect(!lines.isEmpty && lines.allSatisfy { $0.contains(",B,trade,") })
        #expect(
            try run("ticks", "slice", ticks, "--symbol", "C", "-o", directory.file("t.ticks")).exitCode == 65)
    }

    @Test func damageIsToldWithItsOffsetAndATornEndIsCut() throws {
        let ticks = directory.file("a.ticks")
        #expect(try run("ticks", "synth", "-o", ticks, "--rate", "100", "--seconds", "60").exitCode == 0)
        #expect(try run("ticks", "verify", ticks).output.contains("intact, 6000 records in 6 blocks"))
        var bytes = try Data(contentsOf: URL(fileURLWithPath: ticks))
        try bytes.dropLast(100).write(to: URL(fileURLWithPath: directory.file("cut.ticks")))
        bytes[4096 + 65_536 + 10] ^= 1
        try bytes.write(to: URL(fileURLWithPath: directory.file("bad.ticks")))
        let bad = try run("ticks", "verify", ticks, directory.file("bad.ticks"))
        #expect(bad.exitCode == 65 && bad.output.contains("block 1 at byte 69632"))
        let summary = try run("ticks", "info", directory.file("bad.ticks"))
        #expect(summary.exitCode == 65 && summary.errors.contains("at byte 69632"))
        #expect(
            try run("ticks", "merge", directory.file("bad.ticks"), "-o", directory.file("m.ticks")).exitCode
                == 65)
        #expect(try run("ticks", "info", directory.file("cut.ticks")).exitCode == 65)
        let mended = try run("ticks", "repair", directory.file("cut.ticks"))
        #expect(mended.exitCode == 0 && mended.output.contains("885 records are lost"), "\(mended.output)")
        #expect(try run("ticks", "verify", directory.file("cut.ticks")).exitCode == 0)
    }

    @Test func picturesAreDrawnInTheTerminalAndAsPNG() throws {
        let ticks = directory.file("a.ticks")
        #expect(try run("ticks", "synth", "-o", ticks, "--seconds", "60").exitCode == 0)
        let text = try run("ticks", "plot", ticks, "--width", "40", "--height", "8")
        #expect(text.exitCode == 0 && text.output.split(separator: "\n").count == 10)
        let picture = directory.file("a.png")
        #expect(try run("ticks", "plot", ticks, "-o", picture).exitCode == 0)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: picture))
        #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) && bytes.count > 1200 * 600 * 3)
        #expect(try run("ticks", "plot", ticks, "-o", picture).exitCode == 74)
    }

    @Test func wrongArgumentsOfAnImportSayWhatToDo() throws {
        let csv = try write("time,bid,ask\n2020-01-01,1,2\n", "q.csv")
        let out = directory.file("o.ticks")
        func fails(_ code: Int32, _ text: String, _ arguments: String...) throws {
            let result = try TradewindProgram.run(
                ["ticks", "import", csv] + arguments, home: directory.file("none"))
            #expect(result.exitCode == code && result.errors.contains(text), "\(arguments): \(result.errors)")
        }
        try fails(64, "--preset or --map", "-o", out)
        try fails(64, "none of", "--preset", "excel", "-o", out)
        try fails(64, "-o FILE", "--preset", "quotes", "--symbol", "X")
        try fails(78, "which symbol", "--preset", "quotes", "-o", out)
        try fails(78, "no time zone", "--preset", "quotes", "--symbol", "X", "--zone", "Mars/Base", "-o", out)
        try fails(
            64, "--sort-window", "--preset", "quotes", "--symbol", "X", "--sort-window", "soon", "-o", out)
        let dry = try run("ticks", "import", csv, "--preset", "quotes", "--symbol", "X", "--dry-run")
        #expect(dry.exitCode == 0 && dry.output.contains("columns  time = time, bid = bid, ask = ask"))
        #expect(
            try run("ticks", "import", csv, "--preset", "quotes", "--symbol", "X", "-o", out, "--json")
                .exitCode == 0)
        try fails(74, "exists already", "--preset", "quotes", "--symbol", "X", "-o", out)
    }

    @Test func changedInstrumentsAreAnnouncedWithTheirWholeCategory() throws {
        let engine = try EngineHome(seconds: 10)
        try engine.command("instruments", "set", "EURUSD", "category=fx", "price_increment=0.00001")
        try engine.command("instruments", "set", "GBPUSD", "category=fx")
        #expect(try engine.command("instruments", "export").contains("EURUSD"))
        let wrong = try TradewindProgram.run("instruments", "set", "EURUSD", "tick=1", home: engine.home)
        #expect(wrong.exitCode == 64 && wrong.errors.contains("price_increment"))
        try engine.start()
        try #require(waitUntil(seconds: 30) { engine.log.contains("bus bus: running") })
        let tail = try TradewindProgram.start("bus", "tail", "instruments:category:fx", home: engine.home)
        defer { tail.signal(SIGTERM) }
        try #require(waitUntil(seconds: 20) { tail.standardOutput.contains("GBPUSD") })
        #expect(tail.standardOutput.contains("EURUSD"))
        _ = try engine.sql("INSERT INTO instruments(symbol, category) VALUES ('USDJPY', 'fx');")
        #expect(waitUntil(seconds: 20) { tail.standardOutput.contains("USDJPY") })
        let last = tail.standardOutput.split(separator: "\n").last ?? ""
        #expect(last.contains("EURUSD") && last.contains("GBPUSD"))
        #expect(engine.stop() == 0)
    }
}
