import Foundation
import TestSupport
import Testing

/// `tradewind backup` and `tradewind prune` beside a running manager and without one.
@Suite(.serialized) struct HousekeepingTests {
    /// Metrics of 40 days, one a minute and one in between.
    private func addOldRows(_ engine: EngineHome) throws {
        try engine.sql(
            """
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19999)
            INSERT INTO strategy_metrics(strategy_id, timestamp, metrics_json)
            SELECT (SELECT id FROM strategy_configs WHERE name = 'maker'),
                strftime('%Y-%m-%dT%H:%M:', 'now', '-40 days', (i / 2 * 3) || ' minutes')
                    || iif(i % 2, '31.000Z', '00.000Z'), '{"text": "' || hex(zeroblob(150)) || '"}' FROM n;
            INSERT INTO strategy_events(strategy_id, time, from_status, to_status)
            SELECT id, '2020-01-01T00:00:00.000Z', 'active', 'stopped' FROM strategy_configs;
            BEGIN IMMEDIATE; -- A manager must not see it before it has ended.
            INSERT INTO strategy_commands(strategy_id, command, created_at) VALUES ('maker', 'stop', '2020-01-01T00:00:00.000Z');
            UPDATE strategy_commands SET status = 'executed', executed_at = '2020-01-01T00:00:01.000Z';
            COMMIT;
            """)
    }

    private func counts(_ engine: EngineHome) throws -> [String] {
        try engine.sql(
            """
            SELECT count(*) FROM strategy_metrics; SELECT count(*) FROM strategy_events WHERE time < '2021';
            SELECT count(*) FROM strategy_commands WHERE created_at < '2021';
            """)
    }

    @Test func pruneDeletesWhatTheSettingsSayAndADryRunDeletesNothing() throws {
        let engine = try EngineHome(seconds: 60)
        try engine.addThreeStrategies()
        try addOldRows(engine)
        let before = try counts(engine)
        let promised = try engine.command("prune", "--dry-run")
        #expect(try counts(engine) == before && before == ["20000", "3", "1"])
        let done = try engine.command("prune")
        let untimed = { (text: String) in
            text.split(separator: "\n").compactMap { $0.split(separator: " ").dropFirst().first }
        }
        #expect(untimed(done) == untimed(promised), "\(promised)\(done)")
        let rest = try counts(engine)
        #expect(rest.dropFirst() == ["0", "0"])
        // 30 days of rows every three minutes are left, one a minute.
        #expect(
            (14_300...14_500).contains(30 * 480) && abs((Int(rest[0]) ?? 0) - (20_000 / 2 - 10 * 480)) <= 2,
            "\(rest)")
        #expect(
            try engine.value("SELECT count(*) FROM strategy_metrics WHERE substr(timestamp, 18, 2) <> '00';")
                == "0")
        try engine.sql("UPDATE settings SET value = 1;")
        try engine.command("prune")
        #expect(try Int(counts(engine)[0]) ?? 0 <= 480)
        #expect(try engine.sql("PRAGMA integrity_check;") == ["ok"])
    }

    @Test func pruneBesideATradingManagerHoldsUpNobodyAndKeepsTheLogSmall() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "20")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        try addOldRows(engine)
        let log = engine.database + "-wal"
        // The rows came in one large transaction; the file is cut when the log starts over.
        let isCut = try waitUntil(seconds: 10) {
            try FileManager.default.attributesOfItem(atPath: log)[.size] as? Int ?? .max < 500 * 4_120
        }
        #expect(isCut)
        let prune = try TradewindProgram.start("prune", home: engine.home)
        var most = 0
        while prune.isRunning {
            most = max(most, try FileManager.default.attributesOfItem(atPath: log)[.size] as? Int ?? 0)
            usleep(1_000)
        }
        #expect(prune.wait(seconds: 30) == 0, "\(prune.standardError)")
        #expect(try Int(counts(engine)[0]) ?? .max < 6_000)
        let pause = try engine.sendCommand("pause", to: "maker")
        let ended = try engine.value(
            "SELECT status || ' ' || coalesce(error, '') FROM strategy_commands WHERE id = '\(pause)';")
        #expect(ended == "executed ", "\(ended)\n\(engine.log)")
        #expect(most < 1_000 * 4_120)
        print("figure: 15,000 rows pruned beside a manager, log of at most \(most / 4_120) pages")
        #expect(engine.stop() == 0)
        try JournalAccount(home: engine.home).expectSame(as: engine)
    }

    @Test func backupOfATradingEngineIsWholeAndPrivateAndNothingIsOverwritten() throws {
        let engine = try EngineHome()
        try engine.addSampleFeed(speed: "50")
        try engine.addThreeStrategies()
        try engine.start(waitingFor: ["crossover", "maker", "pair"])
        #expect(try waitUntil(seconds: 20) { try engine.value("SELECT count(*) > 5 FROM fills;") == "1" })
        let said = try engine.command("backup")
        let names = try FileManager.default.contentsOfDirectory(atPath: engine.home + "/backups")
        let copy = engine.home + "/backups/" + (names.first ?? "")
        #expect(names.count == 1 && said.contains(copy) && said.contains("integrity check passed"), "\(said)")
        #expect(try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int == 0o600)
        let whole = try SQLiteShell.run(
            "PRAGMA integrity_check; SELECT count(*) > 5 FROM fills; SELECT count(*) FROM strategy_configs;",
            on: copy)
        #expect(whole == ["ok", "1", "3"])
        let again = try TradewindProgram.run("backup", copy, home: engine.home)
        #expect(again.exitCode == 65 && again.errors.contains("exists already"), "\(again.errors)")
        let nowhere = try TradewindProgram.run("backup", "/no/such/place.db", home: engine.home)
        #expect(nowhere.exitCode != 0 && nowhere.errors.contains("/no/such"), "\(nowhere.errors)")
    }
}
