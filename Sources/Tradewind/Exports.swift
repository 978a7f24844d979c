// A strategy author imports one module.
@_exported public import MarketData
@_exported public import TradingEngine
@_exported public import TradingModel
