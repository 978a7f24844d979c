package import TradingModel

/// Turns CSV files into a tick file, in one pass and constant memory.
///
/// Files may be compressed with gzip or zstd, or be zip archives, whose tables count as files. They are read one after the other, as one stream in time order, or
/// each for itself and merged by time. The output gets its name only when it is complete and on disk.
package struct CSVImporter {
    private let options: CSVImportOptions
    private let readByteCount: Int
    private let firstByteCount: Int
    private let usesFastRows: Bool

    package init(options: CSVImportOptions) {
        self.init(options: options, readByteCount: Limits.csvBlockBytes, firstByteCount: Limits.csvBlockBytes)
    }

    /// - Parameters:
    ///   - readByteCount: bytes asked for in one read, for tests of every split.
    ///   - firstByteCount: bytes looked at before the layout is decided.
    ///   - usesFastRows: `false` reads every row the general way, for tests that compare both.
    init(
        options: CSVImportOptions, readByteCount: Int, firstByteCount: Int, usesFastRows: Bool = true
    ) {
        self.usesFastRows = usesFastRows
        self.options = options
        self.readByteCount = readByteCount
        self.firstByteCount = firstByteCount
    }

    /// Imports one file into a new tick file at `output`; nothing is left there when it throws.
    package func importFile(at input: String, to output: String) throws(MarketDataError) -> ImportSummary {
        try importFiles(at: [input], to: output)
    }

    /// Imports files, in the order given, into a new tick file at `output`; nothing is left there when it throws.
    package func importFiles(
        at inputs: [String], to output: String, progress: ((ImportProgress) -> Void)? = nil
    ) throws(MarketDataError) -> ImportSummary {
        guard let first = inputs.first else { throw MarketDataError(.badOptions, "no files to import") }
        let name = first.utf8.lastIndex(of: 0x2F).map { String(first[first.index(after: $0)...]) } ?? first
        let more = inputs.count > 1 ? " and \(inputs.count - 1) more" : ""
        // What is no file is said before anything is created.
        let (origins, byteCount) = try Self.origins(of: inputs)
        let writer = try TickFileWriter(
            bulkTo: output, instruments: [],
            source: "csv \(options.format.rawValue) \(name.prefix(200))\(more)"
        )
        do throws(MarketDataError) {
            let sink = ImportOutput(writer: writer, options: options)
            let run = CSVImportRun(
                options: options, output: sink, namesFiles: origins.count > 1, readByteCount: readByteCount,
                firstByteCount: firstByteCount, usesFastRows: usesFastRows)
            run.onProgress = progress
            run.expect(byteCount: byteCount)
            for origin in origins { try run.read(origin) }
            let summary = try run.finish()
            try writer.finish(replacingInstruments: summary.instruments.map(\.instrument))
            return summary
        } catch {
            writer.abandon()
            throw error
        }
    }

    /// Imports files that overlap in time: each becomes a tick file of its own beside the output, which are then
    /// merged by receive time, equal times in the order of the files.
    package func importMerged(
        at inputs: [String], to output: String, progress: ((ImportProgress) -> Void)? = nil
    ) throws(MarketDataError) -> ImportSummary {
        _ = try Self.origins(of: inputs)
        guard !Syscall.exists(output) else {
            throw MarketDataError(.fileExists, "\(output) exists already; remove it or choose another name")
        }
        let parts = Self.partPaths(of: output, inputCount: inputs.count)
        defer { for part in parts { Syscall.remove(part) } }
        var total = ImportSummary()
        for (input, part) in zip(inputs, parts) {
            Syscall.remove(part)
            let summary = try importFiles(at: [input], to: part, progress: progress)
            total.rowCount += summary.rowCount
            total.badRowCount += summary.badRowCount
            total.badRows += summary.badRows.prefix(Limits.badRowsDescribed - total.badRows.count).map {
                ImportSummary.BadRow(path: input, lineNumber: $0.lineNumber, reason: $0.reason)
            }
            total.notes += summary.notes.map { "\(input): \($0)" }
            if total.columns.isEmpty { total.columns = summary.columns }
        }
        let copy = try TickFileCopy(paths: parts, renumbers: true)
        try copy.write(to: output, source: "csv \(options.format.rawValue), \(inputs.count) files merged")
        total.recordCount = copy.recordCount
        total.firstTime = copy.firstTime
        total.lastTime = copy.lastTime
        total.instruments = copy.counts
        return total
    }

    /// The names under which an import writes until it is complete, to be removed when the process must end before.
    ///
    /// - Parameter inputCount: files that are merged; 0 when they are not.
    package static func temporaryPaths(of output: String, inputCount: Int) -> [String] {
        let parts = partPaths(of: output, inputCount: inputCount)
        return ([output] + parts).map { $0 + ".partial" } + parts
    }

    private static func partPaths(of output: String, inputCount: Int) -> [String] {
        (0..<inputCount).map { "\(output).part-\($0)" }
    }

    /// Reads the first records as an import would, and writes nothing.
    ///
    /// - Parameter recordMax: records wanted; reading stops behind them.
    package func preview(of input: String, recordMax: Int) throws(MarketDataError) -> ImportPreview {
        let (origins, _) = try Self.origins(of: [input])
        let sink = ImportOutput(writer: nil, options: options, keptMax: recordMax)
        let run = CSVImportRun(
            options: options, output: sink, namesFiles: false, readByteCount: readByteCount,
            firstByteCount: firstByteCount, usesFastRows: usesFastRows)
        for origin in origins where !sink.isFull { try run.read(origin) }
        let summary = run.preview()
        return ImportPreview(
            summary: summary, records: sink.kept, instruments: summary.instruments.map(\.instrument),
            delimiter: run.layout.map { Character(UnicodeScalar($0.delimiter)) } ?? ",",
            hasHeader: run.layout?.hasHeader ?? false)
    }

    /// What is to be read, zip archives taken apart, and the bytes of all files on disk.
    private static func origins(
        of inputs: [String]
    ) throws(MarketDataError) -> ([ByteSource.Origin], byteCount: Int) {
        var origins: [ByteSource.Origin] = []
        var total = 0
        for input in inputs {
            origins += try ByteSource.origins(of: input)
            guard input != "-" else { continue }
            let descriptor = try Syscall.openForReading(input)
            defer { Syscall.close(descriptor) }
            total += try Syscall.status(of: descriptor, path: input).byteCount
        }
        return (origins, total)
    }
}

/// The first records of a file as an import understands them.
package struct ImportPreview: Sendable {
    /// Rows, bad rows and columns so far.
    package let summary: ImportSummary
    /// The first records, their line numbers as sequences.
    package let records: [MarketEvent]
    /// The instruments so far.
    package let instruments: [Instrument]
    /// The byte between cells.
    package let delimiter: Character
    /// Whether the first row names the columns.
    package let hasHeader: Bool
}
