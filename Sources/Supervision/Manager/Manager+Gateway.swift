import ControlPlane
import GatewayProtocol
import NIOCore
import TradingModel

/// Taking a strategy out of the market at its order gateway, where its own process cannot: it is dead, or it hangs.
extension Manager {
    /// Flattens a strategy whose process does not run; fails where its orders do not go to a gateway.
    func flattenAtGateway(_ process: ManagedProcess, commandID: String, because reason: String) {
        guard let row = process.strategy, let socket = ConfigurationJSON(row.configJSON).gatewaySocket else {
            return finish(commandID, .failed(reason), for: process)
        }
        note("\(reason): its order gateway is asked to flatten it", of: process)
        let bound = NIOLoopBound((self, process), eventLoop: eventLoop)
        GatewayControl.ask(
            .flatten(takeOut(of: process, row)), socketPath: socket, seconds: Limits.gatewaySeconds,
            eventLoop: eventLoop
        ).whenComplete { result in
            let (manager, process) = bound.value
            manager.finish(commandID, Self.outcome(result), for: process)
        }
    }

    private static func outcome(_ result: Result<GatewayAnswer.Done, any Error>)
        -> CommandTracker.TargetResult
    {
        switch result {
        case .success(let done) where done.positions.isEmpty: return .executed
        case .success(let done):
            let positions = done.positions.map { "\($0.quantity) of \($0.symbol)" }.joined(separator: ", ")
            return .failed("the order gateway still holds \(positions): \(done.reason ?? "no reason given")")
        // It never traded there.
        case .failure(let error as GatewayError) where error.context == "unknown_strategy": return .executed
        case .failure(let error): return .failed("\(error)")
        }
    }

    /// After a while looks whether a flatten was answered; a process that hangs is flattened at its gateway.
    func watchFlatten(_ process: ManagedProcess, commandID: String) {
        guard let row = process.strategy, ConfigurationJSON(row.configJSON).gatewaySocket != nil else {
            return
        }
        let bound = NIOLoopBound((self, process), eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .seconds(Limits.flattenAnswerSeconds)) {
            let (manager, process) = bound.value
            guard let index = process.openFlattens.firstIndex(where: { $0.commandID == commandID }),
                manager.stopping == nil
            else { return }
            // A process that lives is at it: its orders may need a while to fill.
            guard process.machine.health != .ok else {
                return manager.watchFlatten(process, commandID: commandID)
            }
            process.openFlattens.remove(at: index)
            manager.flattenAtGateway(process, commandID: commandID, because: "does not answer")
        }
    }

    /// Takes back the orders of a strategy whose process has ended or cannot be ended, where its limits want that.
    ///
    /// Repeated while the gateway cannot be reached and no new process has taken over.
    func cancelAfterDeath(of process: ManagedProcess, attempt: Int = 1) {
        guard process.limits.cancelsOnDeath, let row = process.strategy,
            let socket = ConfigurationJSON(row.configJSON).gatewaySocket
        else { return }
        let request = takeOut(of: process, row)
        let epoch = process.machine.epoch
        let bound = NIOLoopBound((self, process), eventLoop: eventLoop)
        GatewayControl.ask(
            .cancelAll(request), socketPath: socket, seconds: Limits.gatewaySeconds, eventLoop: eventLoop
        ).whenComplete { result in
            let (manager, process) = bound.value
            switch result {
            case .success(let done):
                manager.note("its order gateway took \(done.canceledCount) orders back", of: process)
            case .failure(let error as GatewayError) where error.context == "unknown_strategy": break
            case .failure(let error):
                guard attempt < Limits.gatewayAttemptsMax, process.machine.epoch == epoch,
                    manager.stopping == nil
                else {
                    return manager.note("ALARM: its orders may still be open: \(error)", of: process)
                }
                manager.eventLoop.scheduleTask(in: .seconds(1)) {
                    let (manager, process) = bound.value
                    manager.cancelAfterDeath(of: process, attempt: attempt + 1)
                }
            }
        }
    }

    /// Whoever hung must not go on where it was: orders of this process and earlier ones are rejected from then on.
    private func takeOut(of process: ManagedProcess, _ row: StrategyRow) -> GatewayRequest.TakeOut {
        let epoch = process.machine.epoch
        return GatewayRequest.TakeOut(request: 1, strategy: row.id, epoch: epoch > 0 ? epoch : nil)
    }
}
