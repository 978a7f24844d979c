import ArgumentParser
import ControlPlane
import Foundation
import NIOCore
import NIOPosix
import StrategyExecution
import Supervision
import TradingModel

/// `tradewind run`
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the manager of a home in the foreground, until Ctrl-C or SIGTERM.",
        discussion: """
            Starts the bus, the enabled feeds and every strategy that is wanted, executes commands, and restarts what \
            crashes. At its end everything is stopped in order and the desired state stays as it was, so that the \
            next run carries on. What a killed or detached manager left running is taken over as it is.
            """)

    @OptionGroup var home: HomeOptions

    @Option(name: .customLong("for"), help: "End after so many seconds.")
    var duration: Double?

    @Option(name: .long, help: "Serve the web page at ADDRESS:PORT as well, by a process that is supervised.")
    var web: String?

    func validate() throws {
        guard let duration else { return }
        guard duration >= 0, duration <= 1e9 else {
            throw ValidationError("--for takes 0 to 1000000000 seconds")
        }
    }

    func run() throws {
        try reporting {
            let directory = try home.directory()
            try directory.checkInitialized()
            let web = try self.web.map { try WebCommand.server(home: directory, address: $0) }
            // Before any other thread exists, so that all of them leave the signals to this one; and before anything
            // is started or ended, so that a signal that comes too early waits and still leads to an orderly end.
            let signals = SignalThread(signals: [SIGINT, SIGTERM, SIGHUP, SIGUSR1])
            signal(SIGPIPE, SIG_IGN)
            // A limit on the size of files has to end as an error of SQLite's write, and not in the end of the manager.
            signal(SIGXFSZ, SIG_IGN)
            let lastManager = InstanceLock.holder(path: directory.managerLockPath)
            let lock = try Self.takeLock(directory)
            let store = try ControlStore.open(directory, access: .manager)
            try directory.createRunDirectory()
            // A first write, so that nothing is ended when the database cannot be written anyway.
            try Self.retrying {
                try store.setEngineInfo("manager_pid", String(ProcessIdentity.current.pid), at: WallClock.now)
            }
            let isStopped = try Self.supervise(directory, store, lastManager, signals, duration, web)
            try store.close()
            if isStopped {
                InstanceLock.recordEnd(InstanceLock.End(exitCode: 0), descriptor: lock.descriptor)
            }
        }
    }

    private static func takeLock(_ directory: HomeDirectory) throws -> InstanceLock {
        switch try InstanceLock.acquire(path: directory.managerLockPath) {
        case .held(let holder):
            let owner = holder.map { "process \($0.identity.pid)" } ?? "another process"
            throw CommandLineError(
                ExitCodes.failed, "a manager is running in \(directory.path) already: \(owner)")
        case .acquired(let lock):
            try lock.record(InstanceLock.Holder(identity: .current, epoch: 0))
            return lock
        }
    }

    /// Tries again while somebody else has the database locked, for at most ten seconds.
    private static func retrying(_ body: () throws -> Void) throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            do {
                return try body()
            } catch let error as ControlError where error.isTransient && ContinuousClock.now < deadline {
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
    }

    /// Runs the manager to its end; whether everything was stopped, and not left running.
    private static func supervise(
        _ directory: HomeDirectory, _ store: ControlStore, _ lastManager: InstanceLock.Holder?,
        _ signals: SignalThread,
        _ duration: Double?, _ web: ManagerSettings.WebServer?
    ) throws -> Bool {
        let now = WallClock.now
        try retrying { try store.setEngineInfo("manager_started_at", now.description, at: now) }
        let leftOver = try store.acceptedCommands()
        let instances = try store.newestInstances()
        let ends = try store.endRecords(since: now - Supervision.Limits.policyDurationMax)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let settings = ManagerSettings(
            home: directory, executable: ExecutableFile.path, roleVerb: RoleProcess.verb,
            strategies: StrategyCatalog(registry: AppRegistry.shared), feeds: AppRegistry.shared.feeds,
            web: web,
            report: { report($0) })
        report(
            "home \(directory.path), pid \(ProcessIdentity.current.pid), SQLite \(ControlStore.sqliteVersion)"
        )
        let (manager, ended) = try loop.submit {
            // Made here and held by nobody else: it has a descriptor of each process that lives.
            let leftBehind = try LeftBehind(in: directory, lastManager: lastManager)
            let manager = try Manager(settings: settings, leftBehind: leftBehind, eventLoop: loop)
            let ended = try manager.start(store: store, leftOver: leftOver, instances: instances, ends: ends)
            let bound = NIOLoopBound(manager, eventLoop: loop)
            signals.start { number in
                loop.execute {
                    if number == SIGUSR1 { return bound.value.detach() }
                    bound.value.stop(reason: number == SIGINT ? "interrupted" : "signal \(number)")
                }
            }
            if let duration {
                loop.scheduleTask(in: .milliseconds(Int64(max(0, duration) * 1000))) {
                    bound.value.stop(reason: "\(duration) seconds are over")
                }
            }
            return (bound, ended)
        }.wait()
        try ended.wait()
        let isDetached = try loop.submit { manager.value.isDetached }.wait()
        report(isDetached ? "detached" : "stopped")
        try group.syncShutdownGracefully()
        return !isDetached
    }

    private static func report(_ line: String) {
        printError("\(WallClock.now) \(line)")
    }
}
