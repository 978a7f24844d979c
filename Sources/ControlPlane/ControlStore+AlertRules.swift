import GRDB

extension ControlStore {
    /// All alert rules, by name.
    package func alertRules() throws(ControlError) -> [AlertRule] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT \(AlertRule.columns) FROM alert_rules ORDER BY name")
                .map(AlertRule.init)
        }
    }

    /// Adds a rule; throws `refused` with the schema's sentence.
    @discardableResult
    package func insertAlertRule(_ rule: AlertRule) throws(ControlError) -> AlertRule {
        try write { database in
            if try ControlStore.alertRule(database, rule.name) != nil {
                throw ControlError(.refused, "a rule named \(rule.name) exists")
            }
            try database.execute(
                sql: """
                    INSERT INTO alert_rules(name, kind, strategy_id, feed, threshold, for_seconds, clear_seconds,
                        enabled, command_json, webhook_url) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    rule.name, rule.kind.rawValue, rule.strategyID, rule.feed, rule.threshold,
                    rule.forSeconds, rule.clearSeconds, rule.isEnabled, rule.commandJSON, rule.webhookURL,
                ])
            return try ControlStore.existingAlertRule(database, rule.name)
        }
    }

    /// Changes a rule, found by its name or id.
    @discardableResult
    package func updateAlertRule(
        _ idOrName: String, _ change: (inout AlertRule) -> Void
    ) throws(ControlError) -> AlertRule {
        try write { database in
            var rule = try ControlStore.existingAlertRule(database, idOrName)
            change(&rule)
            try database.execute(
                sql: """
                    UPDATE alert_rules SET threshold = ?, for_seconds = ?, clear_seconds = ?, enabled = ?,
                        command_json = ?, webhook_url = ? WHERE id = ?
                    """,
                arguments: [
                    rule.threshold, rule.forSeconds, rule.clearSeconds, rule.isEnabled, rule.commandJSON,
                    rule.webhookURL, rule.id,
                ])
            return try ControlStore.existingAlertRule(database, rule.id)
        }
    }

    /// Deletes a rule; its open incidents clear.
    package func removeAlertRule(_ idOrName: String) throws(ControlError) {
        try write { database in
            let rule = try ControlStore.existingAlertRule(database, idOrName)
            try database.execute(sql: "DELETE FROM alert_rules WHERE id = ?", arguments: [rule.id])
        }
    }

    private static func alertRule(_ database: Database, _ idOrName: String) throws -> AlertRule? {
        try Row.fetchOne(
            database,
            sql: """
                SELECT \(AlertRule.columns) FROM alert_rules WHERE id = ?1 OR name = ?1 ORDER BY id <> ?1 LIMIT 1
                """, arguments: [idOrName]
        ).map(AlertRule.init)
    }

    static func existingAlertRule(_ database: Database, _ idOrName: String) throws -> AlertRule {
        guard let rule = try alertRule(database, idOrName) else {
            throw ControlError(
                .notFound, "there is no alert rule \(idOrName): `tradewind alerts rules` shows them")
        }
        return rule
    }
}
