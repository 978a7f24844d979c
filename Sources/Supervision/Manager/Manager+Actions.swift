import ControlPlane
import MessageBus
import NIOCore
import TradingModel

extension Manager {
    /// Tells a process's machine what happened and carries out what it decides.
    func apply(_ event: ProcessStateMachine.Event, to process: ManagedProcess) {
        noticeStall()
        let actions = process.machine.handle(event, now: MonotonicClock.now)
        for action in actions { perform(action, for: process) }
        schedule(process)
        // A heartbeat in time changes nothing for the others, and a thousand strategies send as many a second.
        if case .heartbeat = event, actions.isEmpty { return }
        fallBackIfNeeded(process)
        if stopping != nil { continueStopping() } else { startWaitingFeeds() }
    }

    /// Wakes the machine when its next deadline comes.
    private func schedule(_ process: ManagedProcess) {
        process.deadline?.cancel()
        process.deadline = nil
        guard let deadline = process.machine.nextDeadline else { return }
        let delay = max(0, (deadline - MonotonicClock.now).wholeNanoseconds)
        let bound = NIOLoopBound((self, process), eventLoop: eventLoop)
        process.deadline = eventLoop.scheduleTask(in: .nanoseconds(delay)) {
            let (manager, process) = bound.value
            manager.apply(.tick, to: process)
        }
    }

    private func perform(_ action: ProcessStateMachine.Action, for process: ManagedProcess) {
        switch action {
        case .spawn(let epoch, let isPaused): spawn(process, epoch: epoch, isPaused: isPaused)
        case .sendStop: send("stop", to: process)
        case .sendPause: send("pause", to: process)
        case .sendResume: send("resume", to: process)
        case .signalTerminate: signal(process, isKill: false)
        case .signalKill: signal(process, isKill: true)
        case .setStatus(let status, let reason): setStatus(status, reason: reason, of: process)
        case .setHealth(let health):
            if process.feed == nil {
                note("health \(health.rawValue)", of: process)
            } else if health != .ok {
                noteFeed(process, health: health.rawValue)
            }
        case .setDesired(let desired): keepDesired(desired, of: process)
        case .finishCommand(let id, let result): settle(id, result, for: process)
        case .raiseAlarm(let text): note("ALARM: \(text)", of: process)
        }
    }

    /// Tells an operator something about a process and, for a strategy, puts it on record.
    func note(_ text: String, of process: ManagedProcess) {
        report(process, text)
        guard let row = process.strategy else { return }
        let epoch = process.machine.epoch
        let now = WallClock.now
        store?.enqueue("an event of \(row.name)", subject: "event \(row.id)") {
            try $0.noteEvent(row.id, reason: text, epoch: epoch, at: now)
        }
    }

    /// Sends a control message to an executor; the status it publishes is the answer.
    func send(
        _ command: String, to process: ManagedProcess, commandID: String? = nil,
        parameters: [String: String]? = nil
    ) {
        guard let strategy = process.strategy else { return }
        let payload = StrategyCommandPayload(
            commandID: commandID, command: command, parameters: parameters,
            generation: Int(strategy.configGeneration))
        // When the bus is away the signal does it, or the machine repeats the request.
        _ = client?.publish(.strategyCommands(strategy.id), payload.encoded())
        client?.flush()
    }

    func setStatus(_ status: ProcessStateMachine.Status, reason: String, of process: ManagedProcess) {
        let pid = process.machine.pid.map { " pid \($0)" } ?? ""
        report(process, "\(status.rawValue)\(pid)\(reason.isEmpty ? "" : ": \(reason)")")
        guard let stored = StrategyStatus(rawValue: status.rawValue) else { return }
        switch process.role {
        case .bus, .stray: break
        case .recorder, .helper:
            let name = process.role.name
            store?.enqueue("the status of the \(name)") {
                try $0.setEngineInfo("\(name)_status", stored.rawValue, at: WallClock.now)
                try $0.setEngineInfo("\(name)_reason", reason, at: WallClock.now)
            }
        case .feed(let row):
            if status == .backoff || status == .error { noteFeed(process, health: "") }
            if status == .stopped { setFeedStopped(process) }
            store?.enqueue("the status of feed \(row.name)", subject: "feed \(row.id)") {
                try $0.setFeedStatus(row.id, to: stored, reason: reason)
            }
        case .executor(let row):
            let epoch = process.machine.epoch
            let now = WallClock.now
            store?.enqueue("the status of \(row.name)", subject: "status \(row.id)") { store in
                try store.setStatus(row.id, to: stored, reason: reason, epoch: epoch, at: now)
            }
            announce(status, reason: reason, of: process, row)
            // Nothing ends it, but it can be taken out of the market.
            if status == .stuck { cancelAfterDeath(of: process) }
        }
    }

    /// Publishes the states that an executor cannot publish itself, because it does not run.
    private func announce(
        _ status: ProcessStateMachine.Status, reason: String, of process: ManagedProcess, _ row: StrategyRow
    ) {
        let announced: StrategyStatusPayload.Status
        switch status {
        case .starting: announced = .starting
        case .stopping: announced = .stopping
        case .stopped: announced = .stopped
        case .backoff, .error, .stuck: announced = .error
        case .running, .paused: return
        }
        let payload = StrategyStatusPayload(
            strategyID: row.id, name: row.name, epoch: UInt64(process.machine.epoch),
            processID: process.machine.pid ?? 0, status: announced, generation: Int(row.configGeneration),
            time: WallClock.now, reason: reason.isEmpty ? nil : reason)
        _ = client?.publish(.strategyStatus(row.id), payload.encoded())
        // At once: what the process itself publishes must not come to the bus before it.
        client?.flush()
    }

    private func keepDesired(_ desired: ProcessStateMachine.DesiredState, of process: ManagedProcess) {
        switch process.role {
        case .bus, .recorder, .helper, .stray: break
        case .feed: process.hasCompleted = desired == .stopped
        case .executor(let row):
            guard let stored = DesiredState(rawValue: desired.rawValue) else { return }
            edit(
                .desiredState(from: row.desiredState, to: stored), of: process,
                as: "the desired state of \(row.name)")
        }
    }

    // MARK: - Commands

    private func settle(
        _ id: String, _ result: ProcessStateMachine.CommandResult, for process: ManagedProcess
    ) {
        switch result {
        case .executed: finish(id, .executed, for: process)
        case .failed(let reason): finish(id, .failed(reason), for: process)
        case .superseded: finish(id, .superseded, for: process)
        }
    }

    /// Notes how a command ended at one strategy, and ends it in the database after the last one.
    func finish(_ id: String, _ result: CommandTracker.TargetResult, for process: ManagedProcess) {
        guard let strategy = process.strategy else { return }
        guard let outcome = tracker.finish(id, target: strategy.id, name: strategy.name, result: result)
        else { return }
        end(outcome)
    }

    func end(_ outcome: CommandTracker.Outcome) {
        let result: ControlPlane.CommandResult
        if let error = outcome.error {
            result = .failed(error)
        } else if outcome.isSuperseded {
            result = .superseded("a later command wants something else")
        } else {
            result = .executed
        }
        let now = WallClock.now
        let id = outcome.commandID
        store?.enqueue("the end of command \(id)") { _ = try $0.finishCommand(id, result, at: now) }
    }
}
