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
        /// What it may trade when that is not everything: `reducing` or `halted`.
        package var tradingState: String?
        package var tradingReason: String?

        private enum CodingKeys: String, CodingKey {
            case name, status, epoch, pnl, reason
            case tradingState = "trading_state"
            case tradingReason = "trading_reason"
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
    /// `bus` are the broker's counters, when it answers. `servicePID` knows the process of a service by role and name
    /// from its lock, which changes at once; a sample of its predecessor is not shown.
    package init(
        home: String, managerProcessID: Int32?, store: ControlStore, bus: BrokerStatistics?,
        servicePID: (_ role: String, _ name: String) -> Int32? = { _, _ in nil },
        isAlive: @escaping (InstanceRow) -> Bool
    ) throws {
        let reader = OverviewReader()
        try reader.refresh(store, now: .epoch, hasSparklines: false)
        let around = OverviewReader.Surroundings(
            home: home, managerProcessID: managerProcessID, bus: BusView(statistics: bus), isAlive: isAlive)
        self.init(reader.overview(around, now: .epoch))
        guard managerProcessID != nil else { return }
        for index in services.indices {
            let service = services[index]
            guard let pid = servicePID(service.role, service.name), pid != service.processID else { continue }
            services[index].processID = pid
            services[index].cpuPercent = nil
            services[index].residentBytes = nil
        }
    }

    /// The report of an overview.
    package init(_ overview: EngineOverview) {
        home = overview.home
        managerProcessID = overview.managerProcessID
        bus = overview.bus?.totals
        services = overview.services.map(Service.init)
        strategies = overview.strategies.map { Strategy($0, ofAll: overview.trading) }
    }
}

extension StatusReport.Service {
    fileprivate init(_ service: EngineOverview.Service) {
        self.init(
            role: service.role, name: service.name, status: service.status, processID: service.processID,
            cpuPercent: service.cpuPercent, residentBytes: service.residentBytes, reason: service.reason)
        if service.status == StrategyLine.unmanaged { status = "running without manager" }
    }
}

extension StatusReport.Strategy {
    /// `all` is what all strategies together may trade; the stricter of that and its own state counts.
    fileprivate init(_ line: StrategyLine, ofAll all: TradingStateRow) {
        self.init(
            name: line.name, className: line.className, status: line.status, desiredState: line.desiredState)
        if line.status == StrategyLine.unmanaged { status = "running without manager" }
        processID = line.processID
        epoch = line.epoch
        pnl = line.pnl
        realizedPnL = line.realizedPnL
        positionsCount = line.positionsCount
        ordersCount = line.ordersCount
        successRate = line.successRate
        cpuPercent = line.cpuPercent
        residentBytes = line.residentBytes
        recordsDropped = line.recordsDropped
        if ["error", "backoff", "stuck"].contains(line.status) { reason = line.reason }
        let trading = line.trading.state < all.state ? all : line.trading
        guard trading.state != .active else { return }
        tradingState = trading.state.rawValue
        tradingReason = trading.reason
    }
}
