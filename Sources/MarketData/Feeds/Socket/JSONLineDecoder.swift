import TradingModel

/// Reads JSON lines: one flat object per line, its members named as the columns of a CSV file would be.
///
/// `{"symbol":"BTCUSDT","ts":1700000000000,"price":"37000.5","qty":0.1,"side":"buy"}`
///
/// A line is read as the row of a CSV table whose header are its keys, so what columns may be called, how times look and
/// what is a bad row are the import's rules. What a row is follows from its keys: `open` a bar, `bid` a quote, otherwise
/// a trade. Numbers may be written as texts. Members may come in another order in each line, or be other ones; 16 sets
/// of keys are kept. Not thread-safe.
struct JSONLineDecoder: FeedLineDecoder {
    private static let setsMax = 16
    private let options: (CSVImportOptions.Preset) -> CSVImportOptions
    private let onlySymbol: String?
    private var sets: [(keys: [UInt8], decoder: CSVLineDecoder)] = []
    private var last = 0
    private var keys: [UInt8] = []
    private var values: [UInt8] = []

    /// - Parameter options: how rows of a kind are read.
    init(onlySymbol: String?, options: @escaping (CSVImportOptions.Preset) -> CSVImportOptions) {
        self.onlySymbol = onlySymbol
        self.options = options
    }

    mutating func decode(
        _ line: UnsafeBufferPointer<UInt8>, into records: FeedChunk
    ) throws(FeedLineProblem) {
        keys.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        guard try split(line) else { return }
        if last >= sets.count || sets[last].keys != keys {
            if let known = sets.firstIndex(where: { $0.keys == keys }) {
                last = known
            } else {
                try add(into: records)
            }
        }
        try values.withUnsafeBufferPointer { row throws(FeedLineProblem) in
            try sets[last].decoder.decode(row, into: records)
        }
    }

    func symbol(of token: InstrumentToken) -> String? {
        last < sets.count ? sets[last].decoder.symbol(of: token) : nil
    }

    /// Learns a set of keys, by its header and this first row.
    private mutating func add(into records: FeedChunk) throws(FeedLineProblem) {
        let names = Set(
            keys.split(separator: 0x2C).map { String(decoding: $0, as: UTF8.self).lowercased() })
        let preset: CSVImportOptions.Preset =
            names.contains("open") || names.contains("o")
            ? .ohlcv
            : names.contains { $0.hasPrefix("bid") || $0 == "b" || $0 == "best_bid" } ? .quotes : .trades
        let decoder = CSVLineDecoder(options: options(preset), onlySymbol: onlySymbol)
        try keys.withUnsafeBufferPointer { header throws(FeedLineProblem) in
            try decoder.decode(header, into: records)
        }
        // One that does not work is not kept: the row is tried first.
        let scratch = FeedChunk()
        try values.withUnsafeBufferPointer { row throws(FeedLineProblem) in
            try decoder.decode(row, into: scratch)
        }
        if sets.count == Self.setsMax { sets.removeFirst() }
        sets.append((keys, decoder))
        last = sets.count - 1
    }

    // MARK: - Splitting

    /// Splits an object into its keys and values, both joined by commas; `false` for an empty line.
    private mutating func split(_ line: UnsafeBufferPointer<UInt8>) throws(FeedLineProblem) -> Bool {
        var position = skipSpaces(line, 0)
        guard position < line.count else { return false }
        guard line[position] == 0x7B else { throw FeedLineProblem(reason: "is no JSON object") }
        position = skipSpaces(line, position + 1)
        if position < line.count, line[position] == 0x7D {
            throw FeedLineProblem(reason: "is an empty object")
        }
        while true {
            guard position < line.count, line[position] == 0x22 else {
                throw FeedLineProblem(reason: "has no key where one belongs")
            }
            if !keys.isEmpty {
                keys.append(0x2C)
                values.append(0x2C)
            }
            position = try text(line, position, into: \.keys)
            position = skipSpaces(line, position)
            guard position < line.count, line[position] == 0x3A else {
                throw FeedLineProblem(reason: "has no colon behind a key")
            }
            position = try value(line, skipSpaces(line, position + 1))
            position = skipSpaces(line, position)
            guard position < line.count else { throw FeedLineProblem(reason: "is cut off") }
            if line[position] == 0x7D { break }
            guard line[position] == 0x2C else { throw FeedLineProblem(reason: "has no comma behind a value") }
            position = skipSpaces(line, position + 1)
        }
        guard skipSpaces(line, position + 1) == line.count else {
            throw FeedLineProblem(reason: "goes on behind its object")
        }
        return true
    }

    private mutating func value(
        _ line: UnsafeBufferPointer<UInt8>, _ start: Int
    ) throws(FeedLineProblem) -> Int {
        guard start < line.count else { throw FeedLineProblem(reason: "is cut off") }
        switch line[start] {
        case 0x22: return try text(line, start, into: \.values)
        case 0x7B, 0x5B:
            throw FeedLineProblem(reason: "holds another object or a list; only flat objects are read")
        default:
            var end = start
            while end < line.count, ![0x2C, 0x7D, 0x20, 0x09].contains(line[end]) { end += 1 }
            guard end > start else { throw FeedLineProblem(reason: "has no value behind a key") }
            let cell = UnsafeBufferPointer(rebasing: line[start..<end])
            // An absent value is an empty cell.
            if !cell.elementsEqual("null".utf8) { values.append(contentsOf: cell) }
            return end
        }
    }

    /// A text in quotes; one with an escape, a comma or a quote in it is no symbol, number or time.
    private mutating func text(
        _ line: UnsafeBufferPointer<UInt8>, _ start: Int, into target: WritableKeyPath<Self, [UInt8]>
    ) throws(FeedLineProblem) -> Int {
        var end = start + 1
        while end < line.count, line[end] != 0x22 {
            guard line[end] != 0x5C, line[end] != 0x2C, line[end] >= 0x20 else {
                throw FeedLineProblem(reason: "has an escape or a comma in a text")
            }
            end += 1
        }
        guard end < line.count else { throw FeedLineProblem(reason: "has a text without an end") }
        self[keyPath: target].append(contentsOf: line[start + 1..<end])
        return end + 1
    }

    private func skipSpaces(_ line: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        var position = start
        while position < line.count, line[position] == 0x20 || line[position] == 0x09 { position += 1 }
        return position
    }
}
