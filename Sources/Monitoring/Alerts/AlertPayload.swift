package import ControlPlane
package import TradingModel

/// The document that hooks and webhooks are given, and the API shows.
package enum AlertPayload {
    /// What is told of an incident; `event` is `fired` or `cleared`.
    package static func json(_ incident: AlertIncident, event: String, home: String) -> String {
        var json = JSONWriter()
        json.object { json in
            json.member("event", event)
            json.member("incident", incident.id)
            json.member("rule", incident.rule)
            json.member("kind", incident.kind.rawValue)
            json.member("subject", incident.subject)
            json.member("strategy_id", incident.strategyID)
            json.member("value", incident.value)
            json.member("threshold", incident.threshold)
            json.member("message", message(incident, event))
            json.member("opened_at", incident.openedAt)
            json.member("fired_at", incident.firedAt)
            json.member("cleared_at", incident.clearedAt)
            json.member("home", home)
        }
        return json.text
    }

    /// What a test of a rule tells.
    package static func test(_ rule: AlertRule, home: String, at now: Timestamp) -> String {
        var incident = AlertIncident(
            rule: rule, subjectID: "", subject: "test", openedAt: now, firedAt: now, value: nil,
            message: "this is a test of the rule \(rule.name)")
        incident.strategyID = nil
        return json(incident, event: "test", home: home)
    }

    private static func message(_ incident: AlertIncident, _ event: String) -> String {
        let text = String(incident.message.prefix(messageCharactersMax))
        guard event == "cleared" else { return text }
        return "cleared: \(incident.clearedReason ?? "") (was: \(text))"
    }

    /// So that a document fits into a pipe at once.
    private static let messageCharactersMax = 1_000
}

extension AlertIncident: JSONWritable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("rule", rule)
            json.member("kind", kind.rawValue)
            json.member("subject", subject)
            json.member("strategy_id", strategyID)
            json.member("opened_at", openedAt)
            json.member("fired_at", firedAt)
            json.member("cleared_at", clearedAt)
            json.member("value", value)
            json.member("threshold", threshold)
            json.member("message", message)
            json.member("cleared_reason", clearedReason)
        }
    }
}
