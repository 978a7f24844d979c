/// The net position in one instrument.
@frozen
public struct Position: Equatable, Sendable {
    public var token: InstrumentToken
    /// Negative when short.
    public var quantity: Quantity
    /// Average entry price; zero when flat.
    public var averagePrice: Price
    /// Gross PnL realised so far.
    public var realizedPnL: Money
    /// Fees paid so far, rebates subtracted.
    public var fees: Money
    /// Realised PnL minus fees of the round trip that is open; decides whether it was a win when it closes.
    public var roundTripPnL: Money

    public init(
        token: InstrumentToken, quantity: Quantity = .zero, averagePrice: Price = .zero,
        realizedPnL: Money = .zero, fees: Money = .zero, roundTripPnL: Money = .zero
    ) {
        self.token = token
        self.quantity = quantity
        self.averagePrice = averagePrice
        self.realizedPnL = realizedPnL
        self.fees = fees
        self.roundTripPnL = roundTripPnL
    }

    /// Whether nothing is held.
    @inlinable public var isFlat: Bool { quantity.isZero }
}

/// The totals of an account over all its sessions.
@frozen
public struct AccountTotals: Equatable, Sendable {
    public var startingCash: Money
    public var orderCount: UInt64
    public var fillCount: UInt64
    /// Times a position went back to flat (or through it).
    public var roundTripCount: UInt64
    /// Of those, how many ended with a net PnL above zero.
    public var winningRoundTripCount: UInt64
    /// Price times quantity times multiplier of all fills, which decides the tier of fees; stays at the end of its range.
    public var tradedNotional: Money

    public init(
        startingCash: Money, orderCount: UInt64 = 0, fillCount: UInt64 = 0, roundTripCount: UInt64 = 0,
        winningRoundTripCount: UInt64 = 0, tradedNotional: Money = .zero
    ) {
        self.startingCash = startingCash
        self.orderCount = orderCount
        self.fillCount = fillCount
        self.roundTripCount = roundTripCount
        self.winningRoundTripCount = winningRoundTripCount
        self.tradedNotional = tradedNotional
    }
}

/// What a strategy wants to find again after a restart, with the version of its own layout.
public struct SavedState: Equatable, Sendable {
    public var version: UInt32
    public var bytes: [UInt8]

    public init(version: UInt32, bytes: [UInt8]) {
        self.version = version
        self.bytes = bytes
    }
}

/// All that a new process needs to carry on where the last one ended.
public struct EngineSnapshot: Equatable, Sendable {
    public var totals: AccountTotals
    /// One per instrument ever held, in the order of first use.
    public var positions: [Position]
    /// Orders that are not final, by id.
    public var openOrders: [Order]
    public var savedState: SavedState?
    /// The last order that the venue itself made for this account, 0 before the first.
    public var lastVenueOrder: UInt32
    /// What may be traded when that is not everything; `nil` for everything.
    public var trading: JournalTradingState?

    public init(
        totals: AccountTotals, positions: [Position] = [], openOrders: [Order] = [],
        savedState: SavedState? = nil, lastVenueOrder: UInt32 = 0, trading: JournalTradingState? = nil
    ) {
        self.totals = totals
        self.positions = positions
        self.openOrders = openOrders
        self.savedState = savedState
        self.lastVenueOrder = lastVenueOrder
        self.trading = trading
    }
}
