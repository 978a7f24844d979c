extension Migration {
    /// Alert rules, incidents and deliveries; processes that are named alerter and web.
    static let alerts = """
        PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = replace(replace(sql,
            'executor, recorder or web"', 'executor, recorder, alerter or web"'),
            '''recorder'', ''web''))', '''recorder'', ''alerter'', ''web''))')
        WHERE type = 'table' AND name = 'process_metrics';
        PRAGMA writable_schema = RESET;
        CREATE TRIGGER strategy_configs_log_names BEFORE INSERT ON strategy_configs
        WHEN lower(NEW.name) IN ('alerter', 'web')
        BEGIN
            SELECT RAISE(ABORT, 'name must not be alerter or web: those are logs of other processes');
        END;
        CREATE TABLE alert_rules (
            id TEXT NOT NULL ON CONFLICT REPLACE PRIMARY KEY
                DEFAULT (lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4'
                         || substr(lower(hex(randomblob(2))), 2) || '-' || substr('89ab', 1 + (random() & 3), 1)
                         || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6))))
                CONSTRAINT "id must be 1 to 64 letters, digits, _ - or ."
                CHECK (length(id) BETWEEN 1 AND 64 AND id NOT GLOB '*[^A-Za-z0-9_.-]*'),
            name TEXT NOT NULL UNIQUE
                CONSTRAINT "name must be 1 to 64 letters, digits, _ - or . and begin with a letter, a digit or _"
                CHECK (length(name) BETWEEN 1 AND 64 AND name NOT GLOB '*[^A-Za-z0-9_.-]*'
                       AND name GLOB '[A-Za-z0-9_]*'),
            kind TEXT NOT NULL
                CONSTRAINT "kind must be error, stalled, drawdown, drawdown_percent, stale_feed, disk or drops"
                CHECK (kind IN ('error', 'stalled', 'drawdown', 'drawdown_percent', 'stale_feed', 'disk', 'drops')),
            strategy_id TEXT REFERENCES strategy_configs(id),
            feed TEXT,
            threshold REAL,
            for_seconds REAL NOT NULL ON CONFLICT REPLACE DEFAULT 0
                CONSTRAINT "for_seconds must be 0 to 86400" CHECK (for_seconds BETWEEN 0 AND 86400),
            clear_seconds REAL NOT NULL ON CONFLICT REPLACE DEFAULT 5
                CONSTRAINT "clear_seconds must be 0 to 86400" CHECK (clear_seconds BETWEEN 0 AND 86400),
            enabled INTEGER NOT NULL ON CONFLICT REPLACE DEFAULT 1
                CONSTRAINT "enabled must be 0 or 1" CHECK (enabled IN (0, 1)),
            command_json TEXT
                CONSTRAINT "command_json must be a JSON array of 1 to 64 texts, a program and its arguments, such as '[""/usr/local/bin/page""]'"
                CHECK (CASE WHEN command_json IS NULL THEN 1 WHEN NOT json_valid(command_json) THEN 0
                       WHEN json_type(command_json) <> 'array' THEN 0
                       ELSE json_array_length(command_json) BETWEEN 1 AND 64 AND json_type(command_json, '$[0]') = 'text'
                            AND json_extract(command_json, '$[0]') <> '' AND length(command_json) <= 16384 END),
            webhook_url TEXT
                CONSTRAINT "webhook_url must begin with http:// and be at most 2048 characters without spaces; for https give command_json '[""curl"", ""-fsS"", ""--json"", ""@-"", ""https://...""]'"
                CHECK (webhook_url GLOB 'http://?*' AND webhook_url NOT GLOB '*[^!-~]*' AND length(webhook_url) <= 2048),
            created_at TEXT NOT NULL ON CONFLICT REPLACE DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
            updated_at TEXT NOT NULL ON CONFLICT REPLACE DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
            CONSTRAINT "threshold must be above 0 for drawdown, drawdown_percent and disk (drawdown_percent at most 100), 0 or more for drops, above 0 or NULL for stale_feed, and NULL for error and stalled"
            CHECK (CASE WHEN kind IN ('error', 'stalled') THEN threshold IS NULL
                        WHEN kind = 'stale_feed' THEN threshold IS NULL OR threshold > 0
                        WHEN kind = 'drops' THEN threshold IS NOT NULL AND threshold >= 0
                        WHEN kind = 'drawdown_percent' THEN threshold IS NOT NULL AND threshold > 0 AND threshold <= 100
                        ELSE threshold IS NOT NULL AND threshold > 0 END),
            CONSTRAINT "strategy_id goes with error, stalled, drawdown, drawdown_percent and drops only, feed with stale_feed only"
            CHECK ((strategy_id IS NULL OR kind NOT IN ('stale_feed', 'disk')) AND (feed IS NULL OR kind = 'stale_feed'))
        ) STRICT;

        CREATE TRIGGER alert_rules_insert_refused BEFORE INSERT ON alert_rules
        WHEN NEW.strategy_id IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM strategy_configs WHERE id = NEW.strategy_id OR name = NEW.strategy_id)
        BEGIN
            SELECT RAISE(ABORT, 'unknown strategy: strategy_id must be the id or the name of a row in strategy_configs, or NULL for all');
        END;

        CREATE TRIGGER alert_rules_update_refused BEFORE UPDATE OF strategy_id ON alert_rules
        WHEN NEW.strategy_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM strategy_configs WHERE id = NEW.strategy_id)
        BEGIN
            SELECT RAISE(ABORT, 'unknown strategy: strategy_id must be the id of a row in strategy_configs, or NULL for all');
        END;

        CREATE TRIGGER alert_rules_command_insert BEFORE INSERT ON alert_rules
        WHEN CASE WHEN json_valid(NEW.command_json) THEN EXISTS (SELECT 1 FROM json_each(NEW.command_json) WHERE type <> 'text') END
        BEGIN
            SELECT RAISE(ABORT, 'command_json must be a JSON array of 1 to 64 texts, a program and its arguments');
        END;

        CREATE TRIGGER alert_rules_command_update BEFORE UPDATE OF command_json ON alert_rules
        WHEN CASE WHEN json_valid(NEW.command_json) THEN EXISTS (SELECT 1 FROM json_each(NEW.command_json) WHERE type <> 'text') END
        BEGIN
            SELECT RAISE(ABORT, 'command_json must be a JSON array of 1 to 64 texts, a program and its arguments');
        END;

        CREATE TRIGGER alert_rules_normalize AFTER INSERT ON alert_rules
        WHEN NEW.strategy_id IS NOT NULL
        BEGIN
            UPDATE alert_rules
            SET strategy_id = coalesce((SELECT id FROM strategy_configs WHERE id = NEW.strategy_id),
                                       (SELECT id FROM strategy_configs WHERE name = NEW.strategy_id))
            WHERE id = NEW.id;
        END;

        CREATE TRIGGER alert_rules_updated_at
        AFTER UPDATE OF name, kind, strategy_id, feed, threshold, for_seconds, clear_seconds, enabled, command_json, webhook_url
        ON alert_rules
        BEGIN
            UPDATE alert_rules SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = NEW.id;
        END;

        CREATE TRIGGER alert_rules_of_deleted AFTER DELETE ON strategy_configs
        BEGIN
            DELETE FROM alert_rules WHERE strategy_id = OLD.id;
        END;

        INSERT INTO alert_rules(name, kind, threshold, for_seconds, clear_seconds) VALUES
            ('strategy_error', 'error', NULL, 0, 5), ('strategy_stalled', 'stalled', NULL, 0, 30),
            ('strategy_drawdown', 'drawdown_percent', 10, 0, 30), ('feed_stale', 'stale_feed', NULL, 10, 5),
            ('disk_low', 'disk', 1024, 0, 30), ('ticks_dropped', 'drops', 0, 0, 30);

        CREATE TABLE alert_incidents (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            rule_id TEXT NOT NULL,
            rule TEXT NOT NULL,
            kind TEXT NOT NULL,
            subject_id TEXT NOT NULL,
            subject TEXT NOT NULL,
            strategy_id TEXT,
            opened_at TEXT NOT NULL,
            fired_at TEXT NOT NULL,
            cleared_at TEXT,
            value REAL,
            threshold REAL,
            message TEXT NOT NULL,
            cleared_reason TEXT
        ) STRICT;

        CREATE UNIQUE INDEX alert_incidents_open ON alert_incidents(rule_id, subject_id) WHERE cleared_at IS NULL;

        CREATE TABLE alert_deliveries (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            incident_id INTEGER,
            rule_id TEXT NOT NULL,
            rule TEXT NOT NULL,
            event TEXT NOT NULL
                CONSTRAINT "event must be fired, cleared or test" CHECK (event IN ('fired', 'cleared', 'test')),
            channel TEXT NOT NULL
                CONSTRAINT "channel must be command or webhook" CHECK (channel IN ('command', 'webhook')),
            target TEXT NOT NULL,
            payload_json TEXT NOT NULL
                CONSTRAINT "payload_json must be a JSON object"
                CHECK (CASE WHEN json_valid(payload_json) THEN json_type(payload_json) END IS 'object'),
            status TEXT NOT NULL DEFAULT 'waiting'
                CONSTRAINT "status must be waiting, delivered or failed" CHECK (status IN ('waiting', 'delivered', 'failed')),
            attempts INTEGER NOT NULL DEFAULT 0,
            created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
            next_attempt_at TEXT,
            ended_at TEXT,
            last_error TEXT
        ) STRICT;

        CREATE INDEX alert_deliveries_waiting ON alert_deliveries(id) WHERE status = 'waiting';
        CREATE INDEX alert_deliveries_by_incident ON alert_deliveries(incident_id);

        CREATE TRIGGER alert_incidents_delete_cascades AFTER DELETE ON alert_incidents
        BEGIN
            DELETE FROM alert_deliveries WHERE incident_id = OLD.id;
        END;
        CREATE VIEW alerts AS
        SELECT i.id, i.rule, i.kind, i.subject, CASE WHEN i.cleared_at IS NULL THEN 'open' ELSE 'cleared' END AS state,
               i.opened_at, i.fired_at, i.cleared_at, i.value, i.threshold, i.message, i.cleared_reason,
               (SELECT CASE WHEN count(*) = 0 THEN 'none' WHEN sum(d.status = 'waiting') THEN 'waiting'
                       WHEN sum(d.status = 'failed') THEN 'failed' ELSE 'delivered' END
                FROM alert_deliveries d WHERE d.incident_id = i.id) AS delivery,
               (SELECT coalesce(sum(d.attempts), 0) FROM alert_deliveries d WHERE d.incident_id = i.id) AS attempts,
               (SELECT d.last_error FROM alert_deliveries d WHERE d.incident_id = i.id AND d.last_error IS NOT NULL
                ORDER BY d.id DESC LIMIT 1) AS last_error
        FROM alert_incidents i ORDER BY i.id DESC;
        """
}
