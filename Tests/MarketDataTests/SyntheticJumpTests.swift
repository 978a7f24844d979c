import MarketData
import Testing
import TradingModel

@Suite struct SyntheticJumpTests {
    /// The largest relative changes between two quotes of a market of an hour, the largest first.
    private func changes(jumpsPerHour: Double) throws -> [Double] {
        var options = SyntheticOptions()
        options.seed = 11
        options.rate = 10
        options.jumpsPerHour = jumpsPerHour
        options.jumpSize = 0.05
        var market = try SyntheticMarket(options: options)
        var mids: [Double] = []
        for _ in 0..<36_000 {
            let event = market.next(beginning: .epoch)
            if event.kind == .quote { mids.append(event.quote.mid.doubleValue) }
        }
        return zip(mids, mids.dropFirst()).map { abs($1 / $0 - 1) }.sorted(by: >)
    }

    @Test func pricesJumpAboutAsOftenAsAskedFor() throws {
        #expect(try changes(jumpsPerHour: 0)[0] < 0.002)
        let jumping = try changes(jumpsPerHour: 20)
        #expect((8...32).contains(jumping.count { $0 > 0.005 }))
        #expect(jumping[0] > 0.03)
        #expect(try changes(jumpsPerHour: 20) == jumping)
    }

    @Test(arguments: [(-1.0, 0.01), (40_000, 0.01), (1, -0.1), (1, 0.6)])
    func jumpsOutOfRangeAreRefused(_ perHour: Double, _ size: Double) {
        var options = SyntheticOptions()
        options.jumpsPerHour = perHour
        options.jumpSize = size
        #expect(throws: MarketDataError.self) { try options.validate() }
    }
}
