package import TradingModel

/// How a strategy does (`strategy:metrics:{id}`, retained). Money, prices and quantities are decimal text.
package struct StrategyMetricsPayload: BusPayload, Equatable {
    /// One open position.
    package struct PositionDetail: Codable, Equatable, Sendable {
        package var symbol: String
        /// Negative when short.
        package var quantity: Quantity
        package var averagePrice: Price

        package init(symbol: String, quantity: Quantity, averagePrice: Price) {
            self.symbol = symbol
            self.quantity = quantity
            self.averagePrice = averagePrice
        }

        private enum CodingKeys: String, CodingKey {
            case symbol, quantity
            case averagePrice = "average_price"
        }
    }

    /// A number the strategy reports under a name of its own.
    package struct UserMetric: Codable, Equatable, Sendable {
        package var name: String
        package var value: Double

        package init(name: String, value: Double) {
            self.name = name
            self.value = value
        }
    }

    package var strategyID: String
    package var epoch: UInt64
    package var session: String
    package var time: Timestamp
    /// Realised plus unrealised, fees subtracted.
    package var pnl = Money.zero
    package var realizedPnL = Money.zero
    package var unrealizedPnL = Money.zero
    package var fees = Money.zero
    package var equity = Money.zero
    /// From the highest equity down to now; not negative.
    package var drawdown = Money.zero
    package var positionsCount = 0
    package var ordersCount: UInt64 = 0
    package var fillsCount: UInt64 = 0
    /// Winning round trips divided by round trips; `nil` before the first.
    package var successRate: Double?
    package var eventsCount: UInt64 = 0
    /// Market-data records lost on the way here.
    package var ticksMissed: UInt64 = 0
    package var positions: [PositionDetail] = []
    /// Sixteen hexadecimal digits.
    package var orderLogHash = ""
    /// In the strategy's order.
    package var userMetrics: [UserMetric] = []
    /// How late the event loop ran its last timer, microseconds.
    package var loopLagMicroseconds: Int64 = 0

    /// Makes metrics of a strategy that has done nothing yet.
    package init(strategyID: String, epoch: UInt64, session: String, time: Timestamp) {
        self.strategyID = strategyID
        self.epoch = epoch
        self.session = session
        self.time = time
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(strategyID, forKey: .strategyID)
        try container.encode(epoch, forKey: .epoch)
        try container.encode(session, forKey: .session)
        try container.encode(time, forKey: .time)
        try container.encode(pnl, forKey: .pnl)
        try container.encode(realizedPnL, forKey: .realizedPnL)
        try container.encode(unrealizedPnL, forKey: .unrealizedPnL)
        try container.encode(fees, forKey: .fees)
        try container.encode(equity, forKey: .equity)
        try container.encode(drawdown, forKey: .drawdown)
        try container.encode(positionsCount, forKey: .positionsCount)
        try container.encode(ordersCount, forKey: .ordersCount)
        try container.encode(fillsCount, forKey: .fillsCount)
        // Written as null, so that a reader sees that there is none rather than that it was forgotten.
        try container.encode(successRate, forKey: .successRate)
        try container.encode(eventsCount, forKey: .eventsCount)
        try container.encode(ticksMissed, forKey: .ticksMissed)
        try container.encode(positions, forKey: .positions)
        try container.encode(orderLogHash, forKey: .orderLogHash)
        try container.encode(userMetrics, forKey: .userMetrics)
        try container.encode(loopLagMicroseconds, forKey: .loopLagMicroseconds)
    }

    private enum CodingKeys: String, CodingKey {
        case epoch, session, time, pnl, fees, equity, drawdown, positions
        case strategyID = "strategy_id"
        case realizedPnL = "realized_pnl"
        case unrealizedPnL = "unrealized_pnl"
        case positionsCount = "positions_count"
        case ordersCount = "orders_count"
        case fillsCount = "fills_count"
        case successRate = "success_rate"
        case eventsCount = "events_count"
        case ticksMissed = "ticks_missed"
        case orderLogHash = "order_log_hash"
        case userMetrics = "user_metrics"
        case loopLagMicroseconds = "loop_lag_us"
    }
}
