package import TradingModel

/// What the gateway says about an order, numbered per strategy from 1 without gaps.
package struct GatewayReport: Codable, Equatable, Sendable {
    /// What happened.
    package enum Event: String, Codable, Sendable {
        /// The gateway itself made an order for this account, to close a position; `order` says which.
        case placed
        case accepted
        /// Its trigger price was reached.
        case triggered
        case rejected
        /// A part or all of it traded.
        case filled
        case canceled
        case expired
        /// It has other terms now, as it was asked to.
        case modified
        /// The gateway moved a trailing trigger by itself.
        case adjusted
        /// It keeps the terms it had.
        case modifyRejected = "modify_rejected"
        /// It cannot be taken back any more.
        case cancelRejected = "cancel_rejected"
    }

    package var number: UInt64
    package var id: WireOrderID
    package var event: Event
    /// Market time at the gateway, nanoseconds since the epoch.
    package var time: Int64
    /// A code such as `post_only`; of what was refused, ended or adjusted.
    package var reason: String?
    /// The price and quantity of a fill, or the new terms of a modified order.
    package var price: Price?
    package var quantity: Quantity?
    /// The new trigger of a modified or adjusted order.
    package var triggerPrice: Price?
    /// What has filled in all, this fill included; of fills.
    package var filledQuantity: Quantity?
    package var liquidity: String?
    /// Positive when paid.
    package var fee: Money?
    /// The order that was placed.
    package var order: GatewayOrder?

    package init(number: UInt64 = 0, id: OrderID, event: Event, time: Timestamp, reason: String? = nil) {
        self.number = number
        self.id = WireOrderID(id)
        self.event = event
        self.time = time.nanoseconds
        self.reason = reason
    }

    private enum CodingKeys: String, CodingKey {
        case number, id, event, time, reason, price, quantity, liquidity, fee, order
        case filledQuantity = "filled"
        case triggerPrice = "trigger_price"
    }
}
