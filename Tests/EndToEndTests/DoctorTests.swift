import Foundation
import TestSupport
import Testing
import TradingModel

/// `tradewind doctor` on homes that are well and on homes that are not.
@Suite(.serialized) struct DoctorTests {
    private struct Report: Decodable {
        struct Finding: Decodable {
            var severity: String
            var area: String
            var what: String
            var place: String
            var remedy: String
        }
        var findings: [Finding]
        var managerPID: Int32?

        func all(_ severity: String) -> [Finding] { findings.filter { $0.severity == severity } }
    }

    private func doctor(
        _ engine: EngineHome, _ arguments: String..., exitCode: Int32,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Report {
        let result = try TradewindProgram.run(["doctor", "--json"] + arguments, home: engine.home)
        #expect(
            result.exitCode == exitCode, "\(result.output)\(result.errors)", sourceLocation: sourceLocation)
        let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
        for finding in report.all("problem") + report.all("warning") {
            #expect(
                !finding.remedy.isEmpty && !finding.place.isEmpty, "\(finding)",
                sourceLocation: sourceLocation)
        }
        return report
    }

    /// Names, sizes, modes and times of change of everything in the home, but the shared memory beside the database.
    private func fingerprint(_ engine: EngineHome) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: engine.home).sorted().filter {
            !$0.hasSuffix("-shm")
        }.map {
            var status = stat()
            lstat(engine.home + "/" + $0, &status)
            return
                "\($0) \(status.st_size) \(status.st_mode) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
        }
    }

    @Test func soundHomeHasNoProblemsWithAndWithoutAManagerAndIsNotTouched() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.addThreeStrategies()
        let before = try fingerprint(engine)
        var report = try doctor(engine, exitCode: 0)
        #expect(report.all("problem").isEmpty && report.all("warning").allSatisfy { $0.area == "disk" })
        #expect(report.managerPID == nil)
        let areas = Set(report.all("ok").map(\.area))
        let expected = [
            "home", "locks", "versions", "database", "instances", "commands", "journals", "clock", "limits",
        ]
        #expect(areas.isSuperset(of: expected))
        #expect(report.findings.contains { $0.area == "versions" && $0.what.contains("SQLite 3.") })
        #expect(try fingerprint(engine) == before, "doctor writes nothing")
        try engine.addSampleFeed(speed: "20")
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        report = try doctor(engine, "--full", exitCode: 0)
        #expect(report.all("problem").isEmpty && report.managerPID == engine.manager?.processID)
        #expect(report.findings.contains { $0.what.hasPrefix("3 running, 0 in trouble") })
        engine.manager?.signal(SIGKILL)
        _ = engine.manager?.wait(seconds: 10)
        report = try doctor(engine, exitCode: 0)
        #expect(
            report.findings.contains { $0.what.contains("of an earlier manager run without one") },
            "\(report)")
        // The next manager takes care of them, so that none outlives the test.
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        #expect(engine.stop() == 0)
    }

    @Test func openDoorsAndMissingPartsAreFound() throws {
        let engine = try EngineHome(seconds: 60)
        chmod(engine.home, 0o755)
        chmod(engine.database, 0o644)
        try FileManager.default.removeItem(atPath: engine.home + "/logs")
        let key = engine.home + "/run/some.key"
        try Data("secret".utf8).write(to: URL(fileURLWithPath: key))
        chmod(key, 0o640)
        let report = try doctor(engine, exitCode: 1)
        let problems = report.all("problem").map(\.place)
        #expect(Set(problems) == [engine.home, engine.database, key], "\(report)")
        #expect(report.all("problem").allSatisfy { $0.remedy.hasPrefix("chmod") })
        #expect(report.all("warning").contains { $0.place == engine.home + "/logs" })
    }

    @Test func homeThatIsNotThereAndDatabaseThatIsMissingForeignOrGarbage() throws {
        let engine = try EngineHome(seconds: 60)
        var result = try TradewindProgram.run("doctor", home: engine.directory.file("nowhere"))
        #expect(result.exitCode == 1 && result.output.contains("tradewind init"))
        try FileManager.default.moveItem(atPath: engine.database, toPath: engine.database + ".away")
        #expect(
            try doctor(engine, exitCode: 1).all("problem").contains { $0.what.contains("does not exist") })
        try SQLiteShell.run("CREATE TABLE x(y);", on: engine.database)
        chmod(engine.database, 0o600)
        #expect(
            try doctor(engine, exitCode: 1).all("problem").contains { $0.what.contains("of another program") }
        )
        try FileManager.default.removeItem(atPath: engine.database)
        try Data(repeating: 0x41, count: 40_000).write(to: URL(fileURLWithPath: engine.database))
        chmod(engine.database, 0o600)
        #expect(
            try doctor(engine, exitCode: 1).all("problem").contains {
                $0.what.contains("is no SQLite database")
            })
        result = try TradewindProgram.run("doctor", home: engine.home)
        #expect(result.output.contains("problem  database") && result.output.contains("do: stop the manager"))
    }

    @Test func corruptShortAndWaitingJournalsAreFoundWithTheirPlace() throws {
        let engine = try EngineHome(seconds: 600)
        try engine.addSampleFeed(speed: "50")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        #expect(try waitUntil(seconds: 20) { try engine.value("SELECT count(*) > 20 FROM fills;") == "1" })
        #expect(engine.stop() == 0)
        func journal(_ name: String) throws -> URL {
            let id = try engine.value("SELECT id FROM strategy_configs WHERE name = '\(name)';")
            return URL(fileURLWithPath: "\(engine.home)/journal/\(id)/1.journal")
        }
        let maker = try journal("maker")
        var bytes = try Data(contentsOf: maker)
        let size = bytes.count
        bytes[size / 2] ^= 0xFF
        try bytes.write(to: maker)
        #expect(truncate(try journal("pair").path, 100) == 0)
        try engine.sql(
            "DELETE FROM journal_cursors WHERE strategy_id = (SELECT id FROM strategy_configs WHERE name = 'crossover');"
        )
        let report = try doctor(engine, "--full", exitCode: 1)
        let corrupt = report.all("problem").first { $0.what.hasPrefix("is corrupt at byte") }
        #expect(corrupt?.place == maker.path, "\(report)")
        let short = try journal("pair").path
        let isShort = report.all("problem").contains {
            $0.what.contains("has 100 bytes, and") && $0.place == short
        }
        #expect(isShort, "\(report)")
        let crossover = try Data(contentsOf: journal("crossover")).count
        #expect(
            report.all("ok").contains {
                $0.area == "journals" && $0.what.contains("\(crossover) bytes not copied yet")
            })

        // And what the engine does with them: nobody trades on a guess.
        try engine.start(waitingFor: ["crossover"])
        try engine.waitForStatus("maker", "error")
        try engine.waitForStatus("pair", "error")
        for name in ["maker", "pair"] {
            let reason = try engine.value("SELECT last_reason FROM strategies WHERE name = '\(name)';")
            #expect(reason.contains("1.journal is corrupt at byte"), "\(name): \(reason)")
        }
        #expect(try doctor(engine, exitCode: 1).all("problem").contains { $0.place == "strategy maker" })
    }

    @Test func strategyWhoseJournalIsDamagedWhileItRunsIsStoppedWithItsPlace() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "50")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        let id = try engine.value("SELECT id FROM strategy_configs WHERE name = 'maker';")
        let other = try engine.process("pair")
        let handle = try FileHandle(
            forWritingTo: URL(fileURLWithPath: "\(engine.home)/journal/\(id)/1.journal"))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(repeating: 0xEE, count: 64))
        try handle.close()
        try engine.waitForStatus("maker", "error")
        let reason = try engine.value("SELECT last_reason FROM strategies WHERE name = 'maker';")
        #expect(reason.contains("1.journal is corrupt at byte"), "\(reason)")
        #expect(try engine.process("pair") == other)
    }

    @Test func commandsThatWaitAndAClockThatWentBackAreSeen() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.addThreeStrategies()
        try engine.sql(
            """
            INSERT INTO strategy_commands(strategy_id, command, created_at) VALUES ('maker', 'stop', '2026-01-01T00:00:00.000Z');
            INSERT INTO strategy_events(strategy_id, time, from_status, to_status)
            SELECT id, '2126-01-01T00:00:00.000Z', 'active', 'stopped' FROM strategy_configs WHERE name = 'pair';
            """)
        let report = try doctor(engine, exitCode: 0)
        #expect(
            report.findings.contains {
                $0.area == "commands" && $0.what.hasPrefix("stop pending since 2026-01-01")
            })
        #expect(
            report.all("warning").contains { $0.area == "clock" && $0.what.contains("the clock went back") })
    }
}
