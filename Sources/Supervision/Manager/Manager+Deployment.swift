import ControlPlane
import Foundation
import NIOCore
import TradingModel

/// Which executable a strategy has proven to run from: what it goes back to when a new one does not become ready.
struct ProvenExecutable {
    /// The file, held open; `nil` when an earlier manager knew it.
    var executable: HeldExecutable?
    /// `module_path` as it was.
    var modulePath: String?
}

/// Hot deployment: a new executable takes effect at one strategy's restart, and is taken back when it does not work.
extension Manager {
    /// Notes before a start whether the executable is another one than that which was ready last.
    func beginTrial(of process: ManagedProcess) {
        guard let proven = process.proven, let row = process.strategy else { return }
        let path = row.modulePath ?? settings.executable
        if let executable = proven.executable {
            process.isOnTrial = FileIdentity(path: path) != executable.identity
        } else {
            process.isOnTrial = row.modulePath != proven.modulePath
        }
    }

    /// Notes what a process runs, and puts its hash on record when that is known.
    func noteExecutable(of process: ManagedProcess, pid: Int32, path: String) {
        guard let held = HeldExecutable(runningAs: pid, path: path) else { return process.executable = nil }
        // One descriptor for all processes of a file.
        let known = allProcesses.lazy.compactMap(\.executable).first { $0.identity == held.identity }
        let executable = known ?? held
        process.executable = executable
        guard let row = process.strategy else { return }
        let epoch = process.machine.epoch
        if let digest = executable.knownSHA256 { return record(digest, of: row, epoch: epoch) }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        hashing.async { [eventLoop] in
            guard let digest = try? executable.sha256() else { return }
            eventLoop.execute { bound.value.record(digest, of: row, epoch: epoch) }
        }
    }

    private func record(_ digest: String, of row: StrategyRow, epoch: UInt32) {
        store?.enqueue("the hash of instance \(epoch) of \(row.name)", subject: "hash \(row.id)") {
            try $0.setInstanceBinary(strategyID: row.id, epoch: epoch, sha256: digest)
        }
    }

    /// The process is ready: its executable is the one to go back to from now on.
    func endTrial(of process: ManagedProcess) {
        guard let row = process.strategy else { return }
        process.isOnTrial = false
        process.proven = ProvenExecutable(executable: process.executable, modulePath: row.modulePath)
    }

    /// Notes what a deployment that an earlier manager had begun has to go back to.
    func resumeDeployment(_ command: CommandRow, of process: ManagedProcess) {
        guard let previous = DeploymentParameters(command.parameters)?.previous[process.strategy?.id ?? ""],
            process.proven == nil
        else { return }
        process.proven = ProvenExecutable(executable: nil, modulePath: previous)
        process.isOnTrial = process.machine.status == .starting
    }

    /// Puts the previous executable back when the new one has not become ready; part of every event.
    func fallBackIfNeeded(_ process: ManagedProcess) {
        let machine = process.machine
        guard process.isOnTrial, machine.status == .backoff || machine.status == .error,
            machine.desired != .stopped, stopping == nil, let row = process.strategy,
            let proven = process.proven
        else { return }
        process.isOnTrial = false
        let failed = row.modulePath ?? settings.executable
        let reason = "\(failed) did not become ready: \(machine.reason)"
        guard let executable = proven.executable,
            FileIdentity(path: proven.modulePath ?? settings.executable) != executable.identity
        else { return fallBack(process, to: proven.modulePath, reason) }
        // Another file is there now. Copying takes a tenth of a second for a hundred megabytes, and is done beside this
        // loop; a start that comes due meanwhile waits for it.
        process.isCopying = true
        let bound = NIOLoopBound((self, process), eventLoop: eventLoop)
        let directory = settings.home.deploymentsDirectory
        let tried = row.modulePath
        hashing.async { [eventLoop] in
            let copied = Result { try executable.copy(to: directory) }
            eventLoop.execute {
                let (manager, process) = bound.value
                manager.didCopy(copied, of: process, tried: tried, reason)
            }
        }
    }

    private func didCopy(
        _ copied: Result<String, any Error>, of process: ManagedProcess, tried: String?, _ reason: String
    ) {
        process.isCopying = false
        switch copied {
        // Unless somebody has deployed yet another one meanwhile.
        case .success(let path):
            if process.strategy?.modulePath == tried { fallBack(process, to: path, reason) }
        case .failure(let error):
            report(process, "ALARM: \(reason); the previous executable cannot be put back: \(error)")
        }
        guard let (epoch, isPaused) = process.waitingSpawn else { return }
        process.waitingSpawn = nil
        spawn(process, epoch: epoch, isPaused: isPaused)
    }

    /// Puts the previous path into the row and starts from there.
    private func fallBack(_ process: ManagedProcess, to path: String?, _ reason: String) {
        guard let row = process.strategy else { return }
        edit(.modulePath(from: row.modulePath, to: path), of: process, as: "the executable of \(row.name)")
        report(process, "\(reason); back to \(path ?? settings.executable)")
        apply(.fellBack(reason: reason), to: process)
    }

    /// Deletes copies that no strategy names any more.
    func pruneDeployments(_ rows: [StrategyRow]) {
        let directory = settings.home.deploymentsDirectory
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for name in names {
            let prefix = directory + "/" + name + "/"
            guard !rows.contains(where: { $0.modulePath?.hasPrefix(prefix) ?? false }) else { continue }
            try? FileManager.default.removeItem(atPath: directory + "/" + name)
        }
    }
}

/// What a restart command says of a new executable.
struct DeploymentParameters {
    /// The executables before, by strategy id; noted by the database when the command was accepted.
    let previous: [String: String?]

    /// `nil` when the parameters name no executable.
    init?(_ json: String) {
        let object = (try? JSONSerialization.jsonObject(with: Data(json.utf8))) as? [String: Any] ?? [:]
        guard object["module_path"] != nil else { return nil }
        let members = object["previous_module_paths"] as? [String: Any] ?? [:]
        previous = members.mapValues { $0 as? String }
    }
}
