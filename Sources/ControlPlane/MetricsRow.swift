import GRDB
package import TradingModel

/// A row of `strategy_metrics`: how a strategy does at a moment.
package struct MetricsRow: Equatable, Sendable {
    package var strategyID: String
    package var time: Timestamp
    package var epoch: UInt32
    /// `live`, `paper` or the name of a replay.
    package var session: String
    package var positionCount: Int
    package var orderCount: Int64
    /// Winning round trips by closed round trips; `nil` before the first.
    package var successRate: Double?
    package var realizedPnL: Money
    package var unrealizedPnL: Money
    package var fees: Money
    package var equity: Money
    package var drawdown: Money
    /// The strategy's own values, a JSON object.
    package var metricsJSON: String

    package init(
        strategyID: String, time: Timestamp, epoch: UInt32, session: String = "paper", positionCount: Int = 0,
        orderCount: Int64 = 0, successRate: Double? = nil, realizedPnL: Money = .zero,
        unrealizedPnL: Money = .zero,
        fees: Money = .zero, equity: Money = .zero, drawdown: Money = .zero, metricsJSON: String = "{}"
    ) {
        self.strategyID = strategyID
        self.time = time
        self.epoch = epoch
        self.session = session
        self.positionCount = positionCount
        self.orderCount = orderCount
        self.successRate = successRate
        self.realizedPnL = realizedPnL
        self.unrealizedPnL = unrealizedPnL
        self.fees = fees
        self.equity = equity
        self.drawdown = drawdown
        self.metricsJSON = metricsJSON
    }

    /// Net: realised plus unrealised minus fees.
    package var pnl: Money { realizedPnL + unrealizedPnL - fees }

    static let columns = """
        strategy_id, timestamp, epoch, session, positions_count, orders_count, success_rate, realized_pnl_e8, \
        unrealized_pnl_e8, fees_e8, equity_e8, drawdown_e8, metrics_json
        """

    init(_ row: Row) {
        strategyID = row[0]
        time = row.time(1)
        epoch = row[2]
        session = row[3]
        positionCount = row[4]
        orderCount = row[5]
        successRate = row[6]
        realizedPnL = Money(e8: row[7])
        unrealizedPnL = Money(e8: row[8])
        fees = Money(e8: row[9])
        equity = Money(e8: row[10])
        drawdown = Money(e8: row[11])
        metricsJSON = row[12]
    }
}

/// A row of `process_metrics`: what a process costs.
package struct ProcessMetricsRow: Equatable, Sendable {
    package var time: Timestamp
    /// manager, bus, feed, executor, recorder or web.
    package var role: String
    /// The strategy's or feed's name, or the role again.
    package var name: String
    package var pid: Int32
    /// 100 is one core.
    package var cpuPercent: Double?
    package var residentBytes: Int64?
    package var eventLoopLagNanoseconds: Int64?
    package var lastTickAgeNanoseconds: Int64?
    package var queueDepth: Int64?

    package init(
        time: Timestamp, role: String, name: String, pid: Int32, cpuPercent: Double? = nil,
        residentBytes: Int64? = nil, eventLoopLagNanoseconds: Int64? = nil,
        lastTickAgeNanoseconds: Int64? = nil,
        queueDepth: Int64? = nil
    ) {
        self.time = time
        self.role = role
        self.name = name
        self.pid = pid
        self.cpuPercent = cpuPercent
        self.residentBytes = residentBytes
        self.eventLoopLagNanoseconds = eventLoopLagNanoseconds
        self.lastTickAgeNanoseconds = lastTickAgeNanoseconds
        self.queueDepth = queueDepth
    }
}
