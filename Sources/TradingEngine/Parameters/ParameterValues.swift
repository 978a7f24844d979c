public import TradingModel

/// One parameter's value.
enum ParameterValue: Equatable, Sendable {
    case integer(Int)
    case number(Double)
    case decimal(Quantity)
    case flag(Bool)
    case choice(String)

    /// The value as an input would write it.
    var text: String {
        switch self {
        case .integer(let value): String(value)
        case .number(let value): "\(value)"
        case .decimal(let value): value.description
        case .flag(let value): value ? "true" : "false"
        case .choice(let value): value
        }
    }
}

/// Values for all declared parameters of a strategy, in the order of declaration; every value is valid.
public struct ParameterValues: Equatable, Sendable {
    private(set) var names: [String]
    private(set) var values: [ParameterValue]

    /// The defaults of the declarations; traps when a name is declared twice.
    public init(defaults declarations: [ParameterDeclaration]) {
        self.init(names: declarations.map(\.name), values: declarations.map(\.defaultValue))
    }

    init(names: [String], values: [ParameterValue]) {
        for index in names.indices {
            precondition(
                !names[..<index].contains(names[index]), "parameter '\(names[index])' is declared twice")
        }
        self.names = names
        self.values = values
    }

    /// A whole number; traps when no integer of that name is declared.
    public func integer(_ name: String) -> Int {
        guard case .integer(let value) = value(name) else { wrongKind(name, "integer") }
        return value
    }

    /// A floating-point number; traps when no number of that name is declared.
    public func number(_ name: String) -> Double {
        guard case .number(let value) = value(name) else { wrongKind(name, "number") }
        return value
    }

    /// An exact decimal; traps when no decimal of that name is declared.
    public func decimal(_ name: String) -> Quantity {
        guard case .decimal(let value) = value(name) else { wrongKind(name, "decimal") }
        return value
    }

    /// An exact decimal as a price; traps when no decimal of that name is declared.
    public func price(_ name: String) -> Price { Price(e8: decimal(name).e8) }

    /// A yes or no; traps when no flag of that name is declared.
    public func flag(_ name: String) -> Bool {
        guard case .flag(let value) = value(name) else { wrongKind(name, "flag") }
        return value
    }

    /// One word of several; traps when no choice of that name is declared.
    public func choice(_ name: String) -> String {
        guard case .choice(let value) = value(name) else { wrongKind(name, "choice") }
        return value
    }

    /// All names with their values as text, in the order of declaration.
    public var entries: [(name: String, text: String)] {
        names.indices.map { (names[$0], values[$0].text) }
    }

    /// A JSON object of all values in the order of declaration; decimals are exact JSON numbers.
    public var jsonText: String {
        let members = names.indices.map { index in
            if case .choice(let word) = values[index] {
                return "\(Self.quoted(names[index])):\(Self.quoted(word))"
            }
            return "\(Self.quoted(names[index])):\(values[index].text)"
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    /// The names whose values differ from another set of the same declarations, in order.
    public func changes(from other: ParameterValues) -> [String] {
        names.indices.filter { index in
            guard let before = other.names.firstIndex(of: names[index]) else { return true }
            return other.values[before] != values[index]
        }.map { names[$0] }
    }

    /// The names that changed although they may only be set at start, in order.
    public static func nonLiveChanges(
        _ declarations: [ParameterDeclaration], from old: ParameterValues, to new: ParameterValues
    ) -> [String] {
        let live = declarations.filter(\.isLive).map(\.name)
        return new.changes(from: old).filter { !live.contains($0) }
    }

    private func value(_ name: String) -> ParameterValue? {
        names.firstIndex(of: name).map { values[$0] }
    }

    private func wrongKind(_ name: String, _ kind: String) -> Never {
        preconditionFailure("no parameter '\(name)' of kind \(kind) is declared")
    }

    /// JSON text of a string, control characters escaped.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\0"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
