import StrategyExecution
import Testing

@Suite struct StrategyConfigurationTests {
    @Test func membersAreRead() throws {
        let configuration = try StrategyConfiguration(
            json: """
                {"instruments": ["BBB", "AAA"], "parameters": {"slow": 20, "fast": "10"},
                 "venue": {"taker_fee": 0.0004}, "seed": 18446744073709551615, "note": {"kept": "by people"}}
                """)
        #expect(configuration.instruments == ["BBB", "AAA"])
        #expect(configuration.parameters.map(\.name) == ["fast", "slow"], "by name")
        #expect(configuration.parameters.map(\.text) == ["10", "20"])
        #expect(configuration.venue.map(\.name) == ["taker_fee"])
        #expect(configuration.venue.map(\.text) == ["0.0004"])
        #expect(configuration.seed == .max)
    }

    @Test func everythingMayBeLeftOut() throws {
        let configuration = try StrategyConfiguration(json: "{}")
        #expect(configuration.instruments.isEmpty && configuration.parameters.isEmpty)
        #expect(configuration.venue.isEmpty && configuration.seed == 0)
    }

    @Test(arguments: [
        ("1", "1"), ("0", "0"), ("-7", "-7"), ("9223372036854775807", "9223372036854775807"), ("0.1", "0.1"),
        ("0.00000001", "0.00000001"), ("2.5", "2.5"), ("true", "true"), ("false", "false"),
        (#""x y""#, "x y"),
        (#""""#, ""), (#""0.10""#, "0.10"),
    ])
    func scalarBecomesTheTextThatGivesItBack(json: String, text: String) throws {
        let scalars = try StrategyConfiguration.scalars(json: "{\"p\": \(json)}", column: "parameters")
        #expect(scalars.map(\.name) == ["p"])
        #expect(scalars.map(\.text) == [text])
    }

    @Test(arguments: [
        (#"{"instruments": "AAA"}"#, "instruments"), (#"{"instruments": ["AAA", 5]}"#, "instruments"),
        (#"{"parameters": [1]}"#, "parameters"), (#"{"parameters": {"fast": [1]}}"#, "parameters.fast"),
        (#"{"parameters": {"fast": null}}"#, "parameters.fast"),
        (#"{"venue": {"latency_ms": {}}}"#, "venue.latency_ms"), (#"{"seed": -1}"#, "seed"),
        (#"{"seed": "one"}"#, "seed"),
    ])
    func wrongTypeIsRefusedByItsName(json: String, member: String) throws {
        let error = try #require(throws: ExecutionError.self) { try StrategyConfiguration(json: json) }
        #expect(error.code == .configuration)
        #expect(error.context.hasPrefix("config_json cannot be used: \(member)"), "\(error)")
    }

    @Test(arguments: ["", "{", "[]", "5", #"{"instruments": ["AAA"]"#, #"{"a": 1} x"#])
    func malformedTextIsRefused(json: String) throws {
        let error = try #require(throws: ExecutionError.self) { try StrategyConfiguration(json: json) }
        #expect(error.code == .configuration && error.context.hasPrefix("config_json cannot be used: "))
    }

    @Test(arguments: ["[1]", "nope", #"{"a": [1]}"#, #"{"a": null}"#])
    func malformedScalarsNameTheColumn(json: String) throws {
        let error = try #require(throws: ExecutionError.self) {
            try StrategyConfiguration.scalars(json: json, column: "limits_json")
        }
        #expect(error.context.hasPrefix("limits_json must be a JSON object") && error.context.hasSuffix(json))
    }

    @Test func missingScalarsAreNone() throws {
        #expect(try StrategyConfiguration.scalars(json: nil, column: "limits_json").isEmpty)
        #expect(try StrategyConfiguration.scalars(json: "", column: "limits_json").isEmpty)
    }
}
