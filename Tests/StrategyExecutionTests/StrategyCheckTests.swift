import StrategyExecution
import Testing
import TradingEngine

@Suite struct StrategyCheckTests {
    private let good = #"{"instruments": ["AAA"], "parameters": {"pace": 4}, "venue": {"latency_ms": 5}}"#

    @Test func goodSettingsPass() throws {
        try StrategyCheck.check(
            RandomTrader.self, configJSON: good, limitsJSON: #"{"max_position": "10"}"#)
        try StrategyCheck.check(RandomTrader.self, configJSON: good, limitsJSON: nil)
    }

    @Test func allViolationsOfParametersVenueAndLimitsAreToldAtOnce() throws {
        let json = """
            {"instruments": ["AAA"], "parameters": {"pace": 0, "lot": "x", "sell": true},
             "venue": {"latency_ms": -1, "fee": 0}}
            """
        let violations = try #require(throws: ParameterViolations.self) {
            try StrategyCheck.check(
                RandomTrader.self, configJSON: json, limitsJSON: #"{"max_position": -1, "max": 1}"#)
        }
        #expect(
            violations.list.map(\.name) == [
                "lot", "pace", "sell", "fee", "latency_ms", "max", "max_position",
            ])
        #expect(violations.list[2].message.contains("sells"), "the nearest name: \(violations.list[2])")
    }

    @Test func valuesThatDoNotFitTogetherAreRefused() throws {
        let json = #"{"instruments": ["AAA"], "parameters": {"pace": 1, "sells": false}}"#
        let violations = try #require(throws: ParameterViolations.self) {
            try StrategyCheck.check(RandomTrader.self, configJSON: json, limitsJSON: nil)
        }
        #expect(violations.list.map(\.name) == ["pace"])
    }

    @Test func missingInstrumentsAreRefused() throws {
        let error = try #require(throws: ExecutionError.self) {
            try StrategyCheck.check(RandomTrader.self, configJSON: "{}", limitsJSON: nil)
        }
        #expect(error.code == .configuration && error.context.hasPrefix("no instruments"))
    }

    @Test func liveParameterMayChangeWhileRunning() throws {
        try update(#"{"pace": 9}"#, isRunning: true)
        // The value it has already is no change.
        try update(#"{"lot": 2, "pace": 9}"#, isRunning: true)
    }

    @Test func otherParameterMayChangeOnlyWhileNotRunning() throws {
        let error = try #require(throws: ExecutionError.self) {
            try update(#"{"lot": 3, "pace": 9, "sells": false}"#, isRunning: true)
        }
        #expect(error.context.hasPrefix("lot, sells cannot change while it runs"))
        try update(#"{"lot": 3, "pace": 9, "sells": false}"#, isRunning: false)
    }

    @Test(arguments: [#"{"pace": 11}"#, #"{"speed": 1}"#, #"{"pace": "fast"}"#])
    func wrongUpdateIsRefusedRunningOrNot(parameters: String) throws {
        for isRunning in [true, false] {
            #expect(throws: ParameterViolations.self) { try update(parameters, isRunning: isRunning) }
        }
    }

    @Test func updateIsCheckedAgainstTheConfiguredValues() throws {
        // Alone it would be fine; with the configured pace of 1 it is not.
        #expect(throws: ParameterViolations.self) {
            try StrategyCheck.checkUpdate(
                RandomTrader.self, configJSON: #"{"parameters": {"pace": 1}}"#,
                parametersJSON: #"{"sells": false}"#, isRunning: false)
        }
    }

    private func update(_ parameters: String, isRunning: Bool) throws {
        try StrategyCheck.checkUpdate(
            RandomTrader.self, configJSON: good, parametersJSON: parameters, isRunning: isRunning)
    }
}
