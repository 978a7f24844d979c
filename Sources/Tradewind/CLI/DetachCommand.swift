import ArgumentParser
import ControlPlane
import Foundation
import Supervision

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `tradewind detach`
struct DetachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detach",
        abstract: "End the manager and leave everything else running, for example to upgrade it.",
        discussion: """
            Strategies, feeds and the bus go on; nothing is started, stopped or restarted until 'tradewind run' takes them \
            over as they are. What strategies do meanwhile waits in their journals, and commands wait in the database.
            """)

    @OptionGroup var home: HomeOptions

    @Option(name: .long, help: "Wait for the manager's end, at most so many seconds.")
    var wait: Double = 30

    func validate() throws {
        guard (0...1e9).contains(wait) else { throw ValidationError("--wait takes 0 to 1000000000 seconds") }
    }

    func run() throws {
        try reporting {
            let directory = try home.directory()
            try directory.checkInitialized()
            guard let holder = InstanceLock.holder(path: directory.managerLockPath),
                let manager = try? ProcessHandle(adopting: holder.identity)
            else {
                throw CommandLineError(ExitCodes.unavailable, "no manager is running in \(directory.path)")
            }
            try manager.signal(SIGUSR1)
            let deadline = ContinuousClock.now + .seconds(wait)
            while !manager.hasEnded {
                guard ContinuousClock.now < deadline else {
                    throw CommandLineError(
                        ExitCodes.timeout,
                        "the manager (process \(manager.pid)) is still busy; look at its output")
                }
                Thread.sleep(forTimeInterval: 0.005)
            }
            print(
                "the manager (process \(manager.pid)) has ended; 'tradewind run' takes over what it left running"
            )
        }
    }
}
