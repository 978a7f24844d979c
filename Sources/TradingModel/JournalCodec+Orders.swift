/// Which of an order's optional members follow, in this order, after those that every order has.
private struct OrderMarks: OptionSet {
    let rawValue: UInt8

    static let reduceOnly = OrderMarks(rawValue: 1)
    static let postOnly = OrderMarks(rawValue: 2)
    static let triggered = OrderMarks(rawValue: 4)
    /// i64 trigger price.
    static let trigger = OrderMarks(rawValue: 8)
    /// u8 unit (1 price, 2 ticks, 3 basis points), i64.
    static let trailing = OrderMarks(rawValue: 16)
    /// i64 nanoseconds.
    static let expiry = OrderMarks(rawValue: 32)
    /// u64 list, u64 parent (0 for none), u8 one-cancels-other, i64 quantities: list, parent, parent filled, siblings
    /// filled.
    static let link = OrderMarks(rawValue: 64)
    /// Two u64.
    static let tag = OrderMarks(rawValue: 128)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ order: Order) {
        self = []
        if order.isReduceOnly { insert(.reduceOnly) }
        if order.isPostOnly { insert(.postOnly) }
        if order.isTriggered { insert(.triggered) }
        if !order.triggerPrice.isZero { insert(.trigger) }
        if order.trailingOffset != nil { insert(.trailing) }
        if order.expireTime != nil { insert(.expiry) }
        if order.link != nil { insert(.link) }
        if !order.tag.isEmpty { insert(.tag) }
    }
}

extension ByteWriter {
    /// The members of the first version, then what the marks announce.
    mutating func append(_ order: Order) {
        append(order.id.rawValue)
        append(order.token.rawValue)
        append(order.side.rawValue)
        append(order.type.rawValue)
        append(order.timeInForce.rawValue)
        append(OrderMarks(order).rawValue)
        append(order.status.rawValue)
        append(order.price.e8)
        append(order.quantity.e8)
        append(order.filledQuantity.e8)
        append(order.createdAt.nanoseconds)
        if !order.triggerPrice.isZero { append(order.triggerPrice.e8) }
        if let offset = order.trailingOffset { append(offset) }
        if let time = order.expireTime { append(time.nanoseconds) }
        if let link = order.link { append(link) }
        if !order.tag.isEmpty {
            append(order.tag.low)
            append(order.tag.high)
        }
    }

    private mutating func append(_ offset: TrailingOffset) {
        switch offset {
        case .price(let distance):
            append(UInt8(1))
            append(distance.e8)
        case .ticks(let count):
            append(UInt8(2))
            append(Int64(count))
        case .basisPoints(let count):
            append(UInt8(3))
            append(Int64(count))
        }
    }

    private mutating func append(_ link: OrderLink) {
        append(link.listID.rawValue)
        append(link.parentID?.rawValue ?? 0)
        append(UInt8(link.isOneCancelsOther ? 1 : 0))
        append(link.listQuantity.e8)
        append(link.parentQuantity.e8)
        append(link.parentFilled.e8)
        append(link.siblingsFilled.e8)
    }
}

extension ByteReader {
    /// An order of kinds 9 and 10.
    mutating func readOrder() -> Order? {
        guard let (first, marks) = readOrderAndMarks() else { return nil }
        var order = first
        order.isTriggered = marks.contains(.triggered)
        if marks.contains(.trigger) {
            guard let price: Int64 = read() else { return nil }
            order.triggerPrice = Price(e8: price)
        }
        if marks.contains(.trailing) {
            guard let offset = readTrailingOffset() else { return nil }
            order.trailingOffset = offset
        }
        if marks.contains(.expiry) {
            guard let time: Int64 = read() else { return nil }
            order.expireTime = Timestamp(nanoseconds: time)
        }
        if marks.contains(.link) {
            guard let link = readLink() else { return nil }
            order.link = link
        }
        if marks.contains(.tag) {
            guard let low: UInt64 = read(), let high: UInt64 = read() else { return nil }
            order.tag = OrderTag(low: low, high: high)
        }
        return order
    }

    /// An order of kinds 2 and 3.
    mutating func readFirstOrder() -> Order? { readOrderAndMarks()?.order }

    private mutating func readOrderAndMarks() -> (order: Order, marks: OrderMarks)? {
        guard let id: UInt64 = read(), let token: UInt32 = read(), let side = Side(rawValue: read() ?? 0),
            let type = OrderType(rawValue: read() ?? 0), let timeInForce = TimeInForce(rawValue: read() ?? 0),
            let bits: UInt8 = read(), let status = OrderStatus(rawValue: read() ?? 0),
            let price: Int64 = read(), let quantity: Int64 = read(), let filled: Int64 = read(),
            let created: Int64 = read()
        else { return nil }
        let marks = OrderMarks(rawValue: bits)
        let order = Order(
            id: OrderID(rawValue: id), token: InstrumentToken(token), side: side, type: type,
            timeInForce: timeInForce, isPostOnly: marks.contains(.postOnly),
            isReduceOnly: marks.contains(.reduceOnly), price: Price(e8: price),
            quantity: Quantity(e8: quantity), filledQuantity: Quantity(e8: filled), status: status,
            createdAt: Timestamp(nanoseconds: created))
        return (order, marks)
    }

    private mutating func readTrailingOffset() -> TrailingOffset? {
        guard let unit: UInt8 = read(), let value: Int64 = read() else { return nil }
        switch unit {
        case 1: return .price(Price(e8: value))
        case 2: return Int32(exactly: value).map { .ticks($0) }
        case 3: return Int32(exactly: value).map { .basisPoints($0) }
        default: return nil
        }
    }

    private mutating func readLink() -> OrderLink? {
        guard let list: UInt64 = read(), let parent: UInt64 = read(), let flag: UInt8 = read(),
            let listQuantity: Int64 = read(), let parentQuantity: Int64 = read(),
            let parentFilled: Int64 = read(), let siblingsFilled: Int64 = read()
        else { return nil }
        return OrderLink(
            listID: OrderID(rawValue: list), parentID: parent == 0 ? nil : OrderID(rawValue: parent),
            isOneCancelsOther: flag == 1, listQuantity: Quantity(e8: listQuantity),
            parentQuantity: Quantity(e8: parentQuantity), parentFilled: Quantity(e8: parentFilled),
            siblingsFilled: Quantity(e8: siblingsFilled))
    }

    mutating func readModification() -> OrderModification? {
        guard let id: UInt64 = read(), let price: Int64 = read(), let trigger: Int64 = read(),
            let quantity: Int64 = read(), let status = OrderStatus(rawValue: read() ?? 0),
            let reason = readText()
        else { return nil }
        return OrderModification(
            id: OrderID(rawValue: id), price: Price(e8: price), triggerPrice: Price(e8: trigger),
            quantity: Quantity(e8: quantity), status: status, reason: reason)
    }
}
