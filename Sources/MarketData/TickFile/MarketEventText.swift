package import TradingModel

/// Renders records as lines of CSV or JSON, with symbols in place of tokens where they are known.
///
/// Times are ISO-8601 UTC with nanoseconds, prices and quantities exact decimals. A CSV line has a column for
/// every field of every kind, empty where the kind has none; a JSON line has the fields of its kind.
package struct MarketEventText: Sendable {
    private let symbols: [UInt32: String]

    /// Makes a renderer that knows these instruments.
    package init(instruments: [Instrument]) {
        var symbols: [UInt32: String] = [:]
        for instrument in instruments { symbols[instrument.token.rawValue] = instrument.symbol }
        self.symbols = symbols
    }

    /// The names of the CSV columns.
    package static let csvHeader =
        "receive_time,event_time,sequence,token,symbol,kind,flags," + csvColumns.joined(separator: ",")

    private static let csvColumns = [
        "bid", "ask", "bid_size", "ask_size", "price", "size", "trade_id", "side", "level", "open", "high",
        "low",
        "close", "volume", "duration_ns", "trade_count", "turnover", "status", "first_missing",
        "missing_count",
    ]

    /// One line without its end.
    package func csvLine(_ event: MarketEvent) -> String {
        var line =
            event.receiveTime.iso8601(fractionDigits: 9) + "," + event.eventTime.iso8601(fractionDigits: 9)
        line += ",\(event.sequence),\(event.token),\(Self.csvQuoted(symbol(of: event)))"
        line += ",\(Self.kindName(event)),\(event.flags.rawValue)"
        let fields = Self.fields(of: event)
        for column in Self.csvColumns {
            line += ","
            for field in fields where field.name == column { line += field.text }
        }
        return line
    }

    /// One line without its end: an object.
    package func jsonLine(_ event: MarketEvent) -> String {
        var line = "{\"receive_time\":\"\(event.receiveTime.iso8601(fractionDigits: 9))\""
        line +=
            ",\"event_time\":\"\(event.eventTime.iso8601(fractionDigits: 9))\",\"sequence\":\(event.sequence)"
        line += ",\"token\":\(event.token),\"symbol\":\(Self.jsonQuoted(symbol(of: event)))"
        line += ",\"kind\":\"\(Self.kindName(event))\",\"flags\":\(event.flags.rawValue)"
        for field in Self.fields(of: event) {
            line += ",\"\(field.name)\":" + (field.isName ? "\"\(field.text)\"" : field.text)
        }
        return line + "}"
    }

    /// The names of the columns of `barLine`.
    package static let barHeader = "time,symbol,open,high,low,close,volume,duration_ns"

    /// A bar and the time of its close as one line without its end.
    package func barLine(_ bar: Bar, token: InstrumentToken, time: Timestamp) -> String {
        "\(time.iso8601(fractionDigits: 9)),\(Self.csvQuoted(symbols[token.rawValue] ?? "#\(token)")),"
            + "\(bar.open),\(bar.high),\(bar.low),\(bar.close),\(bar.volume),\(bar.durationNanoseconds)"
    }

    /// The same as an object.
    package func barJSONLine(_ bar: Bar, token: InstrumentToken, time: Timestamp) -> String {
        "{\"time\":\"\(time.iso8601(fractionDigits: 9))\","
            + "\"symbol\":\(Self.jsonQuoted(symbols[token.rawValue] ?? "#\(token)")),"
            + "\"open\":\(bar.open),\"high\":\(bar.high),\"low\":\(bar.low),\"close\":\(bar.close),"
            + "\"volume\":\(bar.volume),\"duration_ns\":\(bar.durationNanoseconds)}"
    }

    private func symbol(of event: MarketEvent) -> String { symbols[event.token.rawValue] ?? "" }

    private struct Field {
        let name: String
        let text: String
        var isName = false
    }

    private static func fields(of event: MarketEvent) -> [Field] {
        func decimal(_ name: String, _ e8: Int64) -> Field {
            Field(name: name, text: FixedPointText.format(e8))
        }
        func integer(_ name: String, _ value: Int64) -> Field { Field(name: name, text: String(value)) }
        func side(_ name: String, _ value: Int64, _ names: [String]) -> Field {
            Field(
                name: name, text: names.indices.contains(Int(value)) ? names[Int(value)] : "unknown",
                isName: true)
        }
        switch event.kind {
        case .quote:
            return [
                decimal("bid", event.word0), decimal("ask", event.word1), decimal("bid_size", event.word2),
                decimal("ask_size", event.word3),
            ]
        case .trade:
            return [
                decimal("price", event.word0), decimal("size", event.word1), integer("trade_id", event.word2),
                side("side", event.word3, ["unknown", "buy", "sell"]),
            ]
        case .bar:
            return [
                decimal("open", event.word0), decimal("high", event.word1), decimal("low", event.word2),
                decimal("close", event.word3),
            ]
        case .barVolume:
            return [
                decimal("volume", event.word0), integer("duration_ns", event.word1),
                integer("trade_count", event.word2), decimal("turnover", event.word3),
            ]
        case .depth:
            return [
                decimal("price", event.word0), decimal("size", event.word1),
                side("side", event.word2, ["unknown", "bid", "ask"]), integer("level", event.word3),
            ]
        case .status:
            let name = event.feedStatus.map { "\($0)" } ?? "unknown"
            return [Field(name: "status", text: name, isName: true)]
        case .gap: return [integer("first_missing", event.word0), integer("missing_count", event.word1)]
        case nil: return []
        }
    }

    private static func kindName(_ event: MarketEvent) -> String {
        switch event.kind {
        case .barVolume: "bar_volume"
        case let kind?: "\(kind)"
        case nil: "unknown"
        }
    }

    private static func csvQuoted(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x2C || $0 == 0x22 || $0 < 0x20 }) else { return text }
        var quoted = "\""
        for character in text { quoted += character == "\"" ? "\"\"" : String(character) }
        return quoted + "\""
    }

    private static func jsonQuoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
