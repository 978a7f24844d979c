import ControlPlane
import Dispatch
import Foundation
import MessageBus
import Monitoring
import NIOCore
import Supervision
import Synchronization
import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The role that evaluates alert rules once a second and tells those who should know.
///
/// A process of its own: a hook that hangs, a slow server or a locked database keep nobody else waiting, and it watches on
/// when the manager is gone. It is the only one that writes incidents and deliveries.
final class AlerterProcess: Sendable {
    private let home: HomeDirectory
    private let monitor: EngineMonitor
    private let courier: AlertCourier
    private let wake = DispatchSemaphore(value: 0)
    private let isEnding = Atomic<Bool>(false)
    private let completion: EventLoopPromise<Int32>

    /// Confined to the thread.
    private struct Work {
        var store: ControlStore?
        var rules: [AlertRule] = []
        var evaluator = AlertEvaluator()
        var problem: String?
        var nextLook = ContinuousClock.now
    }

    init(bootstrap: Bootstrap, eventLoop: any EventLoop) throws {
        guard let path = bootstrap.homeDirectory else {
            throw RoleError(
                exitCode: ExitStatus.configurationErrorCode,
                message: "the bootstrap document is not one of an alerter")
        }
        let home = HomeDirectory(path: path)
        self.home = home
        monitor = EngineMonitor(
            home: home, identity: "alerter", eventLoop: eventLoop, probes: .system(home), onUpdate: { _ in })
        let wake = wake
        courier = AlertCourier(home: path, wake: { wake.signal() })
        completion = eventLoop.makePromise(of: Int32.self)
    }

    /// Begins; the future gives the exit code, 0 when it was told to stop.
    func start() -> EventLoopFuture<Int32> {
        monitor.follow()
        let thread = Thread { [self] in
            var work = Work()
            while !isEnding.load(ordering: .relaxed) { turn(&work) }
            end(&work)
            completion.succeed(0)
        }
        thread.name = "alerter"
        thread.start()
        return completion.futureResult
    }

    /// Ends; what is being told has a moment to be so.
    func stop() {
        isEnding.store(true, ordering: .relaxed)
        wake.signal()
    }

    // MARK: - The thread

    private func turn(_ work: inout Work) {
        let now = ContinuousClock.now
        if now >= work.nextLook {
            work.nextLook = now + AlertLimits.interval
            perform(&work) { try look($0, &$1) }
        }
        if !courier.takeReports().isEmpty { perform(&work) { store, _ in try putDown(store) } }
        let pause = work.nextLook - ContinuousClock.now
        guard pause > .zero else { return }
        _ = wake.wait(timeout: .now() + .milliseconds(max(1, Int(pause.wholeNanoseconds / 1_000_000))))
    }

    /// Does something with the database; says once what is wrong with it, and once when it is over.
    private func perform(_ work: inout Work, _ body: (ControlStore, inout Work) throws -> Void) {
        do {
            if work.store == nil { work.store = try ControlStore.open(home, access: .client) }
            guard let store = work.store else { return }
            try store.checkFile()
            try body(store, &work)
            if work.problem != nil { printError("\(WallClock.now) the database can be used again") }
            work.problem = nil
        } catch {
            let text = "\(error)"
            if text != work.problem { printError("\(WallClock.now) alerts wait: \(text)") }
            work.problem = text
            // Let go, not closed: the log of a replaced database is the manager's to set aside.
            if (error as? ControlError)?.isTransient != true { work.store = nil }
        }
    }

    private func look(_ store: ControlStore, _ work: inout Work) throws {
        let state = monitor.state(maxAge: .milliseconds(200))
        work.rules = try store.alertRules()
        // Looks again from where it was when not all of the steps can be put down; those that were are no second time.
        var evaluator = work.evaluator
        let steps = evaluator.steps(
            rules: work.rules, overview: state.overview, events: state.events,
            freeBytes: Self.freeBytes(home.path), now: state.time)
        let path = home.path
        for step in steps {
            switch step {
            case .fire(let incident, let rule):
                let stored = try store.fire(incident, of: rule) {
                    AlertPayload.json($0, event: "fired", home: path)
                }
                printError("\(WallClock.now) alert \(stored.id) \(stored.rule): \(stored.message)")
            case .clear(let incident, let rule):
                try store.clear(incident, of: rule) { AlertPayload.json($0, event: "cleared", home: path) }
                printError(
                    "\(WallClock.now) alert \(incident.id) \(incident.rule) cleared: \(incident.clearedReason ?? "")"
                )
            }
        }
        work.evaluator = evaluator
        if !steps.isEmpty || state.overview.waitingDeliveryCount > 0 {
            courier.begin(try store.waitingDeliveries(), now: WallClock.now)
        }
    }

    /// Puts down what attempts came to, and begins what waited for them.
    private func putDown(_ store: ControlStore) throws {
        for report in courier.takeReports() {
            let delivery = report.delivery
            let attempts = delivery.attempts + 1
            let now = WallClock.now
            let label = "delivery \(delivery.id) (\(delivery.event) by \(delivery.channel.rawValue))"
            switch report.outcome {
            case .delivered(let answer):
                try store.setDelivery(
                    delivery.id, .delivered, attempts: attempts, error: nil, next: nil, at: now)
                printError("\(now) \(label) done\(answer)")
            case .failed(let reason):
                let isLast = attempts >= AlertLimits.attemptsMax
                let pause = AlertLimits.backoffSeconds(attempts: attempts)
                try store.setDelivery(
                    delivery.id, isLast ? .failed : .waiting, attempts: attempts, error: reason,
                    next: isLast ? nil : now + .seconds(pause), at: now)
                let what = isLast ? "given up" : "again in \(pause) s"
                printError("\(now) \(label), attempt \(attempts): \(reason); \(what)")
            }
            courier.forget(report)
        }
        courier.begin(try store.waitingDeliveries(), now: WallClock.now)
    }

    private func end(_ work: inout Work) {
        let deadline = ContinuousClock.now + AlertLimits.ending
        while courier.isBusy, ContinuousClock.now < deadline {
            if courier.takeReports().isEmpty { _ = wake.wait(timeout: .now() + .milliseconds(50)) }
            for report in courier.takeReports() {
                guard case .delivered = report.outcome, let store = work.store else {
                    courier.forget(report)
                    continue
                }
                // What cannot be put down now is told again.
                try? store.setDelivery(
                    report.delivery.id, .delivered, attempts: report.delivery.attempts + 1, error: nil,
                    next: nil, at: WallClock.now)
                courier.forget(report)
            }
        }
        courier.end()
        // A hook of its own session would outlive this process.
        let last = ContinuousClock.now + .seconds(1)
        while courier.isBusy, ContinuousClock.now < last {
            for report in courier.takeReports() { courier.forget(report) }
            _ = wake.wait(timeout: .now() + .milliseconds(20))
        }
    }

    private static func freeBytes(_ path: String) -> Int64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }
}
