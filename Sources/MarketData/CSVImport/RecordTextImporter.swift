package import TradingModel

/// Reads the CSV that `MarketEventText` writes back into a tick file with the same records: every kind, times,
/// sequences, tokens and flags as they were.
package struct RecordTextImporter {
    private let known: [InstrumentToken: Instrument]
    private let badRows: CSVImportOptions.BadRowPolicy
    private let outOfOrder: CSVImportOptions.BadRowPolicy

    /// - Parameters:
    ///   - instruments: what is known of the instruments; of others, the increments are the finest decimals seen.
    ///   - badRows: what is done with rows that cannot be read.
    ///   - outOfOrder: what is done with rows that come late.
    package init(
        instruments: [Instrument], badRows: CSVImportOptions.BadRowPolicy,
        outOfOrder: CSVImportOptions.BadRowPolicy = .refuse
    ) {
        var known: [InstrumentToken: Instrument] = [:]
        for instrument in instruments { known[instrument.token] = instrument }
        self.known = known
        self.badRows = badRows
        self.outOfOrder = outOfOrder
    }

    /// Imports files, one after the other, into a new tick file; nothing is left there when it throws.
    package func importFiles(
        at inputs: [String], to output: String, progress: ((ImportProgress) -> Void)? = nil
    ) throws(MarketDataError) -> ImportSummary {
        var origins: [ByteSource.Origin] = []
        for input in inputs { origins += try ByteSource.origins(of: input) }
        let writer = try TickFileWriter(bulkTo: output, instruments: [], source: "csv records")
        do throws(MarketDataError) {
            var run = Run(writer: writer, known: known, badRows: badRows, outOfOrder: outOfOrder)
            for origin in origins { try run.read(origin, namesFile: origins.count > 1, progress: progress) }
            return try run.finish()
        } catch {
            writer.abandon()
            throw error
        }
    }

    private struct Run {
        let writer: TickFileWriter
        let known: [InstrumentToken: Instrument]
        let badRows: CSVImportOptions.BadRowPolicy
        let outOfOrder: CSVImportOptions.BadRowPolicy
        private var isRefused = false
        var summary = ImportSummary()
        var path = ""
        private var order: [InstrumentToken] = []
        private var instruments: [InstrumentToken: (instrument: Instrument, count: Int)] = [:]

        init(
            writer: TickFileWriter, known: [InstrumentToken: Instrument],
            badRows: CSVImportOptions.BadRowPolicy, outOfOrder: CSVImportOptions.BadRowPolicy
        ) {
            self.writer = writer
            self.known = known
            self.badRows = badRows
            self.outOfOrder = outOfOrder
        }

        mutating func read(
            _ origin: ByteSource.Origin, namesFile: Bool, progress: ((ImportProgress) -> Void)?
        ) throws(MarketDataError) {
            let source = try ByteSource(origin)
            path = source.path
            let reader = CSVBlockReader(
                source, readByteCount: Limits.csvBlockBytes,
                firstByteCount: MarketEventText.csvHeader.utf8.count + 1)
            var line = 0
            var layout: RecordTextRow?
            while let block = try reader.next() {
                var scanner = CSVLineScanner(block, delimiter: 0x2C)
                while scanner.next() {
                    let number = line + scanner.lineNumber
                    guard let row = layout else {
                        layout = try RecordTextRow(header: scanner, path: path)
                        continue
                    }
                    summary.rowCount += 1
                    var policy = badRows
                    do throws(CSVRowProblem) {
                        let (event, symbol) = try row.event(scanner)
                        let isLate = event.receiveTime < summary.lastTime ?? event.receiveTime
                        policy = isLate ? outOfOrder : badRows
                        if isLate { throw CSVRowProblem(.receiveTime, "is before the one of the row ahead") }
                        note(event, symbol)
                        summary.lastTime = event.receiveTime
                        if !isRefused { append(event) }
                    } catch {
                        if policy == .refuse { isRefused = true }
                        summary.addBadRow(number, error, path: namesFile ? path : nil)
                    }
                }
                line += scanner.lineNumber
                var state = ImportProgress()
                (state.byteCount, state.byteCountTotal) = (source.position, source.byteCount)
                state.rowCount = summary.rowCount
                progress?(state)
            }
            guard layout != nil else { throw MarketDataError(.unknownLayout, "\(path) is empty") }
        }

        private var writing: MarketDataError?

        private mutating func append(_ event: MarketEvent) {
            guard writing == nil else { return }
            do throws(MarketDataError) {
                try writer.append(event)
                if summary.firstTime == nil { summary.firstTime = event.receiveTime }
            } catch { writing = error }
        }

        mutating func finish() throws(MarketDataError) -> ImportSummary {
            if let writing { throw writing }
            if isRefused {
                throw MarketDataError(
                    .badRows,
                    "\(path): \(summary.badRowCount) of \(summary.rowCount) rows cannot be imported; nothing was"
                        + " written. Mend them, or skip bad rows.\n\(summary.badRowsText)")
            }
            guard writer.recordCount > 0 else { throw MarketDataError(.badRows, "\(path) has no records") }
            summary.recordCount = writer.recordCount
            summary.instruments = order.compactMap { token in
                instruments[token].map {
                    ImportSummary.InstrumentCount(instrument: $0.instrument, recordCount: $0.count)
                }
            }
            summary.columns = ["all of an export"]
            try writer.finish(replacingInstruments: summary.instruments.map(\.instrument))
            return summary
        }

        private mutating func note(_ event: MarketEvent, _ symbol: String) {
            guard event.token != .feedWide, !symbol.isEmpty else { return }
            if instruments[event.token] == nil {
                order.append(event.token)
                let instrument =
                    known[event.token]
                    ?? Instrument(
                        symbol: symbol, token: event.token, priceIncrement: Price(1),
                        quantityIncrement: Quantity(1))
                instruments[event.token] = (instrument, 0)
            }
            instruments[event.token]?.count += 1
            guard known[event.token] == nil else { return }
            let (prices, sizes) = RecordTextRow.values(of: event)
            for value in prices {
                let step = CSVNumber.powersOfTen(8 - CSVNumber.significantDecimals(of: value))
                if step < instruments[event.token]?.instrument.priceIncrement.e8 ?? 0 {
                    instruments[event.token]?.instrument.priceIncrement = Price(e8: step)
                }
            }
            for value in sizes {
                let step = CSVNumber.powersOfTen(8 - CSVNumber.significantDecimals(of: value))
                if step < instruments[event.token]?.instrument.quantityIncrement.e8 ?? 0 {
                    instruments[event.token]?.instrument.quantityIncrement = Quantity(e8: step)
                }
            }
        }
    }
}

/// One row of an export, read back.
struct RecordTextRow {
    private let columns: [String: Int]
    private let columnCount: Int

    /// Finds the columns by the header, at which the scanner must stand; all must be there.
    init(header scanner: borrowing CSVLineScanner, path: String) throws(MarketDataError) {
        var columns: [String: Int] = [:]
        for index in 0..<scanner.cellCount {
            columns[String(decoding: scanner.cell(index), as: UTF8.self)] = index
        }
        let wanted = MarketEventText.csvHeader.split(separator: ",").map(String.init)
        let missing = wanted.filter { columns[$0] == nil }
        guard missing.isEmpty else {
            throw MarketDataError(
                .unknownLayout,
                "\(path) is no export of records: its first row has no \(missing.prefix(5).joined(separator: ", "))"
            )
        }
        self.columns = columns
        columnCount = scanner.cellCount
    }

    /// The record of the scanner's line and its symbol.
    func event(_ scanner: borrowing CSVLineScanner) throws(CSVRowProblem) -> (MarketEvent, symbol: String) {
        if let problem = scanner.problem { throw CSVRowProblem(nil, problem) }
        guard scanner.cellCount == columnCount else {
            throw CSVRowProblem(
                nil, "\(CSVText.cells(scanner.cellCount)) where the first row has \(columnCount)")
        }
        let kindText = text("kind", scanner)
        guard let kind = Self.kinds[kindText] else {
            throw CSVRowProblem(nil, "kind '\(kindText)' is unknown")
        }
        let words: (Int64, Int64, Int64, Int64) =
            switch kind {
            case .quote:
                (
                    try decimal("bid", scanner), try decimal("ask", scanner),
                    try decimal("bid_size", scanner),
                    try decimal("ask_size", scanner)
                )
            case .trade:
                (
                    try decimal("price", scanner), try decimal("size", scanner),
                    try integer("trade_id", scanner),
                    try name("side", ["unknown", "buy", "sell"], scanner)
                )
            case .bar:
                (
                    try decimal("open", scanner), try decimal("high", scanner), try decimal("low", scanner),
                    try decimal("close", scanner)
                )
            case .barVolume:
                (
                    try decimal("volume", scanner), try integer("duration_ns", scanner),
                    try integer("trade_count", scanner), try decimal("turnover", scanner)
                )
            case .depth:
                (
                    try decimal("price", scanner), try decimal("size", scanner),
                    try name("side", ["unknown", "bid", "ask"], scanner), try integer("level", scanner)
                )
            case .status: (try status(scanner), 0, 0, 0)
            case .gap: (try integer("first_missing", scanner), try integer("missing_count", scanner), 0, 0)
            }
        guard let sequence = UInt64(text("sequence", scanner)), let token = UInt32(text("token", scanner)),
            let flags = UInt8(text("flags", scanner))
        else { throw CSVRowProblem(nil, "sequence, token or flags is no whole number in its range") }
        let event = MarketEvent(
            kind: kind, token: InstrumentToken(token), eventTime: try time("event_time", scanner),
            receiveTime: try time("receive_time", scanner), sequence: sequence,
            flags: MarketEventFlags(rawValue: flags), words: words)
        return (event, text("symbol", scanner))
    }

    /// A record's prices and quantities.
    static func values(of event: MarketEvent) -> (prices: [Int64], sizes: [Int64]) {
        switch event.kind {
        case .quote: ([event.word0, event.word1], [event.word2, event.word3])
        case .trade, .depth: ([event.word0], [event.word1])
        case .bar: ([event.word0, event.word1, event.word2, event.word3], [])
        case .barVolume: ([], [event.word0])
        case .status, .gap, nil: ([], [])
        }
    }

    private static let kinds: [String: MarketEventKind] = Dictionary(
        uniqueKeysWithValues: MarketEventKind.allCases.map { ($0 == .barVolume ? "bar_volume" : "\($0)", $0) }
    )

    private func cell(_ name: String, _ scanner: borrowing CSVLineScanner) -> UnsafeBufferPointer<UInt8> {
        scanner.cell(columns[name] ?? 0)
    }

    private func text(_ name: String, _ scanner: borrowing CSVLineScanner) -> String {
        String(decoding: cell(name, scanner), as: UTF8.self)
    }

    private func decimal(_ name: String, _ scanner: borrowing CSVLineScanner) throws(CSVRowProblem) -> Int64 {
        let value = CSVNumber.decimal(cell(name, scanner))
        guard value != CSVNumber.invalid else { throw problem(name, scanner, "is not a decimal number") }
        return value
    }

    private func integer(_ name: String, _ scanner: borrowing CSVLineScanner) throws(CSVRowProblem) -> Int64 {
        guard let value = CSVNumber.integer(cell(name, scanner)) else {
            throw problem(name, scanner, "is not a whole number")
        }
        return value
    }

    private func time(_ name: String, _ scanner: borrowing CSVLineScanner) throws(CSVRowProblem) -> Timestamp
    {
        guard let time = Timestamp(iso8601: cell(name, scanner)) else {
            throw problem(name, scanner, "is not an ISO-8601 time")
        }
        return time
    }

    private func name(
        _ name: String, _ names: [String], _ scanner: borrowing CSVLineScanner
    ) throws(CSVRowProblem) -> Int64 {
        guard let index = names.firstIndex(of: text(name, scanner)) else {
            throw problem(name, scanner, "is none of \(names.joined(separator: ", "))")
        }
        return Int64(index)
    }

    private func status(_ scanner: borrowing CSVLineScanner) throws(CSVRowProblem) -> Int64 {
        let text = text("status", scanner)
        guard let code = FeedStatusCode.allCases.first(where: { "\($0)" == text }) else {
            throw problem("status", scanner, "is unknown")
        }
        return code.rawValue
    }

    private func problem(
        _ name: String, _ scanner: borrowing CSVLineScanner, _ text: String
    ) -> CSVRowProblem {
        let cell = cell(name, scanner)
        return CSVRowProblem(
            nil,
            cell.isEmpty ? "\(name) is empty" : "\(name) '\(self.text(name, scanner).prefix(40))' \(text)")
    }
}
