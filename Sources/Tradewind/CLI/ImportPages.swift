import MarketData
import Monitoring
import TradingModel

/// The first records of an import, for a person.
struct ImportPreviewPage {
    let path: String
    let preview: ImportPreview

    func text() -> String {
        let separator = ["\t": "tab", ",": "comma", ";": "semicolon", " ": "space"][preview.delimiter]
        var lines = [
            path,
            "layout   \(preview.hasHeader ? "with" : "no") header,"
                + " separated by \(separator ?? String(preview.delimiter))",
            "columns  \(preview.summary.columns.joined(separator: ", "))",
        ]
        for instrument in preview.instruments {
            lines.append(
                "symbol   \(instrument.symbol), token \(instrument.token), price increment \(instrument.priceIncrement),"
                    + " quantity increment \(instrument.quantityIncrement) in these rows")
        }
        let text = MarketEventText(instruments: preview.instruments)
        lines += preview.records.map { "line \($0.sequence)  " + text.jsonLine($0) }
        if preview.summary.badRowCount > 0 {
            lines.append("\(preview.summary.badRowCount) bad rows among \(preview.summary.rowCount):")
            lines.append(preview.summary.badRowsText)
        }
        lines += preview.summary.notes
        return lines.joined(separator: "\n")
    }
}

/// What an import did, as JSON.
struct ImportDocument: Encodable {
    private struct Row: Encodable {
        var path: String?
        var line: Int
        var reason: String
    }

    private struct InstrumentRow: Encodable {
        var symbol: String
        var token: UInt32
        var records: Int
        var priceIncrement: Price
        var quantityIncrement: Quantity

        enum CodingKeys: String, CodingKey {
            case symbol, token, records
            case priceIncrement = "price_increment"
            case quantityIncrement = "quantity_increment"
        }
    }

    private var output: String
    private var rows: Int
    private var records: Int
    private var badRows: Int
    private var firstBadRows: [Row]
    private var notes: [String]
    private var columns: [String]
    private var firstTime: Timestamp?
    private var lastTime: Timestamp?
    private var instruments: [InstrumentRow]

    enum CodingKeys: String, CodingKey {
        case output, rows, records, notes, columns, instruments
        case badRows = "bad_rows"
        case firstBadRows = "first_bad_rows"
        case firstTime = "first_time"
        case lastTime = "last_time"
    }

    init(output: String, summary: ImportSummary) {
        self.output = output
        rows = summary.rowCount
        records = summary.recordCount
        badRows = summary.badRowCount
        firstBadRows = summary.badRows.map { Row(path: $0.path, line: $0.lineNumber, reason: $0.reason) }
        notes = summary.notes
        columns = summary.columns
        firstTime = summary.firstTime
        lastTime = summary.lastTime
        instruments = summary.instruments.map {
            InstrumentRow(
                symbol: $0.instrument.symbol, token: $0.instrument.token.rawValue, records: $0.recordCount,
                priceIncrement: $0.instrument.priceIncrement,
                quantityIncrement: $0.instrument.quantityIncrement)
        }
    }
}
