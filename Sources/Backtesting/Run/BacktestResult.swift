package import TradingEngine
package import TradingModel

/// What one strategy of a backtest did.
package struct StrategyResult: Sendable {
    package var label: String
    package var className: String
    package var parameters: ParameterValues
    package var instruments: [Instrument]
    package var status: EngineStatus
    /// What the strategy logged, with engine times, up to `Limits.logLinesMax` lines.
    package var logLines: [String]
    package var fillMarks: FillMarks
    /// The value of all fills, in the account currency.
    package var turnover: Double
    /// Time with an open position.
    package var exposedTime: Duration
    /// Bars in which a stop and its linked target could both have filled; the stop did.
    package var ambiguousBarCount: UInt64

    /// Realised and unrealised PnL minus fees.
    package var netPnL: Money { status.realizedPnL + status.unrealizedPnL - status.fees }
}

/// What came of a backtest: of one account with one or more strategies.
package struct BacktestResult: Sendable {
    /// In the order given.
    package var strategies: [StrategyResult]
    package var venue: AccountSettings
    /// What the strategies trade, in their order, each once.
    package var instruments: [Instrument]
    package var seed: UInt64
    /// Receive times of the first and the last record that could be traded on.
    package var firstTime: Timestamp
    package var lastTime: Timestamp
    /// Records that the strategies only watched.
    package var warmUpCount: Int
    package var trades: [BacktestTrade]
    package var curve: EquityCurve
    /// The symbols of the curve's prices, in their order.
    package var chartedInstruments: [Instrument]
    package var statistics: Statistics
    package var daysPerYear: Double

    package init(
        strategies: [StrategyResult], venue: AccountSettings, instruments: [Instrument], seed: UInt64,
        firstTime: Timestamp, lastTime: Timestamp, warmUpCount: Int, trades: [BacktestTrade],
        curve: EquityCurve, chartedInstruments: [Instrument], statistics: Statistics, daysPerYear: Double
    ) {
        precondition(!strategies.isEmpty, "a backtest has a strategy")
        self.strategies = strategies
        self.venue = venue
        self.instruments = instruments
        self.seed = seed
        self.firstTime = firstTime
        self.lastTime = lastTime
        self.warmUpCount = warmUpCount
        self.trades = trades
        self.curve = curve
        self.chartedInstruments = chartedInstruments
        self.statistics = statistics
        self.daysPerYear = daysPerYear
    }

    // MARK: - Of the first strategy, for backtests of one

    package var className: String { strategies[0].className }
    package var parameters: ParameterValues { strategies[0].parameters }
    package var status: EngineStatus { strategies[0].status }
    package var logLines: [String] { strategies.flatMap(\.logLines) }

    // MARK: - Of the account

    /// The strategies' labels.
    package var title: String { strategies.map(\.label).joined(separator: " + ") }
    package var netPnL: Money { strategies.map(\.netPnL).reduce(.zero, +) }
    package var equity: Money { venue.startingCash + netPnL }
    package var realizedPnL: Money { strategies.map(\.status.realizedPnL).reduce(.zero, +) }
    package var unrealizedPnL: Money { strategies.map(\.status.unrealizedPnL).reduce(.zero, +) }
    package var fees: Money { strategies.map(\.status.fees).reduce(.zero, +) }
    package var ordersCount: UInt64 { strategies.map(\.status.ordersCount).reduce(0, +) }
    package var ambiguousBarCount: UInt64 { strategies.map(\.ambiguousBarCount).reduce(0, +) }
    package var deniedCount: UInt64 { strategies.map(\.status.deniedCount).reduce(0, +) }
    package var fillsCount: UInt64 { strategies.map(\.status.fillsCount).reduce(0, +) }
    package var roundTripsCount: UInt64 { strategies.map(\.status.roundTripsCount).reduce(0, +) }
    /// Records that an engine processed, the largest of all strategies'.
    package var eventsCount: UInt64 { strategies.map(\.status.events).max() ?? 0 }

    /// The largest loss of equity from a peak: at every mark for one strategy, at the curve's points for several.
    package var maxDrawdown: Money {
        strategies.count == 1 ? status.maxDrawdown : Money(e8: statistics.maxDrawdownE8)
    }

    /// The strategy's order-log hash; of several, the FNV-1a of theirs in order.
    package var orderLogHash: String {
        if strategies.count == 1 { return status.orderLogHash.description }
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for strategy in strategies { value = (value ^ strategy.status.orderLogHash.value) &* 0x100_0000_01B3 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The symbol of a token, or `#token` when the run does not know it.
    package func symbol(of token: InstrumentToken) -> String {
        instruments.first { $0.token == token }?.symbol ?? "#\(token)"
    }
}
