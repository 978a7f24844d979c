/// A backtest that cannot begin, or whose results cannot be written.
package struct BacktestError: Error, CustomStringConvertible {
    /// What kind of failure it is; decides the exit code.
    package enum Kind: Sendable {
        case configuration
        /// There is nothing to run on.
        case noRecords
        /// A result file cannot be written.
        case output
        /// Two recordings or databases do not belong together.
        case mismatch
    }

    package var kind: Kind
    /// What is wrong and what to do.
    package var context: String
    package var description: String { context }

    package init(_ kind: Kind = .configuration, context: String) {
        self.kind = kind
        self.context = context
    }
}
