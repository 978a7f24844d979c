import MessageBus
import TradingEngine
import TradingModel

extension StrategyMetricsPayload {
    /// The metrics of an engine at a moment.
    init(
        identity: ExecutorIdentity, time: Timestamp, status: EngineStatus, positions: [Position],
        ticksMissed: UInt64,
        loopLag: Duration
    ) {
        self.init(
            strategyID: identity.strategyID, epoch: UInt64(identity.epoch), session: "paper", time: time)
        pnl = status.realizedPnL + status.unrealizedPnL - status.fees
        realizedPnL = status.realizedPnL
        unrealizedPnL = status.unrealizedPnL
        fees = status.fees
        equity = status.equity
        drawdown = status.drawdown
        positionsCount = status.positionsCount
        ordersCount = status.ordersCount
        fillsCount = status.fillsCount
        successRate = status.roundTripsCount == 0 ? nil : status.successRate
        eventsCount = status.events
        self.ticksMissed = ticksMissed
        self.positions = positions.filter { !$0.isFlat }.map { position in
            let index = identity.tokens.firstIndex(of: position.token)
            return PositionDetail(
                symbol: index.map { identity.symbols[$0] } ?? "#\(position.token)",
                quantity: position.quantity,
                averagePrice: position.averagePrice)
        }
        orderLogHash = status.orderLogHash.description
        userMetrics = status.metrics.map { UserMetric(name: $0.name, value: $0.value) }
        loopLagMicroseconds = loopLag.wholeNanoseconds / 1_000
    }
}
