import Testing
import TradingModel

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2020-02-22T00:00:01.096Z", 1_582_329_601_096_000_000),
        ("2020-02-22 00:00:01.096", 1_582_329_601_096_000_000), ("2020-02-22", 1_582_329_600_000_000_000),
        ("2020-02-21T19:00:01.096-05:00", 1_582_329_601_096_000_000),
        ("2020-02-22T05:30:01.096+0530", 1_582_329_601_096_000_000), ("1969-12-31T23:59:59.5Z", -500_000_000),
        ("2000-02-29T00:00:00.123456789Z", 951_782_400_123_456_789),
    ])
    func isoTextIsRead(text: String, nanoseconds: Int64) {
        #expect(Timestamp(iso8601: text)?.nanoseconds == nanoseconds)
    }

    @Test(arguments: [
        "", "2020", "2020-13-01", "2019-02-29", "2020-02-22T25:00:00Z", "2020-02-22T00:60:00Z",
        "2020-02-22T00:00:00X",
        "2020-02-22T00:00:00Z ", "2020-02-22T00:00:00.Z", "2020-2-2", "9999-01-01",
    ])
    func anythingElseIsRefused(text: String) { #expect(Timestamp(iso8601: text) == nil) }

    @Test func textSurvivesARoundTripOverFiveCenturies() {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<10_000 {
            let time = Timestamp(nanoseconds: Int64(bitPattern: random.next()) % 9_220_000_000_000_000_000)
            #expect(Timestamp(iso8601: time.iso8601(fractionDigits: 9)) == time)
        }
    }

    @Test func descriptionHasMilliseconds() {
        #expect(Timestamp(nanoseconds: 1_582_329_601_096_999_999).description == "2020-02-22T00:00:01.096Z")
    }
}
