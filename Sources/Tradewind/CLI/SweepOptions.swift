import ArgumentParser
import Backtesting
import ControlPlane
import Foundation
import MarketData
import TradingEngine
import TradingModel

/// What `sweep` and `walk-forward` have in common.
struct SweepOptions: ParsableArguments {
    @Argument(help: "The registered name of the strategy, see 'strategies classes'.")
    var className: String

    @OptionGroup var data: BacktestDataOptions

    @Option(name: .long, help: "A parameter that is the same everywhere, as name=value; repeatable.")
    var set: [KeyValueOption] = []

    @Option(name: .long, help: "Values of a parameter as name=low:high:step or name=value,value; repeatable.")
    var range: [String]

    @Option(
        name: .long,
        help: "What points must fulfil, such as \"fast < slow\" or \"slow >= 2 * fast\"; repeatable.")
    var constraint: [String] = []

    @Option(name: .long, help: "Try so many points drawn from the grid instead of all of it.")
    var random: Int?

    @Option(name: .long, help: "The seed of --random.")
    var randomSeed: UInt64 = 0

    @Option(name: .long, help: "The figure to choose by, such as sharpe, net_pnl, profit_factor or calmar.")
    var objective: String = "sharpe"

    @Option(name: .shortAndLong, help: "Worker processes; as many as there are processors when left out.")
    var jobs: Int?

    @Option(name: .long, help: "How long one point may take, such as 90s or 10m; without end when left out.")
    var pointTimeout: String?

    func timeout() throws -> Duration? {
        guard let pointTimeout else { return nil }
        guard let duration = DurationText.parse(pointTimeout) else {
            throw CommandLineError(
                ExitCodes.usage, "--point-timeout '\(pointTimeout)' is no duration such as 90s or 10m")
        }
        return duration
    }

    func strategy() throws -> any Strategy.Type { try AppRegistry.shared.requireStrategy(named: className) }

    func metric() throws -> StatisticsMetric {
        guard let metric = StatisticsMetric.named(objective) else {
            let known = StatisticsMetric.all.map(\.name).joined(separator: ", ")
            throw CommandLineError(
                ExitCodes.configuration, "no figure is called \(objective); there are \(known)")
        }
        return metric
    }

    func processCount() throws -> Int {
        let count = jobs ?? ProcessInfo.processInfo.activeProcessorCount
        guard (1...256).contains(count) else {
            throw CommandLineError(ExitCodes.usage, "-j must be 1 to 256")
        }
        return count
    }

    func plan(_ strategy: any Strategy.Type) throws -> SweepPlan {
        let ranges = try range.map { try SweepRange($0, declarations: strategy.parameters) }
        for input in set where ranges.contains(where: { $0.name == input.name }) {
            throw CommandLineError(ExitCodes.usage, "\(input.name) is both set and swept; give one of them")
        }
        // A constraint may speak of any parameter with a range.
        let names = ranges.map(\.name)
        return try SweepPlan(
            ranges: ranges, constraints: try constraint.map { try SweepConstraint($0, names: names) },
            randomCount: random, seed: randomSeed)
    }

    /// What workers are told; checks everything that is the same in all points first.
    func job(_ strategy: any Strategy.Type) throws -> SweepJob {
        let settings = try data.settings()
        _ = try ParameterValues.resolve(strategy.parameters, from: set.inputs)
        _ = try AccountSettings(inputs: data.venue.inputs)
        _ = try RiskLimits(inputs: data.limit.inputs)
        let known = try Backtest.instruments(of: data.data).map(\.symbol)
        for symbol in data.instrument where !known.contains(symbol) {
            throw BacktestError(
                context: "the files have no instrument \(symbol); they have \(known.joined(separator: ", "))")
        }
        func settingsOf(_ options: [KeyValueOption]) -> [SweepJob.Setting] {
            options.map { SweepJob.Setting(name: $0.name, text: $0.text) }
        }
        var job = SweepJob(
            className: className,
            files: data.data.map { URL(fileURLWithPath: $0).standardizedFileURL.path },
            symbols: data.instrument,
            parameters: settingsOf(set), venue: settingsOf(data.venue), limits: settingsOf(data.limit),
            seed: data.seed, daysPerYear: data.daysPerYear)
        switch settings.warmUp {
        case .records(let count): job.warmUpRecords = count
        case .time(let duration): job.warmUpSeconds = duration.components.seconds
        case nil: break
        }
        return job
    }

    /// What a database of this sweep says of it. Files are known by their content and not by their place, so that
    /// shards of several machines belong together.
    func definition(
        _ job: SweepJob, pointCount: Int, metric: StatisticsMetric, windows: [WalkForwardWindow] = []
    ) throws -> SweepStore.Definition {
        let files = try data.data.map { path in
            let header = try TickFileReader(path: path).header
            return "\(header.recordCount) records, \(header.firstTime.iso8601(fractionDigits: 9)) to "
                + header.lastTime.iso8601(fractionDigits: 9)
        }
        let document = SweepDocument(
            className: className, files: files, instruments: data.instrument,
            parameters: Self.dictionary(job.parameters), venue: Self.dictionary(job.venue),
            limits: Self.dictionary(job.limits), ranges: range, constraints: constraint, random: random,
            randomSeed: random == nil ? nil : randomSeed, seed: data.seed, from: data.from, until: data.until,
            warmUp: data.warmUp, daysPerYear: data.daysPerYear,
            windows: windows.map { [$0.inSampleFrom, $0.outOfSampleFrom, $0.outOfSampleUntil] })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return SweepStore.Definition(
            json: String(decoding: try encoder.encode(document), as: UTF8.self), pointCount: pointCount,
            objective: metric.name, isBetterHigh: metric.isBetterHigh)
    }

    private static func dictionary(_ settings: [SweepJob.Setting]) -> [String: String] {
        Dictionary(settings.map { ($0.name, $0.text) }) { _, last in last }
    }
}

/// The definition of a sweep in its database.
private struct SweepDocument: Encodable {
    var className: String
    var files: [String]
    var instruments: [String]
    var parameters: [String: String]
    var venue: [String: String]
    var limits: [String: String]
    var ranges: [String]
    var constraints: [String]
    var random: Int?
    var randomSeed: UInt64?
    var seed: UInt64
    var from: String?
    var until: String?
    var warmUp: String?
    var daysPerYear: Double
    var windows: [[Timestamp]]

    enum CodingKeys: String, CodingKey {
        case files, instruments, parameters, venue, limits, ranges, constraints, random, seed, from, until,
            windows
        case className = "class_name"
        case randomSeed = "random_seed"
        case warmUp = "warm_up"
        case daysPerYear = "days_per_year"
    }
}
