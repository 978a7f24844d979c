import TradingModel

@testable import Supervision

/// Managers that are killed, and what the next one does: as the real one, it looks first who lives.
extension SimulatedHistory {
    /// A command comes: to the manager, or to lie in the database until there is one.
    mutating func take(_ event: Machine.Event) {
        guard !isManagerAway else { return waiting.append(event) }
        if let id = event.commandID { given.append((id, event, machine.epoch)) }
        handle(event)
    }

    /// The next manager: a new machine that knows what is stored, the process as it is, then open and new commands.
    mutating func beginNextManager() {
        guard isManagerAway else { return }
        // Without a bus it waits.
        guard !isBusLost else { return plan(.managerBack, after: .milliseconds(200)) }
        isManagerAway = false
        managerCount += 1
        let before = machine
        let open = given.filter { account.openCommands.contains($0.id) }
        machine = Machine(
            kind: kind, policy: policy, desired: before.desired, lastEpoch: before.epoch,
            seed: UInt64(managerCount) &* 0x9E37_79B9,
            lastError: before.status == .error ? before.reason : nil)
        machine.restoreBudget(before.unstableEnds)
        // A pause that was not over is waited for again, as long as it was.
        account.managerWasReplaced(
            unstableEndCount: before.unstableEnds.count, isPausing: before.status == .backoff)
        let isAdopted = findProcess(before)
        if before.status == .backoff { handle(.foundFailed(reason: before.reason)) }
        handle(.managerStarted)
        for command in open {
            if case .operatorRestart = command.event, isAdopted, let process, process.epoch > command.epoch {
                handle(.operatorStart(commandID: command.id))
            } else {
                handle(command.event)
            }
        }
        let new = waiting
        waiting = []
        for event in new { take(event) }
    }

    /// Adopts the process, or tells that it ended; whether it was adopted.
    private mutating func findProcess(_ before: Machine) -> Bool {
        defer { unseenEnd = nil }
        if let process, process.isAlive {
            let mode: Machine.AdoptedMode =
                !process.isReady ? .starting : process.isPaused ? .paused : .running
            handle(.adopted(pid: Int32(1000 + process.epoch), epoch: process.epoch, mode: mode))
            return true
        }
        guard before.hasProcess, let unseenEnd else { return false }
        // What the process did not put down itself is not known.
        let isKnown = if case .exited = unseenEnd.status { true } else { false }
        handle(
            .foundEnded(
                epoch: unseenEnd.epoch, status: isKnown ? unseenEnd.status : .unknown, reason: "found ended"))
        return false
    }
}

extension Machine.Event {
    /// The id of a command.
    var commandID: String? {
        switch self {
        case .operatorStart(let id), .operatorStop(let id), .operatorRestart(let id), .operatorPause(let id),
            .operatorResume(let id):
            id
        default: nil
        }
    }
}
