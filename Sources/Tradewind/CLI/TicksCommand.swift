import ArgumentParser
import MarketData
import Monitoring
import TradingModel

/// `tradewind ticks ...`
struct TicksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ticks", abstract: "Import, look into, make and list tick files.",
        subcommands: [
            Import.self, Info.self, Cat.self, Export.self, Bars.self, Merge.self, Slice.self, Verify.self,
            Repair.self, Synth.self, Plot.self, List.self,
        ])

    /// `tradewind ticks info FILE...`
    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What is in tick files: range, counts, prices, and whether every checksum is right.")

        @OptionGroup var ignored: IgnoredHomeOption
        @Argument(help: "Tick files.") var files: [String]
        @Option(name: .long, help: "A time without records that counts as a gap: 60s, 5m, 1h.") var gap =
            "60s"
        @Flag(name: .long, help: "Print JSON.") var json = false

        func run() throws {
            try reporting {
                guard let length = DurationText.parse(gap) else {
                    throw CommandLineError(ExitCodes.usage, "--gap: '\(gap)' is no time such as 60s or 5m")
                }
                let summaries = try files.map {
                    (path: $0, summary: try TickFileSummary(path: $0, gapMinimum: length))
                }
                if json {
                    try printJSON(summaries.map { TickFileDocument(path: $0.path, summary: $0.summary) })
                } else {
                    for (path, summary) in summaries {
                        print(TickFilePage(path: path, summary: summary).text())
                    }
                }
                for case (let path, let summary) in summaries {
                    guard case .damaged(let error) = summary.checksumState else { continue }
                    throw CommandLineError(ExitCodes.badData, "\(path): \(error)")
                }
            }
        }
    }

    /// `tradewind ticks synth -o OUT`
    struct Synth: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Make a tick file of quotes and trades from a seed; the same arguments give the same bytes.")

        @OptionGroup var ignored: IgnoredHomeOption
        @Option(name: [.short, .customLong("output")], help: "The file to make.") var output: String
        @Option(name: .long, help: "An instrument; repeatable.") var symbol: [String] = []
        @Option(name: .long, help: "The seed.") var seed: UInt64 = 1
        @Option(name: .long, help: "Records per second of the file's time.") var rate: Double = 20
        @Option(name: .long, help: "Length in seconds of the file's time.") var seconds: Double = 600
        @Option(name: .long, help: "The first moment, ISO-8601.") var start = "2026-01-05T09:00:00Z"
        @Option(name: .long, help: "The price that every instrument begins at.") var startPrice = "100"
        @Option(name: .long, help: "random_walk or mean_reverting.") var model = "random_walk"

        func run() throws {
            try reporting {
                guard let beginning = Timestamp(iso8601: start) else {
                    throw CommandLineError(
                        ExitCodes.usage, "--start: '\(start)' is not a time such as 2026-01-05T09:00:00Z")
                }
                guard let price = Price(startPrice) else {
                    throw CommandLineError(ExitCodes.usage, "--start-price: '\(startPrice)' is not a decimal")
                }
                guard let chosen = SyntheticOptions.Model(rawValue: model) else {
                    let known = SyntheticOptions.Model.allCases.map(\.rawValue).joined(separator: ", ")
                    throw CommandLineError(ExitCodes.usage, "--model: '\(model)' is none of \(known)")
                }
                guard seconds > 0, rate > 0, seconds * rate < 1e11 else {
                    throw CommandLineError(
                        ExitCodes.usage,
                        "--seconds and --rate must be above zero, and give below 10^11 records")
                }
                var options = SyntheticOptions()
                if !symbol.isEmpty { options.symbols = symbol }
                options.seed = seed
                options.rate = rate
                options.startPrices = [price]
                options.model = chosen
                let count = Int((seconds * rate).rounded())
                UnfinishedFiles.removeWhenInterrupted(writing: output)
                try SyntheticMarket.writeTickFile(
                    path: output, options: options, beginning: beginning, recordCount: count)
                print("\(count) records of \(options.symbols.joined(separator: ", ")) in \(output)")
            }
        }
    }
}
