import ControlPlane
import Foundation
import Monitoring
import Synchronization
import TradingModel

/// Tells commands and webhooks what waits to be told, each attempt on a thread of its own, a few at once.
///
/// What is told of one incident by one channel is told in its order. The database knows an attempt when it has ended: an
/// alerter that dies in between makes it again.
final class AlertCourier: Sendable {
    /// An attempt that has ended.
    struct Report: Sendable {
        var delivery: AlertDelivery
        var outcome: AlertOutcome
    }

    /// What belongs to one order.
    private struct Lane: Hashable {
        var incidentID: Int64
        var channel: AlertDelivery.Channel

        init(_ delivery: AlertDelivery) {
            // A test belongs to nobody: its own number, which no incident has.
            incidentID = delivery.incidentID ?? -delivery.id
            channel = delivery.channel
        }
    }

    private struct State {
        var underWay: Set<Int64> = []
        var reports: [Report] = []
    }

    private let home: String
    private let wake: @Sendable () -> Void
    private let state = Mutex(State())
    private let isEnding = Atomic<Bool>(false)

    /// `wake` is called, on any thread, when there are reports to take.
    init(home: String, wake: @escaping @Sendable () -> Void) {
        self.home = home
        self.wake = wake
    }

    /// Whether something is being told.
    var isBusy: Bool { state.withLock { !$0.underWay.isEmpty } }

    /// Begins what is due of what waits, in its order.
    func begin(_ waiting: [AlertDelivery], now: Timestamp) {
        var seen: Set<Lane> = []
        for delivery in waiting {
            guard seen.insert(Lane(delivery)).inserted, (delivery.nextAttemptAt ?? now) <= now else {
                continue
            }
            let isTaken = state.withLock { state in
                guard state.underWay.count < AlertLimits.deliveriesAtOnceMax else { return false }
                return state.underWay.insert(delivery.id).inserted
            }
            guard isTaken else { continue }
            let thread = Thread { [self] in attempt(delivery) }
            thread.name = "alert"
            thread.stackSize = 512 << 10
            thread.start()
        }
    }

    /// Attempts that have ended. They count as under way until `forget` is called, so that none is begun again before the
    /// database knows of it.
    func takeReports() -> [Report] { state.withLock { $0.reports } }

    /// The database knows what this one came to.
    func forget(_ report: Report) {
        state.withLock { state in
            state.reports.removeAll { $0.delivery.id == report.delivery.id }
            state.underWay.remove(report.delivery.id)
        }
    }

    /// Ends what is under way; it will be told again.
    func end() { isEnding.store(true, ordering: .relaxed) }

    private func attempt(_ delivery: AlertDelivery) {
        let outcome = Self.outcome(
            delivery, home: home, isAbandoned: { [self] in isEnding.load(ordering: .relaxed) })
        state.withLock { $0.reports.append(Report(delivery: delivery, outcome: outcome)) }
        wake()
    }

    private static func outcome(
        _ delivery: AlertDelivery, home: String, isAbandoned: () -> Bool
    ) -> AlertOutcome {
        let document = Document(delivery)
        switch delivery.channel {
        case .webhook:
            return AlertWebhook(url: delivery.target, deliveryID: delivery.id).post(
                document: document.text, limit: AlertLimits.attempt, isAbandoned: isAbandoned)
        case .command:
            guard
                let command = try? JSONDecoder().decode([String].self, from: Data(delivery.target.utf8)),
                !command.isEmpty
            else { return .failed("the command is no JSON array of texts") }
            return AlertHook(command: command, environment: document.environment(home: home)).run(
                document: document.text + "\n", limit: AlertLimits.attempt, isAbandoned: isAbandoned)
        }
    }

    /// The alert with the number of the delivery and of the attempt.
    private struct Document {
        let text: String
        private let values: [String: String]

        init(_ delivery: AlertDelivery) {
            let own = "\"delivery\":\(delivery.id),\"attempt\":\(delivery.attempts + 1)"
            text = delivery.payloadJSON.dropLast() + ",\(own)}"
            let object = try? JSONSerialization.jsonObject(with: Data(delivery.payloadJSON.utf8))
            var values: [String: String] = [:]
            for (name, value) in object as? [String: Any] ?? [:] {
                if let value = value as? String {
                    values[name] = value
                } else if let value = value as? NSNumber {
                    values[name] = value.stringValue
                }
            }
            values["delivery"] = String(delivery.id)
            values["attempt"] = String(delivery.attempts + 1)
            self.values = values
        }

        func environment(home: String) -> [String: String] {
            var variables = ["TRADEWIND_HOME": home]
            for (name, value) in values {
                // A variable cannot hold a zero byte.
                variables["TRADEWIND_ALERT_" + name.uppercased()] = value.replacing("\0", with: " ")
            }
            return variables
        }
    }
}
