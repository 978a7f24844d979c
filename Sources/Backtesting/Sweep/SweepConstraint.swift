import TradingModel

/// What the parameters of a point must fulfil: comparisons of parameters and numbers, such as `fast < slow`,
/// `slow >= 2 * fast` or `fast + 10 <= slow`.
///
/// Each side is a sum or difference of terms; a term is a number, a parameter, or a product or quotient of those.
package struct SweepConstraint: Equatable, Sendable {
    private enum Comparison: String, CaseIterable {
        // Longer ones first, so that `<=` is not read as `<`.
        case atMost = "<="
        case atLeast = ">="
        case equal = "=="
        case different = "!="
        case less = "<"
        case greater = ">"
    }

    private enum Factor: Equatable {
        case number(Double)
        case parameter(String)
    }

    /// A factor with what joins it to the ones before it: `*` or `/`.
    private struct Term: Equatable {
        var sign: Double
        var factors: [(isDivisor: Bool, factor: Factor)]

        static func == (left: Term, right: Term) -> Bool {
            left.sign == right.sign && left.factors.count == right.factors.count
                && zip(left.factors, right.factors).allSatisfy {
                    $0.isDivisor == $1.isDivisor && $0.factor == $1.factor
                }
        }
    }

    package let text: String
    private let left: [Term]
    private let comparison: Comparison
    private let right: [Term]

    /// Parses a constraint; every word in it must be one of the names.
    package init(_ text: String, names: [String]) throws(BacktestError) {
        self.text = text
        guard let comparison = Comparison.allCases.first(where: { text.contains($0.rawValue) }),
            let range = text.firstRange(of: comparison.rawValue)
        else {
            throw BacktestError(
                context: "constraint '\(text)' has no <, <=, >, >=, == or !=; write \"fast < slow\"")
        }
        self.comparison = comparison
        left = try Self.sum(text[..<range.lowerBound], of: text, names: names)
        right = try Self.sum(text[range.upperBound...], of: text, names: names)
    }

    /// Whether a point fulfils it; a side that is not a finite number (a division by zero) does not.
    package func isFulfilled(by values: (String) -> Double?) -> Bool {
        guard let left = Self.value(left, values), let right = Self.value(right, values) else { return false }
        switch comparison {
        case .atMost: return left <= right
        case .atLeast: return left >= right
        case .equal: return left == right
        case .different: return left != right
        case .less: return left < right
        case .greater: return left > right
        }
    }

    private static func value(_ terms: [Term], _ values: (String) -> Double?) -> Double? {
        var sum = 0.0
        for term in terms {
            var product = term.sign
            for (isDivisor, factor) in term.factors {
                let value: Double
                switch factor {
                case .number(let number): value = number
                case .parameter(let name):
                    guard let found = values(name) else { return nil }
                    value = found
                }
                product = isDivisor ? product / value : product * value
            }
            sum += product
        }
        return sum.isFinite ? sum : nil
    }

    private static func sum(_ part: Substring, of text: String, names: [String]) throws(BacktestError)
        -> [Term]
    {
        var terms: [Term] = []
        var sign = 1.0
        var isDivisor = false
        var expectsFactor = true
        for word in words(part) {
            switch word {
            case "+", "-":
                if expectsFactor {
                    // A sign of its own is allowed at the beginning of a side only.
                    guard terms.isEmpty, word == "-", sign == 1 else { throw malformed(text) }
                    sign = -1
                    continue
                }
                sign = word == "-" ? -1 : 1
                isDivisor = false
                expectsFactor = true
                terms.append(Term(sign: sign, factors: []))
                continue
            case "*", "/":
                guard !expectsFactor else { throw malformed(text) }
                isDivisor = word == "/"
                expectsFactor = true
                continue
            default: break
            }
            guard expectsFactor else { throw malformed(text) }
            let factor: Factor
            if let number = Double(word), number.isFinite {
                factor = .number(number)
            } else if names.contains(word) {
                factor = .parameter(word)
            } else {
                throw BacktestError(
                    context: "constraint '\(text)': \(word) is neither a number nor a parameter; there are "
                        + names.joined(separator: ", "))
            }
            if terms.isEmpty { terms.append(Term(sign: sign, factors: [])) }
            terms[terms.count - 1].factors.append((isDivisor, factor))
            isDivisor = false
            expectsFactor = false
        }
        guard !terms.isEmpty, !expectsFactor else { throw malformed(text) }
        return terms
    }

    private static func malformed(_ text: String) -> BacktestError {
        BacktestError(
            context:
                "constraint '\(text)' cannot be understood; write \"fast < slow\" or \"slow >= 2 * fast\"")
    }

    /// Words and operators, spaces or not.
    private static func words(_ part: Substring) -> [String] {
        var words: [String] = []
        var current = ""
        for character in part {
            if "+-*/".contains(character) || character == " " || character == "\t" {
                if !current.isEmpty { words.append(current) }
                current = ""
                if character != " ", character != "\t" { words.append(String(character)) }
            } else {
                current.append(character)
            }
        }
        if !current.isEmpty { words.append(current) }
        return words
    }
}
