/// One step of the schema's history; the manager applies those above the database's `user_version`, each in a
/// transaction of its own, after a backup of the database as it was.
///
/// `schema.sql` is always the newest schema. A step must lead to the very same text in `sqlite_schema`, which a test
/// checks for every earlier version; the schema of each lies in the tests' fixtures.
package struct Migration: Sendable {
    /// The `user_version` after this step.
    package let version: Int
    /// What brings the version before it here; plain SQL without transaction statements.
    package let sql: String

    package init(version: Int, sql: String) {
        self.version = version
        self.sql = sql
    }

    /// All steps in order; the first is where the history begins, and is never applied.
    package static let all: [Migration] = [
        Migration(version: 1, sql: ""),
        Migration(version: 2, sql: settings + readableViews),
        Migration(version: 3, sql: orderTerms + "\n" + backtestReports + recording + trading),
        Migration(version: 4, sql: alerts),
    ]

    /// How long what grows with time is kept.
    private static let settings = """
        CREATE TABLE settings (
            name TEXT NOT NULL PRIMARY KEY
                CONSTRAINT "unknown setting: SELECT name, meaning FROM settings shows those that exist"
                CHECK (name IN ('process_metrics_days', 'strategy_metrics_days', 'strategy_metrics_dense_minutes',
                                'strategy_events_days', 'strategy_commands_days', 'strategy_instances_days')),
            value INTEGER NOT NULL
                CONSTRAINT "value must be a whole number from 1 to 36500" CHECK (value BETWEEN 1 AND 36500),
            meaning TEXT NOT NULL DEFAULT ''
        ) STRICT, WITHOUT ROWID;
        INSERT INTO settings(name, value, meaning) VALUES
            ('process_metrics_days', 1, 'days for which samples of CPU and memory are kept'),
            ('strategy_metrics_days', 30, 'days for which metrics of strategies are kept'),
            ('strategy_metrics_dense_minutes', 60, 'minutes for which they are kept once a second, afterwards once a minute'),
            ('strategy_events_days', 365, 'days for which changes of status are kept'),
            ('strategy_commands_days', 365, 'days for which commands that have ended are kept'),
            ('strategy_instances_days', 365, 'days for which processes that have ended are kept; the newest of a strategy stays');
        """

    /// Times and order ids of orders and fills move from generated columns, which are worked out at each insert, into
    /// the views. Nothing of the tables' content is written: the columns were virtual.
    private static let readableViews = """

        DROP VIEW orders_view;
        DROP VIEW fills_view;
        ALTER TABLE orders DROP COLUMN order_id;
        ALTER TABLE orders DROP COLUMN created_at;
        ALTER TABLE orders DROP COLUMN updated_at;
        ALTER TABLE fills DROP COLUMN order_id;
        ALTER TABLE fills DROP COLUMN time;
        CREATE VIEW orders_view AS
        SELECT strftime('%Y-%m-%dT%H:%M:%S', o.created_ns / 1000000000, 'unixepoch')
                   || printf('.%03dZ', o.created_ns / 1000000 % 1000) AS created_at,
               c.name AS strategy, o.epoch || '-' || o.count AS order_id, coalesce(s.symbol, '#' || o.token) AS symbol, o.side,
               o.type, o.time_in_force, o.quantity, o.price, o.filled_quantity, o.status, o.reason,
               strftime('%Y-%m-%dT%H:%M:%S', o.updated_ns / 1000000000, 'unixepoch')
                   || printf('.%03dZ', o.updated_ns / 1000000 % 1000) AS updated_at, o.id
        FROM orders o JOIN strategy_configs c ON c.id = o.strategy_id LEFT JOIN instruments s ON s.token = o.token;
        CREATE VIEW fills_view AS
        SELECT strftime('%Y-%m-%dT%H:%M:%S', f.time_ns / 1000000000, 'unixepoch')
                   || printf('.%03dZ', f.time_ns / 1000000 % 1000) AS time,
               c.name AS strategy, coalesce(s.symbol, '#' || f.token) AS symbol, f.side, f.quantity, f.price, f.fee,
               f.realized_pnl, f.position_after, f.liquidity, f.order_epoch || '-' || f.order_count AS order_id, s.currency,
               f.id
        FROM fills f JOIN strategy_configs c ON c.id = f.strategy_id LEFT JOIN instruments s ON s.token = f.token;
        """

    /// Backtests of several strategies, and a view of them.
    private static let backtestReports = """
        ALTER TABLE backtest_trades ADD COLUMN strategy TEXT NOT NULL DEFAULT '';
        CREATE VIEW backtests AS
        SELECT substr(id, 1, 8) AS short_id, started_at, class_name, status, event_count AS records, order_count AS orders,
               fill_count AS fills, net_pnl, fees, max_drawdown, success_rate,
               json_extract(report_json, '$.statistics.total_return') AS total_return,
               json_extract(report_json, '$.statistics.sharpe') AS sharpe,
               json_extract(report_json, '$.statistics.profit_factor') AS profit_factor, order_log_hash, id
        FROM backtest_runs ORDER BY started_at DESC;
        """

    /// What is recorded: settings that are no numbers of days, and a column of feeds. Both tables are made anew, because
    /// a CHECK cannot be changed and a column not be put before others; nothing refers to them.
    private static let recording = """

        CREATE TABLE settings_before AS SELECT * FROM settings;
        DROP TABLE settings;
        CREATE TABLE settings (
            name TEXT NOT NULL PRIMARY KEY
                CONSTRAINT "unknown setting: SELECT name, meaning FROM settings shows those that exist"
                CHECK (name IN ('process_metrics_days', 'strategy_metrics_days', 'strategy_metrics_dense_minutes',
                                'strategy_events_days', 'strategy_commands_days', 'strategy_instances_days',
                                'record_by_default', 'recording_floor_mib', 'recording_file_mib')),
            value INTEGER NOT NULL
                CONSTRAINT "record_by_default must be 0 or 1; recording_floor_mib 0 to 1000000000, recording_file_mib 1 to 1000000; the others a whole number from 1 to 36500"
                CHECK (CASE name WHEN 'record_by_default' THEN value BETWEEN 0 AND 1
                                 WHEN 'recording_floor_mib' THEN value BETWEEN 0 AND 1000000000
                                 WHEN 'recording_file_mib' THEN value BETWEEN 1 AND 1000000
                                 ELSE value BETWEEN 1 AND 36500 END),
            meaning TEXT NOT NULL DEFAULT ''
        ) STRICT, WITHOUT ROWID;
        INSERT INTO settings(name, value, meaning) SELECT name, value, meaning FROM settings_before;
        DROP TABLE settings_before;
        INSERT INTO settings(name, value, meaning) VALUES
            ('record_by_default', 1, '1: feeds are recorded unless their column record says 0; replays only when it says 1'),
            ('recording_floor_mib', 1024, 'free space of the disk in MiB below which nothing is recorded'),
            ('recording_file_mib', 8192, 'MiB after which a recording goes on in another file');
        CREATE TABLE feeds_before AS SELECT * FROM feeds;
        DROP TABLE feeds;
        CREATE TABLE feeds (
            id TEXT NOT NULL ON CONFLICT REPLACE PRIMARY KEY
                DEFAULT (lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4'
                         || substr(lower(hex(randomblob(2))), 2) || '-' || substr('89ab', 1 + (random() & 3), 1)
                         || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6))))
                CONSTRAINT "id must be 1 to 64 letters, digits, _ - or . and begin with a letter, a digit or _"
                CHECK (length(id) BETWEEN 1 AND 64 AND id NOT GLOB '*[^A-Za-z0-9_.-]*' AND id GLOB '[A-Za-z0-9_]*'),
            name TEXT NOT NULL UNIQUE
                CONSTRAINT "name must be 1 to 64 letters, digits, _ - or . and begin with a letter, a digit or _"
                CHECK (length(name) BETWEEN 1 AND 64 AND name NOT GLOB '*[^A-Za-z0-9_.-]*'
                       AND name GLOB '[A-Za-z0-9_]*'),
            kind TEXT NOT NULL
                CONSTRAINT "kind must be a registered feed name such as file, socket or synthetic"
                CHECK (length(kind) BETWEEN 1 AND 64 AND kind NOT GLOB '*[^A-Za-z0-9_]*' AND kind GLOB '[A-Za-z]*'),
            config_json TEXT NOT NULL ON CONFLICT REPLACE DEFAULT '{}'
                CONSTRAINT "config_json must be a JSON object"
                CHECK (CASE WHEN json_valid(config_json) THEN json_type(config_json) END IS 'object'),
            enabled INTEGER NOT NULL ON CONFLICT REPLACE DEFAULT 1
                CONSTRAINT "enabled must be 0 or 1" CHECK (enabled IN (0, 1)),
            -- Observed by the manager.
            status TEXT NOT NULL ON CONFLICT REPLACE DEFAULT 'stopped'
                CONSTRAINT "status must be active, starting, running, stopping, stopped, backoff, error or stuck"
                CHECK (status IN ('active', 'starting', 'running', 'stopping', 'stopped', 'backoff', 'error', 'stuck')),
            reason TEXT NOT NULL ON CONFLICT REPLACE DEFAULT '',
            -- What stands for the feed in messages; chosen by the database when left out.
            number INTEGER NOT NULL ON CONFLICT REPLACE UNIQUE DEFAULT 0
                CONSTRAINT "number must be 1 to 65535; leave it out to have one chosen"
                CHECK (number BETWEEN 0 AND 65535),
            config_generation INTEGER NOT NULL ON CONFLICT REPLACE DEFAULT 1,
            -- Whether it is recorded; NULL leaves that to the setting record_by_default.
            record INTEGER
                CONSTRAINT "record must be 0, 1, or NULL for the setting record_by_default" CHECK (record IN (0, 1)),
            -- How its source and its data are, beside its process; empty while that does not say.
            health TEXT NOT NULL ON CONFLICT REPLACE DEFAULT ''
                CONSTRAINT "health must be ok, quiet, stale, disconnected, late, stalled or empty"
                CHECK (health IN ('ok', 'quiet', 'stale', 'disconnected', 'late', 'stalled', '')),
            -- What the feed says of itself.
            detail TEXT NOT NULL ON CONFLICT REPLACE DEFAULT '',
            created_at TEXT NOT NULL ON CONFLICT REPLACE DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
            updated_at TEXT NOT NULL ON CONFLICT REPLACE DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        ) STRICT;

        CREATE TRIGGER feeds_number AFTER INSERT ON feeds
        WHEN NEW.number = 0
        BEGIN
            UPDATE feeds SET number = (SELECT max(number) + 1 FROM feeds) WHERE id = NEW.id;
        END;

        CREATE TRIGGER feeds_generation AFTER UPDATE OF kind, config_json ON feeds
        WHEN NEW.config_generation IS OLD.config_generation
             AND (NEW.kind IS NOT OLD.kind OR NEW.config_json IS NOT OLD.config_json)
        BEGIN
            UPDATE feeds SET config_generation = OLD.config_generation + 1 WHERE id = NEW.id;
        END;

        CREATE TRIGGER feeds_updated_at AFTER UPDATE OF name, kind, config_json, enabled, record ON feeds
        BEGIN
            UPDATE feeds SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = NEW.id;
        END;
        INSERT INTO feeds(id, name, kind, config_json, enabled, status, reason, number, config_generation, created_at,
            updated_at)
        SELECT id, name, kind, config_json, enabled, status, reason, number, config_generation, created_at, updated_at
        FROM feeds_before;
        DROP TABLE feeds_before;
        """

    /// Trading states. The CHECK of commands is changed where SQLite keeps it, as its documentation describes for changes
    /// that do not touch what is stored: making the table anew would lose its triggers and their order.
    private static let trading = """

        PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = replace(replace(sql,
            'update, pause, resume or flatten"', 'update, pause, resume, flatten, halt, reduce or resume_trading"'),
            '''resume'', ''flatten''))', '''resume'', ''flatten'', ''halt'', ''reduce'', ''resume_trading''))')
        WHERE type = 'table' AND name = 'strategy_commands';
        PRAGMA writable_schema = RESET;
        CREATE TABLE trading_states (
            scope TEXT NOT NULL PRIMARY KEY,
            state TEXT NOT NULL
                CONSTRAINT "state must be reducing or halted; active is when there is no row" CHECK (state IN ('reducing', 'halted')),
            reason TEXT NOT NULL DEFAULT '',
            changed_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        ) STRICT, WITHOUT ROWID;

        CREATE TRIGGER trading_states_of_deleted AFTER DELETE ON strategy_configs
        BEGIN
            DELETE FROM trading_states WHERE scope = OLD.id;
        END;
        CREATE VIEW trading AS
        SELECT c.name AS strategy, coalesce(own.state, 'active') AS state, coalesce(every.state, 'active') AS state_of_all,
               coalesce(own.reason, '') AS reason, coalesce(every.reason, '') AS reason_of_all, own.changed_at
        FROM strategy_configs c LEFT JOIN trading_states own ON own.scope = c.id LEFT JOIN trading_states every ON every.scope = '*'
        ORDER BY c.name;
        """
}
