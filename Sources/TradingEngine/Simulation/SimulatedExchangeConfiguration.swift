package import TradingModel

/// The order in which a bar's prices are taken to have come.
package enum BarPath: String, Equatable, Sendable, CaseIterable {
    /// Open, high, low, close.
    case openHighLowClose = "ohlc"
    /// Open, the extreme that is nearer to it, the other one, close.
    case adaptive
}

/// What triggers stops and if-touched orders, and what trailing stops follow.
package enum TriggerSource: String, Equatable, Sendable, CaseIterable {
    /// The opposite quote: the ask for buys, the bid for sells; trades and bars as long as there is no quote.
    case quote
    /// Trades and bars.
    case last
}

/// The models of a simulated exchange.
package struct SimulatedExchangeConfiguration: Equatable, Sendable {
    package var fees: FeeModel
    package var latency: LatencyModel
    package var slippage: SlippageModel
    package var fillModel: FillModel
    package var barPath: BarPath
    package var triggerSource: TriggerSource
    /// Of models that draw.
    package var seed: UInt64

    /// Makes a configuration; without arguments no fees, no latency, no slippage and whole fills.
    package init(
        fees: FeeModel, latency: LatencyModel = LatencyModel(), slippage: SlippageModel = .none,
        fillModel: FillModel = FillModel(), barPath: BarPath = .openHighLowClose,
        triggerSource: TriggerSource = .quote, seed: UInt64 = 0
    ) {
        self.fees = fees
        self.latency = latency
        self.slippage = slippage
        self.fillModel = fillModel
        self.barPath = barPath
        self.triggerSource = triggerSource
        self.seed = seed
    }

    /// Makes a configuration of the plain models.
    package init(
        makerFeeRate: Quantity = .zero, takerFeeRate: Quantity = .zero, latency: Duration = .zero,
        slippageTicks: Int = 0, fillModel: FillModel = FillModel(), barPath: BarPath = .openHighLowClose,
        triggerSource: TriggerSource = .quote
    ) {
        precondition(slippageTicks >= 0, "slippage is not negative")
        self.init(
            fees: FeeModel(rates: FeeModel.Rates(maker: makerFeeRate, taker: takerFeeRate)),
            latency: LatencyModel(entry: latency),
            slippage: slippageTicks == 0 ? .none : .ticks(slippageTicks), fillModel: fillModel,
            barPath: barPath, triggerSource: triggerSource)
    }
}
