import TradingModel

extension Engine {
    /// Why an order must not go out; `nil` when it may. Counts it for the order rate in that case.
    func check(_ order: Order) -> DenialCode? {
        if phase == .ended { return .stopped }
        if isJournalBlocked { return .journalBlocked }
        if context.isWarmingUp { return .warmingUp }
        if isWindingDown { return .stopped }
        if isVenueUnavailable { return .venueUnavailable }
        if context.isPaused, !isFlattening { return .paused }
        guard let index = context.index(order.token) else { return .unknownInstrument }
        if let denial = checkTerms(order, index) { return denial }
        if context.states[index].isHalted { return .halted }
        if let denial = checkExposure(order, index) { return denial }
        // The one being checked is among the open ones.
        if context.orders.open.count > Limits.openOrdersMax { return .tooManyOpenOrders }
        if !isFlattening, rateWindow?.admit(at: context.now) == false { return .maxOrdersPerSecond }
        return nil
    }

    /// The order against position and limits. What only reduces a position passes the limits on position and
    /// loss.
    func checkExposure(_ order: Order, _ index: Int) -> DenialCode? {
        let limits = configuration.limits
        let position = context.core.pointee.portfolio.position(index).quantity
        let open =
            order.side == .buy
            ? context.states[index].openBuyQuantity : context.states[index].openSellQuantity
        let isOpposite = order.side == .buy ? position < .zero : position > .zero
        if order.isReduceOnly, !isOpposite { return .reduceOnly }
        if let largest = limits.maxOrderQuantity, order.quantity > largest, !isFlattening {
            return .maxOrderQuantity
        }
        if let denial = checkNotional(order, index) { return denial }

        // Sums of quantities that are each valid may still pass the range; then they are too much in any
        // case.
        let (working, isBeyond) = open.e8.addingReportingOverflow(order.quantity.e8)
        let reach = order.side == .buy ? position.e8 : -position.e8
        let (worst, isBeyondToo) = reach.addingReportingOverflow(working)
        guard !isBeyond, !isBeyondToo, worst != .min else { return .maxPosition }
        let onlyReduces = isOpposite && working <= position.magnitude.e8 || order.isReduceOnly
        if onlyReduces { return nil }
        if let largest = limits.maxPosition, worst > largest.e8 { return .maxPosition }
        if context.core.pointee.portfolio.isFloorReached { return .maxDailyLoss }
        return nil
    }

    private func checkNotional(_ order: Order, _ index: Int) -> DenialCode? {
        let state = context.states[index]
        var price = order.price
        if !order.type.hasPrice {
            // A stop trades at its trigger or beyond; what is beyond is not known.
            if !order.triggerPrice.isZero {
                price = order.triggerPrice
            } else if state.hasQuote {
                price = order.side == .buy ? state.quote.ask : state.quote.bid
            } else {
                // Without any price the venue decides; the simulated one refuses.
                guard state.hasLastPrice else { return nil }
                price = state.lastPrice
            }
        }
        guard
            let notional = Money.checked(
                price: price, quantity: order.quantity, multiplier: context.instruments[index].multiplier)
        else { return .maxOrderNotional }
        if let largest = configuration.limits.maxOrderNotional, notional > largest, !isFlattening {
            return .maxOrderNotional
        }
        return nil
    }
}
