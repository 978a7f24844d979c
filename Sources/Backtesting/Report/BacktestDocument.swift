import TradingEngine
import TradingModel

/// A backtest's result as JSON: the same run gives the same bytes, so nothing of wall clock or speed is in it.
package struct BacktestDocument: Encodable {
    private enum CodingKeys: String, CodingKey {
        case className = "class_name"
        case parameters, seed, instruments, trades, strategies, statistics, drawdowns, assumptions,
            sensitivity, bias
        case firstTime = "first_time"
        case lastTime = "last_time"
        case warmUpCount = "warm_up_records"
        case eventsCount = "events_count"
        case ordersCount = "orders_count"
        case deniedCount = "denied_count"
        case ambiguousBarCount = "ambiguous_bars_count"
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

    private let result: BacktestResult
    private let includesTrades: Bool
    private let sensitivity: [Sensitivity.Row]?
    private let bias: BiasCheck.Report?

    /// Wraps a result, and what its checks found.
    package init(
        _ result: BacktestResult, includesTrades: Bool = true, sensitivity: [Sensitivity.Row]? = nil,
        bias: BiasCheck.Report? = nil
    ) {
        self.result = result
        self.includesTrades = includesTrades
        self.sensitivity = sensitivity
        self.bias = bias
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let classNames = result.strategies.map(\.className)
        try container.encode(classNames.joined(separator: "+"), forKey: .className)
        if result.strategies.count == 1 {
            try container.encode(
                Dictionary(uniqueKeysWithValues: result.parameters.entries.map { ($0.name, $0.text) }),
                forKey: .parameters)
        }
        try container.encode(result.seed, forKey: .seed)
        try container.encode(result.instruments.map(\.symbol), forKey: .instruments)
        try container.encode(result.firstTime, forKey: .firstTime)
        try container.encode(result.lastTime, forKey: .lastTime)
        try container.encode(result.warmUpCount, forKey: .warmUpCount)
        try container.encode(result.eventsCount, forKey: .eventsCount)
        try container.encode(result.ordersCount, forKey: .ordersCount)
        try container.encode(result.deniedCount, forKey: .deniedCount)
        try container.encode(result.ambiguousBarCount, forKey: .ambiguousBarCount)
        try container.encode(result.fillsCount, forKey: .fillsCount)
        try container.encode(result.roundTripsCount, forKey: .roundTripsCount)
        try container.encode(result.statistics.trades.winRate, forKey: .successRate)
        try container.encode(result.realizedPnL, forKey: .realizedPnL)
        try container.encode(result.unrealizedPnL, forKey: .unrealizedPnL)
        try container.encode(result.fees, forKey: .fees)
        try container.encode(result.netPnL, forKey: .netPnL)
        try container.encode(result.equity, forKey: .equity)
        try container.encode(result.maxDrawdown, forKey: .maxDrawdown)
        try container.encode(result.orderLogHash, forKey: .orderLogHash)
        try container.encode(result.strategies.map(StrategyDocument.init), forKey: .strategies)
        try container.encode(StatisticsDocument(statistics: result.statistics), forKey: .statistics)
        try container.encode(result.statistics.drawdowns.map(DrawdownRow.init), forKey: .drawdowns)
        let assumptions = Assumptions(
            result.venue, strategyCount: result.strategies.count, daysPerYear: result.daysPerYear)
        try container.encode(assumptions.items, forKey: .assumptions)
        try container.encodeIfPresent(sensitivity?.map(SensitivityRow.init), forKey: .sensitivity)
        try container.encodeIfPresent(bias, forKey: .bias)
        guard includesTrades else { return }
        try container.encode(result.trades.map { TradeRow($0, result) }, forKey: .trades)
    }
}

private struct SensitivityRow: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name, assumption, statistics
        case netPnL = "net_pnl"
    }

    let row: Sensitivity.Row

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(row.variant.name, forKey: .name)
        try container.encode(row.variant.text, forKey: .assumption)
        try container.encode(row.result.netPnL, forKey: .netPnL)
        try container.encode(StatisticsDocument(statistics: row.result.statistics), forKey: .statistics)
    }
}

/// One strategy's part of a backtest.
private struct StrategyDocument: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name, parameters, instruments, fees
        case className = "class_name"
        case ordersCount = "orders_count"
        case deniedCount = "denied_count"
        case fillsCount = "fills_count"
        case netPnL = "net_pnl"
        case maxDrawdown = "max_drawdown"
        case orderLogHash = "order_log_hash"
    }

    let result: StrategyResult

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(result.label, forKey: .name)
        try container.encode(result.className, forKey: .className)
        try container.encode(
            Dictionary(uniqueKeysWithValues: result.parameters.entries.map { ($0.name, $0.text) }),
            forKey: .parameters)
        try container.encode(result.instruments.map(\.symbol), forKey: .instruments)
        try container.encode(result.status.ordersCount, forKey: .ordersCount)
        try container.encode(result.status.deniedCount, forKey: .deniedCount)
        try container.encode(result.status.fillsCount, forKey: .fillsCount)
        try container.encode(result.netPnL, forKey: .netPnL)
        try container.encode(result.status.fees, forKey: .fees)
        try container.encode(result.status.maxDrawdown, forKey: .maxDrawdown)
        try container.encode(result.status.orderLogHash.description, forKey: .orderLogHash)
    }
}

private struct DrawdownRow: Encodable {
    private enum CodingKeys: String, CodingKey { case start, trough, end, amount, share }

    let drawdown: Drawdown

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(drawdown.start, forKey: .start)
        try container.encode(drawdown.trough, forKey: .trough)
        try container.encode(drawdown.end, forKey: .end)
        try container.encode(Money(e8: drawdown.depthE8), forKey: .amount)
        try container.encode(drawdown.share, forKey: .share)
    }
}

private struct TradeRow: Encodable {
    var strategy: String
    var symbol: String
    var side: String
    var quantity: Quantity
    var entryPrice: Price
    var exitPrice: Price
    var entryTime: Timestamp
    var exitTime: Timestamp
    var netPnL: Money

    enum CodingKeys: String, CodingKey {
        case strategy, symbol, side, quantity
        case entryPrice = "entry_price"
        case exitPrice = "exit_price"
        case entryTime = "entry_time"
        case exitTime = "exit_time"
        case netPnL = "net_pnl"
    }

    init(_ trade: BacktestTrade, _ result: BacktestResult) {
        strategy = result.strategies[trade.strategy].label
        symbol = result.symbol(of: trade.token)
        side = trade.side.description
        quantity = trade.quantity
        entryPrice = trade.entryPrice
        exitPrice = trade.exitPrice
        entryTime = trade.entryTime
        exitTime = trade.exitTime
        netPnL = trade.netPnL
    }
}

/// The figures of `Statistics` by name, undefined ones as null, with what they were computed from.
package struct StatisticsDocument: Encodable {
    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    let statistics: Statistics

    package init(statistics: Statistics) { self.statistics = statistics }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for metric in StatisticsMetric.all {
            try container.encode(metric.value(statistics), forKey: Key(metric.name))
        }
        try container.encode(statistics.returns?.period, forKey: Key("return_period"))
        try container.encode(statistics.returns?.values.count, forKey: Key("return_count"))
        try container.encode(statistics.returns?.periodsPerYear, forKey: Key("periods_per_year"))
        try container.encode(statistics.years, forKey: Key("years"))
    }
}
