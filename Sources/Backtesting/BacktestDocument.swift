import TradingEngine
package import TradingModel

/// A backtest's result as JSON: the same run gives the same bytes, so nothing of wall clock or speed is in it.
package struct BacktestDocument: Encodable {
    private enum CodingKeys: String, CodingKey {
        case className = "class_name"
        case parameters, seed, instruments, trades
        case firstTime = "first_time"
        case lastTime = "last_time"
        case eventsCount = "events_count"
        case ordersCount = "orders_count"
        case deniedCount = "denied_count"
        case fillsCount = "fills_count"
        case roundTripsCount = "round_trips_count"
        case successRate = "success_rate"
        case realizedPnL = "realized_pnl"
        case unrealizedPnL = "unrealized_pnl"
        case fees
        case netPnL = "net_pnl"
        case equity
        case maxDrawdown = "max_drawdown"
        case orderLogHash = "order_log_hash"
    }

    private struct TradeRow: Encodable {
        var symbol: String
        var side: String
        var quantity: Quantity
        var entryPrice: Price
        var exitPrice: Price
        var entryTime: Timestamp
        var exitTime: Timestamp
        var netPnL: Money

        enum CodingKeys: String, CodingKey {
            case symbol, side, quantity
            case entryPrice = "entry_price"
            case exitPrice = "exit_price"
            case entryTime = "entry_time"
            case exitTime = "exit_time"
            case netPnL = "net_pnl"
        }
    }

    private let result: BacktestResult

    /// Wraps a result.
    package init(_ result: BacktestResult) { self.result = result }

    package func encode(to encoder: any Encoder) throws {
        let status = result.status
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(result.className, forKey: .className)
        try container.encode(
            Dictionary(uniqueKeysWithValues: result.parameters.entries.map { ($0.name, $0.text) }),
            forKey: .parameters)
        try container.encode(result.seed, forKey: .seed)
        try container.encode(result.instruments.map(\.symbol), forKey: .instruments)
        try container.encode(result.firstTime, forKey: .firstTime)
        try container.encode(result.lastTime, forKey: .lastTime)
        try container.encode(status.events, forKey: .eventsCount)
        try container.encode(status.ordersCount, forKey: .ordersCount)
        try container.encode(status.deniedCount, forKey: .deniedCount)
        try container.encode(status.fillsCount, forKey: .fillsCount)
        try container.encode(status.roundTripsCount, forKey: .roundTripsCount)
        try container.encode(status.roundTripsCount == 0 ? nil : status.successRate, forKey: .successRate)
        try container.encode(status.realizedPnL, forKey: .realizedPnL)
        try container.encode(status.unrealizedPnL, forKey: .unrealizedPnL)
        try container.encode(status.fees, forKey: .fees)
        try container.encode(status.realizedPnL + status.unrealizedPnL - status.fees, forKey: .netPnL)
        try container.encode(status.equity, forKey: .equity)
        try container.encode(status.maxDrawdown, forKey: .maxDrawdown)
        try container.encode(status.orderLogHash.description, forKey: .orderLogHash)
        try container.encode(result.trades.map { row($0) }, forKey: .trades)
    }

    private func row(_ trade: BacktestTrade) -> TradeRow {
        TradeRow(
            symbol: result.symbol(of: trade.token), side: trade.side.description, quantity: trade.quantity,
            entryPrice: trade.entryPrice, exitPrice: trade.exitPrice, entryTime: trade.entryTime,
            exitTime: trade.exitTime, netPnL: trade.netPnL)
    }
}

extension BacktestResult {
    /// The symbol of a token, or `#token` when the run does not know it.
    package func symbol(of token: InstrumentToken) -> String {
        instruments.first { $0.token == token }?.symbol ?? "#\(token)"
    }
}
