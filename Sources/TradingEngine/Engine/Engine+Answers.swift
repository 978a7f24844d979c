package import TradingModel

extension Engine {
    /// Books answers that the venue gives outside of its calls, at the time they came; the strategy's own commands in
    /// answer are acted upon.
    ///
    /// Ignored before `start` and after `stop`, but for fills after the stop, which are journaled and booked. A session
    /// that waits for its first record begins at this time.
    package func deliver(_ answers: [VenueReport], at time: Timestamp) {
        guard phase != .made, !answers.isEmpty else { return }
        if phase == .waitingForTime { begin(at: time) }
        if time > context.now {
            if time.nanoseconds >= context.core.pointee.nextDeadline { fireDeadlines(until: time) }
            context.now = time
        }
        reports.pointee.append(contentsOf: answers)
        handleReports()
        if context.core.pointee.hasWork { drain() }
    }

    /// Calls a function with the venue, for the owner of one that has a life outside of the engine's calls.
    package func withVenue<Result>(_ body: (inout V) -> Result) -> Result { body(&venue.pointee) }

    /// Books and passes on what the venue said.
    @inline(never)
    func handleReports() {
        // Taken out first: a venue never answers in a callback, but the buffer must not be read while it
        // could.
        var taken: [VenueReport] = []
        swap(&taken, &reports.pointee)
        for report in taken { handle(report) }
        // An answer for one instrument may have set orders of another to work.
        for index in context.instruments.indices { askVenue(index) }
        // The emptied buffer goes back, so that the steady state allocates nothing.
        taken.removeAll(keepingCapacity: true)
        if reports.pointee.isEmpty { swap(&taken, &reports.pointee) }
        flushLog()
        if closing != nil { context.core.pointee.hasWork = true }
    }

    private func handle(_ report: VenueReport) {
        switch report {
        case .placed(let order): take(order)
        case .accepted(let id): advance(id, .accepted)
        case .triggered(let id): trigger(id)
        case .rejected(let id, let reason):
            guard advance(id, .rejected, reason) else { return }
        case .canceled(let id, let reason): end(id, .canceled, reason)
        case .expired(let id, let reason): end(id, .expired, reason)
        case .modified(let id, let terms): setTerms(id, terms, .modified, "modified")
        case .adjusted(let id, let trigger, let quantity, let reason):
            guard let place = context.orders.openIndex(id) else { return noteIdle() }
            let price = context.orders.open[place].price
            setTerms(
                id, OrderTerms(price: price, triggerPrice: trigger, quantity: quantity), nil, reason)
        case .modifyRejected(let id, let reason):
            releaseGrowth(id)
            if advance(id, .modifyRejected, reason) { settleList(of: id) }
        case .cancelRejected(let id, let reason): advance(id, .cancelRejected, reason)
        case .filled(let id, let price, let quantity, let liquidity, let fee):
            book(id, price: price, quantity: quantity, liquidity: liquidity, fee: fee)
        }
    }

    // MARK: - Status

    /// Moves an order to the status that an answer brings it to, and tells; `false` when it means nothing.
    @discardableResult
    private func advance(_ id: OrderID, _ event: OrderEvent, _ reason: String = "") -> Bool {
        guard let place = context.orders.openIndex(id) else {
            noteIdle()
            return false
        }
        let order = context.orders.open[place]
        guard let status = order.status(after: event) else { return false }
        if status.isFinal {
            end(id, status, reason)
            return true
        }
        guard status != order.status || !reason.isEmpty else { return false }
        var changed = order
        changed.status = status
        context.orders.replace(at: place, with: changed)
        tell(changed, reason: reason)
        return true
    }

    private func trigger(_ id: OrderID) {
        guard let place = context.orders.openIndex(id) else { return noteIdle() }
        var order = context.orders.open[place]
        order.isTriggered = true
        guard let status = order.status(after: .triggered) else { return }
        order.status = status
        context.orders.replace(at: place, with: order)
        // Said also when a cancel or change hides it in the status.
        tell(order, reason: status == .triggered ? "" : "triggered")
    }

    func setStatus(at place: Int, after event: OrderEvent) {
        var order = context.orders.open[place]
        guard let status = order.status(after: event) else { return }
        order.status = status
        context.orders.replace(at: place, with: order)
        tell(order, reason: "")
    }

    /// Puts other terms in force; `event` is `nil` when the venue changed them by itself.
    private func setTerms(_ id: OrderID, _ terms: OrderTerms, _ event: OrderEvent?, _ reason: String) {
        if event != nil { releaseGrowth(id) }
        guard let place = context.orders.openIndex(id) else { return noteIdle() }
        var order = context.orders.open[place]
        let before = order.remainingQuantity
        order.terms = terms
        if let event, let status = order.status(after: event) { order.status = status }
        context.orders.replace(at: place, with: order)
        addOpenQuantity(
            context.table.index(of: order.token), order.side, order.remainingQuantity - before)
        tellModified(order, reason: reason)
        settleList(of: id)
    }

    func end(_ id: OrderID, _ status: OrderStatus, _ reason: String) {
        releaseGrowth(id)
        guard let place = context.orders.openIndex(id) else { return noteIdle() }
        var order = context.orders.open[place]
        if order.status.isAtVenue {
            addOpenQuantity(context.table.index(of: order.token), order.side, -order.remainingQuantity)
        }
        order.status = status
        context.orders.replace(at: place, with: order)
        tell(order, reason: reason)
        if order.link != nil { listEnded(order, reason: reason) }
    }

    func tell(_ order: Order, reason: String) {
        let update = OrderUpdate(
            id: order.id, status: order.status, filledQuantity: order.filledQuantity, reason: reason)
        recordUpdated(update)
        strategy.pointee.onOrder(order, update: update, context: context)
    }

    func tellModified(_ order: Order, reason: String) {
        recordModified(
            OrderModification(
                id: order.id, price: order.price, triggerPrice: order.triggerPrice,
                quantity: order.quantity, status: order.status, reason: reason))
        let update = OrderUpdate(
            id: order.id, status: order.status, filledQuantity: order.filledQuantity, reason: reason)
        strategy.pointee.onOrder(order, update: update, context: context)
    }

    private func noteIdle() { counters.pointee.idleReports += 1 }

    // MARK: - Fills

    /// Books a fill, also of an order that has ended here: a venue's fill is true whatever we asked for meanwhile.
    private func book(_ id: OrderID, price: Price, quantity: Quantity, liquidity: Liquidity, fee: Money) {
        guard quantity > .zero, price > .zero else { return noteIdle() }
        if let place = context.core.pointee.orders.openIndex(id) {
            book(
                context.core.pointee.orders.open[place], at: place, price, quantity, liquidity, fee)
        } else if let order = context.orders.order(id) {
            book(order, at: nil, price, quantity, liquidity, fee)
        } else {
            noteIdle()
        }
    }

    /// Books a fill of an order; `place` is where it stands among the open ones.
    private func book(
        _ order: Order, at place: Int?, _ price: Price, _ quantity: Quantity, _ liquidity: Liquidity,
        _ fee: Money
    ) {
        let index = context.table.index(of: order.token)
        let state = context.states + index
        guard
            let outcome = context.core.pointee.portfolio.apply(
                index, side: order.side, price: price, quantity: quantity, fee: fee,
                mark: state.pointee.mark ?? price)
        else {
            output.log(
                "a fill of order \(order.id) is beyond what the account can hold and is not booked",
                at: context.now)
            return
        }
        state.pointee.hasPosition = !outcome.position.isFlat
        if context.core.pointee.portfolio.isFloorReached { noteBreach() }
        counters.pointee.fills += 1
        let fill = Fill(
            count: counters.pointee.fills, orderID: order.id, token: order.token, side: order.side,
            liquidity: liquidity,
            price: price, quantity: quantity, fee: fee, realizedPnL: outcome.realizedPnL,
            positionAfter: outcome.position.quantity, averagePriceAfter: outcome.position.averagePrice,
            time: context.now)
        recordFill(fill)
        if let place {
            let filled = Self.filled(order, quantity)
            addOpenQuantity(index, order.side, filled.remainingQuantity - order.remainingQuantity)
            if filled.status.isFinal { releaseGrowth(order.id) }
            context.core.pointee.orders.replace(at: place, with: filled)
            if order.link != nil { context.core.pointee.orders.noteFill(of: order, quantity: quantity) }
            tell(filled, reason: "")
        } else {
            output.log(
                "order \(order.id) was \(order.status) when the venue reported a fill of it", at: context.now)
        }
        strategy.pointee.onFill(fill, context: context)
        strategy.pointee.onPosition(outcome.position, context: context)
        if order.link != nil { listFilled(order) }
    }

    /// A constant of its own: a variable of this size is copied whenever it is passed on.
    private static func filled(_ order: Order, _ quantity: Quantity) -> Order {
        var filled = order
        filled.filledQuantity += quantity
        let event: OrderEvent = filled.filledQuantity < filled.quantity ? .partlyFilled : .filled
        filled.status = filled.status(after: event) ?? filled.status
        return filled
    }

    func addOpenQuantity(_ index: Int, _ side: Side, _ quantity: Quantity) {
        if side == .buy {
            context.states[index].openBuyQuantity += quantity
        } else {
            context.states[index].openSellQuantity += quantity
        }
    }

    /// Gives back what a change under way had added to the open quantity.
    private func releaseGrowth(_ id: OrderID) {
        guard !memory.pointee.pendingGrowth.isEmpty,
            let index = pendingGrowth.firstIndex(where: { $0.id == id })
        else { return }
        let growth = pendingGrowth.remove(at: index).quantity
        guard let order = context.orders.order(id) else { return }
        addOpenQuantity(context.table.index(of: order.token), order.side, -growth)
    }
}
