import Testing
import TradingEngine
import TradingModel

/// Random histories beside an account that does it all the plain way: every value anew at every step, peaks, drawdowns and
/// floors by comparison. Several instruments, multipliers, an account currency, whole and broken quantities.
@Suite struct PortfolioMarkTests {
    /// The plain account.
    private struct Plain {
        var cash: Money
        var quantities = [Quantity](repeating: .zero, count: 3)
        var marks = [Price](repeating: .zero, count: 3)
        var multipliers: [Quantity]
        var peak: Money
        var riskPeak: Money
        var dayStart: Money
        var maxDrawdown = Money.zero
        var daily: Money?
        var drawdownLimit: Money?
        var isFloorReached = false

        init(_ instruments: [Instrument], cash: Money) {
            self.cash = cash
            multipliers = instruments.map(\.multiplier)
            (peak, riskPeak, dayStart) = (cash, cash, cash)
        }

        var equity: Money {
            var sum = cash
            for index in 0..<3 {
                sum += Money(
                    price: marks[index], quantity: quantities[index], multiplier: multipliers[index])
            }
            return sum
        }

        var isAtFloor: Bool {
            let equity = equity
            return daily.map { dayStart - equity >= $0 } == true
                || drawdownLimit.map { riskPeak - equity >= $0 } == true
        }

        mutating func note() {
            let equity = equity
            peak = max(peak, equity)
            maxDrawdown = max(maxDrawdown, peak - equity)
            riskPeak = max(riskPeak, equity)
            if isAtFloor { isFloorReached = true }
        }
    }

    private static func instruments() throws -> [Instrument] {
        let settings = try AccountSettings(
            inputs: [("currency", "USD"), ("rates", "EUR=1.08, JPY=0.0067")].map { (name: $0.0, text: $0.1) })
        return try settings.currency.valued([
            Instrument(symbol: "A", token: InstrumentToken(1)),
            Instrument(symbol: "B", token: InstrumentToken(2), multiplier: Quantity(25), currency: "EUR"),
            Instrument(symbol: "C", token: InstrumentToken(3), multiplier: Quantity(50), currency: "JPY"),
        ])
    }

    /// One step: mostly marks, since they are what a backtest does; else a fill, or a change of limits or of the day.
    private func step(_ portfolio: inout Portfolio, _ plain: inout Plain, _ random: inout SeededGenerator) {
        let index = random.next() % 4 == 0 ? Int(random.next() % 3) : 0
        // Near the last one, so that the same bounds hold for a while.
        let base = plain.marks[index].isZero ? Price(100) : plain.marks[index]
        let price = Price(e8: max(base.e8 + Int64(random.next() % 40_000_001) - 20_000_000, 1_000_000))
        switch random.next() % 24 {
        case 0:
            let side: Side = random.next() % 2 == 0 ? .buy : .sell
            var quantity = Quantity(Int(random.next() % 9) + 1)
            if random.next() % 4 == 0 { quantity = Quantity(e8: Int64(random.next() % 500_000_000) + 1) }
            let held = plain.quantities[index]
            if !held.isZero, side == (held > .zero ? .sell : .buy), random.next() % 2 == 0 {
                quantity = held.magnitude
            }
            let fee = Money(e8: Int64(random.next() % 1_000_000) - 200_000)
            _ = portfolio.apply(index, side: side, price: price, quantity: quantity, fee: fee, mark: price)
            let change = side == .buy ? quantity : -quantity
            plain.cash =
                plain.cash - fee
                - Money(price: price, quantity: change, multiplier: plain.multipliers[index])
            plain.quantities[index] += change
            plain.marks[index] = price
            plain.note()
        case 1 where random.next() % 8 == 0:
            plain.daily = random.next() % 3 == 0 ? nil : Money(Int(random.next() % 200) + 1)
            plain.drawdownLimit = random.next() % 3 == 0 ? nil : Money(Int(random.next() % 200) + 1)
            portfolio.setLossLimits(daily: plain.daily, drawdown: plain.drawdownLimit)
            plain.isFloorReached = plain.isAtFloor
        case 2 where random.next() % 8 == 0:
            portfolio.beginDay()
            plain.dayStart = plain.equity
            plain.isFloorReached = plain.isAtFloor
        default:
            portfolio.mark(index, at: price)
            plain.marks[index] = price
            plain.note()
        }
    }

    @Test(arguments: UInt64(1)...300)
    func marksAreWhatTheyAreThePlainWay(seed: UInt64) throws {
        let instruments = try Self.instruments()
        var portfolio = Portfolio(instruments: instruments, startingCash: Money(10_000))
        var plain = Plain(instruments, cash: Money(10_000))
        var random = SeededGenerator(seed: seed)
        for step in 0..<1_500 {
            self.step(&portfolio, &plain, &random)
            let isSame =
                portfolio.cash == plain.cash && portfolio.equity == plain.equity
                && portfolio.peakEquity == plain.peak && portfolio.maxDrawdown == plain.maxDrawdown
                && portfolio.drawdown == plain.peak - plain.equity
                && portfolio.isFloorReached == plain.isFloorReached
            #expect(isSame, "seed \(seed) step \(step)")
            guard isSame else { return }
            let unrealized = (0..<3).reduce(Money.zero) { sum, index in
                let position = portfolio.position(index)
                func value(_ price: Price) -> Money {
                    Money(
                        price: price, quantity: position.quantity, multiplier: plain.multipliers[index])
                }
                return sum + value(plain.marks[index]) - value(position.averagePrice)
            }
            #expect(portfolio.unrealizedPnL == unrealized, "seed \(seed) step \(step)")
        }
    }

    /// The short way of marks ends where money does.
    @Test func onlyPositionBeyondWhatMoneyHoldsKeepsItsLastMark() {
        var portfolio = Portfolio(
            instruments: [Instrument(symbol: "A", token: InstrumentToken(1))], startingCash: Money(1_000))
        _ = portfolio.apply(
            0, side: .buy, price: Price(1), quantity: Quantity(100), fee: .zero, mark: Price(1))
        let isMarked = portfolio.mark(0, at: Price(2))
        #expect(isMarked)
        for price in [Price(e8: .max), Price(90_000_000_000), Price(300_000_000)] {
            let isTooMuch = !portfolio.mark(0, at: price)
            #expect(isTooMuch)
            #expect(portfolio.equity == Money(1_100) && portfolio.unrealizedPnL == Money(100))
        }
        let isMarkedAgain = portfolio.mark(0, at: Price(200_000_000))
        #expect(isMarkedAgain)
        #expect(portfolio.equity == Money(20_000_000_900))
    }
}
