import ArgumentParser
import ControlPlane

/// Which strategies a command is for, and how long to wait for its end.
struct CommandTargets: ParsableArguments {
    @OptionGroup var home: HomeOptions

    @Argument(help: "Names or ids.")
    var names: [String] = []

    @Flag(name: .long, help: "All strategies.")
    var all = false

    @Option(name: .long, help: "Wait for the effect, at most so many seconds.")
    var wait: Double?

    func validate() throws {
        guard all != !names.isEmpty else { throw ValidationError("name strategies, or give --all") }
        if let wait, !(0...1e9).contains(wait) {
            throw ValidationError("--wait takes 0 to 1000000000 seconds")
        }
    }

    /// Inserts the command for every target and, when asked to, waits for the ends.
    func send(_ kind: CommandKind, parameters: String = "{}") throws {
        try reporting {
            let directory = try home.directory()
            let store = try ControlStore.open(directory, access: .client)
            let targets: [String?] = all ? [nil] : try names.map { try store.requireStrategy($0).id }
            let commands = try targets.map { target in
                try store.insertCommand(kind, strategy: target, parameters: parameters, issuer: "cli")
            }
            let waiter = CommandWaiter(store: store, home: directory)
            guard let wait else { return waiter.tell(commands) }
            try waiter.wait(for: commands, seconds: wait)
        }
    }
}

/// `tradewind start NAME...`
struct StartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Start strategies.")
    @OptionGroup var targets: CommandTargets
    func run() throws { try targets.send(.start) }
}

/// `tradewind stop NAME...`
struct StopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop strategies; they stay stopped until they are started.")
    @OptionGroup var targets: CommandTargets
    func run() throws { try targets.send(.stop) }
}

/// `tradewind restart NAME...`
struct RestartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Put a new process in the place of the running one.")
    @OptionGroup var targets: CommandTargets
    func run() throws { try targets.send(.restart) }
}

/// `tradewind pause NAME...`
struct PauseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Withhold market data from strategies and deny their new orders.")
    @OptionGroup var targets: CommandTargets
    func run() throws { try targets.send(.pause) }
}

/// `tradewind resume NAME...`
struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "End a pause.")
    @OptionGroup var targets: CommandTargets
    func run() throws { try targets.send(.resume) }
}

/// `tradewind flatten NAME...`
struct FlattenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flatten", abstract: "Cancel all orders of strategies and close their positions.",
        discussion: """
            What cannot be closed is tried again every second until the time is up; the command then fails and says what \
            is still open. 'halt' first when the strategy must not open anything anew.
            """)
    @OptionGroup var targets: CommandTargets

    @Option(name: .long, help: "Seconds that it may take, 1 to 86400; 30 unless given.")
    var within: Int?

    func validate() throws {
        if let within, !(1...86_400).contains(within) {
            throw ValidationError("--within takes 1 to 86400 seconds")
        }
    }

    func run() throws {
        try targets.send(
            .flatten, parameters: JSONText.object(within.map { [("seconds", String($0))] } ?? []))
    }
}

/// `tradewind halt NAME...`
struct HaltCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "halt",
        abstract:
            "Deny all new orders until 'resume-trading', also after restarts; resting orders are canceled.",
        discussion:
            "Reduce-only orders stay at the venue, because they protect a position; cancels always pass.")

    @OptionGroup var targets: CommandTargets

    @Flag(name: .long, help: "Let orders pass that reduce a position.")
    var reduceOnly = false

    @Option(name: .long, help: "Why, for whoever reads the denied orders.")
    var reason: String?

    func run() throws {
        try targets.send(
            reduceOnly ? .reduce : .halt, parameters: JSONText.object(reason.map { [("reason", $0)] } ?? []))
    }
}

/// `tradewind resume-trading NAME...`
struct ResumeTradingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume-trading",
        abstract: "End a halt; the day's loss and the drawdown are counted anew.")
    @OptionGroup var targets: CommandTargets
    func run() throws { try targets.send(.resumeTrading) }
}

/// `tradewind update NAME --set k=v`
struct UpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Change live parameters of running strategies without a restart.")

    @OptionGroup var targets: CommandTargets

    @Option(name: .long, help: "A parameter as name=value; repeatable.")
    var set: [KeyValueOption]

    func run() throws {
        try reporting { try checkKnownClasses() }
        try targets.send(.update, parameters: JSONText.object(set.inputs.map { ($0.name, $0.text) }))
    }

    /// Refuses here what the manager would refuse, so that nothing is queued in vain.
    private func checkKnownClasses() throws {
        let store = try targets.home.open(.reader)
        let catalog = UpdateCheck(registry: AppRegistry.shared)
        for name in targets.names { try catalog.check(try store.requireStrategy(name), set.inputs) }
    }
}
