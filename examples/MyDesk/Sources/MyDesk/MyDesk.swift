import Tradewind

@main struct MyDesk: TradewindApp {
    static let strategies: [any Strategy.Type] = [Momentum.self]
}
