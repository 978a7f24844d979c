import ControlPlane
import StrategyExecution

/// Checks an update against the class of a strategy, when this executable has it.
struct UpdateCheck {
    let registry: AppRegistry

    /// Throws with all violations.
    func check(_ row: StrategyRow, _ inputs: [(name: String, text: String)]) throws {
        guard row.modulePath == nil, let strategy = registry.strategy(named: row.className) else { return }
        try StrategyCheck.checkUpdate(
            strategy, configJSON: row.configJSON,
            parametersJSON: JSONText.object(inputs.map { ($0.name, $0.text) }),
            isRunning: row.status.isLive, isTrying: true)
    }
}
