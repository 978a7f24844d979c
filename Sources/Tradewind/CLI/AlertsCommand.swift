import ArgumentParser
import ControlPlane
import Foundation
import Monitoring
import Supervision
import TradingModel

/// `tradewind alerts`
struct AlertsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts", abstract: "What fired and what cleared, and the rules for it.",
        discussion: """
            Rules are rows of alert_rules; a running manager's alerter looks once a second. Each incident fires once, is \
            told to the rule's command and webhook, and is told again when it has cleared.
            """,
        subcommands: [
            ListIncidents.self, ListRules.self, Add.self, Change.self, Enable.self, Disable.self,
            Remove.self, Test.self,
        ], defaultSubcommand: ListIncidents.self)

    /// `tradewind alerts list`
    struct ListIncidents: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List incidents, the newest at the end.")

        @OptionGroup var options: RowListOptions
        @Flag(name: .long, help: "Only those that have not cleared.") var open = false
        @Option(help: "Only of this rule.") var rule: String?

        private static let listing = RowListing(
            source: "alerts a JOIN alert_incidents i ON i.id = a.id",
            columns: [
                .init("id", .number, "a.id"), .init("state", .text, "a.state"),
                .init("rule", .text, "a.rule"),
                .init("kind", .text, "a.kind"), .init("subject", .text, "a.subject"),
                .init("opened_at", .text, "a.opened_at"), .init("fired_at", .text, "a.fired_at"),
                .init("cleared_at", .text, "a.cleared_at"), .init("value", .number, "a.value"),
                .init("threshold", .number, "a.threshold"), .init("delivery", .text, "a.delivery"),
                .init("attempts", .number, "a.attempts"), .init("last_error", .text, "a.last_error"),
                .init("message", .text, "a.message"), .init("cleared_reason", .text, "a.cleared_reason"),
            ], order: "a.id DESC", strategyColumn: "i.strategy_id", symbolColumn: nil,
            timeColumn: "i.fired_at", isTimeNanoseconds: false)

        /// What fits on a terminal; JSON and CSV have everything.
        private static let shown = [
            "id", "state", "rule", "subject", "fired_at", "cleared_at", "delivery", "message",
        ]

        func run() throws {
            try reporting {
                let store = try options.home.open(.reader)
                var conditions: [(sql: String, value: SQLValue)] = []
                if open { conditions.append(("a.state = ?", .text("open"))) }
                if let rule { conditions.append(("a.rule = ?", .text(rule))) }
                var listing = Self.listing
                if !options.json, !options.csv {
                    listing.columns = listing.columns.filter { Self.shown.contains($0.name) }
                }
                listing.print(
                    try listing.rows(options, store, conditions), options,
                    none: open ? "no open alerts" : "no alerts")
            }
        }
    }

    /// `tradewind alerts rules`
    struct ListRules: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "rules", abstract: "List the rules.")

        @OptionGroup var home: HomeOptions
        @Flag(name: .long, help: "Print JSON.") var json = false
        @Flag(name: .long, help: "Print CSV with a line of headings.") var csv = false

        private static let listing = RowListing(
            source: "alert_rules r LEFT JOIN strategy_configs c ON c.id = r.strategy_id",
            columns: [
                .init("name", .text, "r.name"), .init("kind", .text, "r.kind"),
                .init(
                    "of", .text,
                    "coalesce(c.name, r.feed, CASE r.kind WHEN 'disk' THEN 'home' ELSE 'all' END)"),
                .init("threshold", .number, "r.threshold"), .init("for_seconds", .number, "r.for_seconds"),
                .init("clear_seconds", .number, "r.clear_seconds"),
                .init("enabled", .text, "CASE r.enabled WHEN 1 THEN 'yes' ELSE 'no' END"),
                .init("command", .text, "r.command_json"), .init("webhook", .text, "r.webhook_url"),
            ], order: "r.name", strategyColumn: "r.strategy_id")

        func validate() throws {
            if json, csv { throw ValidationError("give --json or --csv, not both") }
        }

        func run() throws {
            try reporting {
                Self.listing.print(
                    try Self.listing.all(try home.open(.reader)), isJSON: json, isCSV: csv,
                    none: "no rules: add one with 'alerts add'")
            }
        }
    }

    /// `tradewind alerts add`
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Add a rule.",
            discussion: """
                Kinds: error and stalled (of a strategy; no threshold), drawdown (money below the peak), drawdown_percent \
                (percent of it), drops (records lost within ten seconds), stale_feed (seconds without a record; without \
                a threshold what the feed itself says), disk (MiB that are free).
                """)

        @OptionGroup var home: HomeOptions
        @Argument(help: "The rule's name.") var name: String
        @Option(help: "error, stalled, drawdown, drawdown_percent, drops, stale_feed or disk.") var kind:
            String
        @Option(help: "Only of this strategy, by name or id.") var strategy: String?
        @Option(help: "Only of this feed.") var feed: String?
        @OptionGroup var options: RuleOptions

        func run() throws {
            try reporting {
                guard let kind = AlertKind(rawValue: kind) else {
                    throw CommandLineError(
                        ExitCodes.usage,
                        "--kind must be one of \(AlertKind.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                var rule = AlertRule(name: name, kind: kind, strategy: strategy)
                rule.feed = feed
                try options.apply(to: &rule)
                let stored = try home.open(.client).insertAlertRule(rule)
                print("added \(stored.name)" + (stored.tellsNobody ? "; it tells nobody yet" : ""))
            }
        }
    }

    /// `tradewind alerts set`
    struct Change: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Change a rule's threshold, durations, command or webhook.")

        @OptionGroup var home: HomeOptions
        @Argument(help: "The rule's name.") var name: String
        @Flag(name: .long, help: "Tell nobody any more.") var tellNobody = false
        @OptionGroup var options: RuleOptions

        func run() throws {
            try reporting {
                // Looked at before the rule is, so that nothing is written when it is wrong.
                var probe = AlertRule(name: name, kind: .error)
                try options.apply(to: &probe)
                try home.open(.client).updateAlertRule(name) { rule in
                    if tellNobody {
                        rule.commandJSON = nil
                        rule.webhookURL = nil
                    }
                    try? options.apply(to: &rule)
                }
                print("changed \(name)")
            }
        }
    }

    /// `tradewind alerts enable`
    struct Enable: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "enable", abstract: "Enable a rule.")

        @OptionGroup var home: HomeOptions
        @Argument(help: "The rule's name.") var name: String

        func run() throws {
            try reporting {
                try home.open(.client).updateAlertRule(name) { $0.isEnabled = true }
                print("enabled \(name)")
            }
        }
    }

    /// `tradewind alerts disable`
    struct Disable: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "disable", abstract: "Disable a rule; its open incidents clear.")

        @OptionGroup var home: HomeOptions
        @Argument(help: "The rule's name.") var name: String

        func run() throws {
            try reporting {
                try home.open(.client).updateAlertRule(name) { $0.isEnabled = false }
                print("disabled \(name)")
            }
        }
    }

    /// `tradewind alerts remove`
    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove a rule; its open incidents clear.")

        @OptionGroup var home: HomeOptions
        @Argument(help: "The rule's name.") var name: String

        func run() throws {
            try reporting {
                try home.open(.client).removeAlertRule(name)
                print("removed \(name)")
            }
        }
    }
}

/// What can be changed of a rule.
struct RuleOptions: ParsableArguments {
    @Option(help: "In the unit of the kind.") var threshold: Double?
    @Option(name: .customLong("for"), help: "Seconds it must last before it fires.") var duration: Double?
    @Option(help: "Seconds it must be gone before it has cleared.") var clearAfter: Double?
    @Option(help: "A URL that begins with http:// and takes a POST of JSON.") var webhook: String?
    @Option(
        parsing: .remaining,
        help: "A program and its arguments, as the last option: it gets the alert as JSON on standard input.")
    var command: [String] = []

    func apply(to rule: inout AlertRule) throws {
        if let threshold { rule.threshold = threshold }
        if let duration { rule.forSeconds = duration }
        if let clearAfter { rule.clearSeconds = clearAfter }
        if let webhook {
            guard AlertWebhook.Address(webhook) != nil else {
                throw CommandLineError(
                    ExitCodes.usage,
                    "--webhook must be http://HOST[:PORT]/PATH; for https: --command curl -fsS --json @- \(webhook)"
                )
            }
            rule.webhookURL = webhook
        }
        if let program = command.first {
            guard AlertHook.program(program) != nil else {
                throw CommandLineError(ExitCodes.noInput, "there is no program \(program) in PATH")
            }
            var command = command
            // The alerter runs it in another directory than this one.
            if program.contains("/"), !program.hasPrefix("/") {
                command[0] = URL(fileURLWithPath: program).standardizedFileURL.path
            }
            rule.commandJSON = String(decoding: try JSONEncoder().encode(command), as: UTF8.self)
        }
    }
}

extension AlertRule {
    /// Whether its incidents are only put down and shown.
    var tellsNobody: Bool { commandJSON == nil && webhookURL == nil }
}
