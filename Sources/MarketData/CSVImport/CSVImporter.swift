import TradingModel

/// Turns a CSV file into a tick file, in one pass and constant memory (two for bars of unknown length).
package struct CSVImporter {
    private let options: CSVImportOptions

    package init(options: CSVImportOptions) { self.options = options }

    /// Imports `input` into a new tick file at `output`; nothing is left there when it throws.
    package func importFile(at input: String, to output: String) throws(MarketDataError) -> ImportSummary {
        let file = try MappedFile(path: input)
        let bytes = file.bytes.bindMemory(to: UInt8.self)
        let offset = try Self.contentOffset(of: bytes, path: input)
        let layout = try CSVLayout(bytes: bytes, offset: offset, options: options, path: input)
        let duration = try barNanoseconds(bytes, offset: offset, layout: layout, path: input)
        let slash = input.utf8.lastIndex(of: 0x2F)
        let name = slash.map { String(input[input.index(after: $0)...]) } ?? input
        let writer = try TickFileWriter(
            path: output, instruments: [], source: "csv \(options.preset.rawValue) \(name.prefix(200))")
        do throws(MarketDataError) {
            var run = CSVImportRun(options: options, file: file, path: input, writer: writer)
            var scanner = CSVLineScanner(bytes, delimiter: layout.delimiter, offset: offset)
            if layout.hasHeader { _ = scanner.next() }
            guard scanner.next() else { throw MarketDataError(.badRows, "\(input) has no data rows") }
            var parser = try CSVRowParser(
                layout: layout, options: options, barNanoseconds: duration, scanner: scanner, path: input)
            try run.read(&scanner, &parser)
            run.summary.columns = layout.assignments(of: options.preset).map {
                "\($0.field.rawValue) = \($0.column)"
            }
            return try run.finish(parser)
        } catch {
            writer.abandon()
            throw error
        }
    }

    /// Where the text begins, after a byte order mark; refuses compressed and other files that are no text.
    private static func contentOffset(
        of bytes: UnsafeBufferPointer<UInt8>, path: String
    ) throws(MarketDataError) -> Int {
        func begins(_ prefix: [UInt8]) -> Bool { bytes.prefix(prefix.count).elementsEqual(prefix) }
        guard !bytes.isEmpty else { throw MarketDataError(.unknownLayout, "\(path) is empty") }
        if begins([0x1F, 0x8B]) {
            throw MarketDataError(
                .unknownLayout, "\(path) is compressed with gzip; decompress it first: gzip -dk \(path)")
        }
        if begins([0x28, 0xB5, 0x2F, 0xFD]) {
            throw MarketDataError(
                .unknownLayout, "\(path) is compressed with zstd; decompress it first: zstd -d \(path)")
        }
        if begins([0xFF, 0xFE]) || begins([0xFE, 0xFF]) {
            throw MarketDataError(
                .unknownLayout, "\(path) is UTF-16 text; convert it to UTF-8 first, with iconv")
        }
        if bytes.prefix(4096).contains(0) {
            throw MarketDataError(.unknownLayout, "\(path) holds zero bytes; it is no CSV text")
        }
        return begins([0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// The length of the bars: given, or the smallest distance of the first rows; 0 for other presets.
    private func barNanoseconds(
        _ bytes: UnsafeBufferPointer<UInt8>, offset: Int, layout: CSVLayout, path: String
    ) throws(MarketDataError) -> Int64 {
        guard options.preset == .ohlcv else { return 0 }
        if let duration = options.barDuration {
            guard duration > .zero else {
                throw MarketDataError(.badOptions, "the bar duration must be above zero")
            }
            return duration.wholeNanoseconds
        }
        var scanner = CSVLineScanner(bytes, delimiter: layout.delimiter, offset: offset)
        if layout.hasHeader { _ = scanner.next() }
        guard scanner.next() else { return 0 }
        var parser = try CSVRowParser(
            layout: layout, options: options, barNanoseconds: 0, scanner: scanner, path: path)
        var previous: Int64?
        var smallest = Int64.max
        for _ in 0..<Limits.csvProbeRows {
            if let time = parser.time(of: scanner) {
                if let previous, time > previous { smallest = min(smallest, time &- previous) }
                previous = time
            }
            guard scanner.next() else { break }
        }
        if smallest < .max, smallest > 0 { return smallest }
        if layout[.closeTime] != nil || options.isBarTimeClose { return 0 }
        throw MarketDataError(
            .unknownLayout,
            "\(path): the length of its bars does not show from its rows; give the bar duration")
    }
}
