import ControlPlane
import NIOCore
import TradingModel

/// One process that the manager is responsible for: its decisions, and what it needs to carry them out.
///
/// Confined to the manager's event loop.
final class ManagedProcess {
    /// What the process is.
    enum Role {
        case bus
        case recorder
        case feed(FeedRow)
        case executor(StrategyRow)
        /// Something that nobody's trading depends on.
        case helper(Helper)
        /// Left running by an earlier manager, and of no use any more.
        case stray

        /// The word used on the bus, in the database and in logs.
        var name: String {
            switch self {
            case .bus: "bus"
            case .recorder: "recorder"
            case .feed: "feed"
            case .executor: "executor"
            case .helper(let helper): helper.name
            case .stray: "process"
            }
        }
    }

    /// A process beside the engine: ready when it is started, started again whenever it ends.
    enum Helper {
        /// Evaluates alert rules and delivers what they say.
        case alerter
        /// The web server, a program of its own.
        case web(ManagerSettings.WebServer)

        var name: String {
            switch self {
            case .alerter: "alerter"
            case .web: "web"
            }
        }
    }

    var role: Role
    /// The strategy's or feed's name, or the role's: names the log and the lock.
    var name: String
    var machine: ProcessStateMachine
    /// The live process; `nil` when there is none.
    var handle: ProcessHandle?
    /// Our end of the bootstrap socket: what the process says before it is ready.
    var bootstrapSocket: BootstrapSocket?
    /// Wakes the machine at its next deadline.
    var deadline: Scheduled<Void>?
    /// Update commands that the process has not confirmed yet, with the configuration before each.
    var openUpdates: [(commandID: String, before: String)] = []
    /// Flatten commands that the process has not confirmed yet.
    var openFlattens: [OpenFlatten] = []
    /// Commands about the trading state that the process has not confirmed yet.
    var openTrading: [String] = []
    /// The limits that the process has or was sent; `nil` when that is not known.
    var sentLimits: String?
    /// Whether limits were sent and not confirmed yet.
    var areLimitsOpen = false
    /// The strategy's restart generation that the process was started with; `nil` when that is not known.
    var restartGeneration: Int64?
    /// What the process runs; `nil` when it could not be opened.
    var executable: HeldExecutable?
    /// What was ready last.
    var proven: ProvenExecutable?
    /// What the manager has changed in its row and the database does not have yet.
    var unwrittenEdits: [ManagerEdit] = []
    /// Set while the previous executable is being copied back: what must be started waits for that.
    var isCopying = false
    /// The start that waits.
    var waitingSpawn: (epoch: UInt32, isPaused: Bool)?
    /// Whether it was started from another executable than the proven one, and is not ready yet.
    var isOnTrial = false
    /// What the strategy's process may use, by its row.
    var limits = ProcessLimits()
    /// Which of the limits it is above of.
    var alerts: Set<String> = []
    /// The records it had processed by its last heartbeat, and of which process that is.
    var eventCount: (epoch: UInt32, count: UInt64) = (0, 0)
    /// Set when the process said why it cannot use its configuration.
    var rejection: String?
    /// The source of a feed has ended; it is not started again by this manager.
    var hasCompleted = false
    /// What a live feed last said of its source and its data, or is said of it.
    var feedHealth = ""
    var feedDetail = ""
    /// Readers of this feed were told that it is gone, and not yet that it is back.
    var isMourned = false

    init(role: Role, name: String, machine: ProcessStateMachine) {
        self.role = role
        self.name = name
        self.machine = machine
    }

    /// The strategy, when this is an executor.
    var strategy: StrategyRow? {
        if case .executor(let row) = role { row } else { nil }
    }

    /// The helper, when this is one.
    var helper: Helper? {
        if case .helper(let helper) = role { helper } else { nil }
    }

    /// The feed, when this is a feed.
    var feed: FeedRow? {
        if case .feed(let row) = role { row } else { nil }
    }
}

/// A flatten under way.
struct OpenFlatten {
    var commandID: String
    /// Seconds that it may take, as text; `nil` for the strategy's own limit.
    var seconds: String?

    /// What the strategy is sent.
    var parameters: [String: String]? { seconds.map { ["seconds": $0] } }
}
