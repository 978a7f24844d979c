import ControlPlane

/// The lists of the API.
enum Listings {
    static let all = [
        strategyEvents, commands, orders, fills, positions, instruments, backtests, trades, recordings,
        instances, alerts, alertRules,
    ]

    private static let strategyFilter = Listing.Filter(
        name: "strategy", sql: "c.id", test: .strategy, description: "a strategy's id or name")

    private static func strategyFilter(_ sql: String) -> Listing.Filter {
        var filter = strategyFilter
        filter.sql = sql
        return filter
    }

    private static func times(_ sql: String, isNanoseconds: Bool) -> [Listing.Filter] {
        [
            Listing.Filter(
                name: "since", sql: sql, test: .since(isNanoseconds: isNanoseconds),
                description: "at or after this UTC time"),
            Listing.Filter(
                name: "until", sql: sql, test: .until(isNanoseconds: isNanoseconds),
                description: "before this UTC time"),
        ]
    }

    private static let symbolFilter = Listing.Filter(
        name: "symbol", sql: "s.symbol", test: .text, description: "an instrument's symbol")
    private static let sides = ["buy", "sell"]

    static let strategyEvents = Listing(
        name: "events",
        summary: "Changes of status of strategies and what was noted beside them, newest first",
        schemaName: "Event", source: "strategy_events e JOIN strategy_configs c ON c.id = e.strategy_id",
        columns: [
            .init("id", .integer, "e.id"), .init("time", .time, "e.time"),
            .init("strategy_id", .string, "c.id"), .init("strategy", .string, "c.name"),
            .init("from_status", .word(StrategyStatus.words), "e.from_status"),
            .init("to_status", .word(StrategyStatus.words), "e.to_status"),
            .init("reason", .string, "e.reason"), .init("epoch?", .integer, "e.epoch"),
        ], order: .init(columns: ["e.id"]),
        filters: [strategyFilter("e.strategy_id")] + times("e.time", isNanoseconds: false))

    static let commands = Listing(
        name: "commands", summary: "What operators asked for and what came of it, newest first",
        schemaName: "Command",
        source: "strategy_commands k LEFT JOIN strategy_configs c ON c.id = k.strategy_id",
        columns: [
            .init("id", .string, "k.id"), .init("sequence", .integer, "k.seq", "the order of execution"),
            .init("strategy_id?", .string, "k.strategy_id", "null: all strategies"),
            .init("strategy?", .string, "c.name"), .init("command", .word(CommandKind.words), "k.command"),
            .init("parameters", .object, "k.parameters"),
            .init("status", .word(CommandStatus.words), "k.status"),
            .init("created_at", .time, "k.created_at"), .init("accepted_at?", .time, "k.accepted_at"),
            .init("ended_at?", .time, "k.executed_at", "when it ended, whatever the status"),
            .init("expires_at?", .time, "k.expires_at"), .init("issuer", .string, "k.issuer"),
            .init("error?", .string, "k.error", "why it did not succeed"),
        ], order: .init(columns: ["k.seq"]),
        filters: [
            strategyFilter("k.strategy_id"),
            .init(
                name: "status", sql: "k.status", test: .word(CommandStatus.words),
                description: "where the command stands"),
            .init(
                name: "command", sql: "k.command", test: .word(CommandKind.words),
                description: "what was asked for"),
        ] + times("k.created_at", isNanoseconds: false))

    static let orderStatuses = [
        "initialized", "denied", "held", "submitted", "rejected", "accepted", "triggered", "partially_filled",
        "filled", "pending_update", "pending_cancel", "canceled", "expired",
    ]
    static let orderTypes = [
        "market", "limit", "stop", "stop_limit", "trailing_stop", "market_if_touched", "limit_if_touched",
    ]

    static let orders = Listing(
        name: "orders", summary: "Orders, newest first", schemaName: "Order",
        source: """
            orders o JOIN strategy_configs c ON c.id = o.strategy_id LEFT JOIN instruments s ON s.token = o.token
            """,
        columns: [
            .init("id", .string, "o.epoch || '-' || o.count", "unique within the strategy"),
            .init("strategy_id", .string, "c.id"), .init("strategy", .string, "c.name"),
            .init("symbol", .string, "coalesce(s.symbol, '#' || o.token)"),
            .init("side", .word(sides), "o.side"), .init("type", .word(orderTypes), "o.type"),
            .init("time_in_force", .string, "o.time_in_force"), .init("quantity", .decimal, "o.quantity_e8"),
            .init("price?", .decimal, "nullif(o.price_e8, 0)", "null: none"),
            .init("trigger_price?", .decimal, "nullif(o.trigger_price_e8, 0)"),
            .init("trailing_offset?", .string, "nullif(o.trailing_offset, '')"),
            .init("post_only", .boolean, "o.is_post_only"),
            .init("reduce_only", .boolean, "o.is_reduce_only"),
            .init("filled_quantity", .decimal, "o.filled_quantity_e8"),
            .init("status", .word(orderStatuses), "o.status"), .init("reason", .string, "o.reason"),
            .init(
                "created_at", .time, "o.created_ns",
                "by the strategy's clock, which in a replay is the replay's"),
            .init("updated_at", .time, "o.updated_ns"), .init("expires_at?", .time, "o.expire_ns"),
            .init("list_id?", .string, "o.list_id", "the first order of its list"),
            .init("parent_id?", .string, "o.parent_id", "the order whose fills send it"),
            .init("tag?", .string, "nullif(o.tag, '')", "the strategy's own mark"),
        ], order: .init(columns: ["o.id"]), strategyOrder: .init(columns: ["o.epoch", "o.count"]),
        filters: [
            strategyFilter("o.strategy_id"), symbolFilter,
            .init(
                name: "status", sql: "o.status", test: .word(orderStatuses),
                description: "where the order stands"),
            .init(name: "side", sql: "o.side", test: .word(sides), description: "buy or sell"),
        ] + times("o.created_ns", isNanoseconds: true))

    static let fills = Listing(
        name: "fills", summary: "Fills, newest first", schemaName: "Fill",
        source: """
            fills f JOIN strategy_configs c ON c.id = f.strategy_id LEFT JOIN instruments s ON s.token = f.token
            """,
        columns: [
            .init("id", .string, "f.epoch || '-' || f.sequence", "unique within the strategy"),
            .init("strategy_id", .string, "c.id"), .init("strategy", .string, "c.name"),
            .init("order_id", .string, "f.order_epoch || '-' || f.order_count"),
            .init("symbol", .string, "coalesce(s.symbol, '#' || f.token)"),
            .init("side", .word(sides), "f.side"), .init("price", .decimal, "f.price_e8"),
            .init("quantity", .decimal, "f.quantity_e8"), .init("fee", .decimal, "f.fee_e8"),
            .init("realized_pnl", .decimal, "f.realized_pnl_e8"),
            .init("position_after", .decimal, "f.position_after_e8"),
            .init("liquidity", .word(["maker", "taker"]), "f.liquidity"), .init("time", .time, "f.time_ns"),
        ], order: .init(columns: ["f.id"]), strategyOrder: .init(columns: ["f.epoch", "f.sequence"]),
        filters: [
            strategyFilter("f.strategy_id"), symbolFilter,
            .init(name: "side", sql: "f.side", test: .word(sides), description: "buy or sell"),
        ] + times("f.time_ns", isNanoseconds: true))

    static let positions = Listing(
        name: "positions", summary: "Net positions, flat ones too, by strategy and instrument",
        schemaName: "Position",
        source: """
            positions p JOIN strategy_configs c ON c.id = p.strategy_id LEFT JOIN instruments s ON s.token = p.token
            """,
        columns: [
            .init("strategy_id", .string, "c.id"), .init("strategy", .string, "c.name"),
            .init("symbol", .string, "coalesce(s.symbol, '#' || p.token)"),
            .init("quantity", .decimal, "p.quantity_e8", "negative when short"),
            .init("average_price", .decimal, "p.average_price_e8"),
            .init("realized_pnl", .decimal, "p.realized_pnl_e8"), .init("fees", .decimal, "p.fees_e8"),
            .init("currency?", .string, "s.currency"), .init("updated_at", .time, "p.updated_ns"),
        ], order: .init(columns: ["c.name", "p.token"], isDescending: false),
        filters: [strategyFilter("p.strategy_id"), symbolFilter])

    static let instruments = Listing(
        name: "instruments", summary: "What can be traded, by symbol", schemaName: "Instrument",
        source: "instruments s",
        columns: [
            .init("token", .integer, "s.token"), .init("symbol", .string, "s.symbol"),
            .init("category", .string, "s.category"),
            .init("price_increment", .decimal, "s.price_increment_e8", "0 for any"),
            .init("quantity_increment", .decimal, "s.quantity_increment_e8", "0 for any"),
            .init("multiplier", .decimal, "s.multiplier_e8"), .init("currency", .string, "s.currency"),
        ], order: .init(columns: ["s.symbol"], isDescending: false),
        filters: [
            .init(name: "category", sql: "s.category", test: .text, description: "an instrument's category")
        ])

    static let backtests = Listing(
        name: "backtests", summary: "Backtests that were kept, newest first", schemaName: "Backtest",
        source: "backtest_runs b",
        columns: [
            .init("id", .string, "b.id"), .init("sweep_id?", .string, "b.sweep_id"),
            .init("class_name", .string, "b.class_name"), .init("config", .object, "b.config_json"),
            .init("sources", .array(.string), "b.sources_json"), .init("seed", .integer, "b.seed"),
            .init("status", .word(["running", "completed", "failed"]), "b.status"),
            .init("started_at", .time, "b.started_at"), .init("ended_at?", .time, "b.ended_at"),
            .init("events_count", .integer, "b.event_count"),
            .init("orders_count", .integer, "b.order_count"),
            .init("fills_count", .integer, "b.fill_count"), .init("net_pnl?", .decimal, "b.net_pnl_e8"),
            .init("fees?", .decimal, "b.fees_e8"), .init("max_drawdown?", .decimal, "b.max_drawdown_e8"),
            .init("success_rate?", .number, "b.success_rate"),
            .init("order_log_hash?", .string, "b.order_log_hash"),
            .init("report", .object, "b.report_json", "all statistics and the assumptions they rest on"),
            .init("error?", .string, "b.error"),
        ], order: .init(columns: ["b.rowid"]),
        filters: [
            .init(name: "class_name", sql: "b.class_name", test: .text, description: "a strategy class"),
            .init(name: "sweep_id", sql: "b.sweep_id", test: .text, description: "the runs of one sweep"),
        ])

    static let trades = Listing(
        name: "trades", summary: "The closed round trips of a backtest, in their order", schemaName: "Trade",
        source: "backtest_trades t",
        columns: [
            .init("number", .integer, "t.number"), .init("strategy", .string, "t.strategy"),
            .init("symbol", .string, "t.symbol"),
            .init("side", .word(sides), "t.side"), .init("quantity", .decimal, "t.quantity_e8"),
            .init("entry_price", .decimal, "t.entry_price_e8"),
            .init("exit_price", .decimal, "t.exit_price_e8"),
            .init("entry_time", .time, "t.entry_ns"), .init("exit_time", .time, "t.exit_ns"),
            .init("pnl", .decimal, "t.pnl_e8"), .init("fees", .decimal, "t.fees_e8"),
        ], order: .init(columns: ["t.number"], isDescending: false),
        filters: [
            .init(
                name: "backtest", sql: "t.run_id", test: .text, description: "a backtest's id",
                isRequired: true)
        ])

    static let recordings = Listing(
        name: "recordings", summary: "Tick files that were recorded, newest first", schemaName: "Recording",
        source: "recordings r",
        columns: [
            .init("id", .string, "r.id"), .init("feed", .string, "r.feed_name"),
            .init("path", .string, "r.path"),
            .init("status", .string, "r.status"), .init("records", .integer, "r.record_count"),
            .init("bytes", .integer, "r.byte_count"), .init("first_time?", .string, "r.first_time"),
            .init("last_time?", .string, "r.last_time"), .init("created_at", .time, "r.created_at"),
        ], order: .init(columns: ["r.rowid"]),
        filters: [.init(name: "feed", sql: "r.feed_name", test: .text, description: "a feed's name")])

    static let instances = Listing(
        name: "instances", summary: "The processes of a strategy, newest first", schemaName: "Instance",
        source: "strategy_instances i JOIN strategy_configs c ON c.id = i.strategy_id",
        columns: [
            .init("strategy_id", .string, "c.id"), .init("strategy", .string, "c.name"),
            .init("epoch", .integer, "i.epoch"), .init("pid", .integer, "i.pid"),
            .init("binary_path", .string, "i.binary_path"),
            .init("binary_sha256?", .string, "i.binary_sha256"),
            .init("config_generation", .integer, "i.config_generation"),
            .init("started_at", .time, "i.started_at"), .init("ready_at?", .time, "i.ready_at"),
            .init("ended_at?", .time, "i.ended_at"), .init("exit_code?", .integer, "i.exit_code"),
            .init("exit_signal?", .integer, "i.exit_signal"), .init("reason?", .string, "i.reason"),
            .init("last_log_lines?", .string, "i.last_log_lines"),
            .init("parameters?", .object, "i.parameters_json"),
            .init("order_log_hash?", .string, "i.order_log_hash"),
        ], order: .init(columns: ["i.epoch"]),
        filters: [
            .init(
                name: "strategy", sql: "i.strategy_id", test: .strategy,
                description: "a strategy's id or name",
                isRequired: true)
        ])
}

extension StrategyStatus {
    static let words = allCases.map(\.rawValue)
}

extension CommandKind {
    static let words = allCases.map(\.rawValue)
}

extension CommandStatus {
    static let words = allCases.map(\.rawValue)
}
