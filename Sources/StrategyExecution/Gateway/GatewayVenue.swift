package import TradingEngine
package import TradingModel

/// A venue in another process, reached by an order gateway's protocol.
///
/// Nothing is answered here: answers come by the link when they come, and go into the engine by `Engine.process`.
package struct GatewayVenue: ExecutionVenue {
    let link: GatewayLink

    package mutating func restore(position: Quantity, instrument: Int) {}

    /// What is open is asked for by its id when there is a connection.
    package mutating func restore(_ order: Order, instrument: Int) {}

    package mutating func observe(
        _ event: MarketEvent, instrument: Int, at now: Timestamp, reports: inout [VenueReport]
    ) {}

    package mutating func submit(
        _ order: Order, instrument: Int, at now: Timestamp, reports: inout [VenueReport]
    ) { link.submit(order, instrument: instrument) }

    package mutating func modify(
        _ order: Order, to terms: OrderTerms, instrument: Int, at now: Timestamp, reports: inout [VenueReport]
    ) { link.modify(order.id, to: terms) }

    package mutating func cancel(
        _ order: Order, instrument: Int, at now: Timestamp, reports: inout [VenueReport]
    ) { link.cancel(order.id) }

    /// The engine was wound down before: what is still open is open there, and no answer is made up.
    package mutating func cancelAll(reason: String, at now: Timestamp, reports: inout [VenueReport]) {}
}

/// A venue that an executor can be made for.
package protocol ExecutorVenue: ExecutionVenue, SendableMetatype {
    /// Makes the venue; there is a link exactly when the configuration names a gateway.
    static func make(account: AccountSettings, instruments: [Instrument], link: GatewayLink?) -> Self
}

extension SimulatedExchange: ExecutorVenue {
    package static func make(
        account: AccountSettings, instruments: [Instrument], link: GatewayLink?
    ) -> SimulatedExchange {
        SimulatedExchange(configuration: account.exchange, instruments: instruments)
    }
}

extension GatewayVenue: ExecutorVenue {
    package static func make(
        account: AccountSettings, instruments: [Instrument], link: GatewayLink?
    ) -> GatewayVenue {
        guard let link else {
            preconditionFailure("a gateway venue is made for a configuration that names one")
        }
        return GatewayVenue(link: link)
    }
}
