import TradingModel

/// Where the fields of a preset are found in one CSV file.
struct CSVLayout {
    let delimiter: UInt8
    let hasHeader: Bool
    /// Cells of the first row; every row must have as many.
    let columnCount: Int
    /// The header's texts, or `column 0` and so on.
    let columnNames: [String]
    /// Column of each field by its position in `CSVField.allCases`; -1 when absent.
    private var columns = [Int](repeating: -1, count: CSVField.allCases.count)

    /// The column of a field; `nil` when the file has none.
    subscript(field: CSVField) -> Int? {
        guard let index = CSVField.allCases.firstIndex(of: field), columns[index] >= 0 else { return nil }
        return columns[index]
    }

    /// Recognises the layout by the first row.
    ///
    /// - Parameter offset: where the first row begins.
    init(
        bytes: UnsafeBufferPointer<UInt8>, offset: Int, options: CSVImportOptions, path: String
    ) throws(MarketDataError) {
        delimiter = options.delimiter ?? Self.delimiter(of: bytes, from: offset)
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
            var decimals = 0
            if CSVNumber.decimal(cell, decimals: &decimals) != CSVNumber.invalid
                || CSVTimeParser(first: cell, unit: nil, zoneOffsetSeconds: 0) != nil
            {
                looksLikeData = true
            }
        }
        hasHeader = options.hasHeader ?? !looksLikeData
        columnNames = hasHeader ? texts : texts.indices.map { "column \($0)" }
        try assignGiven(options, path: path)
        assignRecognised(options)
        try checkRequired(options, path: path)
    }

    /// The columns in use, for the summary: field and column name in the preset's order.
    func assignments(of preset: CSVImportOptions.Preset) -> [(field: CSVField, column: String)] {
        preset.fields.compactMap { field in self[field].map { (field, columnNames[$0]) } }
    }

    private mutating func assign(_ field: CSVField, _ column: Int) {
        guard let index = CSVField.allCases.firstIndex(of: field) else { return }
        columns[index] = column
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
                assign(field, position)
            case .name(let text):
                let wanted = Self.normalised(text)
                guard hasHeader, let column = columnNames.firstIndex(where: { Self.normalised($0) == wanted })
                else {
                    let names = hasHeader ? columnNames.joined(separator: ", ") : "no names, give positions"
                    throw MarketDataError(
                        .badOptions,
                        "\(path) has no column named '\(text)' for \(name); its header has: \(names)")
                }
                assign(field, column)
            case nil: continue
            }
        }
    }

    private mutating func assignRecognised(_ options: CSVImportOptions) {
        guard hasHeader else {
            guard options.columns.isEmpty else { return }
            let fields = options.preset.positionalFields(columnCount: columnCount)
            for (column, field) in fields.enumerated() { assign(field, column) }
            return
        }
        let names = columnNames.map { Self.normalised($0) }
        for field in options.preset.fields where self[field] == nil {
            for synonym in field.synonyms {
                guard let column = names.firstIndex(of: synonym), !columns.contains(column) else { continue }
                assign(field, column)
                break
            }
        }
    }

    private func checkRequired(_ options: CSVImportOptions, path: String) throws(MarketDataError) {
        var missing = options.preset.requiredFields.filter { self[$0] == nil }
        if self[.time] == nil, self[.receiveTime] == nil { missing.insert(.time, at: 0) }
        guard missing.isEmpty else {
            let found =
                hasHeader ? columnNames.joined(separator: ", ") : "no header and \(columnCount) columns"
            throw MarketDataError(
                .unknownLayout,
                "\(path): no column found for \(missing.map(\.rawValue).joined(separator: ", ")) of"
                    + " \(options.preset.rawValue); the file has \(found): say which column is which")
        }
        guard options.symbol != nil || self[.symbol] != nil else {
            throw MarketDataError(
                .badOptions, "\(path) has no column of symbols; say which symbol its rows are of")
        }
    }

    private static func delimiter(of bytes: UnsafeBufferPointer<UInt8>, from offset: Int) -> UInt8 {
        var counts = [0, 0, 0]
        let candidates: [UInt8] = [0x2C, 0x3B, 0x09]
        for byte in bytes[min(offset, bytes.count)...].prefix(Limits.csvLineBytesMax) {
            if byte == 0x0A, counts != [0, 0, 0] { break }
            if let index = candidates.firstIndex(of: byte) { counts[index] += 1 }
        }
        let best = counts.max() ?? 0
        return candidates[counts.firstIndex(of: best) ?? 0]
    }

    private static func normalised(_ text: String) -> String {
        let kept = text.lowercased().unicodeScalars.filter { $0 != " " && $0 != "_" && $0 != "-" }
        return String(String.UnicodeScalarView(kept))
    }
}
