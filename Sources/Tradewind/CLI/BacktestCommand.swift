import ArgumentParser
import Backtesting
import ControlPlane
import Foundation
import Monitoring
import StrategyExecution
import TradingEngine
import TradingModel

/// `tradewind backtest [LABEL=]CLASS... --data FILE...`
struct BacktestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtest",
        abstract: "Run strategies over recorded ticks in this process.",
        discussion: """
            The same engine and strategy code as live, on the clock of the records. The order-log hash is a \
            fingerprint of every order and fill: a run through real processes in the lossless class has the same.

            Several strategies share one account: name them apart as LABEL=CLASS, and give each its own with \
            --set LABEL.name=value, --limit LABEL.name=value and --instrument LABEL=SYMBOL. What has no label is \
            for all.
            """)

    @OptionGroup var home: HomeOptions

    @Argument(help: "Registered names of strategies, see 'strategies classes'; [LABEL=]CLASS.")
    var classes: [String]

    @OptionGroup var options: BacktestDataOptions

    @Option(name: .long, help: "A parameter as [LABEL.]name=value; repeatable.")
    var set: [KeyValueOption] = []

    @Option(name: .long, help: "How many of the last trades to print.")
    var trades: Int = 10

    @Option(name: [.short, .long], help: "A directory for result.json, CSV files and tearsheet.html.")
    var output: String?

    @Flag(name: .long, help: "Replace files that are there.")
    var force = false

    @Flag(name: .long, help: "Keep the result in the home's database: 'backtests list' shows it.")
    var save = false

    @Flag(
        name: .long,
        help:
            "Also run it under other fills, doubled latency and doubled fees, and print the results side by side."
    )
    var sensitivity = false

    @Flag(
        name: .long,
        help: "Look for decisions that know the future and results that depend on where the data begins.")
    var checkBias = false

    @Flag(name: .long, help: "Print what the strategies logged.")
    var log = false

    @Flag(name: .long, help: "Print one JSON document with all trades.")
    var json = false

    func run() throws {
        try reporting {
            let entries = try BacktestEntries(classes).entries(
                set: set, limits: options.limit, instruments: options.instrument)
            let settings = try options.settings()
            for overlap in try BacktestFiles.overlaps(settings.files).prefix(5) {
                printError("note: \(overlap.text)")
            }
            // Before the run: nobody wants to learn after minutes that the result cannot be kept.
            let store = save ? try home.open(.client) : nil
            let started = ContinuousClock.now
            var files = try ResultFiles(self, entries, settings)
            let result = try run(entries, settings, &files)
            let elapsed = ContinuousClock.now - started
            if let store {
                let id = try BacktestRecord(result, settings: settings).insert(into: store)
                printError("saved as \(id); 'backtests show \(id.prefix(8))' shows it")
            }
            let rows = sensitivity ? try sensitivityRows(entries, settings) : nil
            let bias = checkBias ? try BiasCheck.run(entries, settings: settings) : nil
            try files.finish(result, rows, bias)
            if json {
                return try printJSON(BacktestDocument(result, sensitivity: rows, bias: bias))
            }
            if log { for line in result.logLines { print(line) } }
            print(BacktestReport(result).text(tradesMax: max(0, trades)))
            if let rows { print("\n" + BacktestChecks.text(rows)) }
            if let bias { print("\n" + BacktestChecks.text(bias)) }
            let seconds = Double(elapsed.wholeNanoseconds) / 1e9
            let rate = Double(result.eventsCount) / max(seconds, 1e-9) / 1e6
            printError(
                "\(result.eventsCount) records in \(decimal(seconds, places: 3)) s, \(decimal(rate, places: 1)) million/s"
            )
        }
    }

    private func sensitivityRows(
        _ entries: [BacktestEntry], _ settings: BacktestSettings
    ) throws -> [Sensitivity.Row] {
        var progress = ProgressLine(unit: "runs")
        defer { progress.clear() }
        return try Sensitivity.run(entries, settings: settings) { progress.update(done: $0, of: $1) }
    }

    /// Runs with a progress bar, and with the files of `--output`.
    private func run(_ entries: [BacktestEntry], _ settings: BacktestSettings, _ files: inout ResultFiles)
        throws
        -> BacktestResult
    {
        var progress = ProgressLine(unit: "records")
        defer { progress.clear() }
        var observer = BacktestObserver()
        observer.progress = {
            TrapNotice.noteProgress($0)
            progress.update(done: $0, of: $1)
        }
        files.observe(&observer)
        let names = entries.map(\.label).joined(separator: ", ")
        return try TrapNotice.during("\nthe code of \(names) trapped; there is no result. It came after ") {
            try Backtest.run(entries, settings: settings, observer: observer)
        }
    }
}

/// The directory of `--output`, when one is wanted.
private struct ResultFiles {
    private let path: String
    private let directory: ResultDirectory?

    /// Makes the directory before the run: nobody wants to learn after minutes that it cannot be written.
    init(_ command: BacktestCommand, _ entries: [BacktestEntry], _ settings: BacktestSettings) throws {
        path = command.output ?? ""
        directory = try command.output.map { path in
            try ResultDirectory(
                path: path, replaces: command.force, labels: entries.map(\.label),
                instruments: try Backtest.instruments(of: settings.files))
        }
    }

    func observe(_ observer: inout BacktestObserver) {
        guard let directory else { return }
        observer.onTrades = { try directory.add($0) }
        observer.onEntries = { try directory.add($0) }
    }

    func finish(_ result: BacktestResult, _ rows: [Sensitivity.Row]?, _ bias: BiasCheck.Report?) throws {
        guard let directory else { return }
        try directory.finish(
            result, json: try jsonText(BacktestDocument(result, sensitivity: rows, bias: bias)),
            tearsheet: Tearsheet(result, sensitivity: rows ?? [], bias: bias).html)
        printError("wrote result.json, trades.csv, orders.csv, equity.csv and tearsheet.html to \(path)")
    }
}
