public import TradingModel

extension StrategyContext {
    /// Sends an order once the callback returns.
    ///
    /// - Returns: its id, always; `onOrder` tells what became of it, also when it was denied.
    @discardableResult
    public func submit(_ request: OrderRequest) -> OrderID {
        let id = nextOrderID()
        orders.add(
            Order(
                id: id, token: request.token, side: request.side, type: request.type,
                timeInForce: request.timeInForce, isPostOnly: request.isPostOnly,
                isReduceOnly: request.isReduceOnly, price: request.type == .market ? .zero : request.price,
                quantity: request.quantity, createdAt: now))
        enqueue(.submit(id))
        return id
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

    private func enqueue(_ command: Command) {
        core.pointee.hasWork = true
        commands.append(command)
    }
}
