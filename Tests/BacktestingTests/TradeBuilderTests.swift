import Testing
import TradingEngine
import TradingModel

@testable import Backtesting

@Suite struct TradeBuilderTests {
    @Test func longTripGoesFromItsEntryToItsExit() throws {
        let account = Account()
        account.fill(.buy, 2, at: 100, fee: 1, second: 10)
        account.fill(.sell, 2, at: 103, fee: 2, second: 20)
        let trade = try #require(account.onlyTrade)
        #expect(trade.side == .buy && trade.quantity == Quantity(2))
        #expect(trade.entryPrice == Price(100) && trade.exitPrice == Price(103))
        #expect(trade.entryTime == Timestamp(seconds: 10) && trade.exitTime == Timestamp(seconds: 20))
        #expect(trade.realizedPnL == Money(6) && trade.fees == Money(3) && trade.netPnL == Money(3))
    }

    @Test func shortTripEarnsFromAFall() throws {
        let account = Account()
        account.fill(.sell, 3, at: 50)
        account.fill(.buy, 3, at: 40)
        let trade = try #require(account.onlyTrade)
        #expect(trade.side == .sell && trade.quantity == Quantity(3))
        #expect(trade.entryPrice == Price(50) && trade.exitPrice == Price(40))
        #expect(trade.netPnL == Money(30))
    }

    @Test func severalEntriesAndExitsAreOneTripAtWeightedPrices() throws {
        let account = Account()
        account.fill(.buy, 1, at: 100, second: 1)
        account.fill(.buy, 3, at: 104, second: 2)
        account.fill(.sell, 2, at: 110, second: 3)
        account.fill(.buy, 1, at: 108, second: 4)
        #expect(account.builder.trades.isEmpty, "it is still open")
        account.fill(.sell, 3, at: 112, second: 5)
        let trade = try #require(account.onlyTrade)
        #expect(trade.quantity == Quantity(5))
        #expect(trade.entryPrice == Price(104), "(100 + 3 x 104 + 108) / 5")
        #expect(trade.exitPrice == Price("111.2"), "(2 x 110 + 3 x 112) / 5")
        #expect(trade.realizedPnL == Money(36))
        #expect(trade.entryTime == Timestamp(seconds: 1) && trade.exitTime == Timestamp(seconds: 5))
    }

    @Test func fillThroughFlatClosesOneTripAndOpensTheNextWithAShareOfTheFee() throws {
        let account = Account()
        account.fill(.buy, 2, at: 100, fee: 2, second: 1)
        account.fill(.sell, 6, at: 110, fee: 9, second: 2)
        let first = try #require(account.onlyTrade)
        #expect(first.quantity == Quantity(2) && first.exitPrice == Price(110))
        #expect(first.realizedPnL == Money(20))
        #expect(first.fees == Money(5), "2 for the entry, and a third of 9")
        account.fill(.buy, 4, at: 105, second: 3)
        #expect(account.builder.trades.count == 2)
        let second = try #require(account.builder.trades.last)
        #expect(second.side == .sell && second.quantity == Quantity(4))
        #expect(second.entryPrice == Price(110) && second.exitPrice == Price(105))
        #expect(second.entryTime == Timestamp(seconds: 2))
        #expect(second.realizedPnL == Money(20) && second.fees == Money(6))
    }

    @Test func instrumentsAreKeptApart() {
        let account = Account()
        account.fill(.buy, 1, at: 100, instrument: 0)
        account.fill(.sell, 1, at: 10, instrument: 1)
        account.fill(.buy, 1, at: 9, instrument: 1)
        account.fill(.sell, 1, at: 101, instrument: 0)
        #expect(account.builder.trades.map(\.token) == [InstrumentToken(2), InstrumentToken(1)])
        #expect(account.builder.trades.map(\.side) == [.sell, .buy])
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func tripsAndOpenRestAddUpToTheAccount(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let account = Account()
        for second in 0..<2_000 {
            let instrument = Int(random.next() % 2)
            let held = account.portfolio.position(instrument).quantity
            // Large positions are reduced, so that there are many trips.
            let side: Side =
                held.magnitude > Quantity(6)
                ? (held > .zero ? .sell : .buy) : random.next() % 2 == 0 ? .buy : .sell
            account.fill(
                side, Int(1 + random.next() % 5), at: Int(90 + random.next() % 20),
                fee: Int(random.next() % 3), second: Int64(second), instrument: instrument)
        }
        let trades = account.builder.trades
        let totals = account.portfolio.totals
        #expect(UInt64(trades.count) == totals.roundTripCount)
        #expect(trades.count { $0.netPnL > .zero } == Int(totals.winningRoundTripCount))
        let open = account.portfolio.positions.map(\.roundTripPnL).reduce(.zero, +)
        let closed = trades.map(\.netPnL).reduce(.zero, +)
        #expect(closed + open == account.portfolio.realizedPnL - account.portfolio.fees)
        #expect(trades.count > 200)
    }
}

/// Makes fills as an engine does, by booking them.
private final class Account {
    var builder = TradeBuilder()
    var portfolio = Portfolio(instruments: Account.instruments, startingCash: Money(10_000))
    private var count: UInt32 = 0

    private static let instruments = [
        Instrument(symbol: "AAA", token: InstrumentToken(1)),
        Instrument(symbol: "BBB", token: InstrumentToken(2)),
    ]

    var onlyTrade: BacktestTrade? { builder.trades.count == 1 ? builder.trades[0] : nil }

    func fill(
        _ side: Side, _ quantity: Int, at price: Int, fee: Int = 0, second: Int64 = 0, instrument: Int = 0
    ) {
        count += 1
        let outcome = portfolio.apply(
            instrument, side: side, price: Price(price), quantity: Quantity(quantity), fee: Money(fee),
            mark: Price(price))!
        builder.add(
            Fill(
                count: count, orderID: OrderID(epoch: 1, count: count),
                token: Account.instruments[instrument].token, side: side, liquidity: .taker,
                price: Price(price), quantity: Quantity(quantity), fee: Money(fee),
                realizedPnL: outcome.realizedPnL, positionAfter: outcome.position.quantity,
                averagePriceAfter: outcome.position.averagePrice, time: Timestamp(seconds: second)))
    }
}
