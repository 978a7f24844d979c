import Testing

@testable import Supervision

@Suite struct ConfigurationJSONTests {
    @Test func instrumentsKeepTheirOrder() {
        #expect(ConfigurationJSON(#"{"instruments": ["B", "A"]}"#).instruments == ["B", "A"])
        #expect(ConfigurationJSON("{}").instruments.isEmpty)
        #expect(ConfigurationJSON(#"{"instruments": "B"}"#).instruments.isEmpty)
    }

    @Test(arguments: [
        ("1", "1"), ("0", "0"), ("-7", "-7"), ("9223372036854775807", "9223372036854775807"), ("0.1", "0.1"),
        ("0.00000001", "0.00000001"), ("2.5", "2.5"), ("true", "true"), ("false", "false"),
        (#""x y""#, "x y"),
        (#""1""#, "1"), (#""true""#, "true"), (#""""#, ""),
    ])
    func scalarBecomesTheTextThatGivesItBack(json: String, text: String) {
        let configuration = ConfigurationJSON("{\"parameters\": {\"p\": \(json)}}")
        #expect(configuration.parameters == ["p": text])
        #expect(ConfigurationJSON.scalars("{\"p\": \(json)}") == ["p": text])
    }

    @Test func membersThatAreNoScalarsAreLeftOut() {
        let json = #"{"a": 1, "b": [1], "c": {"d": 2}, "e": null}"#
        #expect(ConfigurationJSON.scalars(json) == ["a": "1"])
    }

    @Test(arguments: ["", "{", "[]", "7", "null"])
    func otherTextsHaveNoMembers(json: String) {
        #expect(ConfigurationJSON(json).parameters.isEmpty && ConfigurationJSON(json).instruments.isEmpty)
        #expect(ConfigurationJSON.scalars(json).isEmpty)
    }
}
