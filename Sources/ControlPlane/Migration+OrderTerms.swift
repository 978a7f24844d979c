extension Migration {
    /// Orders get triggers, expiry, lists and marks, and their words are checked. SQLite cannot change a CHECK of a table,
    /// so the rows go into a new one.
    static let orderTerms = """
        DROP VIEW orders_view;
        CREATE TABLE orders_before_3 AS SELECT * FROM orders;
        DROP TABLE orders;
        CREATE TABLE orders (
            id INTEGER PRIMARY KEY,
            strategy_id TEXT NOT NULL REFERENCES strategy_configs(id),
            epoch INTEGER NOT NULL,
            count INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            token INTEGER NOT NULL,
            side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
            type TEXT NOT NULL
                CHECK (type IN ('market', 'limit', 'stop', 'stop_limit', 'trailing_stop', 'market_if_touched',
                                'limit_if_touched')),
            time_in_force TEXT NOT NULL CHECK (time_in_force IN ('GTC', 'IOC', 'FOK', 'DAY', 'GTD')),
            is_post_only INTEGER NOT NULL DEFAULT 0,
            is_reduce_only INTEGER NOT NULL DEFAULT 0,
            price_e8 INTEGER NOT NULL DEFAULT 0,
            -- Where a stop or if-touched order comes to life; of a trailing stop as it moves.
            trigger_price_e8 INTEGER NOT NULL DEFAULT 0,
            -- Of a trailing stop: a price, '5 ticks' or '25 bp'.
            trailing_offset TEXT NOT NULL DEFAULT '',
            quantity_e8 INTEGER NOT NULL,
            filled_quantity_e8 INTEGER NOT NULL DEFAULT 0,
            status TEXT NOT NULL
                CHECK (status IN ('initialized', 'denied', 'held', 'submitted', 'rejected', 'accepted', 'triggered',
                                  'partially_filled', 'filled', 'pending_update', 'pending_cancel', 'canceled', 'expired')),
            reason TEXT NOT NULL DEFAULT '',
            created_ns INTEGER NOT NULL,
            -- When a DAY or GTD order ends.
            expire_ns INTEGER,
            -- The first order of its list and the order whose fills send it, as epoch-count.
            list_id TEXT,
            parent_id TEXT,
            -- The strategy's own mark.
            tag TEXT NOT NULL DEFAULT '',
            updated_ns INTEGER NOT NULL,
            -- The journal record that set the status last; it may belong to a later epoch.
            updated_epoch INTEGER NOT NULL,
            updated_sequence INTEGER NOT NULL,
            price REAL GENERATED ALWAYS AS (price_e8 / 1e8) VIRTUAL,
            trigger_price REAL GENERATED ALWAYS AS (trigger_price_e8 / 1e8) VIRTUAL,
            quantity REAL GENERATED ALWAYS AS (quantity_e8 / 1e8) VIRTUAL,
            filled_quantity REAL GENERATED ALWAYS AS (filled_quantity_e8 / 1e8) VIRTUAL,
            UNIQUE (strategy_id, epoch, count)
        ) STRICT;
        INSERT INTO orders(id, strategy_id, epoch, count, sequence, token, side, type, time_in_force, is_post_only,
            is_reduce_only, price_e8, quantity_e8, filled_quantity_e8, status, reason, created_ns, updated_ns, updated_epoch,
            updated_sequence)
        SELECT id, strategy_id, epoch, count, sequence, token, side, type, time_in_force, is_post_only,
            is_reduce_only, price_e8, quantity_e8, filled_quantity_e8, status, reason, created_ns, updated_ns, updated_epoch,
            updated_sequence
        FROM orders_before_3;
        DROP TABLE orders_before_3;
        CREATE VIEW orders_view AS
        SELECT strftime('%Y-%m-%dT%H:%M:%S', o.created_ns / 1000000000, 'unixepoch')
                   || printf('.%03dZ', o.created_ns / 1000000 % 1000) AS created_at,
               c.name AS strategy, o.epoch || '-' || o.count AS order_id, coalesce(s.symbol, '#' || o.token) AS symbol, o.side,
               o.type, o.time_in_force, o.quantity, o.price, nullif(o.trigger_price, 0) AS trigger_price,
               nullif(o.trailing_offset, '') AS trailing_offset, o.filled_quantity, o.status, o.reason,
               strftime('%Y-%m-%dT%H:%M:%S', o.expire_ns / 1000000000, 'unixepoch')
                   || printf('.%03dZ', o.expire_ns / 1000000 % 1000) AS expires_at,
               o.list_id, o.parent_id, nullif(o.tag, '') AS tag,
               strftime('%Y-%m-%dT%H:%M:%S', o.updated_ns / 1000000000, 'unixepoch')
                   || printf('.%03dZ', o.updated_ns / 1000000 % 1000) AS updated_at, o.id
        FROM orders o JOIN strategy_configs c ON c.id = o.strategy_id LEFT JOIN instruments s ON s.token = o.token;
        """
}
