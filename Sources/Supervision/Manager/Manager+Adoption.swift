import ControlPlane
import Foundation
import MessageBus
import NIOCore
import TradingModel

/// Taking over what an earlier manager left running, as it is.
extension Manager {
    /// Takes over the bus when it lives; its machine waits for its answer as for that of a new one.
    func adoptBus() -> Bool {
        guard let found = leftBehind.take("bus") else { return false }
        adopt(found, as: bus, mode: .starting)
        return bus.machine.hasProcess
    }

    /// Takes over feeds and executors, deals with those that ended meanwhile, and ends what belongs to nobody.
    ///
    /// Runs once, when the bus has told the last status of every strategy and the configuration has been read.
    func adoptLeftBehind() {
        guard !hasAdopted else { return }
        hasAdopted = true
        isAdopting = true
        defer { isAdopting = false }
        for name in leftBehind.unproven {
            settings.report(
                "the lock \(settings.home.instanceLockPath(name)) is held by a process that cannot be proven to be "
                    + "one of this home: nothing is started under it, and nobody is signalled")
        }
        if let found = leftBehind.take(lockName(recorder)) {
            recorder.machine.want(.running)
            adopt(found, as: recorder, mode: .running)
        }
        for process in helpers {
            guard let found = leftBehind.take(lockName(process)) else { continue }
            adopt(found, as: process, mode: .running)
        }
        for process in sorted(feeds) { adoptFeed(process) }
        for process in sorted(executors) { adoptExecutor(process) }
        for name in leftBehind.living.keys.sorted() {
            guard let found = leftBehind.take(name) else { continue }
            endStray(found, name)
        }
        earlyStatuses = [:]
        lastInstances = [:]
        lastEnds = [:]
    }

    private func adoptFeed(_ process: ManagedProcess) {
        guard let row = process.feed else { return }
        if let found = leftBehind.take(lockName(process)) {
            if row.isEnabled { process.machine.want(.running) }
            return adopt(found, as: process, mode: .running)
        }
        guard leftBehind.isContinuation, row.isEnabled else { return }
        // A source that had ended is not played again in the same session.
        let last = leftBehind.ended[lockName(process)]?.end
        process.hasCompleted =
            row.status == .stopped && row.reason == ProcessStateMachine.completedReason
            || row.status.isLive && last?.status == .exited(code: 0)
        if process.hasCompleted, row.status.isLive {
            setStatus(.stopped, reason: ProcessStateMachine.completedReason, of: process)
        }
    }

    private func adoptExecutor(_ process: ManagedProcess) {
        guard let row = process.strategy else { return }
        let instance = lastInstances[row.id]
        if let found = leftBehind.take(row.id) {
            process.restartGeneration = instance?.epoch == found.epoch ? instance?.restartGeneration : nil
            recordAdopted(
                found.handle.identity, epoch: found.epoch, path: found.handle.executablePath, of: row)
            let mode = lastMode(of: row, found)
            adopt(found, as: process, mode: mode)
            // It says what it is when it hears this, or when it finds the bus again.
            if mode == .starting { send("status", to: process) }
            // A halt that no manager has heard of; others were told when they happened.
            if let status = earlyStatuses[row.id], status.epoch == UInt64(found.epoch),
                status.tradingState == TradingState.halted.rawValue, let alarm = status.alarm
            {
                noteBreach(alarm, state: status.tradingState, of: process)
            }
            return
        }
        guard process.machine.status == .stopped else { return }
        guard let ended = endedUnseen(row, instance) else {
            // Its end was seen, but what follows from it was not done any more.
            if row.status.isLive, process.machine.desired == .stopped {
                setStatus(.stopped, reason: "stopped by operator", of: process)
            }
            if row.status == .backoff, leftBehind.isContinuation {
                apply(.foundFailed(reason: lastEnds[row.id]?.lastReason ?? ""), to: process)
            }
            return
        }
        var end = InstanceEnd(reason: ended.reason)
        switch ended.status {
        case .exited(let code): end.exitCode = code
        case .signaled(let signal): end.exitSignal = signal
        case .unknown: break
        }
        if let holder = leftBehind.ended[row.id], holder.epoch == ended.epoch {
            recordAdopted(holder.identity, epoch: ended.epoch, path: nil, of: row)
        }
        recordEnd(end, isOrderly: ended.status == .exited(code: 0), of: process, row, epoch: ended.epoch)
        process.machine.keepEpoch(ended.epoch)
        // An executor that ends in order was told to, by a manager that had no time to see it or is not remembered by
        // this database: no failure, and no completion either. What is wanted decides.
        if ended.status == .exited(code: 0), process.machine.desired != .stopped { return }
        apply(
            .foundEnded(epoch: ended.epoch, status: ended.status, reason: ended.reason), to: process)
    }

    /// Why a strategy was given up: a manager that only takes over does not try it again, an operator's run does.
    func lastError(of row: StrategyRow) -> String? {
        guard !hasAdopted, leftBehind.isContinuation, row.status == .error else { return nil }
        return lastEnds[row.id]?.lastReason ?? ""
    }

    /// When the unstable ends were that count still, although earlier managers saw them.
    func unstableEnds(of row: StrategyRow, policy: RestartPolicy) -> [MonotonicTime] {
        guard !hasAdopted, let records = lastEnds[row.id] else { return [] }
        let history = RestartHistory(
            processes: records.ends.map {
                RestartHistory.Process(readyAt: $0.readyAt, endedAt: $0.endedAt, isOrderly: $0.exitCode == 0)
            }, forgivenAt: records.startedByOperatorAt)
        let now = MonotonicClock.now
        return history.unstableEndAges(policy: policy, now: WallClock.now).map { now - $0 }
    }

    /// A process that ended while no manager was watching; `nil` when the end of the last one is on record.
    private func endedUnseen(
        _ row: StrategyRow, _ instance: InstanceRow?
    ) -> (epoch: UInt32, status: ExitStatus, reason: String)? {
        // The manager that started the newest process may have had no time to write its row.
        let unrecorded = leftBehind.ended[row.id].flatMap { $0.epoch > instance?.epoch ?? 0 ? $0 : nil }
        let recorded = instance.flatMap { $0.endedAt == nil ? $0 : nil }
        guard let epoch = unrecorded?.epoch ?? recorded?.epoch else { return nil }
        if let boot = unrecorded?.identity.bootID ?? recorded?.bootID, boot != ProcessIdentity.currentBootID {
            return (epoch, .unknown, "ended with the machine, which was restarted since")
        }
        guard let holder = leftBehind.ended[row.id], holder.epoch == epoch, let end = holder.end else {
            return (epoch, .unknown, "ended while no manager was watching; how is not known")
        }
        return (epoch, end.status, "\(end.status) while no manager was watching")
    }

    /// The mode that the process itself published last.
    private func lastMode(of row: StrategyRow, _ found: LeftBehind.Process) -> ProcessStateMachine.AdoptedMode
    {
        guard let status = earlyStatuses[row.id], status.epoch == UInt64(found.epoch),
            status.processID == found.handle.pid
        else { return .starting }
        switch status.status {
        case .running: return .running
        case .paused: return .paused
        case .starting, .stopping, .stopped, .error: return .starting
        }
    }

    private func adopt(
        _ found: LeftBehind.Process, as process: ManagedProcess, mode: ProcessStateMachine.AdoptedMode
    ) {
        do {
            try watch(found.handle, of: process, epoch: found.epoch)
        } catch {
            // Its lock keeps a second copy from being started; the next manager may have better luck.
            return report(process, "process \(found.handle.pid) cannot be taken over: \(error)")
        }
        process.handle = found.handle
        process.machine.keepEpoch(found.epoch)
        noteExecutable(
            of: process, pid: found.handle.pid, path: found.handle.executablePath ?? settings.executable)
        if mode != .starting { endTrial(of: process) }
        apply(.adopted(pid: found.handle.pid, epoch: found.epoch, mode: mode), to: process)
        if let row = process.strategy { store?.follow(row.id, epoch: found.epoch) }
    }

    /// Ends a process whose strategy or feed is gone.
    private func endStray(_ found: LeftBehind.Process, _ name: String) {
        let process = ManagedProcess(
            role: .stray, name: name,
            machine: ProcessStateMachine(kind: .service, policy: .service, desired: .stopped, seed: 1))
        removed.append(process)
        report(process, "process \(found.handle.pid) belongs to no strategy or feed any more: ending it")
        adopt(found, as: process, mode: .running)
        removed.removeAll { !$0.machine.hasProcess }
    }

    /// Makes sure that the process has a row; the manager that started it may have had no time to write it.
    private func recordAdopted(
        _ identity: ProcessIdentity, epoch: UInt32, path: String?, of row: StrategyRow
    ) {
        let instance = NewInstance(
            strategyID: row.id, epoch: epoch, pid: identity.pid,
            processStartTime: Int64(identity.startTime), bootID: identity.bootID,
            binaryPath: path ?? row.modulePath ?? settings.executable,
            configGeneration: row.configGeneration, restartGeneration: row.restartGeneration,
            startedAt: WallClock.now)
        store?.enqueue("the instance \(epoch) of \(row.name)") { try $0.adoptInstance(instance) }
    }

    /// Whether a stop has to wait for the configuration: what an earlier manager left must be ended and put on record.
    func waitsToStop(_ reason: String) -> Bool {
        guard !hasAdopted, !leftBehind.living.isEmpty else { return false }
        if !isConfigured, deferredStop == nil {
            deferredStop = reason
            let bound = NIOLoopBound(self, eventLoop: eventLoop)
            // A locked database must not keep the manager from stopping.
            eventLoop.scheduleTask(in: .seconds(Limits.deferredStopSeconds)) {
                bound.value.stop(reason: reason)
            }
            return true
        }
        // Without rows they are strays, and the next manager finds that they ended in order.
        adoptLeftBehind()
        return false
    }

    /// Ends the manager and leaves everything else running, for another manager to take over.
    package func detach() {
        eventLoop.preconditionInEventLoop()
        guard stopping == nil else { return }
        let count = allProcesses.count { $0.machine.hasProcess }
        settings.report("detaching: \(count) processes go on")
        stopping = .ended
        isDetached = true
        for process in allProcesses { process.deadline?.cancel() }
        client?.close(reason: "the manager detaches")
        finish()
    }
}
