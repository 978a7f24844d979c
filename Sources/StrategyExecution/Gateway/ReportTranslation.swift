import GatewayProtocol
import TradingEngine
import TradingModel

/// Turns the gateway's reports into the engine's, each exactly once.
///
/// Whether a fill was booked before is seen from its order: the report says what has filled in all. The reports that
/// come when a process asks for its open orders begin with the first of each; what the order shows already is left
/// out. Without I/O.
struct ReportTranslation {
    private(set) var answers: [VenueReport] = []
    /// What an operator should hear of.
    private(set) var remarks: [String] = []
    /// The venue's time of the newest report.
    private(set) var time = Timestamp.epoch
    /// What has filled of orders after the reports so far.
    private var filled: [OrderID: Quantity] = [:]
    private var lastVenueOrder: UInt32
    private let order: (OrderID) -> Order?
    private let token: (String) -> InstrumentToken?

    /// - Parameters:
    ///   - lastVenueOrder: the last of the gateway's own orders that was booked.
    ///   - order: an order that is open, or was a moment ago.
    ///   - token: the instrument of a symbol.
    init(
        lastVenueOrder: UInt32, order: @escaping (OrderID) -> Order?,
        token: @escaping (String) -> InstrumentToken?
    ) {
        self.lastVenueOrder = lastVenueOrder
        self.order = order
        self.token = token
    }

    /// Takes reports in order; `isReplay` when they begin with the first of each order.
    mutating func add(_ reports: [GatewayReport], isReplay: Bool) {
        let known = isReplay ? lastKnownTerms(reports) : [:]
        for report in reports {
            let id = report.id.value
            time = max(time, Timestamp(nanoseconds: report.time))
            switch report.event {
            case .modifyRejected, .cancelRejected: if isReplay { continue }
            case .modified, .adjusted: if let last = known[id], report.number <= last { continue }
            case .triggered: if isReplay, order(id)?.isTriggered == true { continue }
            case .placed, .accepted, .rejected, .filled, .canceled, .expired: break
            }
            add(report, id)
        }
    }

    /// For each order the newest report that gave it the terms it has here: that one and those before are booked.
    private func lastKnownTerms(_ reports: [GatewayReport]) -> [OrderID: UInt64] {
        var found: [OrderID: UInt64] = [:]
        for report in reports where report.event == .modified || report.event == .adjusted {
            let id = report.id.value
            if let own = order(id)?.terms, own == report.terms(of: own) { found[id] = report.number }
        }
        return found
    }

    private mutating func add(_ report: GatewayReport, _ id: OrderID) {
        let reason = report.reason ?? ""
        switch report.event {
        case .placed: place(report)
        case .accepted: answers.append(.accepted(id))
        case .triggered: answers.append(.triggered(id))
        case .rejected: answers.append(.rejected(id, reason: reason))
        case .canceled: answers.append(.canceled(id, reason: reason))
        case .expired: answers.append(.expired(id, reason: reason))
        case .modifyRejected: answers.append(.modifyRejected(id, reason: reason))
        case .cancelRejected: answers.append(.cancelRejected(id, reason: reason))
        case .filled: fill(report, id)
        case .modified, .adjusted:
            guard let own = order(id)?.terms else { return }
            let terms = report.terms(of: own)
            answers.append(
                report.event == .modified
                    ? .modified(id, terms)
                    : .adjusted(
                        id, triggerPrice: terms.triggerPrice, quantity: terms.quantity, reason: reason))
        }
    }

    private mutating func place(_ report: GatewayReport) {
        guard let wire = report.order, wire.id.value.count > lastVenueOrder else { return }
        guard let token = token(wire.symbol) else {
            remarks.append(
                "the gateway closes a position in \(wire.symbol), which is not one of this strategy's instruments"
            )
            return
        }
        lastVenueOrder = wire.id.value.count
        filled[wire.id.value] = .zero
        answers.append(.placed(wire.order(token: token)))
    }

    private mutating func fill(_ report: GatewayReport, _ id: OrderID) {
        guard let price = report.price, let quantity = report.quantity, quantity > .zero,
            let total = report.filledQuantity
        else { return remarks.append("report \(report.number) of a fill lacks price or quantity") }
        guard let known = filled[id] ?? order(id)?.filledQuantity else {
            return remarks.append(
                "report \(report.number): order \(id), which is not open here, filled \(quantity) at \(price)"
            )
        }
        guard total > known else { return }
        if total - quantity != known {
            remarks.append(
                "report \(report.number): of order \(id) had filled \(known), not \(total - quantity)")
        }
        filled[id] = total
        answers.append(
            .filled(
                id, price: price, quantity: quantity,
                liquidity: report.liquidity == Liquidity.maker.description ? .maker : .taker,
                fee: report.fee ?? .zero))
    }
}

extension GatewayReport {
    /// The terms after it; what it does not name stays.
    fileprivate func terms(of own: OrderTerms) -> OrderTerms {
        OrderTerms(
            price: price ?? own.price, triggerPrice: triggerPrice ?? own.triggerPrice,
            quantity: quantity ?? own.quantity)
    }
}
