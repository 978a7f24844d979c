import TradingModel

extension CSVImportOptions {
    /// The settings a mapping may hold beside columns.
    package static let mappingSettings = [
        "kind", "unit", "zone", "header", "separator", "decimal", "date_order", "price_scale", "size_scale",
        "bar_seconds", "bar_time",
    ]

    /// Options of a mapping for a layout that has no name: `time=ts,unit=ms,price=px,size=qty`.
    ///
    /// Each part is a `CSVField` with the name of its column or its number from 0, or a setting:
    ///
    /// | setting | values |
    /// |---|---|
    /// | `kind` | `quotes`, `trades`, `ohlcv`; found out by the fields when left out |
    /// | `unit` | `s`, `ms`, `us`, `ns`: of times that are numbers |
    /// | `zone` | `UTC`, `EST`, `-05:00`, `Europe/Berlin`: of times without one |
    /// | `header` | `yes`, `no` |
    /// | `separator` | `comma`, `semicolon`, `tab`, `pipe`, `space` |
    /// | `decimal` | `point`, `comma` |
    /// | `date_order` | `ymd`, `dmy`, `mdy` |
    /// | `price_scale`, `size_scale` | a power of ten that the file's numbers are multiplied with, such as `1e-9` |
    /// | `bar_seconds` | the length of bars |
    /// | `bar_time` | `open`, `close`: which moment of a bar its time is |
    package init(mapping text: String, symbol: String? = nil) throws(MarketDataError) {
        let pairs = try Self.pairs(of: text)
        let names = Set(pairs.map(\.key))
        let kinds: [(field: CSVField, preset: Preset)] = [
            (.bid, .quotes), (.open, .ohlcv), (.price, .trades),
        ]
        var preset = kinds.first { names.contains($0.field.rawValue) }?.preset
        if let kind = pairs.first(where: { $0.key == "kind" }) {
            preset = try Self.choice(kind.value, "kind") as Preset
        }
        guard let preset else {
            throw MarketDataError(
                .badOptions,
                "the mapping '\(text)' does not show what the rows are: it names no column for bid, price or open"
            )
        }
        self.init(preset: preset, symbol: symbol)
        try apply(pairs)
    }

    /// Changes single options of a format by a mapping of the same form.
    package mutating func apply(mapping text: String) throws(MarketDataError) {
        try apply(try Self.pairs(of: text).filter { $0.key != "kind" })
    }

    private static func pairs(of text: String) throws(MarketDataError) -> [(key: String, value: String)] {
        var pairs: [(key: String, value: String)] = []
        for part in text.split(separator: ",") {
            guard let equals = part.firstIndex(of: "="), equals > part.startIndex else {
                throw MarketDataError(.badOptions, "the mapping has '\(part)', which is no name=value")
            }
            let value = String(part[part.index(after: equals)...])
            pairs.append((String(part[..<equals]), value))
        }
        guard !pairs.isEmpty else { throw MarketDataError(.badOptions, "the mapping is empty") }
        return pairs
    }

    private mutating func apply(_ pairs: [(key: String, value: String)]) throws(MarketDataError) {
        for (key, value) in pairs {
            switch key {
            case "kind": continue
            case "unit": timeUnit = try Self.choice(value, key) as CSVTimeUnit
            case "zone": zone = try CSVZone(value)
            case "header": hasHeader = try Self.choice(value, key, ["yes": true, "no": false])
            case "separator":
                delimiter = try Self.choice(
                    value, key,
                    ["comma": 0x2C, "semicolon": 0x3B, "tab": 0x09, "pipe": 0x7C, "space": 0x20])
            case "decimal": decimalMark = try Self.choice(value, key, ["point": 0x2E, "comma": 0x2C])
            case "date_order": dateOrder = try Self.choice(value, key) as DateOrder
            case "price_scale": priceExponent = try Self.exponent(value, key)
            case "size_scale": sizeExponent = try Self.exponent(value, key)
            case "bar_seconds":
                guard let seconds = Int64(value), (1...31_622_400).contains(seconds) else {
                    throw MarketDataError(.badOptions, "bar_seconds=\(value) is not 1 to 31622400")
                }
                barDuration = .seconds(seconds)
            case "bar_time": isBarTimeClose = try Self.choice(value, key, ["open": false, "close": true])
            default:
                guard CSVField(rawValue: key) != nil else {
                    let known = CSVField.allCases.map(\.rawValue) + Self.mappingSettings
                    throw MarketDataError(
                        .badOptions,
                        "the mapping has no '\(key)'; there are \(known.joined(separator: ", "))")
                }
                columns[key] = Int(value).map { .position($0) } ?? .name(value)
            }
        }
    }

    private static func choice<Value: RawRepresentable & CaseIterable>(
        _ text: String, _ name: String
    ) throws(MarketDataError) -> Value where Value.RawValue == String {
        if let value = Value(rawValue: text) { return value }
        let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
        throw MarketDataError(.badOptions, "\(name)=\(text) is none of \(known)")
    }

    private static func choice<Value>(
        _ text: String, _ name: String, _ values: KeyValuePairs<String, Value>
    ) throws(MarketDataError) -> Value {
        if let value = values.first(where: { $0.key == text })?.value { return value }
        throw MarketDataError(
            .badOptions, "\(name)=\(text) is none of \(values.map(\.key).joined(separator: ", "))")
    }

    /// The power of ten that a number is.
    private static func exponent(_ text: String, _ name: String) throws(MarketDataError) -> Int {
        for exponent in -18...18 {
            let zeros = String(repeating: "0", count: max(abs(exponent) - (exponent < 0 ? 1 : 0), 0))
            let plain = exponent < 0 ? "0." + zeros + "1" : "1" + zeros
            if text == plain || text == "1e\(exponent)" || (exponent >= 0 && text == "1e+\(exponent)") {
                return exponent
            }
        }
        throw MarketDataError(.badOptions, "\(name)=\(text) is no power of ten such as 1e-9, 0.01 or 1000000")
    }
}
