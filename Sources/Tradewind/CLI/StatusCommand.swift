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
            let report = try StatusReport(
                home: directory.path, managerProcessID: ManagerProbe.pid(directory),
                store: home.open(.reader), bus: BusReading.statistics(socketPath: directory.busSocketPath),
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
