package import ControlPlane
package import MessageBus
package import TradingModel

/// What one glance should tell: processes, states, results, costs. Read from the database at one moment.
package struct StatusReport: Encodable {
    /// One strategy's line.
    package struct Strategy: Encodable, Sendable {
        package var name: String
        package var className: String
        package var status: String
        package var desiredState: String
        package var processID: Int32?
        package var epoch: UInt32?
        package var pnl: Money?
        package var realizedPnL: Money?
        package var positionsCount: Int?
        package var ordersCount: Int64?
        package var successRate: Double?
        package var cpuPercent: Double?
        package var residentBytes: Int64?
        /// Market-data records that the broker dropped for it; `nil` when the bus does not say.
        package var recordsDropped: UInt64?
        package var reason: String?

        private enum CodingKeys: String, CodingKey {
            case name, status, epoch, pnl, reason
            case recordsDropped = "records_dropped"
            case className = "class_name"
            case desiredState = "desired_state"
            case processID = "pid"
            case realizedPnL = "realized_pnl"
            case positionsCount = "positions_count"
            case ordersCount = "orders_count"
            case successRate = "success_rate"
            case cpuPercent = "cpu_percent"
            case residentBytes = "resident_bytes"
        }
    }

    /// Another process's line: manager, bus, recorder or a feed.
    package struct Service: Encodable, Sendable {
        package var role: String
        package var name: String
        package var status: String
        package var processID: Int32?
        package var cpuPercent: Double?
        package var residentBytes: Int64?
        package var reason: String?

        private enum CodingKeys: String, CodingKey {
            case role, name, status, reason
            case processID = "pid"
            case cpuPercent = "cpu_percent"
            case residentBytes = "resident_bytes"
        }
    }

    package private(set) var home: String
    package private(set) var managerProcessID: Int32?
    package private(set) var services: [Service]
    package private(set) var strategies: [Strategy]
    /// The broker's counters; `nil` when it does not answer.
    package private(set) var bus: BrokerStatistics.Totals?

    private enum CodingKeys: String, CodingKey {
        case home, services, strategies, bus
        case managerProcessID = "manager_pid"
    }

    /// Reads the report; `managerProcessID` is that of the running manager, if there is one. Without one the rows may
    /// be out of date, so `isAlive` is asked about every process.
    ///
    /// `bus` are the broker's counters, when it answers.
    package init(
        home: String, managerProcessID: Int32?, store: ControlStore, bus: BrokerStatistics?,
        isAlive: (InstanceRow) -> Bool
    ) throws {
        self.bus = bus?.totals
        self.home = home
        self.managerProcessID = managerProcessID
        let samples = managerProcessID == nil ? [] : try store.latestProcessMetrics()
        let live = try store.liveInstances()
        let metrics = try store.latestMetrics()
        services = try Self.services(store, samples, isManagerRunning: managerProcessID != nil)
        strategies = try store.strategies().map { row in
            let instance = live.last { $0.strategyID == row.id && (managerProcessID != nil || isAlive($0)) }
            let metric = metrics.first { $0.strategyID == row.id }
            let sample = samples.first { $0.role == "executor" && $0.pid == instance?.pid }
            var line = Strategy(
                name: row.name, className: row.className, status: row.status.rawValue,
                desiredState: row.desiredState.rawValue)
            if managerProcessID == nil, row.status.isLive {
                line.status = instance == nil ? StrategyStatus.stopped.rawValue : "running without manager"
            }
            line.processID = instance?.pid
            line.epoch = instance?.epoch
            line.pnl = metric?.pnl
            line.realizedPnL = metric?.realizedPnL
            line.positionsCount = metric?.positionCount
            line.ordersCount = metric?.orderCount
            line.successRate = metric?.successRate
            line.cpuPercent = sample?.cpuPercent
            line.residentBytes = sample?.residentBytes
            line.recordsDropped =
                bus?.connections.last { $0.role == BusRole.executor.name && $0.identity == row.id }?
                .recordsDropped
            if row.status == .error || row.status == .backoff || row.status == .stuck {
                line.reason = try store.events(strategyID: row.id, limit: 1).first?.reason
            }
            return line
        }
    }

    private static func services(
        _ store: ControlStore, _ samples: [ProcessMetricsRow], isManagerRunning: Bool
    ) throws -> [Service] {
        func service(_ role: String, _ name: String, _ status: String, _ reason: String? = nil) -> Service {
            let sample = samples.last { $0.role == role && $0.name == name }
            return Service(
                role: role, name: name, status: status, processID: sample?.pid,
                cpuPercent: sample?.cpuPercent,
                residentBytes: sample?.residentBytes, reason: reason)
        }
        let state = isManagerRunning ? "running" : "stopped"
        let feeds = try store.feeds().map { row in
            service("feed", row.name, isManagerRunning ? row.status.rawValue : "stopped", row.reason)
        }
        let recorder = try store.engineInfo("recorder_status").map { status in
            let alarm = try store.engineInfo("recorder_alarm") ?? ""
            let reason = try alarm.isEmpty ? store.engineInfo("recorder_reason") : alarm
            return service(
                "recorder", "recorder", isManagerRunning ? status : "stopped", isManagerRunning ? reason : nil
            )
        }
        return [service("manager", "manager", state), service("bus", "bus", state)]
            + (recorder.map { [$0] } ?? []) + feeds
    }
}
