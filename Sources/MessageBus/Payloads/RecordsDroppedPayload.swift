package import TradingModel

/// What the broker dropped for one subscriber in the last second (`strategy:health`, type `records_dropped`).
package struct RecordsDroppedPayload: BusPayload, Equatable {
    /// Always `.recordsDropped`.
    package private(set) var type = HealthKind.recordsDropped
    /// The broker's number of the connection.
    package var session: UInt64
    package var role: String
    /// The strategy id, or what else names the subscriber.
    package var identity: String
    package var processID: UInt32
    /// Records dropped since the last such message of this connection.
    package var dropped: UInt64
    /// Records dropped since it connected.
    package var droppedTotal: UInt64
    /// Bytes that wait for it now.
    package var queueBytes: Int
    package var time: Timestamp

    private enum CodingKeys: String, CodingKey {
        case type, session, role, identity, dropped, time
        case processID = "pid"
        case droppedTotal = "dropped_total"
        case queueBytes = "queue_bytes"
    }
}
