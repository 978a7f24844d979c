import TradingModel

extension Engine {
    /// Acts upon what the strategy asked for, and upon what it asks for in answer, until nothing is left.
    @inline(never)
    func drain() {
        flushLog()
        var next = 0
        while next < context.commands.count {
            guard next < Limits.commandsPerEventMax else {
                denyRest(from: next)
                break
            }
            switch context.commands[next] {
            case .submit(let id): submit(id)
            case .cancel(let id): cancel(id)
            case .cancelAll(let token):
                for order in context.orders.open where token == nil || order.token == token {
                    cancel(order.id)
                }
            }
            next += 1
        }
        context.commands.removeAll(keepingCapacity: true)
        flushLog()
        context.core.pointee.hasWork = false
    }

    /// Books and passes on what the venue said.
    @inline(never)
    func handleReports() {
        // Taken out first: a venue never answers in a callback, but the buffer must not be read while it
        // could.
        var taken: [VenueReport] = []
        swap(&taken, &reports.pointee)
        for report in taken {
            switch report {
            case .accepted(let id):
                guard let index = context.orders.openIndex(id) else { continue }
                // A cancel that overtook the answer is what still matters.
                if context.orders.open[index].status == .submitted { setStatus(at: index, .accepted) }
            case .rejected(let id, let reason): end(id, .rejected, reason)
            case .canceled(let id, let reason): end(id, .canceled, reason)
            case .expired(let id, let reason): end(id, .expired, reason)
            case .filled(let id, let price, let quantity, let liquidity, let fee):
                book(id, price: price, quantity: quantity, liquidity: liquidity, fee: fee)
            }
        }
        // The emptied buffer goes back, so that the steady state allocates nothing.
        taken.removeAll(keepingCapacity: true)
        if reports.pointee.isEmpty { swap(&taken, &reports.pointee) }
        flushLog()
    }

    // MARK: - Commands

    private func submit(_ id: OrderID) {
        guard let place = context.orders.openIndex(id) else { return }
        let order = context.orders.open[place]
        if let denial = check(order) {
            deny(order, at: place, denial, tells: true)
            return
        }
        // The risk check knows the token, so the index is there.
        let index = context.table.index(of: order.token)
        let sent = context.orders.update(at: place, status: .submitted, filledQuantity: .zero)
        addOpenQuantity(index, order.side, order.quantity)
        context.core.pointee.portfolio.countOrder()
        record(.orderSubmitted(sent))
        venue.pointee.submit(sent, instrument: index, at: context.now, reports: &reports.pointee)
        if !reports.pointee.isEmpty { handleReports() }
    }

    private func cancel(_ id: OrderID) {
        guard let place = context.orders.openIndex(id) else { return }
        let order = context.orders.open[place]
        // An order that was sent in the same callback after the cancel has not left yet; a second cancel is
        // one.
        guard order.status != .initialized, order.status != .pendingCancel else { return }
        let index = context.table.index(of: order.token)
        venue.pointee.cancel(order, instrument: index, at: context.now, reports: &reports.pointee)
        if !reports.pointee.isEmpty { handleReports() }
        if let place = context.orders.openIndex(id) { setStatus(at: place, .pendingCancel) }
    }

    /// Ends a strategy's endless conversation with itself: the rest is denied without a callback.
    private func denyRest(from next: Int) {
        output.log(
            "more than \(Limits.commandsPerEventMax) commands came out of one record; the rest is denied",
            at: context.now)
        for command in context.commands[next...] {
            guard case .submit(let id) = command, let place = context.orders.openIndex(id) else { continue }
            deny(context.orders.open[place], at: place, .tooManyCommands, tells: false)
        }
    }

    private func deny(_ order: Order, at place: Int, _ denial: DenialCode, tells: Bool) {
        counters.pointee.denied += 1
        let denied = context.orders.update(at: place, status: .denied, filledQuantity: .zero)
        let update = OrderUpdate(
            id: denied.id, status: .denied, filledQuantity: .zero, reason: denial.rawValue)
        // What waits for a full disk is kept in memory, which refusals without end must not fill.
        if denial != .journalBlocked {
            record(.orderSubmitted(denied))
            record(.orderUpdated(update))
        }
        if tells { strategy.pointee.onOrder(denied, update: update, context: context) }
    }

    // MARK: - Answers

    private func setStatus(at place: Int, _ status: OrderStatus) {
        let order = context.orders.open[place]
        tell(
            context.orders.update(at: place, status: status, filledQuantity: order.filledQuantity), reason: ""
        )
    }

    private func end(_ id: OrderID, _ status: OrderStatus, _ reason: String) {
        guard let place = context.orders.openIndex(id) else { return }
        let order = context.orders.open[place]
        addOpenQuantity(context.table.index(of: order.token), order.side, -order.remainingQuantity)
        tell(
            context.orders.update(at: place, status: status, filledQuantity: order.filledQuantity),
            reason: reason)
    }

    private func tell(_ order: Order, reason: String) {
        let update = OrderUpdate(
            id: order.id, status: order.status, filledQuantity: order.filledQuantity, reason: reason)
        record(.orderUpdated(update))
        strategy.pointee.onOrder(order, update: update, context: context)
    }

    private func book(_ id: OrderID, price: Price, quantity: Quantity, liquidity: Liquidity, fee: Money) {
        guard let place = context.orders.openIndex(id) else { return }
        let order = context.orders.open[place]
        let index = context.table.index(of: order.token)
        let state = context.states + index
        let outcome = context.core.pointee.portfolio.apply(
            index, side: order.side, price: price, quantity: quantity, fee: fee,
            mark: state.pointee.mark ?? price)
        state.pointee.hasPosition = !outcome.position.isFlat
        addOpenQuantity(index, order.side, -quantity)
        counters.pointee.fills += 1
        let fill = Fill(
            count: counters.pointee.fills, orderID: id, token: order.token, side: order.side,
            liquidity: liquidity,
            price: price, quantity: quantity, fee: fee, realizedPnL: outcome.realizedPnL,
            positionAfter: outcome.position.quantity, averagePriceAfter: outcome.position.averagePrice,
            time: context.now)
        record(.fill(fill))
        let filled = order.filledQuantity + quantity
        var status = OrderStatus.filled
        if filled < order.quantity {
            status = order.status == .pendingCancel ? .pendingCancel : .partiallyFilled
        }
        tell(context.orders.update(at: place, status: status, filledQuantity: filled), reason: "")
        strategy.pointee.onFill(fill, context: context)
        strategy.pointee.onPosition(outcome.position, context: context)
    }

    private func addOpenQuantity(_ index: Int, _ side: Side, _ quantity: Quantity) {
        if side == .buy {
            context.states[index].openBuyQuantity += quantity
        } else {
            context.states[index].openSellQuantity += quantity
        }
    }

    private func flushLog() {
        guard !context.logLines.isEmpty else { return }
        for line in context.logLines { output.log(line, at: context.now) }
        context.logLines.removeAll(keepingCapacity: true)
    }
}
