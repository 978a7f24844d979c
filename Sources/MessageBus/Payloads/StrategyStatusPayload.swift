package import TradingModel

/// What state an executor is in (`strategy:status:{id}`, retained).
package struct StrategyStatusPayload: BusPayload, Equatable {
    /// An executor's own view of its state.
    package enum Status: String, Codable, Sendable, CaseIterable {
        case starting
        case running
        case paused
        case stopping
        case stopped
        case error
    }

    package var strategyID: String
    package var name: String
    /// The start of this strategy that the process belongs to, counted by the manager.
    package var epoch: UInt64
    package var processID: Int32
    package var status: Status
    /// The configuration's generation in effect.
    package var generation: Int
    /// The command that led here.
    package var acknowledgedCommandID: String?
    /// What went wrong, when the status is `error` or a command failed.
    package var error: String?
    package var time: Timestamp
    package var lastTickTime: Timestamp?
    /// Sixteen hexadecimal digits.
    package var orderLogHash: String?
    /// Why it stopped or paused.
    package var reason: String?
    /// `active`, `reducing` or `halted`: what it may trade.
    package var tradingState: String?
    /// A limit on losses that has just been breached, with the numbers; once for each breach.
    package var alarm: String?

    package init(
        strategyID: String, name: String, epoch: UInt64, processID: Int32, status: Status, generation: Int,
        acknowledgedCommandID: String? = nil, error: String? = nil, time: Timestamp,
        lastTickTime: Timestamp? = nil,
        orderLogHash: String? = nil, reason: String? = nil, tradingState: String? = nil, alarm: String? = nil
    ) {
        self.strategyID = strategyID
        self.name = name
        self.epoch = epoch
        self.processID = processID
        self.status = status
        self.generation = generation
        self.acknowledgedCommandID = acknowledgedCommandID
        self.error = error
        self.time = time
        self.lastTickTime = lastTickTime
        self.orderLogHash = orderLogHash
        self.reason = reason
        self.tradingState = tradingState
        self.alarm = alarm
    }

    private enum CodingKeys: String, CodingKey {
        case name, epoch, status, generation, error, time, reason, alarm
        case tradingState = "trading_state"
        case strategyID = "strategy_id"
        case processID = "pid"
        case acknowledgedCommandID = "acknowledged_command_id"
        case lastTickTime = "last_tick_time"
        case orderLogHash = "order_log_hash"
    }
}
