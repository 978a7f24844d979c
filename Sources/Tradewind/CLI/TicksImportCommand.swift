import ArgumentParser
import MarketData
import TradingModel

extension TicksCommand {
    /// `tradewind ticks import IN... --preset P -o OUT`
    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Turn CSV files, plain, in zip archives or compressed with gzip or zstd, into one tick file.",
            discussion: """
                Presets: \(ImportFormat.allCases.map(\.rawValue).joined(separator: ", ")). Any other layout is told \
                with --map time=ts,unit=ms,price=px,size=qty: fields (\
                \(CSVField.allCases.map(\.rawValue).joined(separator: ", "))) with the name or the number (from 0) of \
                their column, and settings (\(CSVImportOptions.mappingSettings.joined(separator: ", "))). With a \
                preset, --map changes single ones. Of a zip archive the files that end in .csv are read, by name. Rows \
                that cannot be read and rows that come late are two matters, each with a choice: with --bad-rows skip \
                a row that goes back in time still ends the import, unless --sort, --sort-window or --out-of-order \
                skip say otherwise. The output appears only when it is complete.
                """)

        @OptionGroup var ignored: IgnoredHomeOption
        @OptionGroup var reading: ImportReadingOptions
        @Argument(help: "CSV files, in time order unless --merge is given; - is standard input.")
        var inputs: [String]
        @Option(name: [.short, .customLong("output")], help: "The tick file to make.") var output: String?
        @Flag(name: .long, help: "The files overlap in time: read each for itself and merge them.")
        var merge = false
        @Flag(name: .long, help: "Show the first records as understood, and write nothing.") var dryRun =
            false
        @Option(name: .long, help: "Records that --dry-run shows.") var records = 10
        @Flag(name: .long, help: "Print JSON.") var json = false

        func run() throws {
            try reporting {
                let options = try reading.options()
                if options.format == .records { return try importRecords(options) }
                let importer = CSVImporter(options: options)
                if dryRun {
                    for input in inputs {
                        let preview = try importer.preview(of: input, recordMax: max(1, records))
                        print(ImportPreviewPage(path: input, preview: preview).text())
                    }
                    return
                }
                guard let output else {
                    throw CommandLineError(ExitCodes.usage, "name the tick file to make with -o FILE")
                }
                UnfinishedFiles.removeWhenInterrupted(
                    CSVImporter.temporaryPaths(of: output, inputCount: merge ? inputs.count : 0))
                let bar = ProgressBar()
                let show: (ImportProgress) -> Void = { progress in
                    bar.show(
                        done: progress.byteCount, total: progress.byteCountTotal,
                        text: "\(progress.rowCount) rows")
                }
                let summary: ImportSummary
                do {
                    summary =
                        merge && inputs.count > 1
                        ? try importer.importMerged(at: inputs, to: output, progress: show)
                        : try importer.importFiles(at: inputs, to: output, progress: show)
                } catch {
                    bar.clear()
                    throw error
                }
                bar.clear()
                if json { return try printJSON(ImportDocument(output: output, summary: summary)) }
                report(summary, output)
            }
        }

        private func importRecords(_ options: CSVImportOptions) throws {
            guard let output, !merge, !dryRun else {
                throw CommandLineError(
                    ExitCodes.usage, "records are read with -o FILE, and without --merge and --dry-run")
            }
            UnfinishedFiles.removeWhenInterrupted(writing: output)
            let bar = ProgressBar()
            defer { bar.clear() }
            let importer = RecordTextImporter(
                instruments: options.instruments, badRows: options.badRows, outOfOrder: options.outOfOrder)
            let summary = try importer.importFiles(at: inputs, to: output) { progress in
                bar.show(
                    done: progress.byteCount, total: progress.byteCountTotal,
                    text: "\(progress.rowCount) rows")
            }
            bar.clear()
            if json { return try printJSON(ImportDocument(output: output, summary: summary)) }
            report(summary, output)
        }

        private func report(_ summary: ImportSummary, _ output: String) {
            if summary.badRowCount > 0 {
                printError("left out \(summary.badRowCount) bad rows:\n\(summary.badRowsText)")
            }
            for note in summary.notes { printError(note) }
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
}

/// How the rows of an import are read.
struct ImportReadingOptions: ParsableArguments {
    @Option(name: .long, help: "The format of the files, one of those above.") var preset: String?
    @Option(name: .long, help: "Columns and settings as name=value, separated by commas; repeatable.")
    var map: [String] = []
    @Option(name: .long, help: "The instrument, unless the file has a column of symbols.") var symbol: String?
    @Option(name: .long, help: "A column as field=name or field=position, counted from 0; repeatable.")
    var column: [KeyValueOption] = []
    @Option(name: .long, help: "The unit of times that are numbers: s, ms, us or ns.") var timeUnit: String?
    @Option(
        name: .long, parsing: .unconditional,
        help: "Zone of times without one: UTC, EST, -05:00, Europe/Berlin.")
    var zone: String?
    @Option(name: .long, help: "Rows that cannot be read: refuse or skip.") var badRows = "refuse"
    @Flag(name: .long, help: "Sort all records by time in memory instead of refusing a file that goes back.")
    var sort = false
    @Option(name: .long, help: "Put records that come late in their place, at most so much: 5s, 200ms, 1m.")
    var sortWindow: String?
    @Option(
        name: .long,
        help:
            "Rows that come late, beyond any --sort-window: refuse or skip (counted and told like bad rows).")
    var outOfOrder = "refuse"
    @Option(name: .long, help: "A bid above the ask: bad (a bad row) or keep.") var crossed = "bad"
    @Flag(inversion: .prefixedNo, help: "The first row names the columns. Found out when left out.")
    var header: Bool?
    @Option(name: .long, help: "The instrument's category.") var category = "default"
    @Option(name: .long, help: "The instrument's currency.") var currency = "USD"
    @Option(name: .long, help: "The price increment; the finest decimals seen when left out.")
    var priceIncrement: String?
    @Option(name: .long, help: "The quantity increment; the finest decimals seen when left out.")
    var quantityIncrement: String?
    @Option(name: .long, help: "Values that are no multiple of a given increment: bad (a bad row) or warn.")
    var offIncrement = "bad"
    @Option(
        name: .long,
        help: "A CSV file of instruments as of 'instruments import'; their tokens, increments and names hold."
    )
    var instruments: String?

    func options() throws -> CSVImportOptions {
        guard symbol != "" else {
            throw CommandLineError(ExitCodes.usage, "--symbol is empty; name the instrument")
        }
        var options = try base()
        options.badRows = try choice(badRows, "--bad-rows")
        options.outOfOrder = try choice(outOfOrder, "--out-of-order")
        options.crossed = try choice(crossed, "--crossed")
        options.offIncrement = try choice(offIncrement, "--off-increment")
        options.order = sort ? .sort : .refuse
        if let sortWindow {
            guard !sort, let window = Self.window(sortWindow) else {
                throw CommandLineError(
                    ExitCodes.usage,
                    "--sort-window: '\(sortWindow)' is no time such as 5s or 200ms, or there is --sort")
            }
            options.order = .window(window)
        }
        if let header { options.hasHeader = header }
        options.category = category
        options.currency = currency
        if let timeUnit { options.timeUnit = try choice(timeUnit, "--time-unit") as CSVTimeUnit }
        options.priceIncrement = try increment(priceIncrement, "--price-increment")
        options.quantityIncrement = try increment(quantityIncrement, "--quantity-increment")
        for column in column {
            guard CSVField(rawValue: column.name) != nil else {
                let known = CSVField.allCases.map(\.rawValue).joined(separator: ", ")
                throw CommandLineError(
                    ExitCodes.usage, "--column: no field '\(column.name)'; there are \(known)")
            }
            options.columns[column.name] = Int(column.text).map { .position($0) } ?? .name(column.text)
        }
        if let zone { options.zone = try CSVZone(zone) }
        if let instruments { options.instruments = try InstrumentTableFile(path: instruments).instruments() }
        return options
    }

    /// Reads `200ms`, `5s`, `1m`.
    private static func window(_ text: String) -> Duration? {
        if text.hasSuffix("ms") {
            return Int64(text.dropLast(2)).flatMap { $0 > 0 ? .milliseconds($0) : nil }
        }
        return DurationText.parse(text)
    }

    private func base() throws -> CSVImportOptions {
        guard let preset else {
            guard !map.isEmpty else {
                throw CommandLineError(
                    ExitCodes.usage, "say what the rows are with --preset or --map; see 'ticks import --help'"
                )
            }
            return try CSVImportOptions(mapping: map.joined(separator: ","), symbol: symbol)
        }
        guard let format = ImportFormat(name: preset) else {
            let known = ImportFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandLineError(ExitCodes.usage, "--preset: '\(preset)' is none of \(known)")
        }
        var options = CSVImportOptions(format: format, symbol: symbol)
        if !map.isEmpty { try options.apply(mapping: map.joined(separator: ",")) }
        return options
    }

    private func choice<Value: RawRepresentable & CaseIterable>(
        _ text: String, _ option: String
    ) throws -> Value where Value.RawValue == String {
        if let value = Value(rawValue: text) { return value }
        let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
        throw CommandLineError(ExitCodes.usage, "\(option): '\(text)' is none of \(known)")
    }

    private func increment<Value: FixedPoint>(_ text: String?, _ option: String) throws -> Value? {
        guard let text else { return nil }
        guard let value = Value(text), value > .zero else {
            throw CommandLineError(ExitCodes.usage, "\(option): '\(text)' is not a decimal above zero")
        }
        return value
    }
}
