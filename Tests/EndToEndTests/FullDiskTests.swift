import Foundation
import TestSupport
import Testing

/// A home on a small file system that fills up. Needs the right to mount one.
@Suite(.serialized) struct FullDiskTests {
    /// A tmpfs of its own, unmounted at the end.
    private final class SmallDisk {
        let path: String
        private let directory: TemporaryDirectory

        /// `nil` where this user may not mount.
        init?(mebibytes: Int) throws {
            directory = try TemporaryDirectory()
            path = directory.file("disk")
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            let mount = try ProgramRun(
                "mount", ["-t", "tmpfs", "-o", "size=\(mebibytes)m,mode=700", "tmpfs", path])
            guard mount.wait(seconds: 10) == 0 else { return nil }
        }

        /// Takes all space that is left.
        func fill() throws {
            let fill = try ProgramRun("dd", ["if=/dev/zero", "of=\(path)/filler", "bs=64k"])
            _ = fill.wait(seconds: 30)
            let rest = try ProgramRun("dd", ["if=/dev/zero", "of=\(path)/filler2", "bs=1"])
            _ = rest.wait(seconds: 30)
        }

        func free() throws {
            for name in ["filler", "filler2"] {
                try FileManager.default.removeItem(atPath: "\(path)/\(name)")
            }
        }

        deinit { _ = try? ProgramRun("umount", ["-l", path]).wait(seconds: 10) }
    }

    @Test func ordersAreRefusedOnAFullDiskAndTradingResumesWithTheSameProcessesAndPositions() throws {
        guard let disk = try SmallDisk(mebibytes: 24) else {
            print("skipped: this user may not mount a small file system, so no disk was filled")
            return
        }
        let engine = try EngineHome(at: disk.path + "/home")
        try engine.addSampleFeed(speed: "100")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        let fills = "SELECT count(*) FROM fills;"
        #expect(try waitUntil(seconds: 20) { try (Int(engine.value(fills)) ?? 0) > 50 })
        let before = try ["crossover", "maker", "pair"].map(engine.process)

        try disk.fill()
        let start = ContinuousClock.now
        let isRefusing = waitUntil(seconds: 20) { engine.log.contains("orders are refused until then") }
        #expect(isRefusing, "\(engine.log)")
        let pids = before.compactMap { Int32($0.split(separator: "/").first ?? "") }
        #expect(pids.count == 3 && !pids.contains { EngineHome.hasEnded($0) })
        let found = try TradewindProgram.run("doctor", home: engine.home)
        #expect(
            found.exitCode == 1 && found.output.contains("free some space"), "\(found.output)\(found.errors)")
        // It stays full for a while, and the strategies want to trade all the time.
        #expect(!waitUntil(seconds: 2) { pids.contains { EngineHome.hasEnded($0) } })
        let full = ContinuousClock.now - start

        try disk.free()
        #expect(try ["crossover", "maker", "pair"].map(engine.process) == before)
        let stored = Int(try engine.value(fills)) ?? 0
        #expect(
            try waitUntil(seconds: 20) { try (Int(engine.value(fills)) ?? 0) > stored + 20 }, "\(engine.log)")
        let log = try String(contentsOfFile: engine.home + "/logs/maker.log", encoding: .utf8)
        let line = log.split(separator: "\n").last { $0.contains("orders were refused meanwhile") } ?? ""
        let refused = line.split(separator: " ").compactMap { Int($0) }.first ?? 0
        #expect(refused > 0, "\(log.suffix(1_000))")
        #expect(engine.stop() == 0)
        let account = try JournalAccount(home: engine.home)
        try account.expectSame(as: engine)
        #expect(account.epochCount == 3, "nobody was restarted")
        print(
            "figure: disk full for \(full), \(refused) orders of one strategy refused, \(account.orders.count) intents, \(account.fills.count) fills, 0 lost, "
                + "0 doubled, 0 restarts")
    }
}
