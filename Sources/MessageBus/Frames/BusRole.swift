/// What a peer says it is in its hello; decides what it may publish.
package enum BusRole: UInt8, CaseIterable, Sendable {
    /// Reads; may only nudge the manager.
    case observer = 1
    /// May publish everything.
    case manager = 2
    /// Sends records, its own feed status and health and the instruments it has data of.
    case feed = 3
    /// Publishes the status, metrics and health of its own strategy.
    case executor = 4
    /// Reads market data; publishes its status and its health.
    case recorder = 5

    /// The role's name in statistics and messages.
    package var name: String {
        switch self {
        case .observer: "observer"
        case .manager: "manager"
        case .feed: "feed"
        case .executor: "executor"
        case .recorder: "recorder"
        }
    }

    /// Whether a peer of this role may send records frames.
    package var maySendRecords: Bool { self == .feed || self == .manager }

    /// Whether a peer of this role and identity may publish on a topic.
    ///
    /// Nobody publishes `live_data` (market data travels as records frames) or `bus:status` (the broker's
    /// own).
    package func mayPublish(_ topic: Topic, identity: String) -> Bool {
        switch (self, topic) {
        case (_, .liveData), (_, .busStatus): false
        case (.manager, _), (.observer, .managerNudge): true
        case (.feed, .feedStatus(let name)): name == identity
        case (.feed, .instruments), (.feed, .health): true
        case (.executor, .strategyStatus(let id)), (.executor, .strategyMetrics(let id)): id == identity
        case (.executor, .health), (.recorder, .health), (.recorder, .recorderStatus): true
        default: false
        }
    }
}
