import ArgumentParser
import MarketData
import Monitoring
import TradingModel

/// `tradewind ticks ...`
struct TicksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ticks", abstract: "Import, look into, make and list tick files.",
        subcommands: [Import.self, Info.self, Cat.self, Synth.self, List.self])

    /// `tradewind ticks info FILE...`
    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What is in tick files: range, counts, prices, and whether every checksum is right.")

        @OptionGroup var ignored: IgnoredHomeOption
        @Argument(help: "Tick files.") var files: [String]
        @Flag(name: .long, help: "Print JSON.") var json = false

        func run() throws {
            try reporting {
                let summaries = try files.map { (path: $0, summary: try TickFileSummary(path: $0)) }
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

    /// `tradewind ticks cat FILE`
    struct Cat: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print records as CSV, or as JSON lines.")

        @OptionGroup var ignored: IgnoredHomeOption
        @Argument(help: "A tick file.") var file: String
        @Option(name: .long, help: "Only this instrument.") var symbol: String?
        @Option(name: .long, help: "From this ISO-8601 receive time on.") var from: String?
        @Option(name: .long, help: "Before this ISO-8601 receive time.") var to: String?
        @Option(name: .shortAndLong, help: "At most so many records.") var number: Int?
        @Flag(name: .long, help: "Print JSON lines.") var json = false

        func run() throws {
            try reporting {
                var reader = try TickFileReader(path: file, tornTail: .leaveOut)
                let text = MarketEventText(instruments: reader.header.instruments)
                let token = try symbol.map { symbol in
                    guard let found = reader.header.instruments.first(where: { $0.symbol == symbol }) else {
                        let known = reader.header.instruments.map(\.symbol).joined(separator: ", ")
                        throw CommandLineError(
                            ExitCodes.badData, "\(file) has no instrument \(symbol); it has \(known)")
                    }
                    return found.token
                }
                let first = try time(from, "--from") ?? Timestamp(nanoseconds: .min)
                let end = try time(to, "--to") ?? .distantFuture
                var remaining = number ?? .max
                if from != nil { try reader.seek(to: first) }
                if !json { print(MarketEventText.csvHeader) }
                while remaining > 0, let block = try reader.nextBlock() {
                    for event in block where remaining > 0 {
                        guard event.receiveTime >= first, event.receiveTime < end else { continue }
                        guard token == nil || event.token == token else { continue }
                        print(json ? text.jsonLine(event) : text.csvLine(event))
                        remaining -= 1
                    }
                }
            }
        }

        private func time(_ text: String?, _ option: String) throws -> Timestamp? {
            guard let text else { return nil }
            guard let time = Timestamp(iso8601: text) else {
                throw CommandLineError(
                    ExitCodes.usage, "\(option): '\(text)' is not a time such as 2026-01-05T09:00:00Z")
            }
            return time
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
                    throw CommandLineError(ExitCodes.usage, "--seconds and --rate must be above zero")
                }
                var options = SyntheticOptions()
                if !symbol.isEmpty { options.symbols = symbol }
                options.seed = seed
                options.rate = rate
                options.startPrices = [price]
                options.model = chosen
                let count = Int((seconds * rate).rounded())
                try SyntheticMarket.writeTickFile(
                    path: output, options: options, beginning: beginning, recordCount: count)
                print("\(count) records of \(options.symbols.joined(separator: ", ")) in \(output)")
            }
        }
    }
}
