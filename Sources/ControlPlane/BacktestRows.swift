import GRDB
package import TradingModel

/// A row of `backtest_runs`.
package struct BacktestRunRow: Equatable, Sendable {
    package var id: String
    /// Classes of its strategies, joined by `+`.
    package var className: String
    /// Strategies, parameters and account settings, a JSON object.
    package var configJSON: String
    /// The files it ran on, a JSON array.
    package var sourcesJSON: String
    package var seed: Int64
    package var startedAt: Timestamp
    package var eventCount: Int64
    package var orderCount: Int64
    package var fillCount: Int64
    package var netPnL: Money
    package var fees: Money
    package var maxDrawdown: Money
    /// Winning round trips by closed ones; `nil` when there are none.
    package var successRate: Double?
    package var orderLogHash: String
    /// All figures and assumptions, a JSON object.
    package var reportJSON: String

    package init(
        id: String, className: String, configJSON: String, sourcesJSON: String, seed: Int64,
        startedAt: Timestamp = .epoch, eventCount: Int64, orderCount: Int64, fillCount: Int64, netPnL: Money,
        fees: Money, maxDrawdown: Money, successRate: Double?, orderLogHash: String, reportJSON: String
    ) {
        self.id = id
        self.className = className
        self.configJSON = configJSON
        self.sourcesJSON = sourcesJSON
        self.seed = seed
        self.startedAt = startedAt
        self.eventCount = eventCount
        self.orderCount = orderCount
        self.fillCount = fillCount
        self.netPnL = netPnL
        self.fees = fees
        self.maxDrawdown = maxDrawdown
        self.successRate = successRate
        self.orderLogHash = orderLogHash
        self.reportJSON = reportJSON
    }

    static let columns = """
        id, class_name, config_json, sources_json, seed, started_at, event_count, order_count, fill_count, \
        net_pnl_e8, fees_e8, max_drawdown_e8, success_rate, order_log_hash, report_json
        """

    init(_ row: Row) {
        id = row[0]
        className = row[1]
        configJSON = row[2]
        sourcesJSON = row[3]
        seed = row[4]
        startedAt = row.time(5)
        eventCount = row[6]
        orderCount = row[7]
        fillCount = row[8]
        netPnL = Money(e8: row[9] ?? 0)
        fees = Money(e8: row[10] ?? 0)
        maxDrawdown = Money(e8: row[11] ?? 0)
        successRate = row[12]
        orderLogHash = row[13] ?? ""
        reportJSON = row[14]
    }
}

/// A row of `backtest_trades`, without its place.
package struct BacktestTradeRow: Equatable, Sendable {
    package var strategy: String
    package var symbol: String
    package var side: Side
    package var quantity: Quantity
    package var entryPrice: Price
    package var exitPrice: Price
    package var entryTime: Timestamp
    package var exitTime: Timestamp
    /// After fees.
    package var netPnL: Money
    package var fees: Money

    package init(
        strategy: String, symbol: String, side: Side, quantity: Quantity, entryPrice: Price, exitPrice: Price,
        entryTime: Timestamp, exitTime: Timestamp, netPnL: Money, fees: Money
    ) {
        self.strategy = strategy
        self.symbol = symbol
        self.side = side
        self.quantity = quantity
        self.entryPrice = entryPrice
        self.exitPrice = exitPrice
        self.entryTime = entryTime
        self.exitTime = exitTime
        self.netPnL = netPnL
        self.fees = fees
    }
}
