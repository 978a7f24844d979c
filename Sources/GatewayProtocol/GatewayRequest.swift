package import TradingModel

/// What a client sends to the gateway; `PROTOCOL.md` beside this module describes each message.
package enum GatewayRequest: Equatable, Sendable {
    case hello(Hello)
    case submit(GatewayOrder)
    case modify(Modify)
    case cancel(Cancel)
    case cancelAll(TakeOut)
    case flatten(TakeOut)
    case query(Query)
    case ping(Ping)

    /// The first message of every connection.
    package struct Hello: Codable, Equatable, Sendable {
        /// Who speaks: the one who trades, or somebody who takes strategies out of the market.
        package enum Kind: String, Codable, Sendable { case strategy, control }

        package var version = GatewayLimits.version
        package var kind: Kind
        /// The account; of `strategy` only.
        package var strategy: String?
        /// The number of the client's process, ascending for ever; of `strategy` only.
        package var epoch: UInt32?
        /// The number of this connection within the process, ascending.
        package var session: UInt64?
        /// What it means to trade.
        package var instruments: [Instrument]?

        package init(strategy: String, epoch: UInt32, session: UInt64, instruments: [Instrument]) {
            kind = .strategy
            self.strategy = strategy
            self.epoch = epoch
            self.session = session
            self.instruments = instruments
        }

        package init(kind: Kind) { self.kind = kind }
    }

    /// Other terms for an order; what is left out stays. The quantity is the whole one, its filled part included.
    package struct Modify: Codable, Equatable, Sendable {
        package var id: WireOrderID
        package var quantity: Quantity?
        package var price: Price?
        package var triggerPrice: Price?

        package init(id: OrderID, terms: OrderTerms) {
            self.id = WireOrderID(id)
            quantity = terms.quantity
            price = terms.price.isZero ? nil : terms.price
            triggerPrice = terms.triggerPrice.isZero ? nil : terms.triggerPrice
        }

        private enum CodingKeys: String, CodingKey {
            case id, quantity, price
            case triggerPrice = "trigger_price"
        }
    }

    /// Takes an order back.
    package struct Cancel: Codable, Equatable, Sendable {
        package var id: WireOrderID

        package init(id: OrderID) { self.id = WireOrderID(id) }
    }

    /// Takes back all orders of a strategy, and for `flatten` closes its positions.
    package struct TakeOut: Codable, Equatable, Sendable {
        /// Comes back with the answer.
        package var request: UInt64
        /// Whose; of `control` only.
        package var strategy: String?
        /// New orders of processes up to this one are rejected from now on; of `control` only.
        package var epoch: UInt32?

        package init(request: UInt64, strategy: String? = nil, epoch: UInt32? = nil) {
            self.request = request
            self.strategy = strategy
            self.epoch = epoch
        }
    }

    /// Asks for what the client may not know.
    package struct Query: Codable, Equatable, Sendable {
        package var request: UInt64
        /// All reports after this number.
        package var since: UInt64?
        /// All reports of these orders, and which of them the gateway never saw.
        package var ids: [WireOrderID]?
        /// All reports of orders that the gateway itself made after this one.
        package var externalSince: UInt32?

        package init(request: UInt64, since: UInt64) {
            self.request = request
            self.since = since
        }

        package init(request: UInt64, ids: [OrderID], externalSince: UInt32) {
            self.request = request
            self.ids = ids.map(WireOrderID.init)
            self.externalSince = externalSince
        }

        private enum CodingKeys: String, CodingKey {
            case request, since, ids
            case externalSince = "external_since"
        }
    }

    /// Asks for a pong.
    package struct Ping: Codable, Equatable, Sendable {
        package var request: UInt64

        package init(request: UInt64) { self.request = request }
    }
}

extension GatewayRequest: Codable {
    private enum Kind: String, Codable {
        case hello, submit, modify, cancel, flatten, query, ping
        case cancelAll = "cancel_all"
    }

    private enum CodingKeys: String, CodingKey { case type }

    package init(from decoder: any Decoder) throws {
        switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .type) {
        case .hello: self = .hello(try Hello(from: decoder))
        case .submit: self = .submit(try GatewayOrder(from: decoder))
        case .modify: self = .modify(try Modify(from: decoder))
        case .cancel: self = .cancel(try Cancel(from: decoder))
        case .cancelAll: self = .cancelAll(try TakeOut(from: decoder))
        case .flatten: self = .flatten(try TakeOut(from: decoder))
        case .query: self = .query(try Query(from: decoder))
        case .ping: self = .ping(try Ping(from: decoder))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let (kind, content): (Kind, any Encodable) =
            switch self {
            case .hello(let content): (.hello, content)
            case .submit(let content): (.submit, content)
            case .modify(let content): (.modify, content)
            case .cancel(let content): (.cancel, content)
            case .cancelAll(let content): (.cancelAll, content)
            case .flatten(let content): (.flatten, content)
            case .query(let content): (.query, content)
            case .ping(let content): (.ping, content)
            }
        try container.encode(kind, forKey: .type)
        try content.encode(to: encoder)
    }
}
