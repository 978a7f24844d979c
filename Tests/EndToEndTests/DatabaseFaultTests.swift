import Foundation
import TestSupport
import Testing
import TradingModel

/// The database is locked, watched for long, deleted, replaced, emptied, damaged or newer while strategies trade: it is
/// said clearly, nobody stops trading, and afterwards every result is there once.
@Suite(.serialized) struct DatabaseFaultTests {
    private func tradingEngine() throws -> EngineHome {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "50")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        #expect(try waitUntil(seconds: 20) { try engine.value("SELECT count(*) > 20 FROM fills;") == "1" })
        return engine
    }

    private func processes(_ engine: EngineHome) throws -> [String] {
        try ["crossover", "maker", "pair"].map(engine.process)
    }

    private func journalBytes(_ engine: EngineHome) throws -> Int {
        let root = engine.home + "/journal"
        return try FileManager.default.subpathsOfDirectory(atPath: root).reduce(0) { sum, path in
            let facts = try FileManager.default.attributesOfItem(atPath: root + "/" + path)
            return sum + (facts[.type] as? FileAttributeType == .typeRegular ? facts[.size] as? Int ?? 0 : 0)
        }
    }

    /// Waits until the strategies have written some more, whatever becomes of the database.
    private func expectTrading(_ engine: EngineHome, sourceLocation: SourceLocation = #_sourceLocation) throws
    {
        let before = try journalBytes(engine)
        let grows = try waitUntil(seconds: 15) { try journalBytes(engine) > before + 5_000 }
        #expect(grows, "the strategies go on: \(engine.log)", sourceLocation: sourceLocation)
    }

    private func expectLog(
        _ engine: EngineHome, _ text: String, seconds: Double = 10,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let isSaid = waitUntil(seconds: seconds) { engine.log.contains(text) }
        #expect(isSaid, "'\(text)' is not in \(engine.log)", sourceLocation: sourceLocation)
    }

    private func doctor(_ engine: EngineHome) throws -> TradewindProgram.Result {
        try TradewindProgram.run("doctor", home: engine.home)
    }

    @Test func aLockOfThirtySecondsIsNamedAndEverythingArrivesAfterwards() throws {
        let engine = try tradingEngine()
        let before = try processes(engine)
        let start = ContinuousClock.now
        let locker = try ProgramRun(
            "sqlite3",
            [
                "-batch", "-cmd", ".timeout 5000", engine.database, "BEGIN IMMEDIATE;", ".shell echo locked",
                ".shell sleep 30", "COMMIT;",
            ])
        try #require(waitUntil(seconds: 10) { locker.standardOutput.contains("locked") })
        #if os(Linux)
            expectLog(engine, "is locked by process \(locker.processID), sqlite3")
            let found = try doctor(engine).output
            #expect(found.contains("being written by process \(locker.processID), sqlite3"), "\(found)")
        #endif
        try expectTrading(engine)
        #expect(locker.isRunning)
        #expect(locker.wait(seconds: 60) == 0)
        let held = ContinuousClock.now - start
        expectLog(engine, "the database can be used again")
        #expect(try processes(engine) == before)
        #expect(engine.stop() == 0)
        let account = try JournalAccount(home: engine.home)
        try account.expectSame(as: engine)
        print("figure: locked for \(held), \(account.fills.count) fills, 0 lost, 0 doubled, 0 restarts")
    }

    @Test func aReaderThatStaysOpenHoldsUpNobodyAndTheLogShrinksAfterwards() throws {
        let engine = try tradingEngine()
        let reader = try ProgramRun(
            "sqlite3",
            [
                "-batch", engine.database, "BEGIN;", "SELECT count(*) FROM fills;", ".shell sleep 12",
                "COMMIT;",
            ])
        let log = engine.database + "-wal"
        let count = "SELECT count(*) FROM fills;"
        var most = 0
        while reader.isRunning {
            let before = Int(try engine.value(count)) ?? 0
            #expect(
                try waitUntil(seconds: 5) { try (Int(engine.value(count)) ?? 0) > before }, "fills arrive")
            most = max(most, try FileManager.default.attributesOfItem(atPath: log)[.size] as? Int ?? 0)
        }
        let limit = 1_000 * 4_120
        let shrinks = try waitUntil(seconds: 20) {
            try FileManager.default.attributesOfItem(atPath: log)[.size] as? Int ?? 0 < limit
        }
        #expect(shrinks)
        print("figure: log of at most \(most / 4_120) pages beside a reader of 12 s, under 1,000 afterwards")
    }

    @Test func aDatabaseThatIsDeletedIsMissedAndTakenUpAgainWhenItIsBack() throws {
        let engine = try tradingEngine()
        let before = try processes(engine)
        try FileManager.default.moveItem(atPath: engine.database, toPath: engine.database + ".away")
        expectLog(engine, "was deleted while it was in use: put it back")
        try expectTrading(engine)
        let found = try doctor(engine)
        #expect(found.exitCode == 1 && found.output.contains("engine.db does not exist"), "\(found.output)")
        try FileManager.default.moveItem(atPath: engine.database + ".away", toPath: engine.database)
        expectLog(engine, "the database can be used again")
        #expect(try processes(engine) == before)
        #expect(engine.stop() == 0)
        try JournalAccount(home: engine.home).expectSame(as: engine)
    }

    @Test func aDatabaseThatIsReplacedByABackupIsNoticedAndTheNextRunCompletesIt() throws {
        let engine = try tradingEngine()
        let copy = engine.directory.file("copy.db")
        try engine.command("backup", copy)
        try expectTrading(engine)
        let pid = try engine.pid("maker")
        try FileManager.default.moveItem(atPath: copy, toPath: engine.database + ".new")
        rename(engine.database + ".new", engine.database)
        expectLog(
            engine, "was replaced by another file while it was in use: stop the manager and start it again")
        try expectTrading(engine)
        #expect(!EngineHome.hasEnded(pid))
        #expect(engine.stop() == 0)
        let isAside = FileManager.default.fileExists(atPath: engine.database + "-wal.replaced")
        #expect(isAside, "the log of the old database is not applied to the new one")
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        #expect(engine.stop() == 0)
        try JournalAccount(home: engine.home).expectSame(as: engine)
    }

    @Test func aDatabaseThatIsEmptiedIsRestoredFromABackupAndCompletedFromTheJournals() throws {
        let engine = try tradingEngine()
        let copy = engine.directory.file("copy.db")
        try engine.command("backup", copy)
        try expectTrading(engine)
        #expect(truncate(engine.database, 0) == 0)
        expectLog(engine, "was emptied while it was in use")
        try expectTrading(engine)
        let found = try doctor(engine)
        #expect(found.exitCode == 1 && found.output.contains("engine.db is empty"), "\(found.output)")
        try restore(engine, from: copy)
    }

    @Test func aDatabaseThatIsDamagedIsSaidAndRestored() throws {
        let engine = try tradingEngine()
        let copy = engine.directory.file("copy.db")
        try engine.command("backup", copy)
        let pid = try engine.pid("maker")
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: engine.database))
        let size = try handle.seekToEnd()
        try handle.seek(toOffset: 4_096)
        try handle.write(contentsOf: Data(repeating: 0x5A, count: Int(size) - 4_096))
        try handle.close()
        try expectTrading(engine)
        let found = try doctor(engine)
        #expect(found.exitCode == 1 && found.output.contains("damaged"), "\(found.output)")
        #expect(!EngineHome.hasEnded(pid))
        try restore(engine, from: copy)
    }

    @Test func aDatabaseThatBecomesNewerIsLeftAloneUntilItIsNotAnyMore() throws {
        let engine = try tradingEngine()
        let before = try processes(engine)
        let version = try engine.value("PRAGMA user_version;")
        try engine.sql("PRAGMA user_version = 99;")
        expectLog(engine, "has schema version 99, this program knows")
        let stored = try engine.value("SELECT count(*) FROM fills;")
        try expectTrading(engine)
        #expect(try engine.value("SELECT count(*) FROM fills;") == stored, "nothing is written meanwhile")
        let found = try doctor(engine)
        #expect(found.exitCode == 1 && found.output.contains("has schema version 99"), "\(found.output)")
        try engine.sql("PRAGMA user_version = \(version);")
        expectLog(engine, "the database can be used again")
        #expect(try processes(engine) == before)
        #expect(engine.stop() == 0)
        try JournalAccount(home: engine.home).expectSame(as: engine)
    }

    /// What the message says: stop, move the files away, copy the backup, run; then compares with the journals.
    private func restore(_ engine: EngineHome, from copy: String) throws {
        #expect(engine.stop() != nil)
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.moveItem(
                atPath: engine.database + suffix, toPath: engine.directory.file("old.db" + suffix))
        }
        try FileManager.default.copyItem(atPath: copy, toPath: engine.database)
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        #expect(engine.stop() == 0)
        try JournalAccount(home: engine.home).expectSame(as: engine)
    }
}
