import ControlPlane
import TradingModel

extension Manager {
    /// Why a command cannot be applied to a strategy; called on the store thread within the accepting transaction.
    static func refusal(
        of command: CommandRow, for strategy: StrategyRow, _ catalog: StrategyCatalog
    ) -> String? {
        // Another executable has to be asked itself: it refuses by ending with exit code 78.
        guard strategy.modulePath == nil else { return nil }
        if command.kind == .restart, DeploymentParameters(command.parameters) != nil { return nil }
        switch command.kind {
        case .start, .restart:
            return catalog.problem(strategy.className, strategy.configJSON, strategy.limitsJSON)
        case .update:
            return catalog.updateProblem(
                strategy.className, strategy.configJSON, command.parameters, strategy.status.isLive)
        case .stop, .pause, .resume, .flatten, .halt, .reduce, .resumeTrading: return nil
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
        noteTradingState(of: command)
        guard stopping == nil else { return }
        let refusals = accepted.refusals.map { "\($0.strategyName): \($0.reason)" }
        let ended = tracker.begin(
            command.id, targets: accepted.targets.map(\.id), isForAll: command.strategyID == nil,
            failures: refusals)
        if let ended { return end(ended) }
        for target in accepted.targets {
            guard let process = executors[target.id] else { continue }
            let before = process.strategy?.configJSON ?? target.configJSON
            process.role = .executor(process.current(target, after: command))
            apply(command, to: process, before: before)
        }
    }

    private func apply(_ command: CommandRow, to process: ManagedProcess, before: String) {
        let id = command.id
        if leftOverIDs.contains(id) { resumeDeployment(command, of: process) }
        switch command.kind {
        case .start: apply(.operatorStart(commandID: id), to: process)
        case .stop: apply(.operatorStop(commandID: id), to: process)
        case .restart where isRestarted(process, by: id): apply(.operatorStart(commandID: id), to: process)
        case .restart: apply(.operatorRestart(commandID: id), to: process)
        case .pause: apply(.operatorPause(commandID: id), to: process)
        case .resume: apply(.operatorResume(commandID: id), to: process)
        case .update: update(process, commandID: id, before: before)
        case .flatten: flatten(process, command)
        case .halt, .reduce, .resumeTrading: trade(process, commandID: id)
        }
    }

    /// Whether an earlier manager had started the new process of a restart already; it only has to be ready.
    private func isRestarted(_ process: ManagedProcess, by commandID: String) -> Bool {
        guard leftOverIDs.contains(commandID), process.machine.hasProcess, let row = process.strategy,
            let generation = process.restartGeneration
        else { return false }
        return generation >= row.restartGeneration
    }

    /// Sends a running strategy all of its stored parameters; one that does not run takes them at its next start.
    private func update(_ process: ManagedProcess, commandID: String, before: String) {
        guard process.machine.hasProcess else { return finish(commandID, .executed, for: process) }
        process.openUpdates.append((commandID, before))
        sendUpdate(commandID, to: process)
    }

    private func flatten(_ process: ManagedProcess, _ command: CommandRow) {
        guard process.machine.isReady else {
            return flattenAtGateway(process, commandID: command.id, because: "is not running")
        }
        let open = OpenFlatten(
            commandID: command.id, seconds: ConfigurationJSON.scalars(command.parameters)["seconds"])
        process.openFlattens.append(open)
        send("flatten", to: process, commandID: open.commandID, parameters: open.parameters)
        watchFlatten(process, commandID: open.commandID)
    }

    private func sendUpdate(_ commandID: String, to process: ManagedProcess) {
        guard let row = process.strategy else { return }
        send(
            "update", to: process, commandID: commandID,
            parameters: ConfigurationJSON(row.configJSON).parameters)
    }

    /// Sends again what an executor may not have heard, because it was not on the bus; hearing it twice is harmless.
    func repeatOpenRequests(_ process: ManagedProcess) {
        for update in process.openUpdates { sendUpdate(update.commandID, to: process) }
        for id in process.openTrading { sendTradingState(id, to: process) }
        if process.areLimitsOpen { sendLimits(to: process) }
        for open in process.openFlattens {
            send("flatten", to: process, commandID: open.commandID, parameters: open.parameters)
        }
    }

    /// Puts back the configuration that a refused update had changed, unless somebody has changed it since.
    func takeBack(_ update: (commandID: String, before: String), of process: ManagedProcess) {
        guard let row = process.strategy else { return }
        edit(
            .configJSON(from: row.configJSON, to: update.before), of: process,
            as: "the configuration of \(row.name)")
    }
}
