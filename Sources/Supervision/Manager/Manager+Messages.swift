import ControlPlane
package import MessageBus
package import NIOCore
import TradingModel

extension Manager: BusClientDelegate {
    package func busClientDidConnect(_ client: BusClient) {
        bus.bootstrapSocket = nil
        apply(.ready(epoch: bus.machine.epoch), to: bus)
        busPulse = BusPulse()
        // Whoever asks who the bus is must not be told its predecessor until the next sample is due.
        lastSample = MonotonicTime(nanoseconds: 0)
        for process in allProcesses where process !== bus { apply(.busBack, to: process) }
        isBusReady = true
        publishRecorderSettings()
        publishedInstruments = [:]
        publishInstruments()
        startWaiting()
    }

    package func busClient(_ client: BusClient, didDisconnect reason: BusError?) {
        guard isBusReady, stopping != .bus, stopping != .ended else { return }
        settings.report("the bus is gone: \(reason?.description ?? "closed")")
        for process in allProcesses where process !== bus { apply(.busLost, to: process) }
    }

    package func busClient(_ client: BusClient, didRefuse error: BusError) {
        settings.report("bus: \(error)")
    }

    package func busClient(_ client: BusClient, didReceive payload: ByteBuffer, topic: String) {
        guard let topic = Topic(topic) else { return }
        do {
            switch topic {
            case .strategyStatus: try take(StrategyStatusPayload(decoding: payload))
            case .strategyMetrics: try take(StrategyMetricsPayload(decoding: payload), json: payload)
            case .feedStatus: try take(FeedStatusPayload(decoding: payload))
            case .recorderStatus: try take(RecorderStatusPayload(decoding: payload))
            case .health: try takeHealth(payload)
            case .managerNudge: store?.nudge()
            default: break
            }
        } catch {
            settings.report("ignored a message on \(topic): \(error)")
        }
    }

    // MARK: - Executors

    private func take(_ payload: StrategyStatusPayload) throws {
        if !hasAdopted { earlyStatuses[payload.strategyID] = payload }
        guard let process = executors[payload.strategyID], let handle = process.handle else { return }
        // The retained value of a former process, or what this manager published itself, is not news.
        let epoch = process.machine.epoch
        guard payload.epoch == UInt64(epoch), payload.processID == handle.pid else { return }
        if let id = payload.acknowledgedCommandID {
            acknowledge(id, error: payload.error, by: process)
        } else if let error = payload.error, payload.status != .error {
            // It runs on and has something to say, such as that its disk is full.
            report(process, error)
        }
        if let alarm = payload.alarm { noteBreach(alarm, state: payload.tradingState, of: process) }
        switch payload.status {
        case .running, .paused:
            if process.machine.status == .starting {
                markReady(process, epoch: epoch)
                process.bootstrapSocket = nil
                apply(.ready(epoch: epoch), to: process)
            }
            if payload.acknowledgedCommandID == nil {
                bringLimits(to: process)
                repeatOpenRequests(process)
            }
            apply(
                payload.status == .paused ? .pausedConfirmed(epoch: epoch) : .resumedConfirmed(epoch: epoch),
                to: process)
        case .error:
            if let error = payload.error { report(process, error) }
        case .starting, .stopping, .stopped: break
        }
    }

    private func markReady(_ process: ManagedProcess, epoch: UInt32) {
        guard let row = process.strategy else { return }
        endTrial(of: process)
        let now = WallClock.now
        store?.enqueue("the readiness of \(row.name)", subject: "ready \(row.id)") {
            try $0.markInstanceReady(strategyID: row.id, epoch: epoch, at: now)
        }
    }

    private func acknowledge(_ id: String, error: String?, by process: ManagedProcess) {
        if id.hasPrefix(Self.limitsPrefix) {
            acknowledgeLimits(error: error, by: process)
        } else if let index = process.openTrading.firstIndex(of: id) {
            process.openTrading.remove(at: index)
            finish(id, error.map { .failed($0) } ?? .executed, for: process)
        } else if let index = process.openUpdates.firstIndex(where: { $0.commandID == id }) {
            let update = process.openUpdates.remove(at: index)
            if error == nil { recordGeneration(process) } else { takeBack(update, of: process) }
            finish(id, error.map { .failed($0) } ?? .executed, for: process)
        } else if let index = process.openFlattens.firstIndex(where: { $0.commandID == id }) {
            process.openFlattens.remove(at: index)
            finish(id, error.map { .failed($0) } ?? .executed, for: process)
        }
    }

    /// The process has the configuration of this generation now, although it was started with an older one.
    private func recordGeneration(_ process: ManagedProcess) {
        guard let row = process.strategy else { return }
        let epoch = process.machine.epoch
        store?.enqueue("the generation of \(row.name)", subject: "generation \(row.id)") {
            try $0.setInstanceGeneration(
                strategyID: row.id, epoch: epoch, configGeneration: row.configGeneration)
        }
    }

    private func take(_ payload: StrategyMetricsPayload, json: ByteBuffer) throws {
        guard let process = executors[payload.strategyID], payload.epoch == UInt64(process.machine.epoch)
        else {
            return
        }
        pendingMetrics.append(
            MetricsRow(
                strategyID: payload.strategyID, time: payload.time, epoch: process.machine.epoch,
                session: payload.session, positionCount: payload.positionsCount,
                orderCount: Int64(payload.ordersCount), successRate: payload.successRate,
                realizedPnL: payload.realizedPnL, unrealizedPnL: payload.unrealizedPnL, fees: payload.fees,
                equity: payload.equity, drawdown: payload.drawdown,
                metricsJSON: String(decoding: json.readableBytesView, as: UTF8.self)))
    }

    /// Hands the metrics of the last moments to the store in one transaction.
    func flushMetrics() {
        guard !pendingMetrics.isEmpty else { return }
        let rows = pendingMetrics
        pendingMetrics.removeAll(keepingCapacity: true)
        store?.enqueue("metrics", isDroppable: true) { try $0.insertMetrics(rows) }
    }

    // MARK: - Feeds and health

    /// How the documents of `ProcessHealthPayload` begin, whose members are in alphabetical order.
    private static let ownHealthPrefix = Array(#"{"cpu_percent":"#.utf8)

    private func take(_ payload: FeedStatusPayload) throws {
        guard let process = feeds.values.first(where: { $0.name == payload.feed }), process.handle != nil
        else {
            return
        }
        takeHealth(payload, of: process)
        if let new = payload.instruments { takeNewInstruments(new, of: process) }
        switch payload.status {
        case .running where process.machine.status == .starting:
            process.bootstrapSocket = nil
            lastSample = MonotonicTime(nanoseconds: 0)
            apply(.ready(epoch: process.machine.epoch), to: process)
        case .running: apply(.heartbeat(epoch: process.machine.epoch), to: process)
        case .ended: report(process, "ended after \(payload.records) records")
        case .error: report(process, payload.error ?? "error")
        case .starting: break
        }
        let isWell = process.machine.health == .ok && payload.health != FeedHealthPayload.disconnected
        if payload.status == .running, process.isMourned, isWell {
            tellReaders(.connected, of: process)
        }
    }

    private func takeHealth(_ payload: ByteBuffer) throws {
        // What this manager itself publishes comes round as well, and need not be understood.
        guard !payload.readableBytesView.starts(with: Self.ownHealthPrefix) else { return }
        guard HealthKind(of: payload.readableBytesView) == .heartbeat else { return }
        let heartbeat = try HeartbeatPayload(decoding: payload)
        guard let process = executors[heartbeat.strategyID] else { return }
        let epoch = UInt32(clamping: heartbeat.epoch)
        apply(.heartbeat(epoch: epoch), to: process)
        // Only those that want to be told are worth the second event.
        guard process.machine.policy.feedStaleAfter != nil,
            process.eventCount != (epoch, heartbeat.eventsCount)
        else { return }
        process.eventCount = (epoch, heartbeat.eventsCount)
        apply(.ticked(epoch: epoch), to: process)
    }
}
