import ControlPlane
import Monitoring

/// The forms of the API's documents that are no rows of a list.
enum Documents {
    static let all = [
        problem, strategy, position, strategyDetail, parameter, curve, curvePoint, prices, pricePoint, log,
        feed, service, bus,
        connection,
        engine, newCommand, session, token, empty,
    ]

    static let problem = Schema(
        "Problem",
        [
            .init("type", .string), .init("title", .string), .init("status", .integer),
            .init("detail", .string, "what is wrong, and what to do"),
        ])

    static let position = Schema(
        "OpenPosition",
        [
            .init("symbol", .string), .init("quantity", .decimal, "negative when short"),
            .init("average_price", .decimal),
        ])

    static let strategyStatuses = StrategyStatus.words + [StrategyLine.unmanaged]

    static let strategy = Schema(
        "Strategy",
        [
            .init("id", .string), .init("name", .string), .init("class_name", .string),
            .init("status", .word(strategyStatuses), "unmanaged: it runs, and no manager does"),
            .init("desired_state", .word(DesiredState.allCases.map(\.rawValue))),
            .init("status_since?", .time), .init("reason?", .string, "why the status is what it is"),
            .init(
                "health?", .word(StrategyLine.Health.allCases.map(\.rawValue)),
                "late: silent for 3 s; stalled: for 10 s; feed_stale: no market data for a minute"),
            .init("pid?", .integer), .init("epoch?", .integer, "counts its processes"),
            .init("restarts", .integer), .init("started_at?", .time), .init("session?", .string),
            .init("pnl?", .decimal, "net: realised plus unrealised minus fees"),
            .init("realized_pnl?", .decimal), .init("unrealized_pnl?", .decimal), .init("fees?", .decimal),
            .init("equity?", .decimal), .init("drawdown?", .decimal), .init("positions_count?", .integer),
            .init("orders_count?", .integer), .init("fills_count?", .integer),
            .init("success_rate?", .number, "winning round trips by round trips"),
            .init("metrics_at?", .time), .init("positions", .array(.reference("OpenPosition"))),
            .init(
                "last_tick_at?", .time,
                "when it was last seen to process market data, by this machine's clock"),
            .init("events_count?", .integer), .init("ticks_missed?", .integer),
            .init("loop_lag_us?", .integer),
            .init("cpu_percent?", .number, "100 is one core"), .init("resident_bytes?", .integer),
            .init("records_dropped?", .integer), .init("queue_bytes?", .integer),
            .init("config_generation", .integer),
            .init("trading_state", .word(tradingStates), "its own; that of all strategies counts as well"),
            .init("trading_reason?", .string), .init("open_alerts_count", .integer),
        ])

    static let tradingStates = ["active", "reducing", "halted"]

    static let parameter = Schema(
        "Parameter",
        [
            .init("name", .string), .init("kind", .string), .init("default", .string),
            .init("range", .string),
            .init("live", .boolean, "whether an update changes it while the strategy runs"),
            .init("help", .string), .init("value?", .string, "as configured; null: the default"),
        ])

    static let strategyDetail = Schema(
        "StrategyDetail",
        [
            .init("strategy", .reference("Strategy")), .init("module_path?", .string),
            .init("auto_start", .boolean), .init("config", .object), .init("limits", .object),
            .init("restart_policy", .object), .init("created_at", .time), .init("updated_at", .time),
            .init("parameters?", .array(.reference("Parameter")), "null when its executable does not say"),
        ])

    static let curvePoint = Schema(
        "CurvePoint",
        [
            .init("time", .time), .init("pnl", .decimal), .init("realized_pnl", .decimal),
            .init("unrealized_pnl", .decimal), .init("fees", .decimal), .init("equity", .decimal),
            .init("drawdown", .decimal), .init("positions_count", .integer), .init("orders_count", .integer),
            .init("epoch", .integer), .init("session", .string),
        ])
    static let curve = Schema("Curve", [.init("items", .array(.reference("CurvePoint")))])
    static let pricePoint = Schema(
        "PricePoint",
        [
            .init("time", .time), .init("low", .decimal), .init("high", .decimal), .init("last", .decimal),
        ])
    static let prices = Schema(
        "Prices", [.init("symbol", .string), .init("items", .array(.reference("PricePoint")))])
    static let log = Schema(
        "Log", [.init("name", .string), .init("lines", .array(.string), "the last ones, oldest first")])

    static let feed = Schema(
        "Feed",
        [
            .init("id", .string), .init("name", .string), .init("kind", .string),
            .init("status", .word(strategyStatuses)), .init("reason?", .string),
            .init("enabled", .boolean),
            .init("pid?", .integer), .init("records?", .integer), .init("records_per_second?", .number),
            .init("last_record_at?", .time),
            .init("health?", .string, "ok, quiet, stale, disconnected, late or stalled"),
            .init("detail?", .string, "what the source says of itself"),
            .init("stale_symbols", .array(.string), "instruments without data for longer than their limits"),
            .init("cpu_percent?", .number), .init("resident_bytes?", .integer),
        ])

    static let service = Schema(
        "Process",
        [
            .init("role", .string), .init("name", .string), .init("status", .string), .init("pid?", .integer),
            .init("cpu_percent?", .number), .init("resident_bytes?", .integer), .init("reason?", .string),
        ])

    static let bus = Schema(
        "Bus",
        [
            .init("uptime_ms", .integer), .init("connections", .integer), .init("records_in", .integer),
            .init("record_deliveries", .integer), .init("records_dropped", .integer),
            .init("messages_in", .integer), .init("message_deliveries", .integer),
            .init("queue_bytes", .integer),
            .init("records_in_per_second?", .number), .init("record_deliveries_per_second?", .number),
            .init("records_dropped_per_second?", .number),
        ])

    static let connection = Schema(
        "Connection",
        [
            .init("session", .integer), .init("role", .string), .init("identity", .string),
            .init("pid", .integer),
            .init("patterns", .integer), .init("records_in", .integer), .init("records_out", .integer),
            .init("messages_out", .integer), .init("records_dropped", .integer),
            .init("queue_bytes", .integer),
        ])

    static let engine = Schema(
        "Engine",
        [
            .init("home", .string), .init("manager_pid?", .integer, "null: no manager runs"),
            .init("manager_started_at?", .time),
            .init("database_problem?", .string, "why the database cannot be read; null: it can"),
            .init("database_read_at?", .time), .init("database_bytes?", .integer),
            .init("wal_bytes?", .integer),
            .init("bus_connected", .boolean), .init("open_commands_count", .integer),
            .init("open_alerts_count", .integer),
            .init("waiting_deliveries_count", .integer, "of alerts"),
            .init("trading_state", .word(tradingStates), "of all strategies together"),
            .init("trading_reason?", .string),
            .init("strategies_count", .integer), .init("pnl", .decimal),
        ])

    static let newCommand = Schema(
        "NewCommand",
        [
            .init("command", .word(CommandKind.words)),
            .init("strategy?", .string, "a strategy's id or name; left out or null: all strategies"),
            .init("parameters?", .object, "of an update or a restart"),
            .init("expires_at?", .time, "not accepted by then, the command expires"),
        ], optional: ["strategy", "parameters", "expires_at"],
        rules: """
            "if":{"properties":{"command":{"const":"update"}}},\
            "then":{"required":["parameters"],"properties":{"parameters":{"type":"object","minProperties":1}}}
            """)

    static let empty = Schema("Empty", [])
    static let token = Schema("Token", [.init("token", .string, "64 hexadecimal digits")])
    static let session = Schema(
        "Session",
        [
            .init("authorized", .boolean), .init("read_only", .boolean),
            .init("commands", .array(.string), "the commands that this engine knows"),
        ])
}
