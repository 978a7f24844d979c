extension ProcessStateMachine {
    /// A command without an end yet.
    struct PendingCommand: Sendable {
        enum Purpose {
            case start, stop, restart, pause, resume
        }
        let id: String
        let purpose: Purpose
        /// The first epoch that can count as the effect.
        let minimumEpoch: UInt32
    }

    private static let managerStoppingReason = "the manager is stopping; send the command again when it runs"

    // MARK: - Operator

    mutating func start(_ id: String?, _ now: MonotonicTime) {
        guard accepts(id) else { return }
        supersede([.stop, .pause])
        desired = .running
        budget.clear()
        switch status {
        case .stopped, .backoff, .error:
            open(id, .start, minimumEpoch: epoch + 1)
            spawn(now)
        case .starting:
            open(id, .start, minimumEpoch: epoch)
        case .running, .paused:
            open(id, .start, minimumEpoch: epoch)
            requestDesiredMode(now)
        case .stopping:
            afterExit = .startAgain
            open(id, .start, minimumEpoch: epoch + 1)
            setStatus(.stopping, reason: "starts again afterwards")
        case .stuck:
            afterExit = .startAgain
            finish(id, .failed(reason: stuckReason + "; it is started again when that process has ended"))
        }
    }

    mutating func stop(_ id: String?, _ now: MonotonicTime) {
        guard accepts(id) else { return }
        supersede([.start, .restart, .pause, .resume])
        desired = .stopped
        let words = "stopped by operator"
        switch status {
        case .stopped:
            open(id, .stop, minimumEpoch: epoch)
        case .backoff, .error:
            open(id, .stop, minimumEpoch: epoch)
            deadlines = Deadlines()
            setStatus(.stopped, reason: words)
        case .starting, .running, .paused:
            open(id, .stop, minimumEpoch: epoch)
            beginStopping(then: .stop, reason: words, now)
        case .stopping:
            afterExit = .stop
            open(id, .stop, minimumEpoch: epoch)
            setStatus(.stopping, reason: words)
        case .stuck:
            afterExit = .stop
            finish(id, .failed(reason: stuckReason))
        }
    }

    mutating func restart(_ id: String?, _ now: MonotonicTime) {
        guard accepts(id) else { return }
        supersede([.stop])
        if desired == .stopped { desired = .running }
        budget.clear()
        let words = "restarted by operator"
        switch status {
        case .stopped, .backoff, .error:
            open(id, .restart, minimumEpoch: epoch + 1)
            spawn(reason: words, now)
        case .starting, .running, .paused:
            open(id, .restart, minimumEpoch: epoch + 1)
            beginStopping(then: .startAgain, reason: words, now)
        case .stopping:
            afterExit = .startAgain
            open(id, .restart, minimumEpoch: epoch + 1)
            setStatus(.stopping, reason: words)
        case .stuck:
            afterExit = .startAgain
            finish(id, .failed(reason: stuckReason + "; it is started again when that process has ended"))
        }
    }

    mutating func changeMode(to mode: DesiredState, _ id: String?, _ now: MonotonicTime) {
        guard accepts(id) else { return }
        guard kind == .executor else {
            return finish(id, .failed(reason: "a service cannot be paused or resumed"))
        }
        switch status {
        case .stopped, .error:
            return finish(id, .failed(reason: "is not running"))
        case .stuck:
            return finish(id, .failed(reason: stuckReason))
        case .stopping:
            if case .reject = afterExit { return finish(id, .failed(reason: "is stopping")) }
            if afterExit == .stop { return finish(id, .failed(reason: "is stopping")) }
        case .starting, .running, .paused, .backoff:
            break
        }
        desired = mode
        if mode == .paused {
            // A start whose process is ready waits for trading to go on, which the pause forbids.
            supersede(isReady ? [.resume, .start] : [.resume])
            open(id, .pause, minimumEpoch: epoch)
        } else {
            supersede([.pause])
            open(id, .resume, minimumEpoch: epoch)
        }
        requestDesiredMode(now)
    }

    // MARK: - Manager

    mutating func managerStarted(_ now: MonotonicTime) {
        guard status == .stopped, desired != .stopped, !isManagerStopping else { return }
        spawn(now)
    }

    mutating func managerStopping(_ now: MonotonicTime) {
        guard !isManagerStopping else { return }
        isManagerStopping = true
        for command in commands {
            if command.purpose == .stop, status == .stopping { continue }
            finish(command.id, .failed(reason: Self.managerStoppingReason))
        }
        commands.removeAll { $0.purpose != .stop || status != .stopping }
        let words = "the manager is stopping"
        switch status {
        case .stopped, .error: break
        case .backoff:
            deadlines = Deadlines()
            setStatus(.stopped, reason: words)
        case .starting, .running, .paused: beginStopping(then: .stop, reason: words, now)
        case .stopping, .stuck: afterExit = .stop
        }
    }

    mutating func adopt(_ pid: Int32, _ foundEpoch: UInt32, _ mode: AdoptedMode, _ now: MonotonicTime) {
        guard !hasProcess, foundEpoch >= epoch else { return }
        epoch = foundEpoch
        self.pid = pid
        hasProcess = true
        startsPaused = mode == .paused
        isModeKnown = mode != .starting
        deadlines = Deadlines()
        if desired == .stopped || isManagerStopping {
            beginStopping(then: .stop, reason: "adopted; it should be stopped", now)
            return
        }
        switch mode {
        case .starting:
            deadlines.ready = clock.busTime(now) + policy.readyTimeout
            setStatus(.starting, reason: "adopted")
        case .running, .paused:
            becomeReady(reason: "adopted", now)
        }
    }

    mutating func fallBack(_ reason: String, _ now: MonotonicTime) {
        let isAnswerDue = status == .starting && pid == nil
        guard status == .backoff || status == .error || isAnswerDue, desired != .stopped, !isManagerStopping
        else { return }
        finishAll([.restart]) { _ in .failed(reason: reason) }
        budget.clear()
        let words = "back to the previous executable: \(reason)"
        // A spawn that has not been answered yet waits for the executable.
        if isAnswerDue { setStatus(.starting, reason: words) } else { spawn(reason: words, now) }
    }

    // MARK: - Bookkeeping

    var stuckReason: String {
        "stuck: process \(pid.map(String.init) ?? "?") cannot be killed"
    }

    /// Whether commands are taken at all; finishes the command if not.
    private mutating func accepts(_ id: String?) -> Bool {
        guard isManagerStopping else { return true }
        finish(id, .failed(reason: Self.managerStoppingReason))
        return false
    }

    private mutating func open(_ id: String?, _ purpose: PendingCommand.Purpose, minimumEpoch: UInt32) {
        guard let id else { return }
        if commands.count == Limits.pendingCommandsMax { finish(commands.removeFirst().id, .superseded) }
        commands.append(PendingCommand(id: id, purpose: purpose, minimumEpoch: minimumEpoch))
    }

    private mutating func finish(_ id: String?, _ result: CommandResult) {
        if let id { actions.append(.finishCommand(id: id, result)) }
    }

    private mutating func supersede(_ purposes: [PendingCommand.Purpose]) {
        finishAll(purposes) { _ in .superseded }
    }

    /// Ends the open commands of some purposes, oldest first.
    mutating func finishAll(_ purposes: [PendingCommand.Purpose], _ result: (PendingCommand) -> CommandResult)
    {
        for command in commands where purposes.contains(command.purpose) {
            finish(command.id, result(command))
        }
        commands.removeAll { purposes.contains($0.purpose) }
    }

    /// Ends the commands whose effect is there, or cannot come any more. Runs after every event.
    mutating func settleCommands() {
        guard !commands.isEmpty else { return }
        var open: [PendingCommand] = []
        for command in commands {
            if let result = result(of: command) { finish(command.id, result) } else { open.append(command) }
        }
        commands = open
    }

    private func result(of command: PendingCommand) -> CommandResult? {
        let isStop = command.purpose == .stop
        switch status {
        case .stopped:
            return isStop ? .executed : .failed(reason: reason.isEmpty ? "is not running" : reason)
        case .error:
            return .failed(reason: reason)
        case .stuck:
            return .failed(reason: stuckReason)
        case .starting, .stopping, .backoff:
            return nil
        case .running, .paused:
            break
        }
        guard !isStop, epoch >= command.minimumEpoch else { return nil }
        let isAsDesired = status == (desired == .paused ? .paused : .running) && unconfirmedRequest == nil
        switch command.purpose {
        case .restart: return .executed
        case .start where desired == .paused: return .executed
        default: break
        }
        if isAsDesired { return .executed }
        return isConfirmationOverdue
            ? .failed(reason: "the process did not confirm; the request is repeated until it does") : nil
    }
}
