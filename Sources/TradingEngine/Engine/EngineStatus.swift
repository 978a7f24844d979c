package import TradingModel

/// How an engine stands, for status messages and reports.
package struct EngineStatus: Equatable, Sendable {
    /// A user metric, in the order of first use.
    package struct Metric: Equatable, Sendable {
        package var name: String
        package var value: Double
    }

    /// Records seen.
    package var events: UInt64
    /// Records with prices or sizes that cannot be, or of an unknown kind; never used.
    package var invalidEvents: UInt64
    /// Records of instruments that are not the strategy's.
    package var foreignEvents: UInt64
    /// Records older than engine time; delivered, but time does not go back.
    package var outOfOrderEvents: UInt64
    /// Records withheld from the strategy while paused, over the whole session.
    package var withheldEvents: UInt64
    /// Records that gap records reported lost.
    package var missingEvents: UInt64
    /// Timer firings given up because too many were due before one record.
    package var skippedTimers: UInt64
    package var equity: Money
    package var cash: Money
    package var realizedPnL: Money
    package var unrealizedPnL: Money
    package var fees: Money
    package var drawdown: Money
    package var maxDrawdown: Money
    /// Instruments with an open position.
    package var positionsCount: Int
    /// Orders that went to the venue, over all sessions; denied ones are not counted.
    package var ordersCount: UInt64
    package var openOrdersCount: Int
    /// Orders refused by the risk checks in this session.
    package var deniedCount: UInt64
    /// Cancels and changes of orders that had ended or never were.
    package var idleCommandsCount: UInt64
    /// Answers of the venue about orders that had ended or never were; fills of ended orders are booked and not counted.
    package var idleReportsCount: UInt64
    package var fillsCount: UInt64
    package var roundTripsCount: UInt64
    /// Closed round trips with a net PnL above zero as a share of all; zero when there are none.
    package var successRate: Double
    /// Engine time; `.epoch` before the first record.
    package var lastEventTime: Timestamp
    package var orderLogHash: OrderLogHash
    package var metrics: [Metric]
    package var isPaused: Bool
    /// What may be traded, by an operator's word or after a breach, and why.
    package var tradingState: TradingState
    package var tradingStateReason: String
    /// The limit on losses that is breached at present, with the numbers; `nil` for none.
    package var breach: String?
}
