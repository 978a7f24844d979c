package import ControlPlane
package import MessageBus
package import TradingModel

/// The whole engine at one moment, from database and bus: what `status`, `top`, the web page and the metrics show.
package struct EngineOverview: Equatable, Sendable {
    /// A source of market data.
    package struct Feed: Equatable, Sendable {
        package var id: String
        package var name: String
        package var kind: String
        package var status: String
        package var reason: String?
        package var isEnabled: Bool
        package var processID: Int32?
        /// Records sent since it started; `nil` when the bus does not say.
        package var records: UInt64?
        /// Records a second over its last two reports.
        package var recordsPerSecond: Double?
        /// When its records last became more, by this machine's clock.
        package var lastRecordAt: Timestamp?
        /// ok, quiet, stale, disconnected, late or stalled; `nil` while nobody says.
        package var health: String?
        /// What the source says of itself, such as how many lines it did not understand.
        package var detail: String?
        /// Instruments without data for longer than their limits, the first of them.
        package var staleSymbols: [String] = []
        package var cpuPercent: Double?
        package var residentBytes: Int64?
    }

    /// A process that is no strategy: manager, bus, feed, recorder or web.
    package struct Service: Equatable, Sendable {
        package var role: String
        package var name: String
        package var status: String
        package var processID: Int32?
        package var cpuPercent: Double?
        package var residentBytes: Int64?
        package var reason: String?
    }

    /// The broker's counters and their rates.
    package struct Bus: Equatable, Sendable {
        package var totals: BrokerStatistics.Totals
        package var connections: [BrokerStatistics.Connection]
        package var uptimeMilliseconds: Int64
        /// Over the last two reports; `nil` before the second.
        package var recordsInPerSecond: Double?
        package var recordDeliveriesPerSecond: Double?
        package var recordsDroppedPerSecond: Double?
    }

    /// The home directory.
    package var home: String
    package var managerProcessID: Int32?
    package var managerStartedAt: Timestamp?
    /// What is wrong with the database; `nil` when it was read. What is shown is then as of `databaseReadAt`.
    package var databaseProblem: String?
    package var databaseReadAt: Timestamp?
    package var databaseBytes: Int64?
    package var walBytes: Int64?
    /// The broker's counters; `nil` when it does not answer.
    package var bus: Bus?
    package var feeds: [Feed] = []
    package var services: [Service] = []
    /// By name.
    package var strategies: [StrategyLine] = []
    /// Alerts that have not cleared, the oldest first.
    package var alerts: [AlertIncident] = []
    /// Those that cleared last, newest first.
    package var clearedAlerts: [AlertIncident] = []
    /// Deliveries of alerts that wait.
    package var waitingDeliveryCount = 0
    /// What all strategies together may trade, and why.
    package var trading = TradingStateRow()
    /// Commands that have not ended.
    package var openCommandCount = 0

    /// The sum of the net PnL of all strategies.
    package var pnl: Money { strategies.reduce(.zero) { $0 + ($1.pnl ?? .zero) } }

    /// An overview of nothing yet.
    package init(home: String) { self.home = home }
}

extension EngineOverview.Feed: JSONWritable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("name", name)
            json.member("kind", kind)
            json.member("status", status)
            json.member("reason", reason)
            json.member("enabled", isEnabled)
            json.member("pid", processID)
            json.member("records", records)
            json.member("records_per_second", recordsPerSecond)
            json.member("last_record_at", lastRecordAt)
            json.member("health", health)
            json.member("detail", detail)
            json.arrayMember("stale_symbols") { json in
                for symbol in staleSymbols { json.value(symbol) }
            }
            json.member("cpu_percent", cpuPercent)
            json.member("resident_bytes", residentBytes)
        }
    }
}

extension EngineOverview.Service: JSONWritable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("role", role)
            json.member("name", name)
            json.member("status", status)
            json.member("pid", processID)
            json.member("cpu_percent", cpuPercent)
            json.member("resident_bytes", residentBytes)
            json.member("reason", reason)
        }
    }
}

extension EngineOverview.Bus: JSONWritable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("uptime_ms", uptimeMilliseconds)
            json.member("connections", totals.connections)
            json.member("records_in", totals.recordsIn)
            json.member("record_deliveries", totals.recordDeliveries)
            json.member("records_dropped", totals.recordsDropped)
            json.member("messages_in", totals.messagesIn)
            json.member("message_deliveries", totals.messageDeliveries)
            json.member("queue_bytes", totals.queueBytes)
            json.member("records_in_per_second", recordsInPerSecond)
            json.member("record_deliveries_per_second", recordDeliveriesPerSecond)
            json.member("records_dropped_per_second", recordsDroppedPerSecond)
        }
    }
}

extension BrokerStatistics.Connection: JSONWritable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("session", session)
            json.member("role", role)
            json.member("identity", identity)
            json.member("pid", processID)
            json.member("patterns", patterns)
            json.member("records_in", recordsIn)
            json.member("records_out", recordsOut)
            json.member("messages_out", messagesOut)
            json.member("records_dropped", recordsDropped)
            json.member("queue_bytes", queueBytes)
        }
    }
}

extension EngineOverview {
    /// Writes what belongs to no single strategy or feed.
    package func writeEngine(to json: inout JSONWriter) {
        json.object { json in
            json.member("home", home)
            json.member("manager_pid", managerProcessID)
            json.member("manager_started_at", managerStartedAt)
            json.member("database_problem", databaseProblem)
            json.member("database_read_at", databaseProblem == nil ? nil : databaseReadAt)
            json.member("database_bytes", databaseBytes)
            json.member("wal_bytes", walBytes)
            json.member("bus_connected", bus != nil)
            json.member("open_commands_count", openCommandCount)
            json.member("open_alerts_count", alerts.count)
            json.member("waiting_deliveries_count", waitingDeliveryCount)
            json.member("trading_state", trading.state.rawValue)
            json.member("trading_reason", trading.reason.isEmpty ? nil : trading.reason)
            json.member("strategies_count", strategies.count)
            json.member("pnl", pnl)
        }
    }
}
