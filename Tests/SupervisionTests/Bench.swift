import TradingModel

@testable import Supervision

typealias Machine = ProcessStateMachine

/// A machine with a clock of its own, driven by hand.
struct Bench {
    var machine: Machine
    var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
    var log: [Machine.Action] = []

    init(
        kind: Machine.Kind = .executor, policy: RestartPolicy = .executor,
        desired: Machine.DesiredState = .stopped,
        lastEpoch: UInt32 = 0
    ) {
        machine = Machine(kind: kind, policy: policy, desired: desired, lastEpoch: lastEpoch, seed: 7)
    }

    /// Hands events in at the present moment; returns what the last one led to.
    @discardableResult mutating func send(_ events: Machine.Event...) -> [Machine.Action] {
        var actions: [Machine.Action] = []
        for event in events {
            actions = machine.handle(event, now: now)
            log += actions
        }
        return actions
    }

    /// Lets time pass without anything happening.
    mutating func pass(_ duration: Duration) { now = now + duration }

    /// Lets time pass and hands in a tick for every deadline on the way.
    @discardableResult mutating func run(_ duration: Duration) -> [Machine.Action] {
        let end = now + duration
        var actions: [Machine.Action] = []
        while let next = machine.nextDeadline, next <= end {
            now = max(now, next)
            actions += send(.tick)
        }
        now = end
        return actions
    }

    /// Starts and lets the process be ready.
    mutating func becomeRunning(pid: Int32 = 100) {
        send(.operatorStart(commandID: nil))
        send(.spawned(pid: pid, epoch: machine.epoch), .ready(epoch: machine.epoch))
    }

    /// Waits for the next spawn and answers it.
    mutating func respawn(pid: Int32) {
        while machine.status == .backoff, let next = machine.nextDeadline {
            now = max(now, next)
            send(.tick)
        }
        send(.spawned(pid: pid, epoch: machine.epoch))
    }

    func results(of id: String) -> [Machine.CommandResult] {
        log.compactMap { action in
            if case .finishCommand(id, let result) = action { result } else { nil }
        }
    }
}
