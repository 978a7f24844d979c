package import TradingModel

extension Engine {
    /// Puts a trading state in force that an operator wants, or that was in force before a restart.
    ///
    /// Open orders that could open or grow a position are canceled unless it is active; reduce-only ones stay, because
    /// they protect. Going back to active begins anew: the day's loss and the drawdown are counted from here.
    package func setTradingState(_ state: TradingState, reason: String) {
        let before = tradingState
        tradingState = state
        tradingStateReason = reason
        guard phase == .running || phase == .waitingForTime else { return }
        if state == .active {
            breach = nil
            if before != .active || context.core.pointee.portfolio.isFloorReached {
                context.core.pointee.portfolio.restartLossLimits()
            }
            return
        }
        guard before != state else { return }
        cancelGrowing()
        drain()
    }

    /// Takes back the orders that could open or grow a position.
    private func cancelGrowing() {
        for order in context.orders.open where !order.isReduceOnly { context.cancel(order.id) }
    }

    /// Called when equity has reached the lowest that the limits allow.
    @inline(never)
    func noteBreach() {
        guard breach == nil, let floor = context.core.pointee.portfolio.reachedFloor else { return }
        let limits = configuration.limits
        let code: DenialCode
        let numbers: String
        switch floor {
        case .day(let loss):
            code = .maxDailyLoss
            numbers = "the day's loss \(loss) reached \(limits.maxDailyLoss ?? .zero)"
        case .peak(let fall):
            code = .maxDrawdown
            numbers = "the drawdown \(fall) reached \(limits.maxDrawdown ?? .zero)"
        }
        take(Breach(code: code, action: limits.breachAction, context: numbers, time: context.now))
    }

    /// Acts upon a breach.
    func take(_ breach: Breach) {
        self.breach = breach
        breachCount += 1
        lastBreach = breach
        context.log("\(breach.code.rawValue): \(breach.context); action \(breach.action.rawValue)")
        guard breach.action == .flattenAndHalt else { return }
        tradingState = .halted
        tradingStateReason = "\(breach.code.rawValue): \(breach.context)"
        // Not here: this may be amid the booking of a fill.
        isFlattenWanted = true
        context.core.pointee.hasWork = true
    }

    // MARK: - Flatten

    /// Cancels all open orders, waits until they have ended, closes all positions at the market with reduce-only orders,
    /// and goes on until everything is flat; paused or not, past all limits but those of the instruments. The
    /// strategy's own orders are denied (`flattening`) meanwhile.
    ///
    /// `flattenResult` tells the end: a round of closing orders that all ended without closing anything is a failure,
    /// and so is `abandonFlatten`.
    package func flatten() {
        guard phase == .running || phase == .waitingForTime, closing == nil else { return }
        flattenResult = nil
        closing = Closing()
        context.cancelAll()
        drain()
    }

    /// Whether a flatten waits for answers to its orders.
    package var isFlattenUnderWay: Bool { closing != nil }

    /// Ends a flatten that takes too long; what was sent stays at the venue.
    package func abandonFlatten(_ reason: String) {
        guard closing != nil else { return }
        closing = nil
        flattenResult = .failed("\(reason): \(openText)")
    }

    /// The next step of a flatten, once all orders of the last one have ended.
    func advanceClosing() {
        while let closing, context.orders.open.isEmpty, phase == .running || phase == .waitingForTime {
            let open = context.core.pointee.portfolio.positions.filter { !$0.isFlat }
            if open.isEmpty { return endClosing(.flat) }
            let held = open.map(\.quantity)
            if closing.orderIDs.isEmpty == false, held == closing.heldBefore {
                return endClosing(.failed("the closing orders ended unfilled: \(openText)"))
            }
            guard closing.roundCount < Limits.flattenRoundsMax else {
                return endClosing(.failed("still open after \(closing.roundCount) rounds: \(openText)"))
            }
            self.closing?.roundCount += 1
            self.closing?.heldBefore = held
            isFlattening = true
            for position in open {
                let id = context.submit(
                    .market(
                        position.quantity > .zero ? .sell : .buy, position.quantity.magnitude, position.token,
                        isReduceOnly: true))
                self.closing?.orderIDs.append(id)
            }
            drainCommands()
            isFlattening = false
        }
    }

    private func endClosing(_ result: FlattenResult) {
        closing = nil
        flattenResult = result
    }

    /// What is open, for people.
    private var openText: String {
        var parts: [String] = []
        for position in context.core.pointee.portfolio.positions where !position.isFlat {
            let symbol = context.instrument(position.token)?.symbol ?? "#\(position.token)"
            parts.append("\(symbol) \(position.quantity)")
        }
        for order in context.orders.open.prefix(5) { parts.append("order \(order.id) \(order.status)") }
        if let denial = context.lastDenial { parts.append("last denial \(denial)") }
        return parts.isEmpty ? "nothing is open" : parts.joined(separator: ", ")
    }
}

/// How a flatten ended.
package enum FlattenResult: Equatable, Sendable {
    case flat
    /// What is open, and why.
    case failed(String)
}

/// A flatten under way.
struct Closing {
    /// The engine's own closing orders.
    var orderIDs: [OrderID] = []
    var roundCount = 0
    /// The open positions before the last round.
    var heldBefore: [Quantity] = []
}
