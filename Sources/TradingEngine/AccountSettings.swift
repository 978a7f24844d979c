package import TradingModel

/// What an account and its simulated exchange are set to: the `venue` member of a strategy's configuration.
package struct AccountSettings: Sendable {
    /// The settings with their defaults and ranges; rates are shares of the notional, 0.0004 is 4 basis points.
    package static let declarations: [ParameterDeclaration] = [
        .decimal(
            "starting_cash", default: Quantity(100_000), range: .zero...Quantity(1_000_000_000),
            help: "cash at the very first start, in the account currency"),
        .decimal(
            "maker_fee", default: .zero, range: Quantity(e8: -1_000_000)...Quantity(e8: 10_000_000),
            help: "fee rate of resting orders; negative is a rebate"),
        .decimal(
            "taker_fee", default: .zero, range: .zero...Quantity(e8: 10_000_000),
            help: "fee rate of orders that take liquidity"),
        .integer(
            "latency_ms", default: 0, range: 0...60_000,
            help: "milliseconds from the strategy to the exchange"),
        .integer(
            "slippage_ticks", default: 0, range: 0...1_000,
            help: "price increments lost by orders that take liquidity"),
    ]

    /// Cash at the very first start.
    package var startingCash: Money
    /// What it is kept in.
    package var currency: AccountCurrency
    /// How orders are filled and charged.
    package var exchange: SimulatedExchangeConfiguration

    /// Reads the settings; throws all violations at once.
    package init(inputs: [(name: String, text: String)]) throws(ParameterViolations) {
        var violations = ParameterViolations()
        currency = AccountCurrency(inputs: inputs, violations: &violations)
        let values: ParameterValues
        do throws(ParameterViolations) {
            values = try ParameterValues.resolve(
                Self.declarations, from: inputs.filter { !AccountCurrency.names.contains($0.name) })
        } catch {
            for violation in error.list { violations.add(violation.name, violation.message) }
            throw violations
        }
        guard violations.isEmpty else { throw violations }
        startingCash = Money(e8: values.decimal("starting_cash").e8)
        exchange = SimulatedExchangeConfiguration(
            makerFeeRate: values.decimal("maker_fee"), takerFeeRate: values.decimal("taker_fee"),
            latency: .milliseconds(values.integer("latency_ms")),
            slippageTicks: values.integer("slippage_ticks"))
    }
}
