import TradingModel

/// Reads CSV lines as the import does: the layout is recognised by the connection's first line, or given.
///
/// A first line that shows no layout is malformed like any other, and the next one is tried. Not thread-safe.
struct CSVLineDecoder: FeedLineDecoder {
    private let options: CSVImportOptions
    /// A header that waits for the first row, by which times are recognised.
    private var header: [UInt8] = []
    private var row: Row?

    /// What is needed once the layout is known.
    private final class Row {
        let parser: CSVRowParser
        let delimiter: UInt8
        /// The records of one line, at most two.
        let records: UnsafeMutablePointer<MarketEvent>
        private let notes: UnsafeMutablePointer<Int>

        /// Recognises the times by the row at which `scanner` stands.
        init(
            layout: CSVLayout, options: CSVImportOptions, scanner: borrowing CSVLineScanner
        ) throws(MarketDataError) {
            delimiter = layout.delimiter
            let counters = UnsafeMutablePointer<Int>.allocate(capacity: CSVRecordBuilder.Note.allCases.count)
            counters.initialize(repeating: 0, count: CSVRecordBuilder.Note.allCases.count)
            do throws(MarketDataError) {
                parser = try CSVRowParser(
                    layout: layout, options: options, table: CSVSymbolTable(options: options),
                    notes: counters, barNanoseconds: options.barDuration?.wholeNanoseconds ?? 0,
                    scanner: scanner, path: "the stream")
            } catch {
                counters.deallocate()
                throw error
            }
            notes = counters
            records = .allocate(capacity: 2)
        }

        deinit {
            notes.deallocate()
            records.deallocate()
        }
    }

    /// The instrument of rows that do not name one.
    private let onlySymbol: String?

    init(options: CSVImportOptions, onlySymbol: String?) {
        self.options = options
        self.onlySymbol = onlySymbol
    }

    mutating func decode(
        _ line: UnsafeBufferPointer<UInt8>, into records: FeedChunk
    ) throws(FeedLineProblem) {
        if line.isEmpty { return }
        if row == nil {
            guard try begin(line) else { return }
        }
        guard let row else { return }
        var scanner = CSVLineScanner(line, delimiter: row.delimiter)
        guard scanner.next() else { return }
        let count: Int
        do throws(CSVRowProblem) {
            count = try row.parser.parse(scanner, into: row.records)
        } catch {
            throw FeedLineProblem(reason: (error.field.map { $0.rawValue + " " } ?? "") + error.text)
        }
        for index in 0..<count {
            // The parser numbers records by line; the feed numbers them itself.
            row.records[index].sequence = 0
            records.append(row.records[index])
        }
    }

    /// Recognises the layout by the first line, and the times by the first row; `false` when the line was a header.
    private mutating func begin(_ line: UnsafeBufferPointer<UInt8>) throws(FeedLineProblem) -> Bool {
        let bytes = header + line
        let found: (isHeader: Bool, row: Row?)
        do throws(MarketDataError) {
            found = try bytes.withUnsafeBufferPointer { bytes throws(MarketDataError) in
                var options = options
                if let onlySymbol, !Self.namesSymbols(bytes, options) { options.symbol = onlySymbol }
                let layout = try CSVLayout(bytes: bytes, offset: 0, options: options, path: "the stream")
                var scanner = CSVLineScanner(bytes, delimiter: layout.delimiter)
                guard scanner.next(), !layout.hasHeader || scanner.next() else { return (true, nil) }
                return (false, try Row(layout: layout, options: options, scanner: scanner))
            }
        } catch {
            throw FeedLineProblem(reason: error.description)
        }
        if found.isHeader { header = Array(line) + [0x0A] }
        row = found.row
        return !found.isHeader
    }

    /// Whether the lines have a column of symbols.
    private static func namesSymbols(
        _ bytes: UnsafeBufferPointer<UInt8>, _ options: CSVImportOptions
    ) -> Bool {
        (try? CSVLayout(bytes: bytes, offset: 0, options: options, path: ""))?[.symbol] != nil
    }
}
