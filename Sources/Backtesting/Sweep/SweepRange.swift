package import TradingEngine
import TradingModel

/// The values of one parameter in a sweep: `name=low:high:step` or `name=value,value,...`.
package struct SweepRange: Equatable, Sendable {
    package let name: String
    /// As text, in order, without repetition.
    package let values: [String]

    /// Parses a range for a parameter that the strategy declares; every value must be one of its values.
    ///
    /// Ends are included; with a step that does not meet the end, the last value is the one before it.
    package init(_ text: String, declarations: [ParameterDeclaration]) throws {
        guard let separator = text.firstIndex(of: "="), separator > text.startIndex else {
            throw BacktestError(context: "range '\(text)' is not name=low:high:step or name=value,value")
        }
        let name = String(text[..<separator])
        let body = String(text[text.index(after: separator)...])
        let values = try body.contains(":") ? Self.steps(body, of: text) : Self.list(body, of: text)
        self.name = name
        self.values = values
        // The parser of parameters knows what each may be; its message names the value.
        for value in values {
            do {
                _ = try ParameterValues.resolve(declarations, from: [(name, value)])
            } catch {
                throw BacktestError(context: "range '\(text)': \(error)")
            }
        }
    }

    private static func list(_ body: String, of text: String) throws(BacktestError) -> [String] {
        let values = body.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard values.allSatisfy({ !$0.isEmpty }) else {
            throw BacktestError(context: "range '\(text)' has an empty value")
        }
        guard Set(values).count == values.count else {
            throw BacktestError(context: "range '\(text)' names a value twice")
        }
        return values
    }

    /// Exact decimal steps, so that 0.1:0.3:0.1 ends with 0.3.
    private static func steps(_ body: String, of text: String) throws(BacktestError) -> [String] {
        let parts = body.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3, let low = Quantity(parts[0]),
            let high = Quantity(parts[1]),
            let step = parts.count == 3 ? Quantity(parts[2]) : Quantity(1)
        else { throw BacktestError(context: "range '\(text)' is not name=low:high:step of decimals") }
        guard step > .zero else {
            throw BacktestError(context: "range '\(text)': the step must be above zero")
        }
        guard low <= high else {
            throw BacktestError(context: "range '\(text)' ends below its beginning; write low:high:step")
        }
        let (extent, overflow) = high.e8.subtractingReportingOverflow(low.e8)
        guard !overflow, extent / step.e8 < Int64(Limits.sweepPointsMax) else {
            throw BacktestError(
                context: "range '\(text)' has more than \(Limits.sweepPointsMax) values; take a longer step")
        }
        return (0...(extent / step.e8)).map { Quantity(e8: low.e8 + $0 * step.e8).description }
    }
}
