/// Why an order was refused, with the numbers that were compared.
public struct Denial: Equatable, Sendable, CustomStringConvertible {
    /// The standard code, which journal and tables hold.
    public var code: DenialCode
    /// What was compared, such as `position 7 above 5`; empty when the code says all.
    public var context: String

    /// Makes a denial.
    public init(_ code: DenialCode, _ context: String = "") {
        self.code = code
        self.context = context
    }

    /// Code and context.
    public var description: String { context.isEmpty ? code.rawValue : "\(code.rawValue): \(context)" }
}
