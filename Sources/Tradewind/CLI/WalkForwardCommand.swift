import ArgumentParser
import Backtesting
import ControlPlane
import Foundation
import Monitoring
import TradingEngine
import TradingModel

/// `tradewind walk-forward CLASS --data FILE --range ... --in-sample 30d --out-of-sample 10d`
struct WalkForwardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "walk-forward",
        abstract: "Choose parameters on one period and try them on the next, window after window.",
        discussion: """
            Each window sweeps its in-sample period and runs the best point on the out-of-sample period after it. \
            What counts is the out-of-sample result of all windows put together: none of it was known when its \
            parameters were chosen. Each out-of-sample run begins flat; --warm-up 1h lets its indicators fill first. \
            Resumable like 'sweep'.
            """)

    @OptionGroup var ignored: IgnoredHomeOption
    @OptionGroup var options: SweepOptions

    @Option(name: .long, help: "Length of the period to choose on, such as 30d, 4h, 30m.")
    var inSample: String

    @Option(name: .long, help: "Length of the period to try on.")
    var outOfSample: String

    @Flag(name: .long, help: "In-sample periods all begin with the data, instead of moving on.")
    var anchored = false

    @Option(name: [.short, .long], help: "The SQLite file of the results.")
    var output: String = "walk-forward.db"

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    func run() throws {
        try reporting {
            let strategy = try options.strategy()
            let metric = try options.metric()
            let plan = try options.plan(strategy)
            let job = try options.job(strategy)
            let windows = try windows()
            let (processCount, timeout) = (try options.processCount(), try options.timeout())
            let store = try SweepStore(
                path: output,
                definition: try options.definition(
                    job, pointCount: plan.points.count * windows.count, metric: metric, windows: windows))
            let runner = SweepRunner(
                store: store, job: job, metric: metric, retriesFailed: false,
                timeout: timeout)
            _ = try runner.run(Self.requests(plan, windows), processCount: processCount)
            let result = try WalkForwardRun(
                strategy: strategy, job: job, store: store, metric: metric,
                daysPerYear: options.data.daysPerYear
            ).run(windows)
            if json { try printJSON(result) } else { print(result.text) }
            printError("results in \(output)")
            try store.close()
        }
    }

    private func windows() throws -> [WalkForwardWindow] {
        func length(_ text: String, _ option: String) throws -> Duration {
            guard let duration = DurationText.parse(text) else {
                throw CommandLineError(
                    ExitCodes.usage, "\(option) '\(text)' is no duration such as 30m, 4h or 30d")
            }
            return duration
        }
        let settings = try options.data.settings()
        let extent = try Backtest.extent(of: settings.files)
        var last = extent.last
        // The end is not included.
        if let until = settings.until { last = min(last, Timestamp(nanoseconds: until.nanoseconds - 1)) }
        let first = max(extent.first, settings.from ?? extent.first)
        return try WalkForwardWindow.all(
            from: first, through: max(first, last), inSample: length(inSample, "--in-sample"),
            outOfSample: length(outOfSample, "--out-of-sample"), isAnchored: anchored)
    }

    private static func requests(_ plan: SweepPlan, _ windows: [WalkForwardWindow]) -> [SweepRequest] {
        windows.flatMap { window in
            plan.points.map { point in
                SweepRequest(
                    window: window.index, number: point.index,
                    parameters: point.parameters.map { SweepJob.Setting(name: $0.name, text: $0.text) },
                    from: window.inSampleFrom.nanoseconds, until: window.outOfSampleFrom.nanoseconds)
            }
        }
    }
}

/// Tries the chosen points out of sample and puts the results together.
struct WalkForwardRun {
    let strategy: any Strategy.Type
    let job: SweepJob
    let store: SweepStore
    let metric: StatisticsMetric
    let daysPerYear: Double

    func run(_ windows: [WalkForwardWindow]) throws -> WalkForwardDocument {
        var stitched = WalkForwardStitch()
        var rows: [WalkForwardDocument.Window] = []
        for window in windows {
            // Among equal ones the first; a window in which no point has the objective is left out.
            guard let best = try store.best(1, window: window.index).first else {
                rows.append(WalkForwardDocument.Window(window))
                continue
            }
            let point = try SweepReport.Point(best)
            let request = SweepRequest(
                window: window.index, number: SweepStore.outOfSampleNumber,
                parameters: point.parameters.sorted { $0.key < $1.key }.map {
                    SweepJob.Setting(name: $0.key, text: $0.value)
                }, from: window.outOfSampleFrom.nanoseconds, until: window.outOfSampleUntil.nanoseconds)
            let result: BacktestResult
            do {
                result = try Backtest.run(strategy: strategy, settings: job.settings(for: request))
            } catch let error as BacktestError where error.kind == .noRecords {
                // A weekend, say.
                rows.append(WalkForwardDocument.Window(window, point))
                continue
            }
            stitched.add(result)
            let figures = Dictionary(
                uniqueKeysWithValues: StatisticsMetric.all.compactMap { metric in
                    metric.value(result.statistics).map { (metric.name, $0) }
                })
            try store.record([
                SweepPointRow(
                    window: window.index, number: SweepStore.outOfSampleNumber,
                    parametersJSON: best.parametersJSON,
                    status: .completed, attempts: 1, objective: metric.value(result.statistics),
                    figuresJSON: try compactJSON(figures), orderCount: Int64(clamping: result.ordersCount),
                    fillCount: Int64(clamping: result.fillsCount), orderLogHash: result.orderLogHash)
            ])
            rows.append(
                WalkForwardDocument.Window(
                    window, point, outOfSample: metric.value(result.statistics), netPnL: result.netPnL,
                    hash: result.orderLogHash))
        }
        guard let statistics = stitched.statistics(daysPerYear: daysPerYear) else {
            throw BacktestError(
                .noRecords,
                context:
                    "no window has a point with a \(metric.name); choose longer periods or another objective")
        }
        return WalkForwardDocument(objective: metric.name, windows: rows, statistics: statistics)
    }
}

/// A walk-forward's result.
struct WalkForwardDocument: Encodable {
    struct Window: Encodable {
        var inSampleFrom: Timestamp
        var outOfSampleFrom: Timestamp
        var outOfSampleUntil: Timestamp
        var parameters: [String: String]?
        var inSampleObjective: Double?
        var outOfSampleObjective: Double?
        var netPnL: Money?
        var orderLogHash: String?
        var parametersText = "-"

        enum CodingKeys: String, CodingKey {
            case parameters
            case inSampleFrom = "in_sample_from"
            case outOfSampleFrom = "out_of_sample_from"
            case outOfSampleUntil = "out_of_sample_until"
            case inSampleObjective = "in_sample_objective"
            case outOfSampleObjective = "out_of_sample_objective"
            case netPnL = "net_pnl"
            case orderLogHash = "order_log_hash"
        }

        init(
            _ window: WalkForwardWindow, _ point: SweepReport.Point? = nil, outOfSample: Double? = nil,
            netPnL: Money? = nil, hash: String? = nil
        ) {
            inSampleFrom = window.inSampleFrom
            outOfSampleFrom = window.outOfSampleFrom
            outOfSampleUntil = window.outOfSampleUntil
            parameters = point?.parameters
            parametersText = point?.parametersText ?? "-"
            inSampleObjective = point?.objective
            outOfSampleObjective = outOfSample
            self.netPnL = netPnL
            orderLogHash = hash
        }
    }

    var objective: String
    var windows: [Window]
    /// Of all out-of-sample runs together.
    var statistics: Statistics

    enum CodingKeys: String, CodingKey {
        case objective, windows
        case statistics = "out_of_sample"
        case efficiency
    }

    /// The mean objective out of sample by the mean in sample, over windows that have both; `nil` unless the latter is
    /// above zero.
    var efficiency: Double? {
        let pairs = windows.compactMap { window in
            window.inSampleObjective.flatMap { inside in window.outOfSampleObjective.map { (inside, $0) } }
        }
        let inside = pairs.map(\.0).reduce(0, +)
        return inside > 0 ? pairs.map(\.1).reduce(0, +) / inside : nil
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(objective, forKey: .objective)
        try container.encode(windows, forKey: .windows)
        try container.encode(efficiency, forKey: .efficiency)
        try container.encode(StatisticsDocument(statistics: statistics), forKey: .statistics)
    }

    var text: String {
        var table = TextTable(
            "chosen on", "tried until", "parameters", ">in sample", ">out of sample", ">net PnL")
        for window in windows {
            table.append(
                "\(window.inSampleFrom) to \(window.outOfSampleFrom)", "\(window.outOfSampleUntil)",
                window.parametersText, NumberText.fixed(window.inSampleObjective, 3),
                NumberText.fixed(window.outOfSampleObjective, 3), window.netPnL?.description ?? "-")
        }
        var lines = [table.rendered(), "", "out of sample, all windows together (objective: \(objective))"]
        for metric in StatisticsMetric.all {
            let title = metric.title + String(repeating: " ", count: max(1, 38 - metric.title.count))
            lines.append(title + NumberText.text(metric.value(statistics), metric.unit))
        }
        lines.append("efficiency, out of sample by in sample \(NumberText.fixed(efficiency, 3))")
        return lines.joined(separator: "\n")
    }
}
