import Foundation
import TestSupport
import Testing
import TradingModel

@testable import ControlPlane

/// Locks, files that change under an open connection, settings, backups.
@Suite(.serialized) struct DatabaseCareTests {
    private func code(_ body: () throws -> Void) -> ControlError.Code? {
        do {
            try body()
            return nil
        } catch { return (error as? ControlError)?.code }
    }

    // MARK: - Locks

    @Test func lockedDatabaseNamesTheProcessThatHoldsIt() throws {
        let context = try TemporaryHomeStore()
        let shell = try InteractiveShell(context.home.home.databasePath)
        #expect(DatabaseLocks.writers(of: context.home.home.databasePath).isEmpty)
        try shell.ask("BEGIN IMMEDIATE;")
        let error = #expect(throws: ControlError.self) {
            try context.store.insertCommand(.stop, strategy: nil, issuer: "test")
        }
        #if os(Linux)
            #expect(
                error?.description.contains("is locked by process \(shell.processID), sqlite3") == true,
                "\(error?.description ?? "")")
        #endif
        try shell.ask("COMMIT;")
        #expect(DatabaseLocks.writers(of: context.home.home.databasePath).isEmpty)
        try shell.ask("BEGIN; SELECT count(*) FROM strategies;")
        #expect(DatabaseLocks.writers(of: context.home.home.databasePath).isEmpty, "a reader is no writer")
        #if os(Linux)
            #expect(DatabaseLocks.readers(of: context.home.home.databasePath).map(\.pid) == [shell.processID])
        #endif
    }

    @Test func linesOfTheLockTableAreRead() {
        let text = """
            1: POSIX  ADVISORY  WRITE 4711 08:02:131085 120 120
            2: POSIX  ADVISORY  READ 4712 08:02:131085 123 123
            2: -> POSIX  ADVISORY  WRITE 4713 08:02:131085 120 120
            3: FLOCK  ADVISORY  WRITE 4714 08:02:131085 0 EOF
            4: OFDLCK ADVISORY  WRITE -1 08:02:131085 0 EOF
            5: POSIX  ADVISORY  WRITE 4715 08:02:999 120 120
            6: POSIX  ADVISORY  WRITE 4716 08:02:131085 100 EOF
            nonsense
            """
        let writers = DatabaseLocks.pids(in: text, inode: 131_085, range: 120...122) { $0 == "WRITE" }
        #expect(writers == [4711, 4716])
        #expect(DatabaseLocks.pids(in: text, inode: 131_085, range: 123...127) { $0 == "READ" } == [4712])
        #expect(DatabaseLocks.pids(in: "", inode: 1, range: 0...1) { _ in true }.isEmpty)
    }

    @Test func checkpointHoldsTheWriteLockOrIsNotDone() throws {
        let context = try TemporaryHomeStore()
        let shell = try InteractiveShell(context.home.home.databasePath)
        for _ in 0..<500 { try context.store.insertCommand(.flatten, strategy: nil, issuer: "test") }
        #expect(context.store.walPageCount >= Limits.checkpointPages)
        try shell.ask("BEGIN IMMEDIATE;")
        #expect(code { try context.store.checkpointIfNeeded() } == .busy)
        try shell.ask("COMMIT;")
        let done = try #require(try context.store.checkpointIfNeeded())
        #expect(done.walPageCount == done.copiedPageCount && done.walPageCount > 0)
        #expect(try context.store.checkpointIfNeeded() == nil)
    }

    @Test func checkpointFollowsWhatOthersWrite() throws {
        let context = try TemporaryHomeStore()
        let client = try context.home.open(.client)
        for _ in 0..<500 { try client.insertCommand(.flatten, strategy: nil, issuer: "test") }
        #expect(try context.store.checkpointIfNeeded() == nil, "this connection has not written")
        let done = try #require(try context.store.checkpointIfNeeded(othersWrote: true))
        #expect(done.walPageCount == done.copiedPageCount)
        // The next commit starts the log over and cuts the file.
        try client.insertCommand(.flatten, strategy: nil, issuer: "test")
        try client.insertCommand(.flatten, strategy: nil, issuer: "test")
        #expect(try context.store.walByteCount() <= Limits.walBytesMax)
    }

    @Test func theVersionsWithTheRaceAreThoseOfItsDescription() {
        let affected = [3_007_000, 3_040_001, 3_044_005, 3_045_000, 3_050_006, 3_051_000, 3_051_002]
        let sound = [3_006_023, 3_044_006, 3_050_007, 3_051_003, 3_053_000]
        #expect(affected.allSatisfy { ControlStore.hasWALResetRace($0) })
        #expect(!sound.contains { ControlStore.hasWALResetRace($0) })
        #expect(ControlStore.sqliteVersion.hasPrefix("3."))
    }

    // MARK: - Files

    @Test func fileThatIsDeletedReplacedOrEmptiedUnderTheConnectionIsNoticed() throws {
        let context = try TemporaryHomeStore()
        let path = context.home.home.databasePath
        try context.store.checkFile()
        try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
        #expect(code { try context.store.checkFile() } == .deleted)
        try FileManager.default.copyItem(atPath: path + ".away", toPath: path)
        #expect(code { try context.store.checkFile() } == .replaced)
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
        try context.store.checkFile()
        try context.store.setEngineInfo("still", "works", at: moment())
        #expect(truncate(path, 0) == 0)
        #expect(code { try context.store.checkFile() } == .notADatabase)
    }

    @Test func schemaThatBecameNewerUnderTheConnectionIsNoticed() throws {
        let context = try TemporaryHomeStore()
        try context.store.checkSchemaVersion()
        try context.home.shell("PRAGMA user_version = 99")
        #expect(code { try context.store.checkSchemaVersion() } == .newerVersion)
    }

    // MARK: - Settings

    @Test func settingsAreReadAsSomebodyTypedThem() throws {
        let context = try TemporaryHomeStore()
        #expect(try context.store.settings() == Settings())
        try context.home.shell("UPDATE settings SET value = 90 WHERE name = 'strategy_metrics_days'")
        try context.home.shell("DELETE FROM settings WHERE name = 'strategy_events_days'")
        var expected = Settings()
        expected.strategyMetricsDays = 90
        #expect(try context.store.settings() == expected)
        let now = moment(90 * 86_400)
        #expect(try context.store.settings().oldest(.strategyMetrics, now: now) == moment())
        let wrong = try context.home.shell("UPDATE settings SET value = 0")
        #expect(wrong.errors.contains("the others a whole number from 1 to 36500"))
        let unknown = try context.home.shell("INSERT INTO settings(name, value) VALUES ('metrics', 3)")
        #expect(unknown.errors.contains("unknown setting: SELECT name, meaning FROM settings shows"))
    }

    // MARK: - Backups

    @Test func backupThatFailsLeavesNothingBehind() throws {
        let context = try TemporaryHomeStore()
        let directory = context.home.home.backupsDirectory
        #expect(code { try context.store.backUp(to: directory + "/none/copy.db") } != nil)
        try context.store.backUp(to: directory + "/whole.db")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["whole.db"])
    }

    @Test func backupWhileOthersWriteIsConsistent() throws {
        let context = try TemporaryHomeStore()
        let shell = try InteractiveShell(context.home.home.databasePath)
        let path = context.home.home.databasePath
        try shell.ask("INSERT INTO strategy_configs(id, name, class_name) VALUES ('s', 's', 'm');")
        for number in 1...10 {
            for _ in 0..<20 { try shell.send("INSERT INTO strategy_commands(command) VALUES ('flatten');") }
            let copy = path + ".copy\(number)"
            try context.home.open(.client).backUp(to: copy)
            let count = try SQLiteShell.run(copy, "SELECT count(*), max(seq) FROM strategy_commands").output
            let parts = count.split(separator: "|")
            #expect(parts.count < 2 || parts[0] == parts[1], "rows 1 to n, none left out: \(count)")
        }
        try shell.ask("SELECT 1;")
        #expect(try context.store.scalar("SELECT count(*) FROM strategy_commands") == 200)
    }
}
