import ArgumentParser
import Backtesting
import ControlPlane
import Foundation
import Monitoring
import TradingModel

/// `tradewind sweep ...`
struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Backtest a strategy at many points of its parameters, on several processes.",
        discussion: """
            Every point is kept in an SQLite file as soon as it is done; the same command goes on where it was cut \
            off. --shard I/N runs every N-th point, so that N jobs of a batch scheduler share the work; \
            'sweep merge' joins their databases.
            """,
        subcommands: [Run.self, Merge.self, Show.self], defaultSubcommand: Run.self)

    /// `tradewind sweep CLASS --data FILE --range name=low:high:step`
    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Run a sweep; 'run' may be left out.")

        @OptionGroup var ignored: IgnoredHomeOption
        @OptionGroup var options: SweepOptions

        @Option(name: [.short, .long], help: "The SQLite file of the results.")
        var output: String = "sweep.db"

        @Option(name: .long, help: "Run one of several parts of the points, as I/N with I from 1 to N.")
        var shard: String?

        @Flag(name: .long, help: "Try points again that failed.")
        var retryFailed = false

        @Option(name: .long, help: "How many of the best points to print.")
        var top: Int = 10

        @Flag(name: .long, help: "Print JSON.")
        var json = false

        func run() throws {
            try reporting {
                let strategy = try options.strategy()
                let metric = try options.metric()
                let plan = try options.plan(strategy)
                let (number, count) = try Self.shard(shard)
                let (processCount, timeout) = (try options.processCount(), try options.timeout())
                let job = try options.job(strategy)
                let settings = try options.data.settings()
                let requests = plan.shard(number, of: count).map { point in
                    SweepRequest(
                        window: 0, number: point.index,
                        parameters: point.parameters.map { SweepJob.Setting(name: $0.name, text: $0.text) },
                        from: settings.from?.nanoseconds, until: settings.until?.nanoseconds)
                }
                let store = try SweepStore(
                    path: output,
                    definition: try options.definition(job, pointCount: plan.points.count, metric: metric))
                let started = ContinuousClock.now
                let runner = SweepRunner(
                    store: store, job: job, metric: metric, retriesFailed: retryFailed,
                    timeout: timeout)
                let summary = try runner.run(requests, processCount: processCount)
                let seconds = Double((ContinuousClock.now - started).wholeNanoseconds) / 1e9
                let report = SweepReport(store: store)
                if json {
                    try printJSON(try report.document())
                } else {
                    print(try report.text(top: max(0, top)))
                }
                let before = summary.doneBefore > 0 ? ", \(summary.doneBefore) were done before" : ""
                let excluded = plan.excludedCount > 0 ? ", \(plan.excludedCount) break a constraint" : ""
                printError(
                    "\(summary.done) points in \(decimal(seconds, places: 2)) s\(before)\(excluded), \(summary.failed)"
                        + " failed; results in \(output)")
                try store.close()
            }
        }

        private static func shard(_ text: String?) throws -> (number: Int, count: Int) {
            guard let text else { return (1, 1) }
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]), count >= 1,
                (1...count).contains(number)
            else {
                throw CommandLineError(
                    ExitCodes.usage, "--shard '\(text)' is not I/N with I from 1 to N, such as 2/8")
            }
            return (number, count)
        }
    }

    /// `tradewind sweep merge OUT IN...`
    struct Merge: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Join the databases of a sweep's shards into one.")

        @OptionGroup var ignored: IgnoredHomeOption
        @Argument(help: "The database to add to; made when there is none.") var output: String
        @Argument(help: "Databases of shards.") var inputs: [String]

        func run() throws {
            try reporting {
                guard !inputs.isEmpty else {
                    throw CommandLineError(ExitCodes.usage, "name the databases to join")
                }
                let sources = try inputs.map { try SweepStore(existing: $0) }
                // All of them before anything is made or added.
                for (index, source) in sources.enumerated() {
                    for other in sources[..<index] { try other.checkMerging(source) }
                }
                let target = try SweepStore(path: output, definition: sources[0].definition)
                for source in sources where source.path != output { try target.checkMerging(source) }
                for source in sources where source.path != output {
                    print("\(try target.merge(source)) points from \(source.path)")
                    try source.close()
                }
                let points = try target.points()
                let failed = points.count { $0.status == .failed }
                print(
                    "\(points.count) of \(target.definition.pointCount) points, \(failed) failed, in \(output)"
                )
                try target.close()
            }
        }
    }

    /// `tradewind sweep show FILE`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The best points of a sweep's database.")

        @OptionGroup var ignored: IgnoredHomeOption
        @Argument(help: "The database of a sweep.") var file: String
        @Option(name: .long, help: "How many of the best points to print.") var top: Int = 10
        @Flag(name: .long, help: "Print JSON.") var json = false

        func run() throws {
            try reporting {
                let report = SweepReport(store: try SweepStore(existing: file))
                if json {
                    try printJSON(try report.document())
                } else {
                    print(try report.text(top: max(0, top)))
                }
            }
        }
    }
}
