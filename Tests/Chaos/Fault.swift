import TradingModel

/// One thing that goes wrong, with everything about it drawn beforehand, so that a seed gives the same faults again.
struct Fault {
    enum Kind: String, CaseIterable {
        case killExecutor = "kill -9 of an executor"
        case killFeed = "kill -9 of a feed"
        case killBus = "kill -9 of the bus"
        case killRecorder = "kill -9 of the recorder"
        case killManager = "kill -9 of the manager"
        case killGateway = "kill -9 of the order gateway"
        case killPair = "kill -9 of two of them"
        case stopExecutor = "SIGSTOP of an executor, shorter than its deadline"
        case hangExecutor = "SIGSTOP of an executor for ever"
        case stopInWrite = "SIGSTOP of an executor between the halves of a write"
        case stopManager = "SIGSTOP of the manager"
        case stopBus = "SIGSTOP of the bus"
        case stopSubscriber = "SIGSTOP of a subscriber of everything"
        case lockDatabase = "BEGIN IMMEDIATE held in a shell"
        case lockAndKill = "the same, and kill -9 of executor and manager"
        case holdReader = "a read transaction held open"
        case burst = "a burst of commands"
        case deployTorn = "deployment of a torn executable"
        case limitFile = "RLIMIT_FSIZE reached by an executor"
        case stopAndStart = "stop and start of a strategy"
        case restartAndKill = "kill -9 in the middle of a restart"
        case commandsWithoutManager = "commands while the manager is dead"
        case detach = "detach, and another manager"
    }

    /// A process by what it is; the strategy or feed is drawn.
    enum Target: Hashable {
        case strategy(String)
        case feed(String)
        case bus
        case recorder
        case manager

        /// The name of its lock's owner; `nil` for the manager.
        var name: String? {
            switch self {
            case .strategy(let name), .feed(let name): name
            case .bus: "bus"
            case .recorder: "recorder"
            case .manager: nil
            }
        }
    }

    let kind: Kind
    /// Who is hit, in this order.
    let targets: [Target]
    /// Milliseconds from the last healing to the fault, and between two targets.
    let pauseMilliseconds: Int
    let gapMilliseconds: Int
    /// How long it lasts, where that is a matter of choice.
    let seconds: Double
    let number: Int

    /// The strategy hit first.
    var strategy: String {
        for case .strategy(let name) in targets { return name }
        return ""
    }

    var description: String {
        "\(number) \(kind.rawValue) \(targets.map { $0.name ?? "manager" }.joined(separator: ", "))"
    }
}

/// Deals faults: every kind once a round, pairs more often, in an order that only the seed decides.
struct FaultPlan {
    private var generator: SeededGenerator
    private var round: [Fault.Kind] = []
    private var count = 0
    /// Kinds that last for minutes once in a run, if the run is long enough.
    private var long: Set<Fault.Kind>

    init(seed: UInt64, isLong: Bool) {
        generator = SeededGenerator(seed: seed)
        long = isLong ? [.stopManager, .lockDatabase, .holdReader] : []
    }

    mutating func next() -> Fault {
        if round.isEmpty {
            round = (Fault.Kind.allCases + [.killPair, .killPair, .killPair]).shuffled(using: &generator)
        }
        let kind = round.removeLast()
        count += 1
        let isLong = long.remove(kind) != nil
        return Fault(
            kind: kind, targets: targets(of: kind), pauseMilliseconds: draw(1_500),
            gapMilliseconds: draw(draw(2) == 0 ? 5 : 300), seconds: seconds(of: kind, isLong: isLong),
            number: count)
    }

    private mutating func draw(_ limit: Int) -> Int { Int(generator.next() % UInt64(limit)) }

    private mutating func seconds(of kind: Fault.Kind, isLong: Bool) -> Double {
        let share = generator.nextUnit()
        switch kind {
        case .stopManager: return isLong ? 30 : 3 + share * 3
        case .lockDatabase: return isLong ? 30 : 2 + share * 4
        case .holdReader: return isLong ? 150 : 4 + share * 4
        case .stopBus: return 1 + share * 4
        case .stopSubscriber: return 2 + share * 3
        case .lockAndKill: return 3
        default: return 0.5 + share * 1.5
        }
    }

    private mutating func targets(of kind: Fault.Kind) -> [Fault.Target] {
        switch kind {
        case .killExecutor, .stopExecutor, .stopAndStart, .restartAndKill:
            return [strategy { _ in true }]
        case .hangExecutor: return [strategy(where: \.isWatchedClosely)]
        case .stopInWrite, .burst, .deployTorn, .limitFile, .commandsWithoutManager:
            return [strategy(where: \.isBusy)]
        case .killFeed: return [feed()]
        case .killBus, .stopBus: return [.bus]
        case .killRecorder: return [.recorder]
        case .killManager, .stopManager, .detach: return [.manager]
        case .lockAndKill: return [strategy { _ in true }, .manager]
        case .killPair: return pair()
        case .killGateway, .stopSubscriber, .lockDatabase, .holdReader: return []
        }
    }

    private mutating func pair() -> [Fault.Target] {
        let first = anyTarget()
        while true {
            let second = anyTarget()
            if second != first { return [first, second] }
        }
    }

    private mutating func anyTarget() -> Fault.Target {
        switch draw(5) {
        case 0: strategy { _ in true }
        case 1: feed()
        case 2: .bus
        case 3: .recorder
        default: .manager
        }
    }

    private mutating func strategy(where isWanted: (ChaosDesk.Strategy) -> Bool) -> Fault.Target {
        let names = ChaosDesk.strategies.filter(isWanted).map(\.name)
        return .strategy(names[draw(names.count)])
    }

    private mutating func feed() -> Fault.Target { .feed(ChaosDesk.feeds[draw(ChaosDesk.feeds.count)]) }
}
