import Testing
import TradingModel

@testable import Supervision

/// Every state by every event, compared with the table in `TransitionTable`.
@Suite struct TransitionTableTests {
    /// The states as situations that differ in what follows; the live process has epoch 1 and pid 100.
    private static let situations: [(name: String, make: @Sendable () -> Bench)] = [
        ("stopped", { Bench() }),
        ("waiting", { Bench(desired: .running) }),
        ("spawning", { fresh(.operatorStart(commandID: nil)) }),
        ("starting", { fresh(.operatorStart(commandID: nil), .spawned(pid: 100, epoch: 1)) }),
        ("running", { running() }),
        ("paused", { running(.operatorPause(commandID: nil), .pausedConfirmed(epoch: 1)) }),
        ("stopping", { running(.operatorStop(commandID: nil)) }),
        ("restarting", { running(.operatorRestart(commandID: nil)) }),
        (
            "killing",
            {
                var bench = fresh(.operatorStart(commandID: nil), .spawned(pid: 100, epoch: 1))
                bench.run(.seconds(10))
                return bench
            }
        ),
        ("backoff", { running(.exited(epoch: 1, status: .exited(code: 1))) }),
        ("error", { running(.exited(epoch: 1, status: .exited(code: 78))) }),
        (
            "stuck",
            {
                var bench = running(.operatorStop(commandID: nil))
                bench.run(.seconds(15))
                return bench
            }
        ),
    ]

    private static let events: [(name: String, event: Machine.Event)] = [
        ("operatorStart", .operatorStart(commandID: "c")),
        ("operatorStop", .operatorStop(commandID: "c")),
        ("operatorRestart", .operatorRestart(commandID: "c")),
        ("operatorPause", .operatorPause(commandID: "c")),
        ("operatorResume", .operatorResume(commandID: "c")),
        ("managerStarted", .managerStarted),
        ("managerStopping", .managerStopping),
        ("adopted", .adopted(pid: 200, epoch: 1, mode: .running)),
        ("foundEnded 0", .foundEnded(epoch: 1, status: .exited(code: 0), reason: "r")),
        ("foundEnded 78", .foundEnded(epoch: 1, status: .exited(code: 78), reason: "r")),
        ("foundEnded unseen", .foundEnded(epoch: 1, status: .unknown, reason: "r")),
        ("foundFailed", .foundFailed(reason: "r")),
        ("fellBack", .fellBack(reason: "r")),
        ("spawned", .spawned(pid: 100, epoch: 1)),
        ("spawnFailed transient", .spawnFailed(reason: "r", isTransient: true)),
        ("spawnFailed", .spawnFailed(reason: "r", isTransient: false)),
        ("ready", .ready(epoch: 1)),
        ("pausedConfirmed", .pausedConfirmed(epoch: 1)),
        ("resumedConfirmed", .resumedConfirmed(epoch: 1)),
        ("heartbeat", .heartbeat(epoch: 1)),
        ("ticked", .ticked(epoch: 1)),
        ("exited 0", .exited(epoch: 1, status: .exited(code: 0))),
        ("exited 1", .exited(epoch: 1, status: .exited(code: 1))),
        ("exited 78", .exited(epoch: 1, status: .exited(code: 78))),
        ("signaled 9", .exited(epoch: 1, status: .signaled(signal: 9))),
        ("ended unseen", .exited(epoch: 1, status: .unknown)),
        ("configurationRejected", .configurationRejected(reason: "r")),
        ("tick when due", .tick),
        ("busLost", .busLost),
        ("busBack", .busBack),
        ("managerStalled", .managerStalled(by: .seconds(1))),
    ]

    private static func fresh(_ events: Machine.Event...) -> Bench {
        var bench = Bench()
        for event in events { bench.send(event) }
        return bench
    }

    private static func running(_ events: Machine.Event...) -> Bench {
        var bench = Bench()
        bench.becomeRunning(pid: 100)
        for event in events { bench.send(event) }
        return bench
    }

    /// The new status and desired state, then what was done; statuses in between are left out.
    private static func outcome(of event: Machine.Event, in bench: Bench) -> String {
        var bench = bench
        if event == .tick, let due = bench.machine.nextDeadline { bench.now = max(bench.now, due) }
        let actions = bench.send(event)
        var words = ["\(bench.machine.status.rawValue) (\(bench.machine.desired.rawValue))"]
        for action in actions {
            switch action {
            case .spawn(let epoch, let isPaused): words.append("spawn \(epoch)\(isPaused ? " paused" : "")")
            case .sendStop(let epoch): words.append("stop \(epoch)")
            case .sendPause(let epoch): words.append("pause \(epoch)")
            case .sendResume(let epoch): words.append("resume \(epoch)")
            case .signalTerminate(let epoch): words.append("term \(epoch)")
            case .signalKill(let epoch): words.append("kill \(epoch)")
            case .setStatus: break
            case .setHealth(let health): words.append("health \(health.rawValue)")
            case .setDesired(let desired): words.append("desire \(desired.rawValue)")
            case .finishCommand(_, .executed): words.append("executed")
            case .finishCommand(_, .failed): words.append("failed")
            case .finishCommand(_, .superseded): words.append("superseded")
            case .raiseAlarm: words.append("alarm")
            }
        }
        if bench.machine.pendingCommandCount > 0 { words.append("open") }
        return words.joined(separator: ", ")
    }

    @Test func everyEventInEveryStateDoesWhatTheTableSays() {
        var expected: [String: String] = [:]
        var event = ""
        for line in TransitionTable.text.split(separator: "\n") {
            let parts = line.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
            if parts.count == 1 {
                event = parts[0]
            } else {
                for name in parts[0].split(separator: " ") {
                    let cell = "\(event) in \(name)"
                    #expect(expected[cell] == nil, "\(cell) is in the table twice")
                    expected[cell] = parts[1]
                }
            }
        }
        for (eventName, event) in Self.events {
            for (situation, make) in Self.situations {
                let before = make()
                var outcome = Self.outcome(of: event, in: before)
                let unchanged = "\(before.machine.status.rawValue) (\(before.machine.desired.rawValue))"
                if outcome == unchanged { outcome = "-" }
                let cell = "\(eventName) in \(situation)"
                #expect(outcome == expected[cell], "\(cell)")
                expected[cell] = nil
            }
        }
        #expect(expected.keys.sorted() == [], "the table has cells that do not exist")
    }

    @Test func eventsOfAnOldEpochChangeNothingAnywhere() {
        for (situation, make) in Self.situations {
            let old: [Machine.Event] = [
                .spawned(pid: 9, epoch: 0), .ready(epoch: 0), .pausedConfirmed(epoch: 0),
                .resumedConfirmed(epoch: 0),
                .heartbeat(epoch: 0), .exited(epoch: 0, status: .exited(code: 1)),
                .foundEnded(epoch: 0, status: .unknown, reason: "r"),
                .adopted(pid: 9, epoch: 0, mode: .running),
            ]
            // Before the first process no epoch is an old one.
            let isNew = situation == "stopped" || situation == "waiting"
            for event in isNew ? old.dropLast(2) : old[...] {
                var bench = make()
                let deadline = bench.machine.nextDeadline
                #expect(bench.send(event) == [], "\(event) in \(situation)")
                #expect(bench.machine.nextDeadline == deadline, "\(event) in \(situation)")
            }
        }
    }

    @Test func tickBeforeTheDeadlineChangesNothingAnywhere() {
        for (situation, make) in Self.situations {
            var bench = make()
            guard let due = bench.machine.nextDeadline else { continue }
            bench.now = due - .nanoseconds(1)
            #expect(bench.send(.tick) == [], "\(situation)")
            #expect(bench.machine.nextDeadline == due, "\(situation)")
        }
    }
}
