import GRDB
package import TradingModel

extension ControlStore {
    /// Incidents that have not cleared, the oldest first.
    package func openIncidents() throws(ControlError) -> [AlertIncident] {
        try read { try ControlStore.openIncidents($0) }
    }

    static func openIncidents(_ database: Database) throws -> [AlertIncident] {
        // The index holds open ones only.
        try Row.fetchAll(
            database,
            sql: """
                SELECT \(AlertIncident.columns) FROM alert_incidents INDEXED BY alert_incidents_open
                WHERE cleared_at IS NULL ORDER BY id LIMIT \(Limits.rowsPerListMax)
                """
        ).map(AlertIncident.init)
    }

    /// Puts down that something fired, and who is to be told of it, at once.
    ///
    /// The database allows one open incident of a rule and a subject; when there is one already, it is returned and
    /// nobody is told again.
    package func fire(
        _ incident: AlertIncident, of rule: AlertRule, payload: (AlertIncident) -> String
    ) throws(ControlError) -> AlertIncident {
        try write { database in
            let old = try Row.fetchOne(
                database,
                sql: """
                    SELECT \(AlertIncident.columns) FROM alert_incidents
                    WHERE rule_id = ? AND subject_id = ? AND cleared_at IS NULL
                    """, arguments: [incident.ruleID, incident.subjectID])
            if let old { return try AlertIncident(old) }
            try database.execute(
                sql: """
                    INSERT INTO alert_incidents(rule_id, rule, kind, subject_id, subject, strategy_id, opened_at, fired_at,
                        value, threshold, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    incident.ruleID, incident.rule, incident.kind.rawValue, incident.subjectID,
                    incident.subject, incident.strategyID, incident.openedAt.description,
                    incident.firedAt.description, incident.value, incident.threshold,
                    incident.message.lastCharacters,
                ])
            var stored = incident
            stored.id = database.lastInsertedRowID
            try Self.addDeliveries(
                database, rule, event: "fired", incidentID: stored.id, payload: payload(stored),
                at: incident.firedAt)
            return stored
        }
    }

    /// Puts down that an incident has cleared, and who is to be told of it. `rule` is `nil` when it is gone: then nobody
    /// is told.
    package func clear(
        _ incident: AlertIncident, of rule: AlertRule?, payload: (AlertIncident) -> String
    ) throws(ControlError) {
        try write { database in
            try database.execute(
                sql: """
                    UPDATE alert_incidents SET cleared_at = ?, cleared_reason = ?, value = ?
                    WHERE id = ? AND cleared_at IS NULL
                    """,
                arguments: [
                    incident.clearedAt?.description, incident.clearedReason?.lastCharacters, incident.value,
                    incident.id,
                ])
            guard database.changesCount == 1, let rule else { return }
            try Self.addDeliveries(
                database, rule, event: "cleared", incidentID: incident.id, payload: payload(incident),
                at: incident.clearedAt ?? .epoch)
        }
    }

    /// Asks for a test of a rule's deliveries; the ids, none when the rule tells nobody.
    package func insertTestDeliveries(
        of idOrName: String, at now: Timestamp, payload: (AlertRule) -> String
    ) throws(ControlError) -> [Int64] {
        try write { database in
            let rule = try ControlStore.existingAlertRule(database, idOrName)
            let before =
                try Int64.fetchOne(database, sql: "SELECT coalesce(max(id), 0) FROM alert_deliveries") ?? 0
            // Tests belong to no incident whose end would take them along.
            try database.execute(
                sql:
                    "DELETE FROM alert_deliveries WHERE incident_id IS NULL AND status <> 'waiting' AND id < ?",
                arguments: [before - 100])
            try Self.addDeliveries(
                database, rule, event: "test", incidentID: nil, payload: payload(rule), at: now)
            return try Int64.fetchAll(
                database, sql: "SELECT id FROM alert_deliveries WHERE id > ? ORDER BY id", arguments: [before]
            )
        }
    }

    private static func addDeliveries(
        _ database: Database, _ rule: AlertRule, event: String, incidentID: Int64?, payload: String,
        at now: Timestamp
    ) throws {
        let targets = [("command", rule.commandJSON), ("webhook", rule.webhookURL)]
        for case (let channel, let target?) in targets {
            try database.execute(
                sql: """
                    INSERT INTO alert_deliveries(incident_id, rule_id, rule, event, channel, target, payload_json,
                        created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    incidentID, rule.id, rule.name, event, channel, target, payload, now.description,
                ])
        }
        // What nobody takes for long enough is given up, the oldest first.
        try database.execute(
            sql: """
                UPDATE alert_deliveries SET status = 'failed', ended_at = ?1,
                    last_error = 'given up: more than \(Limits.alertDeliveriesMax) deliveries wait'
                WHERE status = 'waiting' AND id <= (SELECT id FROM alert_deliveries WHERE status = 'waiting'
                    ORDER BY id DESC LIMIT 1 OFFSET \(Limits.alertDeliveriesMax))
                """, arguments: [now.description])
    }

    // MARK: - Deliveries

    /// Deliveries that wait, in their order.
    package func waitingDeliveries() throws(ControlError) -> [AlertDelivery] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(AlertDelivery.columns) FROM alert_deliveries WHERE status = 'waiting' ORDER BY id LIMIT ?
                    """, arguments: [Limits.alertDeliveriesMax]
            ).map(AlertDelivery.init)
        }
    }

    /// Deliveries by their ids.
    package func deliveries(_ ids: [Int64]) throws(ControlError) -> [AlertDelivery] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(AlertDelivery.columns) FROM alert_deliveries
                    WHERE id IN (\(ids.map(String.init).joined(separator: ", "))) ORDER BY id
                    """
            ).map(AlertDelivery.init)
        }
    }

    /// Puts down what an attempt came to; `next` is when it is tried again.
    package func setDelivery(
        _ id: Int64, _ status: AlertDelivery.Status, attempts: Int, error: String?, next: Timestamp?,
        at now: Timestamp
    ) throws(ControlError) {
        try write { database in
            try database.execute(
                sql: """
                    UPDATE alert_deliveries SET status = ?, attempts = ?, last_error = coalesce(?, last_error),
                        next_attempt_at = ?, ended_at = ? WHERE id = ? AND status = 'waiting'
                    """,
                arguments: [
                    status.rawValue, attempts, error.map { String($0.prefix(1_000)) }, next?.description,
                    status == .waiting ? nil : now.description, id,
                ])
        }
    }
}
