import TradingModel

/// What an engine changes with every order; plain memory for the reason given at `StrategyContext.states`.
struct EngineMemory {
    var hash: OrderLogHash
    var rateWindow: OrderRateWindow?
}
