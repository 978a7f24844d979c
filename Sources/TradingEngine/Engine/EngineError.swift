/// What went wrong in the engine, in an operator's words.
package struct EngineError: Error, Equatable, CustomStringConvertible {
    /// The kind of failure.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String

        package init(rawValue: String) { self.rawValue = rawValue }

        /// The instruments cannot be traded together or at all.
        package static let invalidInstruments = Code(rawValue: "invalid_instruments")
        /// A snapshot speaks of an instrument that is not configured.
        package static let unknownInstrument = Code(rawValue: "unknown_instrument")
        /// The call came at the wrong moment of the engine's life.
        package static let wrongState = Code(rawValue: "wrong_state")
        /// Parameters were to change that may only be set at start.
        package static let notLive = Code(rawValue: "not_live")
        /// The strategy threw.
        package static let strategyRefused = Code(rawValue: "strategy_refused")
    }

    package let code: Code
    /// What failed, on what, and what to do.
    package let context: String

    package init(_ code: Code, _ context: String) {
        self.code = code
        self.context = context
    }

    package var description: String { "\(code.rawValue): \(context)" }
}
