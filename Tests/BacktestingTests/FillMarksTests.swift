import Testing
import TradingModel

@testable import Backtesting

@Suite struct FillMarksTests {
    /// Each instrument keeps its first fills, so that there may be more marks than the bound, and nothing to thin.
    @Test func manyInstrumentsKeepABuyAndASellEach() {
        var marks = FillMarks()
        for index in 0..<4_000 {
            marks.add(
                Fill(
                    count: UInt32(index), orderID: OrderID(epoch: 1, count: UInt32(index)),
                    token: InstrumentToken(UInt32(index / 2)), side: index % 2 == 0 ? .buy : .sell,
                    liquidity: .taker, price: Price(1), quantity: Quantity(1), fee: .zero, realizedPnL: .zero,
                    positionAfter: .zero, averagePriceAfter: .zero, time: Timestamp(seconds: Int64(index))))
        }
        #expect(marks.marks.count == 4_000 && marks.stride == 1)
    }

    /// Buys and sells in turns: thinning must not leave one side only.
    @Test(arguments: [10, 1_000, 5_000, 100_000]) func thinnedMarksHaveBothSidesOfEachInstrument(count: Int) {
        var marks = FillMarks()
        for index in 0..<count {
            marks.add(
                Fill(
                    count: UInt32(index), orderID: OrderID(epoch: 1, count: UInt32(index)),
                    token: InstrumentToken(UInt32(index / 2 % 2)), side: index % 2 == 0 ? .buy : .sell,
                    liquidity: .taker, price: Price(1), quantity: Quantity(1), fee: .zero, realizedPnL: .zero,
                    positionAfter: .zero, averagePriceAfter: .zero, time: Timestamp(seconds: Int64(index))))
        }
        #expect(marks.marks.count <= Limits.fillMarksMax && marks.marks.count * marks.stride >= count)
        for token in 0..<2 {
            for side in [Side.buy, .sell] {
                let kept = marks.marks.count { $0.token == InstrumentToken(UInt32(token)) && $0.side == side }
                #expect(abs(kept - marks.marks.count / 4) <= 1, "\(token) \(side)")
            }
        }
        #expect(marks.marks.map(\.time) == marks.marks.map(\.time).sorted())
    }
}
