package import MessageBus
package import TradingModel

/// What an observer of the bus knows: counters of the broker, states of feeds, signs of life of strategies. Pure.
package struct BusView: Sendable {
    /// What a feed last said.
    package struct Feed: Equatable, Sendable {
        package var status: FeedStatusPayload.Status
        package var records: UInt64
        package var recordsPerSecond: Double?
        package var lastRecordAt: Timestamp?
        package var health: String?
        package var detail: String?
        package var stale: [String] = []
        var reportedAt: Timestamp
    }

    /// A strategy's last sign of life.
    package struct Life: Equatable, Sendable {
        package var epoch: UInt64
        package var heardAt: Timestamp
        package var eventsCount: UInt64
        package var lastTickAt: Timestamp?
        package var loopLagMicroseconds: Int64
        package var ticksMissed: UInt64
    }

    /// Whether the broker answers.
    package private(set) var isConnected = false
    package private(set) var statistics: BrokerStatistics?
    package private(set) var rates: (recordsIn: Double, deliveries: Double, dropped: Double)?
    /// By name.
    package private(set) var feeds: [String: Feed] = [:]
    /// By strategy id.
    package private(set) var lives: [String: Life] = [:]
    /// The last metrics by strategy id, kept only while strategies are followed.
    package private(set) var metrics: [String: StrategyMetricsPayload] = [:]
    private var statisticsAt: Timestamp?

    /// Knows nothing yet.
    package init() {}

    /// Knows the broker's counters and nothing else.
    package init(statistics: BrokerStatistics?) {
        self.statistics = statistics
        isConnected = statistics != nil
    }

    /// The connection came or went.
    package mutating func setConnected(_ connected: Bool) {
        isConnected = connected
        if !connected {
            statistics = nil
            rates = nil
            statisticsAt = nil
        }
    }

    /// Takes a message; one that cannot be read is ignored.
    package mutating func take(_ bytes: [UInt8], topic: String, at now: Timestamp) {
        switch Topic(topic) {
        case .busStatus: if let value = try? BrokerStatistics(decoding: bytes) { take(value, at: now) }
        case .feedStatus: if let value = try? FeedStatusPayload(decoding: bytes) { take(value, at: now) }
        case .health: takeHealth(bytes, at: now)
        case .strategyMetrics(let id):
            if let value = try? StrategyMetricsPayload(decoding: bytes) { metrics[id] = value }
        default: break
        }
    }

    /// Forgets metrics: the database has them.
    package mutating func dropMetrics() { metrics = [:] }

    private mutating func take(_ value: BrokerStatistics, at now: Timestamp) {
        if let old = statistics?.totals, let statisticsAt, value.uptimeMilliseconds > 0 {
            let seconds = Double((now - statisticsAt).wholeNanoseconds) / 1e9
            // The first two reports may come at once: the retained one and the next.
            if seconds > 0.3 {
                func rate(_ from: UInt64, _ to: UInt64) -> Double {
                    to >= from ? Double(to - from) / seconds : 0
                }
                rates = (
                    rate(old.recordsIn, value.totals.recordsIn),
                    rate(old.recordDeliveries, value.totals.recordDeliveries),
                    rate(old.recordsDropped, value.totals.recordsDropped)
                )
            }
        }
        statistics = value
        statisticsAt = now
    }

    private mutating func take(_ value: FeedStatusPayload, at now: Timestamp) {
        var feed = Feed(
            status: value.status, records: value.records, health: value.health, detail: value.detail,
            stale: value.stale ?? [], reportedAt: now)
        if let old = feeds[value.feed] {
            feed.lastRecordAt = value.records == old.records ? old.lastRecordAt : now
            let seconds = Double((now - old.reportedAt).wholeNanoseconds) / 1e9
            feed.recordsPerSecond = old.recordsPerSecond
            if seconds > 0.3 {
                let added = value.records >= old.records ? value.records - old.records : value.records
                feed.recordsPerSecond = Double(added) / seconds
            } else {
                feed.reportedAt = old.reportedAt
            }
        }
        feeds[value.feed] = feed
    }

    private mutating func takeHealth(_ bytes: [UInt8], at now: Timestamp) {
        // Most are what the manager says of processes, which the database has as well.
        guard !bytes.starts(with: #"{"cpu_percent""#.utf8),
            let value = try? HeartbeatPayload(decoding: bytes)
        else { return }
        var life = Life(
            epoch: value.epoch, heardAt: now, eventsCount: value.eventsCount,
            loopLagMicroseconds: value.loopLagMicroseconds, ticksMissed: value.ticksMissed)
        if let old = lives[value.strategyID] {
            life.lastTickAt = value.eventsCount == old.eventsCount ? old.lastTickAt : now
        }
        lives[value.strategyID] = life
    }
}
