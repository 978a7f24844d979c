import GRDB
package import TradingModel

/// What an alert rule looks at.
package enum AlertKind: String, Sendable, CaseIterable {
    /// A strategy is in error or stuck.
    case error
    /// A strategy's loop gave no sign of life.
    case stalled
    /// A strategy is that much money below its peak.
    case drawdown
    /// A strategy is that many percent below its peak.
    case drawdownPercent = "drawdown_percent"
    /// A feed that should run gives no data.
    case staleFeed = "stale_feed"
    /// Less than so many MiB are free.
    case disk
    /// More than so many records were lost for a strategy.
    case drops

    /// Whether a rule of this kind is about strategies.
    package var isAboutStrategies: Bool { self != .staleFeed && self != .disk }
}

/// A row of `alert_rules`.
package struct AlertRule: Equatable, Sendable {
    package var id: String
    package var name: String
    package var kind: AlertKind
    /// `nil`: all strategies.
    package var strategyID: String?
    /// A feed's name; `nil`: all feeds.
    package var feed: String?
    /// In the unit of the kind.
    package var threshold: Double?
    /// How long it must last before it fires, seconds.
    package var forSeconds: Double
    /// How long it must be gone before it has cleared, seconds.
    package var clearSeconds: Double
    package var isEnabled: Bool
    /// A JSON array of a program and its arguments; `nil`: none.
    package var commandJSON: String?
    /// Begins with `http://`; `nil`: none.
    package var webhookURL: String?

    /// A rule as the database's defaults make it; the database chooses the id. `strategy` is an id or a name.
    package init(name: String, kind: AlertKind, strategy: String? = nil, threshold: Double? = nil) {
        id = ""
        self.name = name
        self.kind = kind
        strategyID = strategy
        self.threshold = threshold
        forSeconds = 0
        clearSeconds = 5
        isEnabled = true
    }

    static let columns = """
        id, name, kind, strategy_id, feed, threshold, for_seconds, clear_seconds, enabled, command_json, webhook_url
        """

    init(_ row: Row) throws {
        id = row[0]
        name = row[1]
        kind = try row.word(2)
        strategyID = row[3]
        feed = row[4]
        threshold = row[5]
        forSeconds = row[6]
        clearSeconds = row[7]
        isEnabled = row[8]
        commandJSON = row[9]
        webhookURL = row[10]
    }
}

/// A row of `alert_incidents`: something that fired.
package struct AlertIncident: Equatable, Sendable {
    /// 0 before it is stored.
    package var id: Int64
    package var ruleID: String
    package var rule: String
    package var kind: AlertKind
    /// The id of the strategy or feed; empty for the machine.
    package var subjectID: String
    /// Its name.
    package var subject: String
    package var strategyID: String?
    /// Since when it is so.
    package var openedAt: Timestamp
    package var firedAt: Timestamp
    package var clearedAt: Timestamp?
    package var value: Double?
    package var threshold: Double?
    /// A sentence for people.
    package var message: String
    package var clearedReason: String?

    /// An incident that is to be stored.
    package init(
        rule: AlertRule, subjectID: String, subject: String, openedAt: Timestamp, firedAt: Timestamp,
        value: Double?, message: String
    ) {
        id = 0
        ruleID = rule.id
        self.rule = rule.name
        kind = rule.kind
        self.subjectID = subjectID
        self.subject = subject
        strategyID = rule.kind.isAboutStrategies ? subjectID : nil
        self.openedAt = openedAt
        self.firedAt = firedAt
        self.value = value
        threshold = rule.threshold
        self.message = message
    }

    static let columns = """
        id, rule_id, rule, kind, subject_id, subject, strategy_id, opened_at, fired_at, cleared_at, value, threshold,
        message, cleared_reason
        """

    init(_ row: Row) throws {
        id = row[0]
        ruleID = row[1]
        rule = row[2]
        kind = try row.word(3)
        subjectID = row[4]
        subject = row[5]
        strategyID = row[6]
        openedAt = row.time(7)
        firedAt = row.time(8)
        clearedAt = row.optionalTime(9)
        value = row[10]
        threshold = row[11]
        message = row[12]
        clearedReason = row[13]
    }
}

/// A row of `alert_deliveries`: one thing that is told to one place.
package struct AlertDelivery: Equatable, Sendable {
    /// How it is told.
    package enum Channel: String, Sendable {
        case command
        case webhook
    }

    /// Where it stands.
    package enum Status: String, Sendable {
        case waiting
        case delivered
        case failed
    }

    package var id: Int64
    /// `nil` for a test.
    package var incidentID: Int64?
    package var ruleID: String
    package var rule: String
    /// `fired`, `cleared` or `test`.
    package var event: String
    package var channel: Channel
    /// A command as a JSON array, or a URL.
    package var target: String
    /// The alert as a JSON object.
    package var payloadJSON: String
    package var status: Status
    package var attempts: Int
    package var createdAt: Timestamp
    /// `nil`: at once.
    package var nextAttemptAt: Timestamp?
    package var lastError: String?

    static let columns = """
        id, incident_id, rule_id, rule, event, channel, target, payload_json, status, attempts, created_at,
        next_attempt_at, last_error
        """

    init(_ row: Row) throws {
        id = row[0]
        incidentID = row[1]
        ruleID = row[2]
        rule = row[3]
        event = row[4]
        channel = try row.word(5)
        target = row[6]
        payloadJSON = row[7]
        status = try row.word(8)
        attempts = row[9]
        createdAt = row.time(10)
        nextAttemptAt = row.optionalTime(11)
        lastError = row[12]
    }
}
