import TradingModel

/// One import under way.
struct CSVImportRun {
    var summary = ImportSummary()
    private let options: CSVImportOptions
    private let file: MappedFile
    private let path: String
    private let writer: TickFileWriter
    private var sequence: UInt64 = 0
    private var lastTime = Timestamp(nanoseconds: .min)
    private var gathered: [MarketEvent] = []
    private var releasedByteCount = 0

    init(options: CSVImportOptions, file: MappedFile, path: String, writer: TickFileWriter) {
        self.options = options
        self.file = file
        self.path = path
        self.writer = writer
    }

    /// Reads from the line at which the scanner stands to the end.
    mutating func read(_ scanner: inout CSVLineScanner, _ parser: inout CSVRowParser) throws(MarketDataError)
    {
        repeat {
            summary.rowCount += 1
            var volume: MarketEvent?
            let event: MarketEvent
            do throws(CSVRowProblem) {
                event = try parser.parse(scanner, volume: &volume)
            } catch {
                summary.addBadRow(scanner.lineNumber, error)
                continue
            }
            parser.didAccept(volume == nil ? 1 : 2)
            if let volume { try keep(volume, scanner.lineNumber) }
            try keep(event, scanner.lineNumber)
            if scanner.offset - releasedByteCount >= 2 * Limits.mappedBytesBehindMax {
                release(before: scanner.offset)
            }
        } while scanner.next()
    }

    /// Numbers and writes what is left and closes the file; throws when rows were bad and that is refused.
    mutating func finish(_ parser: CSVRowParser) throws(MarketDataError) -> ImportSummary {
        if summary.badRowCount > 0, options.badRows == .refuse || writer.recordCount + gathered.count == 0 {
            throw MarketDataError(
                .badRows,
                "\(path): \(summary.badRowCount) of \(summary.rowCount) rows cannot be imported;"
                    + " nothing was written."
                    + " Mend them, or skip bad rows.\n\(summary.badRowsText)")
        }
        try writeSorted()
        let instruments = parser.symbols.instruments(options: options)
        try writer.finish(replacingInstruments: instruments)
        summary.recordCount = writer.recordCount
        summary.instruments = zip(instruments, parser.symbols.entries).map { instrument, entry in
            ImportSummary.InstrumentCount(instrument: instrument, recordCount: entry.recordCount)
        }
        return summary
    }

    /// Writes a record, or gathers it when the import sorts. Records after a bad row that is refused are only
    /// checked.
    @inline(__always)
    private mutating func keep(_ event: MarketEvent, _ lineNumber: Int) throws(MarketDataError) {
        if options.order == .sort { return try gather(event) }
        guard event.receiveTime >= lastTime else { throw outOfOrder(event, lineNumber) }
        lastTime = event.receiveTime
        guard summary.badRowCount == 0 || options.badRows == .skip else { return }
        try write(event)
    }

    @inline(__always)
    private mutating func write(_ event: MarketEvent) throws(MarketDataError) {
        if sequence == 0 { summary.firstTime = event.receiveTime }
        summary.lastTime = event.receiveTime
        sequence += 1
        var numbered = event
        numbered.sequence = sequence
        try writer.append(numbered)
    }

    private mutating func gather(_ event: MarketEvent) throws(MarketDataError) {
        guard gathered.count < Limits.sortedRecordsMax else {
            throw MarketDataError(
                .limitExceeded,
                "\(path) has over \(Limits.sortedRecordsMax) records; more are not sorted in memory,"
                    + " sort the file first"
            )
        }
        gathered.append(event)
    }

    private mutating func writeSorted() throws(MarketDataError) {
        guard !gathered.isEmpty else { return }
        // Ties are broken by position, since the standard library does not promise a stable sort.
        var order = gathered.indices.map { (time: gathered[$0].receiveTime.nanoseconds, position: $0) }
        order.sort { $0.time != $1.time ? $0.time < $1.time : $0.position < $1.position }
        for entry in order { try write(gathered[entry.position]) }
        gathered = []
    }

    private mutating func release(before offset: Int) {
        // The slack keeps whole huge-page and page sizes aligned and the present line mapped.
        let end =
            (offset - Limits.mappedBytesBehindMax) / Limits.mappedBytesBehindMax * Limits.mappedBytesBehindMax
        file.release(releasedByteCount..<end)
        releasedByteCount = end
    }

    private func outOfOrder(_ event: MarketEvent, _ lineNumber: Int) -> MarketDataError {
        MarketDataError(
            .outOfOrder,
            "\(path), line \(lineNumber): received at \(event.receiveTime.iso8601(fractionDigits: 9)),"
                + " before the row"
                + " ahead of it at \(lastTime.iso8601(fractionDigits: 9)); sort the rows, or let the"
                + " import sort them"
        )
    }
}
