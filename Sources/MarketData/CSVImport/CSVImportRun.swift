import TradingModel

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// One import under way: reads file after file into one stream of records. Not thread-safe.
final class CSVImportRun {
    private(set) var summary = ImportSummary()
    private(set) var progress = ImportProgress()
    /// Called now and then with how far it has come.
    var onProgress: ((ImportProgress) -> Void)?
    /// What the first file was found to be.
    private(set) var layout: CSVLayout?

    private let options: CSVImportOptions
    private let output: ImportOutput
    private let table: CSVSymbolTable
    private let notes: UnsafeMutablePointer<Int>
    /// The output's slots, those filled, and how many leave room for a row.
    private var records: UnsafeMutablePointer<MarketEvent>
    private var recordCount = 0, fullCount = 0
    private let readByteCount: Int
    private let firstByteCount: Int
    private let namesFiles: Bool
    private let usesFastRows: Bool
    private var path = ""
    private var lineNumber = 0

    /// - Parameters:
    ///   - namesFiles: whether bad rows are told with their file.
    ///   - readByteCount: bytes of one read; small ones are for tests.
    init(
        options: CSVImportOptions, output: ImportOutput, namesFiles: Bool, readByteCount: Int,
        firstByteCount: Int, usesFastRows: Bool
    ) {
        self.usesFastRows = usesFastRows
        self.options = options
        self.output = output
        self.namesFiles = namesFiles
        self.readByteCount = readByteCount
        self.firstByteCount = firstByteCount
        table = CSVSymbolTable(options: options)
        notes = .allocate(capacity: CSVRecordBuilder.Note.allCases.count)
        notes.initialize(repeating: 0, count: CSVRecordBuilder.Note.allCases.count)
        guard let slots = output.slots.baseAddress else { preconditionFailure("an output has slots") }
        records = slots
        fullCount = output.slots.count - 2
        output.onLateRow = { [unowned self] line, problem in
            summary.addBadRow(line, problem, path: namesFiles ? path : nil)
        }
    }

    deinit { notes.deallocate() }

    /// Bytes of all inputs, for the progress.
    func expect(byteCount: Int) { progress.byteCountTotal = byteCount }

    /// Reads one file to its end, or until the output wants no more.
    func read(_ origin: ByteSource.Origin) throws(MarketDataError) {
        let source = try ByteSource(origin)
        do throws(MarketDataError) {
            try read(source)
        } catch {
            // Rows that make no sense may come of a compressed file that is damaged, which its checksum would tell.
            if error.code == .outOfOrder || error.code == .unknownLayout { try source.checkRest() }
            throw error
        }
    }

    private func read(_ source: ByteSource) throws(MarketDataError) {
        path = source.path
        let reader = CSVBlockReader(source, readByteCount: readByteCount, firstByteCount: firstByteCount)
        guard let first = try reader.next() else {
            throw MarketDataError(.unknownLayout, "\(source.path) is empty")
        }
        let offset = try CSVContent.offset(in: first, path: source.path)
        let layout = try CSVLayout(bytes: first, offset: offset, options: options, path: source.path)
        if self.layout == nil { self.layout = layout }
        var scanner = CSVLineScanner(first, delimiter: layout.delimiter, offset: offset)
        if layout.hasHeader { _ = scanner.next() }
        let begin = layout.hasHeader ? min(scanner.offset, first.count) : offset
        lineNumber = layout.hasHeader ? scanner.lineNumber : 0
        let parser = try CSVContent.parser(
            bytes: first, offset: begin, layout: layout, options: options, table: table, notes: notes,
            path: source.path)
        let fast = CSVFastRow(parser: parser, options: options)
        let before = progress.byteCount
        try read(UnsafeBufferPointer(rebasing: first[begin...]), parser, fast, &scanner)
        while !output.isFull, let block = try reader.next() {
            report(byteCount: before + source.position)
            try read(block, parser, fast, &scanner)
        }
        report(byteCount: before + source.position)
        try flush()
    }

    /// Writes what is left; throws when rows were bad and that is refused. The output is closed by the caller.
    func finish() throws(MarketDataError) -> ImportSummary {
        summary.setNotes(notes)
        let nothing = output.recordCount == 0
        if output.isRefused || (nothing && summary.badRowCount > 0) {
            throw MarketDataError(
                .badRows,
                "\(path): \(summary.badRowCount) of \(summary.rowCount) rows cannot be imported;"
                    + " nothing was written."
                    + " Mend them, or skip bad rows.\n\(summary.badRowsText)")
        }
        guard !nothing else {
            let reasons = summary.notes.isEmpty ? "" : ": " + summary.notes.joined(separator: "; ")
            throw MarketDataError(.badRows, "\(path) gives no records\(reasons)")
        }
        try output.finish(path: path)
        summary.recordCount = output.recordCount
        summary.firstTime = output.firstTime
        summary.lastTime = output.lastTime
        summary.instruments = table.instruments(without: output.lateRecordCounts)
        summary.columns = layout?.assignments.map { "\($0.field.rawValue) = \($0.column)" } ?? []
        return summary
    }

    /// What was read without the checks and the end of `finish`, for a preview.
    func preview() -> ImportSummary {
        summary.setNotes(notes)
        summary.instruments = table.instruments()
        summary.columns = layout?.assignments.map { "\($0.field.rawValue) = \($0.column)" } ?? []
        return summary
    }

    private func report(byteCount: Int) {
        progress.byteCount = byteCount
        progress.rowCount = summary.rowCount
        onProgress?(progress)
    }

    /// Reads a block of whole lines.
    private func read(
        _ block: UnsafeBufferPointer<UInt8>, _ parser: CSVRowParser, _ fast: CSVFastRow,
        _ scanner: inout CSVLineScanner
    ) throws(MarketDataError) {
        guard var position = block.baseAddress else { return }
        let end = position + block.count
        var rows = 0
        defer { summary.rowCount += rows }
        while position < end {
            if recordCount > fullCount {
                try flush()
                if output.isFull { return }
            }
            lineNumber += 1
            var count = 0
            if fast.isReady,
                let next = fast.row(
                    position, lineNumber: lineNumber, into: records + recordCount, count: &count)
            {
                recordCount &+= count
                rows &+= 1
                position = next
                continue
            }
            position = try readSlowly(position, end, parser, fast, &scanner, &rows)
        }
    }

    /// Reads one line the general way; gives where the next begins.
    @inline(never)
    private func readSlowly(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ parser: CSVRowParser,
        _ fast: CSVFastRow, _ scanner: inout CSVLineScanner, _ rows: inout Int
    ) throws(MarketDataError) -> UnsafePointer<UInt8> {
        var lineEnd = end
        if let found = memchr(start, 0x0A, end - start) {
            lineEnd = UnsafePointer(found.assumingMemoryBound(to: UInt8.self))
        }
        let next = min(lineEnd + 1, end)
        let length = lineEnd - start
        if length == 0 || (length == 1 && start[0] == 0x0D) { return next }
        rows += 1
        scanner.load(UnsafeBufferPointer(start: start, count: length), number: lineNumber)
        do throws(CSVRowProblem) {
            recordCount += try parser.parse(scanner, into: records + recordCount)
            if usesFastRows { fast.learn(from: scanner) }
        } catch {
            // Rows before it that come late are told before it.
            if options.outOfOrder == .skip { try flush() }
            summary.addBadRow(lineNumber, error, path: namesFiles ? path : nil)
            output.isRefused = options.badRows == .refuse
        }
        return next
    }

    private func flush() throws(MarketDataError) {
        let count = recordCount
        recordCount = 0
        try output.append(count, path: path)
        guard let slots = output.slots.baseAddress else { preconditionFailure("an output has slots") }
        records = slots
        fullCount = output.slots.count - 2
    }
}

/// What the first block of a file tells.
enum CSVContent {
    /// Where the text begins, after a byte order mark; refuses what is no text.
    static func offset(in bytes: UnsafeBufferPointer<UInt8>, path: String) throws(MarketDataError) -> Int {
        func begins(_ prefix: [UInt8]) -> Bool { bytes.prefix(prefix.count).elementsEqual(prefix) }
        for (magic, name) in [([0x1F, 0x8B] as [UInt8], "gzip"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd")]
        where begins(magic) {
            throw MarketDataError(
                .unknownLayout,
                "\(path) is compressed with \(name), more than once or in a pipe; unpack it first: \(name) -dc"
            )
        }
        if begins([0x50, 0x4B, 0x03, 0x04]) {
            throw MarketDataError(
                .unknownLayout, "\(path) is a zip archive in a pipe or in another archive; unpack it first")
        }
        if begins([0xFF, 0xFE]) || begins([0xFE, 0xFF]) {
            throw MarketDataError(
                .unknownLayout, "\(path) is UTF-16 text; convert it to UTF-8 first, with iconv")
        }
        if begins(TickFileHeader.magic.withUTF8Buffer { Array($0) }) {
            throw MarketDataError(.unknownLayout, "\(path) is a tick file already")
        }
        // A few zero bytes are damage, and bad rows; text in which every eighth byte is one is no text.
        let zeroCount = bytes.prefix(4096).reduce(0) { $0 + ($1 == 0 ? 1 : 0) }
        if zeroCount * 8 > min(bytes.count, 4096) {
            throw MarketDataError(.unknownLayout, "\(path) holds zero bytes; it is no CSV text")
        }
        let offset = begins([0xEF, 0xBB, 0xBF]) ? 3 : 0
        try refuseOtherText(UnsafeBufferPointer(rebasing: bytes[offset...]), path: path)
        return offset
    }

    /// Refuses what servers send in place of a file, and lines that end with carriage returns alone.
    private static func refuseOtherText(
        _ text: UnsafeBufferPointer<UInt8>, path: String
    ) throws(MarketDataError) {
        let begin = text.drop { $0 <= 0x20 }.prefix(5)
        func begins(_ prefix: String) -> Bool {
            begin.count >= prefix.utf8.count && zip(begin, prefix.utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
        }
        var kind: String?
        // Columns may be named as <DATE>.
        if begins("<!") || begins("<?") || begins("<html") { kind = "HTML or XML" }
        if begins("{") || begins("[") { kind = "JSON" }
        if let kind {
            let shown = CSVText.shown(UnsafeBufferPointer(rebasing: text.prefix(60)), byteCountMax: 60)
            throw MarketDataError(
                .unknownLayout,
                "\(path) is \(kind), no CSV text: '\(shown)'; perhaps a server's message instead of the file,"
                    + " fetch it again")
        }
        if text.contains(0x0D), text.firstIndex(of: 0x0A) ?? text.count - 1 == text.count - 1 {
            let returns = text.dropLast(2).contains(0x0D)
            guard returns else { return }
            throw MarketDataError(
                .unknownLayout,
                "\(path) has lines that end with carriage returns alone; convert them first: tr '\\r' '\\n'")
        }
    }

    /// The parser of a file's rows, its time columns recognised by the first row that has times.
    static func parser(
        bytes: UnsafeBufferPointer<UInt8>, offset: Int, layout: CSVLayout, options: CSVImportOptions,
        table: CSVSymbolTable, notes: UnsafeMutablePointer<Int>, path: String
    ) throws(MarketDataError) -> CSVRowParser {
        var scanner = CSVLineScanner(bytes, delimiter: layout.delimiter, offset: offset)
        guard scanner.next() else { throw MarketDataError(.badRows, "\(path) has no data rows") }
        var failure: MarketDataError?
        for _ in 0..<Limits.csvProbeRows {
            do throws(MarketDataError) {
                let parser = try CSVRowParser(
                    layout: layout, options: options, table: table, notes: notes, barNanoseconds: 0,
                    scanner: scanner, path: path)
                guard layout.preset == .ohlcv else { return parser }
                let duration = try barNanoseconds(
                    parser, bytes: bytes, offset: offset, layout: layout, options: options, path: path)
                return try CSVRowParser(
                    layout: layout, options: options, table: table, notes: notes, barNanoseconds: duration,
                    scanner: scanner, path: path)
            } catch {
                if failure == nil { failure = error }
                if error.code != .unknownLayout { break }
            }
            guard scanner.next() else { break }
        }
        throw failure ?? MarketDataError(.badRows, "\(path) has no data rows")
    }

    /// The length of the bars: given, or the smallest distance of the first rows; 0 where rows tell it.
    private static func barNanoseconds(
        _ parser: CSVRowParser, bytes: UnsafeBufferPointer<UInt8>, offset: Int, layout: CSVLayout,
        options: CSVImportOptions, path: String
    ) throws(MarketDataError) -> Int64 {
        if let duration = options.barDuration {
            guard duration > .zero else {
                throw MarketDataError(.badOptions, "the bar duration must be above zero")
            }
            return duration.wholeNanoseconds
        }
        var scanner = CSVLineScanner(bytes, delimiter: layout.delimiter, offset: offset)
        var previous: Int64?
        var smallest = Int64.max
        for _ in 0..<Limits.csvProbeRows {
            guard scanner.next() else { break }
            if let time = parser.time(of: scanner) {
                if let previous, time > previous { smallest = min(smallest, time &- previous) }
                previous = time
            }
        }
        if smallest < .max, smallest > 0 { return smallest }
        if layout[.closeTime] != nil || layout[.barType] != nil || options.isBarTimeClose { return 0 }
        throw MarketDataError(
            .unknownLayout,
            "\(path): the length of its bars does not show from its rows; give the bar duration")
    }
}
