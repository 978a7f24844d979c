extension ProcessStateMachine {
    // MARK: - Start

    mutating func spawned(_ newPID: Int32, _ spawnedEpoch: UInt32, _ now: MonotonicTime) {
        guard hasProcess, spawnedEpoch == epoch, pid == nil else { return }
        pid = newPID
        guard status == .stopping || status == .stuck else { return }
        // It was told to end before it was there, so its time for that begins now.
        if deadlines.kill != nil { deadlines.kill = clock.managerTime(now) + policy.stopTimeout }
        sendEndSignals()
    }

    mutating func spawnFailed(_ why: String, _ isTransient: Bool, _ now: MonotonicTime) {
        guard hasProcess, pid == nil else { return }
        let isStarting = status == .starting
        clearProcess()
        if !isStarting {
            proceedAfterExit(nil, now)
        } else if isTransient || policy.isPersistent {
            fail("could not be started: \(why)", now)
        } else {
            setStatus(.error, reason: "could not be started: \(why)")
        }
    }

    mutating func ready(_ readyEpoch: UInt32, _ now: MonotonicTime) {
        guard hasProcess, readyEpoch == epoch, status == .starting else { return }
        becomeReady(reason: "", now)
    }

    /// Starting is over: the watchdog and the time until stability begin.
    mutating func becomeReady(reason: String, _ now: MonotonicTime) {
        deadlines = Deadlines()
        deadlines.lastHeartbeat = policy.isWatched ? clock.busTime(now) : nil
        deadlines.lastTick = clock.busTime(now)
        deadlines.stable = clock.managerTime(now) + policy.stableAfter
        setStatus(startsPaused ? .paused : .running, reason: reason)
        requestDesiredMode(now)
    }

    mutating func configurationRejected(_ why: String, _ now: MonotonicTime) {
        let words = "configuration: \(why)"
        switch status {
        case .starting where pid == nil:
            clearProcess()
            setStatus(.error, reason: words)
        case .starting, .running, .paused:
            beginStopping(then: .reject(words), reason: words, now)
        case .backoff:
            clearProcess()
            setStatus(.error, reason: words)
        case .stopping where pid == nil:
            // It was told to end before it was started, and now it will not be.
            clearProcess()
            proceedAfterExit(nil, now)
        case .stopped, .stopping, .error, .stuck:
            break
        }
    }

    // MARK: - Pause and resume

    /// Asks the process for the desired mode unless it is in that mode or has been asked lately.
    mutating func requestDesiredMode(_ now: MonotonicTime) {
        guard isReady, kind == .executor else { return }
        let wanted: DesiredState = desired == .paused ? .paused : .running
        let observed: DesiredState? = !isModeKnown ? nil : status == .paused ? .paused : .running
        guard wanted != (unconfirmedRequest ?? observed) || isConfirmationOverdue else { return }
        isConfirmationOverdue = false
        deadlines.confirmation = clock.busTime(now) + policy.readyTimeout
        sendRequest(wanted, now)
    }

    /// Sends a request and arms its repetition.
    mutating func sendRequest(_ wanted: DesiredState, _ now: MonotonicTime) {
        unconfirmedRequest = wanted
        deadlines.repeatRequest = clock.busTime(now) + .seconds(1)
        actions.append(wanted == .paused ? .sendPause(epoch: epoch) : .sendResume(epoch: epoch))
    }

    mutating func confirmed(_ mode: DesiredState, _ confirmedEpoch: UInt32, _ now: MonotonicTime) {
        guard confirmedEpoch == epoch, isReady, kind == .executor else { return }
        isModeKnown = true
        setStatus(mode == .paused ? .paused : .running)
        if unconfirmedRequest == mode {
            forgetConfirmations()
            deadlines.repeatRequest = nil
            deadlines.confirmation = nil
        }
        requestDesiredMode(now)
    }

    mutating func busBack(_ now: MonotonicTime) {
        guard clock.regainBus(now), isReady, let wanted = unconfirmedRequest else { return }
        sendRequest(wanted, now)
    }

    // MARK: - Health

    mutating func heartbeat(_ beatEpoch: UInt32, _ now: MonotonicTime) {
        guard beatEpoch == epoch, isReady, deadlines.lastHeartbeat != nil else { return }
        deadlines.lastHeartbeat = clock.busTime(now)
        // Answering in time is no market data.
        if health != .feedStale { setHealth(.ok) }
    }

    mutating func ticked(_ tickedEpoch: UInt32, _ now: MonotonicTime) {
        guard tickedEpoch == epoch, isReady else { return }
        deadlines.lastTick = clock.busTime(now)
        if health == .feedStale { setHealth(.ok) }
    }

    // MARK: - End

    mutating func exited(_ exitedEpoch: UInt32, _ exit: ExitStatus, _ now: MonotonicTime) {
        guard hasProcess, exitedEpoch == epoch else { return }
        let before = status
        clearProcess()
        switch before {
        case .stopping, .stuck:
            proceedAfterExit(exit, now)
        case .starting:
            if exit == .exited(code: ExitStatus.configurationErrorCode) {
                setStatus(.error, reason: "configuration: \(exit); its log says why")
            } else {
                fail("\(exit) before it was ready", now)
            }
        case .running, .paused:
            proceedAfterUnaskedExit(exit, "\(exit)", now)
        case .stopped, .backoff, .error:
            preconditionFailure("there is no process in the state \(before)")
        }
    }

    /// A process that had been left to itself is gone: nobody asked this manager to stop it.
    mutating func foundEnded(
        _ foundEpoch: UInt32, _ exit: ExitStatus, _ why: String, _ now: MonotonicTime
    ) {
        guard status == .stopped, !isManagerStopping, foundEpoch >= epoch else { return }
        epoch = foundEpoch
        guard desired != .stopped else { return setStatus(.stopped, reason: why) }
        proceedAfterUnaskedExit(exit, why, now)
    }

    /// The last end was counted by an earlier manager, and what is left of its pause is waited for once more.
    mutating func foundFailed(_ why: String, _ now: MonotonicTime) {
        guard status == .stopped, desired != .stopped, !isManagerStopping else { return }
        deadlines.restart = clock.managerTime(now) + budget.repeatPause(policy: policy)
        setStatus(.backoff, reason: why)
    }

    /// A ready process is gone although nobody asked for it: completed, wrongly configured, or failed.
    private mutating func proceedAfterUnaskedExit(
        _ exit: ExitStatus, _ why: String, _ now: MonotonicTime
    ) {
        if exit == .exited(code: ExitStatus.configurationErrorCode) {
            setStatus(.error, reason: "configuration: \(why); its log says why")
        } else if exit == .exited(code: 0), policy.mode != .always {
            desired = .stopped
            actions.append(.setDesired(.stopped))
            setStatus(.stopped, reason: Self.completedReason)
        } else {
            fail(why, now)
        }
    }

    /// The process that was told to end is gone, or was never there.
    private mutating func proceedAfterExit(_ exit: ExitStatus?, _ now: MonotonicTime) {
        switch afterExit {
        case .stop:
            setStatus(.stopped, reason: isManagerStopping ? "the manager stopped" : "stopped by operator")
        case .startAgain:
            spawn(now)
        case .reject(let why):
            setStatus(.error, reason: why)
        case .fail(let why):
            if exit == .exited(code: ExitStatus.configurationErrorCode) {
                setStatus(.error, reason: "configuration: exited with code 78; its log says why")
            } else {
                fail(why, now)
            }
        }
    }

    /// An unstable end: backoff, or error when the budget is used or the policy says never.
    private mutating func fail(_ why: String, _ now: MonotonicTime) {
        guard policy.mode != .never else { return setStatus(.error, reason: why) }
        let pause: Duration
        switch budget.recordExit(at: clock.managerTime(now), policy: policy) {
        case .restart(let after):
            pause = after
        case .exhausted(let after):
            let count = policy.unstableExitsMax
            let words =
                "crash loop: \(count) unstable ends within \(seconds(policy.unstableWindow)) s, the last: \(why)"
            actions.append(.raiseAlarm(words))
            guard policy.isPersistent else { return setStatus(.error, reason: words) }
            pause = after
        }
        deadlines.restart = clock.managerTime(now) + pause
        setStatus(.backoff, reason: why)
    }
}
