import GRDB
package import TradingModel

/// What the manager observed of a strategy (or, without active and paused, of a feed).
package enum StrategyStatus: String, Sendable, Hashable, CaseIterable, Codable {
    /// New, never run.
    case active
    case starting
    case running
    case paused
    case stopping
    case stopped
    /// Ended unexpectedly and waiting to be started again.
    case backoff
    /// Given up; the reason is in the last event.
    case error
    /// Cannot be killed.
    case stuck

    /// Whether a process exists or will without anybody's doing.
    package var isLive: Bool {
        switch self {
        case .starting, .running, .paused, .stopping, .backoff, .stuck: true
        case .active, .stopped, .error: false
        }
    }
}

/// What the operator wants of a strategy.
package enum DesiredState: String, Sendable, Hashable, CaseIterable, Codable {
    case running
    case paused
    case stopped
}

/// A row of `strategy_configs`.
package struct StrategyRow: Equatable, Sendable {
    package let id: String
    package var name: String
    package var className: String
    /// The executable that has the class; `nil` is the manager's own.
    package var modulePath: String?
    /// `{"instruments": [...], "parameters": {...}, "venue": {...}, "seed": 1}`.
    package var configJSON: String
    package var status: StrategyStatus
    package var desiredState: DesiredState
    package var isAutoStart: Bool
    package var restartPolicyJSON: String
    package var limitsJSON: String
    /// Counts edits of the configuration.
    package var configGeneration: Int64
    /// Counts restart commands.
    package var restartGeneration: Int64
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    static let columns = """
        id, name, class_name, module_path, config_json, status, desired_state, auto_start, restart_policy_json, \
        limits_json, config_generation, restart_generation, created_at, updated_at
        """

    init(_ row: Row) throws {
        id = row[0]
        name = row[1]
        className = row[2]
        modulePath = row[3]
        configJSON = row[4]
        status = try row.word(5)
        desiredState = try row.word(6)
        isAutoStart = row[7]
        restartPolicyJSON = row[8]
        limitsJSON = row[9]
        configGeneration = row[10]
        restartGeneration = row[11]
        createdAt = row.time(12)
        updatedAt = row.time(13)
    }
}

/// A strategy to be added; what is left out gets the schema's default.
package struct NewStrategy: Equatable, Sendable {
    package var id: String?
    package var name: String
    package var className: String
    package var modulePath: String?
    package var configJSON: String
    /// `nil`: running when it starts automatically, else stopped.
    package var desiredState: DesiredState?
    package var isAutoStart: Bool
    package var restartPolicyJSON: String
    package var limitsJSON: String

    package init(
        id: String? = nil, name: String, className: String, modulePath: String? = nil,
        configJSON: String = "{}",
        desiredState: DesiredState? = nil, isAutoStart: Bool = true, restartPolicyJSON: String = "{}",
        limitsJSON: String = "{}"
    ) {
        self.id = id
        self.name = name
        self.className = className
        self.modulePath = modulePath
        self.configJSON = configJSON
        self.desiredState = desiredState
        self.isAutoStart = isAutoStart
        self.restartPolicyJSON = restartPolicyJSON
        self.limitsJSON = limitsJSON
    }
}

/// Changes of a strategy's row; what is `nil` stays as it is.
package struct StrategyChange: Equatable, Sendable {
    package var name: String?
    package var className: String?
    /// `.some(nil)` sets it to the manager's own executable.
    package var modulePath: String??
    package var configJSON: String?
    package var desiredState: DesiredState?
    package var isAutoStart: Bool?
    package var restartPolicyJSON: String?
    package var limitsJSON: String?

    package init(
        name: String? = nil, className: String? = nil, modulePath: String?? = nil, configJSON: String? = nil,
        desiredState: DesiredState? = nil, isAutoStart: Bool? = nil, restartPolicyJSON: String? = nil,
        limitsJSON: String? = nil
    ) {
        self.name = name
        self.className = className
        self.modulePath = modulePath
        self.configJSON = configJSON
        self.desiredState = desiredState
        self.isAutoStart = isAutoStart
        self.restartPolicyJSON = restartPolicyJSON
        self.limitsJSON = limitsJSON
    }
}
