package import ControlPlane
import MessageBus
package import TradingModel

/// Reads an engine's overview again and again, each time only what changed. Not for several threads at once.
package final class OverviewReader {
    /// Commands and events that are kept.
    package static let recentRowsMax = ControlStore.overviewRowsMax
    /// Points of a sparkline, and the distance between two of them.
    package static let sparklinePointsMax = 60
    package static let sparklineInterval: Duration = .seconds(5)
    /// Silence after which a strategy is late, is stalled; time without market data after which its feed is stale.
    private static let lateAfter: Duration = .seconds(3)
    private static let stalledAfter: Duration = .seconds(10)
    private static let feedStaleAfter: Duration = .seconds(60)

    /// The last commands, in their order.
    package private(set) var commands: [CommandRow] = []
    /// The last events, oldest first.
    package private(set) var events: [EventRow] = []
    /// Net PnL over the last minutes, by strategy id, oldest first.
    package private(set) var sparklines: [String: [Money]] = [:]
    /// All strategies, by name.
    package private(set) var strategies: [StrategyRow] = []

    private var cursor = OverviewCursor()
    private var instances: [String: InstanceRow] = [:]
    private var metrics: [String: MetricsSample] = [:]
    private var samples: [String: ProcessMetricsRow] = [:]
    private var lastSampleAt: Timestamp?
    private var changes: [String: EventRow] = [:]
    private var positions: [String: [StrategyLine.Position]] = [:]
    private var feeds: [FeedRow] = []
    private var engineInfo: [String: String] = [:]
    private var alerts = AlertRows()
    private var tradingStates: [String: TradingStateRow] = [:]
    /// When the count of events of a strategy was last seen to rise, where the bus does not tell.
    private var lastTicks: [String: Timestamp] = [:]
    private var lastSparkAt: Timestamp?

    /// Has read nothing yet.
    package init() {}

    /// Reads what changed in the database; what was read before stays when this throws.
    ///
    /// Sparklines are followed only when `hasSparklines` says so from the first call on.
    package func refresh(
        _ store: ControlStore, now: Timestamp, hasSparklines: Bool = true
    ) throws(ControlError) {
        let isFirst = strategies.isEmpty && metrics.isEmpty
        let new = try store.overviewChanges(&cursor)
        if let rows = new.strategies { take(rows) }
        if let rows = new.instances {
            instances = Dictionary(rows.map { ($0.strategyID, $0) }) { $1 }
        }
        for event in new.newestEvents { changes[event.strategyID] = event }
        for event in new.events where event.fromStatus != event.toStatus { changes[event.strategyID] = event }
        for sample in new.metrics { take(sample, now) }
        take(new.processes)
        if let rows = new.positions { take(rows) }
        feeds = new.feeds
        engineInfo = new.engineInfo
        alerts = AlertRows(
            open: new.incidents, cleared: new.clearedIncidents,
            waitingDeliveryCount: new.waitingDeliveryCount)
        tradingStates = new.tradingStates
        events = (events + new.events).suffix(Self.recentRowsMax)
        take(new.commands)
        guard hasSparklines else { return }
        if isFirst { try seedSparklines(store, now) }
        growSparklines(now)
    }

    /// The newest metrics of a strategy from the database.
    package func latestMetrics(_ strategyID: String) -> MetricsRow? { metrics[strategyID]?.row }

    // MARK: - Taking what is new

    private struct AlertRows {
        var open: [AlertIncident] = []
        var cleared: [AlertIncident] = []
        var waitingDeliveryCount = 0
    }

    private func take(_ rows: [StrategyRow]) {
        strategies = rows
        let ids = Set(rows.map(\.id))
        guard metrics.keys.contains(where: { !ids.contains($0) }) else { return }
        metrics = metrics.filter { ids.contains($0.key) }
        sparklines = sparklines.filter { ids.contains($0.key) }
        lastTicks = lastTicks.filter { ids.contains($0.key) }
        changes = changes.filter { ids.contains($0.key) }
    }

    private func take(_ sample: MetricsSample, _ now: Timestamp) {
        let id = sample.row.strategyID
        if let old = metrics[id]?.eventCount, let count = sample.eventCount, count != old {
            lastTicks[id] = now
        }
        metrics[id] = sample
    }

    private func take(_ rows: [ProcessMetricsRow]) {
        guard let newest = rows.last?.time else { return }
        // One sampling has one time; who is not in the newest one is gone.
        if newest != lastSampleAt {
            samples = [:]
            lastSampleAt = newest
        }
        for row in rows where row.time == newest { samples[row.role + "/" + row.name] = row }
    }

    private func take(_ rows: [PositionRow]) {
        positions = Dictionary(grouping: rows, by: \.strategyID).mapValues { rows in
            rows.map {
                StrategyLine.Position(symbol: $0.symbol, quantity: $0.quantity, averagePrice: $0.averagePrice)
            }
        }
    }

    private func take(_ rows: [CommandRow]) {
        guard !rows.isEmpty else { return }
        let renewed = Set(rows.map(\.sequence))
        let all = commands.filter { !renewed.contains($0.sequence) } + rows
        commands = all.sorted { $0.sequence < $1.sequence }.suffix(Self.recentRowsMax)
    }

    // MARK: - Sparklines

    private func seedSparklines(_ store: ControlStore, _ now: Timestamp) throws(ControlError) {
        for (id, rows) in try store.recentPnL(samplesPerStrategy: Self.sparklinePointsMax) {
            var last = Timestamp.epoch
            var points: [Money] = []
            for row in rows where row.time - last >= Self.sparklineInterval {
                points.append(row.pnl)
                last = row.time
            }
            sparklines[id] = points
        }
        lastSparkAt = now
    }

    private func growSparklines(_ now: Timestamp) {
        guard let last = lastSparkAt, now - last >= Self.sparklineInterval else { return }
        lastSparkAt = now
        for (id, sample) in metrics {
            sparklines[id, default: []].append(sample.row.pnl)
            if sparklines[id, default: []].count > Self.sparklinePointsMax { sparklines[id]?.removeFirst() }
        }
    }
}

// MARK: - Composing

extension OverviewReader {
    /// What of the engine's surroundings the database does not say.
    package struct Surroundings {
        package var home: String
        package var managerProcessID: Int32?
        package var bus: BusView
        /// Whether a process of the database still exists; asked only while there is no manager.
        package var isAlive: (InstanceRow) -> Bool

        /// What is around an engine whose home is at a path.
        package init(
            home: String, managerProcessID: Int32?, bus: BusView, isAlive: @escaping (InstanceRow) -> Bool
        ) {
            self.home = home
            self.managerProcessID = managerProcessID
            self.bus = bus
            self.isAlive = isAlive
        }
    }

    /// The overview of what was read last and of its surroundings now.
    package func overview(_ around: Surroundings, now: Timestamp) -> EngineOverview {
        var overview = EngineOverview(home: around.home)
        overview.managerProcessID = around.managerProcessID
        overview.managerStartedAt =
            around.managerProcessID == nil
            ? nil : engineInfo["manager_started_at"].flatMap { Timestamp(iso8601: $0) }
        if let statistics = around.bus.statistics {
            let rates = around.bus.rates
            overview.bus = EngineOverview.Bus(
                totals: statistics.totals, connections: statistics.connections,
                uptimeMilliseconds: statistics.uptimeMilliseconds, recordsInPerSecond: rates?.recordsIn,
                recordDeliveriesPerSecond: rates?.deliveries, recordsDroppedPerSecond: rates?.dropped)
        }
        overview.alerts = alerts.open
        overview.clearedAlerts = alerts.cleared
        overview.waitingDeliveryCount = alerts.waitingDeliveryCount
        overview.trading = tradingStates[ControlStore.allStrategies] ?? TradingStateRow()
        var alertCounts: [String: Int] = [:]
        for alert in alerts.open { alertCounts[alert.subjectID, default: 0] += 1 }
        overview.openCommandCount = commands.count { !$0.status.isFinal }
        overview.feeds = feeds.map { feed($0, around) }
        overview.services = services(around)
        let connections = Dictionary(
            (around.bus.statistics?.connections ?? []).filter { $0.role == BusRole.executor.name }
                .map { ($0.identity, $0) }
        ) { $1 }
        let hasFeed = overview.feeds.contains {
            $0.status == StrategyStatus.running.rawValue || $0.status == StrategyLine.unmanaged
        }
        overview.strategies = strategies.map { row in
            var line = line(row, around, now, hasFeed: hasFeed)
            line.recordsDropped = connections[row.id]?.recordsDropped
            line.queueBytes = connections[row.id]?.queueBytes
            line.trading = tradingStates[row.id] ?? TradingStateRow()
            line.alertCount = alertCounts[row.id] ?? 0
            return line
        }
        return overview
    }

    private func line(
        _ row: StrategyRow, _ around: Surroundings, _ now: Timestamp, hasFeed: Bool
    ) -> StrategyLine {
        var line = StrategyLine(
            id: row.id, name: row.name, className: row.className, status: row.status.rawValue,
            desiredState: row.desiredState.rawValue)
        line.configGeneration = row.configGeneration
        line.statusSince = changes[row.id]?.time
        line.reason = changes[row.id].flatMap { $0.reason.isEmpty ? nil : $0.reason }
        let newest = instances[row.id]
        line.restarts = max(0, Int64(newest?.epoch ?? 0) - 1)
        line.startedAt = newest?.startedAt
        let isManaged = around.managerProcessID != nil
        if let newest, newest.endedAt == nil, isManaged || around.isAlive(newest) {
            line.processID = newest.pid
            line.epoch = newest.epoch
        }
        if !isManaged, row.status.isLive {
            line.status = line.processID == nil ? StrategyStatus.stopped.rawValue : StrategyLine.unmanaged
        }
        addResults(to: &line)
        addResults(of: around.bus.metrics[row.id], to: &line)
        line.positions = positions[row.id] ?? []
        if isManaged, let sample = samples["executor/" + row.name], sample.pid == line.processID {
            line.cpuPercent = sample.cpuPercent
            line.residentBytes = sample.residentBytes
        }
        addLife(around.bus.lives[row.id], to: &line, now, hasFeed: hasFeed)
        return line
    }

    private func addResults(to line: inout StrategyLine) {
        guard let sample = metrics[line.id] else { return }
        let row = sample.row
        line.session = row.session
        line.pnl = row.pnl
        line.realizedPnL = row.realizedPnL
        line.unrealizedPnL = row.unrealizedPnL
        line.fees = row.fees
        line.equity = row.equity
        line.drawdown = row.drawdown
        line.positionsCount = row.positionCount
        line.ordersCount = row.orderCount
        line.successRate = row.successRate
        line.metricsAt = row.time
        line.fillsCount = sample.fillCount
        line.eventsCount = sample.eventCount
        line.ticksMissed = sample.ticksMissed
        line.loopLagMicroseconds = sample.loopLagMicroseconds
        line.lastTickAt = lastTicks[line.id]
    }

    /// What the strategy says itself, where it is newer than the database.
    private func addResults(of payload: StrategyMetricsPayload?, to line: inout StrategyLine) {
        guard let payload, payload.time > line.metricsAt ?? .epoch else { return }
        line.session = payload.session
        line.pnl = payload.pnl
        line.realizedPnL = payload.realizedPnL
        line.unrealizedPnL = payload.unrealizedPnL
        line.fees = payload.fees
        line.equity = payload.equity
        line.drawdown = payload.drawdown
        line.positionsCount = payload.positionsCount
        line.ordersCount = Int64(clamping: payload.ordersCount)
        line.fillsCount = Int64(clamping: payload.fillsCount)
        line.successRate = payload.successRate
        line.metricsAt = payload.time
    }

    private func addLife(
        _ life: BusView.Life?, to line: inout StrategyLine, _ now: Timestamp, hasFeed: Bool
    ) {
        guard line.isLive, line.processID != nil, let life, life.epoch == UInt64(line.epoch ?? 0) else {
            return
        }
        line.lastTickAt = max(life.lastTickAt ?? .epoch, line.lastTickAt ?? .epoch)
        if line.lastTickAt == .epoch { line.lastTickAt = nil }
        line.eventsCount = Int64(clamping: life.eventsCount)
        line.ticksMissed = Int64(clamping: life.ticksMissed)
        line.loopLagMicroseconds = life.loopLagMicroseconds
        let silence = now - life.heardAt
        if silence > Self.stalledAfter {
            line.health = .stalled
        } else if silence > Self.lateAfter {
            line.health = .late
        } else if hasFeed, let tick = line.lastTickAt, now - tick > Self.feedStaleAfter {
            line.health = .feedStale
        } else {
            line.health = .ok
        }
    }

    private func feed(_ row: FeedRow, _ around: Surroundings) -> EngineOverview.Feed {
        let isManaged = around.managerProcessID != nil
        let sample = isManaged ? samples["feed/" + row.name] : nil
        let known = around.bus.feeds[row.name]
        var feed = EngineOverview.Feed(
            id: row.id, name: row.name, kind: row.kind,
            status: isManaged
                ? row.status.rawValue : Self.unmanagedStatus(BusRole.feed.name, row.name, around),
            reason: Self.reason(row), isEnabled: row.isEnabled,
            processID: sample?.pid ?? Self.connectedPID(BusRole.feed.name, row.name, around),
            records: known?.records, recordsPerSecond: known?.recordsPerSecond,
            lastRecordAt: known?.lastRecordAt, cpuPercent: sample?.cpuPercent,
            residentBytes: sample?.residentBytes)
        // The manager knows of a feed that gives no sign of life, the feed of everything else; its own word is newer.
        let isLive = feed.status == StrategyStatus.running.rawValue || feed.status == StrategyLine.unmanaged
        let managers = row.health.isEmpty ? nil : row.health
        let isSilent = managers == "late" || managers == "stalled"
        feed.health = isLive ? (isSilent ? managers : known?.health ?? managers) : nil
        feed.detail = known?.detail ?? (row.detail.isEmpty ? nil : row.detail)
        feed.staleSymbols = isLive ? known?.stale ?? [] : []
        return feed
    }

    /// The process of a peer of the bus; `nil` when it is not connected.
    private static func connectedPID(_ role: String, _ name: String, _ around: Surroundings) -> Int32? {
        around.bus.statistics?.connections.last { $0.role == role && $0.identity == name }
            .map { Int32(clamping: $0.processID) }
    }

    /// What can be said of a process while no manager observes it.
    private static func unmanagedStatus(_ role: String, _ name: String, _ around: Surroundings) -> String {
        connectedPID(role, name, around) == nil ? StrategyStatus.stopped.rawValue : StrategyLine.unmanaged
    }

    /// Why a feed is in its state, or what is the matter with its source or its data.
    private static func reason(_ row: FeedRow) -> String? {
        if !row.reason.isEmpty { return row.reason }
        guard !row.health.isEmpty, row.health != "ok" else { return nil }
        return row.health + (row.detail.isEmpty ? "" : ": " + row.detail)
    }

    private func services(_ around: Surroundings) -> [EngineOverview.Service] {
        let isManaged = around.managerProcessID != nil
        let bus = around.bus.isConnected ? StrategyLine.unmanaged : "stopped"
        var services = [
            EngineOverview.Service(
                role: "manager", name: "manager", status: isManaged ? "running" : "stopped"),
            EngineOverview.Service(role: "bus", name: "bus", status: isManaged ? "running" : bus),
        ]
        for role in ["recorder", "alerter", "web"] {
            guard let status = engineInfo[role + "_status"] else { continue }
            // A web server that this manager was not asked for is on record of an earlier one.
            if role == "web", status == StrategyStatus.stopped.rawValue || !isManaged { continue }
            let alarm = engineInfo[role + "_alarm"] ?? ""
            services.append(
                EngineOverview.Service(
                    role: role, name: role, status: isManaged ? status : "stopped",
                    reason: isManaged ? (alarm.isEmpty ? engineInfo[role + "_reason"] : alarm) : nil))
        }
        services += feeds.map { row in
            EngineOverview.Service(
                role: "feed", name: row.name,
                status: isManaged
                    ? row.status.rawValue : Self.unmanagedStatus(BusRole.feed.name, row.name, around),
                reason: Self.reason(row))
        }
        guard isManaged else { return services }
        let known = Set(services.map { $0.role + "/" + $0.name })
        let others = samples.values.filter {
            $0.role != "executor" && !known.contains($0.role + "/" + $0.name)
        }
        services += others.map {
            EngineOverview.Service(role: $0.role, name: $0.name, status: "running")
        }.sorted { ($0.role, $0.name) < ($1.role, $1.name) }
        for index in services.indices {
            let sample = samples[services[index].role + "/" + services[index].name]
            services[index].processID = sample?.pid
            services[index].cpuPercent = sample?.cpuPercent
            services[index].residentBytes = sample?.residentBytes
        }
        return services
    }
}

extension StrategyLine {
    /// The status of a strategy that runs while no manager does.
    package static let unmanaged = "unmanaged"
}
