import ArgumentParser
import ControlPlane
import TradingModel

extension InstrumentsCommand {
    /// `tradewind instruments set SYMBOL name=value...`
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change an instrument, or add one.",
            discussion: """
                Names: category, price_increment, quantity_increment, multiplier, currency, and token for a new one. A \
                running manager announces the category at once; a strategy sees new increments from its next start on.
                """)

        @OptionGroup var home: HomeOptions
        @Argument(help: "The instrument's symbol.") var symbol: String
        @Argument(help: "Changes as name=value.") var changes: [KeyValueOption]

        func run() throws {
            try reporting {
                let store = try home.open(.client)
                let known = try store.instruments().first { $0.symbol == symbol }
                var values = InstrumentTableFile.values(of: known ?? Instrument(symbol: symbol))
                if known == nil { values["token"] = nil }
                for change in changes {
                    guard InstrumentTableFile.columns.contains(change.name), change.name != "symbol" else {
                        let names = InstrumentTableFile.columns.dropFirst().joined(separator: ", ")
                        throw CommandLineError(
                            ExitCodes.usage, "no property '\(change.name)'; there are \(names)")
                    }
                    guard change.name != "token" || known == nil else {
                        throw CommandLineError(
                            ExitCodes.usage,
                            "the token of \(symbol) is in its recordings and journals; it cannot be changed")
                    }
                    values[change.name] = change.text
                }
                let instrument = try InstrumentTableFile.instrument(values)
                try store.upsertInstruments([instrument])
                print("\(known == nil ? "added" : "changed") \(symbol)")
            }
        }
    }

    /// `tradewind instruments export`
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print all instruments as CSV that 'instruments import' reads.")

        @OptionGroup var home: HomeOptions

        func run() throws {
            try reporting {
                let lines = LineOutput()
                try lines.write(InstrumentTableFile.header)
                for instrument in try home.open(.reader).instruments() {
                    try lines.write(InstrumentTableFile.line(instrument))
                }
                try lines.flush()
            }
        }
    }
}
