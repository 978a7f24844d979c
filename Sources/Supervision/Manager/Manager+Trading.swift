import ControlPlane
import Foundation
import MessageBus
import TradingModel

extension Manager {
    /// What a strategy may trade: the stricter of its own state and that of all.
    func tradingState(of strategyID: String) -> TradingStateRow {
        let own = tradingStates[strategyID] ?? TradingStateRow()
        let all = tradingStates[ControlStore.allStrategies] ?? TradingStateRow()
        return own.state < all.state ? all : own
    }

    /// Remembers what an accepted command has written, before the database is read again.
    func noteTradingState(of command: CommandRow) {
        guard let state = command.kind.tradingState else { return }
        let document =
            try? JSONSerialization.jsonObject(with: Data(command.parameters.utf8)) as? [String: Any]
        let reason = document?["reason"] as? String ?? "by \(command.issuer)"
        let scope = command.strategyID ?? ControlStore.allStrategies
        if state == .active { tradingResumedAt[scope] = command.acceptedAt ?? WallClock.now }
        tradingStates[scope] = state == .active ? nil : TradingStateRow(state: state, reason: reason)
    }

    /// Tells a running strategy what it may trade; one that does not run learns it at its next start.
    func trade(_ process: ManagedProcess, commandID: String) {
        guard process.machine.hasProcess else { return finish(commandID, .executed, for: process) }
        process.openTrading.append(commandID)
        sendTradingState(commandID, to: process)
    }

    func sendTradingState(_ commandID: String?, to process: ManagedProcess) {
        guard let id = process.strategy?.id else { return }
        let row = tradingState(of: id)
        send(
            "trading", to: process, commandID: commandID,
            parameters: ["state": row.state.rawValue, "reason": row.reason])
    }

    /// When an operator last resumed a strategy's trading, by itself or as one of all; `nil` for never.
    func tradingResumedAt(of strategyID: String) -> Timestamp? {
        [strategyID, ControlStore.allStrategies].compactMap { tradingResumedAt[$0] }.max()
    }

    /// A limit on losses was breached: put on record, and a halt is made to last. The strategy repeats it until it hears that
    /// its halt is known.
    func noteBreach(_ alarm: String, state: String?, of process: ManagedProcess) {
        let isHalt = state == TradingState.halted.rawValue
        if isHalt, let row = process.strategy, tradingStates[row.id]?.reason == alarm {
            return sendTradingState(nil, to: process)
        }
        note("ALARM: \(alarm)", of: process)
        guard let row = process.strategy, isHalt else { return }
        let halted = TradingStateRow(state: .halted, reason: alarm)
        tradingStates[row.id] = halted
        sendTradingState(nil, to: process)
        let now = WallClock.now
        store?.enqueue("the trading state of \(row.name)") {
            try $0.setTradingState(row.id, halted, at: now)
        }
    }

    // MARK: - Limits

    /// Sends the limits of orders that a running strategy does not have yet.
    func bringLimits(to process: ManagedProcess) {
        guard process.machine.isReady, let row = process.strategy, process.sentLimits != row.limitsJSON else {
            return
        }
        process.areLimitsOpen = true
        sendLimits(to: process)
    }

    func sendLimits(to process: ManagedProcess) {
        guard let row = process.strategy else { return }
        process.sentLimits = row.limitsJSON
        send(
            "limits", to: process, commandID: "\(Self.limitsPrefix)\(row.configGeneration)",
            parameters: ConfigurationJSON.scalars(row.limitsJSON))
    }

    /// How the ids of messages begin that are no commands of the database.
    static let limitsPrefix = "limits-"

    /// The strategy has taken its limits, or refused them and goes on with the old ones.
    func acknowledgeLimits(error: String?, by process: ManagedProcess) {
        process.areLimitsOpen = false
        note(error.map { "limits refused, the old ones stay: \($0)" } ?? "limits in force", of: process)
    }
}
