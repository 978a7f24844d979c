import ControlPlane
import Foundation
import Testing

/// The database as its users meet it: typed into the sqlite3 shell.
@Suite struct SchemaTests {
    private static let strategy =
        "INSERT INTO strategy_configs(id, name, class_name) VALUES ('s1', 'alpha', 'momentum');"

    struct Refused: Sendable, CustomTestStringConvertible {
        let sql: String
        let message: String
        var testDescription: String { sql }
    }

    private static func refused(_ sql: String, _ message: String) -> Refused {
        Refused(sql: sql, message: message)
    }

    static let wrongRows: [Refused] = [
        refused(
            "INSERT INTO strategy_commands(strategy_id, command) VALUES ('alpha', 'explode')",
            "command must be start, stop, restart, update, pause, resume, flatten, halt, reduce or resume_trading"
        ),
        refused(
            "INSERT INTO strategy_commands(strategy_id, command) VALUES ('nobody', 'stop')",
            "unknown strategy: strategy_id must be the id or the name of a row in strategy_configs, or NULL for all"
        ),
        refused(
            "UPDATE strategy_commands SET strategy_id = 'nobody'",
            "unknown strategy: strategy_id must be the id of a row in strategy_configs, or NULL for all"),
        refused(
            "INSERT INTO strategy_commands(strategy_id, command, parameters) VALUES ('alpha', 'update', '{fast')",
            "parameters must be valid JSON"),
        refused(
            "INSERT INTO strategy_commands(strategy_id, command, parameters) VALUES ('alpha', 'update', '[1]')",
            "parameters must be a JSON object"),
        refused(
            "INSERT INTO strategy_commands(strategy_id, command) VALUES ('alpha', 'update')",
            "update needs parameters, for example '{\"fast\": 12}'"),
        refused(
            "INSERT INTO strategy_commands(strategy_id, command, parameters) VALUES ('alpha', 'update', ' { } ')",
            "update needs parameters"),
        refused(
            "INSERT INTO strategy_commands(strategy_id, command, status) VALUES ('alpha', 'stop', 'done')",
            "status must be pending, accepted, executed, failed, superseded or expired"),
        refused(
            "INSERT INTO strategy_commands(strategy_id, command, status) VALUES ('alpha', 'stop', 'executed')",
            "a new command must have the status pending"),
        refused(
            "INSERT INTO strategy_commands(strategy_id, command, expires_at) VALUES ('alpha', 'stop', 'tomorrow')",
            "expires_at must be a UTC time such as 2026-01-31T12:00:00.000Z or datetime('now', '+5 minutes')"),
        refused(
            "INSERT INTO strategy_commands(strategy_id, command, expires_at) VALUES ('alpha', 'stop', '2026-13-01')",
            "expires_at must be a UTC time"),
        refused(
            "INSERT INTO strategy_commands(strategy_id, command, created_at) VALUES ('alpha', 'stop', '2026-01-01')",
            "created_at must be a UTC time such as 2026-01-31T12:00:00.000Z"),
        refused(
            "INSERT INTO strategy_commands(command, created_at) VALUES ('stop', '2026-02-30T00:00:00.000Z')",
            "created_at must be a UTC time"),
        refused("INSERT INTO strategy_commands(strategy_id) VALUES ('alpha')", "strategy_commands.command"),
        refused(
            "INSERT INTO strategy_configs(name, class_name) VALUES ('Web', 'm')",
            "name must not be alerter or web"),
        refused("INSERT INTO alert_rules(name, kind) VALUES ('r', 'mood')", "kind must be error, stalled"),
        refused("INSERT INTO alert_rules(name, kind) VALUES ('a b', 'error')", "name must be 1 to 64"),
        refused("INSERT INTO alert_rules(name, kind) VALUES ('r', 'disk')", "threshold must be above 0"),
        refused(
            "INSERT INTO alert_rules(name, kind, threshold) VALUES ('r', 'error', 1)", "threshold must be"),
        refused(
            "INSERT INTO alert_rules(name, kind, threshold) VALUES ('r', 'drawdown_percent', 101)",
            "threshold must be"),
        refused(
            "INSERT INTO alert_rules(name, kind, strategy_id) VALUES ('r', 'error', 'nobody')",
            "unknown strategy: strategy_id must be the id or the name"),
        refused(
            "INSERT INTO alert_rules(name, kind, feed) VALUES ('r', 'error', 'f')",
            "feed with stale_feed only"),
        refused(
            "INSERT INTO alert_rules(name, kind, for_seconds) VALUES ('r', 'error', -1)",
            "for_seconds must be 0 to 86400"),
        refused(
            "INSERT INTO alert_rules(name, kind, command_json) VALUES ('r', 'error', 'rm -rf /')",
            "command_json must be a JSON array of 1 to 64 texts"),
        refused(
            "INSERT INTO alert_rules(name, kind, command_json) VALUES ('r', 'error', '[]')",
            "command_json must be"),
        refused(
            "INSERT INTO alert_rules(name, kind, command_json) VALUES ('r', 'error', '[\"a\", 1]')",
            "command_json must be"),
        refused(
            "INSERT INTO alert_rules(name, kind, webhook_url) VALUES ('r', 'error', 'https://x/')",
            "webhook_url must begin with http://"),
        refused(
            "INSERT INTO alert_rules(name, kind) VALUES ('strategy_error', 'error')",
            "UNIQUE constraint failed: alert_rules.name"),
        refused(
            "INSERT INTO strategy_configs(name, class_name) VALUES ('a b', 'momentum')",
            "name must be 1 to 64 letters, digits, _ - or . and begin with a letter, a digit or _"),
        refused("INSERT INTO strategy_configs(name, class_name) VALUES ('../x', 'momentum')", "name must be"),
        refused("INSERT INTO strategy_configs(name, class_name) VALUES ('', 'momentum')", "name must be"),
        refused(
            "INSERT INTO strategy_configs(name, class_name) VALUES ('0f8fad5b-d9cb-469f-a165-70867728950e', 'm')",
            "name must not look like a UUID"),
        refused("INSERT INTO strategy_configs(id, name, class_name) VALUES ('../x', 'x', 'm')", "id must be"),
        refused(
            "INSERT INTO strategy_configs(name, class_name) VALUES ('alpha', 'momentum')",
            "UNIQUE constraint failed: strategy_configs.name"),
        refused(
            "INSERT INTO strategy_configs(name, class_name) VALUES ('b', 'my class')",
            "class_name must be 1 to 64 letters, digits or _ and begin with a letter"),
        refused("INSERT INTO strategy_configs(name, class_name) VALUES ('b', '')", "class_name must be"),
        refused("INSERT INTO strategy_configs(name) VALUES ('b')", "strategy_configs.class_name"),
        refused(
            "INSERT INTO strategy_configs(name, class_name, module_path) VALUES ('b', 'm', 'desk')",
            "module_path must be an absolute path, or NULL for the manager's own executable"),
        refused(
            "INSERT INTO strategy_configs(name, class_name, config_json) VALUES ('b', 'm', '{')",
            "config_json must be valid JSON"),
        refused(
            "INSERT INTO strategy_configs(name, class_name, config_json) VALUES ('b', 'm', '[]')",
            "config_json must be a JSON object"),
        refused(
            "INSERT INTO strategy_configs(name, class_name, config_json) VALUES ('b', 'm', '{\"instruments\": \"X\"}')",
            "config_json: instruments must be an array of symbols"),
        refused(
            "INSERT INTO strategy_configs(name, class_name, config_json) VALUES ('b', 'm', '{\"parameters\": [1]}')",
            "config_json: parameters must be an object"),
        refused(
            "INSERT INTO strategy_configs(name, class_name, limits_json) VALUES ('b', 'm', 'no')",
            "limits_json must be a JSON object"),
        refused(
            "INSERT INTO strategy_configs(name, class_name, restart_policy_json) VALUES ('b', 'm', '1')",
            "restart_policy_json must be a JSON object"),
        refused(
            "INSERT INTO strategy_configs(name, class_name, status) VALUES ('b', 'm', 'sleeping')",
            "status must be active, starting, running, paused, stopping, stopped, backoff, error or stuck"),
        refused(
            "INSERT INTO strategy_configs(name, class_name, desired_state) VALUES ('b', 'm', 'on')",
            "desired_state must be running, paused or stopped"),
        refused(
            "UPDATE strategy_configs SET desired_state = NULL",
            "desired_state must be running, paused or stopped"),
        refused(
            "INSERT INTO strategy_configs(name, class_name, auto_start) VALUES ('b', 'm', 2)",
            "auto_start must be 0 or 1"),
        refused("UPDATE strategy_configs SET id = 'other'", "the id of a strategy cannot change"),
        refused(
            "UPDATE strategy_configs SET status = 'running'; DELETE FROM strategy_configs",
            "the strategy is running: stop it before deleting it"),
        refused(
            "INSERT INTO instruments(symbol, price_increment) VALUES ('X', -1)",
            "price_increment must be 0 to 1000000 and a multiple of 0.00000001"),
        refused(
            "INSERT INTO instruments(symbol, price_increment) VALUES ('X', 0.000000001)",
            "price_increment must"),
        refused("INSERT INTO instruments(symbol, multiplier) VALUES ('X', 0)", "multiplier must be above 0"),
        refused(
            "INSERT INTO instruments(symbol) VALUES ('X Y')", "symbol must be 1 to 64 printable characters"),
        refused("INSERT INTO instruments(symbol, token) VALUES ('X', -1)", "token must be 1 to 4294967295"),
        refused(
            "INSERT INTO instruments(symbol) VALUES ('X'); UPDATE instruments SET token = 0",
            "token must be 1 to 4294967295: 0 is reserved"),
        refused("INSERT INTO feeds(name, kind) VALUES ('f', '')", "kind must be a registered feed name"),
        refused(
            "INSERT INTO feeds(name, kind, number) VALUES ('f', 'file', 70000)", "number must be 1 to 65535"),
        refused(
            "INSERT INTO feeds(name, kind, config_json) VALUES ('f', 'file', '{')",
            "config_json must be a JSON object"),
        refused("INSERT INTO strategy_metrics(strategy_id) VALUES ('nobody')", "unknown strategy"),
        refused(
            "INSERT INTO strategy_metrics(strategy_id, success_rate) VALUES ('s1', 2)",
            "success_rate must be 0 to 1"),
        refused(
            "INSERT INTO strategy_events(strategy_id, from_status, to_status) VALUES ('nobody', 'active', 'error')",
            "unknown strategy"),
        refused("INSERT INTO positions VALUES ('nobody', 1, 0, 0, 0, 0, 0, 1, 1)", "unknown strategy"),
        refused("INSERT INTO journal_cursors VALUES ('nobody', 1, 0, 1, 1)", "unknown strategy"),
        refused(
            "INSERT INTO process_metrics(role, name, pid) VALUES ('cook', 'x', 1)", "role must be manager"),
    ]

    @Test(arguments: wrongRows, [false, true])
    func wrongRowIsRefusedWithASentence(_ wrong: Refused, hasForeignKeys: Bool) throws {
        let home = try TemporaryHome()
        try home.shell(
            Self.strategy + "INSERT INTO strategy_commands(strategy_id, command) VALUES ('s1', 'start')")
        let result = try home.shell("PRAGMA foreign_keys = \(hasForeignKeys ? "ON" : "OFF"); " + wrong.sql)
        #expect(result.exitCode != 0)
        #expect(result.errors.contains(wrong.message), "got: \(result.errors)")
    }

    @Test(arguments: [false, true])
    func commandByNameGetsTheIDWhateverTheForeignKeySetting(_ hasForeignKeys: Bool) throws {
        let home = try TemporaryHome()
        let pragma = "PRAGMA foreign_keys = \(hasForeignKeys ? "ON" : "OFF"); "
        let result = try home.shell(
            pragma + Self.strategy + """
                INSERT INTO strategy_commands(strategy_id, command) VALUES ('alpha', 'stop');
                INSERT INTO strategy_commands(strategy_id, command) VALUES ('s1', 'start');
                INSERT INTO strategy_commands(command) VALUES ('flatten');
                SELECT seq, strategy_id, command, parameters, status, issuer FROM strategy_commands ORDER BY seq;
                SELECT strategy, command FROM commands_view ORDER BY seq;
                """)
        #expect(result.errors == "")
        #expect(
            result.output == """
                1|s1|stop|{}|pending|sql
                2|s1|start|{}|pending|sql
                3||flatten|{}|pending|sql
                alpha|stop
                alpha|start
                (all)|flatten
                """)
    }

    @Test func rowsOfDefaultsOnlyAreComplete() throws {
        let home = try TemporaryHome()
        let result = try home.shell(
            """
            INSERT INTO strategy_configs(id, name, class_name, module_path, config_json)
                VALUES (NULL, 'alpha', 'momentum', NULL, '{"instruments": ["BTCUSDT"]}');
            INSERT INTO strategy_configs(name, class_name, auto_start, limits_json, created_at)
                VALUES ('beta', 'momentum', 0, NULL, NULL);
            INSERT INTO strategy_configs(name, class_name, desired_state) VALUES ('gamma', 'momentum', 'paused');
            SELECT name, status, desired_state, auto_start, restart_policy_json, limits_json, config_generation,
                   restart_generation, length(id), substr(id, 15, 1), length(created_at), updated_at >= created_at
            FROM strategy_configs ORDER BY name;
            """)
        #expect(result.errors == "")
        #expect(
            result.output == """
                alpha|active|running|1|{}|{}|1|1|36|4|24|1
                beta|active|stopped|0|{}|{}|1|1|36|4|24|1
                gamma|active|paused|1|{}|{}|1|1|36|4|24|1
                """)
    }

    @Test func editsCountTheGenerationUpAndMoveUpdatedAt() throws {
        let home = try TemporaryHome()
        let result = try home.shell(
            """
            PRAGMA recursive_triggers = ON;
            INSERT INTO strategy_configs(name, class_name, updated_at)
                VALUES ('alpha', 'momentum', '2020-01-01T00:00:00.000Z');
            UPDATE strategy_configs SET status = 'running';
            SELECT config_generation, updated_at FROM strategy_configs;
            UPDATE strategy_configs SET config_json = '{"seed": 2}';
            UPDATE strategy_configs SET config_json = '{"seed": 2}';
            UPDATE strategy_configs SET limits_json = '{"max": 1}', class_name = 'other';
            UPDATE strategy_configs SET module_path = '/bin/desk';
            UPDATE strategy_configs SET name = 'beta';
            SELECT config_generation, updated_at > '2025' FROM strategy_configs;
            """)
        #expect(result.errors == "")
        #expect(result.output == "1|2020-01-01T00:00:00.000Z\n4|1")
    }

    @Test func deletingAStrategyTakesItsRowsAlong() throws {
        let home = try TemporaryHome()
        let result = try home.shell(
            Self.strategy + """
                INSERT INTO strategy_commands(strategy_id, command) VALUES ('alpha', 'stop');
                INSERT INTO strategy_metrics(strategy_id) VALUES ('s1');
                INSERT INTO strategy_events(strategy_id, from_status, to_status) VALUES ('s1', 'active', 'error');
                INSERT INTO journal_cursors VALUES ('s1', 1, 0, 1, 1);
                PRAGMA foreign_keys = ON;
                DELETE FROM strategy_configs WHERE name = 'alpha';
                SELECT (SELECT count(*) FROM strategy_commands) + (SELECT count(*) FROM strategy_metrics)
                       + (SELECT count(*) FROM strategy_events) + (SELECT count(*) FROM journal_cursors);
                """)
        #expect(result.errors == "")
        #expect(result.output == "0")
    }

    @Test func endedCommandCannotBeRevived() throws {
        let home = try TemporaryHome()
        try home.shell(
            Self.strategy + """
                INSERT INTO strategy_commands(strategy_id, command) VALUES ('alpha', 'stop');
                UPDATE strategy_commands SET status = 'failed';
                """)
        let result = try home.shell("UPDATE strategy_commands SET status = 'pending'")
        #expect(result.errors.contains("the command has ended and its status cannot change"))
    }

    @Test func expiryWrittenAsSQLiteTimeIsNormalized() throws {
        let home = try TemporaryHome()
        let result = try home.shell(
            """
            INSERT INTO strategy_commands(command, expires_at) VALUES ('stop', '2030-01-02 03:04:05');
            SELECT expires_at FROM strategy_commands;
            """)
        #expect(result.output == "2030-01-02T03:04:05.000Z")
    }

    @Test func everyMillisecondIsAValidTime() throws {
        let home = try TemporaryHome()
        let result = try home.shell(
            """
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 59999)
            INSERT INTO strategy_commands(command, created_at)
                SELECT 'stop', printf('2026-01-31T12:00:%02d.%03dZ', i / 1000, i % 1000) FROM n;
            SELECT count(*) FROM strategy_commands;
            """)
        #expect(result.errors == "")
        #expect(result.output == "60000")
    }

    @Test func instrumentTypedByHandHasDerivedTokenAndExactIncrements() throws {
        let home = try TemporaryHome()
        let result = try home.shell(
            """
            INSERT INTO instruments(symbol, price_increment, quantity_increment) VALUES ('BTCUSDT', 0.01, '0.00001');
            INSERT INTO instruments(symbol) VALUES ('foobar');
            SELECT symbol, printf('%x', token), price_increment, price_increment_e8, quantity_increment_e8,
                   multiplier_e8, currency FROM instruments ORDER BY symbol;
            """)
        #expect(result.errors == "")
        #expect(
            result.output == """
                BTCUSDT|e82cd26c|0.01|1000000|1000|100000000|USD
                foobar|bf9cf968|0.0|0|0|100000000|USD
                """)
    }

    @Test func schemaTextIsTheFileAndBuildsTheSameDatabaseInTheShell() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("schema.sql")
        #expect(try String(contentsOf: file, encoding: .utf8) == ControlStore.schemaText)
        let home = try TemporaryHome()
        let other = home.home.path + "/shell.db"
        let built = try SQLiteShell.run(other, "\n" + ControlStore.schemaText)
        #expect(built.exitCode == 0, "\(built.errors)")
        let query =
            "SELECT type, name, sql FROM sqlite_schema ORDER BY name; PRAGMA user_version; PRAGMA journal_mode"
        #expect(try SQLiteShell.run(other, query).output == home.shell(query).output)
    }

    @Test func allTablesAreStrictAndAllViewsCanBeRead() throws {
        let home = try TemporaryHome()
        let loose = try home.shell(
            "SELECT name FROM pragma_table_list WHERE type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%'"
        )
        #expect(loose.output == "")
        let views = try home.shell("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name").output
        #expect(
            views.split(separator: "\n") == [
                "alerts", "backtests", "commands_view", "fills_view", "orders_view", "positions_view",
                "strategies", "trading",
            ])
        for view in views.split(separator: "\n") {
            let result = try home.shell("SELECT * FROM \(view)")
            #expect(result.exitCode == 0, "\(result.errors)")
        }
    }
}
