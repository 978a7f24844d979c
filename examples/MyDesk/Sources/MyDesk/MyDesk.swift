import Tradewind

@main struct MyDesk: TradewindApp {
    static let strategies: [any Strategy.Type] = [Momentum.self]
    static let feeds: [any MarketDataFeed.Type] = [TideFeed.self]
}
