/// When and how a process is started again, and how long its steps may take. All times are on the monotonic clock.
package struct RestartPolicy: Hashable, Sendable {
    /// Which ends of a process lead to another start.
    package enum Mode: String, Sendable, CaseIterable {
        /// Every end that nobody asked for, exit code 0 included.
        case always
        /// Crashes, signals and exit codes other than 0 and 78.
        case onFailure = "on_failure"
        /// None: a failure is an error at once.
        case never
    }

    /// Which ends lead to another start.
    package var mode: Mode = .onFailure
    /// How long a process may take from its start until it says that it is ready.
    package var readyTimeout: Duration = .seconds(10)
    /// The pause before the first restart; it doubles with every further one.
    package var backoffInitial: Duration = .milliseconds(250)
    /// The longest pause before a restart.
    package var backoffMax: Duration = .seconds(30)
    /// The share by which a pause is made longer or shorter at random, 0 to 1.
    package var jitter: Double = 0.2
    /// The number of unstable ends within `unstableWindow` that is a crash loop.
    package var unstableExitsMax = 5
    /// The time in which unstable ends are counted together.
    package var unstableWindow: Duration = .seconds(300)
    /// Whether a crash loop only raises an alarm and restarts go on, since others depend on the process.
    package var isPersistent = false
    /// The time of running after which earlier unstable ends are forgotten.
    package var stableAfter: Duration = .seconds(60)
    /// How long a process may take to end by itself before it is killed.
    package var stopTimeout: Duration = .seconds(10)
    /// How long a killed process may take to vanish before it is called stuck.
    package var stuckAfter: Duration = .seconds(5)
    /// Whether missing heartbeats mean anything for this process.
    package var isWatched = true
    /// The silence after which the health is late.
    package var lateAfter: Duration = .seconds(3)
    /// The silence after which the health is stalled.
    package var stalledAfter: Duration = .seconds(10)
    /// The time without market data after which there is an alarm and the health is feed stale; `nil` for never, since
    /// many a source is silent for good reasons. Such a strategy is not restarted: it is not its fault.
    package var feedStaleAfter: Duration?
    /// Whether a stalled process is killed and started again; otherwise there is an alarm only.
    package var isRestartedOnStall = true

    /// The defaults of strategies.
    package init() {}

    /// The defaults of strategies.
    package static let executor = RestartPolicy()

    /// The defaults of the bus: as other services, and the manager's own questions to it are its heartbeat.
    package static let bus: RestartPolicy = {
        var policy = RestartPolicy.service
        policy.isWatched = true
        return policy
    }()

    /// The defaults of feeds and recorder: always started again, never given up, no heartbeat expected.
    package static let service: RestartPolicy = {
        var policy = RestartPolicy()
        policy.mode = .always
        policy.isPersistent = true
        policy.isWatched = false
        return policy
    }()
}
