import ArgumentParser
import ControlPlane
import Foundation
import Monitoring
import Supervision

/// `tradewind status`
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What runs, what it earns and what it costs.")

    @OptionGroup var home: HomeOptions
    @Flag(name: .long, help: "Print JSON.") var json = false
    @Flag(name: .long, help: "Print it again every second, until Ctrl-C.") var watch = false

    func run() throws {
        try reporting {
            repeat {
                // The screen is written over, unless the output goes elsewhere.
                let isScreen = watch && isatty(STDOUT_FILENO) == 1
                try printOnce(isScreen ? "\u{1b}[H\u{1b}[2J" : "")
                if watch { Thread.sleep(forTimeInterval: 1) }
            } while watch
        }
    }

    private func printOnce(_ before: String) throws {
        let directory = try home.directory()
        let store = try home.open(.reader)
        let feeds = Dictionary(try store.feeds().map { ($0.name, $0.id) }) { $1 }
        let report = try StatusReport(
            home: directory.path, managerProcessID: ManagerProbe.pid(directory),
            store: store, bus: BusReading.statistics(socketPath: directory.busSocketPath),
            servicePID: { role, name in
                let lock = role == "feed" ? "feed-\(feeds[name] ?? "")" : role
                let holder = InstanceLock.holder(path: directory.instanceLockPath(lock))
                return holder.flatMap { $0.identity.isAlive ? $0.identity.pid : nil }
            },
            isAlive: { instance in
                ProcessIdentity(
                    pid: instance.pid, startTime: UInt64(instance.processStartTime),
                    bootID: instance.bootID
                ).isAlive
            })
        if json { try printJSON(report) } else { print(before + report.text()) }
    }
}
