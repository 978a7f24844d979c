import Testing
import TradingEngine
import TradingModel

@Suite struct AccountCurrencyTests {
    private static let dollars = Instrument(symbol: "SPX", currency: "USD")
    private static let euros = Instrument(symbol: "DAX", multiplier: Quantity(25), currency: "EUR")

    private func settings(_ inputs: (String, String)...) throws -> AccountSettings {
        try AccountSettings(inputs: inputs.map { (name: $0.0, text: $0.1) })
    }

    @Test func severalCurrenciesNeedRates() throws {
        let error = #expect(throws: EngineError.self) {
            try settings().currency.valued([Self.dollars, Self.euros])
        }
        #expect(error?.context.contains("SPX is in USD and DAX in EUR") == true)
        let missing = #expect(throws: EngineError.self) {
            try settings(("currency", "USD")).currency.valued([Self.dollars, Self.euros])
        }
        #expect(missing?.context.contains("add a rate, such as rates=EUR=1.1") == true)
        #expect(try settings().currency.valued([Self.euros]) == [Self.euros], "one currency needs none")
    }

    @Test func instrumentInAnotherCurrencyIsValuedAtItsRate() throws {
        let settings = try settings(("currency", "USD"), ("rates", "EUR=1.08, JPY=0.0067"))
        let valued = try settings.currency.valued([Self.dollars, Self.euros])
        #expect(valued[0] == Self.dollars)
        #expect(valued[1].multiplier == Quantity(27) && valued[1].currency == "USD")
        var portfolio = Portfolio(instruments: valued, startingCash: Money(100_000))
        _ = portfolio.apply(
            1, side: .buy, price: Price(10), quantity: Quantity(2), fee: Money(1), mark: Price(10))
        portfolio.mark(1, at: Price(12))
        // 2 × 25 × 2 euros are 100 euros.
        #expect(portfolio.unrealizedPnL == Money(108))
        #expect(portfolio.equity == Money(100_107))
        #expect(portfolio.cash == Money(100_000 - 540 - 1))
    }

    @Test func wrongSettingsAreToldAllAtOnce() {
        let violations = #expect(throws: ParameterViolations.self) {
            try settings(
                ("currency", "dollars"), ("rates", "EUR=x"), ("taker_fee", "5"), ("makr_fee", "0"))
        }
        #expect(
            violations?.list.map(\.name).sorted() == ["currency", "makr_fee", "rates", "taker_fee"])
        let own = #expect(throws: ParameterViolations.self) {
            try settings(("currency", "USD"), ("rates", "USD=1"))
        }
        #expect(own?.list.first?.message == "USD is the account's own currency")
    }
}
