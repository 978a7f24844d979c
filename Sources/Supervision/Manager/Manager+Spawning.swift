import ControlPlane
import Foundation
import MessageBus
import NIOCore
import TradingModel

extension Manager {
    /// Starts a process and answers the machine with `spawned` or `spawnFailed`.
    func spawn(_ process: ManagedProcess, epoch: UInt32, isPaused: Bool) {
        process.rejection = nil
        guard !process.isCopying else { return process.waitingSpawn = (epoch, isPaused) }
        beginTrial(of: process)
        if let problem = problem(of: process) {
            // Told after this event is done with, because the machine is still deciding.
            return later { $0.apply(.configurationRejected(reason: problem), to: process) }
        }
        do {
            try launch(process, epoch: epoch, isPaused: isPaused)
            if let pid = process.handle?.pid {
                later { manager in
                    manager.apply(.spawned(pid: pid, epoch: epoch), to: process)
                    if process.helper != nil { manager.takeAsReady(process, epoch: epoch) }
                }
            }
        } catch {
            process.bootstrapSocket = nil
            let isTransient = (error as? SupervisionError)?.isTransient ?? true
            later { $0.apply(.spawnFailed(reason: "\(error)", isTransient: isTransient), to: process) }
        }
    }

    /// A helper is ready when it is started, since nobody waits for it; why it cannot go on it may say in its first moment.
    private func takeAsReady(_ process: ManagedProcess, epoch: UInt32) {
        apply(.ready(epoch: epoch), to: process)
        let bound = NIOLoopBound(process, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .seconds(Limits.helperReplySeconds)) {
            if bound.value.machine.epoch == epoch { bound.value.bootstrapSocket = nil }
        }
    }

    /// Why a process cannot be started as it is configured, as far as this executable can tell.
    private func problem(of process: ManagedProcess) -> String? {
        guard let strategy = process.strategy, strategy.modulePath == nil else { return nil }
        return settings.strategies.problem(strategy.className, strategy.configJSON, strategy.limitsJSON)
    }

    private func launch(_ process: ManagedProcess, epoch: UInt32, isPaused: Bool) throws {
        let name = lockName(process)
        let lock = try Self.takeLock(settings.home.instanceLockPath(name))
        let log = LogFile(path: settings.home.logPath(logName(process)))
        let logDescriptor = try log.openForAppend()
        defer { close(logDescriptor) }
        let (executable, arguments) = program(of: process)
        let (socket, childDescriptor) = try BootstrapSocket.makePair()
        defer { close(childDescriptor) }
        let pid = try ProcessSpawner.spawn(
            SpawnRequest(
                executablePath: executable, arguments: [executable] + arguments,
                environment: Self.environment, output: .descriptor(logDescriptor),
                bootstrapDescriptor: childDescriptor, lockDescriptor: lock.descriptor))
        do {
            let handle = try ProcessHandle(child: pid)
            noteExecutable(of: process, pid: pid, path: executable)
            // From here on only the child has the lock: it is free when the child is gone, whoever else dies.
            try lock.record(InstanceLock.Holder(identity: handle.identity, epoch: epoch))
            try socket.write(bootstrap(for: process, epoch: epoch, isPaused: isPaused))
            try watch(handle, of: process, epoch: epoch)
            process.handle = handle
            process.bootstrapSocket = socket
            recordInstance(process, epoch: epoch, identity: handle.identity, executable: executable)
        } catch {
            // A child that nobody watches must not live on. It is not reaped yet, so the number is its own.
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            throw error
        }
    }

    private func program(of process: ManagedProcess) -> (executable: String, arguments: [String]) {
        if case .web(let server) = process.helper { return (server.executable, server.arguments) }
        return (
            process.strategy?.modulePath ?? settings.executable, [settings.roleVerb, process.role.name]
        )
    }

    func watch(_ handle: ProcessHandle, of process: ManagedProcess, epoch: UInt32) throws {
        let bound = NIOLoopBound((self, process), eventLoop: eventLoop)
        try exits.watch(handle) { [eventLoop] status in
            eventLoop.execute {
                let (manager, process) = bound.value
                manager.didEnd(process, epoch: epoch, status: status)
            }
        }
    }

    private static func takeLock(_ path: String) throws -> InstanceLock {
        switch try InstanceLock.acquire(path: path) {
        case .held(let holder):
            let owner = holder.map { "process \($0.identity.pid)" } ?? "another process"
            throw SupervisionError(.spawnRefusedForNow, "\(owner) still holds the lock \(path)")
        case .acquired(let lock): return lock
        }
    }

    /// What a child may know of the environment it is started from: where programs are, and how to write text.
    private static let environment: [String] = ["PATH", "LANG", "TZ"].compactMap { name in
        ProcessInfo.processInfo.environment[name].map { "\(name)=\($0)" }
    }

    func lockName(_ process: ManagedProcess) -> String {
        switch process.role {
        case .bus: "bus"
        case .recorder: "recorder"
        case .helper(let helper): helper.name
        case .stray: process.name
        case .feed(let row): "feed-\(row.id)"
        case .executor(let row): row.id
        }
    }

    private func logName(_ process: ManagedProcess) -> String {
        switch process.role {
        case .bus: "bus"
        case .recorder: "recorder"
        case .helper(let helper): helper.name
        case .stray: process.name
        case .feed(let row): "feed-\(row.name)"
        case .executor(let row): row.name
        }
    }

    private func bootstrap(for process: ManagedProcess, epoch: UInt32, isPaused: Bool) throws -> Bootstrap {
        let home = settings.home
        var bootstrap = Bootstrap(
            role: .bus, socketPath: home.busSocketPath, logPath: home.logPath(logName(process)))
        switch process.role {
        case .bus: bootstrap.busKey = busKey.bytes
        case .stray: break
        case .helper:
            // The web server does not read it: its arguments say all.
            bootstrap.role = .alerter
            bootstrap.homeDirectory = home.path
        case .recorder:
            bootstrap.role = .recorder
            bootstrap.token = busKey.token(role: .recorder, identity: "recorder")
            bootstrap.journalDirectory = home.ticksDirectory
            bootstrap.recorder = recorderSettings
            bootstrap.instruments = instruments
        case .feed(let row):
            bootstrap.role = .feed
            bootstrap.token = busKey.token(role: .feed, identity: row.name)
            bootstrap.feed = Bootstrap.Feed(
                name: row.name, kind: row.kind, configJSON: row.configJSON, number: row.number)
            bootstrap.instruments = instruments
        case .executor(let row):
            let journal = home.journalDirectory(strategyID: row.id)
            try FileManager.default.createDirectory(
                atPath: journal, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            bootstrap.role = .executor
            bootstrap.token = busKey.token(role: .executor, identity: row.id)
            bootstrap.journalDirectory = journal
            let trading = tradingState(of: row.id)
            bootstrap.ticksDirectory = home.ticksDirectory
            bootstrap.recorder = recorderSettings
            bootstrap.strategy = Bootstrap.Strategy(
                id: row.id, name: row.name, className: row.className, epoch: UInt64(epoch),
                generation: Int(row.configGeneration), configJSON: row.configJSON, limitsJSON: row.limitsJSON,
                isPaused: isPaused, tradingState: trading.state.rawValue, tradingReason: trading.reason,
                tradingResumedAt: tradingResumedAt(of: row.id)?.description)
            process.sentLimits = row.limitsJSON
            let symbols = Set(ConfigurationJSON(row.configJSON).instruments)
            bootstrap.instruments = instruments.filter { symbols.contains($0.symbol) }
        }
        return bootstrap
    }

    private func recordInstance(
        _ process: ManagedProcess, epoch: UInt32, identity: ProcessIdentity, executable: String
    ) {
        guard let row = process.strategy else { return }
        process.restartGeneration = row.restartGeneration
        let instance = NewInstance(
            strategyID: row.id, epoch: epoch, pid: identity.pid, processStartTime: Int64(identity.startTime),
            bootID: identity.bootID, binaryPath: executable, binarySHA256: process.executable?.knownSHA256,
            configGeneration: row.configGeneration,
            restartGeneration: row.restartGeneration, startedAt: WallClock.now)
        store?.enqueue("the instance \(epoch) of \(row.name)", subject: "instance \(row.id)") {
            try $0.insertInstance(instance)
        }
        store?.follow(row.id, epoch: epoch)
    }

    // MARK: - Ends

    /// A process has ended: reads what it left behind and tells the machine.
    private func didEnd(_ process: ManagedProcess, epoch: UInt32, status observed: ExitStatus) {
        guard stopping != .ended else { return }
        let status = told(observed, of: process, epoch: epoch)
        if let reply = process.bootstrapSocket?.takeReply() { process.rejection = reply.error }
        process.bootstrapSocket = nil
        if let pid = process.handle?.pid { sampler.forget(pid) }
        process.handle = nil
        if let row = process.strategy { recordEnd(of: process, row, epoch: epoch, status: status) }
        for (id, _) in process.openUpdates {
            finish(
                id,
                .failed("the process ended before it confirmed; the new values are used from its next start"),
                for: process)
        }
        for open in process.openFlattens {
            flattenAtGateway(
                process, commandID: open.commandID, because: "the process ended before it was flat")
        }
        // The state is in the database, and the next process begins with it.
        for id in process.openTrading { finish(id, .executed, for: process) }
        process.openTrading = []
        process.sentLimits = nil
        process.areLimitsOpen = false
        if process.strategy != nil { cancelAfterDeath(of: process) }
        process.openUpdates = []
        process.openFlattens = []
        if status == .exited(code: ExitStatus.configurationErrorCode), let rejection = process.rejection {
            apply(.configurationRejected(reason: rejection), to: process)
        }
        if process.feed != nil, status == .exited(code: 0), process.machine.status == .starting {
            // A short file can be over before its first message has come round by the bus.
            apply(.ready(epoch: epoch), to: process)
        }
        // Its last words may not have come through, and a killed one has none.
        if process === recorder { lookAtRecordings() }
        apply(.exited(epoch: epoch, status: status), to: process)
        removed.removeAll { $0 === process }
    }

    /// The end as the process itself put it down, where nobody could observe it, or where it ended in order because
    /// somebody else sent a signal: that is not its completion.
    private func told(_ observed: ExitStatus, of process: ManagedProcess, epoch: UInt32) -> ExitStatus {
        guard observed == .unknown || observed == .exited(code: 0) && process.machine.isReady else {
            return observed
        }
        let holder = InstanceLock.holder(path: settings.home.instanceLockPath(lockName(process)))
        guard let holder, holder.epoch == epoch, let end = holder.end else { return observed }
        return end.status
    }

    private func recordEnd(of process: ManagedProcess, _ row: StrategyRow, epoch: UInt32, status: ExitStatus)
    {
        var end = InstanceEnd(reason: process.rejection ?? status.description)
        switch status {
        case .exited(let code): end.exitCode = code
        case .signaled(let signal): end.exitSignal = signal
        case .unknown: break
        }
        recordEnd(end, isOrderly: status == .exited(code: 0), of: process, row, epoch: epoch)
    }

    /// Stores how an instance ended, with the end of its log unless it ended in order.
    func recordEnd(
        _ found: InstanceEnd, isOrderly: Bool, of process: ManagedProcess, _ row: StrategyRow, epoch: UInt32
    ) {
        var end = found
        if !isOrderly {
            let log = LogFile(path: settings.home.logPath(logName(process)))
            end.lastLogLines = (try? log.tail(lines: 20))?.joined(separator: "\n")
        }
        let now = WallClock.now
        let final = end
        store?.follow(row.id, epoch: nil)
        store?.enqueue("the end of instance \(epoch) of \(row.name)", subject: "end \(row.id)") {
            try $0.endInstance(strategyID: row.id, epoch: epoch, final, at: now)
        }
    }

    // MARK: - Signals

    func signal(_ process: ManagedProcess, isKill: Bool) {
        guard let handle = process.handle else { return }
        do {
            if isKill { try handle.signalGroup(SIGKILL) } else { try handle.terminate() }
        } catch let error where error.code == .processGone {
            // It ended by itself a moment ago; the exit watcher is about to say so.
        } catch {
            report(process, "\(error)")
        }
    }

    /// Runs something after the current event has been dealt with.
    private func later(_ body: @escaping (Manager) -> Void) {
        let bound = NIOLoopBound((self, body), eventLoop: eventLoop)
        eventLoop.execute {
            let (manager, body) = bound.value
            body(manager)
        }
    }
}
