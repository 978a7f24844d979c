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

/// An order as its strategy sees it.
@frozen
public struct Order: Equatable, Sendable, BitwiseCopyable {
    public var id: OrderID
    public var token: InstrumentToken
    public var side: Side
    public var type: OrderType
    public var timeInForce: TimeInForce
    /// Refuse rather than take liquidity; only for orders with a limit price.
    public var isPostOnly: Bool
    /// Never grow or turn the position.
    public var isReduceOnly: Bool
    /// Whether the trigger price of a stop or if-touched order has been reached.
    public var isTriggered: Bool
    public var status: OrderStatus
    /// The limit price; zero for types without one.
    public var price: Price
    /// Where a stop or if-touched order comes to life; zero for types without a trigger, and for a trailing stop
    /// until the venue has set it.
    public var triggerPrice: Price
    /// How far a trailing stop stays behind the market.
    public var trailingOffset: TrailingOffset?
    /// The whole quantity, positive.
    public var quantity: Quantity
    /// What has filled so far.
    public var filledQuantity: Quantity
    /// Engine time at which the strategy sent it.
    public var createdAt: Timestamp
    /// When a DAY or GTD order ends.
    public var expireTime: Timestamp?
    /// The list it belongs to, such as a bracket.
    public var link: OrderLink?
    /// The strategy's own mark; the engine does not look at it.
    public var tag: OrderTag

    public init(
        id: OrderID, token: InstrumentToken, side: Side, type: OrderType, timeInForce: TimeInForce = .gtc,
        isPostOnly: Bool = false, isReduceOnly: Bool = false, isTriggered: Bool = false, price: Price = .zero,
        triggerPrice: Price = .zero, trailingOffset: TrailingOffset? = nil, quantity: Quantity,
        filledQuantity: Quantity = .zero, status: OrderStatus = .initialized, createdAt: Timestamp,
        expireTime: Timestamp? = nil, link: OrderLink? = nil, tag: OrderTag = OrderTag()
    ) {
        self.id = id
        self.token = token
        self.side = side
        self.type = type
        self.timeInForce = timeInForce
        self.isPostOnly = isPostOnly
        self.isReduceOnly = isReduceOnly
        self.isTriggered = isTriggered
        self.price = price
        self.triggerPrice = triggerPrice
        self.trailingOffset = trailingOffset
        self.quantity = quantity
        self.filledQuantity = filledQuantity
        self.status = status
        self.createdAt = createdAt
        self.expireTime = expireTime
        self.link = link
        self.tag = tag
    }

    /// What has not filled yet; zero when the venue filled more than was asked for.
    @inlinable public var remainingQuantity: Quantity { max(quantity - filledQuantity, .zero) }
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

/// A change of what an order asks for: by its strategy, by a trailing trigger, or by the list it belongs to.
public struct OrderModification: Equatable, Sendable {
    public var id: OrderID
    public var price: Price
    public var triggerPrice: Price
    public var quantity: Quantity
    /// The order's status after it.
    public var status: OrderStatus
    /// `modified` when the strategy asked for it, `trailed` for a trailing trigger, `linked` for a list.
    public var reason: String

    public init(
        id: OrderID, price: Price, triggerPrice: Price, quantity: Quantity, status: OrderStatus,
        reason: String
    ) {
        self.id = id
        self.price = price
        self.triggerPrice = triggerPrice
        self.quantity = quantity
        self.status = status
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

/// What an order asks for and may be changed while it works.
@frozen
public struct OrderTerms: Equatable, Sendable, BitwiseCopyable {
    /// The limit price; zero for types without one.
    public var price: Price
    /// Zero for types without a trigger.
    public var triggerPrice: Price
    /// The whole quantity, filled part included.
    public var quantity: Quantity

    public init(price: Price, triggerPrice: Price, quantity: Quantity) {
        self.price = price
        self.triggerPrice = triggerPrice
        self.quantity = quantity
    }
}

extension Order {
    /// What it asks for now.
    @inlinable public var terms: OrderTerms {
        get { OrderTerms(price: price, triggerPrice: triggerPrice, quantity: quantity) }
        set {
            price = newValue.price
            triggerPrice = newValue.triggerPrice
            quantity = newValue.quantity
        }
    }
}

extension OrderModification {
    /// What the order asks for after it.
    public var terms: OrderTerms { OrderTerms(price: price, triggerPrice: triggerPrice, quantity: quantity) }
}
