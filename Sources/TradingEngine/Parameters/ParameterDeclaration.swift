public import TradingModel

/// A parameter of a strategy: one declaration drives validation, command-line help, sweeps and the web page.
public struct ParameterDeclaration: Equatable, Sendable {
    /// What values are allowed.
    enum Domain: Equatable, Sendable {
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case decimal(ClosedRange<Quantity>)
        case flag
        case choice([String])
    }

    /// Lowercase with underscores, unique within its strategy.
    public let name: String
    /// One sentence for people.
    public let help: String
    /// Whether it may change while the strategy runs.
    public let isLive: Bool
    let domain: Domain
    let defaultValue: ParameterValue

    private init(_ name: String, _ domain: Domain, _ value: ParameterValue, isLive: Bool, help: String) {
        precondition(
            Self.isName(name), "parameter name '\(name)' must be lowercase letters, digits and underscores")
        precondition(domain.contains(value), "the default of parameter '\(name)' must be one of its values")
        self.name = name
        self.help = help
        self.isLive = isLive
        self.domain = domain
        defaultValue = value
    }

    /// A whole number; traps when the default is outside the range.
    public static func integer(
        _ name: String, default value: Int, range: ClosedRange<Int>, isLive: Bool = false, help: String = ""
    ) -> Self {
        Self(name, .integer(range), .integer(value), isLive: isLive, help: help)
    }

    /// A floating-point number, for factors and thresholds; traps when the default is outside the range.
    public static func number(
        _ name: String, default value: Double, range: ClosedRange<Double>, isLive: Bool = false,
        help: String = ""
    ) -> Self {
        Self(name, .number(range), .number(value), isLive: isLive, help: help)
    }

    /// An exact decimal, for quantities and prices; traps when the default is outside the range.
    public static func decimal(
        _ name: String, default value: Quantity, range: ClosedRange<Quantity>, isLive: Bool = false,
        help: String = ""
    ) -> Self {
        Self(name, .decimal(range), .decimal(value), isLive: isLive, help: help)
    }

    /// A yes or no.
    public static func flag(_ name: String, default value: Bool, isLive: Bool = false, help: String = "")
        -> Self
    {
        Self(name, .flag, .flag(value), isLive: isLive, help: help)
    }

    /// One word of several; traps when the default is not among them.
    public static func choice(
        _ name: String, default value: String, choices: [String], isLive: Bool = false, help: String = ""
    ) -> Self {
        Self(name, .choice(choices), .choice(value), isLive: isLive, help: help)
    }

    /// The word for its kind: integer, number, decimal, flag or choice.
    public var kind: String {
        switch domain {
        case .integer: "integer"
        case .number: "number"
        case .decimal: "decimal"
        case .flag: "flag"
        case .choice: "choice"
        }
    }

    /// The default as text, in the form that inputs have.
    public var defaultText: String { defaultValue.text }

    /// The allowed values as text, such as `1...500` or `fast, slow`.
    public var rangeText: String {
        switch domain {
        case .integer(let range): "\(range.lowerBound)...\(range.upperBound)"
        case .number(let range): "\(range.lowerBound)...\(range.upperBound)"
        case .decimal(let range): "\(range.lowerBound)...\(range.upperBound)"
        case .flag: "true, false"
        case .choice(let choices): choices.joined(separator: ", ")
        }
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (0x61...0x7A).contains(first) else { return false }
        return name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }
}

extension ParameterDeclaration.Domain {
    /// Whether a value of the right kind lies within.
    func contains(_ value: ParameterValue) -> Bool {
        switch (self, value) {
        case (.integer(let range), .integer(let value)): range.contains(value)
        case (.number(let range), .number(let value)): range.contains(value)
        case (.decimal(let range), .decimal(let value)): range.contains(value)
        case (.flag, .flag): true
        case (.choice(let choices), .choice(let value)): choices.contains(value)
        default: false
        }
    }

    /// The value that a text stands for; `nil` when it is of another kind. The range is not looked at.
    func parse(_ text: String) -> ParameterValue? {
        switch self {
        case .integer: return Int(text).map { .integer($0) }
        case .number: return Self.parseNumber(text).map { .number($0) }
        case .decimal: return Quantity(text).map { .decimal($0) }
        case .flag:
            switch text {
            case "true", "yes", "on", "1": return .flag(true)
            case "false", "no", "off", "0": return .flag(false)
            default: return nil
            }
        case .choice: return .choice(text)
        }
    }

    /// Plain decimal notation with an optional exponent; no hexadecimal, infinity or not-a-number.
    private static func parseNumber(_ text: String) -> Double? {
        let isPlain = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || byte == 0x2E || byte == 0x2B || byte == 0x2D
                || byte | 0x20 == 0x65
        }
        guard isPlain, let value = Double(text), value.isFinite else { return nil }
        return value
    }
}
