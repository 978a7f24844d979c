package import MessageBus
import TradingModel

/// What has to hold for the JSON documents of control topics, whatever a peer publishes.
package enum PayloadChecks {
    /// Every document that a process reads from the bus or from its parent.
    package static let types: [any BusPayload.Type] = [
        StrategyCommandPayload.self, StrategyStatusPayload.self, StrategyMetricsPayload.self,
        HeartbeatPayload.self, ProcessHealthPayload.self, FeedStatusPayload.self, InstrumentsPayload.self,
        BrokerStatistics.self, Bootstrap.self, BootstrapReply.self, RecorderSettingsPayload.self,
        RecorderStatusPayload.self, FeedHealthPayload.self,
    ]

    /// Reads a document as one type; what can be read is written, read and written again as the same bytes.
    ///
    /// - Returns: whether it could be read. Throws a `FrameChecks.Violation` when the rule is broken.
    @discardableResult
    package static func check(
        _ document: UnsafeRawBufferPointer, as type: any BusPayload.Type
    ) throws(FrameChecks.Violation) -> Bool {
        _ = HealthKind(of: document)
        return try roundTrip(document, type)
    }

    private static func roundTrip<Payload: BusPayload>(
        _ document: UnsafeRawBufferPointer, _ type: Payload.Type
    ) throws(FrameChecks.Violation) -> Bool {
        guard let value = try? Payload(decoding: document) else { return false }
        let written = value.encoded()
        let again: Payload
        do throws(BusError) {
            again = try Payload(decoding: written)
        } catch {
            throw FrameChecks.Violation("\(type) cannot read what it wrote: \(error)")
        }
        let text = String(decoding: written, as: UTF8.self)
        guard again.encoded() == written else { throw FrameChecks.Violation("\(type) changes \(text)") }
        return true
    }

    /// A document of each type, in the order of `types`.
    package static var examples: [[UInt8]] {
        let time = Timestamp(seconds: 1_767_603_600)
        var metrics = StrategyMetricsPayload(strategyID: "s1", epoch: 2, session: "live", time: time)
        metrics.positions = [.init(symbol: "ALPHA", quantity: Quantity(-2), averagePrice: Price(99))]
        metrics.userMetrics = [.init(name: "spread", value: 1.5)]
        metrics.successRate = 0.5
        let statistics = """
            {"connections":[{"frames_in":1,"identity":"sim","messages_out":0,"patterns":2,"pid":9,"queue_bytes":0,\
            "records_dropped":0,"records_in":5,"records_out":0,"refused":0,"role":"feed","session":1}],"pid":7,\
            "totals":{"connections":1,"connections_accepted":1,"message_deliveries":0,"messages_in":0,"queue_bytes":0,\
            "record_deliveries":0,"records_dropped":0,"records_in":5,"retained_bytes":0,"retained_refused":0,\
            "retained_topics":0},"uptime_ms":12}
            """
        let bootstrap = Bootstrap(
            role: .executor, socketPath: "/run/bus.sock", logPath: "/logs/s1.log", token: [1, 2],
            strategy: .init(
                id: "s1", name: "maker", className: "market_maker", epoch: 1, generation: 1, configJSON: "{}"),
            feed: .init(name: "sim", kind: "synthetic", configJSON: "{}", number: 4),
            instruments: [Instrument(symbol: "ALPHA")])
        return [
            StrategyCommandPayload(commandID: "c1", command: "update", parameters: ["fast": "5"]).encoded(),
            StrategyStatusPayload(
                strategyID: "s1", name: "maker", epoch: 1, processID: 9, status: .running, generation: 1,
                time: time, lastTickTime: time
            ).encoded(),
            metrics.encoded(),
            HeartbeatPayload(strategyID: "s1", epoch: 1, time: time, eventsCount: 5, lastEventTime: time)
                .encoded(),
            ProcessHealthPayload(
                role: "feed", name: "sim", processID: 3, time: time, cpuPercent: 1.5, residentBytes: 4_096
            ).encoded(),
            FeedStatusPayload(feed: "sim", status: .running, records: 9, time: time).encoded(),
            InstrumentsPayload(category: "crypto", instruments: [Instrument(symbol: "ALPHA")]).encoded(),
            Array(statistics.utf8), bootstrap.encoded(), BootstrapReply(error: "no such class").encoded(),
            RecorderSettingsPayload(
                feeds: [.init(name: "sim", number: 4)], floorBytes: 1 << 30, fileBytesMax: 8 << 30
            ).encoded(),
            RecorderStatusPayload(
                processID: 9, time: time, freeBytes: 1 << 40,
                files: [
                    .init(
                        feed: "sim", path: "2026-01-05/sim.ticks", isComplete: false, records: 9,
                        byteCount: 69_632, firstTime: time, lastTime: time)
                ]
            ).encoded(),
            FeedHealthPayload(feed: "sim", health: "stale", time: time, stale: ["ALPHA"]).encoded(),
        ]
    }
}
