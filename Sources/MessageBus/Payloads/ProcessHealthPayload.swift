package import TradingModel

/// What a process uses (`strategy:health`, type `process_health`).
package struct ProcessHealthPayload: BusPayload, Equatable {
    /// Always `.processHealth`.
    package private(set) var type = HealthKind.processHealth
    /// `manager`, `bus`, `feed`, `recorder` or `executor`.
    package var role: String
    /// The strategy or feed it works for, or the role again.
    package var name: String
    package var processID: Int32
    package var time: Timestamp
    /// Of one core, since the previous sample; may exceed 100.
    package var cpuPercent: Double
    package var residentBytes: Int64
    /// How late the event loop ran its last timer, microseconds.
    package var loopLagMicroseconds: Int64
    /// Since the last market-data record, milliseconds; `nil` when there was none.
    package var lastTickAgeMilliseconds: Int64?
    /// Bytes waiting to be written to the bus.
    package var queueBytes: Int

    package init(
        role: String, name: String, processID: Int32, time: Timestamp, cpuPercent: Double,
        residentBytes: Int64,
        loopLagMicroseconds: Int64 = 0, lastTickAgeMilliseconds: Int64? = nil, queueBytes: Int = 0
    ) {
        self.role = role
        self.name = name
        self.processID = processID
        self.time = time
        self.cpuPercent = cpuPercent
        self.residentBytes = residentBytes
        self.loopLagMicroseconds = loopLagMicroseconds
        self.lastTickAgeMilliseconds = lastTickAgeMilliseconds
        self.queueBytes = queueBytes
    }

    private enum CodingKeys: String, CodingKey {
        case type, role, name, time
        case processID = "pid"
        case cpuPercent = "cpu_percent"
        case residentBytes = "resident_bytes"
        case loopLagMicroseconds = "loop_lag_us"
        case lastTickAgeMilliseconds = "last_tick_age_ms"
        case queueBytes = "queue_bytes"
    }
}
