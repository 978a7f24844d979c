package import TradingModel

/// A sign of life from a strategy's own loop (`strategy:health`, type `heartbeat`).
package struct HeartbeatPayload: BusPayload, Equatable {
    /// Always `.heartbeat`.
    package private(set) var type = HealthKind.heartbeat
    package var strategyID: String
    package var epoch: UInt64
    package var time: Timestamp
    package var eventsCount: UInt64
    package var lastEventTime: Timestamp?
    /// Bytes waiting to be written to the bus.
    package var queueBytes: Int
    /// Market-data records lost on the way here.
    package var ticksMissed: UInt64
    /// How late the event loop ran its last timer, microseconds.
    package var loopLagMicroseconds: Int64

    package init(
        strategyID: String, epoch: UInt64, time: Timestamp, eventsCount: UInt64,
        lastEventTime: Timestamp? = nil,
        queueBytes: Int = 0, ticksMissed: UInt64 = 0, loopLagMicroseconds: Int64 = 0
    ) {
        self.strategyID = strategyID
        self.epoch = epoch
        self.time = time
        self.eventsCount = eventsCount
        self.lastEventTime = lastEventTime
        self.queueBytes = queueBytes
        self.ticksMissed = ticksMissed
        self.loopLagMicroseconds = loopLagMicroseconds
    }

    private enum CodingKeys: String, CodingKey {
        case type, epoch, time
        case strategyID = "strategy_id"
        case eventsCount = "events_count"
        case lastEventTime = "last_event_time"
        case queueBytes = "queue_bytes"
        case ticksMissed = "ticks_missed"
        case loopLagMicroseconds = "loop_lag_us"
    }
}
