/// All that is wrong with a set of parameters or limits, reported at once.
public struct ParameterViolations: Error, Equatable, Sendable, CustomStringConvertible {
    /// One thing that is wrong.
    public struct Violation: Equatable, Sendable, CustomStringConvertible {
        /// The parameter it concerns.
        public let name: String
        /// What is wrong and what would be right.
        public let message: String

        public var description: String { "\(name): \(message)" }
    }

    /// What is wrong, in the order of the inputs.
    public private(set) var list: [Violation] = []

    /// Makes an empty list to add to.
    public init() {}

    /// Makes a list of one, for a strategy that checks parameters against each other.
    public init(_ name: String, _ message: String) { add(name, message) }

    /// Whether nothing is wrong.
    public var isEmpty: Bool { list.isEmpty }

    /// Adds a violation.
    public mutating func add(_ name: String, _ message: String) {
        list.append(Violation(name: name, message: message))
    }

    public var description: String { list.map(\.description).joined(separator: "; ") }
}
