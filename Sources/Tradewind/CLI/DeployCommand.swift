import ArgumentParser
import ControlPlane
import Foundation
import Supervision
import TradingModel

/// `tradewind deploy NAME --module PATH`
struct DeployCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract: "Put running strategies on a new executable, one after the other.",
        discussion: """
            The executable is asked for its classes first. Then each strategy is restarted on it, and only that one; when it \
            does not become ready, the manager puts the previous executable back and the command fails. With --all it \
            ends at the first failure. A stopped strategy uses the executable from its next start.
            """)

    @OptionGroup var home: HomeOptions
    @Argument(help: "Names or ids.") var names: [String] = []
    @Flag(name: .long, help: "All strategies, one after the other.") var all = false
    @Option(name: .long, help: "The executable that has the classes compiled in.") var module: String
    @Option(name: .long, help: "Wait for each strategy, at most so many seconds.") var wait: Double = 60

    func validate() throws {
        guard all != !names.isEmpty else { throw ValidationError("name strategies, or give --all") }
        guard (0...1e9).contains(wait) else { throw ValidationError("--wait takes 0 to 1000000000 seconds") }
    }

    func run() throws {
        try reporting {
            let directory = try home.directory()
            let store = try ControlStore.open(directory, access: .client)
            let rows = all ? try store.strategies() : try names.map { try store.requireStrategy($0) }
            let path = URL(fileURLWithPath: module).standardizedFileURL.path
            let digest = try check(path, for: rows)
            print("\(path) has the classes; SHA-256 \(digest)")
            let waiter = CommandWaiter(store: store, home: directory)
            for row in rows {
                guard row.desiredState != .stopped else {
                    try store.updateStrategy(row.id, StrategyChange(modulePath: .some(path)))
                    print("\(row.name): is stopped and uses it from its next start")
                    continue
                }
                guard ManagerProbe.isRunning(directory) else {
                    throw CommandLineError(
                        ExitCodes.unavailable,
                        "no manager is running, which would go back to the previous executable if this one fails: "
                            + "\(row.name) was not changed")
                }
                let command = try store.insertCommand(
                    .restart, strategy: row.id, parameters: JSONText.object([("module_path", path)]),
                    issuer: "cli")
                print("\(row.name): ", terminator: "")
                try waiter.wait(for: [command], seconds: wait)
            }
        }
    }

    /// Asks the executable for its classes; its hash.
    private func check(_ path: String, for rows: [StrategyRow]) throws -> String {
        guard let executable = HeldExecutable(path: path) else {
            throw CommandLineError(ExitCodes.noInput, "\(path) cannot be read: check the path")
        }
        let classes = try ModuleProbe(path: path).classes()
        for row in rows where !classes.contains(row.className) {
            throw CommandLineError(
                ExitCodes.configuration,
                "\(path) does not have the class \(row.className) of \(row.name); it has: "
                    + classes.sorted().joined(separator: ", "))
        }
        return try executable.sha256()
    }
}
