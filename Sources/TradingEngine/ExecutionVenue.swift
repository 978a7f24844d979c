public import TradingModel

/// What a venue says about an order.
public enum VenueReport: Equatable, Sendable {
    /// The order rests or works at the venue.
    case accepted(OrderID)
    /// The venue refused it.
    case rejected(OrderID, reason: String)
    /// Its trigger price was reached.
    case triggered(OrderID)
    /// It works with other terms, as it was asked to; the quantity is the whole one.
    case modified(OrderID, OrderTerms)
    /// It works on as it was; the change was refused.
    case modifyRejected(OrderID, reason: String)
    /// The venue itself moved a trailing trigger (`trailed`) or took a linked order's fill off the quantity (`linked`);
    /// no answer to a change that was asked for.
    case adjusted(OrderID, triggerPrice: Price, quantity: Quantity, reason: String)
    /// It works on; the cancel was refused.
    case cancelRejected(OrderID, reason: String)
    /// A part or all of it traded; the fee is positive when paid.
    case filled(OrderID, price: Price, quantity: Quantity, liquidity: Liquidity, fee: Money)
    /// It was taken back, by us or by the venue.
    case canceled(OrderID, reason: String)
    /// Its time in force ended it.
    case expired(OrderID, reason: String)
    /// The venue itself made an order for this account, because an operator had positions closed there; its id has
    /// epoch 0, and its other reports follow. Indirect, so that the common reports stay small.
    indirect case placed(Order)
}

/// Where orders go: the simulated exchange, or a client of a real one.
///
/// Called on the engine's thread only. Answers are appended to `reports` in the order in which they happened;
/// instruments are named by their index in the engine's configuration. A venue that answers later does so at
/// the next call of `observe` or `advance`, or its owner hands the answers to `Engine.deliver`.
///
/// The engine never sends an order twice, and journals it before it calls `submit`. It keeps what was asked for apart
/// from what the venue confirmed: after `modify` and `cancel` an order is pending until the venue has answered, unless
/// the answer is already among the reports of the call. Reports about an order that has ended are ignored, but for
/// fills, which are booked whatever the order's state.
public protocol ExecutionVenue {
    /// Whether the venue itself takes fills of one-cancels-other orders off their siblings. Otherwise the engine sends
    /// the changes and cancels.
    /// Mutating only because a plain getter of a generic value copies it, as for `nextDue`.
    var linksOrders: Bool { mutating get }

    /// When the venue will have something to do or to say, although no record comes; `.distantFuture` for never. The
    /// engine calls `advance` before it shows the venue a later record.
    var nextDue: Timestamp { mutating get }

    /// Takes over the notional traded by earlier processes, on which tiers of fees depend.
    mutating func restore(tradedNotional: Money)

    /// Takes over a position of an earlier process, before the first record.
    mutating func restore(position: Quantity, instrument: Int)

    /// Takes back an order that was open at the end of an earlier process, before the first record; no
    /// answer.
    mutating func restore(_ order: Order, instrument: Int)

    /// Sees a record that the engine found valid; `instrument` is -1 when it is of none of the engine's.
    mutating func observe(
        _ event: MarketEvent, instrument: Int, at now: Timestamp, reports: inout [VenueReport])

    /// Does what is due at or before a time.
    mutating func advance(to now: Timestamp, reports: inout [VenueReport])

    /// Which records of an instrument the venue has to see from now on. Asked after every call; mutating only because a
    /// call of another kind on a generic value copies it.
    mutating func attention(instrument: Int) -> VenueAttention

    /// Takes an order that passed the risk checks.
    mutating func submit(_ order: Order, instrument: Int, at now: Timestamp, reports: inout [VenueReport])

    /// Changes an order's terms; `order` still has the old ones.
    mutating func modify(
        _ order: Order, to terms: OrderTerms, instrument: Int, at now: Timestamp, reports: inout [VenueReport]
    )

    /// Takes an order back.
    mutating func cancel(_ order: Order, instrument: Int, at now: Timestamp, reports: inout [VenueReport])

    /// Takes all orders back at once, whatever the latency, because the session ends.
    mutating func cancelAll(reason: String, at now: Timestamp, reports: inout [VenueReport])
}

extension ExecutionVenue {
    public var linksOrders: Bool { false }
    public var nextDue: Timestamp { .distantFuture }
    public mutating func restore(tradedNotional: Money) {}
    public mutating func advance(to now: Timestamp, reports: inout [VenueReport]) {}
    public mutating func attention(instrument: Int) -> VenueAttention { VenueAttention() }
}

/// What a venue has to see of the market at once; what it need not is shown to it before the next order.
public struct VenueAttention: Equatable, Sendable {
    /// Quotes and trades of the instrument change nothing at the venue but its latest prices, because nothing rests
    /// there. Bars, depth and others are always shown.
    public var isIdle: Bool
    /// Nothing at the venue waits for a time to come; while something does, no instrument counts as idle.
    public var isQuiet: Bool

    /// Makes an attention; by default to everything.
    public init(isIdle: Bool = false, isQuiet: Bool = false) {
        self.isIdle = isIdle
        self.isQuiet = isQuiet
    }
}
