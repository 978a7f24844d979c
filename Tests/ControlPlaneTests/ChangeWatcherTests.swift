import ControlPlane
import Foundation
import Testing
import TradingModel

/// Another process is the sqlite3 shell, which answers after each commit.
@Suite(.serialized) struct ChangeWatcherTests {
    private let context: TemporaryHomeStore
    private let watcher: ChangeWatcher

    init() throws {
        context = try TemporaryHomeStore()
        watcher = try ChangeWatcher(context.store)
    }

    private func count() throws -> Int64 {
        try context.store.scalar("SELECT count(*) FROM strategy_commands") ?? 0
    }

    /// The processor time of this thread.
    private func threadTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    private func report(_ name: String, _ latencies: [Duration]) {
        let sorted = latencies.sorted()
        print(
            "\(name): \(sorted.count) commits seen, from sending to wake-up p50 \(sorted[sorted.count / 2]), "
                + "p99 \(sorted[sorted.count * 99 / 100]), most \(sorted[sorted.count - 1])")
    }

    private static let insert = "INSERT INTO strategy_commands(command) VALUES ('flatten');"

    @Test func everyCommitOfAnotherProcessAtRandomDistancesWakes() throws {
        let shell = try InteractiveShell(context.home.home.databasePath)
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var latencies: [Duration] = []
        var wakeCount = 0
        for number in 1...1_000 {
            let gap = Duration.microseconds(Int64.random(in: 0...6_000, using: &generator))
            _ = watcher.wait(until: .now + gap)
            let start = ContinuousClock.now
            try shell.send(Self.insert)
            // The shell checkpoints now and then, and the log's new start wakes once more than needed.
            repeat {
                #expect(watcher.wait(until: .now + .seconds(10)) == .changed)
                wakeCount += 1
            } while try count() < Int64(number) && wakeCount < 2 * number
            latencies.append(.now - start)
            #expect(try count() == Int64(number))
        }
        #expect(wakeCount <= 1_010)
        report("random distances, \(wakeCount) wake-ups", latencies)
    }

    @Test func everyCommitOfARestlessWriterIsSeenInTheEnd() throws {
        let shell = try InteractiveShell(context.home.home.databasePath)
        var expected: Int64 = 0
        for burst in 1...20 {
            for _ in 0..<20 { try shell.send(Self.insert) }
            expected += 20
            let deadline = ContinuousClock.now + .seconds(20)
            while try count() < expected, ContinuousClock.now < deadline {
                let reason = watcher.wait(until: deadline)
                #expect(reason == .changed, "burst \(burst)")
            }
            #expect(try count() == expected)
        }
    }

    @Test func commitWhileTheOwnConnectionWritesIsSeen() throws {
        let shell = try InteractiveShell(context.home.home.databasePath)
        for number in 1...100 {
            try context.store.setEngineInfo("number", "\(number)", at: moment())
            try shell.send(Self.insert)
            try context.store.setEngineInfo("number", "-\(number)", at: moment())
            #expect(watcher.wait(until: .now + .seconds(10)) == .changed)
            #expect(try count() == Int64(number))
        }
    }

    @Test func commitSurvivesDeletionOfTheLogFile() throws {
        // The shell connects, commits, checkpoints and truncates or deletes the log when it is the last to
        // leave.
        for number in 1...5 {
            try context.home.shell(Self.insert + " PRAGMA wal_checkpoint(TRUNCATE);")
            #expect(watcher.wait(until: .now + .seconds(10)) == .changed)
            #expect(try count() == Int64(number))
        }
    }

    @Test func ownCommitsDoNotWake() throws {
        for number in 1...20 {
            try context.store.setEngineInfo("number", "\(number)", at: moment())
            #expect(watcher.wait(until: .now + .milliseconds(2)) == .timeout)
        }
    }

    @Test func wakeEndsTheCurrentAndTheNextWait() throws {
        watcher.wake()
        watcher.wake()
        #expect(watcher.wait(until: .now + .seconds(10)) == .woken)
        #expect(watcher.wait(until: .now) == .timeout)
        let watcher = watcher
        let thread = Thread { watcher.wake() }
        thread.start()
        #expect(watcher.wait(until: .now + .seconds(10)) == .woken)
    }

    @Test func waitingCostsNextToNothing() throws {
        let before = threadTime()
        #expect(watcher.wait(until: .now + .seconds(2)) == .timeout)
        let idle = (threadTime() - before) / .seconds(2) * 100
        print("idle watcher: \(idle) % of a core")
        #expect(idle < 3)
        // A commit of its own each 10 ms must not make it spin.
        var busy = Duration.zero
        for number in 1...100 {
            try context.store.setEngineInfo("number", "\(number)", at: moment())
            let start = threadTime()
            _ = watcher.wait(until: .now + .milliseconds(10))
            busy += threadTime() - start
        }
        print("watcher beside 100 own commits/s: \(busy / .seconds(1) * 100) % of a core")
        #expect(busy < .milliseconds(150))
    }
}
