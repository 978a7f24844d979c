package import TradingEngine

/// What the results of a backtest rest on, sentence by sentence; part of every report.
package struct Assumptions: Sendable {
    /// What is assumed of one thing.
    package struct Item: Sendable, Encodable {
        /// `exchange` (fills, latency, fees, slippage), `market impact`, `account` or `returns`.
        package var name: String
        package var text: String
    }

    package var items: [Item]

    /// Of a backtest with the given account settings.
    package init(_ venue: AccountSettings, strategyCount: Int, daysPerYear: Double) {
        items = Self.venueItems(venue)
        items.append(
            Item(
                name: "market impact",
                text: "none: the recorded market does not react to these orders"
                    + (strategyCount > 1
                        ? "; each strategy meets it alone, so that two may take the same liquidity" : "")))
        items.append(
            Item(
                name: "account",
                text: "equity is cash plus positions at the mid of the last quote, else the last price; no"
                    + " interest, no margin calls"
                    + (strategyCount > 1
                        ? "; one account of \(strategyCount) strategies, each with its own orders, positions and"
                            + " limits, as in their processes" : "")))
        items.append(
            Item(
                name: "returns",
                text: "simple returns of the account's equity, a risk-free rate of zero, a year of"
                    + " \(NumberText.fixed(daysPerYear, daysPerYear == daysPerYear.rounded() ? 0 : 2)) days"))
    }

    /// What the exchange says of its models.
    private static func venueItems(_ venue: AccountSettings) -> [Item] {
        venue.exchange.assumptions.map { Item(name: $0.name, text: $0.text) }
    }
}
