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
        Migration(version: 3, sql: orderTerms + "\n" + backtestReports),
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
}
