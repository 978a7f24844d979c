import ControlPlane
import TradingModel

/// A moment for tests, and later ones by whole seconds.
func moment(_ second: Int64 = 0) -> Timestamp { Timestamp(seconds: 1_780_000_000 + second) }

/// Fills and orders of one epoch, alternating over two instruments, in journal order from a sequence.
struct JournalFixture {
    private(set) var sequence: UInt64 = 0
    private(set) var fillCount: UInt32 = 0
    let epoch: UInt32

    init(epoch: UInt32 = 1) { self.epoch = epoch }

    mutating func entry(_ record: JournalRecord) -> JournalEntry {
        sequence += 1
        return JournalEntry(
            sequence: sequence, epoch: epoch, time: Timestamp(nanoseconds: Int64(sequence) * 1_000_000),
            record: record)
    }

    mutating func fill() -> JournalEntry {
        fillCount += 1
        return entry(
            .fill(
                Fill(
                    count: fillCount, orderID: OrderID(epoch: epoch, count: fillCount),
                    token: InstrumentToken(1 + fillCount % 2), side: .buy, liquidity: .taker,
                    price: Price(100),
                    quantity: Quantity(1), fee: Money(e8: 5), realizedPnL: Money(e8: 7),
                    positionAfter: Quantity(Int(fillCount + 1) / 2), averagePriceAfter: Price(100),
                    time: Timestamp(nanoseconds: Int64(fillCount) * 1_000_000))))
    }

    mutating func order() -> JournalEntry {
        entry(
            .orderSubmitted(
                Order(
                    id: OrderID(epoch: epoch, count: fillCount + 1), token: InstrumentToken(1), side: .sell,
                    type: .limit, timeInForce: .ioc, isPostOnly: true, price: Price(101),
                    quantity: Quantity(2),
                    status: .submitted, createdAt: moment())))
    }

    mutating func update(_ status: OrderStatus, filled: Int = 0, reason: String = "") -> JournalEntry {
        entry(
            .orderUpdated(
                OrderUpdate(
                    id: OrderID(epoch: epoch, count: fillCount + 1), status: status,
                    filledQuantity: Quantity(filled), reason: reason)))
    }

    func cursor(offset: UInt64) -> JournalCursor {
        JournalCursor(fileNumber: epoch, offset: offset, epoch: epoch, sequence: sequence)
    }
}
