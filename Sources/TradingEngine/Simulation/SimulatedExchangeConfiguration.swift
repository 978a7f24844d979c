package import TradingModel

/// The models of a simulated exchange.
package struct SimulatedExchangeConfiguration: Equatable, Sendable {
    /// Fee on notional of fills that rested, such as 0.0002; negative for a rebate.
    package var makerFeeRate: Quantity
    /// Fee on notional of fills that took.
    package var takerFeeRate: Quantity
    /// Time from sending an order or a cancel until the exchange acts on it.
    package var latency: Duration
    /// Price increments by which market orders fill worse than the price they meet.
    package var slippageTicks: Int
    package var fillModel: FillModel

    /// Makes a configuration; without arguments no fees, no latency, no slippage and whole fills.
    package init(
        makerFeeRate: Quantity = .zero, takerFeeRate: Quantity = .zero, latency: Duration = .zero,
        slippageTicks: Int = 0, fillModel: FillModel = FillModel()
    ) {
        self.makerFeeRate = makerFeeRate
        self.takerFeeRate = takerFeeRate
        self.latency = latency
        self.slippageTicks = slippageTicks
        self.fillModel = fillModel
    }

    /// What a report must say about how its fills came about, one sentence each.
    package var assumptions: [String] {
        [
            "Market orders take the opposite quote\(slippageText); without a quote, the last trade or close.",
            "Resting limit orders fill at their own price, only when traded through or when the opposite "
                + "quote reaches them; a trade at the limit price does not fill them.",
            fillModel.isVolumeLimited
                ? "Fills are limited to displayed and traded quantities where the data has them."
                : "Orders fill whole; displayed quantities do not matter and orders do not move the market.",
            "Orders and cancels take \(latency) to reach the exchange; fees are \(makerFeeRate) (maker) and "
                + "\(takerFeeRate) (taker) of notional.",
            "Within a bar the price goes open, high, low, close; a bar fills only orders older than the bar.",
        ]
    }

    private var slippageText: String { slippageTicks == 0 ? "" : " plus \(slippageTicks) price increments" }
}
