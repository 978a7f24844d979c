import ArgumentParser
import ControlPlane
import Foundation
import Monitoring
import Supervision
import TradingModel

extension AlertsCommand {
    /// `tradewind alerts test`
    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Have the alerter tell a test to a rule's command and webhook.")

        @OptionGroup var home: HomeOptions
        @Argument(help: "The rule's name.") var name: String
        @Option(name: .long, help: "Wait for the outcome, at most so many seconds.") var wait: Double = 30

        func validate() throws {
            guard (0...1e6).contains(wait) else { throw ValidationError("--wait takes 0 to 1000000 seconds") }
        }

        func run() throws {
            try reporting {
                let directory = try home.directory()
                let store = try home.open(.client)
                let now = WallClock.now
                let ids = try store.insertTestDeliveries(of: name, at: now) {
                    AlertPayload.test($0, home: directory.path, at: now)
                }
                guard !ids.isEmpty else {
                    throw CommandLineError(
                        ExitCodes.failed,
                        "\(name) tells nobody: 'alerts set \(name) --webhook URL' or '--command PROGRAM'")
                }
                guard ManagerProbe.isRunning(directory) else {
                    throw CommandLineError(
                        ExitCodes.unavailable,
                        "no manager is running in \(directory.path): the test waits for one")
                }
                try follow(ids, store)
            }
        }

        private func follow(_ ids: [Int64], _ store: ControlStore) throws {
            let deadline = ContinuousClock.now + .seconds(wait)
            while true {
                let found = try store.deliveries(ids)
                // The first attempt says what is to be known; the alerter goes on trying.
                if found.allSatisfy({ $0.attempts > 0 || $0.status != .waiting }) {
                    for delivery in found {
                        let outcome =
                            delivery.status == .delivered ? "delivered" : delivery.lastError ?? "failed"
                        print("\(delivery.channel.rawValue) \(delivery.target): \(outcome)")
                    }
                    if found.contains(where: { $0.status != .delivered }) { throw ExitCodes.failed }
                    return
                }
                guard ContinuousClock.now < deadline else {
                    throw CommandLineError(ExitCodes.timeout, "nothing was heard of the test yet")
                }
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
    }
}
