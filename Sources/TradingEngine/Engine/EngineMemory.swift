import TradingModel

/// What an engine changes with every order; plain memory for the reason given at `StrategyContext.states`.
struct EngineMemory {
    var hash: OrderLogHash
    var rateWindow: OrderRateWindow?
    var minuteWindow: OrderRateWindow?

    init(hash: OrderLogHash, limits: RiskLimits) {
        self.hash = hash
        setRates(limits)
    }

    /// Begins to count the rates of orders.
    mutating func setRates(_ limits: RiskLimits) {
        rateWindow = limits.maxOrdersPerSecond.map { OrderRateWindow(orderCount: $0, interval: .seconds(1)) }
        minuteWindow = limits.maxOrdersPerMinute.map {
            OrderRateWindow(orderCount: $0, interval: .seconds(60))
        }
    }
}
