package import TradingModel

/// The currency that an account is kept in, and what one unit of other currencies is worth in it.
///
/// Rates are fixed for a session: an instrument in another currency is valued by multiplying its multiplier with the
/// rate, once, before anything is traded. Cash, PnL, fees, limits and equity are then in the account's currency to the
/// last unit, and nothing has to be converted while trading.
package struct AccountCurrency: Equatable, Sendable {
    /// The names of its settings.
    package static let names = ["currency", "rates"]

    /// `nil`: that of the instruments, which must then be one.
    package var code: String?
    /// Units of the account's currency per unit of another, in the order given.
    package var rates: [(code: String, rate: Quantity)] = []

    package static func == (left: Self, right: Self) -> Bool {
        left.code == right.code && left.rates.elementsEqual(right.rates) { $0 == $1 }
    }

    /// Reads `currency`, such as `USD`, and `rates`, such as `EUR=1.08, JPY=0.0067`; adds what is wrong.
    init(inputs: [(name: String, text: String)], violations: inout ParameterViolations) {
        for (position, input) in inputs.enumerated() where Self.names.contains(input.name) {
            if inputs[..<position].contains(where: { $0.name == input.name }) {
                violations.add(input.name, "is given more than once")
            } else if input.name == "currency" {
                if Self.isCode(input.text) {
                    code = input.text
                } else {
                    violations.add(input.name, "'\(input.text)' is not a currency such as USD")
                }
            } else if let message = setRates(input.text) {
                violations.add(input.name, message)
            }
        }
        if code == nil, !rates.isEmpty { violations.add("rates", "need the account's currency") }
        if let code, rates.contains(where: { $0.code == code }) {
            violations.add("rates", "\(code) is the account's own currency")
        }
    }

    private mutating func setRates(_ text: String) -> String? {
        for part in text.split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1).map { side in
                String(side.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
            guard sides.count == 2, Self.isCode(sides[0]), let rate = Quantity(sides[1]), rate > .zero else {
                return "'\(part)' is not a rate such as EUR=1.08"
            }
            guard !rates.contains(where: { $0.code == sides[0] }) else { return "\(sides[0]) is given twice" }
            rates.append((sides[0], rate))
        }
        return nil
    }

    private static func isCode(_ text: String) -> Bool {
        (1...12).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) }
    }

    /// The instruments as the account values them: multipliers in its currency.
    ///
    /// - Throws: `.invalidInstruments` when they are in several currencies and one has no rate.
    package func valued(_ instruments: [Instrument]) throws(EngineError) -> [Instrument] {
        guard let code else {
            if let first = instruments.first,
                let other = instruments.first(where: { $0.currency != first.currency })
            {
                throw EngineError(
                    .invalidInstruments,
                    "\(first.symbol) is in \(first.currency) and \(other.symbol) in \(other.currency): set the "
                        + "venue's currency, such as currency=\(first.currency), and rates, such as "
                        + "rates=\(other.currency)=1.1")
            }
            return instruments
        }
        var valued: [Instrument] = []
        for instrument in instruments {
            guard instrument.currency != code else {
                valued.append(instrument)
                continue
            }
            guard let rate = rates.first(where: { $0.code == instrument.currency })?.rate else {
                throw EngineError(
                    .invalidInstruments,
                    "\(instrument.symbol) is in \(instrument.currency) and the account in \(code): add a rate, such as "
                        + "rates=\(instrument.currency)=1.1")
            }
            let multiplier = Money.checked(
                price: Price(e8: instrument.multiplier.e8), quantity: rate, multiplier: Quantity(1))
            guard let multiplier, multiplier > .zero else {
                throw EngineError(
                    .invalidInstruments,
                    "\(instrument.symbol): multiplier \(instrument.multiplier) times rate \(rate) is out of range"
                )
            }
            var copy = instrument
            copy.multiplier = Quantity(e8: multiplier.e8)
            copy.currency = code
            valued.append(copy)
        }
        return valued
    }
}
