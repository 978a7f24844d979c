/// Tells that another process has committed to the database.
///
/// It polls `PRAGMA data_version` every 20 ms, so that no commit is missed whatever the system reports, and
/// is woken by the system when the write-ahead log is written. That event precedes the commit (the log is
/// synchronised in between), so `data_version` is looked at again and again for 25 ms after it, at growing
/// distances: an eighth of the time passed. Commits of the watched connection itself do not count; the events
/// they cause are followed at distances of 2 ms only, so that a busy writer does not keep its own watcher
/// busy.
///
/// Threads: `wait` belongs to one thread at a time, `wake` may be called from any.
///
/// `@unchecked Sendable`: all state that changes is used by `wait` alone; `wake` uses the signal's immutable
/// descriptors.
package final class ChangeWatcher: @unchecked Sendable {
    /// Why `wait` returned.
    package enum WakeReason: Sendable, Equatable {
        /// Another connection committed since the last `wait` (rarely: nothing did).
        case changed
        /// `wake` was called.
        case woken
        /// The deadline passed.
        case timeout
    }

    /// The last failure to read the database, until it can be read again. Waiting goes on meanwhile.
    package private(set) var lastError: ControlError?
    private let signal: any ChangeSignal
    private let dataVersion: () throws(ControlError) -> Int64
    private var seenVersion: Int64?
    /// How often the watched connection itself has committed.
    private let ownCommitCount: () -> Int
    /// That count when the event before the last one came, and when the last one came.
    private var commitsBeforeEvent = 0
    private var commitsAtEvent = 0
    /// When the last event of the write-ahead log came, while its commit may still follow.
    private var eventTime: ContinuousClock.Instant?

    /// Watches the database of a store; its home directory must exist.
    package convenience init(_ store: ControlStore) throws(ControlError) {
        try self.init(databasePath: store.path, ownCommitCount: { store.commitCount }) {
            () throws(ControlError) in try store.dataVersion()
        }
    }

    /// Watches a database file with a way to read its `data_version`, always through the same connection.
    package init(
        databasePath: String, ownCommitCount: @escaping () -> Int = { 0 },
        dataVersion: @escaping () throws(ControlError) -> Int64
    ) throws(ControlError) {
        signal = try makeChangeSignal(databasePath: databasePath)
        self.dataVersion = dataVersion
        self.ownCommitCount = ownCommitCount
        // What was committed before is for the caller to read after this.
        seenVersion = try? dataVersion()
    }

    /// Makes the current or the next `wait` return `woken`; several calls may count as one. From any thread.
    package func wake() { signal.wake() }

    /// Waits for a commit of another connection, for `wake` or for the deadline.
    ///
    /// A commit that happened since the last call returned makes it return at once.
    package func wait(until deadline: ContinuousClock.Instant) -> WakeReason {
        while true {
            if hasChanged() { return .changed }
            let now = ContinuousClock.now
            switch signal.wait(for: pause(at: now, deadline)) {
            case .woken: return .woken
            case .written:
                eventTime = .now
                commitsBeforeEvent = commitsAtEvent
                commitsAtEvent = ownCommitCount()
            case .nothing:
                if ContinuousClock.now >= deadline { return hasChanged() ? .changed : .timeout }
            }
        }
    }

    private func hasChanged() -> Bool {
        do throws(ControlError) {
            let version = try dataVersion()
            lastError = nil
            defer { seenVersion = version }
            return version != seenVersion
        } catch {
            lastError = error
            return false
        }
    }

    /// The time until the next look, zero at the deadline.
    private func pause(at now: ContinuousClock.Instant, _ deadline: ContinuousClock.Instant) -> Duration {
        var pause = Limits.pollInterval
        if let eventTime {
            let elapsed = now - eventTime
            if elapsed < Limits.commitWindow {
                let isOwn = ownCommitCount() != commitsBeforeEvent
                pause = max(isOwn ? .milliseconds(2) : .microseconds(100), elapsed / 8)
            } else {
                self.eventTime = nil
            }
        }
        return max(.zero, min(pause, deadline - now))
    }
}

/// What the system can tell about the database's files; one implementation per system.
protocol ChangeSignal: Sendable {
    /// Waits for a write to the write-ahead log, a `wake` or the end of `duration`.
    func wait(for duration: Duration) -> ChangeSignalEvent
    /// Ends the current or the next `wait`; from any thread.
    func wake()
}

/// Why a signal's wait ended.
enum ChangeSignalEvent: Sendable, Equatable {
    case written
    case woken
    case nothing
}
