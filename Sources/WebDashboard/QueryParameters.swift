import HTTPTypes
import HummingbirdCore

/// The part of a URL after the question mark: each name once, all of them known.
struct QueryParameters {
    private let values: [(name: String, value: String)]

    /// Takes them apart; throws for a name that is given twice.
    init(_ uri: URI) throws(Problem) {
        var values: [(name: String, value: String)] = []
        for (name, value) in uri.queryParameters {
            let name = String(name)
            guard !values.contains(where: { $0.name == name }) else {
                throw Problem(.badRequest, "bad_parameter", "\(name) is given twice")
            }
            values.append((name, String(value)))
        }
        self.values = values
    }

    /// The value of a name; `nil` when it is not given.
    subscript(name: String) -> String? { values.first { $0.name == name }?.value }

    /// Throws for a parameter that is not among the names.
    func allow(_ names: [String]) throws(Problem) {
        for (name, _) in values where !names.contains(name) {
            let known = names.isEmpty ? "there are none here" : "known are \(names.joined(separator: ", "))"
            throw Problem(.badRequest, "unknown_parameter", "unknown parameter \(name.prefix(80)): \(known)")
        }
    }

    /// A whole number within a range; `nil` when it is not given.
    func integer(_ name: String, _ range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = self[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw Problem(
                .badRequest, "bad_parameter",
                "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
