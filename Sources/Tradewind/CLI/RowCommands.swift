import ArgumentParser
import ControlPlane
import Foundation
import Monitoring
import TradingModel

/// `tradewind orders`
struct OrdersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orders", abstract: "List orders, the newest at the end.")

    @OptionGroup var options: RowListOptions
    @Option(help: "Only with this status, such as filled.") var status: String?

    private static let listing = RowListing(
        source: """
            orders o JOIN strategy_configs c ON c.id = o.strategy_id LEFT JOIN instruments s ON s.token = o.token
            """,
        columns: [
            .init("created_at", .time, "o.created_ns"), .init("strategy", .text, "c.name"),
            .init("order_id", .text, "o.epoch || '-' || o.count"),
            .init("symbol", .text, "coalesce(s.symbol, '#' || o.token)"), .init("side", .text, "o.side"),
            .init("type", .text, "o.type"), .init("time_in_force", .text, "o.time_in_force"),
            .init("quantity", .decimal, "o.quantity_e8"), .init("price", .decimal, "nullif(o.price_e8, 0)"),
            .init("trigger_price", .decimal, "nullif(o.trigger_price_e8, 0)"),
            .init("filled", .decimal, "o.filled_quantity_e8"), .init("status", .text, "o.status"),
            .init("reason", .text, "nullif(o.reason, '')"),
        ], order: "o.id DESC", strategyColumn: "o.strategy_id", symbolColumn: "s.symbol",
        timeColumn: "o.created_ns")

    func run() throws {
        try reporting {
            let store = try options.home.open(.reader)
            let conditions = status.map { [("o.status = ?", SQLValue.text($0))] } ?? []
            Self.listing.print(
                try Self.listing.rows(options, store, conditions), options, none: "no orders")
        }
    }
}

/// `tradewind fills`
struct FillsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fills", abstract: "List fills, the newest at the end.")

    @OptionGroup var options: RowListOptions

    private static let listing = RowListing(
        source: """
            fills f JOIN strategy_configs c ON c.id = f.strategy_id LEFT JOIN instruments s ON s.token = f.token
            """,
        columns: [
            .init("time", .time, "f.time_ns"), .init("strategy", .text, "c.name"),
            .init("order_id", .text, "f.order_epoch || '-' || f.order_count"),
            .init("symbol", .text, "coalesce(s.symbol, '#' || f.token)"), .init("side", .text, "f.side"),
            .init("quantity", .decimal, "f.quantity_e8"), .init("price", .decimal, "f.price_e8"),
            .init("fee", .decimal, "f.fee_e8"), .init("realized_pnl", .decimal, "f.realized_pnl_e8"),
            .init("position_after", .decimal, "f.position_after_e8"),
            .init("liquidity", .text, "f.liquidity"),
        ], order: "f.id DESC", strategyColumn: "f.strategy_id", symbolColumn: "s.symbol",
        timeColumn: "f.time_ns")

    func run() throws {
        try reporting {
            let store = try options.home.open(.reader)
            Self.listing.print(try Self.listing.rows(options, store), options, none: "no fills")
        }
    }
}

/// `tradewind positions`
struct PositionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "positions", abstract: "List positions by strategy and instrument.")

    @OptionGroup var options: RowListOptions
    @Flag(name: .long, help: "Those that are flat too.") var flat = false

    private static let listing = RowListing(
        source: """
            positions p JOIN strategy_configs c ON c.id = p.strategy_id LEFT JOIN instruments s ON s.token = p.token
            """,
        columns: [
            .init("strategy", .text, "c.name"), .init("symbol", .text, "coalesce(s.symbol, '#' || p.token)"),
            .init("quantity", .decimal, "p.quantity_e8"),
            .init("average_price", .decimal, "p.average_price_e8"),
            .init("realized_pnl", .decimal, "p.realized_pnl_e8"), .init("fees", .decimal, "p.fees_e8"),
            .init("currency", .text, "s.currency"), .init("updated_at", .time, "p.updated_ns"),
        ], order: "c.name DESC, p.token DESC", strategyColumn: "p.strategy_id", symbolColumn: "s.symbol",
        timeColumn: "p.updated_ns")

    func run() throws {
        try reporting {
            let store = try options.home.open(.reader)
            let conditions = flat ? [] : [("p.quantity_e8 <> ?", SQLValue.integer(0))]
            Self.listing.print(
                try Self.listing.rows(options, store, conditions), options,
                none: flat ? "no positions" : "every strategy is flat")
        }
    }
}

/// `tradewind events`
struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "List changes of status and why, the newest at the end.")

    @OptionGroup var options: RowListOptions
    @Flag(name: .shortAndLong, help: "Go on printing what is added, until Ctrl-C.") var follow = false

    private static let listing = RowListing(
        source: "strategy_events e JOIN strategy_configs c ON c.id = e.strategy_id",
        columns: [
            .init("time", .text, "e.time"), .init("strategy", .text, "c.name"),
            .init("from", .text, "e.from_status"), .init("to", .text, "e.to_status"),
            .init("epoch", .number, "e.epoch"), .init("reason", .text, "nullif(e.reason, '')"),
        ], order: "e.id DESC", strategyColumn: "e.strategy_id", timeColumn: "e.time", isTimeNanoseconds: false
    )

    func run() throws {
        try reporting {
            let store = try options.home.open(.reader)
            var last = try store.scalar("SELECT coalesce(max(id), 0) FROM strategy_events") ?? 0
            let rows = try Self.listing.rows(options, store, [("e.id <= ?", .integer(last))])
            if !follow || !rows.isEmpty, !(follow && options.json) {
                Self.listing.print(rows, options, none: "no events")
            }
            guard follow else { return }
            if options.json { for row in rows { printLine(row) } }
            let watcher = try ChangeWatcher(store)
            while true {
                let newest = try store.scalar("SELECT coalesce(max(id), 0) FROM strategy_events") ?? 0
                if newest > last {
                    let conditions: [(sql: String, value: SQLValue)] = [
                        ("e.id > ?", .integer(last)), ("e.id <= ?", .integer(newest)),
                    ]
                    for row in try Self.listing.rows(options, store, conditions) { printLine(row) }
                    last = newest
                }
                _ = watcher.wait(until: .now + .seconds(5))
            }
        }
    }

    private func printLine(_ row: [SQLValue]) {
        if options.json {
            var json = JSONWriter()
            Self.listing.write(row, to: &json)
            print(json.text)
        } else if options.csv {
            print(Self.listing.csv(row))
        } else {
            print(
                zip(Self.listing.columns, row).compactMap { RowListing.text($0.kind, $1) }.joined(
                    separator: "  "))
        }
    }
}

/// `tradewind metrics`
struct MetricsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Plot how a strategy did over all its time.")

    @OptionGroup var home: HomeOptions
    @Argument(help: "A strategy's name or id.") var name: String
    @Option(help: "pnl, realized_pnl, unrealized_pnl, fees, equity, drawdown, positions or orders.")
    var field = "pnl"
    @Option(help: "Columns of the plot, or points of --json and --csv.") var width: Int?
    @Option(help: "Lines of the plot.") var height = 16
    @Flag(name: .long, help: "Print JSON.") var json = false
    @Flag(name: .long, help: "Print CSV with a line of headings.") var csv = false

    func validate() throws {
        guard Self.fields[field] != nil else {
            throw ValidationError(
                "--field must be one of \(Self.fields.keys.sorted().joined(separator: ", "))")
        }
        if let width, !(20...2_000).contains(width) { throw ValidationError("--width must be 20 to 2000") }
        guard (4...200).contains(height) else { throw ValidationError("--height must be 4 to 200") }
        if json, csv { throw ValidationError("give --json or --csv, not both") }
    }

    private static let fields: [String: @Sendable (MetricsRow) -> Money] = [
        "pnl": { $0.pnl }, "realized_pnl": { $0.realizedPnL }, "unrealized_pnl": { $0.unrealizedPnL },
        "fees": { $0.fees }, "equity": { $0.equity }, "drawdown": { $0.drawdown },
        "positions": { Money($0.positionCount) }, "orders": { Money(Int($0.orderCount)) },
    ]

    func run() throws {
        try reporting {
            let store = try home.open(.reader)
            guard let row = try store.strategy(name), let value = Self.fields[field] else {
                throw CommandLineError(
                    ExitCodes.noInput, "there is no strategy \(name): 'strategies list' shows them")
            }
            let columns = width ?? (json || csv ? 1_000 : TerminalSize.current.columns)
            let points = try store.curve(strategyID: row.id, points: json || csv ? columns : columns * 2)
            if json {
                var json = JSONWriter()
                json.array { json in
                    for point in points {
                        json.object { json in
                            json.member("time", point.time)
                            json.member(field, value(point))
                        }
                    }
                }
                print(json.text)
            } else if csv {
                print("time,\(field)")
                for point in points { print("\(point.time),\(value(point))") }
            } else if let first = points.first, let last = points.last {
                let plot = TextPlot(points.map { (Double($0.time.milliseconds), value($0).doubleValue) })
                print("\(row.name)  \(field)  \(value(last))")
                print(plot.rendered(width: columns, height: height))
                print("\(first.time)  to  \(last.time)")
            } else {
                printError("\(row.name) has no metrics yet")
            }
        }
    }
}
