import StrategyExecution
import Supervision
import TradingEngine

extension StrategyCatalog {
    /// Answers the manager's questions from the strategies compiled into this executable.
    init(registry: AppRegistry) {
        self.init(
            problem: { className, configJSON, limitsJSON in
                Self.explain {
                    let strategy = try registry.requireStrategy(named: className)
                    try StrategyCheck.check(
                        strategy, configJSON: configJSON, limitsJSON: limitsJSON, isTrying: false)
                }
            },
            updateProblem: { className, configJSON, parametersJSON, isRunning in
                Self.explain {
                    let strategy = try registry.requireStrategy(named: className)
                    try StrategyCheck.checkUpdate(
                        strategy, configJSON: configJSON, parametersJSON: parametersJSON,
                        isRunning: isRunning,
                        isTrying: false)
                }
            })
    }

    private static func explain(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)"
        }
    }
}

extension AppRegistry {
    /// The strategy of a name; throws with the names there are.
    func requireStrategy(named name: String) throws -> any Strategy.Type {
        if let strategy = strategy(named: name) { return strategy }
        let known = strategies.map { $0.name }.joined(separator: ", ")
        throw ExecutionError(.configuration, "unknown strategy class '\(name)'; this program has: \(known)")
    }
}
