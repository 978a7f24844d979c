import ControlPlane
import Foundation
import Testing

/// Every schema that was ever released lies in `Fixtures` as `schema-<version>.sql`.
@Suite struct MigrationTests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures")

    static let earlierVersions = Array(1..<ControlStore.schemaVersion)

    /// A home whose database has an earlier schema and some rows.
    private func home(version: Int) throws -> TemporaryHome {
        let home = try TemporaryHome()
        let path = home.home.databasePath
        try FileManager.default.removeItem(atPath: path)
        let schema = try String(
            contentsOf: Self.fixtures.appendingPathComponent("schema-\(version).sql"), encoding: .utf8)
        let rows = """
            INSERT INTO strategy_configs(id, name, class_name, config_json) VALUES ('s1', 'alpha', 'm', '{"seed": 3}');
            INSERT INTO strategy_commands(strategy_id, command) VALUES ('alpha', 'stop');
            INSERT INTO strategy_metrics(strategy_id, realized_pnl_e8) VALUES ('s1', 150000000);
            INSERT INTO fills(strategy_id, epoch, sequence, count, order_epoch, order_count, token, side, liquidity,
                price_e8, quantity_e8, fee_e8, realized_pnl_e8, position_after_e8, average_price_after_e8, time_ns)
            VALUES ('s1', 1, 7, 1, 1, 1, 2, 'buy', 'taker', 1, 2, 3, 4, 5, 6, 7);
            """
        let file = home.home.path + "/made.sql"
        try (schema + rows).write(toFile: file, atomically: true, encoding: .utf8)
        let made = try home.shell(".read '\(file)'")
        #expect(made.exitCode == 0, "\(made.errors)")
        return home
    }

    /// The text of everything in the schema, as SQLite keeps it, without comments: they may change without a step.
    private func schema(_ home: TemporaryHome) throws -> [String] {
        try home.shell(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
        ).output.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("--") }.map(String.init)
    }

    @Test(arguments: earlierVersions)
    func databaseOfAnEarlierVersionBecomesTheSameAsANewOneAndKeepsItsRows(_ version: Int) throws {
        let old = try home(version: version)
        let rows = """
            SELECT id, name, config_json, desired_state FROM strategy_configs; SELECT strategy_id, command, status
            FROM strategy_commands; SELECT pnl FROM strategy_metrics;
            SELECT id, strategy_id, sequence, price_e8, time_ns, quantity FROM fills; SELECT * FROM fills_view;
            """
        let before = try old.shell(rows).output
        #expect(before.contains("alpha"))
        #expect(throws: ControlError.self) { _ = try old.open(.client) }
        try old.open(.manager).close()
        let new = try TemporaryHome()
        #expect(try old.shell("PRAGMA user_version").output == "\(ControlStore.schemaVersion)")
        #expect(try schema(old) == schema(new))
        #expect(try old.shell("SELECT * FROM settings").output == new.shell("SELECT * FROM settings").output)
        #expect(try old.shell(rows).output == before)
        #expect(try old.shell("PRAGMA integrity_check").output == "ok")
        _ = try old.open(.client)
    }

    @Test func theDatabaseBeforeAMigrationIsBackedUp() throws {
        let old = try home(version: 1)
        try old.open(.manager).close()
        let copy = old.home.backupsDirectory + "/engine-version-1.db"
        let found = try SQLiteShell.run(copy, "PRAGMA user_version; SELECT name FROM strategy_configs")
        #expect(found.output == "1\nalpha")
        #expect(try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int == 0o600)
    }

    @Test func everyEarlierVersionHasItsFixture() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.fixtures.path).sorted()
        #expect(names == Self.earlierVersions.map { "schema-\($0).sql" })
        #expect(Migration.all.map(\.version) == Array(1...ControlStore.schemaVersion))
    }
}
