import ControlPlane
import TradingModel

extension Manager {
    /// Why a command cannot be applied to a strategy; called on the store thread within the accepting transaction.
    static func refusal(
        of command: CommandRow, for strategy: StrategyRow, _ catalog: StrategyCatalog
    ) -> String? {
        // Another executable has to be asked itself: it refuses by ending with exit code 78.
        guard strategy.modulePath == nil else { return nil }
        switch command.kind {
        case .start, .restart:
            return catalog.problem(strategy.className, strategy.configJSON, strategy.limitsJSON)
        case .update:
            return catalog.updateProblem(
                strategy.className, strategy.configJSON, command.parameters, strategy.status.isLive)
        case .stop, .pause, .resume, .flatten: return nil
        }
    }

    /// Carries out a command that the database has accepted.
    func take(_ accepted: AcceptedCommand) {
        let command = accepted.command
        for id in accepted.supersededIDs { tracker.forget(id) }
        settings.report(
            "command \(command.kind.rawValue) for \(accepted.targets.map(\.name).joined(separator: ", ")) "
                + (command.status == .failed ? "refused: \(command.error ?? "")" : "accepted"))
        guard command.status == .accepted else { return }
        guard stopping == nil else { return }
        let refusals = accepted.refusals.map { "\($0.strategyName): \($0.reason)" }
        let ended = tracker.begin(
            command.id, targets: accepted.targets.map(\.id), isForAll: command.strategyID == nil,
            failures: refusals)
        if let ended { return end(ended) }
        for target in accepted.targets {
            let process = executor(target, lastEpoch: nil)
            process.role = .executor(target)
            apply(command, to: process)
        }
    }

    private func apply(_ command: CommandRow, to process: ManagedProcess) {
        let id = command.id
        switch command.kind {
        case .start: apply(.operatorStart(commandID: id), to: process)
        case .stop: apply(.operatorStop(commandID: id), to: process)
        case .restart: apply(.operatorRestart(commandID: id), to: process)
        case .pause: apply(.operatorPause(commandID: id), to: process)
        case .resume: apply(.operatorResume(commandID: id), to: process)
        case .update: update(process, commandID: id)
        case .flatten: flatten(process, commandID: id)
        }
    }

    /// Sends a running strategy all of its stored parameters; one that does not run takes them at its next start.
    private func update(_ process: ManagedProcess, commandID: String) {
        guard process.machine.hasProcess, let row = process.strategy else {
            return finish(commandID, .executed, for: process)
        }
        process.openUpdates.append(commandID)
        send(
            "update", to: process, commandID: commandID,
            parameters: ConfigurationJSON(row.configJSON).parameters)
    }

    private func flatten(_ process: ManagedProcess, commandID: String) {
        guard process.machine.isReady else {
            return finish(commandID, .failed("is not running"), for: process)
        }
        process.openFlattens.append(commandID)
        send("flatten", to: process, commandID: commandID)
    }
}
