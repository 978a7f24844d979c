import ControlPlane
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Monitoring
import TradingModel

/// A list of rows of the database that the API serves page by page: one declaration is its SQL, its JSON and its part of
/// the document.
struct Listing: Sendable {
    /// A column and the member that it becomes.
    struct Column: Sendable {
        var member: Schema.Member
        /// An expression; of a `decimal` the exact integer, of a `time` text or nanoseconds.
        var sql: String

        init(_ name: String, _ kind: Schema.Kind, _ sql: String, _ description: String = "") {
            member = Schema.Member(name, kind, description)
            self.sql = sql
        }
    }

    /// A condition that a caller can ask for.
    struct Filter: Sendable {
        enum Test: Sendable {
            /// Equal to a text.
            case text
            /// Equal to one of these words.
            case word([String])
            /// A strategy's id or name.
            case strategy
            /// At or after, or before, a time; the column is ISO text or, for `ns`, nanoseconds.
            case since(isNanoseconds: Bool)
            case until(isNanoseconds: Bool)
        }

        var name: String
        var sql: String
        var test: Test
        var description: String
        var isRequired = false
    }

    /// What the list is sorted by: unique together, all descending or all ascending.
    struct Order: Sendable {
        var columns: [String]
        var isDescending = true
    }

    /// The last part of the path.
    var name: String
    var summary: String
    /// The name of the schema of a row.
    var schemaName: String
    var source: String
    var columns: [Column]
    var order: Order
    /// The order for one strategy, where an index has it.
    var strategyOrder: Order?
    var filters: [Filter] = []

    var schema: Schema { Schema(schemaName, columns.map(\.member)) }

    /// One page of the list, asked for by query parameters that all are known.
    func page(_ parameters: QueryParameters, _ store: ControlStore) throws -> JSONWriter {
        try parameters.allow(filters.map(\.name) + ["limit", "cursor"])
        let limit =
            try parameters.integer("limit", 1...Limits.pageRowsMax)
            ?? min(Limits.pageRowsDefault, Limits.pageRowsMax)
        var conditions: [String] = []
        var arguments: [SQLValue] = []
        var order = order
        for filter in filters {
            guard let text = parameters[filter.name] else {
                guard !filter.isRequired else {
                    throw Problem(
                        .badRequest, "missing_parameter", "\(filter.name) is needed: \(filter.description)")
                }
                continue
            }
            if case .strategy = filter.test, let strategyOrder { order = strategyOrder }
            conditions.append(Self.condition(filter))
            arguments.append(try Self.value(filter, text, store))
        }
        if let cursor = parameters["cursor"] {
            let values = try Self.values(ofCursor: cursor, count: order.columns.count)
            let marks = Array(repeating: "?", count: values.count).joined(separator: ", ")
            conditions.append(
                "(\(order.columns.joined(separator: ", "))) \(order.isDescending ? "<" : ">") (\(marks))")
            arguments += values
        }
        let direction = order.isDescending ? " DESC" : ""
        let sql = """
            SELECT \((columns.map(\.sql) + order.columns).joined(separator: ", ")) FROM \(source)\
            \(conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")) \
            ORDER BY \(order.columns.map { $0 + direction }.joined(separator: ", ")) LIMIT \(limit + 1)
            """
        let rows = try store.rows(sql, arguments, limit: limit + 1)
        var json = JSONWriter()
        json.object { json in
            json.arrayMember("items") { json in
                for row in rows.prefix(limit) { write(row, to: &json) }
            }
            let last = rows.count > limit ? rows[limit - 1].suffix(order.columns.count) : []
            json.member("next_cursor", last.isEmpty ? nil : Self.cursor(Array(last)))
        }
        return json
    }

    /// The row with a key; `nil` when there is none.
    func row(where condition: String, _ arguments: [SQLValue], _ store: ControlStore) throws -> JSONWriter? {
        let sql = "SELECT \(columns.map(\.sql).joined(separator: ", ")) FROM \(source) WHERE \(condition)"
        guard let row = try store.rows(sql, arguments, limit: 1).first else { return nil }
        var json = JSONWriter()
        write(row, to: &json)
        return json
    }

    // MARK: - Rows

    private func write(_ row: [SQLValue], to json: inout JSONWriter) {
        json.object { json in
            for (column, value) in zip(columns, row) {
                json.key(column.member.name)
                Self.write(value, column.member.kind, to: &json)
            }
        }
    }

    private static func write(_ value: SQLValue, _ kind: Schema.Kind, to json: inout JSONWriter) {
        switch (kind, value) {
        case (_, .null): json.value(nil as String?)
        case (.decimal, .integer(let number)): json.value(Money(e8: number))
        case (.time, .integer(let number)):
            json.value(Timestamp(nanoseconds: number).iso8601(fractionDigits: 9))
        case (.boolean, .integer(let number)): json.value(number != 0)
        // The schema of the database holds JSON in these columns.
        case (.object, .text(let text)), (.array, .text(let text)): json.raw(text.utf8)
        case (_, .integer(let number)): json.value(number)
        case (_, .real(let number)): json.value(number)
        case (_, .text(let text)): json.value(text)
        }
    }

    // MARK: - Filters

    private static func condition(_ filter: Filter) -> String {
        switch filter.test {
        case .text, .word, .strategy: "\(filter.sql) = ?"
        case .since: "\(filter.sql) >= ?"
        case .until: "\(filter.sql) < ?"
        }
    }

    private static func value(_ filter: Filter, _ text: String, _ store: ControlStore) throws -> SQLValue {
        switch filter.test {
        case .text: return .text(text)
        case .word(let words):
            guard words.contains(text) else {
                throw Problem(
                    .badRequest, "bad_parameter",
                    "\(filter.name) must be one of \(words.joined(separator: ", "))")
            }
            return .text(text)
        case .strategy: return .text(try store.strategy(orProblem: text).id)
        case .since(let isNanoseconds), .until(let isNanoseconds):
            guard let time = Timestamp(rfc3339: text) else {
                throw Problem(
                    .badRequest, "bad_parameter",
                    "\(filter.name) must be a UTC time such as 2026-01-31T12:00:00Z")
            }
            return isNanoseconds ? .integer(time.nanoseconds) : .text(time.description)
        }
    }

    // MARK: - Cursors

    /// `i` and digits for integers, `t` and hexadecimal UTF-8 for texts, joined by hyphens.
    private static func cursor(_ values: [SQLValue]) -> String {
        values.map { value in
            switch value {
            case .integer(let number): "i\(number)"
            case .text(let text):
                "t" + text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            case .null, .real: "t"
            }
        }.joined(separator: ".")
    }

    /// What cursors look like; how many values one has depends on the list and its filters.
    static let cursorPattern: String = {
        let value = "(i-?[0-9]{1,18}|t([0-9a-f]{2})*)"
        return "^\(value)(\\.\(value)){0,3}$"
    }()

    private static func values(ofCursor text: String, count: Int) throws(Problem) -> [SQLValue] {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let values = parts.compactMap { part -> SQLValue? in
            let rest = part.dropFirst()
            if part.first == "i" { return Int64(rest).map { .integer($0) } }
            guard part.first == "t", rest.utf8.count % 2 == 0 else { return nil }
            var bytes: [UInt8] = []
            var index = rest.startIndex
            while index < rest.endIndex {
                let end = rest.index(index, offsetBy: 2)
                guard let byte = UInt8(rest[index..<end], radix: 16) else { return nil }
                bytes.append(byte)
                index = end
            }
            return .text(String(decoding: bytes, as: UTF8.self))
        }
        let advice = "cursor must be the next_cursor of the page before, with the same filters"
        guard values.count == parts.count else { throw Problem(.badRequest, "bad_cursor", advice) }
        guard values.count == count else { throw Problem(.notFound, "unknown_page", advice) }
        return values
    }
}

extension ControlStore {
    /// The strategy of an id or a name; throws a problem when there is none.
    func strategy(orProblem idOrName: String) throws -> StrategyRow {
        guard let row = try strategy(idOrName) else {
            throw Problem(.notFound, "unknown_strategy", "there is no strategy \(idOrName.prefix(80))")
        }
        return row
    }
}
