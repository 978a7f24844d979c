import Testing
import TradingEngine
import TradingModel

@Suite struct ParameterValuesTests {
    private static let declarations: [ParameterDeclaration] = [
        .integer("length", default: 10, range: 1...500, help: "Prices"),
        .number("width", default: 2, range: 0.5...4, isLive: true),
        .decimal("quantity", default: Quantity("0.1")!, range: Quantity(e8: 1)...Quantity(100), isLive: true),
        .flag("is_fast", default: false),
        .choice("mode", default: "calm", choices: ["calm", "ta\"\\\u{1}m"]),
    ]

    private func resolve(
        _ inputs: [(name: String, text: String)], base: ParameterValues? = nil
    ) throws(ParameterViolations) -> ParameterValues {
        try ParameterValues.resolve(Self.declarations, from: inputs, base: base)
    }

    @Test func defaultsHoldWhereNothingIsGiven() throws {
        let values = try resolve([])
        #expect(values == ParameterValues(defaults: Self.declarations))
        #expect(values.integer("length") == 10)
        #expect(values.number("width") == 2)
        #expect(values.decimal("quantity") == Quantity("0.1"))
        #expect(values.price("quantity") == Price("0.1"))
        #expect(!values.flag("is_fast"))
        #expect(values.choice("mode") == "calm")
    }

    @Test func inputsGoOverTheBaseWhichGoesOverDefaults() throws {
        let base = try resolve([("length", "20"), ("width", "3")])
        let values = try resolve([("length", "30"), ("is_fast", "yes")], base: base)
        #expect(values.entries.map(\.text) == ["30", "3.0", "0.1", "true", "calm"])
        #expect(values.changes(from: base) == ["length", "is_fast"])
        #expect(
            ParameterValues.nonLiveChanges(Self.declarations, from: base, to: values) == [
                "length", "is_fast",
            ])
        let live = try resolve([("quantity", "7")], base: base)
        #expect(ParameterValues.nonLiveChanges(Self.declarations, from: base, to: live).isEmpty)
    }

    @Test func allViolationsAreReportedAtOnce() {
        let violations = #expect(throws: ParameterViolations.self) {
            try resolve([
                ("lenght", "5"), ("length", "0"), ("width", "wide"), ("width", "2"),
                ("quantity", "0.000000001"),
                ("mode", "wild"), ("completely_else", "1"), ("is_fast", "perhaps"),
            ])
        }
        #expect(
            violations?.description
                == "lenght: is unknown, did you mean length?; length: 0 is not within 1...500; "
                + "width: 'wide' is not a valid number; width: is given more than once; "
                + "quantity: '0.000000001' is not a valid decimal; "
                + "mode: wild is not within calm, ta\"\\\u{1}m; "
                + "completely_else: is unknown, known are length, width, quantity, is_fast, mode; "
                + "is_fast: 'perhaps' is not a valid flag")
    }

    @Test(arguments: ["inf", "nan", "0x1p1", "", "1,5", " 2"])
    func numberMustBePlainDecimal(text: String) {
        #expect(throws: ParameterViolations.self) { try resolve([("width", text)]) }
    }

    @Test func jsonHasAllValuesInOrderExactAndEscaped() throws {
        let values = try resolve([("mode", "ta\"\\\u{1}m"), ("quantity", "12.00000001"), ("width", "0.5")])
        #expect(
            values.jsonText
                == #"{"length":10,"width":0.5,"quantity":12.00000001,"is_fast":false,"mode":"ta\"\\\u0001m"}"#
        )
    }

    @Test func declarationDescribesItself() {
        let texts = Self.declarations.map {
            "\($0.name) \($0.kind) \($0.defaultText) [\($0.rangeText)] \($0.isLive)"
        }
        #expect(texts[0] == "length integer 10 [1...500] false")
        #expect(texts[1] == "width number 2.0 [0.5...4.0] true")
        #expect(texts[2] == "quantity decimal 0.1 [0.00000001...100] true")
        #expect(texts[3] == "is_fast flag false [true, false] false")
        #expect(Self.declarations[0].help == "Prices")
    }
}
