import ArgumentParser
import Backtesting
import TradingEngine
import TradingModel

/// What a backtest is run on; the same for `backtest`, `sweep` and `walk-forward`.
struct BacktestDataOptions: ParsableArguments {
    @Option(name: .long, parsing: .upToNextOption, help: "Tick files, merged by time.")
    var data: [String]

    @Option(
        name: .long, parsing: .upToNextOption,
        help: "Instruments of the files, in the strategy's order; all of them when left out.")
    var instrument: [String] = []

    @Option(
        name: .long,
        help: "An account setting as name=value: \(AccountSettings.names.joined(separator: ", ")).")
    var venue: [KeyValueOption] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How orders fill, words joined with +: "
                + ExchangeModelText.fillModels.map { "\($0.name) (\($0.meaning))" }.joined(separator: "; ")
                + "."
        ))
    var fillModel: String?

    @Option(name: .long, help: ArgumentHelp("Latency: \(ExchangeModelText.latencies)."))
    var latency: String?

    @Option(name: .long, help: ArgumentHelp("Fees: \(ExchangeModelText.feeModels)."))
    var fees: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Slippage of market orders and stops: \(ExchangeModelText.slippages)."))
    var slippage: String?

    @Option(name: .long, help: "A risk limit as name=value.")
    var limit: [KeyValueOption] = []

    @Option(name: .long, help: "The seed of the strategy's random numbers.")
    var seed: UInt64 = 0

    @Option(
        name: .long, help: "Trade from this time on, ISO-8601 UTC such as 2026-01-05 or 2026-01-05T09:30:00Z."
    )
    var from: String?

    @Option(name: .long, help: "Leave out records from this time on.")
    var until: String?

    @Option(
        name: .long,
        help: """
            Only watch at first, orders are denied: a number of records, or a duration such as 30m, which with \
            --from reaches back before it.
            """)
    var warmUp: String?

    @Option(name: .long, help: "Days of returns in a year: 365, or 252 for exchanges.")
    var daysPerYear: Double = 365

    /// The account settings, those with an option of their own included.
    private var venueInputs: [(name: String, text: String)] {
        let models = [
            ("fill_model", fillModel), ("latency", latency), ("fees", fees), ("slippage", slippage),
        ]
        return venue.inputs + models.compactMap { name, text in text.map { (name: name, text: $0) } }
    }

    /// Settings without anything of a strategy.
    func settings() throws -> BacktestSettings {
        BacktestSettings(
            files: data, venue: venueInputs, seed: seed, from: try Self.time(from, "--from"),
            until: try Self.time(until, "--until"), warmUp: try warmUp.map(Self.warmUp),
            daysPerYear: daysPerYear)
    }

    private static func time(_ text: String?, _ option: String) throws -> Timestamp? {
        guard let text else { return nil }
        guard let time = Timestamp(iso8601: text) else {
            throw CommandLineError(
                ExitCodes.usage, "\(option) '\(text)' is no time; write 2026-01-05 or 2026-01-05T09:30:00Z")
        }
        return time
    }

    private static func warmUp(_ text: String) throws -> WarmUp {
        if let count = Int(text), count > 0 { return .records(count) }
        if let duration = DurationText.parse(text), duration > .zero { return .time(duration) }
        throw CommandLineError(
            ExitCodes.usage,
            "--warm-up '\(text)' is neither a number of records nor a duration such as 90s, 30m, 4h or 2d")
    }
}

/// Durations as people write them on a command line.
enum DurationText {
    /// A whole number above zero with its unit: `90s`, `30m`, `4h`, `2d`, `1w`; `nil` for anything else.
    static func parse(_ text: String) -> Duration? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800]
        guard let last = text.last, let unit = units[last], let count = Int64(text.dropLast()), count > 0,
            count <= 9_000_000_000 / unit
        else { return nil }
        return .seconds(count * unit)
    }
}

/// The strategies of a backtest with what belongs to each, from a command line on which `LABEL.name=value` and
/// `LABEL=SYMBOL` say whose it is.
struct BacktestEntries {
    private let names: [(label: String, strategy: any Strategy.Type)]

    /// Takes `[LABEL=]CLASS` words.
    init(_ words: [String]) throws {
        names = try words.map { word in
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let className = String(parts[parts.count - 1])
            let label = String(parts[0])
            guard !label.isEmpty, label.utf8.allSatisfy({ Self.isLabelByte($0) }) else {
                throw CommandLineError(
                    ExitCodes.usage,
                    "'\(word)': a label has letters, digits, _ and - only, as in fast=\(className)")
            }
            return (label, try AppRegistry.shared.requireStrategy(named: className))
        }
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == 0x5F
            || byte == 0x2D
    }

    /// Gives each strategy its settings. What names no label goes to all; of parameters, to those that declare them.
    func entries(set: [KeyValueOption], limits: [KeyValueOption], instruments: [String]) throws
        -> [BacktestEntry]
    {
        let parameters = try scoped(set, "--set")
        let limits = try scoped(limits, "--limit")
        for input in parameters where input.label == nil && names.count > 1 {
            let isKnown = names.contains { $0.strategy.parameters.contains { $0.name == input.name } }
            guard isKnown else {
                throw ParameterViolations(input.name, "is no parameter of any of these strategies")
            }
        }
        return try names.map { label, strategy in
            let own = parameters.filter { input in
                if let owner = input.label { return owner == label }
                return names.count == 1 || strategy.parameters.contains { $0.name == input.name }
            }
            return BacktestEntry(
                label: label, strategy: strategy, symbols: try symbols(instruments, label),
                // What names the label comes in place of what is for all.
                parameters: Self.withoutOverridden(own),
                limits: Self.withoutOverridden(limits.filter { $0.label == nil || $0.label == label }))
        }
    }

    private typealias Scoped = (label: String?, name: String, text: String)

    private static func withoutOverridden(_ inputs: [Scoped]) -> [(name: String, text: String)] {
        inputs.filter { input in
            input.label != nil || !inputs.contains { $0.label != nil && $0.name == input.name }
        }.map { ($0.name, $0.text) }
    }

    private func scoped(_ options: [KeyValueOption], _ option: String) throws -> [Scoped] {
        try options.map { input in
            guard let dot = input.name.firstIndex(of: ".") else { return (nil, input.name, input.text) }
            let label = String(input.name[..<dot])
            guard names.contains(where: { $0.label == label }) else {
                let known = names.map(\.label).joined(separator: ", ")
                throw CommandLineError(
                    ExitCodes.configuration,
                    "\(option) \(input.name): no strategy is called \(label); there are \(known)")
            }
            return (label, String(input.name[input.name.index(after: dot)...]), input.text)
        }
    }

    private func symbols(_ words: [String], _ label: String) throws -> [String] {
        var own: [String] = []
        var common: [String] = []
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, names.contains(where: { $0.label == parts[0] }) {
                if parts[0] == label { own.append(String(parts[1])) }
            } else {
                common.append(word)
            }
        }
        return own.isEmpty ? common : own
    }
}
