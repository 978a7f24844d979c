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
    /// Where a stop or if-touched order comes to life; left out where the type has none, and for a trailing stop until
    /// the gateway has set it.
    package var triggerPrice: Price?
    package var trailingOffset: WireTrailingOffset?
    /// When a DAY or GTD order ends, nanoseconds since the epoch.
    package var expireTime: Int64?
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
        triggerPrice = order.triggerPrice.isZero ? nil : order.triggerPrice
        trailingOffset = order.trailingOffset.map(WireTrailingOffset.init)
        expireTime = order.expireTime?.nanoseconds
        isPostOnly = order.isPostOnly ? true : nil
        isReduceOnly = order.isReduceOnly ? true : nil
        time = order.createdAt.nanoseconds
    }

    /// The engine's form; `token` is the instrument's.
    package func order(token: InstrumentToken) -> Order {
        Order(
            id: id.value, token: token, side: side.value, type: orderType.value,
            timeInForce: timeInForce.value, isPostOnly: isPostOnly ?? false,
            isReduceOnly: isReduceOnly ?? false, price: price ?? .zero, triggerPrice: triggerPrice ?? .zero,
            trailingOffset: trailingOffset?.value, quantity: quantity, status: .submitted,
            createdAt: Timestamp(nanoseconds: time), expireTime: expireTime.map(Timestamp.init(nanoseconds:)))
    }

    private enum CodingKeys: String, CodingKey {
        case id, symbol, side, quantity, price, time
        case orderType = "order_type"
        case timeInForce = "time_in_force"
        case triggerPrice = "trigger_price"
        case trailingOffset = "trailing_offset"
        case expireTime = "expire_time"
        case isPostOnly = "post_only"
        case isReduceOnly = "reduce_only"
    }
}

/// How far a trailing stop stays behind the market, as one of `{"price": "0.5"}`, `{"ticks": 5}` and
/// `{"basis_points": 10}`.
package struct WireTrailingOffset: Codable, Equatable, Sendable {
    package var value: TrailingOffset

    package init(_ value: TrailingOffset) { self.value = value }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let price = try container.decodeIfPresent(Price.self, forKey: .price) {
            value = .price(price)
        } else if let ticks = try container.decodeIfPresent(Int32.self, forKey: .ticks) {
            value = .ticks(ticks)
        } else {
            value = .basisPoints(try container.decode(Int32.self, forKey: .basisPoints))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch value {
        case .price(let price): try container.encode(price, forKey: .price)
        case .ticks(let count): try container.encode(count, forKey: .ticks)
        case .basisPoints(let count): try container.encode(count, forKey: .basisPoints)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case price, ticks
        case basisPoints = "basis_points"
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
