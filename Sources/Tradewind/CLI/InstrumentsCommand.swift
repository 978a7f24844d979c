import ArgumentParser
import ControlPlane
import Foundation
import Monitoring
import TradingModel

/// `tradewind instruments ...`
struct InstrumentsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "instruments", abstract: "List, import, change and export what can be traded.",
        subcommands: [List.self, Import.self, Set.self, Export.self])

    /// `tradewind instruments list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All instruments.")

        @OptionGroup var home: HomeOptions
        @Flag(name: .long, help: "Print JSON.") var json = false

        func run() throws {
            try reporting {
                let instruments = try home.open(.reader).instruments()
                if json { return try printJSON(instruments) }
                var table = TextTable(
                    "symbol", ">token", "category", ">price increment", ">quantity increment", ">multiplier",
                    "currency")
                for instrument in instruments {
                    table.append(
                        instrument.symbol, instrument.token.description, instrument.category,
                        instrument.priceIncrement.description, instrument.quantityIncrement.description,
                        instrument.multiplier.description, instrument.currency)
                }
                print(table.rendered())
            }
        }
    }

    /// `tradewind instruments import FILE`
    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add or change instruments from a CSV file; all rows or none.",
            discussion: """
                The first row names the columns: symbol, and any of token, category, price_increment, \
                quantity_increment, multiplier, currency.
                """)

        @OptionGroup var home: HomeOptions
        @Argument(help: "A CSV file.") var file: String

        func run() throws {
            try reporting {
                let instruments = try InstrumentTableFile(path: file).instruments()
                try home.open(.client).upsertInstruments(instruments)
                print("\(instruments.count) instruments from \(file)")
            }
        }
    }
}

/// A CSV file of instruments.
struct InstrumentTableFile {
    static let columns = [
        "symbol", "token", "category", "price_increment", "quantity_increment", "multiplier", "currency",
    ]

    let text: String
    let path: String

    init(path: String) throws {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw CommandLineError(ExitCodes.noInput, "cannot read \(path): is it there, and UTF-8 text?")
        }
        self.text = text
        self.path = path
    }

    /// The first row of a file of all columns.
    static let header = columns.joined(separator: ",")

    /// An instrument's row.
    static func line(_ instrument: Instrument) -> String {
        let values = values(of: instrument)
        return columns.map { values[$0] ?? "" }.joined(separator: ",")
    }

    /// An instrument's values by column.
    static func values(of instrument: Instrument) -> [String: String] {
        [
            "symbol": instrument.symbol, "token": instrument.token.description,
            "category": instrument.category,
            "price_increment": instrument.priceIncrement.description,
            "quantity_increment": instrument.quantityIncrement.description,
            "multiplier": instrument.multiplier.description, "currency": instrument.currency,
        ]
    }

    /// The instrument of a row's values; throws with what is wrong.
    static func instrument(_ values: [String: String]) throws -> Instrument {
        do {
            return try InstrumentTableFile.parsed(values)
        } catch let problem as Problem {
            throw CommandLineError(ExitCodes.usage, "\(values["symbol"] ?? ""): \(problem.text)")
        }
    }

    /// The instruments; throws with all wrong rows and their line numbers.
    func instruments() throws -> [Instrument] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.split(separator: ",", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespacesAndNewlines)
            }
        }
        guard let header = lines.first?.map({ $0.lowercased() }), header.contains("symbol") else {
            throw CommandLineError(
                ExitCodes.badData, "\(path): the first row must name the columns, among them symbol")
        }
        var problems: [String] = header.filter { !Self.columns.contains($0) }.map {
            "line 1: no column '\($0)'"
        }
        var instruments: [Instrument] = []
        for (index, cells) in lines.enumerated().dropFirst() where cells != [""] {
            let values = Dictionary(zip(header, cells)) { first, _ in first }
            do {
                guard cells.count == header.count else {
                    throw Problem(text: "has \(cells.count) cells, not \(header.count)")
                }
                instruments.append(try Self.parsed(values))
            } catch let problem as Problem {
                problems.append("line \(index + 1): \(problem.text)")
            }
        }
        guard problems.isEmpty else {
            throw CommandLineError(
                ExitCodes.badData, "\(path): nothing was imported\n" + problems.joined(separator: "\n"))
        }
        return instruments
    }

    private struct Problem: Error {
        var text: String
    }

    private static func parsed(_ values: [String: String]) throws -> Instrument {
        guard let symbol = values["symbol"], !symbol.isEmpty else { throw Problem(text: "has no symbol") }
        var instrument = Instrument(symbol: symbol)
        if let token = nonEmpty(values["token"]) {
            guard let number = UInt32(token), number > 0 else {
                throw Problem(text: "token '\(token)' is not 1 to 4294967295")
            }
            instrument.token = InstrumentToken(number)
        }
        instrument.category = nonEmpty(values["category"]) ?? instrument.category
        instrument.currency = nonEmpty(values["currency"]) ?? instrument.currency
        if let value: Price = try decimal(values, "price_increment") { instrument.priceIncrement = value }
        if let value: Quantity = try decimal(values, "quantity_increment") {
            instrument.quantityIncrement = value
        }
        if let value: Quantity = try decimal(values, "multiplier") { instrument.multiplier = value }
        return instrument
    }

    private static func nonEmpty(_ text: String?) -> String? { text?.isEmpty == false ? text : nil }

    private static func decimal<Value: FixedPoint>(_ values: [String: String], _ name: String) throws
        -> Value?
    {
        guard let text = nonEmpty(values[name]) else { return nil }
        guard let value = Value(text), value >= .zero else {
            throw Problem(text: "\(name) '\(text)' is not a decimal of zero or more")
        }
        return value
    }
}
