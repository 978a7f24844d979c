import TradingModel

extension Engine {
    /// Why an order must not go out; `nil` when it may. Counts it for the order rate in that case. The numbers that
    /// were compared are in `denialContext` then.
    func check(_ order: Order) -> DenialCode? {
        denialContext = ""
        if phase == .ended { return .stopped }
        if isJournalBlocked { return .journalBlocked }
        if context.isWarmingUp { return .warmingUp }
        if isWindingDown { return .stopped }
        if isVenueUnavailable { return .venueUnavailable }
        if let closing, !closing.orderIDs.contains(order.id) { return .flattening }
        if context.isPaused, !isFlattening { return .paused }
        guard let index = context.index(order.token) else {
            return denied(.unknownInstrument, "token \(order.token)")
        }
        if let denial = checkTerms(order, index) {
            denialContext = terms(order, index)
            return denial
        }
        if context.states[index].isHalted { return .halted }
        if let denial = checkExposure(order, index) { return denial }
        // The one being checked is among the open ones.
        let openCount = context.orders.open.count - 1
        if openCount >= Limits.openOrdersMax {
            return denied(.tooManyOpenOrders, "\(openCount) are open")
        }
        if isFlattening { return nil }
        if let most = configuration.limits.maxOpenOrders {
            // Those of the same callback that were not checked yet do not count.
            let sentCount = context.orders.open.count { $0.status != .initialized }
            if sentCount >= most {
                return denied(.maxOpenOrders, "\(sentCount) are open, at most \(most)")
            }
        }
        return checkRate()
    }

    /// Notes the numbers that were compared.
    private func denied(_ code: DenialCode, _ numbers: @autoclosure () -> String) -> DenialCode {
        denialContext = numbers()
        return code
    }

    private func checkRate() -> DenialCode? {
        let now = context.now
        if let window = rateWindow, !window.allows(now) {
            return denied(.maxOrdersPerSecond, "\(window.orderCount) within the last second")
        }
        if let window = minuteWindow, !window.allows(now) {
            return denied(.maxOrdersPerMinute, "\(window.orderCount) within the last minute")
        }
        rateWindow?.count(now)
        minuteWindow?.count(now)
        return nil
    }

    /// An order's terms beside its instrument's rules.
    private func terms(_ order: Order, _ index: Int) -> String {
        let instrument = context.instruments[index]
        var text = "quantity \(order.quantity), increment \(instrument.quantityIncrement)"
        if order.type.hasPrice { text += "; price \(order.price), increment \(instrument.priceIncrement)" }
        if order.type.hasTrigger { text += "; trigger \(order.triggerPrice)" }
        return text
    }

    // MARK: - Exposure

    /// The order against position and limits. What only reduces a position passes the limits on position and
    /// loss.
    func checkExposure(_ order: Order, _ index: Int) -> DenialCode? {
        let position = context.core.pointee.portfolio.position(index).quantity
        let open =
            order.side == .buy
            ? context.states[index].openBuyQuantity : context.states[index].openSellQuantity
        let isOpposite = order.side == .buy ? position < .zero : position > .zero
        if order.isReduceOnly, !isOpposite { return denied(.reduceOnly, "position \(position)") }
        let price = expectedPrice(order, index)
        if let denial = checkSize(order, price, index) { return denial }

        // Sums of quantities that are each valid may still pass the range; then they are too much in any
        // case.
        let (working, isBeyond) = open.e8.addingReportingOverflow(order.quantity.e8)
        let reach = order.side == .buy ? position.e8 : -position.e8
        let (worst, isBeyondToo) = reach.addingReportingOverflow(working)
        guard !isBeyond, !isBeyondToo, worst != .min else {
            return denied(.maxPosition, "position \(position), open \(open), order \(order.quantity)")
        }
        let onlyReduces = isOpposite && working <= position.magnitude.e8 || order.isReduceOnly
        if let denial = checkTrading(onlyReduces: onlyReduces) { return denial }
        if onlyReduces { return nil }
        return checkPosition(Quantity(e8: worst), price, index)
    }

    /// The price that an order is expected to trade at; `nil` without any, when the venue decides.
    private func expectedPrice(_ order: Order, _ index: Int) -> Price? {
        if order.type.hasPrice { return order.price }
        // A stop trades at its trigger or beyond; what is beyond is not known.
        if !order.triggerPrice.isZero { return order.triggerPrice }
        let state = context.states + index
        if state.pointee.hasQuote {
            return order.side == .buy ? state.pointee.quote.ask : state.pointee.quote.bid
        }
        return state.pointee.hasLastPrice ? state.pointee.lastPrice : nil
    }

    /// Quantity, value and price of one order.
    private func checkSize(_ order: Order, _ price: Price?, _ index: Int) -> DenialCode? {
        guard !isFlattening else { return nil }
        let limits = configuration.limits
        if let smallest = limits.minOrderQuantity, order.quantity < smallest {
            return denied(.minOrderQuantity, "\(order.quantity) below \(smallest)")
        }
        if let largest = limits.maxOrderQuantity, order.quantity > largest {
            return denied(.maxOrderQuantity, "\(order.quantity) above \(largest)")
        }
        guard let price else { return nil }
        let notional = Money.checked(
            price: price, quantity: order.quantity, multiplier: context.instruments[index].multiplier)
        guard let notional else {
            return denied(
                .maxOrderNotional, "\(order.quantity) at \(price) is beyond what an account can hold")
        }
        if let largest = limits.maxOrderNotional, notional > largest {
            return denied(.maxOrderNotional, "\(notional) above \(largest)")
        }
        if let percent = limits.priceCollarPercent, order.triggerPrice.isZero || order.type.hasPrice,
            let market = context.states[index].mark
        {
            let distance = Int128(price.e8 - market.e8).magnitude * 100
            if distance * UInt128(Money.scale) > UInt128(percent.e8) * UInt128(market.e8.magnitude) {
                return denied(.priceCollar, "\(price) is more than \(percent) % from \(market)")
            }
        }
        return nil
    }

    /// What an operator's word or a breached limit leaves allowed.
    private func checkTrading(onlyReduces: Bool) -> DenialCode? {
        guard !isFlattening else { return nil }
        switch tradingState {
        case .halted: return denied(.tradingHalted, tradingStateReason)
        case .reducing where !onlyReduces: return denied(.reducingOnly, tradingStateReason)
        case .reducing, .active: break
        }
        guard let breach, breach.action == .deny || !onlyReduces else { return nil }
        return denied(breach.code, breach.context)
    }

    /// The position if this and all open orders of its side filled.
    private func checkPosition(_ worst: Quantity, _ price: Price?, _ index: Int) -> DenialCode? {
        let limits = configuration.limits
        if let largest = limits.maxPosition, worst > largest {
            return denied(.maxPosition, "\(worst) above \(largest)")
        }
        guard let price else { return nil }
        let value = Money.checked(
            price: price, quantity: worst, multiplier: context.instruments[index].multiplier)
        guard let value else {
            return denied(
                .maxPositionNotional, "\(worst) at \(price) is beyond what an account can hold")
        }
        if let largest = limits.maxPositionNotional, value.magnitude > largest {
            return denied(.maxPositionNotional, "\(value.magnitude) above \(largest)")
        }
        guard let largest = limits.maxTotalNotional else { return nil }
        let others = context.core.pointee.portfolio.grossValueE8(except: index)
        let total = others + Int128(value.e8).magnitude
        guard total > UInt128(largest.e8) else { return nil }
        return denied(
            .maxTotalNotional,
            "\(value.magnitude) beside \(others / UInt128(Money.scale)) of other positions, at most \(largest)"
        )
    }
}
