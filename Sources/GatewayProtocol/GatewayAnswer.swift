package import TradingModel

/// What the gateway sends to a client; `PROTOCOL.md` beside this module describes each message.
package enum GatewayAnswer: Equatable, Sendable {
    case welcome(Welcome)
    case report(GatewayReport)
    case known(GatewayOrderState)
    case refused(Refused)
    case state(State)
    case done(Done)
    case pong(Pong)
    case failure(Failure)

    /// The answer to a hello.
    package struct Welcome: Codable, Equatable, Sendable {
        package var version = GatewayLimits.version
        /// The number of the strategy's newest report; 0 before the first and for `control`.
        package var lastReport: UInt64
        /// Whether the gateway has market data at the moment; new orders are rejected otherwise (`market_closed`).
        package var isMarketOpen: Bool

        package init(lastReport: UInt64, isMarketOpen: Bool) {
            self.lastReport = lastReport
            self.isMarketOpen = isMarketOpen
        }

        private enum CodingKeys: String, CodingKey {
            case version
            case lastReport = "last_report"
            case isMarketOpen = "market_open"
        }
    }

    /// The answer to a request about an order that the gateway does not have, and to what only `control` may ask for.
    package struct Refused: Codable, Equatable, Sendable {
        /// The type of the request.
        package var what: String
        package var id: WireOrderID?
        package var request: UInt64?
        /// A code such as `unknown_order`.
        package var reason: String

        package init(what: String, id: OrderID? = nil, request: UInt64? = nil, reason: String) {
            self.what = what
            self.id = id.map(WireOrderID.init)
            self.request = request
            self.reason = reason
        }
    }

    /// The end of the answer to a query, after the reports.
    package struct State: Codable, Equatable, Sendable {
        package var request: UInt64
        /// All that are open, and those that were asked for, by id.
        package var orders: [GatewayOrderState]
        /// Those that were asked for and never came here.
        package var unknown: [WireOrderID]
        /// What is held, by symbol.
        package var positions: [GatewayPosition]
        /// The newest report, the ones before this message included.
        package var lastReport: UInt64
        /// Whether these were all reports; otherwise ask again from the last one.
        package var isComplete: Bool

        package init(
            request: UInt64, orders: [GatewayOrderState], unknown: [OrderID], positions: [GatewayPosition],
            lastReport: UInt64, isComplete: Bool
        ) {
            self.request = request
            self.orders = orders
            self.unknown = unknown.map(WireOrderID.init)
            self.positions = positions
            self.lastReport = lastReport
            self.isComplete = isComplete
        }

        private enum CodingKeys: String, CodingKey {
            case request, orders, unknown, positions
            case lastReport = "last_report"
            case isComplete = "complete"
        }
    }

    /// The end of a cancel_all or a flatten.
    package struct Done: Codable, Equatable, Sendable {
        package var request: UInt64
        /// Orders that it took back.
        package var canceledCount: Int
        /// What is still held; empty after a flatten that succeeded.
        package var positions: [GatewayPosition]
        /// Why something is still held.
        package var reason: String?

        package init(
            request: UInt64, canceledCount: Int, positions: [GatewayPosition], reason: String? = nil
        ) {
            self.request = request
            self.canceledCount = canceledCount
            self.positions = positions
            self.reason = reason
        }

        private enum CodingKeys: String, CodingKey {
            case request, positions, reason
            case canceledCount = "canceled"
        }
    }

    /// The answer to a ping.
    package struct Pong: Codable, Equatable, Sendable {
        package var request: UInt64

        package init(request: UInt64) { self.request = request }
    }

    /// Why the gateway closes the connection after this message.
    package struct Failure: Codable, Equatable, Sendable {
        /// A code such as `stale_session`.
        package var reason: String
        /// The same for people.
        package var text: String

        package init(reason: String, text: String) {
            self.reason = reason
            self.text = text
        }
    }
}

extension GatewayAnswer: Codable {
    private enum Kind: String, Codable {
        case welcome, report, known, refused, state, done, pong
        case failure = "error"
    }

    private enum CodingKeys: String, CodingKey { case type }

    package init(from decoder: any Decoder) throws {
        switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .type) {
        case .welcome: self = .welcome(try Welcome(from: decoder))
        case .report: self = .report(try GatewayReport(from: decoder))
        case .known: self = .known(try GatewayOrderState(from: decoder))
        case .refused: self = .refused(try Refused(from: decoder))
        case .state: self = .state(try State(from: decoder))
        case .done: self = .done(try Done(from: decoder))
        case .pong: self = .pong(try Pong(from: decoder))
        case .failure: self = .failure(try Failure(from: decoder))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let (kind, content): (Kind, any Encodable) =
            switch self {
            case .welcome(let content): (.welcome, content)
            case .report(let content): (.report, content)
            case .known(let content): (.known, content)
            case .refused(let content): (.refused, content)
            case .state(let content): (.state, content)
            case .done(let content): (.done, content)
            case .pong(let content): (.pong, content)
            case .failure(let content): (.failure, content)
            }
        try container.encode(kind, forKey: .type)
        try content.encode(to: encoder)
    }
}
