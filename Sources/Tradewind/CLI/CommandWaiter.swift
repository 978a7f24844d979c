import ArgumentParser
import ControlPlane
import Foundation
import Supervision

/// Tells how commands that were inserted go on.
struct CommandWaiter {
    let store: ControlStore
    let home: HomeDirectory

    /// Prints their ids without waiting, with a word when nobody is there to execute them.
    func tell(_ commands: [CommandRow]) {
        for command in commands { print("\(command.kind.rawValue) queued (\(command.id))") }
        if !ManagerProbe.isRunning(home) {
            printError("the manager is not running: 'tradewind run' executes them when it starts")
        }
    }

    /// Waits until all have ended; throws 1 when one failed, 69 without a manager, 75 after the deadline.
    func wait(for commands: [CommandRow], seconds: Double) throws {
        guard ManagerProbe.isRunning(home) else {
            throw CommandLineError(
                ExitCodes.unavailable,
                "the manager is not running: the command is queued until 'tradewind run' executes it")
        }
        let deadline = ContinuousClock.now + .seconds(seconds)
        var hasFailed = false
        for command in commands {
            let row = try waitForEnd(of: command, until: deadline)
            switch row.status {
            case .executed: print("\(row.kind.rawValue) executed")
            case .failed, .superseded, .expired, .pending, .accepted:
                hasFailed = true
                printError("\(row.kind.rawValue) \(row.status.rawValue): \(row.error ?? "")")
            }
        }
        if hasFailed { throw ExitCodes.failed }
    }

    private func waitForEnd(of command: CommandRow, until deadline: ContinuousClock.Instant) throws
        -> CommandRow
    {
        while true {
            guard let row = try store.command(command.id) else {
                throw CommandLineError(ExitCodes.failed, "the command \(command.id) was deleted")
            }
            if row.status.isFinal { return row }
            guard ContinuousClock.now < deadline else {
                guard ManagerProbe.isRunning(home) else {
                    throw CommandLineError(
                        ExitCodes.unavailable,
                        "the manager is not running: the command stays \(row.status.rawValue) until 'tradewind run'"
                    )
                }
                throw CommandLineError(
                    ExitCodes.timeout,
                    "the command is still \(row.status.rawValue); the manager goes on with it (\(row.id))")
            }
            Thread.sleep(forTimeInterval: 0.002)
        }
    }
}
