import MarketData
import Monitoring
import TradingModel

/// A tick file's summary as JSON.
struct TickFileDocument: Encodable {
    private struct InstrumentRow: Encodable {
        var symbol: String
        var token: UInt32
        var records: Int
        var low: Price?
        var high: Price?
        var firstTime: Timestamp?
        var lastTime: Timestamp?

        enum CodingKeys: String, CodingKey {
            case symbol, token, records, low, high
            case firstTime = "first_time"
            case lastTime = "last_time"
        }
    }

    private struct GapRow: Encodable {
        var start: Timestamp
        var end: Timestamp
    }

    private var path: String
    private var source: String
    private var records: Int
    private var firstTime: Timestamp?
    private var lastTime: Timestamp?
    private var checksums: String
    private var kinds: [String: Int]
    private var instruments: [InstrumentRow]
    private var gaps: Int
    private var longestGaps: [GapRow]

    enum CodingKeys: String, CodingKey {
        case path, source, records, checksums, kinds, instruments, gaps
        case longestGaps = "longest_gaps"
        case firstTime = "first_time"
        case lastTime = "last_time"
    }

    init(path: String, summary: TickFileSummary) {
        self.path = path
        source = summary.header.source
        records = summary.recordCount
        firstTime = summary.firstTime
        lastTime = summary.lastTime
        checksums = summary.checksumState.word
        kinds = Dictionary(
            uniqueKeysWithValues: MarketEventKind.allCases.map { ("\($0)", summary.counts[$0]) })
        gaps = summary.gapCount
        longestGaps = summary.longestGaps.map { GapRow(start: $0.start, end: $0.end) }
        instruments = summary.instruments.map {
            InstrumentRow(
                symbol: $0.instrument.symbol, token: $0.instrument.token.rawValue, records: $0.counts.total,
                low: $0.priceRange?.lowerBound, high: $0.priceRange?.upperBound, firstTime: $0.firstTime,
                lastTime: $0.lastTime)
        }
    }
}

/// A tick file's summary for a person.
struct TickFilePage {
    let path: String
    let summary: TickFileSummary

    private func gapText() -> String {
        guard let longest = summary.longestGaps.first else { return "none" }
        let seconds = Double(longest.end.nanoseconds - longest.start.nanoseconds) / 1e9
        return "\(summary.gapCount), the longest \(decimal(seconds, places: 1)) s from \(longest.start)"
    }

    func text() -> String {
        let kinds = MarketEventKind.allCases.filter { summary.counts[$0] > 0 }
            .map { "\(summary.counts[$0]) \($0)" }.joined(separator: ", ")
        var table = TextTable("symbol", ">token", ">records", ">low", ">high", "first", "last")
        for entry in summary.instruments {
            table.append(
                entry.instrument.symbol, entry.instrument.token.description, String(entry.counts.total),
                entry.priceRange?.lowerBound.description ?? "-",
                entry.priceRange?.upperBound.description ?? "-",
                entry.firstTime?.description ?? "-", entry.lastTime?.description ?? "-")
        }
        return """
            \(path)
            source     \(summary.header.source)
            records    \(summary.recordCount)\(kinds.isEmpty ? "" : " (\(kinds))")
            time       \(summary.firstTime?.description ?? "-") to \(summary.lastTime?.description ?? "-")
            gaps       \(gapText())
            checksums  \(summary.checksumState.word)

            \(table.rendered())
            """
    }
}

extension TickFileSummary.ChecksumState {
    /// The state for people and scripts.
    var word: String {
        switch self {
        case .intact: "intact"
        case .unclosed(let byteCount): "not closed, \(byteCount) bytes are no whole block"
        case .damaged(let error): "damaged: \(error)"
        }
    }
}
