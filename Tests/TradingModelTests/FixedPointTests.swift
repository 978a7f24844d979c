import Testing
import TradingModel

@Suite struct FixedPointTests {
    @Test(arguments: [
        ("0", 0), ("1", 100_000_000), ("-1.5", -150_000_000), ("+0.00000001", 1), (".5", 50_000_000),
        ("5.", 500_000_000), ("1.100000000000", 110_000_000), ("92233720368.54775807", Int64.max),
    ])
    func textIsReadExactly(text: String, e8: Int64) { #expect(Price(text)?.e8 == e8) }

    @Test(arguments: [
        "", "-", ".", "1.2.3", "1e5", " 1", "1 ", "0.000000001", "92233720368.54775808", "NaN", "1,5",
    ])
    func anythingElseIsRefused(text: String) { #expect(Price(text) == nil) }

    @Test func textSurvivesARoundTrip() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<10_000 {
            let value = Price(e8: Int64(bitPattern: random.next()) >> Int64(random.next() % 60))
            #expect(Price(value.description) == value)
        }
    }

    @Test(arguments: [(7, 5, 5, 10), (-7, 5, -10, -5), (10, 5, 10, 10), (3, 0, 3, 3)])
    func roundingGoesToTheIncrement(value: Int64, increment: Int64, down: Int64, up: Int64) {
        #expect(Price(e8: value).roundedDown(to: Price(e8: increment)).e8 == down)
        #expect(Price(e8: value).roundedUp(to: Price(e8: increment)).e8 == up)
    }

    @Test(arguments: [
        ("5e-05", "0.00005"), ("-1.25e-3", "-0.00125"), ("1e+16", "10000000000000000"), ("1.5e2", "150"),
        ("1.2345e2", "123.45"), ("12.5", "12.5"), ("1e", "1e"), ("text", "text"),
    ])
    func exponentsAreWrittenOut(text: String, expected: String) {
        #expect(FixedPointText.withoutExponent(text) == expected)
    }

    @Test func productsRoundHalfAwayFromZero() {
        let half = Quantity(e8: 50_000_000)
        #expect(Money(price: Price(e8: 1), quantity: half).e8 == 1)
        #expect(Money(price: Price(e8: 1), quantity: -half).e8 == -1)
        #expect(Money(price: Price(e8: 1), quantity: Quantity(e8: 49_999_999)).e8 == 0)
        #expect(Money(price: Price(100), quantity: Quantity(2), multiplier: Quantity(50)) == Money(10_000))
        #expect(Money(1000).times(rate: Quantity(e8: 40_000)) == Money(e8: 40_000_000))
    }
}
