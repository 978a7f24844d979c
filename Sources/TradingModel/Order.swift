/// The direction of an order, a fill or an aggressor.
@frozen
public enum Side: UInt8, Sendable, Hashable, BitwiseCopyable, Codable, CaseIterable, CustomStringConvertible {
    case buy = 1
    case sell = 2

    /// The other side.
    @inlinable public var opposite: Side { self == .buy ? .sell : .buy }

    /// 1 for buy, -1 for sell.
    @inlinable public var sign: Int { self == .buy ? 1 : -1 }

    public var description: String { self == .buy ? "buy" : "sell" }
}

/// How an order's price is decided.
@frozen
public enum OrderType: UInt8, Sendable, Hashable, BitwiseCopyable, CaseIterable, CustomStringConvertible {
    case market = 1
    case limit = 2

    public var description: String { self == .market ? "market" : "limit" }
}

/// How long an order works.
@frozen
public enum TimeInForce: UInt8, Sendable, Hashable, BitwiseCopyable, CaseIterable, CustomStringConvertible {
    /// Good till canceled.
    case gtc = 1
    /// Immediate or cancel: what does not fill at once is canceled.
    case ioc = 2
    /// Fill or kill: all at once or nothing.
    case fok = 3

    public var description: String {
        switch self {
        case .gtc: "GTC"
        case .ioc: "IOC"
        case .fok: "FOK"
        }
    }
}

/// The client's number of an order, made before it is sent: epoch of the process and count within it.
///
/// Unique within a strategy for ever, because an epoch is never used twice. Text form `epoch-count`.
@frozen
public struct OrderID: Hashable, Comparable, Sendable, BitwiseCopyable, CustomStringConvertible {
    /// Epoch in the upper 32 bits, count in the lower.
    public let rawValue: UInt64

    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    @inlinable public init(epoch: UInt32, count: UInt32) { rawValue = UInt64(epoch) << 32 | UInt64(count) }

    /// The process that made it.
    @inlinable public var epoch: UInt32 { UInt32(rawValue >> 32) }
    /// Its number within that process, from 1.
    @inlinable public var count: UInt32 { UInt32(truncatingIfNeeded: rawValue) }

    @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    public var description: String { "\(epoch)-\(count)" }
}

/// Where an order stands.
@frozen
public enum OrderStatus: UInt8, Sendable, Hashable, BitwiseCopyable, CaseIterable, CustomStringConvertible {
    /// Made, not yet checked.
    case initialized = 1
    /// Refused by our own risk checks; never left the process.
    case denied = 2
    /// Sent to the venue.
    case submitted = 3
    /// Refused by the venue.
    case rejected = 4
    /// Working at the venue.
    case accepted = 5
    /// Working, with a part filled.
    case partiallyFilled = 6
    /// Complete.
    case filled = 7
    /// A cancel is under way.
    case pendingCancel = 8
    /// Taken back.
    case canceled = 9
    /// Ended by its time in force.
    case expired = 10

    /// Whether nothing more can happen to the order.
    @inlinable public var isFinal: Bool {
        switch self {
        case .denied, .rejected, .filled, .canceled, .expired: true
        case .initialized, .submitted, .accepted, .partiallyFilled, .pendingCancel: false
        }
    }

    /// The word used in SQL, on the command line and in logs.
    public var description: String {
        switch self {
        case .initialized: "initialized"
        case .denied: "denied"
        case .submitted: "submitted"
        case .rejected: "rejected"
        case .accepted: "accepted"
        case .partiallyFilled: "partially_filled"
        case .filled: "filled"
        case .pendingCancel: "pending_cancel"
        case .canceled: "canceled"
        case .expired: "expired"
        }
    }
}

/// An order as its strategy sees it.
@frozen
public struct Order: Equatable, Sendable {
    public var id: OrderID
    public var token: InstrumentToken
    public var side: Side
    public var type: OrderType
    public var timeInForce: TimeInForce
    /// Refuse rather than take liquidity; limit orders only.
    public var isPostOnly: Bool
    /// Never grow or turn the position.
    public var isReduceOnly: Bool
    /// The limit price; zero for market orders.
    public var price: Price
    /// The whole quantity, positive.
    public var quantity: Quantity
    /// What has filled so far.
    public var filledQuantity: Quantity
    public var status: OrderStatus
    /// Engine time at which the strategy sent it.
    public var createdAt: Timestamp

    public init(
        id: OrderID, token: InstrumentToken, side: Side, type: OrderType, timeInForce: TimeInForce = .gtc,
        isPostOnly: Bool = false, isReduceOnly: Bool = false, price: Price = .zero, quantity: Quantity,
        filledQuantity: Quantity = .zero, status: OrderStatus = .initialized, createdAt: Timestamp
    ) {
        self.id = id
        self.token = token
        self.side = side
        self.type = type
        self.timeInForce = timeInForce
        self.isPostOnly = isPostOnly
        self.isReduceOnly = isReduceOnly
        self.price = price
        self.quantity = quantity
        self.filledQuantity = filledQuantity
        self.status = status
        self.createdAt = createdAt
    }

    /// What has not filled yet.
    @inlinable public var remainingQuantity: Quantity { quantity - filledQuantity }
}

/// A change of an order's status.
public struct OrderUpdate: Equatable, Sendable {
    public var id: OrderID
    public var status: OrderStatus
    public var filledQuantity: Quantity
    /// Why, for denied, rejected, canceled and expired; a standard code such as `max_position` or empty.
    public var reason: String

    public init(id: OrderID, status: OrderStatus, filledQuantity: Quantity, reason: String = "") {
        self.id = id
        self.status = status
        self.filledQuantity = filledQuantity
        self.reason = reason
    }
}

/// Whether a fill added to or took from the book.
@frozen
public enum Liquidity: UInt8, Sendable, Hashable, BitwiseCopyable, CustomStringConvertible {
    case maker = 1
    case taker = 2

    public var description: String { self == .maker ? "maker" : "taker" }
}

/// An execution of an order, and what it did to the account.
@frozen
public struct Fill: Equatable, Sendable {
    /// The fill's number within its epoch, from 1.
    public var count: UInt32
    public var orderID: OrderID
    public var token: InstrumentToken
    public var side: Side
    public var liquidity: Liquidity
    public var price: Price
    /// Positive.
    public var quantity: Quantity
    /// Paid when positive, received when negative; already part of cash.
    public var fee: Money
    /// Gross PnL that this fill realised.
    public var realizedPnL: Money
    /// Net position after the fill, negative when short.
    public var positionAfter: Quantity
    /// Average entry price after the fill; zero when flat.
    public var averagePriceAfter: Price
    public var time: Timestamp

    public init(
        count: UInt32, orderID: OrderID, token: InstrumentToken, side: Side, liquidity: Liquidity,
        price: Price,
        quantity: Quantity, fee: Money, realizedPnL: Money, positionAfter: Quantity, averagePriceAfter: Price,
        time: Timestamp
    ) {
        self.count = count
        self.orderID = orderID
        self.token = token
        self.side = side
        self.liquidity = liquidity
        self.price = price
        self.quantity = quantity
        self.fee = fee
        self.realizedPnL = realizedPnL
        self.positionAfter = positionAfter
        self.averagePriceAfter = averagePriceAfter
        self.time = time
    }
}
