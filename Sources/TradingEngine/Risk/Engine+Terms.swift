import TradingModel

extension Engine {
    /// Why an order cannot be, by itself against its instrument.
    func checkTerms(_ order: Order, _ index: Int) -> DenialCode? {
        let instrument = context.instruments[index]
        guard order.quantity > .zero else { return .nonPositiveQuantity }
        guard order.quantity.isMultiple(of: instrument.quantityIncrement) || isFlattening else {
            return .quantityIncrement
        }
        if order.type.hasPrice {
            guard order.price > .zero else { return .nonPositivePrice }
            guard order.price.isMultiple(of: instrument.priceIncrement) else { return .priceIncrement }
        }
        if let denial = checkTrigger(order, instrument) { return denial }
        if order.timeInForce == .gtd, order.expireTime.map({ $0 > context.now }) != true {
            return .expireTime
        }
        if order.isPostOnly, !order.type.hasPrice || !order.timeInForce.rests { return .postOnly }
        return nil
    }

    private func checkTrigger(_ order: Order, _ instrument: Instrument) -> DenialCode? {
        guard order.type.hasTrigger else { return nil }
        if order.type == .trailingStop {
            // Any market price does for the test; a share of it is positive when the offset is.
            guard
                order.trailingOffset?.distance(
                    from: Price(1_000_000), priceIncrement: instrument.priceIncrement) != nil
            else { return .trailingOffset }
            guard order.triggerPrice >= .zero else { return .nonPositiveTrigger }
        } else {
            guard order.triggerPrice > .zero else { return .nonPositiveTrigger }
        }
        return order.triggerPrice.isMultiple(of: instrument.priceIncrement) ? nil : .triggerIncrement
    }

    /// Why an order cannot be changed; `nil` when it may.
    func checkChange(_ order: Order, _ request: OrderChangeRequest, _ index: Int) -> DenialCode? {
        if isJournalBlocked { return .journalBlocked }
        // In `onStart` it speaks of now.
        if context.isWarmingUp, !isStarting { return .warmingUp }
        let terms = request.terms(of: order)
        guard terms != order.terms else { return .modifyTerms }
        if request.price != nil, !order.type.hasPrice { return .modifyTerms }
        if request.triggerPrice != nil, !order.type.hasTrigger || order.isTriggered { return .modifyTerms }
        guard order.type != .market else { return .modifyTerms }
        if let link = order.link, request.quantity != nil,
            order.status != .held, link.parentID != nil || link.isOneCancelsOther
        {
            return .modifyLinked
        }
        guard order.status == .held || order.status.isAtVenue, order.status != .pendingCancel,
            order.status != .pendingUpdate
        else { return .modifyPending }
        guard terms.quantity > .zero else { return .nonPositiveQuantity }
        guard terms.quantity > order.filledQuantity else { return .modifyBelowFilled }
        var changed = order
        changed.terms = terms
        // When it was sent, its expire time was in the future; the venue knows whether it still is.
        changed.timeInForce = order.timeInForce == .gtd ? .gtc : order.timeInForce
        if let denial = checkTerms(changed, index) { return denial }
        guard order.status != .held else { return nil }
        return checkGrowth(order, terms, index)
    }

    /// A change that may only make the order smaller passes the limits; any other is checked as a new order in the
    /// place of the old one.
    private func checkGrowth(_ order: Order, _ terms: OrderTerms, _ index: Int) -> DenialCode? {
        if terms.quantity <= order.quantity, terms.price == order.price { return nil }
        if context.isPaused, !isFlattening, terms.quantity > order.quantity { return .paused }
        let remaining = order.remainingQuantity
        addOpenQuantity(index, order.side, -remaining)
        defer { addOpenQuantity(index, order.side, remaining) }
        var changed = order
        changed.terms = terms
        changed.quantity = terms.quantity - order.filledQuantity
        return checkExposure(changed, index)
    }
}
