package import ControlPlane
import MessageBus
package import NIOCore
import Synchronization
package import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Keeps the overview of one engine up to date: hears of changes of its database, follows its bus.
///
/// A database that is locked, missing, damaged or replaced by another one is a state to show: what was known stays, the
/// bus goes on to tell what strategies do, and the database is opened again when it can be. It is only ever read.
///
/// Threads: all methods may be called from any; `onUpdate` is called on the monitor's own thread, one call at a time.
package final class EngineMonitor: Sendable {
    /// What the monitor asks of the system; passed in so that this module needs no processes.
    package struct Probes: Sendable {
        package var managerProcessID: @Sendable () -> Int32?
        package var isAlive: @Sendable (InstanceRow) -> Bool
        package var clock: @Sendable () -> Timestamp

        /// Takes the three questions.
        package init(
            managerProcessID: @escaping @Sendable () -> Int32?,
            isAlive: @escaping @Sendable (InstanceRow) -> Bool, clock: @escaping @Sendable () -> Timestamp
        ) {
            self.managerProcessID = managerProcessID
            self.isAlive = isAlive
            self.clock = clock
        }
    }

    /// All that is known at one moment.
    package struct State: Sendable {
        package var overview: EngineOverview
        /// The last commands, in their order.
        package var commands: [CommandRow]
        /// The last events, oldest first.
        package var events: [EventRow]
        package var sparklines: [String: [Money]]
        /// When it was put together.
        package var time: Timestamp
    }

    private struct Work: ~Copyable {
        var reader = OverviewReader()
        var store: ControlStore?
        var watcher: ChangeWatcher?
        var nextOpening = ContinuousClock.now
        var readAt: Timestamp?
        var problem: String?
        var aliveness: [String: Bool] = [:]
        var nextProbe = ContinuousClock.now
    }

    /// Two readings are at least this far apart, whatever changes.
    private static let pace: Duration = .milliseconds(400)
    /// A reading happens at least this often, since ages and rates change without the database.
    private static let interval: Duration = .seconds(1)

    private let home: HomeDirectory
    private let probes: Probes
    private let observer: BusObserver
    private let work = Mutex(Work())
    private let latest: Mutex<State?> = Mutex(nil)
    private let watcherCount = Mutex(0)
    private let onUpdate: @Sendable (State) -> Void

    /// Makes a monitor that does nothing yet; `identity` names it among the connections of the bus.
    package init(
        home: HomeDirectory, identity: String, eventLoop: any EventLoop, probes: Probes,
        onUpdate: @escaping @Sendable (State) -> Void
    ) {
        self.home = home
        self.probes = probes
        self.onUpdate = onUpdate
        observer = BusObserver(
            socketPath: home.busSocketPath, identity: identity, eventLoop: eventLoop, clock: probes.clock)
    }

    /// Begins to follow the bus and starts the thread; both last as long as the process.
    package func start() {
        follow()
        startThread { [self] in
            while true { turn() }
        }
    }

    /// Only begins to follow the bus, for somebody who asks for the state again and again.
    package func follow() { observer.start() }

    /// The state, read again when it is older than `maxAge`. Takes some milliseconds then.
    package func state(maxAge: Duration) -> State {
        if let state = latest.withLock({ $0 }), probes.clock() - state.time <= maxAge { return state }
        return refresh()
    }

    /// The prices of an instrument on the bus since somebody first asked, followed for a minute from each call on.
    package func prices(of token: InstrumentToken) -> [PriceTrack.Point] { observer.prices(of: token) }

    /// Somebody wants to be told of changes from now on; every call is answered by one of `endWatching`.
    package func beginWatching() { watcherCount.withLock { $0 += 1 } }

    /// One who called `beginWatching` does not want to be told any more.
    package func endWatching() { watcherCount.withLock { $0 -= 1 } }

    // MARK: - The thread

    private func turn() {
        guard watcherCount.withLock({ $0 > 0 }) else {
            // Nobody looks: nothing is read.
            sleep(.milliseconds(100))
            return
        }
        let start = ContinuousClock.now
        onUpdate(refresh())
        sleep(until: start + Self.pace)
        let watcher = work.withLock { $0.watcher }
        if let watcher {
            _ = watcher.wait(until: start + Self.interval)
        } else {
            sleep(until: start + Self.interval)
        }
    }

    /// Reads and puts together; callers take turns.
    private func refresh() -> State {
        work.withLock { work in
            let now = probes.clock()
            read(&work, now)
            let manager = probes.managerProcessID()
            observer.followStrategies(manager == nil || work.problem != nil)
            let view = observer.view
            if manager == nil, ContinuousClock.now >= work.nextProbe {
                work.aliveness = [:]
                work.nextProbe = .now + .seconds(2)
            }
            var known = work.aliveness
            let around = OverviewReader.Surroundings(
                home: home.path, managerProcessID: manager, bus: view,
                isAlive: { [probes] instance in
                    let key = "\(instance.strategyID)/\(instance.epoch)"
                    if let isAlive = known[key] { return isAlive }
                    let isAlive = probes.isAlive(instance)
                    known[key] = isAlive
                    return isAlive
                })
            var overview = work.reader.overview(around, now: now)
            work.aliveness = known
            overview.databaseProblem = work.problem
            overview.databaseReadAt = work.readAt
            overview.databaseBytes = fileBytes(home.databasePath)
            overview.walBytes = fileBytes(home.databasePath + "-wal")
            let state = State(
                overview: overview, commands: work.reader.commands, events: work.reader.events,
                sparklines: work.reader.sparklines, time: now)
            latest.withLock { $0 = state }
            return state
        }
    }

    private func read(_ work: inout Work, _ now: Timestamp) {
        do throws(ControlError) {
            if work.store == nil {
                guard ContinuousClock.now >= work.nextOpening else { return }
                let store = try ControlStore.open(home, access: .reader)
                // Another database is another history.
                if work.readAt != nil { work.reader = OverviewReader() }
                work.store = store
                work.watcher = try ChangeWatcher(store)
            }
            guard let store = work.store else { return }
            try store.checkFile()
            try work.reader.refresh(store, now: now)
            work.readAt = now
            work.problem = nil
        } catch {
            work.problem = "\(error)"
            guard error.code != .busy else { return }
            work.watcher = nil
            // Let go, not closed: `close` would set the log of a replaced database aside, which is the manager's to do.
            work.store = nil
            work.nextOpening = .now + .seconds(1)
        }
    }

    private func fileBytes(_ path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }
}

private func sleep(until deadline: ContinuousClock.Instant) { sleep(deadline - .now) }

private func sleep(_ duration: Duration) {
    guard duration > .zero else { return }
    let parts = duration.components
    var time = timespec(
        tv_sec: Int(parts.seconds), tv_nsec: Int(parts.attoseconds / 1_000_000_000))
    nanosleep(&time, nil)
}
