import ArgumentParser
import MarketData
import Monitoring
import TradingEngine
import TradingModel

extension TicksCommand {
    /// `tradewind ticks bars FILE... --every 1m`
    struct Bars: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build bars from ticks, as the engine does for a strategy: by time, ticks or volume.",
            discussion: """
                Bars are stamped at their close and go by receive time. Without --session those of a time are aligned to \
                the epoch, in UTC; with it they are counted from that time of the UTC day, and one under way when the next \
                session starts ends there. A tick at the closing moment belongs to the next bar; a time without a tick has no \
                bar. Of an instrument with trades the trades count, else the mids of its quotes. The trade that fills a \
                volume bar belongs to it whole. The bar under way at the end is left out. Records in a tick file (-o) are \
                those of the engine, to be replayed or tested on like any other.
                """)

        @OptionGroup var ignored: IgnoredHomeOption
        @OptionGroup var options: TickFilterOptions
        @Argument(help: "Tick files; several are merged by time.") var files: [String]
        @Option(name: .long, help: "Bars of a time: 1s, 5m, 4h, 1d.") var every: String?
        @Option(name: .long, help: "With --every: the session's start in UTC, such as 14:30.")
        var session: String?
        @Option(name: .long, help: "Bars of so many ticks.") var ticks: Int?
        @Option(name: .long, help: "Bars of at least so much volume.") var volume: String?
        @Option(name: [.short, .customLong("output")], help: "A tick file to make, instead of printing.")
        var output: String?
        @Flag(name: .long, help: "Print JSON lines instead of CSV.") var json = false

        func run() throws {
            try reporting {
                guard output == nil || !json else {
                    throw CommandLineError(ExitCodes.usage, "--json prints; with -o a tick file is made")
                }
                var builder = try builder()
                if let output { UnfinishedFiles.removeWhenInterrupted(writing: output) }
                let reader = try MergedTickReader(paths: files, tornTail: .leaveOut)
                let count: Int
                if let output {
                    count = try write(reader, &builder, to: output)
                    print("\(count) bars in \(output)")
                } else {
                    count = try printBars(reader, &builder)
                }
                if reader.tornByteCount > 0 {
                    printError(
                        "left out \(reader.tornByteCount) bytes of torn tails; 'ticks repair' cuts them")
                }
                if builder.invalidCount > 0 {
                    printError("left out \(builder.invalidCount) records that are no valid prices")
                }
                if count == 0 {
                    printError(
                        builder.isBarUnderWay
                            ? "no bar: the data end before the first is complete"
                            : "no bar: there are no quotes and no trades")
                }
            }
        }

        // MARK: - What is asked for

        private func builder() throws -> BarBuilder {
            let given = [every != nil, ticks != nil, volume != nil].count { $0 }
            guard given == 1 else {
                throw CommandLineError(
                    ExitCodes.usage, "one of --every 1m, --ticks N and --volume V says what a bar is")
            }
            guard session == nil || every != nil else {
                throw CommandLineError(ExitCodes.usage, "--session goes with --every")
            }
            if let ticks {
                guard ticks > 0 else { throw usage("--ticks", "\(ticks)", "a number from 1 on") }
                return BarBuilder(ticks: ticks)
            }
            if let volume {
                guard let quantity = Quantity(volume), quantity > .zero else {
                    throw usage("--volume", volume, "a positive decimal")
                }
                return BarBuilder(volume: quantity)
            }
            let text = every ?? ""
            guard let interval = DurationText.parse(text), interval >= .seconds(1),
                interval <= .seconds(366 * 86_400)
            else { throw usage("--every", text, "a time from 1s to 366d, such as 90s, 5m or 4h") }
            return BarBuilder(every: interval, sessionStart: try session.map(timeOfDay))
        }

        private func timeOfDay(_ text: String) throws -> Duration {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            let numbers = parts.compactMap { $0.count == 2 ? Int64($0) : nil }
            guard numbers.count == parts.count, (2...3).contains(numbers.count),
                (0..<24).contains(numbers[0]),
                numbers.dropFirst().allSatisfy({ (0..<60).contains($0) })
            else { throw usage("--session", text, "a time of the UTC day such as 14:30") }
            return .seconds(numbers[0] * 3_600 + numbers[1] * 60 + (numbers.count == 3 ? numbers[2] : 0))
        }

        private func usage(_ option: String, _ text: String, _ wanted: String) -> CommandLineError {
            CommandLineError(ExitCodes.usage, "\(option): '\(text)' is not \(wanted)")
        }

        // MARK: - What comes out

        private func printBars(_ reader: MergedTickReader, _ builder: inout BarBuilder) throws -> Int {
            let lines = LineOutput()
            defer { try? lines.flush() }
            let text = MarketEventText(instruments: reader.instruments)
            if !json { try lines.write(MarketEventText.barHeader) }
            return try forEachBar(reader, &builder) { closed in
                try lines.write(
                    json
                        ? text.barJSONLine(closed.bar, token: closed.token, time: closed.time)
                        : text.barLine(closed.bar, token: closed.token, time: closed.time))
            }
        }

        private func write(
            _ reader: MergedTickReader, _ builder: inout BarBuilder, to path: String
        ) throws -> Int {
            let writer = try TickFileWriter(
                bulkTo: path, instruments: reader.instruments,
                source: String("bars of \(files.joined(separator: ", "))".prefix(1_000)))
            do {
                var sequence: UInt64 = 1
                let count = try forEachBar(reader, &builder) { closed in
                    let records = MarketEvent.bar(
                        closed.bar, token: closed.token, eventTime: closed.time, receiveTime: closed.time,
                        sequence: sequence)
                    try writer.append(records.volume)
                    try writer.append(records.bar)
                    sequence += 2
                }
                try writer.finish()
                return count
            } catch {
                writer.abandon()
                throw error
            }
        }

        private func forEachBar(
            _ reader: MergedTickReader, _ builder: inout BarBuilder,
            _ body: (BarBuilder.Closed) throws -> Void
        ) throws -> Int {
            let filter = try options.filter(of: reader.instruments, path: files.joined(separator: ", "))
            if options.from != nil { try reader.rewind(to: filter.start) }
            var count = 0
            func emit(_ closed: BarBuilder.Closed) throws {
                count += 1
                try body(closed)
            }
            while let run = try reader.nextRun() {
                for event in run {
                    guard event.receiveTime < filter.end else {
                        try builder.advance(to: filter.end, emit: emit)
                        return count
                    }
                    if filter.takes(event) {
                        try builder.add(event, emit: emit)
                    } else {
                        // What is left out says what time it is all the same.
                        try builder.advance(to: event.receiveTime, emit: emit)
                    }
                }
            }
            return count
        }
    }
}
