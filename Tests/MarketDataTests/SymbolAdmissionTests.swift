import Testing
import TradingModel

@testable import MarketData

/// Which symbols that nobody named become instruments.
@Suite struct SymbolAdmissionTests {
    private static let model = Instrument(
        symbol: "", category: "desk", priceIncrement: Price(e8: 1_000_000), currency: "EUR")

    private func admission(_ countMax: Int = 10) -> SymbolAdmission {
        SymbolAdmission(model: Self.model, known: [Instrument(symbol: "ALPHA")], countMax: countMax)
    }

    private func admit(_ symbol: String, _ admission: inout SymbolAdmission) -> SymbolAdmission.Verdict {
        admission.admit(symbol, token: InstrumentToken(symbol: symbol))
    }

    @Test func newSymbolIsAnInstrumentLikeTheModelAndKnownFromThenOn() {
        var admission = admission()
        let verdict = admit("BTC/USD", &admission)
        let expected = Instrument(
            symbol: "BTC/USD", category: "desk", priceIncrement: Price(e8: 1_000_000), currency: "EUR")
        #expect(verdict == .new(expected))
        let again = admit("BTC/USD", &admission)
        let named = admit("ALPHA", &admission)
        #expect(again == .known && named == .known)
    }

    @Test(arguments: ["", " ", "A B", "A\tB", "A\u{7F}", "A\u{A0}B", String(repeating: "x", count: 65)])
    func whatIsNoSymbolIsRefused(_ symbol: String) {
        var admission = admission()
        guard case .refused(let reason) = admit(symbol, &admission) else {
            Issue.record("'\(symbol)' became an instrument")
            return
        }
        #expect(reason.hasSuffix("is no symbol"))
    }

    @Test func symbolsBeyondTheBoundAreRefusedAndTheOthersGoOn() {
        var admission = admission(2)
        guard case .new = admit("BETA", &admission) else {
            Issue.record("BETA was refused")
            return
        }
        let third = admit("GAMMA", &admission)
        #expect(third == .refused("symbol GAMMA is one more than symbols_max, 2"))
        let known = admit("BETA", &admission)
        #expect(known == .known)
    }

    @Test func tokenOfAnotherSymbolIsRefused() {
        var admission = admission()
        let verdict = admission.admit("BETA", token: InstrumentToken(symbol: "ALPHA"))
        #expect(verdict == .refused("symbol BETA has the token of ALPHA"))
        let feedWide = admission.admit("ZERO", token: .feedWide)
        #expect(feedWide == .refused("'ZERO' is no symbol"))
    }
}
