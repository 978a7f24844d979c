package import TradingModel

/// What a venue says about an order.
package enum VenueReport: Equatable, Sendable {
    /// The order rests or works at the venue.
    case accepted(OrderID)
    /// The venue refused it.
    case rejected(OrderID, reason: String)
    /// A part or all of it traded; the fee is positive when paid.
    case filled(OrderID, price: Price, quantity: Quantity, liquidity: Liquidity, fee: Money)
    /// It was taken back, by us or by the venue.
    case canceled(OrderID, reason: String)
    /// Its time in force ended it.
    case expired(OrderID, reason: String)
}

/// Where orders go: the simulated exchange, or a client of a real one.
///
/// Called on the engine's thread only. Answers are appended to `reports` in the order in which they happened;
/// instruments are named by their index in the engine's configuration. A venue that answers later does so at
/// the next call of `observe`.
package protocol ExecutionVenue {
    /// Takes over a position of an earlier process, before the first record.
    mutating func restore(position: Quantity, instrument: Int)

    /// Takes back an order that was open at the end of an earlier process, before the first record; no
    /// answer.
    mutating func restore(_ order: Order, instrument: Int)

    /// Sees a record that the engine found valid; `instrument` is -1 when it is of none of the engine's.
    mutating func observe(
        _ event: MarketEvent, instrument: Int, at now: Timestamp, reports: inout [VenueReport])

    /// Takes an order that passed the risk checks.
    mutating func submit(_ order: Order, instrument: Int, at now: Timestamp, reports: inout [VenueReport])

    /// Takes an order back.
    mutating func cancel(_ order: Order, instrument: Int, at now: Timestamp, reports: inout [VenueReport])

    /// Takes all orders back at once, whatever the latency, because the session ends.
    mutating func cancelAll(reason: String, at now: Timestamp, reports: inout [VenueReport])
}
