import TradingModel

/// The options of a socket feed, checked.
struct SocketOptions: Sendable {
    enum Mode: String, Sendable, CaseIterable { case listen, connect }
    enum Format: String, Sendable, CaseIterable { case csv, json, frames }

    let address: SocketAddress
    let mode: Mode
    let format: Format
    /// The instruments that are named; others may come when `admission` says so.
    let instruments: [Instrument]
    /// How symbols that are not named become instruments; `nil` when their records are left out.
    let admission: SymbolAdmission?
    let heartbeatNanoseconds: Int64
    /// The layout of CSV rows by its name, as `ticks import` knows it.
    private let preset: ImportFormat?
    /// Columns and settings, as `ticks import --map` takes them; checked.
    private let mapping: String?
    private let base: CSVImportOptions
    private let hasOffset: Bool

    static let names = [
        "address", "mode", "format", "symbols", "symbols_max", "preset", "map", "time_unit", "header",
        "delimiter",
        "utc_offset",
        "bar_seconds", "allow_remote", "category", "currency", "price_increment", "quantity_increment",
        "heartbeat_ms",
    ]

    init(_ configuration: FeedConfiguration) throws(MarketDataError) {
        try configuration.requireOnly(Self.names)
        guard let text = try configuration.text("address") else {
            throw configuration.error("address", "is needed: unix:/path/of.sock or 127.0.0.1:9000")
        }
        guard let address = SocketAddress(text) else {
            throw configuration.error(
                "address", "must be unix:/absolute/path (at most 103 bytes) or HOST:PORT, not '\(text)'")
        }
        self.address = address
        mode = try configuration.choice("mode") ?? .listen
        format = try configuration.choice("format") ?? .csv
        let isRemoteAllowed = try configuration.flag("allow_remote")
        guard address.isLocal || isRemoteAllowed else {
            throw configuration.error(
                "address",
                "\(address) is not of this machine; whoever reaches it can send prices. Set"
                    + " allow_remote=true if that is meant")
        }
        instruments = try Self.instruments(configuration)
        admission = try Self.admission(configuration, format, known: instruments)
        heartbeatNanoseconds =
            (try configuration.integer("heartbeat_ms", in: 10...60_000) ?? 1_000) * 1_000_000
        preset = try Self.preset(configuration)
        mapping = try Self.mapping(configuration, preset)
        guard format != .csv || preset != nil || mapping != nil else {
            throw configuration.error(
                "preset", "is needed for CSV lines, or map: \(Self.presetNames)")
        }
        if format == .frames, preset != nil || mapping != nil {
            throw configuration.error(
                preset != nil ? "preset" : "map", "says how lines are read, and format frames has none")
        }
        base = try Self.base(configuration, instruments)
        hasOffset = configuration.optionNames.contains("utc_offset")
        if format == .csv { _ = try Self.reading(preset, mapping, nil, configuration) }
    }

    /// How rows of a kind are read; CSV lines are of the kind that preset or mapping say.
    func reading(_ kind: CSVImportOptions.Preset) -> CSVImportOptions {
        // What was checked when the feed was made does not fail here.
        var options =
            (try? Self.reading(preset, mapping, format == .csv ? nil : kind, nil))
            ?? CSVImportOptions(preset: kind)
        options.timeUnit = base.timeUnit ?? options.timeUnit
        options.hasHeader = base.hasHeader ?? options.hasHeader
        options.delimiter = base.delimiter ?? options.delimiter
        if hasOffset { options.zone = base.zone }
        options.barDuration = base.barDuration ?? options.barDuration
        return options
    }

    private static func reading(
        _ preset: ImportFormat?, _ mapping: String?, _ kind: CSVImportOptions.Preset?,
        _ configuration: FeedConfiguration?
    ) throws(MarketDataError) -> CSVImportOptions {
        do throws(MarketDataError) {
            guard let mapping else {
                return preset.map { CSVImportOptions(format: $0) }
                    ?? CSVImportOptions(preset: kind ?? .trades)
            }
            guard preset != nil || kind != nil else { return try CSVImportOptions(mapping: mapping) }
            var options =
                preset.map { CSVImportOptions(format: $0) } ?? CSVImportOptions(preset: kind ?? .trades)
            try options.apply(mapping: mapping)
            return options
        } catch {
            throw configuration?.error("map", error.description) ?? error
        }
    }

    /// How the lines of a new connection are read.
    func makeDecoder() -> (any FeedLineDecoder)? {
        let onlySymbol = instruments.count == 1 && admission == nil ? instruments[0].symbol : nil
        return switch format {
        case .csv: CSVLineDecoder(options: reading(.trades), onlySymbol: onlySymbol)
        case .json: JSONLineDecoder(onlySymbol: onlySymbol, options: { reading($0) })
        case .frames: nil
        }
    }

    /// The instruments; a symbol is all that is needed of one.
    static func instruments(_ configuration: FeedConfiguration) throws(MarketDataError) -> [Instrument] {
        guard let given = try configuration.list("symbols"), !given.isEmpty else {
            throw configuration.error(
                "symbols", "is needed: the symbols that may come, such as BTCUSDT,ETHUSDT, or any")
        }
        let symbols = given.filter { $0 != FeedConfiguration.anySymbol }
        guard symbols.count <= Limits.socketSymbolsMax, Set(symbols).count == symbols.count else {
            throw configuration.error("symbols", "must be at most \(Limits.socketSymbolsMax), each once")
        }
        let model = try modelInstrument(configuration)
        var catalog = InstrumentCatalog()
        for symbol in symbols {
            try catalog.insert(model.renamed(symbol), from: "feed \(configuration.feedName)")
        }
        return symbols.map { model.renamed($0) }
    }

    /// What all instruments of the feed have in common.
    private static func modelInstrument(_ configuration: FeedConfiguration) throws(MarketDataError)
        -> Instrument
    {
        Instrument(
            symbol: "", category: try configuration.text("category") ?? "default",
            priceIncrement: Price(e8: try increment(configuration, "price_increment") ?? 0),
            quantityIncrement: Quantity(e8: try increment(configuration, "quantity_increment") ?? 0),
            currency: try configuration.text("currency") ?? "USD")
    }

    private static func admission(
        _ configuration: FeedConfiguration, _ format: Format, known: [Instrument]
    ) throws(MarketDataError) -> SymbolAdmission? {
        let most = try configuration.integer("symbols_max", in: 1...Int64(Limits.socketSymbolsMax))
        guard configuration.takesAnySymbol else {
            guard most == nil else {
                throw configuration.error(
                    "symbols_max", "bounds the symbols of symbols=any, which is not given")
            }
            return nil
        }
        guard format != .frames else {
            throw configuration.error(
                "symbols", "must be named for frames, whose records have tokens and no symbols")
        }
        let countMax = most.map { Int($0) } ?? Limits.socketNewSymbolsMax
        guard known.count < countMax else {
            throw configuration.error("symbols_max", "must be more than the \(known.count) symbols named")
        }
        return SymbolAdmission(model: try modelInstrument(configuration), known: known, countMax: countMax)
    }

    private static func increment(
        _ configuration: FeedConfiguration, _ name: String
    ) throws(MarketDataError) -> Int64? {
        guard let text = try configuration.list(name)?.first else { return nil }
        guard let value = Price(text), value >= .zero else {
            throw configuration.error(
                name, "must be 0 or a positive decimal of at most eight places, not '\(text)'")
        }
        return value.e8
    }

    private static var presetNames: String {
        ImportFormat.allCases.filter { $0 != .records }.map(\.rawValue).joined(separator: ", ")
    }

    private static func preset(_ configuration: FeedConfiguration) throws(MarketDataError) -> ImportFormat? {
        guard let text = try configuration.text("preset") else { return nil }
        guard let format = ImportFormat(name: text), format != .records else {
            throw configuration.error("preset", "must be \(presetNames), not '\(text)'")
        }
        return format
    }

    /// The mapping as one text, checked as far as it can be without a row.
    private static func mapping(
        _ configuration: FeedConfiguration, _ preset: ImportFormat?
    ) throws(MarketDataError) -> String? {
        guard let parts = try configuration.list("map"), !parts.isEmpty else { return nil }
        let text = parts.joined(separator: ",")
        _ = try reading(preset ?? .trades, text, nil, configuration)
        return text
    }

    private static func base(
        _ configuration: FeedConfiguration, _ instruments: [Instrument]
    ) throws(MarketDataError) -> CSVImportOptions {
        // One symbol means that lines need not name it; a column of symbols is read where there is one.
        var options = CSVImportOptions(preset: .trades)
        options.timeUnit = try configuration.choice("time_unit")
        if configuration.optionNames.contains("header") {
            options.hasHeader = try configuration.flag("header")
        }
        if let delimiter = try configuration.text("delimiter") {
            let known: [String: UInt8] = ["comma": 0x2C, "semicolon": 0x3B, "tab": 0x09, "pipe": 0x7C]
            guard let byte = known[delimiter] else {
                throw configuration.error(
                    "delimiter", "must be comma, semicolon, tab or pipe, not '\(delimiter)'")
            }
            options.delimiter = byte
        }
        options.zoneOffsetSeconds = try configuration.integer("utc_offset", in: -86_400...86_400) ?? 0
        if let seconds = try configuration.integer("bar_seconds", in: 1...31_622_400) {
            options.barDuration = .seconds(seconds)
        }
        return options
    }
}

extension FeedConfiguration {
    /// One of the texts of an enumeration; `nil` when absent.
    func choice<Value: RawRepresentable & CaseIterable>(
        _ name: String
    ) throws(MarketDataError) -> Value? where Value.RawValue == String {
        guard let text = try text(name) else { return nil }
        if let value = Value(rawValue: text) { return value }
        let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
        throw error(name, "must be \(known), not '\(text)'")
    }
}
