import ControlPlane
import Foundation
import Testing
import TradingModel

/// 10,000 rows that another process commits in several rhythms, with the write-ahead log starting over, cut and deleted
/// in between: none is missed.
@Suite(.serialized) struct ChangeWatcherRhythmTests {
    private static let insert = "INSERT INTO strategy_commands(command) VALUES ('flatten');"

    private let context: TemporaryHomeStore
    private let watcher: ChangeWatcher

    init() throws {
        context = try TemporaryHomeStore()
        watcher = try ChangeWatcher(context.store)
    }

    private func count() throws -> Int {
        Int(try context.store.scalar("SELECT count(*) FROM strategy_commands") ?? 0)
    }

    /// Waits until a number of rows is seen, being woken each time; how long it took.
    private func expectRows(_ expected: Int, _ rhythm: String) throws -> Duration {
        let start = ContinuousClock.now
        while try count() < expected {
            // A second is for a busy machine; a missed commit would be found by nobody, however long it takes.
            let reason = watcher.wait(until: .now + .seconds(5))
            try #require(reason == .changed, "\(rhythm): row \(expected) was missed")
        }
        return ContinuousClock.now - start
    }

    private func report(_ rhythm: String, _ latencies: [Duration], rows: Int) {
        let sorted = latencies.sorted()
        print(
            "figure: \(rhythm): \(rows) rows, 0 missed; from sending to seen p50 \(sorted[sorted.count / 2]), "
                + "p99 \(sorted[sorted.count * 99 / 100]), most \(sorted[sorted.count - 1])")
    }

    @Test func tenThousandRowsInFourRhythmsAreAllSeen() throws {
        let path = context.home.home.databasePath
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var shell = try InteractiveShell(path)
        var total = 0

        var latencies: [Duration] = []
        for _ in 0..<3_000 {
            _ = watcher.wait(until: .now + .microseconds(Int64.random(in: 0...1_500, using: &generator)))
            try shell.send(Self.insert)
            total += 1
            latencies.append(try expectRows(total, "single"))
        }
        report("single", latencies, rows: 3_000)

        latencies = []
        for _ in 0..<60 {
            try shell.send((0..<100).map { _ in Self.insert }.joined(separator: "\n"))
            total += 100
            latencies.append(try expectRows(total, "bursts of 100"))
            _ = watcher.wait(until: .now + .milliseconds(Int64.random(in: 0...30, using: &generator)))
        }
        report("bursts of 100", latencies, rows: 6_000)

        latencies = []
        for _ in 0..<300 {
            // Longer than the poll and than the window after an event.
            _ = watcher.wait(until: .now + .milliseconds(Int64.random(in: 26...45, using: &generator)))
            try shell.send(Self.insert)
            total += 1
            latencies.append(try expectRows(total, "slow"))
        }
        report("slow", latencies, rows: 300)

        latencies = []
        for number in 0..<700 {
            switch number % 4 {
            case 0: _ = try? context.store.checkpointIfNeeded(othersWrote: true, from: 0)
            case 1: try shell.ask("PRAGMA wal_checkpoint(RESTART);")
            case 2: try shell.ask("PRAGMA wal_checkpoint(TRUNCATE);")
            default: if number % 20 == 3 { shell = try InteractiveShell(path) }
            }
            // Half of them with own commits close by, which must not hide the other one's.
            if number % 2 == 0 { try context.store.setEngineInfo("number", "\(number)", at: moment()) }
            try shell.send(Self.insert)
            if number % 3 == 0 { try? context.store.setEngineInfo("number", "-\(number)", at: moment()) }
            total += 1
            latencies.append(try expectRows(total, "log starting over"))
        }
        report("log starting over", latencies, rows: 700)
        #expect(total == 10_000)
        #expect(try count() == total)
    }
}
