import ControlPlane
import Testing
import TradingModel

@Suite struct AlertStoreTests {
    @Test func incidentIsThereOnceAndItsDeliveriesGoOnInTheirOrder() throws {
        let stored = try TemporaryHomeStore()
        let store = stored.store
        var rule = AlertRule(name: "mine", kind: .disk, threshold: 5)
        rule.commandJSON = #"["/bin/true"]"#
        rule.webhookURL = "http://127.0.0.1:1/"
        rule = try store.insertAlertRule(rule)
        let incident = AlertIncident(
            rule: rule, subjectID: "", subject: "disk", openedAt: moment(), firedAt: moment(1), value: 4,
            message: "4 MiB are free")
        let first = try store.fire(incident, of: rule) { "{\"id\": \($0.id)}" }
        let again = try store.fire(incident, of: rule) { _ in "{}" }
        #expect(first == again && first.id > 0)
        #expect(try store.openIncidents() == [first])
        var waiting = try store.waitingDeliveries()
        #expect(waiting.map(\.channel) == [.command, .webhook])
        #expect(waiting.allSatisfy { $0.payloadJSON == "{\"id\": \(first.id)}" && $0.event == "fired" })
        try store.setDelivery(waiting[0].id, .delivered, attempts: 1, error: nil, next: nil, at: moment(2))
        try store.setDelivery(
            waiting[1].id, .waiting, attempts: 1, error: "refused", next: moment(9), at: moment(2))
        var cleared = first
        cleared.clearedAt = moment(3)
        cleared.clearedReason = "there is space again"
        try store.clear(cleared, of: rule) { _ in "{}" }
        try store.clear(cleared, of: rule) { _ in "{}" }
        waiting = try store.waitingDeliveries()
        #expect(waiting.map(\.event) == ["fired", "cleared", "cleared"])
        #expect(waiting[0].nextAttemptAt == moment(9) && waiting[0].lastError == "refused")
        let row = try stored.home.shell("SELECT state, delivery, attempts, last_error FROM alerts").output
        #expect(row == "cleared|waiting|2|refused")
        // Another one of the same rule is another incident.
        #expect(try store.fire(incident, of: rule) { _ in "{}" }.id != first.id)
    }

    @Test func whatWaitsIsBounded() throws {
        let stored = try TemporaryHomeStore()
        var rule = AlertRule(name: "mine", kind: .error)
        rule.webhookURL = "http://127.0.0.1:1/"
        rule = try stored.store.insertAlertRule(rule)
        for index in 0..<Limits.alertDeliveriesMax + 5 {
            _ = try stored.store.fire(
                AlertIncident(
                    rule: rule, subjectID: "\(index)", subject: "s", openedAt: moment(), firedAt: moment(),
                    value: nil, message: "m"), of: rule
            ) { _ in "{}" }
        }
        #expect(try stored.store.waitingDeliveries().count == Limits.alertDeliveriesMax)
        let failed = try stored.home.shell(
            "SELECT count(*), max(last_error) FROM alert_deliveries WHERE status = 'failed'"
        ).output
        #expect(failed.hasPrefix("5|given up"))
    }

    @Test func rulesOfAStrategyTakeItsNameAndGoWithIt() throws {
        let stored = try TemporaryHomeStore()
        let row = try stored.store.insertStrategy(NewStrategy(name: "alpha", className: "m"))
        let rule = try stored.store.insertAlertRule(AlertRule(name: "mine", kind: .error, strategy: "alpha"))
        #expect(rule.strategyID == row.id)
        try stored.store.removeStrategy("alpha")
        #expect(try !stored.store.alertRules().contains { $0.name == "mine" })
        #expect(try stored.store.alertRules().count == 6, "those of a new home")
    }

    @Test func clearedIncidentsGoWithTheEventsOfTheirTimeAndOpenOnesStay() throws {
        let stored = try TemporaryHomeStore()
        let rule = try stored.store.insertAlertRule(AlertRule(name: "mine", kind: .error))
        for subject in ["a", "b"] {
            _ = try stored.store.fire(
                AlertIncident(
                    rule: rule, subjectID: subject, subject: subject, openedAt: moment(), firedAt: moment(),
                    value: nil, message: "m"), of: rule
            ) { _ in "{}" }
        }
        var first = try #require(try stored.store.openIncidents().first)
        first.clearedAt = moment(5)
        try stored.store.clear(first, of: nil) { _ in "{}" }
        #expect(try stored.store.deleteOldRows(from: .incidents, before: moment(6)) == 1)
        #expect(try stored.store.openIncidents().map(\.subject) == ["b"])
    }
}
