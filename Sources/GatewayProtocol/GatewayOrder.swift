package import TradingModel

/// An order as it goes over the wire: prices and quantities are decimal text, the instrument is named by its symbol.
package struct GatewayOrder: Codable, Equatable, Sendable {
    /// The client order id, `epoch-count`; epoch 0 belongs to the gateway.
    package var id: WireOrderID
    package var symbol: String
    package var side: Word<Side>
    package var orderType: Word<OrderType>
    package var timeInForce: Word<TimeInForce>
    package var quantity: Quantity
    /// The limit; left out where the type has none.
    package var price: Price?
    package var isPostOnly: Bool?
    package var isReduceOnly: Bool?
    /// The client's engine time, nanoseconds since the epoch.
    package var time: Int64

    /// The order of an engine, whose instrument has this symbol.
    package init(_ order: Order, symbol: String) {
        id = WireOrderID(order.id)
        self.symbol = symbol
        side = Word(order.side)
        orderType = Word(order.type)
        timeInForce = Word(order.timeInForce)
        quantity = order.quantity
        price = order.price.isZero ? nil : order.price
        isPostOnly = order.isPostOnly ? true : nil
        isReduceOnly = order.isReduceOnly ? true : nil
        time = order.createdAt.nanoseconds
    }

    /// The engine's form; `token` is the instrument's.
    package func order(token: InstrumentToken) -> Order {
        Order(
            id: id.value, token: token, side: side.value, type: orderType.value,
            timeInForce: timeInForce.value, isPostOnly: isPostOnly ?? false,
            isReduceOnly: isReduceOnly ?? false, price: price ?? .zero, quantity: quantity,
            status: .submitted, createdAt: Timestamp(nanoseconds: time))
    }

    private enum CodingKeys: String, CodingKey {
        case id, symbol, side, quantity, price, time
        case orderType = "order_type"
        case timeInForce = "time_in_force"
        case isPostOnly = "post_only"
        case isReduceOnly = "reduce_only"
    }
}

/// A client order id as text, `epoch-count`.
package struct WireOrderID: Codable, Hashable, Sendable {
    package var value: OrderID

    package init(_ value: OrderID) { self.value = value }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let epoch = UInt32(parts[0]), let count = UInt32(parts[1]), count > 0 else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is not an order id such as 3-17")
        }
        value = OrderID(epoch: epoch, count: count)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value.description)
    }
}

/// A value of a closed set as the word that SQL, logs and people use for it.
package struct Word<Value: CaseIterable & CustomStringConvertible & Hashable & Sendable>: Codable, Hashable,
    Sendable
{
    package var value: Value

    package init(_ value: Value) { self.value = value }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let found = Value.allCases.first(where: { $0.description == text }) else {
            let words = Value.allCases.map(\.description).joined(separator: ", ")
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is none of \(words)")
        }
        value = found
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value.description)
    }
}

/// An order as the gateway has it.
package struct GatewayOrderState: Codable, Equatable, Sendable {
    package var id: WireOrderID
    package var symbol: String
    package var side: Word<Side>
    package var quantity: Quantity
    package var filledQuantity: Quantity
    package var status: Word<OrderStatus>

    package init(
        id: OrderID, symbol: String, side: Side, quantity: Quantity, filledQuantity: Quantity,
        status: OrderStatus
    ) {
        self.id = WireOrderID(id)
        self.symbol = symbol
        self.side = Word(side)
        self.quantity = quantity
        self.filledQuantity = filledQuantity
        self.status = Word(status)
    }

    private enum CodingKeys: String, CodingKey {
        case id, symbol, side, quantity, status
        case filledQuantity = "filled"
    }
}

/// A net position as the gateway counts it, negative when short.
package struct GatewayPosition: Codable, Equatable, Sendable {
    package var symbol: String
    package var quantity: Quantity

    package init(symbol: String, quantity: Quantity) {
        self.symbol = symbol
        self.quantity = quantity
    }
}
