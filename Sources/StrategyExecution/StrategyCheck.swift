package import TradingEngine
import TradingModel

/// Checks a strategy's settings without starting it, with the same rules as its executor.
package enum StrategyCheck {
    /// Throws what the executor would refuse: all violations of parameters, account settings and limits.
    ///
    /// Whether the instruments exist is not checked, because a feed may bring them later. `isTrying` also makes the
    /// strategy, which checks what its parameters mean together; the manager does not run anybody's code.
    package static func check(
        _ strategy: any Strategy.Type, configJSON: String, limitsJSON: String?, isTrying: Bool = true
    ) throws {
        let configuration = try StrategyConfiguration(json: configJSON)
        let limits = try StrategyConfiguration.scalars(json: limitsJSON, column: "limits_json")
        var violations = ParameterViolations()
        func collect(_ step: () throws -> Void) throws {
            do {
                try step()
            } catch let found as ParameterViolations {
                for violation in found.list { violations.add(violation.name, violation.message) }
            }
        }
        try collect {
            let parameters = try ParameterValues.resolve(
                strategy.parameters, from: configuration.parameters)
            if isTrying { _ = try strategy.init(parameters: parameters) }
        }
        try collect { _ = try configuration.venueSettings() }
        try collect { _ = try RiskLimits(inputs: limits.filter { !ProcessLimits.names.contains($0.name) }) }
        _ = ProcessLimits(inputs: limits) { violations.add($0, $1) }
        guard violations.isEmpty else { throw violations }
        guard !configuration.instruments.isEmpty else {
            throw ExecutionError(
                .configuration, #"no instruments: set "instruments" in config_json, such as ["BTCUSDT"]"#)
        }
    }

    /// Throws when changes of parameters cannot be made; while it runs, only live ones can.
    package static func checkUpdate(
        _ strategy: any Strategy.Type, configJSON: String, parametersJSON: String, isRunning: Bool,
        isTrying: Bool = true
    ) throws {
        let configuration = try StrategyConfiguration(json: configJSON)
        let current = try ParameterValues.resolve(strategy.parameters, from: configuration.parameters)
        let changes = try StrategyConfiguration.scalars(json: parametersJSON, column: "parameters")
        let next = try ParameterValues.resolve(strategy.parameters, from: changes, base: current)
        if isTrying { _ = try strategy.init(parameters: next) }
        let frozen = ParameterValues.nonLiveChanges(strategy.parameters, from: current, to: next)
        guard frozen.isEmpty || !isRunning else {
            throw ExecutionError(
                .configuration,
                "\(frozen.joined(separator: ", ")) cannot change while it runs: set it with 'strategies set' or in "
                    + "config_json, and restart the strategy")
        }
    }
}
