import TradingModel

/// Reads CSV lines as the import does: the layout is recognised by the connection's first line, or given.
///
/// A first line that shows no layout is malformed like any other, and the next one is tried. Not thread-safe.
final class CSVLineDecoder: FeedLineDecoder {
    private let options: CSVImportOptions
    /// The instrument of rows that do not name one.
    private let onlySymbol: String?
    /// A header that waits for the first row, by which times are recognised.
    private var header: [UInt8] = []
    private var parser: CSVRowParser?
    private var table: CSVSymbolTable?
    /// Made for the present layout's delimiter; loaded line by line.
    private var scanner = CSVLineScanner(UnsafeBufferPointer(start: nil, count: 0), delimiter: 0x2C)
    private let notes: UnsafeMutablePointer<Int>
    private let target: UnsafeMutablePointer<MarketEvent>

    init(options: CSVImportOptions, onlySymbol: String?) {
        self.options = options
        self.onlySymbol = onlySymbol
        notes = .allocate(capacity: CSVRecordBuilder.Note.allCases.count)
        notes.initialize(repeating: 0, count: CSVRecordBuilder.Note.allCases.count)
        target = .allocate(capacity: 2)
    }

    deinit {
        notes.deallocate()
        target.deallocate()
    }

    func decode(_ line: UnsafeBufferPointer<UInt8>, into records: FeedChunk) throws(FeedLineProblem) {
        if line.isEmpty { return }
        if parser == nil {
            guard try begin(line) else { return }
        }
        guard let parser else { return }
        scanner.load(line, number: 1)
        let count: Int
        do throws(CSVRowProblem) {
            count = try parser.parse(scanner, into: target)
        } catch {
            throw FeedLineProblem(reason: (error.field.map { $0.rawValue + " " } ?? "") + error.text)
        }
        for index in 0..<count { records.append(target[index]) }
    }

    func symbol(of token: InstrumentToken) -> String? { table?.lastSymbol(ifOf: token) }

    /// Recognises the layout by the first line, and the times by the first row; `false` when the line was a header.
    private func begin(_ line: UnsafeBufferPointer<UInt8>) throws(FeedLineProblem) -> Bool {
        let bytes = header + line + [0x0A]
        do throws(MarketDataError) {
            return try bytes.withUnsafeBufferPointer { bytes throws(MarketDataError) in
                var options = options
                if let onlySymbol, !Self.namesSymbols(bytes, options) { options.symbol = onlySymbol }
                let layout = try CSVLayout(bytes: bytes, offset: 0, options: options, path: "the stream")
                var first = CSVLineScanner(bytes, delimiter: layout.delimiter)
                guard first.next(), !layout.hasHeader || first.next() else {
                    header = Array(line) + [0x0A]
                    return false
                }
                let table = CSVSymbolTable(options: options)
                self.table = table
                parser = try CSVRowParser(
                    layout: layout, options: options, table: table, notes: notes,
                    barNanoseconds: options.barDuration?.wholeNanoseconds ?? 0, scanner: first,
                    path: "the stream")
                scanner = CSVLineScanner(
                    UnsafeBufferPointer(start: nil, count: 0), delimiter: layout.delimiter)
                return true
            }
        } catch {
            throw FeedLineProblem(reason: error.description)
        }
    }

    /// Whether the lines have a column of symbols.
    private static func namesSymbols(
        _ bytes: UnsafeBufferPointer<UInt8>, _ options: CSVImportOptions
    ) -> Bool {
        (try? CSVLayout(bytes: bytes, offset: 0, options: options, path: ""))?[.symbol] != nil
    }
}
