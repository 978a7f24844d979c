import ArgumentParser
import ControlPlane
import Foundation
import Monitoring
import TradingModel

/// What the commands that list rows have in common.
struct RowListOptions: ParsableArguments {
    @OptionGroup var home: HomeOptions
    @Option(help: "Only of this strategy, by name or id.") var strategy: String?
    @Option(help: "Only of this instrument.") var symbol: String?
    @Option(help: "Only from this UTC time on, such as 2026-01-31T12:00:00Z.") var since: String?
    @Option(name: .shortAndLong, help: "How many of the newest, at most 100000.") var number = 50
    @Flag(name: .long, help: "Print JSON.") var json = false
    @Flag(name: .long, help: "Print CSV with a line of headings.") var csv = false

    func validate() throws {
        if json, csv { throw ValidationError("give --json or --csv, not both") }
        guard (1...100_000).contains(number) else { throw ValidationError("--number must be 1 to 100000") }
        if let since, Timestamp(iso8601: since) == nil {
            throw ValidationError("--since must be a UTC time such as 2026-01-31T12:00:00Z")
        }
    }
}

/// Rows of the database as a table, as JSON or as CSV. Money, prices and quantities are exact.
struct RowListing {
    /// How a column is printed.
    enum Kind {
        case text
        case number
        /// An integer of units of 10^-8.
        case decimal
        /// Nanoseconds since 1970.
        case time
    }

    /// A column: its heading, which is its name in JSON and CSV as well, and its expression.
    struct Column {
        var name: String
        var kind: Kind
        var sql: String

        init(_ name: String, _ kind: Kind, _ sql: String) {
            self.name = name
            self.kind = kind
            self.sql = sql
        }
    }

    var source: String
    var columns: [Column]
    /// What is newest comes first here; tables are printed the other way round, as a log is read.
    var order: String
    var strategyColumn: String
    var symbolColumn: String?
    /// A column of ISO text, or of nanoseconds.
    var timeColumn: String?
    var isTimeNanoseconds = true

    /// Reads all of a short list, in its order.
    func all(_ store: ControlStore) throws -> [[SQLValue]] {
        let sql = "SELECT \(columns.map(\.sql).joined(separator: ", ")) FROM \(source) ORDER BY \(order)"
        return try store.rows(sql, limit: 100_000)
    }

    /// Reads what the options ask for; oldest first. `conditions` are more of them, with their values.
    func rows(
        _ options: RowListOptions, _ store: ControlStore, _ conditions: [(sql: String, value: SQLValue)] = []
    ) throws -> [[SQLValue]] {
        var conditions = conditions
        if let name = options.strategy {
            guard let row = try store.strategy(name) else {
                throw CommandLineError(
                    ExitCodes.noInput, "there is no strategy \(name): 'strategies list' shows them")
            }
            conditions.append((strategyColumn + " = ?", .text(row.id)))
        }
        if let symbol = options.symbol {
            guard let symbolColumn else {
                throw CommandLineError(ExitCodes.usage, "--symbol is not for this command")
            }
            conditions.append((symbolColumn + " = ?", .text(symbol)))
        }
        if let text = options.since, let time = Timestamp(iso8601: text) {
            guard let timeColumn else {
                throw CommandLineError(ExitCodes.usage, "--since is not for this command")
            }
            conditions.append(
                (
                    timeColumn + " >= ?",
                    isTimeNanoseconds ? .integer(time.nanoseconds) : .text(time.description)
                ))
        }
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.map(\.sql).joined(separator: " AND ")
        let sql =
            "SELECT \(columns.map(\.sql).joined(separator: ", ")) FROM \(source)\(filter) ORDER BY \(order) "
            + "LIMIT \(options.number)"
        return try store.rows(sql, conditions.map(\.value), limit: options.number).reversed()
    }

    /// Prints rows as the options say; `none` is said on standard error when there are none.
    func print(_ rows: [[SQLValue]], _ options: RowListOptions, none: String) {
        print(rows, isJSON: options.json, isCSV: options.csv, none: none)
    }

    /// The same for commands that have no other options.
    func print(_ rows: [[SQLValue]], isJSON: Bool, isCSV: Bool, none: String) {
        if isJSON {
            Swift.print(json(rows))
        } else if isCSV {
            Swift.print(columns.map(\.name).joined(separator: ","))
            for row in rows { Swift.print(csv(row)) }
        } else if rows.isEmpty {
            printError(none)
        } else {
            var table = TextTable(
                headings: columns.map { ($0.kind == .number || $0.kind == .decimal ? ">" : "") + $0.name })
            for row in rows { table.append(zip(columns, row).map { Self.text($0.kind, $1) ?? "-" }) }
            Swift.print(table.rendered())
        }
    }

    func csv(_ row: [SQLValue]) -> String {
        zip(columns, row).map { column, value in
            let text = Self.text(column.kind, value) ?? ""
            let isPlain = !text.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
            return isPlain ? text : "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
        }.joined(separator: ",")
    }

    private func json(_ rows: [[SQLValue]]) -> String {
        var json = JSONWriter()
        json.array { json in
            for row in rows { write(row, to: &json) }
        }
        return json.text
    }

    /// One row as an object.
    func write(_ row: [SQLValue], to json: inout JSONWriter) {
        json.object { json in
            for (column, value) in zip(columns, row) {
                switch (column.kind, value) {
                case (.number, .integer(let number)): json.member(column.name, number)
                case (.number, .real(let number)): json.member(column.name, number)
                default: json.member(column.name, Self.text(column.kind, value))
                }
            }
        }
    }

    static func text(_ kind: Kind, _ value: SQLValue) -> String? {
        switch (kind, value) {
        case (_, .null): nil
        case (.decimal, .integer(let number)): Money(e8: number).description
        case (.time, .integer(let number)): Timestamp(nanoseconds: number).description
        case (_, .integer(let number)): String(number)
        case (_, .real(let number)): String(number)
        case (_, .text(let text)): text
        }
    }
}
