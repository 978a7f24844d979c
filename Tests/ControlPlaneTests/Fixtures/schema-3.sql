-- The control plane of Tradewind: the one definition of engine.db, embedded into the program at build time.
--
-- This file is also the reference for people and programs that use the database through plain SQL:
--
--   sqlite3 engine.db "SELECT * FROM strategies"
--   sqlite3 engine.db "INSERT INTO strategy_commands(strategy_id, command) VALUES ('my_strategy', 'stop')"
--   sqlite3 engine.db "SELECT * FROM commands_view ORDER BY seq DESC LIMIT 5"
--   sqlite3 engine.db "INSERT INTO strategy_configs(name, class_name, config_json)
--                      VALUES ('btc_fast', 'momentum', '{\"instruments\": [\"BTCUSDT\"]}')"
--
-- Conventions
--   ids        UUID text, made by the database when left out. Wherever a person writes a strategy_id
--   (commands),
--              the strategy's name is accepted too and replaced by its id.
--   times      ISO-8601 UTC text with milliseconds, 2026-01-31T12:00:00.000Z; *_ns columns are nanoseconds
--              since 1970-01-01 and have a readable generated column beside them; those of orders and fills are
--              readable in orders_view and fills_view, because SQLite works such columns out at each insert.
--   money      Exact integers in units of 10^-8 in *_e8 columns; the column of the same name without the
--   suffix
--              is generated and shows the decimal number (for reading; it is a REAL).
--   JSON       Validated on the way in.
--   NULL       In a column with a default, NULL means the default.
--   refusals   A wrong row is refused with a sentence that says what is allowed, whatever the connection's
--              foreign_keys setting: references are enforced by triggers as well (not in orders and fills).
--   who writes The manager process writes everything but: new rows and edits of strategy_configs, instruments
--              and feeds, edits of settings, and new rows of strategy_commands. Those may be written by anybody at any time; a
--              running manager notices within milliseconds.

PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
PRAGMA application_id = 0x54574E44; -- "TWND"
PRAGMA user_version = 3;

-- -----------------------------------------------------------------------------------------------------------
-- Strategies
-- -----------------------------------------------------------------------------------------------------------

-- One row per strategy. Only name and class_name are needed.
--
-- desired_state is what the operator wants and survives every restart; status is what the manager observed.
-- A row that does not state desired_state gets it from auto_start: 1 means running, 0 means stopped. So a
-- strategy inserted with auto_start = 1 (the default) is started by a running manager at once, and by the
-- next manager otherwise; one with auto_start = 0 waits for a start command. auto_start has no effect
-- afterwards: a strategy that an operator stopped stays stopped when the manager starts again.
--
-- config_generation counts edits of config_json, limits_json, class_name and module_path, restart_generation
-- counts restart commands. The manager compares both with those of the running instance.
CREATE TABLE strategy_configs (
    id TEXT NOT NULL ON CONFLICT REPLACE PRIMARY KEY
        DEFAULT (lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4'
                 || substr(lower(hex(randomblob(2))), 2) || '-' || substr('89ab', 1 + (random() & 3), 1)
                 || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6))))
        CONSTRAINT "id must be 1 to 64 letters, digits, _ - or . and begin with a letter, a digit or _"
        CHECK (length(id) BETWEEN 1 AND 64 AND id NOT GLOB '*[^A-Za-z0-9_.-]*' AND id GLOB '[A-Za-z0-9_]*'),
    -- What people call it, unique; also the name of its log file.
    name TEXT NOT NULL UNIQUE
        CONSTRAINT "name must be 1 to 64 letters, digits, _ - or . and begin with a letter, a digit or _"
        CHECK (length(name) BETWEEN 1 AND 64 AND name NOT GLOB '*[^A-Za-z0-9_.-]*'
               AND name GLOB '[A-Za-z0-9_]*')
        CONSTRAINT "name must not look like a UUID, because names and ids are accepted in the same places"
        CHECK (name NOT GLOB '????????-????-????-????-????????????')
        CONSTRAINT "name must not be bus, manager or recorder or begin with feed-: those are logs of other processes"
        CHECK (lower(name) NOT IN ('bus', 'manager', 'recorder') AND lower(name) NOT GLOB 'feed-*'),
    -- The registered name of the strategy class, as `tradewind strategies` lists it.
    class_name TEXT NOT NULL
        CONSTRAINT "class_name must be 1 to 64 letters, digits or _ and begin with a letter"
        CHECK (length(class_name) BETWEEN 1 AND 64 AND class_name NOT GLOB '*[^A-Za-z0-9_]*'
               AND class_name GLOB '[A-Za-z]*'),
    -- The executable that has the class compiled in; NULL is the manager's own.
    module_path TEXT
        CONSTRAINT "module_path must be an absolute path, or NULL for the manager's own executable"
        CHECK (module_path GLOB '/*'),
    -- {"instruments": ["BTCUSDT"], "parameters": {"fast": 10}, "venue": {...}, "seed": 1}
    config_json TEXT NOT NULL ON CONFLICT REPLACE DEFAULT '{}'
        CONSTRAINT "config_json must be valid JSON" CHECK (json_valid(config_json))
        CONSTRAINT "config_json must be a JSON object of at most 1 MiB"
        CHECK (CASE WHEN json_valid(config_json) THEN json_type(config_json) END = 'object'
               AND length(config_json) <= 1048576)
        CONSTRAINT "config_json: instruments must be an array of symbols"
        CHECK (CASE WHEN json_valid(config_json)
               THEN coalesce(json_type(config_json, '$.instruments'), 'array') END = 'array')
        CONSTRAINT "config_json: parameters must be an object"
        CHECK (CASE WHEN json_valid(config_json)
               THEN coalesce(json_type(config_json, '$.parameters'), 'object') END = 'object'),
    -- Observed by the manager; active is new, never run.
    status TEXT NOT NULL ON CONFLICT REPLACE DEFAULT 'active'
        CONSTRAINT "status must be active, starting, running, paused, stopping, stopped, backoff, error or stuck"
        CHECK (status IN ('active', 'starting', 'running', 'paused', 'stopping', 'stopped', 'backoff', 'error',
                          'stuck')),
    -- Wanted by the operator; left out, auto_start decides.
    desired_state TEXT
        CONSTRAINT "desired_state must be running, paused or stopped"
        CHECK (desired_state IN ('running', 'paused', 'stopped')),
    auto_start INTEGER NOT NULL ON CONFLICT REPLACE DEFAULT 1
        CONSTRAINT "auto_start must be 0 or 1" CHECK (auto_start IN (0, 1)),
    -- Overrides of the restart policy, {} for the defaults: {"stalled_after": "5s", "restart_on_stall": false}
    restart_policy_json TEXT NOT NULL ON CONFLICT REPLACE DEFAULT '{}'
        CONSTRAINT "restart_policy_json must be a JSON object"
        CHECK (CASE WHEN json_valid(restart_policy_json) THEN json_type(restart_policy_json) END IS 'object'),
    -- Limits of orders and of the process, {} for none: {"max_position": 5, "cpus": "0-1", "memory_alert_mib": 500}
    limits_json TEXT NOT NULL ON CONFLICT REPLACE DEFAULT '{}'
        CONSTRAINT "limits_json must be a JSON object"
        CHECK (CASE WHEN json_valid(limits_json) THEN json_type(limits_json) END IS 'object'),
    config_generation INTEGER NOT NULL ON CONFLICT REPLACE DEFAULT 1
        CONSTRAINT "config_generation must be 1 or more" CHECK (config_generation >= 1),
    restart_generation INTEGER NOT NULL ON CONFLICT REPLACE DEFAULT 1
        CONSTRAINT "restart_generation must be 1 or more" CHECK (restart_generation >= 1),
    created_at TEXT NOT NULL ON CONFLICT REPLACE DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        CONSTRAINT "created_at must be a UTC time such as 2026-01-31T12:00:00.000Z"
        CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'
               AND strftime('%Y-%m-%dT%H:%M:%S', substr(created_at, 1, 19), '+0 days') IS substr(created_at, 1, 19)),
    updated_at TEXT NOT NULL ON CONFLICT REPLACE DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        CONSTRAINT "updated_at must be a UTC time such as 2026-01-31T12:00:00.000Z"
        CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'
               AND strftime('%Y-%m-%dT%H:%M:%S', substr(updated_at, 1, 19), '+0 days') IS substr(updated_at, 1, 19))
) STRICT;

-- INSERT OR REPLACE would delete the row behind the back of the delete trigger.
CREATE TRIGGER strategy_configs_replace_refused BEFORE INSERT ON strategy_configs
WHEN EXISTS (SELECT 1 FROM strategy_configs WHERE (id = NEW.id OR name = NEW.name)
             AND status IN ('starting', 'running', 'paused', 'stopping', 'backoff', 'stuck'))
BEGIN
    SELECT RAISE(ABORT, 'a running strategy has this id or name: choose another name, or update its row');
END;

CREATE TRIGGER strategy_configs_desired_state_on_insert AFTER INSERT ON strategy_configs
WHEN NEW.desired_state IS NULL
BEGIN
    UPDATE strategy_configs SET desired_state = CASE NEW.auto_start WHEN 1 THEN 'running' ELSE 'stopped' END
    WHERE id = NEW.id;
END;

CREATE TRIGGER strategy_configs_desired_state_on_update BEFORE UPDATE OF desired_state ON strategy_configs
WHEN NEW.desired_state IS NULL
BEGIN
    SELECT RAISE(ABORT, 'desired_state must be running, paused or stopped');
END;

CREATE TRIGGER strategy_configs_id_is_fixed BEFORE UPDATE OF id ON strategy_configs
WHEN NEW.id IS NOT OLD.id
BEGIN
    SELECT RAISE(ABORT, 'the id of a strategy cannot change, because its journal is kept under it');
END;

CREATE TRIGGER strategy_configs_generation
AFTER UPDATE OF config_json, limits_json, class_name, module_path ON strategy_configs
WHEN NEW.config_generation IS OLD.config_generation
     AND (NEW.config_json IS NOT OLD.config_json OR NEW.limits_json IS NOT OLD.limits_json
          OR NEW.class_name IS NOT OLD.class_name OR NEW.module_path IS NOT OLD.module_path)
BEGIN
    UPDATE strategy_configs SET config_generation = OLD.config_generation + 1 WHERE id = NEW.id;
END;

-- Every edit but the manager's status, whose history is in strategy_events.
CREATE TRIGGER strategy_configs_updated_at
AFTER UPDATE OF name, class_name, module_path, config_json, desired_state, auto_start, restart_policy_json,
                limits_json, config_generation, restart_generation ON strategy_configs
WHEN OLD.desired_state IS NOT NULL
BEGIN
    UPDATE strategy_configs SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = NEW.id;
END;

CREATE TRIGGER strategy_configs_delete_refused BEFORE DELETE ON strategy_configs
WHEN OLD.status IN ('starting', 'running', 'paused', 'stopping', 'backoff', 'stuck')
BEGIN
    SELECT RAISE(ABORT, 'the strategy is running: stop it before deleting it');
END;

-- Deleting a strategy deletes what the database knows about it; its journal files stay on disk.
CREATE TRIGGER strategy_configs_delete_cascades AFTER DELETE ON strategy_configs
BEGIN
    DELETE FROM strategy_commands WHERE strategy_id = OLD.id;
    DELETE FROM strategy_metrics WHERE strategy_id = OLD.id;
    DELETE FROM strategy_instances WHERE strategy_id = OLD.id;
    DELETE FROM strategy_events WHERE strategy_id = OLD.id;
    DELETE FROM fills WHERE strategy_id = OLD.id;
    DELETE FROM orders WHERE strategy_id = OLD.id;
    DELETE FROM positions WHERE strategy_id = OLD.id;
    DELETE FROM journal_cursors WHERE strategy_id = OLD.id;
END;

-- -----------------------------------------------------------------------------------------------------------
-- Commands
-- -----------------------------------------------------------------------------------------------------------

-- What operators ask for. `INSERT INTO strategy_commands(strategy_id, command) VALUES ('my_strategy',
-- 'stop')` is complete; strategy_id is an id or a name, NULL means all strategies. The manager takes commands
-- in the order of seq.
--
--   start    desired_state becomes running; clears the restart budget
--   stop     desired_state becomes stopped
--   restart  a new process takes the place of the running one (or starts it); a paused one stays paused. With
--            {"module_path": "/path"} from that executable; the previous one runs again if it does not become ready
--   update   merges parameters into config_json's parameters; a null value removes one (JSON merge patch)
--   pause    desired_state becomes paused: no market data, no new orders
--   resume   desired_state of a paused strategy becomes running again
--   flatten  cancels its orders and closes its positions
--   halt     no new orders until resume_trading, also after restarts; with {"reason": "..."} if you like
--   reduce   only orders that reduce a position
--   resume_trading  ends both; the day's loss and the drawdown are counted anew
--
-- status: pending -> accepted -> executed, once the effect was observed, or failed, with the reason in error.
-- superseded: a later command made it pointless; expired: nobody accepted it before expires_at.
CREATE TABLE strategy_commands (
    -- The order of execution.
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL ON CONFLICT REPLACE UNIQUE
        DEFAULT (lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4'
                 || substr(lower(hex(randomblob(2))), 2) || '-' || substr('89ab', 1 + (random() & 3), 1)
                 || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6))))
        CONSTRAINT "id must be 1 to 64 letters, digits, _ - or ."
        CHECK (length(id) BETWEEN 1 AND 64 AND id NOT GLOB '*[^A-Za-z0-9_.-]*'),
    strategy_id TEXT REFERENCES strategy_configs(id),
    command TEXT NOT NULL
        CONSTRAINT "command must be start, stop, restart, update, pause, resume, flatten, halt, reduce or resume_trading"
        CHECK (command IN ('start', 'stop', 'restart', 'update', 'pause', 'resume', 'flatten', 'halt', 'reduce', 'resume_trading')),
    parameters TEXT NOT NULL ON CONFLICT REPLACE DEFAULT '{}'
        CONSTRAINT "parameters must be valid JSON" CHECK (json_valid(parameters))
        CONSTRAINT "parameters must be a JSON object of at most 1 MiB"
        CHECK (CASE WHEN json_valid(parameters) THEN json_type(parameters) END = 'object'
               AND length(parameters) <= 1048576),
    status TEXT NOT NULL ON CONFLICT REPLACE DEFAULT 'pending'
        CONSTRAINT "status must be pending, accepted, executed, failed, superseded or expired"
        CHECK (status IN ('pending', 'accepted', 'executed', 'failed', 'superseded', 'expired')),
    created_at TEXT NOT NULL ON CONFLICT REPLACE DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        CONSTRAINT "created_at must be a UTC time such as 2026-01-31T12:00:00.000Z"
        CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'
               AND strftime('%Y-%m-%dT%H:%M:%S', substr(created_at, 1, 19), '+0 days') IS substr(created_at, 1, 19)),
    accepted_at TEXT,
    -- When it ended, whatever the status.
    executed_at TEXT,
    -- Who asked: sql, cli, web, or a user's own word.
    issuer TEXT NOT NULL ON CONFLICT REPLACE DEFAULT 'sql'
        CONSTRAINT "issuer must be 1 to 128 characters" CHECK (length(issuer) BETWEEN 1 AND 128),
    -- Not accepted by then: expired. Also accepts what SQLite's datetime() returns, in UTC.
    expires_at TEXT
        CONSTRAINT "expires_at must be a UTC time such as 2026-01-31T12:00:00.000Z or datetime('now', '+5 minutes')"
        CHECK (expires_at IS NULL OR (expires_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'
                                      AND strftime('%d', expires_at, '+0 days') IS substr(expires_at, 9, 2))),
    -- Why it failed.
    error TEXT,
    CONSTRAINT "update needs parameters, for example '{""fast"": 12}'"
    CHECK (command <> 'update' OR CASE WHEN json_valid(parameters) THEN json(parameters) END <> '{}')
) STRICT;

CREATE INDEX strategy_commands_open ON strategy_commands(seq) WHERE status IN ('pending', 'accepted');
CREATE INDEX strategy_commands_by_strategy ON strategy_commands(strategy_id, seq);

CREATE TRIGGER strategy_commands_insert_refused BEFORE INSERT ON strategy_commands
WHEN NEW.strategy_id IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM strategy_configs WHERE id = NEW.strategy_id)
     AND NOT EXISTS (SELECT 1 FROM strategy_configs WHERE name = NEW.strategy_id)
BEGIN
    SELECT RAISE(ABORT, 'unknown strategy: strategy_id must be the id or the name of a row in strategy_configs, or NULL for all');
END;

CREATE TRIGGER strategy_commands_new_is_pending BEFORE INSERT ON strategy_commands
WHEN NEW.status IN ('accepted', 'executed', 'failed', 'superseded', 'expired')
BEGIN
    SELECT RAISE(ABORT, 'a new command must have the status pending');
END;

CREATE TRIGGER strategy_commands_normalize AFTER INSERT ON strategy_commands
WHEN NEW.strategy_id IS NOT NULL OR NEW.expires_at IS NOT NULL
BEGIN
    UPDATE strategy_commands
    SET strategy_id = coalesce((SELECT id FROM strategy_configs WHERE id = NEW.strategy_id),
                               (SELECT id FROM strategy_configs WHERE name = NEW.strategy_id)),
        expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', NEW.expires_at)
    WHERE seq = NEW.seq;
END;

CREATE TRIGGER strategy_commands_update_refused BEFORE UPDATE OF strategy_id ON strategy_commands
WHEN NEW.strategy_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM strategy_configs WHERE id = NEW.strategy_id)
BEGIN
    SELECT RAISE(ABORT, 'unknown strategy: strategy_id must be the id of a row in strategy_configs, or NULL for all');
END;

CREATE TRIGGER strategy_commands_end_is_final BEFORE UPDATE OF status ON strategy_commands
WHEN OLD.status IN ('executed', 'failed', 'superseded', 'expired') AND NEW.status IS NOT OLD.status
BEGIN
    SELECT RAISE(ABORT, 'the command has ended and its status cannot change: insert a new command');
END;

-- What may be traded, where it is not everything: scope is a strategy's id, or * for all; the stricter one counts.
-- Written by the manager when it takes the commands halt, reduce and resume_trading, or a limit with flatten_and_halt
-- is breached; SELECT * FROM trading shows it with names.
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

-- -----------------------------------------------------------------------------------------------------------
-- What happened to strategies
-- -----------------------------------------------------------------------------------------------------------

-- One row per process ever started for a strategy. The epoch counts them and is never used twice.
CREATE TABLE strategy_instances (
    strategy_id TEXT NOT NULL REFERENCES strategy_configs(id),
    epoch INTEGER NOT NULL CONSTRAINT "epoch must be 1 to 4294967295" CHECK (epoch BETWEEN 1 AND 4294967295),
    pid INTEGER NOT NULL CONSTRAINT "pid must be positive" CHECK (pid > 0),
    -- Kernel clock ticks (Linux) or microseconds (macOS) at which the process began: with pid and boot_id it
    -- names the process for ever.
    process_start_time INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    binary_path TEXT NOT NULL,
    binary_sha256 TEXT,
    -- Those of strategy_configs when it was started, or since it applied an update.
    config_generation INTEGER NOT NULL DEFAULT 1,
    restart_generation INTEGER NOT NULL DEFAULT 1,
    started_at TEXT NOT NULL,
    -- When the strategy said that it is ready to trade.
    ready_at TEXT,
    ended_at TEXT,
    exit_code INTEGER,
    exit_signal INTEGER,
    -- Why it ended, in an operator's words.
    reason TEXT,
    -- The end of its log, when it failed.
    last_log_lines TEXT,
    -- From its journal: the parameters in force and the hash of its order log.
    parameters_json TEXT,
    seed INTEGER,
    order_log_hash TEXT,
    PRIMARY KEY (strategy_id, epoch)
) STRICT, WITHOUT ROWID;

CREATE INDEX strategy_instances_live ON strategy_instances(strategy_id) WHERE ended_at IS NULL;

-- Every change of a strategy's status, and why.
CREATE TABLE strategy_events (
    id INTEGER PRIMARY KEY,
    strategy_id TEXT NOT NULL REFERENCES strategy_configs(id),
    time TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    from_status TEXT NOT NULL,
    to_status TEXT NOT NULL
        CONSTRAINT "to_status must be active, starting, running, paused, stopping, stopped, backoff, error or stuck"
        CHECK (to_status IN ('active', 'starting', 'running', 'paused', 'stopping', 'stopped', 'backoff', 'error',
                             'stuck')),
    reason TEXT NOT NULL DEFAULT '',
    epoch INTEGER
) STRICT;

CREATE INDEX strategy_events_by_strategy ON strategy_events(strategy_id, id);

-- How strategies do, about once a second. pnl is net: realised plus unrealised minus fees.
CREATE TABLE strategy_metrics (
    id INTEGER PRIMARY KEY,
    strategy_id TEXT NOT NULL REFERENCES strategy_configs(id),
    timestamp TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    pnl REAL GENERATED ALWAYS AS ((realized_pnl_e8 + unrealized_pnl_e8 - fees_e8) / 1e8) VIRTUAL,
    -- Instruments with a position that is not flat.
    positions_count INTEGER NOT NULL DEFAULT 0
        CONSTRAINT "positions_count must be 0 or more" CHECK (positions_count >= 0),
    -- Orders sent since the strategy first ran.
    orders_count INTEGER NOT NULL DEFAULT 0
        CONSTRAINT "orders_count must be 0 or more" CHECK (orders_count >= 0),
    -- Closed round trips with a net PnL above zero, divided by closed round trips; NULL before the first.
    success_rate REAL CONSTRAINT "success_rate must be 0 to 1" CHECK (success_rate BETWEEN 0 AND 1),
    -- The strategy's own values.
    metrics_json TEXT NOT NULL DEFAULT '{}'
        CONSTRAINT "metrics_json must be a JSON object"
        CHECK (CASE WHEN json_valid(metrics_json) THEN json_type(metrics_json) END IS 'object'),
    -- live, paper or the name of a replay.
    session TEXT NOT NULL DEFAULT 'paper',
    epoch INTEGER NOT NULL DEFAULT 0,
    realized_pnl_e8 INTEGER NOT NULL DEFAULT 0,
    unrealized_pnl_e8 INTEGER NOT NULL DEFAULT 0,
    fees_e8 INTEGER NOT NULL DEFAULT 0,
    equity_e8 INTEGER NOT NULL DEFAULT 0,
    drawdown_e8 INTEGER NOT NULL DEFAULT 0,
    realized_pnl REAL GENERATED ALWAYS AS (realized_pnl_e8 / 1e8) VIRTUAL,
    unrealized_pnl REAL GENERATED ALWAYS AS (unrealized_pnl_e8 / 1e8) VIRTUAL,
    fees REAL GENERATED ALWAYS AS (fees_e8 / 1e8) VIRTUAL,
    equity REAL GENERATED ALWAYS AS (equity_e8 / 1e8) VIRTUAL,
    drawdown REAL GENERATED ALWAYS AS (drawdown_e8 / 1e8) VIRTUAL
) STRICT;

CREATE INDEX strategy_metrics_by_strategy ON strategy_metrics(strategy_id, id);

-- CPU and memory of every process, sampled by the manager.
CREATE TABLE process_metrics (
    id INTEGER PRIMARY KEY,
    timestamp TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    role TEXT NOT NULL
        CONSTRAINT "role must be manager, bus, feed, executor, recorder or web"
        CHECK (role IN ('manager', 'bus', 'feed', 'executor', 'recorder', 'web')),
    -- The strategy's or feed's name, or the role again.
    name TEXT NOT NULL,
    pid INTEGER NOT NULL,
    -- 100 is one core.
    cpu_percent REAL,
    resident_bytes INTEGER,
    event_loop_lag_ns INTEGER,
    last_tick_age_ns INTEGER,
    queue_depth INTEGER
) STRICT;

-- -----------------------------------------------------------------------------------------------------------
-- Orders, fills, positions: copied from the strategies' journals, exactly once
-- -----------------------------------------------------------------------------------------------------------

-- (strategy_id, epoch, count) is the order's id, shown as epoch-count; sequence is its place in the journal of its epoch.
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

-- (strategy_id, epoch, sequence) is the journal record the fill was copied from: it is here at most once.
CREATE TABLE fills (
    id INTEGER PRIMARY KEY,
    strategy_id TEXT NOT NULL REFERENCES strategy_configs(id),
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    -- The fill's number within its epoch.
    count INTEGER NOT NULL,
    order_epoch INTEGER NOT NULL,
    order_count INTEGER NOT NULL,
    token INTEGER NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    liquidity TEXT NOT NULL CHECK (liquidity IN ('maker', 'taker')),
    price_e8 INTEGER NOT NULL,
    quantity_e8 INTEGER NOT NULL,
    fee_e8 INTEGER NOT NULL,
    realized_pnl_e8 INTEGER NOT NULL,
    position_after_e8 INTEGER NOT NULL,
    average_price_after_e8 INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    price REAL GENERATED ALWAYS AS (price_e8 / 1e8) VIRTUAL,
    quantity REAL GENERATED ALWAYS AS (quantity_e8 / 1e8) VIRTUAL,
    fee REAL GENERATED ALWAYS AS (fee_e8 / 1e8) VIRTUAL,
    realized_pnl REAL GENERATED ALWAYS AS (realized_pnl_e8 / 1e8) VIRTUAL,
    position_after REAL GENERATED ALWAYS AS (position_after_e8 / 1e8) VIRTUAL,
    average_price_after REAL GENERATED ALWAYS AS (average_price_after_e8 / 1e8) VIRTUAL,
    UNIQUE (strategy_id, epoch, sequence)
) STRICT;

-- The net position of a strategy in an instrument, as of journal record (epoch, sequence).
CREATE TABLE positions (
    strategy_id TEXT NOT NULL REFERENCES strategy_configs(id),
    token INTEGER NOT NULL,
    -- Negative when short.
    quantity_e8 INTEGER NOT NULL,
    average_price_e8 INTEGER NOT NULL,
    realized_pnl_e8 INTEGER NOT NULL,
    fees_e8 INTEGER NOT NULL,
    updated_ns INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    quantity REAL GENERATED ALWAYS AS (quantity_e8 / 1e8) VIRTUAL,
    average_price REAL GENERATED ALWAYS AS (average_price_e8 / 1e8) VIRTUAL,
    realized_pnl REAL GENERATED ALWAYS AS (realized_pnl_e8 / 1e8) VIRTUAL,
    fees REAL GENERATED ALWAYS AS (fees_e8 / 1e8) VIRTUAL,
    updated_at TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', updated_ns / 1000000000, 'unixepoch')
        || printf('.%03dZ', updated_ns / 1000000 % 1000)) VIRTUAL,
    PRIMARY KEY (strategy_id, token)
) STRICT, WITHOUT ROWID;

-- How far each journal was copied; moved in the same transaction as the rows.
CREATE TABLE journal_cursors (
    strategy_id TEXT NOT NULL PRIMARY KEY REFERENCES strategy_configs(id),
    file_number INTEGER NOT NULL,
    -- The first byte that was not read yet.
    offset INTEGER NOT NULL,
    -- The last record that was copied.
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- -----------------------------------------------------------------------------------------------------------
-- Market data
-- -----------------------------------------------------------------------------------------------------------

-- What can be traded. `INSERT INTO instruments(symbol, price_increment) VALUES ('BTCUSDT', 0.01)` is enough.
-- Decimals are written as they are; the exact integers are derived from them. A token left out is derived
-- from the symbol (32-bit FNV-1a of its ASCII characters), the same on every machine; 0 is reserved.
CREATE TABLE instruments (
    token INT NOT NULL ON CONFLICT REPLACE PRIMARY KEY DEFAULT 0
        CONSTRAINT "token must be 1 to 4294967295; leave it out to derive it from the symbol"
        CHECK (token BETWEEN 0 AND 4294967295),
    symbol TEXT NOT NULL UNIQUE
        CONSTRAINT "symbol must be 1 to 64 printable characters without spaces"
        CHECK (length(symbol) BETWEEN 1 AND 64 AND symbol NOT GLOB '*[^!-~]*'),
    category TEXT NOT NULL ON CONFLICT REPLACE DEFAULT 'default'
        CONSTRAINT "category must be 1 to 64 letters, digits, _ - or ."
        CHECK (length(category) BETWEEN 1 AND 64 AND category NOT GLOB '*[^A-Za-z0-9_.-]*'),
    -- The smallest price step, 0 for any.
    price_increment REAL NOT NULL ON CONFLICT REPLACE DEFAULT 0
        CONSTRAINT "price_increment must be 0 to 1000000 and a multiple of 0.00000001"
        CHECK (price_increment BETWEEN 0 AND 1e6
               AND abs(price_increment * 1e8 - round(price_increment * 1e8)) < 1e-3),
    -- The smallest quantity step, 0 for any.
    quantity_increment REAL NOT NULL ON CONFLICT REPLACE DEFAULT 0
        CONSTRAINT "quantity_increment must be 0 to 1000000 and a multiple of 0.00000001"
        CHECK (quantity_increment BETWEEN 0 AND 1e6
               AND abs(quantity_increment * 1e8 - round(quantity_increment * 1e8)) < 1e-3),
    -- Units of the underlying per unit of quantity, 1 for spot.
    multiplier REAL NOT NULL ON CONFLICT REPLACE DEFAULT 1
        CONSTRAINT "multiplier must be above 0, at most 1000000 and a multiple of 0.00000001"
        CHECK (multiplier > 0 AND multiplier <= 1e6 AND abs(multiplier * 1e8 - round(multiplier * 1e8)) < 1e-3),
    currency TEXT NOT NULL ON CONFLICT REPLACE DEFAULT 'USD'
        CONSTRAINT "currency must be 1 to 16 letters or digits"
        CHECK (length(currency) BETWEEN 1 AND 16 AND currency NOT GLOB '*[^A-Za-z0-9]*'),
    price_increment_e8 INTEGER GENERATED ALWAYS AS (CAST(round(price_increment * 1e8) AS INTEGER)) VIRTUAL,
    quantity_increment_e8 INTEGER GENERATED ALWAYS AS (CAST(round(quantity_increment * 1e8) AS INTEGER)) VIRTUAL,
    multiplier_e8 INTEGER GENERATED ALWAYS AS (CAST(round(multiplier * 1e8) AS INTEGER)) VIRTUAL
) STRICT;

CREATE TRIGGER instruments_token_from_symbol AFTER INSERT ON instruments
WHEN NEW.token = 0
BEGIN
    UPDATE instruments SET token = (
        WITH RECURSIVE fnv(position, hash, byte) AS (
            SELECT 0, 2166136261, unicode(substr(NEW.symbol, 1, 1))
            UNION ALL
            SELECT position + 1, (((hash | byte) - (hash & byte)) * 16777619) & 4294967295,
                   unicode(substr(NEW.symbol, position + 2, 1))
            FROM fnv WHERE position < length(NEW.symbol)
        )
        SELECT max(hash, 1) FROM fnv ORDER BY position DESC LIMIT 1
    ) WHERE symbol = NEW.symbol;
END;

CREATE TRIGGER instruments_token_not_zero BEFORE UPDATE OF token ON instruments
WHEN NEW.token = 0
BEGIN
    SELECT RAISE(ABORT, 'token must be 1 to 4294967295: 0 is reserved for records about a whole feed');
END;

-- Sources of market data. kind is a registered feed name: file, socket, synthetic, or the user's own.
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

-- Tick files that were recorded.
CREATE TABLE recordings (
    id TEXT NOT NULL ON CONFLICT REPLACE PRIMARY KEY
        DEFAULT (lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4'
                 || substr(lower(hex(randomblob(2))), 2) || '-' || substr('89ab', 1 + (random() & 3), 1)
                 || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6)))),
    feed_name TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL DEFAULT 'recording'
        CONSTRAINT "status must be recording or complete" CHECK (status IN ('recording', 'complete')),
    record_count INTEGER NOT NULL DEFAULT 0,
    byte_count INTEGER NOT NULL DEFAULT 0,
    first_time TEXT,
    last_time TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

-- -----------------------------------------------------------------------------------------------------------
-- Backtests
-- -----------------------------------------------------------------------------------------------------------

-- One row per backtest; the runs of one sweep share sweep_id.
CREATE TABLE backtest_runs (
    id TEXT NOT NULL ON CONFLICT REPLACE PRIMARY KEY
        DEFAULT (lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4'
                 || substr(lower(hex(randomblob(2))), 2) || '-' || substr('89ab', 1 + (random() & 3), 1)
                 || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6)))),
    sweep_id TEXT,
    class_name TEXT NOT NULL,
    config_json TEXT NOT NULL DEFAULT '{}'
        CONSTRAINT "config_json must be a JSON object"
        CHECK (CASE WHEN json_valid(config_json) THEN json_type(config_json) END IS 'object'),
    -- The files it ran on: a JSON array of paths.
    sources_json TEXT NOT NULL DEFAULT '[]'
        CONSTRAINT "sources_json must be a JSON array"
        CHECK (CASE WHEN json_valid(sources_json) THEN json_type(sources_json) END IS 'array'),
    seed INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'running'
        CONSTRAINT "status must be running, completed or failed" CHECK (status IN ('running', 'completed', 'failed')),
    started_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    ended_at TEXT,
    event_count INTEGER NOT NULL DEFAULT 0,
    order_count INTEGER NOT NULL DEFAULT 0,
    fill_count INTEGER NOT NULL DEFAULT 0,
    net_pnl_e8 INTEGER,
    fees_e8 INTEGER,
    max_drawdown_e8 INTEGER,
    success_rate REAL,
    order_log_hash TEXT,
    -- All statistics and the assumptions they rest on.
    report_json TEXT NOT NULL DEFAULT '{}'
        CONSTRAINT "report_json must be a JSON object"
        CHECK (CASE WHEN json_valid(report_json) THEN json_type(report_json) END IS 'object'),
    error TEXT,
    net_pnl REAL GENERATED ALWAYS AS (net_pnl_e8 / 1e8) VIRTUAL,
    fees REAL GENERATED ALWAYS AS (fees_e8 / 1e8) VIRTUAL,
    max_drawdown REAL GENERATED ALWAYS AS (max_drawdown_e8 / 1e8) VIRTUAL
) STRICT;

CREATE INDEX backtest_runs_by_sweep ON backtest_runs(sweep_id) WHERE sweep_id IS NOT NULL;

-- The closed round trips of a backtest.
CREATE TABLE backtest_trades (
    run_id TEXT NOT NULL REFERENCES backtest_runs(id),
    number INTEGER NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity_e8 INTEGER NOT NULL,
    entry_price_e8 INTEGER NOT NULL,
    exit_price_e8 INTEGER NOT NULL,
    entry_ns INTEGER NOT NULL,
    exit_ns INTEGER NOT NULL,
    pnl_e8 INTEGER NOT NULL,
    fees_e8 INTEGER NOT NULL,
    quantity REAL GENERATED ALWAYS AS (quantity_e8 / 1e8) VIRTUAL,
    entry_price REAL GENERATED ALWAYS AS (entry_price_e8 / 1e8) VIRTUAL,
    exit_price REAL GENERATED ALWAYS AS (exit_price_e8 / 1e8) VIRTUAL,
    pnl REAL GENERATED ALWAYS AS (pnl_e8 / 1e8) VIRTUAL,
    fees REAL GENERATED ALWAYS AS (fees_e8 / 1e8) VIRTUAL,
    entry_time TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', entry_ns / 1000000000, 'unixepoch')
        || printf('.%03dZ', entry_ns / 1000000 % 1000)) VIRTUAL,
    exit_time TEXT GENERATED ALWAYS AS (strftime('%Y-%m-%dT%H:%M:%S', exit_ns / 1000000000, 'unixepoch')
        || printf('.%03dZ', exit_ns / 1000000 % 1000)) VIRTUAL, strategy TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER backtest_trades_insert_refused BEFORE INSERT ON backtest_trades
WHEN NOT EXISTS (SELECT 1 FROM backtest_runs WHERE id = NEW.run_id)
BEGIN
    SELECT RAISE(ABORT, 'unknown backtest run: run_id must be the id of a row in backtest_runs');
END;

CREATE TRIGGER backtest_runs_delete_cascades AFTER DELETE ON backtest_runs
BEGIN
    DELETE FROM backtest_trades WHERE run_id = OLD.id;
END;

-- -----------------------------------------------------------------------------------------------------------
-- The engine itself
-- -----------------------------------------------------------------------------------------------------------

-- Facts about the running manager: version, pid, started_at and the like.
CREATE TABLE engine_info (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT, WITHOUT ROWID;

-- How long the manager keeps what grows with time, and what is recorded. `UPDATE settings SET value = 90 WHERE name =
-- 'strategy_metrics_days'` takes effect within a minute; 36500 days are for ever. Orders, fills and positions are
-- never deleted. `tradewind prune` deletes at once what the manager deletes bit by bit.
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

INSERT INTO settings(name, value, meaning) VALUES
    ('process_metrics_days', 1, 'days for which samples of CPU and memory are kept'),
    ('strategy_metrics_days', 30, 'days for which metrics of strategies are kept'),
    ('strategy_metrics_dense_minutes', 60, 'minutes for which they are kept once a second, afterwards once a minute'),
    ('strategy_events_days', 365, 'days for which changes of status are kept'),
    ('strategy_commands_days', 365, 'days for which commands that have ended are kept'),
    ('strategy_instances_days', 365, 'days for which processes that have ended are kept; the newest of a strategy stays'),
    ('record_by_default', 1, '1: feeds are recorded unless their column record says 0; replays only when it says 1'),
    ('recording_floor_mib', 1024, 'free space of the disk in MiB below which nothing is recorded'),
    ('recording_file_mib', 8192, 'MiB after which a recording goes on in another file');

-- References of tables that only the manager writes, enforced for connections that leave foreign_keys off. orders
-- and fills have no trigger: nobody types them, the manager looks once for each batch of a journal, and a trigger
-- would cost a third of the rate at which journals are copied.
CREATE TRIGGER strategy_instances_insert_refused BEFORE INSERT ON strategy_instances
WHEN NOT EXISTS (SELECT 1 FROM strategy_configs WHERE id = NEW.strategy_id)
BEGIN
    SELECT RAISE(ABORT, 'unknown strategy: strategy_id must be the id of a row in strategy_configs');
END;

CREATE TRIGGER strategy_events_insert_refused BEFORE INSERT ON strategy_events
WHEN NOT EXISTS (SELECT 1 FROM strategy_configs WHERE id = NEW.strategy_id)
BEGIN
    SELECT RAISE(ABORT, 'unknown strategy: strategy_id must be the id of a row in strategy_configs');
END;

CREATE TRIGGER strategy_metrics_insert_refused BEFORE INSERT ON strategy_metrics
WHEN NOT EXISTS (SELECT 1 FROM strategy_configs WHERE id = NEW.strategy_id)
BEGIN
    SELECT RAISE(ABORT, 'unknown strategy: strategy_id must be the id of a row in strategy_configs');
END;

CREATE TRIGGER positions_insert_refused BEFORE INSERT ON positions
WHEN NOT EXISTS (SELECT 1 FROM strategy_configs WHERE id = NEW.strategy_id)
BEGIN
    SELECT RAISE(ABORT, 'unknown strategy: strategy_id must be the id of a row in strategy_configs');
END;

CREATE TRIGGER journal_cursors_insert_refused BEFORE INSERT ON journal_cursors
WHEN NOT EXISTS (SELECT 1 FROM strategy_configs WHERE id = NEW.strategy_id)
BEGIN
    SELECT RAISE(ABORT, 'unknown strategy: strategy_id must be the id of a row in strategy_configs');
END;

-- -----------------------------------------------------------------------------------------------------------
-- Views: what people read
-- -----------------------------------------------------------------------------------------------------------

-- One line per strategy.
CREATE VIEW strategies AS
SELECT c.name, c.class_name, c.status, c.desired_state, i.pid, i.epoch, m.pnl,
       (SELECT count(*) FROM positions p WHERE p.strategy_id = c.id AND p.quantity_e8 <> 0) AS positions,
       m.orders_count AS orders, m.success_rate, m.timestamp AS last_metrics_at,
       (SELECT reason FROM strategy_events e WHERE e.strategy_id = c.id ORDER BY e.id DESC LIMIT 1) AS last_reason,
       c.id
FROM strategy_configs c
LEFT JOIN strategy_instances i ON i.strategy_id = c.id AND i.ended_at IS NULL
     AND i.epoch = (SELECT max(epoch) FROM strategy_instances WHERE strategy_id = c.id)
LEFT JOIN strategy_metrics m ON m.id = (SELECT max(id) FROM strategy_metrics WHERE strategy_id = c.id)
ORDER BY c.name;

-- Commands with the name of their strategy and how long they took.
CREATE VIEW commands_view AS
SELECT k.seq, CASE WHEN k.strategy_id IS NULL THEN '(all)' ELSE c.name END AS strategy, k.command, k.parameters,
       k.status, k.created_at, k.accepted_at, k.executed_at,
       CAST(round((julianday(k.accepted_at) - julianday(k.created_at)) * 86400000) AS INTEGER) AS accepted_after_ms,
       CAST(round((julianday(k.executed_at) - julianday(k.created_at)) * 86400000) AS INTEGER) AS executed_after_ms,
       k.issuer, k.error, k.id
FROM strategy_commands k LEFT JOIN strategy_configs c ON c.id = k.strategy_id;

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

CREATE VIEW fills_view AS
SELECT strftime('%Y-%m-%dT%H:%M:%S', f.time_ns / 1000000000, 'unixepoch')
           || printf('.%03dZ', f.time_ns / 1000000 % 1000) AS time,
       c.name AS strategy, coalesce(s.symbol, '#' || f.token) AS symbol, f.side, f.quantity, f.price, f.fee,
       f.realized_pnl, f.position_after, f.liquidity, f.order_epoch || '-' || f.order_count AS order_id, s.currency,
       f.id
FROM fills f JOIN strategy_configs c ON c.id = f.strategy_id LEFT JOIN instruments s ON s.token = f.token;

CREATE VIEW positions_view AS
SELECT c.name AS strategy, coalesce(s.symbol, '#' || p.token) AS symbol, p.quantity, p.average_price, p.realized_pnl,
       p.fees, p.updated_at, s.currency
FROM positions p JOIN strategy_configs c ON c.id = p.strategy_id LEFT JOIN instruments s ON s.token = p.token
ORDER BY c.name, symbol;

-- Backtests, newest first, with the figures that are compared most.
CREATE VIEW backtests AS
SELECT substr(id, 1, 8) AS short_id, started_at, class_name, status, event_count AS records, order_count AS orders,
       fill_count AS fills, net_pnl, fees, max_drawdown, success_rate,
       json_extract(report_json, '$.statistics.total_return') AS total_return,
       json_extract(report_json, '$.statistics.sharpe') AS sharpe,
       json_extract(report_json, '$.statistics.profit_factor') AS profit_factor, order_log_hash, id
FROM backtest_runs ORDER BY started_at DESC;

-- What each strategy may trade, by itself and as one of all.
CREATE VIEW trading AS
SELECT c.name AS strategy, coalesce(own.state, 'active') AS state, coalesce(every.state, 'active') AS state_of_all,
       coalesce(own.reason, '') AS reason, coalesce(every.reason, '') AS reason_of_all, own.changed_at
FROM strategy_configs c LEFT JOIN trading_states own ON own.scope = c.id LEFT JOIN trading_states every ON every.scope = '*'
ORDER BY c.name;

COMMIT;
