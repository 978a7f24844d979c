import Testing
import TradingEngine
import TradingModel

@Suite struct PortfolioTests {
    private static let instruments = [
        Instrument(symbol: "A", token: InstrumentToken(1)),
        Instrument(symbol: "B", token: InstrumentToken(2), multiplier: Quantity("0.37")!),
        Instrument(symbol: "C", token: InstrumentToken(3), multiplier: Quantity(50)),
    ]

    private static func portfolio() -> Portfolio {
        Portfolio(instruments: instruments, startingCash: Money(1_000_000))
    }

    private func apply(
        _ portfolio: inout Portfolio, _ side: Side, _ quantity: String, _ price: String, fee: String = "0"
    ) -> Money {
        portfolio.apply(
            0, side: side, price: Price(price)!, quantity: Quantity(quantity)!, fee: Money(fee)!,
            mark: Price(price)!
        )!.realizedPnL
    }

    @Test func averagePriceIsWeightedWhenGrowingAndKeptWhenShrinking() {
        var portfolio = Self.portfolio()
        #expect(apply(&portfolio, .buy, "1", "100") == .zero)
        #expect(apply(&portfolio, .buy, "3", "104") == .zero)
        #expect(portfolio.position(0).averagePrice == Price(103))
        #expect(apply(&portfolio, .sell, "2", "110") == Money(14))
        #expect(portfolio.position(0).averagePrice == Price(103))
        #expect(portfolio.position(0).quantity == Quantity(2))
        #expect(portfolio.unrealizedPnL == Money(14))
    }

    @Test func averageIsRoundedHalfUpAndTheDifferenceIsRealisedAtOnce() {
        var portfolio = Self.portfolio()
        _ = apply(&portfolio, .buy, "1", "1")
        #expect(apply(&portfolio, .buy, "2", "2") == Money("0.00000001"))
        #expect(portfolio.position(0).averagePrice == Price("1.66666667"))
        #expect(apply(&portfolio, .sell, "3", "2") == Money("0.99999999"))
        #expect(portfolio.realizedPnL == Money(1))
        #expect(portfolio.cash == Money(1_000_001))
    }

    @Test func turningRealisesTheOldSideAndOpensTheNewOneAtItsPrice() {
        var portfolio = Self.portfolio()
        _ = apply(&portfolio, .sell, "2", "50")
        #expect(apply(&portfolio, .buy, "5", "45", fee: "0.5") == Money(10))
        #expect(portfolio.position(0).averagePrice == Price(45))
        #expect(portfolio.position(0).quantity == Quantity(3))
        #expect(portfolio.totals.roundTripCount == 1)
        #expect(portfolio.totals.winningRoundTripCount == 1)
        // Three of five units' fee belongs to the trip that began.
        #expect(portfolio.position(0).roundTripPnL == Money("-0.3"))
    }

    @Test func roundTripWinsOnlyWhenItsNetIsAboveZero() {
        var portfolio = Self.portfolio()
        _ = apply(&portfolio, .buy, "1", "100", fee: "0.6")
        _ = apply(&portfolio, .sell, "1", "101", fee: "0.4")
        #expect(portfolio.totals.roundTripCount == 1)
        #expect(portfolio.successRate == 0)
        _ = apply(&portfolio, .buy, "1", "100", fee: "0.5")
        _ = apply(&portfolio, .sell, "1", "101", fee: "0.4")
        #expect(portfolio.successRate == 0.5)
        #expect(portfolio.position(0).roundTripPnL == .zero)
    }

    @Test func drawdownIsMeasuredFromThePeak() {
        var portfolio = Self.portfolio()
        _ = apply(&portfolio, .buy, "10", "100")
        portfolio.mark(0, at: Price(110))
        portfolio.mark(0, at: Price(95))
        #expect(portfolio.peakEquity == Money(1_000_100))
        #expect(portfolio.drawdown == Money(150))
        portfolio.mark(0, at: Price(120))
        #expect(portfolio.drawdown == .zero)
        #expect(portfolio.maxDrawdown == Money(150))
    }

    @Test func markBeyondWhatMoneyHoldsIsRefused() {
        var portfolio = Self.portfolio()
        _ = apply(&portfolio, .buy, "1000", "1")
        let isMarked = portfolio.mark(0, at: Price(90_000_000_000))
        #expect(!isMarked)
        #expect(portfolio.equity == Money(1_000_000))
    }

    /// A random history with awkward prices, quantities and fees; three instruments.
    private struct History {
        var random: SeededGenerator
        var cash = Money(1_000_000)
        var marks = [Price](repeating: .zero, count: 3)

        mutating func step(_ portfolio: inout Portfolio) {
            let index = Int(random.next() % 3)
            let price = Price(e8: Int64(random.next() % 30_000_000_000) + 1)
            if random.next() % 3 == 0 {
                marks[index] = price
                portfolio.mark(index, at: price)
                return
            }
            let held = portfolio.position(index).quantity
            let side: Side = random.next() % 2 == 0 ? .buy : .sell
            var quantity = Quantity(e8: Int64(random.next() % 1_000_000_000) + 1)
            // Often exactly flat, so that round trips close.
            if !held.isZero, side == (held > .zero ? .sell : .buy), random.next() % 2 == 0 {
                quantity = held.magnitude
            }
            let fee = Money(e8: Int64(random.next() % 1_000_000) - 300_000)
            marks[index] = price
            _ = portfolio.apply(index, side: side, price: price, quantity: quantity, fee: fee, mark: price)
            let change = side == .buy ? quantity : -quantity
            cash =
                cash - fee
                - Money(
                    price: price, quantity: change, multiplier: PortfolioTests.instruments[index].multiplier)
        }

        /// Cash kept apart, plus positions at their marks.
        func worth(_ portfolio: borrowing Portfolio) -> Money {
            var sum = cash
            for index in 0..<3 {
                sum += Money(
                    price: marks[index], quantity: portfolio.position(index).quantity,
                    multiplier: PortfolioTests.instruments[index].multiplier)
            }
            return sum
        }
    }

    @Test(arguments: UInt64(1)...20)
    func moneyAddsUpToTheLastUnitInRandomHistories(seed: UInt64) {
        var portfolio = Self.portfolio()
        var history = History(random: SeededGenerator(seed: seed))
        for step in 0..<2_000 {
            history.step(&portfolio)
            #expect(portfolio.cash == history.cash, "seed \(seed) step \(step)")
            #expect(
                Money(1_000_000) + portfolio.realizedPnL + portfolio.unrealizedPnL - portfolio.fees
                    == history.worth(portfolio), "seed \(seed) step \(step)")
            #expect(portfolio.equity == history.worth(portfolio), "seed \(seed) step \(step)")
        }
        #expect(portfolio.totals.roundTripCount > 100)
    }

    @Test(arguments: UInt64(1)...10)
    func restoredPortfolioGoesOnAsTheUninterruptedOne(seed: UInt64) {
        var whole = Self.portfolio()
        var history = History(random: SeededGenerator(seed: seed))
        for _ in 0..<500 { history.step(&whole) }
        var restored = Self.portfolio()
        restored.restore(
            totals: whole.totals,
            positions: whole.positions.map { (Int($0.token.rawValue) - 1, $0) })
        #expect(restored.cash == whole.cash)
        for index in 0..<3 { restored.mark(index, at: history.marks[index]) }
        #expect(restored.equity == whole.equity)
        var copy = history
        for _ in 0..<500 {
            history.step(&whole)
            copy.step(&restored)
        }
        #expect(restored.positions == whole.positions)
        #expect(restored.totals == whole.totals)
        #expect(restored.cash == whole.cash)
        #expect(restored.equity == whole.equity)
        #expect(restored.realizedPnL == whole.realizedPnL)
    }

    /// Four thousand short histories: turning positions, odd multipliers, rebates.
    @Test func moneyAddsUpInThousandsOfHistories() {
        var turnedCount: UInt64 = 0
        for seed in UInt64(1_000)..<5_000 {
            var portfolio = Self.portfolio()
            var history = History(random: SeededGenerator(seed: seed))
            for _ in 0..<60 { history.step(&portfolio) }
            let equity = portfolio.equity
            let isExact =
                equity == history.worth(portfolio) && portfolio.cash == history.cash
                && Money(1_000_000) + portfolio.realizedPnL + portfolio.unrealizedPnL - portfolio.fees
                    == equity
            #expect(isExact, "seed \(seed)")
            turnedCount += portfolio.totals.roundTripCount
        }
        #expect(turnedCount > 10_000)
    }

    /// Fills at the edge of what an account holds are refused whole, and nothing traps or changes.
    @Test(arguments: UInt64(1)...200)
    func fillsBeyondTheRangeAreRefusedAndChangeNothing(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var portfolio = Self.portfolio()
        var refusedCount = 0
        for _ in 0..<200 {
            let index = Int(random.next() % 3)
            let price = Price(e8: Int64(random.next() >> (1 + random.next() % 60)) | 1)
            let quantity = Quantity(e8: Int64(random.next() >> (1 + random.next() % 60)) | 1)
            let side: Side = random.next() % 2 == 0 ? .buy : .sell
            let before = (portfolio.account, portfolio.position(index), portfolio.totals)
            let outcome = portfolio.apply(
                index, side: side, price: price, quantity: quantity, fee: .zero, mark: price)
            if outcome == nil {
                refusedCount += 1
                #expect(
                    before == (portfolio.account, portfolio.position(index), portfolio.totals), "seed \(seed)"
                )
            }
            portfolio.mark(index, at: Price(e8: Int64(random.next() >> (1 + random.next() % 60)) | 1))
            #expect(
                Money(1_000_000) + portfolio.realizedPnL + portfolio.unrealizedPnL - portfolio.fees
                    == portfolio.equity, "seed \(seed)")
        }
        #expect(refusedCount > 0)
    }
}
