package import TradingModel

/// A channel of the bus, typed in code and text on the wire.
package enum Topic: Hashable, Sendable, CustomStringConvertible {
    /// `strategy:commands:{id}`: commands for one strategy.
    case strategyCommands(String)
    /// `strategy:global:commands`: commands for every strategy.
    case globalCommands
    /// `strategy:status:{id}`: what state a strategy is in; retained.
    case strategyStatus(String)
    /// `strategy:metrics:{id}`: how a strategy does; retained.
    case strategyMetrics(String)
    /// `strategy:health`: heartbeats and process health.
    case health
    /// `live_data:{token}`: market data of one instrument, sent as records frames.
    case liveData(InstrumentToken)
    /// `instruments:category:{category}`: the instruments of a category; retained.
    case instruments(String)
    /// `feed:commands:{name}`: commands for one feed.
    case feedCommands(String)
    /// `feed:status:{name}`: what state a feed is in; retained.
    case feedStatus(String)
    /// `recorder:settings`: what the recorder records; retained.
    case recorderSettings
    /// `recorder:status`: how the recorder does; retained.
    case recorderStatus
    /// `manager:nudge`: something in the database changed.
    case managerNudge
    /// `bus:status`: the broker's own statistics; retained.
    case busStatus

    /// The topic on the wire.
    package var text: String {
        switch self {
        case .strategyCommands(let id): "strategy:commands:" + id
        case .globalCommands: "strategy:global:commands"
        case .strategyStatus(let id): "strategy:status:" + id
        case .strategyMetrics(let id): "strategy:metrics:" + id
        case .health: "strategy:health"
        case .liveData(let token): Self.liveDataPrefix + String(token.rawValue)
        case .instruments(let category): "instruments:category:" + category
        case .feedCommands(let name): "feed:commands:" + name
        case .feedStatus(let name): "feed:status:" + name
        case .recorderSettings: "recorder:settings"
        case .recorderStatus: "recorder:status"
        case .managerNudge: "manager:nudge"
        case .busStatus: "bus:status"
        }
    }

    package var description: String { text }

    /// The topic of a text; `nil` when there is no such topic, when its name is empty or ends in `*`, or when
    /// it is longer than `Limits.topicBytesMax`.
    package init?(_ text: String) {
        guard text.utf8.count <= Limits.topicBytesMax else { return nil }
        switch text {
        case "strategy:global:commands": self = .globalCommands
        case "strategy:health": self = .health
        case "recorder:settings": self = .recorderSettings
        case "recorder:status": self = .recorderStatus
        case "manager:nudge": self = .managerNudge
        case "bus:status": self = .busStatus
        default:
            guard
                let split = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
                    .asTopicParts,
                !split.name.isEmpty, !split.name.hasSuffix("*")
            else { return nil }
            self.init(prefix: split.prefix, name: String(split.name))
        }
    }

    private init?(prefix: String, name: String) {
        switch prefix {
        case "strategy:commands": self = .strategyCommands(name)
        case "strategy:status": self = .strategyStatus(name)
        case "strategy:metrics": self = .strategyMetrics(name)
        case "instruments:category": self = .instruments(name)
        case "feed:commands": self = .feedCommands(name)
        case "feed:status": self = .feedStatus(name)
        case "live_data":
            // Only the canonical decimal form: `live_data:007` would never match a route.
            guard let token = UInt32(name), String(token) == name else { return nil }
            self = .liveData(InstrumentToken(token))
        default: return nil
        }
    }

    /// Whether the broker keeps the last value for late subscribers.
    package var isRetained: Bool {
        switch self {
        case .strategyStatus, .strategyMetrics, .instruments, .feedStatus, .recorderSettings, .recorderStatus,
            .busStatus:
            true
        default: false
        }
    }

    static let liveDataPrefix = "live_data:"
}

extension [Substring] {
    /// `a:b:name` as (`a:b`, `name`), `live_data:name` as (`live_data`, `name`).
    fileprivate var asTopicParts: (prefix: String, name: Substring)? {
        if self.first == "live_data" { return count == 2 ? ("live_data", self[1]) : nil }
        return count == 3 ? (String(self[0]) + ":" + self[1], self[2]) : nil
    }
}
