import ExampleStrategies
import Tradewind

/// The desk that the `tradewind` executable is: the example strategies and the whole command line.
@main struct DemoDesk: TradewindApp {
    static let strategies: [any Strategy.Type] = [
        MovingAverageCrossover.self, BollingerReversion.self, MarketMaker.self, PairSpread.self,
    ]
}
