import ControlPlane

extension Listings {
    private static let kindFilter = Listing.Filter(
        name: "kind", sql: "a.kind", test: .word(AlertKind.allCases.map(\.rawValue)),
        description: "what the rule looks at")

    static let alerts = Listing(
        name: "alerts", summary: "What fired and whether it has cleared, newest first", schemaName: "Alert",
        source: "alerts a JOIN alert_incidents i ON i.id = a.id",
        columns: [
            .init("id", .integer, "a.id"), .init("rule", .string, "a.rule"),
            .init("kind", .word(AlertKind.allCases.map(\.rawValue)), "a.kind"),
            .init("subject", .string, "a.subject", "a strategy, a feed, or disk"),
            .init("strategy_id?", .string, "i.strategy_id"),
            .init("state", .word(["open", "cleared"]), "a.state"),
            .init("opened_at", .time, "a.opened_at", "since when it was so"),
            .init("fired_at", .time, "a.fired_at", "when that had lasted as long as the rule says"),
            .init("cleared_at?", .time, "a.cleared_at"), .init("value?", .number, "a.value"),
            .init("threshold?", .number, "a.threshold"), .init("message", .string, "a.message"),
            .init("cleared_reason?", .string, "a.cleared_reason"),
            .init(
                "delivery", .word(["none", "waiting", "delivered", "failed"]), "a.delivery",
                "whether those who should know were told"),
            .init("attempts", .integer, "a.attempts"), .init("last_error?", .string, "a.last_error"),
        ], order: .init(columns: ["i.id"]),
        filters: [
            .init(
                name: "strategy", sql: "i.strategy_id", test: .strategy,
                description: "a strategy's id or name"),
            .init(
                name: "state", sql: "a.state", test: .word(["open", "cleared"]),
                description: "whether it has cleared"),
            .init(name: "rule", sql: "a.rule", test: .text, description: "a rule's name"), kindFilter,
            .init(
                name: "since", sql: "i.fired_at", test: .since(isNanoseconds: false),
                description: "fired at or after this UTC time"),
            .init(
                name: "until", sql: "i.fired_at", test: .until(isNanoseconds: false),
                description: "fired before this UTC time"),
        ])

    static let alertRules = Listing(
        name: "alert-rules", summary: "The rules by which alerts fire, by name", schemaName: "AlertRule",
        source: "alert_rules a LEFT JOIN strategy_configs c ON c.id = a.strategy_id",
        columns: [
            .init("id", .string, "a.id"), .init("name", .string, "a.name"),
            .init("kind", .word(AlertKind.allCases.map(\.rawValue)), "a.kind"),
            .init("strategy?", .string, "c.name", "null: all"),
            .init("feed?", .string, "a.feed", "null: all"),
            .init("threshold?", .number, "a.threshold", "in the unit of the kind"),
            .init("for_seconds", .number, "a.for_seconds"),
            .init("clear_seconds", .number, "a.clear_seconds"), .init("enabled", .boolean, "a.enabled"),
            .init("command?", .array(.string), "a.command_json", "a program and its arguments"),
            .init("webhook_url?", .string, "a.webhook_url"),
        ], order: .init(columns: ["a.name"], isDescending: false), filters: [kindFilter])
}
