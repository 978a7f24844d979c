public import TradingModel

extension StrategyContext {
    /// Sends an order once the callback returns.
    ///
    /// - Returns: its id, always; `onOrder` tells what became of it, also when it was denied.
    @discardableResult
    public func submit(_ request: OrderRequest) -> OrderID {
        let id = nextOrderID()
        orders.add(request.order(id: id, at: now))
        enqueue(.submit(id))
        return id
    }

    /// Changes a working order's price, trigger or quantity (the whole one, filled part included) once the callback
    /// returns; what is `nil` stays.
    ///
    /// A changed price or trigger and a grown quantity lose the order's place in the queue; a smaller quantity keeps
    /// it. `onOrder` tells when the venue has made the change, or with a `modify_...` code why not: the order then works
    /// on as it was. One change may be under way at a time.
    public func modify(
        _ id: OrderID, price: Price? = nil, triggerPrice: Price? = nil, quantity: Quantity? = nil
    ) {
        enqueue(
            .modify(OrderChangeRequest(id: id, price: price, triggerPrice: triggerPrice, quantity: quantity)))
    }

    /// Takes an order back once the callback returns; nothing happens when it is closed or unknown by then.
    public func cancel(_ id: OrderID) { enqueue(.cancel(id)) }

    /// Takes all open orders back once the callback returns, of one instrument or of all.
    public func cancelAll(_ token: InstrumentToken? = nil) { enqueue(.cancelAll(token)) }

    /// Orders that are not final, those just sent included, by id; of one instrument or of all.
    public func openOrders(_ token: InstrumentToken? = nil) -> [Order] {
        guard let token else { return orders.open }
        return orders.open.filter { $0.token == token }
    }

    /// An open order, or one of the latest 1,024 closed ones.
    public func order(_ id: OrderID) -> Order? { orders.order(id) }

    // MARK: - Lists

    /// The orders of a bracket.
    public struct BracketIDs: Equatable, Sendable {
        public var entry: OrderID
        public var takeProfit: OrderID
        public var stopLoss: OrderID
    }

    /// Sends an entry whose fills send two reduce-only exits, of which one cancels the other: a limit order at
    /// `takeProfit` and a stop at `stopLoss`.
    ///
    /// The exits work for what the entry has filled, so a partly filled entry is protected at once and each further
    /// fill raises them. When an exit has filled whole, what is left of the entry is canceled. See `OrderLink` for the
    /// rules. When one of the three is refused by the risk checks, all are denied.
    @discardableResult
    public func submitBracket(_ entry: OrderRequest, takeProfit: Price, stopLoss: Price) -> BracketIDs {
        let side = entry.side.opposite
        let ids = submitList(
            parent: entry,
            children: [
                .limit(side, entry.quantity, takeProfit, entry.token, isReduceOnly: true),
                .stop(side, entry.quantity, trigger: stopLoss, entry.token, isReduceOnly: true),
            ], isOneCancelsOther: true)
        return BracketIDs(entry: ids[0], takeProfit: ids[1], stopLoss: ids[2])
    }

    /// Sends orders of one instrument of which a fill of one takes the same quantity off the others, and the end of one
    /// cancels them. When one is refused by the risk checks, all are denied. At most 16.
    ///
    /// - Returns: the ids, in order.
    @discardableResult
    public func submitOneCancelsOther(_ requests: [OrderRequest]) -> [OrderID] {
        submitList(parent: nil, children: requests, isOneCancelsOther: true)
    }

    /// Sends an order whose fills send others, each for the filled share of its quantity. When one is refused by the
    /// risk checks, all are denied; children that are not reduce-only are checked again when they are sent. At most 16.
    ///
    /// - Returns: the parent's id, then the children's.
    @discardableResult
    public func submitOneTriggersOther(
        _ parent: OrderRequest, _ children: [OrderRequest], isOneCancelsOther: Bool = false
    ) -> [OrderID] {
        submitList(parent: parent, children: children, isOneCancelsOther: isOneCancelsOther)
    }

    private func submitList(
        parent: OrderRequest?, children: [OrderRequest], isOneCancelsOther: Bool
    ) -> [OrderID] {
        let count = children.count + (parent == nil ? 0 : 1)
        precondition(count > 0 && count <= Limits.listOrdersMax, "a list has 1 to 16 orders")
        var ids: [OrderID] = []
        for (index, request) in ((parent.map { [$0] } ?? []) + children).enumerated() {
            let id = nextOrderID()
            ids.append(id)
            var order = request.order(id: id, at: now)
            let isChild = parent != nil && index > 0
            order.link = OrderLink(
                listID: ids[0], parentID: isChild ? ids[0] : nil,
                isOneCancelsOther: isOneCancelsOther && (isChild || parent == nil),
                listQuantity: request.quantity,
                parentQuantity: isChild ? parent?.quantity ?? .zero : .zero)
            orders.add(order)
        }
        enqueue(.submitList(ids[0], count: count))
        return ids
    }

    private func enqueue(_ command: Command) {
        core.pointee.hasWork = true
        commands.append(command)
    }
}
