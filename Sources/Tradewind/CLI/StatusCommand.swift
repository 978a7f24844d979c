import ArgumentParser
import ControlPlane
import Monitoring
import Supervision

/// `tradewind status`
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What runs, what it earns and what it costs.")

    @OptionGroup var home: HomeOptions
    @Flag(name: .long, help: "Print JSON.") var json = false

    func run() throws {
        try reporting {
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
            if json { try printJSON(report) } else { print(report.text()) }
        }
    }
}
