package import ControlPlane
package import TradingModel

/// Decides what fires and what has cleared. Pure: what is open is what the database says.
///
/// Two steps of one incident are apart by its rule's `for_seconds` and `clear_seconds`. A strategy that was in error or
/// stalled between two looks counts as if it were so at the second one.
package struct AlertEvaluator: Sendable {
    /// What is to be put down.
    package enum Step: Equatable, Sendable {
        case fire(AlertIncident, AlertRule)
        /// The rule is `nil` when it was removed or disabled.
        case clear(AlertIncident, AlertRule?)
    }

    private struct Key: Hashable {
        var ruleID: String
        var subjectID: String
    }

    /// How many records were lost until a moment; `nil` before anybody said so.
    private struct Loss {
        var dropped: UInt64?
        var missed: UInt64?
        /// What was lost at each look of the last seconds.
        var recent: [(time: Timestamp, count: UInt64)] = []
    }

    /// The time over which lost records are counted together.
    private static let lossWindow: Duration = .seconds(10)

    private var holdingSince: [Key: Timestamp] = [:]
    private var goneSince: [Key: Timestamp] = [:]
    private var losses: [String: Loss] = [:]
    private var silentSince: [String: Timestamp] = [:]
    private var lastEventID: Int64?
    /// When the manager called a strategy stalled, of those of which it has said nothing better since.
    private var stalled: [String: Timestamp] = [:]

    /// Knows of nothing yet.
    package init() {}

    /// What follows from the rules and the engine as it is now. The same steps come again until the database has them.
    ///
    /// Nothing is decided while the database cannot be read: what is known of it is from before.
    package mutating func steps(
        rules: [AlertRule], overview: EngineOverview, events: [EventRow], freeBytes: Int64?, now: Timestamp
    ) -> [Step] {
        let pulses = takePulses(overview, events)
        takeLosses(overview, now)
        takeSilence(overview, now)
        guard overview.databaseProblem == nil else { return [] }
        let view = AlertView(
            overview: overview, freeBytes: freeBytes, now: now, pulses: pulses,
            lost: losses.mapValues { $0.recent.reduce(0) { $0 + $1.count } }, silentSince: silentSince)
        var open: [Key: AlertIncident] = [:]
        for incident in overview.alerts {
            open[Key(ruleID: incident.ruleID, subjectID: incident.subjectID)] = incident
        }
        var steps: [Step] = []
        var holding: Set<Key> = []
        for rule in rules where rule.isEnabled {
            for finding in view.findings(of: rule) {
                let key = Key(ruleID: rule.id, subjectID: finding.subjectID)
                holding.insert(key)
                goneSince[key] = nil
                let since = holdingSince[key] ?? now
                holdingSince[key] = since
                guard open[key] == nil, now - since >= Self.duration(rule.forSeconds) else { continue }
                steps.append(
                    .fire(
                        AlertIncident(
                            rule: rule, subjectID: finding.subjectID, subject: finding.subject,
                            openedAt: since, firedAt: now, value: finding.value, message: finding.message),
                        rule))
            }
        }
        holdingSince = holdingSince.filter { holding.contains($0.key) }
        steps += clearing(
            overview.alerts.filter {
                !holding.contains(Key(ruleID: $0.ruleID, subjectID: $0.subjectID))
            }, rules, overview, now)
        goneSince = goneSince.filter { open[$0.key] != nil }
        return steps
    }

    private mutating func clearing(
        _ incidents: [AlertIncident], _ rules: [AlertRule], _ overview: EngineOverview, _ now: Timestamp
    ) -> [Step] {
        incidents.compactMap { incident in
            var cleared = incident
            cleared.clearedAt = now
            guard let rule = rules.first(where: { $0.id == incident.ruleID }), rule.isEnabled else {
                cleared.clearedReason = "the rule was removed or disabled"
                return .clear(cleared, nil)
            }
            let key = Key(ruleID: incident.ruleID, subjectID: incident.subjectID)
            let since = goneSince[key] ?? now
            goneSince[key] = since
            guard now - since >= Self.duration(rule.clearSeconds) else { return nil }
            cleared.clearedReason = Self.reason(incident, overview)
            return .clear(cleared, rule)
        }
    }

    /// How the subject is now that it is well, or gone.
    private static func reason(_ incident: AlertIncident, _ overview: EngineOverview) -> String {
        if incident.kind.isAboutStrategies {
            guard let line = overview.strategies.first(where: { $0.id == incident.subjectID }) else {
                return "the strategy was removed"
            }
            return "\(line.name) is \(line.status)"
        }
        guard incident.kind == .staleFeed else { return "there is space again" }
        guard let feed = overview.feeds.first(where: { $0.id == incident.subjectID }) else {
            return "the feed was removed"
        }
        return "feed \(feed.name) is " + (feed.isEnabled ? feed.health ?? feed.status : "disabled")
    }

    // MARK: - What is seen over time

    private mutating func takePulses(
        _ overview: EngineOverview, _ events: [EventRow]
    ) -> [AlertKind: [String: String]] {
        // Events that cannot be read are not events that did not happen.
        guard overview.databaseProblem == nil else { return [:] }
        let last = events.last?.id ?? 0
        if let known = lastEventID, last < known {
            // Another database, whose events count from the beginning.
            lastEventID = nil
            stalled = [:]
        }
        let known = lastEventID
        lastEventID = last
        // What happened before the first look is old, but a stall lasts until something better is said.
        let isNew = known != nil
        var pulses: [AlertKind: [String: String]] = [:]
        for event in events where event.id > known ?? 0 {
            let isError = event.toStatus == .error || event.toStatus == .stuck
            if isNew, isError, event.fromStatus != event.toStatus {
                pulses[.error, default: [:]][event.strategyID] = event.reason
            }
            if event.reason == "health stalled" {
                if isNew { pulses[.stalled, default: [:]][event.strategyID] = event.reason }
                stalled[event.strategyID] = event.time
            } else if event.reason.hasPrefix("health ") || event.fromStatus != event.toStatus {
                stalled[event.strategyID] = nil
            }
        }
        // A new manager says anew who has stalled, and nothing of those that recovered while there was none.
        if let start = overview.managerStartedAt { stalled = stalled.filter { $0.value >= start } }
        for id in stalled.keys where pulses[.stalled]?[id] == nil {
            pulses[.stalled, default: [:]][id] = ""
        }
        return pulses
    }

    private mutating func takeLosses(_ overview: EngineOverview, _ now: Timestamp) {
        var kept: [String: Loss] = [:]
        for line in overview.strategies {
            var loss = losses[line.id] ?? Loss()
            // What the broker drops is missed as well, so the larger one counts.
            let more = max(
                Self.growth(&loss.dropped, line.recordsDropped),
                Self.growth(&loss.missed, line.ticksMissed.map { UInt64(clamping: $0) }))
            loss.recent.removeAll { now - $0.time >= Self.lossWindow }
            if more > 0 { loss.recent.append((now, more)) }
            kept[line.id] = loss
        }
        losses = kept
    }

    /// By how much a count is above the last one that was known. Who does not say has lost nothing more, and what was lost
    /// before the first count is old.
    private static func growth(_ known: inout UInt64?, _ count: UInt64?) -> UInt64 {
        guard let count else { return 0 }
        defer { known = count }
        guard let known else { return 0 }
        // A new connection, or process, counts from the beginning.
        return count >= known ? count - known : count
    }

    private mutating func takeSilence(_ overview: EngineOverview, _ now: Timestamp) {
        var kept: [String: Timestamp] = [:]
        for feed in overview.feeds where feed.status == "running" {
            kept[feed.id] = silentSince[feed.id] ?? now
        }
        silentSince = kept
    }

    private static func duration(_ seconds: Double) -> Duration { .milliseconds(Int64(seconds * 1_000)) }
}
