/// The fingerprint of all that a strategy did: every order, update and fill of a session in order.
///
/// Two runs with the same ticks, parameters and seed have the same hash in any process; it leaves out what may
/// rightly differ between them (strategy id, epoch, wall clock). 64-bit FNV-1a over 8-byte words.
@frozen
public struct OrderLogHash: Equatable, Sendable, CustomStringConvertible {
    /// The hash so far.
    public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    /// Begins with the seed of the run's random numbers, so that runs with different seeds never look alike.
    public init(seed: UInt64) { combine(seed) }

    /// Sixteen hexadecimal digits.
    public var description: String { Self.digits(value) }

    /// The same of a value alone.
    package static func digits(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Adds an order as it was sent or denied.
    public mutating func combine(_ order: Order) {
        combine(1, order.id.count, order.token, order.createdAt)
        combine(UInt64(order.side.rawValue) << 8 | UInt64(order.type.rawValue))
        combine(
            UInt64(order.timeInForce.rawValue) << 2 | (order.isPostOnly ? 2 : 0)
                | (order.isReduceOnly ? 1 : 0))
        combine(UInt64(bitPattern: order.price.e8))
        combine(UInt64(bitPattern: order.quantity.e8))
        if !order.triggerPrice.isZero { combine(UInt64(bitPattern: order.triggerPrice.e8)) }
        switch order.trailingOffset {
        case .price(let distance): combine(UInt64(bitPattern: distance.e8))
        case .ticks(let count): combine(1 << 62 | UInt64(bitPattern: Int64(count)))
        case .basisPoints(let count): combine(1 << 61 | UInt64(bitPattern: Int64(count)))
        case nil: break
        }
        if let time = order.expireTime { combine(UInt64(bitPattern: time.nanoseconds)) }
        if let link = order.link {
            combine(UInt64(link.listID.count) << 32 | UInt64(link.parentID?.count ?? 0))
            combine(link.isOneCancelsOther ? 1 : 0)
        }
        if !order.tag.isEmpty {
            combine(order.tag.low)
            combine(order.tag.high)
        }
    }

    /// Adds a change of what an order asks for at its engine time.
    public mutating func combine(_ change: OrderModification, time: Timestamp) {
        combine(4, change.id.count, .feedWide, time)
        combine(UInt64(change.status.rawValue))
        combine(UInt64(bitPattern: change.price.e8))
        combine(UInt64(bitPattern: change.triggerPrice.e8))
        combine(UInt64(bitPattern: change.quantity.e8))
    }

    /// Adds a status change at its engine time.
    public mutating func combine(_ update: OrderUpdate, time: Timestamp) {
        combine(2, update.id.count, .feedWide, time)
        combine(UInt64(update.status.rawValue))
        combine(UInt64(bitPattern: update.filledQuantity.e8))
        for byte in update.reason.utf8 { combine(UInt64(byte)) }
    }

    /// Adds an execution.
    public mutating func combine(_ fill: Fill) {
        combine(3, fill.orderID.count, fill.token, fill.time)
        combine(UInt64(fill.side.rawValue) << 8 | UInt64(fill.liquidity.rawValue))
        combine(UInt64(bitPattern: fill.price.e8))
        combine(UInt64(bitPattern: fill.quantity.e8))
        combine(UInt64(bitPattern: fill.fee.e8))
        combine(UInt64(bitPattern: fill.realizedPnL.e8))
        combine(UInt64(bitPattern: fill.positionAfter.e8))
    }

    private mutating func combine(_ tag: UInt64, _ count: UInt32, _ token: InstrumentToken, _ time: Timestamp)
    {
        combine(tag << 32 | UInt64(count))
        combine(UInt64(token.rawValue))
        combine(UInt64(bitPattern: time.nanoseconds))
    }

    private mutating func combine(_ word: UInt64) { value = (value ^ word) &* 0x100_0000_01B3 }
}
