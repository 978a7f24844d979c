import TradingModel

/// Where the fields of an import are found in one CSV file.
struct CSVLayout {
    let delimiter: UInt8
    let hasHeader: Bool
    /// Cells of the first row; every row must have as many.
    let columnCount: Int
    /// The header's texts, or `column 0` and so on.
    let columnNames: [String]
    /// What the rows are; a format that knows ticks and bars decides it by the columns.
    private(set) var preset: CSVImportOptions.Preset
    /// The zone of times without one.
    private(set) var zone: CSVZone
    /// Column of each field by its index; -1 when absent.
    private var columns = [Int](repeating: -1, count: CSVField.allCases.count)

    /// The column of a field; `nil` when the file has none.
    subscript(field: CSVField) -> Int? { columns[field.index] >= 0 ? columns[field.index] : nil }

    /// Recognises the layout by the first row.
    ///
    /// - Parameter offset: where the first row begins.
    init(
        bytes: UnsafeBufferPointer<UInt8>, offset: Int, options: CSVImportOptions, path: String
    ) throws(MarketDataError) {
        delimiter =
            options.delimiter ?? Self.delimiter(of: bytes, from: offset, decimalMark: options.decimalMark)
        preset = options.preset
        zone = options.zone ?? options.format.zone
        var scanner = CSVLineScanner(bytes, delimiter: delimiter, offset: offset)
        guard scanner.next() else { throw MarketDataError(.unknownLayout, "\(path) has no rows") }
        if let problem = scanner.problem {
            throw MarketDataError(.unknownLayout, "\(path), line 1: \(problem)")
        }
        columnCount = scanner.cellCount
        var texts: [String] = []
        var looksLikeData = false
        for index in 0..<columnCount {
            let cell = scanner.cell(index)
            texts.append(String(decoding: cell, as: UTF8.self))
            if CSVNumber.decimal(cell, mark: options.decimalMark) != CSVNumber.invalid
                || CSVTimeParser(first: cell, dateOrder: options.dateOrder ?? options.format.dateOrder) != nil
            {
                looksLikeData = true
            }
        }
        hasHeader = options.hasHeader ?? !looksLikeData
        columnNames = hasHeader ? texts : texts.indices.map { "column \($0)" }
        try assignGiven(options, path: path)
        if hasHeader {
            // What is below the header tells times of day from whole times.
            let timesOfDay = scanner.next() ? Self.timesOfDay(in: scanner) : []
            try assignNamed(options, timesOfDay: timesOfDay)
        } else {
            assignPositional(options)
        }
        try check(options, path: path)
    }

    /// The columns in use, for the summary: field and column name in the preset's order.
    var assignments: [(field: CSVField, column: String)] {
        preset.fields.compactMap { field in self[field].map { (field, columnNames[$0]) } }
    }

    private mutating func assignGiven(_ options: CSVImportOptions, path: String) throws(MarketDataError) {
        for name in options.columns.keys.sorted() {
            guard let field = CSVField(rawValue: name), options.preset.fields.contains(field) else {
                let names = options.preset.fields.map(\.rawValue).joined(separator: ", ")
                throw MarketDataError(
                    .badOptions, "no field '\(name)' in \(options.preset.rawValue); there are: \(names)")
            }
            switch options.columns[name] {
            case .position(let position):
                guard position >= 0, position < columnCount else {
                    throw MarketDataError(
                        .badOptions,
                        "\(path) has no column \(position) for \(name); it has 0 to \(columnCount - 1)")
                }
                columns[field.index] = position
            case .name(let text):
                let wanted = Self.normalised(text)
                guard hasHeader, let column = columnNames.firstIndex(where: { Self.normalised($0) == wanted })
                else {
                    let names =
                        hasHeader
                        ? columnNames.map { CSVText.shown($0) }.joined(separator: ", ")
                        : "no names, give positions"
                    throw MarketDataError(
                        .badOptions,
                        "\(path) has no column named '\(text)' for \(name); its header has: \(names)")
                }
                columns[field.index] = column
            case nil: continue
            }
        }
    }

    private mutating func assignNamed(
        _ options: CSVImportOptions, timesOfDay: Set<Int>
    ) throws(MarketDataError) {
        let names = columnNames.map { Self.normalised($0) }
        if options.format.mayBeBars, names.contains("open") { preset = .ohlcv }
        for (text, field) in options.format.names where preset.fields.contains(field) && self[field] == nil {
            guard let column = names.firstIndex(of: text), !columns.contains(column) else { continue }
            columns[field.index] = column
        }
        // `Time (EET)` names its zone.
        if self[.time] == nil,
            let column = names.firstIndex(where: { $0.hasPrefix("time(") && $0.hasSuffix(")") })
        {
            columns[CSVField.time.index] = column
            if options.zone == nil {
                zone = try CSVZone(String(names[column].dropFirst(5).dropLast()).uppercased())
            }
        }
        assignDateAndTime(names, timesOfDay)
        for field in preset.fields where self[field] == nil {
            for synonym in field.synonyms {
                guard let column = names.firstIndex(of: synonym), !columns.contains(column) else { continue }
                columns[field.index] = column
                break
            }
        }
    }

    /// A column of dates with one of times of day right behind it is one time.
    private mutating func assignDateAndTime(_ names: [String], _ timesOfDay: Set<Int>) {
        guard self[.time] == nil, self[.date] == nil, let date = names.firstIndex(of: "date"),
            date + 1 < names.count, names[date + 1] == "time", timesOfDay.contains(date + 1),
            !columns.contains(date), !columns.contains(date + 1)
        else { return }
        columns[CSVField.date.index] = date
        columns[CSVField.time.index] = date + 1
    }

    /// The columns that hold a time of day and no date: `17:00`, `170000`.
    private static func timesOfDay(in scanner: borrowing CSVLineScanner) -> Set<Int> {
        guard scanner.problem == nil else { return [] }
        return Set(
            (0..<scanner.cellCount).filter { index in
                let cell = scanner.cell(index)
                let isClock = cell.count >= 5 && cell[2] == 0x3A
                return isClock || (cell.count == 6 && cell.allSatisfy { $0 &- 0x30 <= 9 })
            })
    }

    private mutating func assignPositional(_ options: CSVImportOptions) {
        guard options.columns.isEmpty else { return }
        let fields = options.format.fields(columnCount: columnCount, delimiter: delimiter)
        if options.format.mayBeBars, fields.contains(.open) { preset = .ohlcv }
        for (column, field) in fields.enumerated() {
            if let field { columns[field.index] = column }
        }
    }

    private func check(_ options: CSVImportOptions, path: String) throws(MarketDataError) {
        if options.format == .histdata, !hasHeader, columnCount == 3, delimiter == 0x3B,
            options.columns.isEmpty
        {
            throw MarketDataError(
                .unknownLayout,
                "\(path) is a tick file for NinjaTrader, which has one side of the book only, without sizes; take"
                    + " HistData's files in generic ASCII")
        }
        var missing = preset.requiredFields.filter { self[$0] == nil }
        if self[.time] == nil, self[.receiveTime] == nil { missing.insert(.time, at: 0) }
        guard missing.isEmpty else {
            // What is no header at all should not fill a terminal.
            let found =
                hasHeader
                ? String(columnNames.map { CSVText.shown($0) }.joined(separator: ", ").prefix(400))
                : "no header and \(columnCount) columns"
            throw MarketDataError(
                .unknownLayout,
                "\(path): no column found for \(missing.map(\.rawValue).joined(separator: ", ")) of"
                    + " \(options.format.rawValue); the file has \(found): say which column is which")
        }
        if let date = self[.date], self[.time] != date + 1 {
            throw MarketDataError(
                .badOptions, "\(path): the column of times must come right after the one of dates")
        }
        guard options.symbol != nil || self[.symbol] != nil else {
            throw MarketDataError(
                .badOptions, "\(path) has no column of symbols; say which symbol its rows are of")
        }
    }

    private static func delimiter(
        of bytes: UnsafeBufferPointer<UInt8>, from offset: Int, decimalMark: UInt8
    ) -> UInt8 {
        var counts = [0, 0, 0]
        let candidates: [UInt8] = [0x2C, 0x3B, 0x09]
        for byte in bytes[min(offset, bytes.count)...].prefix(Limits.csvLineBytesMax) {
            if byte == 0x0A, counts != [0, 0, 0] { break }
            if byte != decimalMark, let index = candidates.firstIndex(of: byte) { counts[index] += 1 }
        }
        let best = counts.max() ?? 0
        return candidates[counts.firstIndex(of: best) ?? 0]
    }

    private static func normalised(_ text: String) -> String {
        let left: Set<Unicode.Scalar> = [" ", "_", "-", "<", ">"]
        let kept = text.lowercased().unicodeScalars.filter { !left.contains($0) }
        return String(String.UnicodeScalarView(kept))
    }
}
