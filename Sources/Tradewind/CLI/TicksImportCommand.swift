import ArgumentParser
import MarketData
import TradingModel

extension TicksCommand {
    /// `tradewind ticks import IN --preset P -o OUT`
    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Turn a CSV file into a tick file.",
            discussion: """
                Columns are found by the names people use in headers (timestamp, bid, ask_size, price, ...), or given \
                with --column time=0 --column bid=best_bid. Times are ISO-8601 with or without a zone, or numbers in \
                s, ms, us or ns. The output appears only when it is complete.
                """)

        @OptionGroup var ignored: IgnoredHomeOption
        @Argument(help: "A CSV file.") var input: String
        @Option(name: .long, help: "What the rows are: quotes, trades or ohlcv.") var preset: String
        @Option(name: .long, help: "The instrument, unless the file has a column of symbols.") var symbol:
            String?
        @Option(name: [.short, .customLong("output")], help: "The tick file to make.") var output: String
        @Option(name: .long, help: "A column as field=name or field=position, counted from 0; repeatable.")
        var column: [KeyValueOption] = []
        @Option(name: .long, help: "The unit of times that are numbers: s, ms, us or ns.") var timeUnit:
            String?
        @Option(
            name: .long, parsing: .unconditional, help: "Zone of times without one, such as -05:00.")
        var zone: String?
        @Option(name: .long, help: "Rows that cannot be read: refuse or skip.") var badRows = "refuse"
        @Flag(name: .long, help: "Sort records by time instead of refusing a file that goes back.") var sort =
            false
        @Flag(inversion: .prefixedNo, help: "The first row names the columns. Found out when left out.")
        var header: Bool?
        @Option(name: .long, help: "The instrument's category.") var category = "default"
        @Option(name: .long, help: "The instrument's currency.") var currency = "USD"
        @Option(name: .long, help: "The price increment; the finest decimals seen when left out.")
        var priceIncrement: String?

        func run() throws {
            try reporting {
                let summary = try CSVImporter(options: try options()).importFile(at: input, to: output)
                if summary.badRowCount > 0 {
                    printError("left out \(summary.badRowCount) bad rows:\n\(summary.badRowsText)")
                }
                print("\(summary.recordCount) records from \(summary.rowCount) rows in \(output)")
                print("columns: \(summary.columns.joined(separator: ", "))")
                if let first = summary.firstTime, let last = summary.lastTime {
                    print("from \(first) to \(last)")
                }
                for count in summary.instruments {
                    print(
                        "\(count.instrument.symbol): \(count.recordCount) records, token \(count.instrument.token), "
                            + "price increment \(count.instrument.priceIncrement)")
                }
            }
        }

        private func options() throws -> CSVImportOptions {
            var options = CSVImportOptions(preset: try choice(preset, "--preset"), symbol: symbol)
            options.badRows = try choice(badRows, "--bad-rows")
            options.order = sort ? .sort : .refuse
            options.hasHeader = header
            options.category = category
            options.currency = currency
            if let timeUnit { options.timeUnit = try choice(timeUnit, "--time-unit") as CSVTimeUnit }
            if let priceIncrement {
                guard let increment = Price(priceIncrement), increment > .zero else {
                    throw CommandLineError(
                        ExitCodes.usage, "--price-increment: '\(priceIncrement)' is not a decimal above zero")
                }
                options.priceIncrement = increment
            }
            for column in column {
                guard CSVField(rawValue: column.name) != nil else {
                    let known = CSVField.allCases.map(\.rawValue).joined(separator: ", ")
                    throw CommandLineError(
                        ExitCodes.usage, "--column: no field '\(column.name)'; there are \(known)")
                }
                options.columns[column.name] = Int(column.text).map { .position($0) } ?? .name(column.text)
            }
            if let zone { options.zoneOffsetSeconds = try offset(of: zone) }
            return options
        }

        private func choice<Value: RawRepresentable & CaseIterable>(
            _ text: String, _ option: String
        ) throws -> Value where Value.RawValue == String {
            if let value = Value(rawValue: text) { return value }
            let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandLineError(ExitCodes.usage, "\(option): '\(text)' is none of \(known)")
        }

        /// Seconds east of UTC of `-05:00` and the like, read by the parser of ISO-8601 times.
        private func offset(of zone: String) throws -> Int64 {
            guard let there = Timestamp(iso8601: "1970-01-02T00:00:00" + zone) else {
                throw CommandLineError(ExitCodes.usage, "--zone: '\(zone)' is not an offset such as -05:00")
            }
            return 86_400 - there.milliseconds / 1000
        }
    }
}
