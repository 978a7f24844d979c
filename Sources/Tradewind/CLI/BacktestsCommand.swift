import ArgumentParser
import Backtesting
import ControlPlane
import Foundation
import Monitoring
import TradingModel

/// `tradewind backtests ...`
struct BacktestsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtests", abstract: "Look at and compare backtests that were saved.",
        subcommands: [List.self, Show.self, Compare.self])

    /// `tradewind backtests list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Backtests of the home, newest first.")

        @OptionGroup var home: HomeOptions
        @Flag(name: .long, help: "Print JSON.") var json = false

        func run() throws {
            try reporting {
                let runs = try home.open(.reader).backtests()
                if json { return try printJSON(try runs.map(SavedBacktest.init)) }
                guard !runs.isEmpty else { return print("no backtests; 'backtest --save' keeps one") }
                var table = TextTable(
                    "id", "started", "class", ">records", ">orders", ">net PnL", ">drawdown", ">Sharpe",
                    "hash")
                for saved in try runs.map(SavedBacktest.init) {
                    table.append(
                        String(saved.row.id.prefix(8)), saved.row.startedAt.description, saved.row.className,
                        "\(saved.row.eventCount)", "\(saved.row.orderCount)", "\(saved.row.netPnL)",
                        "\(saved.row.maxDrawdown)", NumberText.fixed(saved.figures["sharpe"] ?? nil, 2),
                        saved.row.orderLogHash)
                }
                print(table.rendered())
            }
        }
    }

    /// `tradewind backtests show ID`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One backtest with all its figures.")

        @OptionGroup var home: HomeOptions
        @Argument(help: "The id or its beginning, see 'backtests list'.") var id: String
        @Flag(name: .long, help: "Print JSON.") var json = false

        func run() throws {
            try reporting {
                let saved = try SavedBacktest(try home.open(.reader).requireBacktest(id))
                if json { return try printJSON(saved) }
                print("\(saved.row.className) \(saved.row.id)\nstarted   \(saved.row.startedAt)")
                for line in saved.settings { print("\(line.name): \(line.text)") }
                for metric in StatisticsMetric.all {
                    let title = metric.title + String(repeating: " ", count: max(1, 38 - metric.title.count))
                    print(title + NumberText.text(saved.figures[metric.name] ?? nil, metric.unit))
                }
            }
        }
    }

    /// `tradewind backtests compare ID ID...`
    struct Compare: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Settings that differ and figures of several backtests side by side.")

        @OptionGroup var home: HomeOptions
        @Argument(help: "Two or more ids or their beginnings.") var ids: [String]

        func run() throws {
            try reporting {
                guard ids.count >= 2 else {
                    throw CommandLineError(ExitCodes.usage, "name at least two backtests")
                }
                let store = try home.open(.reader)
                let runs = try ids.map { try SavedBacktest(try store.requireBacktest($0)) }
                for line in Self.lines(runs) { print(line) }
            }
        }

        /// Aligned rows: what is set differently, then all figures.
        static func lines(_ runs: [SavedBacktest]) -> [String] {
            var rows = [[""] + runs.map { String($0.row.id.prefix(8)) }]
            rows.append(["class"] + runs.map(\.row.className))
            var names: [String] = []
            for run in runs {
                for line in run.settings where !names.contains(line.name) { names.append(line.name) }
            }
            for name in names {
                let values = runs.map { run in run.settings.first { $0.name == name }?.text ?? "-" }
                if Set(values).count > 1 { rows.append([name] + values) }
            }
            for metric in StatisticsMetric.all {
                rows.append(
                    [metric.title] + runs.map { NumberText.text($0.figures[metric.name] ?? nil, metric.unit) }
                )
            }
            rows.append(["order-log hash"] + runs.map(\.row.orderLogHash))
            let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
            return rows.map { row in
                row.indices.map { column in
                    let padding = String(repeating: " ", count: widths[column] - row[column].count)
                    return column == 0 ? row[column] + padding : padding + row[column]
                }.joined(separator: "  ")
            }
        }
    }
}

/// A saved backtest with its report read back.
struct SavedBacktest: Encodable {
    let row: BacktestRunRow
    /// Figures by name; undefined ones are `nil`.
    let figures: [String: Double?]
    /// What it ran with, as name and text.
    let settings: [(name: String, text: String)]

    private struct Report: Decodable { var statistics: [String: Scalar]? }

    private struct Settings: Decodable {
        struct Strategy: Decodable {
            var name: String
            var instruments: [String]
            var parameters: [String: String]
        }

        var strategies: [Strategy]
        var venue: [String: String]
        var from: String
        var until: String
    }

    /// A number, or anything else, which is no figure.
    private struct Scalar: Decodable {
        var number: Double?

        init(from decoder: any Decoder) throws {
            number = try? decoder.singleValueContainer().decode(Double.self)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case id, seed, figures, settings
        case className = "class_name"
        case startedAt = "started_at"
        case netPnL = "net_pnl"
        case orderLogHash = "order_log_hash"
    }

    init(_ row: BacktestRunRow) throws {
        self.row = row
        let decoder = JSONDecoder()
        let report = try? decoder.decode(Report.self, from: Data(row.reportJSON.utf8))
        figures = (report?.statistics ?? [:]).mapValues(\.number)
        var settings: [(name: String, text: String)] = []
        if let sources = try? decoder.decode([String].self, from: Data(row.sourcesJSON.utf8)) {
            settings.append(("files", sources.joined(separator: " ")))
        }
        if let found = try? decoder.decode(Settings.self, from: Data(row.configJSON.utf8)) {
            settings.append(("period", "\(found.from) to \(found.until)"))
            for strategy in found.strategies {
                settings.append(("\(strategy.name) instruments", strategy.instruments.joined(separator: " ")))
                for (name, text) in strategy.parameters.sorted(by: { $0.key < $1.key }) {
                    settings.append(("\(strategy.name).\(name)", text))
                }
            }
            for (name, text) in found.venue.sorted(by: { $0.key < $1.key }) {
                settings.append(("venue \(name)", text))
            }
        }
        settings.append(("seed", "\(UInt64(bitPattern: row.seed))"))
        self.settings = settings
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(row.id, forKey: .id)
        try container.encode(row.className, forKey: .className)
        try container.encode(row.startedAt, forKey: .startedAt)
        try container.encode(row.seed, forKey: .seed)
        try container.encode(row.netPnL, forKey: .netPnL)
        try container.encode(row.orderLogHash, forKey: .orderLogHash)
        try container.encode(figures, forKey: .figures)
        try container.encode(Dictionary(settings) { first, _ in first }, forKey: .settings)
    }
}
