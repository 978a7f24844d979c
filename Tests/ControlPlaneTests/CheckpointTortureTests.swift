import ControlPlane
import Foundation
import TestSupport
import Testing
import TradingModel

/// Shells that write as fast as they can, some of them killed, while the manager's connection writes and checkpoints all
/// the time: every row whose commit was acknowledged is there, and the database is sound.
@Suite(.serialized) struct CheckpointTortureTests {
    /// What a shell prints after each commit is the number of the row it has committed.
    private func statements(_ writer: Int, _ count: Int) -> String {
        (1...count).map {
            "INSERT INTO torture VALUES (\(writer), \($0), randomblob(600)); SELECT \($0);"
        }.joined(separator: "\n")
    }

    @Test func acknowledgedRowsOfShellsSurviveCheckpointsAndKills() throws {
        let context = try TemporaryHomeStore()
        let path = context.home.home.databasePath
        try context.home.shell("CREATE TABLE torture(writer, number, content, PRIMARY KEY (writer, number))")
        let directory = try TemporaryDirectory()
        var shells: [ProgramRun] = []
        for writer in 1...4 {
            let file = directory.file("\(writer).sql")
            try statements(writer, 1_500).write(toFile: file, atomically: true, encoding: .utf8)
            shells.append(
                try ProgramRun("sqlite3", ["-batch", "-cmd", ".timeout 20000", path, ".read '\(file)'"]))
        }
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var checkpoints = 0
        var own = 0
        var busy = 0
        var killAt: [Int] = [
            Int.random(in: 200...600, using: &generator), Int.random(in: 600...1_200, using: &generator),
        ]
        let deadline = ContinuousClock.now + .seconds(120)
        while shells.contains(where: \.isRunning), ContinuousClock.now < deadline {
            do {
                try context.store.setEngineInfo("own", "\(own)", at: moment())
                own += 1
                if try context.store.checkpointIfNeeded(from: Int.random(in: 1...60, using: &generator))
                    != nil
                {
                    checkpoints += 1
                }
            } catch {
                guard error.code == .busy else { throw error }
                busy += 1
            }
            if let next = killAt.first, own > next {
                killAt.removeFirst()
                shells[killAt.count].signal(SIGKILL)
            }
        }
        var acknowledged = 0
        for (index, shell) in shells.enumerated() {
            let last = shell.standardOutput.split(separator: "\n").compactMap { Int($0) }.last ?? 0
            let errors = shell.standardError
            #expect(errors.isEmpty, "\(errors)")
            let there = try context.store.scalar(
                "SELECT count(*) FROM torture WHERE writer = \(index + 1) AND number <= \(last)")
            #expect(there == Int64(last), "writer \(index + 1)")
            acknowledged += last
        }
        let most = try context.store.walByteCount() / 4_120
        print(
            "\(acknowledged) acknowledged rows of 4 shells, 2 of them killed; \(own) own commits, \(busy) of them put off; "
                + "\(checkpoints) checkpoints; log of \(most) pages at the end; SQLite \(ControlStore.sqliteVersion)"
        )
        #expect(acknowledged > 2_000 && checkpoints > 50)
        #expect(try context.store.scalar("SELECT value FROM engine_info WHERE key = 'own'") == Int64(own - 1))
        #expect(try context.home.shell("PRAGMA integrity_check").output == "ok")
    }
}
