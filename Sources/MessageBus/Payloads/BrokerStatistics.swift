/// What a broker counts; published on `bus:status` once a second while somebody subscribes.
package struct BrokerStatistics: BusPayload, Equatable {
    /// Connections named in a published document at most, so that it fits a frame.
    package static let publishedConnectionsMax = 1_024

    /// Counters over all connections since the start, and what is held now.
    package struct Totals: Codable, Equatable, Sendable {
        /// Open now.
        package var connections = 0
        package var connectionsAccepted: UInt64 = 0
        package var recordsIn: UInt64 = 0
        /// Records times the subscribers they were queued for.
        package var recordDeliveries: UInt64 = 0
        package var recordsDropped: UInt64 = 0
        package var messagesIn: UInt64 = 0
        package var messageDeliveries: UInt64 = 0
        /// Bytes queued now.
        package var queueBytes = 0
        package var retainedTopics = 0
        package var retainedBytes = 0
        package var retainedRefused: UInt64 = 0

        package init() {}

        private enum CodingKeys: String, CodingKey {
            case connections
            case connectionsAccepted = "connections_accepted"
            case recordsIn = "records_in"
            case recordDeliveries = "record_deliveries"
            case recordsDropped = "records_dropped"
            case messagesIn = "messages_in"
            case messageDeliveries = "message_deliveries"
            case queueBytes = "queue_bytes"
            case retainedTopics = "retained_topics"
            case retainedBytes = "retained_bytes"
            case retainedRefused = "retained_refused"
        }
    }

    /// Counters of one connection.
    package struct Connection: Codable, Equatable, Sendable {
        package var session: UInt64
        /// Empty before its hello.
        package var role: String
        package var identity: String
        package var processID: UInt32
        package var patterns: Int
        package var framesIn: UInt64
        package var recordsIn: UInt64
        package var recordsOut: UInt64
        package var messagesOut: UInt64
        package var recordsDropped: UInt64
        /// Publishes and subscriptions refused.
        package var refused: UInt64
        package var queueBytes: Int

        private enum CodingKeys: String, CodingKey {
            case session, role, identity, patterns, refused
            case processID = "pid"
            case framesIn = "frames_in"
            case recordsIn = "records_in"
            case recordsOut = "records_out"
            case messagesOut = "messages_out"
            case recordsDropped = "records_dropped"
            case queueBytes = "queue_bytes"
        }
    }

    package var processID: UInt32 = 0
    package var uptimeMilliseconds: Int64 = 0
    package var totals = Totals()
    /// In the order they connected.
    package var connections: [Connection] = []

    private enum CodingKeys: String, CodingKey {
        case totals, connections
        case processID = "pid"
        case uptimeMilliseconds = "uptime_ms"
    }
}
