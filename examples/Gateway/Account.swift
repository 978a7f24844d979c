import GatewayProtocol
import TradingEngine
import TradingModel

/// What one strategy has at the gateway: its orders, reports and positions, and the exchange that fills them.
///
/// Without I/O: what happens comes in by calls, what is to be written and said goes to the outbox. Confined to the
/// gateway's event loop.
final class Account {
    /// An order as the gateway keeps it.
    struct Entry {
        var order: Order
        var symbol: String
        var instrument: Int?
        /// The numbers of its reports, ascending.
        var reports: [UInt64] = []
    }

    let strategy: String
    /// The strategy's connection, when it is there.
    var peer: Peer?
    private(set) var instruments: [Instrument] = []
    /// Net positions, by instrument.
    private(set) var positions: [Quantity] = []
    private(set) var entries: [OrderID: Entry] = [:]
    /// Orders that are not final, ascending.
    private(set) var open: [OrderID] = []
    /// By number. Those of finished orders are kept as long as the orders.
    private(set) var reports: [UInt64: GatewayReport] = [:]
    private(set) var lastReport: UInt64 = 0
    /// Reports with numbers above this are all there.
    private(set) var forgottenReport: UInt64 = 0
    /// Finished orders that may be forgotten, in the order of their ends, from `finishedStart` on. The gateway's own are not
    /// among them: a client asks for all of them.
    private var finished: [OrderID] = []
    private var finishedStart = 0
    /// The ids of forgotten orders by epoch: one that comes again must change nothing.
    private var forgotten: [UInt32: NumberSet] = [:]
    private let finishedOrdersKept: Int
    private(set) var newestEpoch: UInt32 = 0
    private(set) var newestSession: UInt64 = 0
    /// Orders of processes up to this one are rejected.
    private(set) var takenOutEpoch: UInt32 = 0
    private(set) var ownCount: UInt32 = 0
    private let configuration: SimulatedExchangeConfiguration
    private var exchange: SimulatedExchange
    private let outbox: Outbox

    init(
        strategy: String, configuration: SimulatedExchangeConfiguration, outbox: Outbox,
        finishedOrdersKept: Int
    ) {
        self.strategy = strategy
        self.configuration = configuration
        self.finishedOrdersKept = finishedOrdersKept
        self.outbox = outbox
        exchange = SimulatedExchange(configuration: configuration, instruments: [])
    }

    // MARK: - Sessions

    /// Why a hello is not admitted; `nil` when it is the newest there was.
    func refusal(epoch: UInt32, session: UInt64) -> String? {
        (epoch, session) > (newestEpoch, newestSession)
            ? nil : "epoch \(epoch), session \(session) came after \(newestEpoch), \(newestSession)"
    }

    /// Takes a hello; from here on nothing of an earlier connection counts.
    func begin(epoch: UInt32, session: UInt64, instruments named: [Instrument]) {
        let isNews = epoch > newestEpoch
        newestEpoch = epoch
        newestSession = session
        let hasChanged = merge(named)
        guard isNews || hasChanged else { return }
        var line = outbox.line(.account, self)
        line.epoch = epoch
        line.instruments = instruments
        outbox.add(line)
    }

    /// Rejects new orders of processes up to one from now on.
    func takeOut(epoch: UInt32) {
        guard epoch > takenOutEpoch else { return }
        takenOutEpoch = epoch
        var line = outbox.line(.takenOut, self)
        line.epoch = epoch
        outbox.add(line)
    }

    /// Adds instruments, newer definitions in place of older ones; `true` when something changed.
    private func merge(_ named: [Instrument]) -> Bool {
        var hasChanged = false
        for instrument in named {
            if let index = instruments.firstIndex(where: { $0.symbol == instrument.symbol }) {
                guard instruments[index] != instrument else { continue }
                instruments[index] = instrument
            } else {
                instruments.append(instrument)
                positions.append(.zero)
            }
            hasChanged = true
        }
        if hasChanged { remakeExchange() }
        return hasChanged
    }

    /// An exchange for the present instruments, with the positions and open orders there are.
    private func remakeExchange() {
        exchange = SimulatedExchange(configuration: configuration, instruments: instruments)
        for (index, position) in positions.enumerated() where !position.isZero {
            exchange.restore(position: position, instrument: index)
        }
        for id in open {
            guard let entry = entries[id], let index = entry.instrument else { continue }
            exchange.restore(entry.order, instrument: index)
        }
    }

    // MARK: - Orders

    /// An order of the strategy. One that came before changes nothing; the answer is how it stands.
    func submit(_ wire: GatewayOrder, isMarketOpen: Bool, at now: Timestamp) {
        if let known = entries[wire.id.value] {
            var line = outbox.line(.duplicate, self)
            line.id = wire.id
            outbox.add(line)
            return outbox.answer(.known(Self.state(known)), to: self)
        }
        if forgotten[wire.id.value.epoch]?.contains(wire.id.value.count) == true {
            var line = outbox.line(.duplicate, self)
            line.id = wire.id
            outbox.add(line)
            return outbox.answer(
                .refused(.init(what: "submit", id: wire.id.value, reason: "finished_before")), to: self)
        }
        place(wire, isOwn: false, isMarketOpen: isMarketOpen, at: now)
    }

    private func place(_ wire: GatewayOrder, isOwn: Bool, isMarketOpen: Bool, at now: Timestamp) {
        var line = outbox.line(.order, self)
        line.order = wire
        line.isOwn = isOwn ? true : nil
        outbox.add(line)
        let index = add(wire)
        let id = wire.id.value
        if isOwn {
            var report = GatewayReport(id: id, event: .placed, time: now)
            report.order = wire
            tell(report)
        }
        guard let index, let entry = entries[id] else {
            return tell(.rejected(id, reason: "unknown_symbol"), at: now)
        }
        if let reason = rejection(of: entry.order, index, isOwn: isOwn, isMarketOpen: isMarketOpen) {
            return tell(.rejected(id, reason: reason), at: now)
        }
        act(at: now) { exchange.submit(entry.order, instrument: index, at: now, reports: &$0) }
    }

    /// Keeps an order; the index of its instrument.
    private func add(_ wire: GatewayOrder) -> Int? {
        let index = instruments.firstIndex { $0.symbol == wire.symbol }
        let order = wire.order(token: index.map { instruments[$0].token } ?? .feedWide)
        entries[order.id] = Entry(order: order, symbol: wire.symbol, instrument: index)
        open.insert(order.id, at: open.firstIndex { $0 > order.id } ?? open.endIndex)
        return index
    }

    private func rejection(of order: Order, _ index: Int, isOwn: Bool, isMarketOpen: Bool) -> String? {
        guard isOwn || order.id.epoch > takenOutEpoch else { return "taken_out_of_market" }
        guard order.quantity > .zero, isBookable(order, index),
            order.quantity.isMultiple(of: instruments[index].quantityIncrement) || isOwn
        else { return "invalid_quantity" }
        let increment = instruments[index].priceIncrement
        guard !order.type.hasPrice || order.price > .zero && order.price.isMultiple(of: increment) else {
            return "invalid_price"
        }
        let hasTrigger = order.triggerPrice > .zero && order.triggerPrice.isMultiple(of: increment)
        guard !order.type.hasTrigger || hasTrigger || order.trailingOffset != nil else {
            return "invalid_trigger"
        }
        guard order.timeInForce != .gtd || order.expireTime != nil else { return "invalid_expire_time" }
        return isMarketOpen ? nil : "market_closed"
    }

    /// Whether position and open orders stay within what can be counted, however they fill.
    private func isBookable(_ order: Order, _ index: Int) -> Bool {
        var sum = positions[index].magnitude.e8
        for id in open {
            guard let entry = entries[id], entry.instrument == index else { continue }
            // The one in question may be there with other terms.
            let quantity = id == order.id ? order.quantity : entry.order.quantity
            let (next, overflow) = sum.addingReportingOverflow(quantity.e8)
            guard !overflow else { return false }
            sum = next
        }
        return sum <= .max / 2
    }

    /// Gives an order other terms.
    func modify(_ change: GatewayRequest.Modify, at now: Timestamp) {
        let id = change.id.value
        guard let entry = entries[id], let index = entry.instrument else {
            return outbox.answer(.refused(.init(what: "modify", id: id, reason: "unknown_order")), to: self)
        }
        func refuse(_ reason: String) {
            tell(GatewayReport(id: id, event: .modifyRejected, time: now, reason: reason))
        }
        guard !entry.order.status.isFinal else { return refuse("not_open") }
        var changed = entry.order
        changed.terms = OrderTerms(
            price: change.price ?? changed.price, triggerPrice: change.triggerPrice ?? changed.triggerPrice,
            quantity: change.quantity ?? changed.quantity)
        guard changed.quantity > entry.order.filledQuantity else { return refuse("invalid_quantity") }
        // The market may be closed: what rests can be changed as well as taken back.
        if let reason = rejection(of: changed, index, isOwn: false, isMarketOpen: true) {
            return refuse(reason)
        }
        act(at: now) {
            exchange.modify(entry.order, to: changed.terms, instrument: index, at: now, reports: &$0)
        }
    }

    /// Takes an order back.
    func cancel(_ id: OrderID, at now: Timestamp) {
        guard let entry = entries[id], let index = entry.instrument else {
            return outbox.answer(.refused(.init(what: "cancel", id: id, reason: "unknown_order")), to: self)
        }
        guard !entry.order.status.isFinal else {
            return tell(GatewayReport(id: id, event: .cancelRejected, time: now, reason: "not_open"))
        }
        act(at: now) { exchange.cancel(entry.order, instrument: index, at: now, reports: &$0) }
    }

    /// Takes all orders back, or those of processes up to one; their number.
    ///
    /// A process that has taken over meanwhile keeps its orders.
    func cancelAll(upTo epoch: UInt32?, reason: String, at now: Timestamp) -> Int {
        let count = open.count { $0.epoch <= epoch ?? .max }
        guard count == open.count else {
            for id in open where id.epoch <= epoch ?? .max { cancel(id, at: now) }
            return count
        }
        act(at: now) { exchange.cancelAll(reason: reason, at: now, reports: &$0) }
        // What the exchange does not know, such as an order of an instrument that is gone.
        for id in open { tell(.canceled(id, reason: reason), at: now) }
        return count
    }

    /// Sends orders of the gateway's own that close all positions; their ids.
    func closePositions(isMarketOpen: Bool, at now: Timestamp) -> [OrderID] {
        var ids: [OrderID] = []
        for (index, position) in positions.enumerated() where !position.isZero {
            ownCount += 1
            let id = OrderID(epoch: 0, count: ownCount)
            let order = Order(
                id: id, token: instruments[index].token, side: position > .zero ? .sell : .buy, type: .market,
                isReduceOnly: true, quantity: position.magnitude, createdAt: now)
            ids.append(id)
            place(
                GatewayOrder(order, symbol: instruments[index].symbol), isOwn: true,
                isMarketOpen: isMarketOpen, at: now)
        }
        return ids
    }

    /// Lets the exchange see a record of an instrument.
    func observe(_ event: MarketEvent, instrument: Int, at now: Timestamp) {
        act(at: now) { reports in
            // What was due before the record, such as the end of a GTD order, comes first.
            if exchange.nextDue < now { exchange.advance(to: now, reports: &reports) }
            exchange.observe(event, instrument: instrument, at: now, reports: &reports)
        }
    }

    // MARK: - What the exchange says

    private func act(at now: Timestamp, _ body: (inout [VenueReport]) -> Void) {
        var found: [VenueReport] = []
        body(&found)
        for report in found { tell(report, at: now) }
    }

    private func tell(_ report: VenueReport, at now: Timestamp) {
        switch report {
        // Own orders are this gateway's, not the exchange's.
        case .placed: break
        case .triggered(let id): tell(GatewayReport(id: id, event: .triggered, time: now))
        case .modified(let id, let terms):
            tell(changed(GatewayReport(id: id, event: .modified, time: now), terms))
        case .adjusted(let id, let trigger, let quantity, let reason):
            let price = entries[id]?.order.price ?? .zero
            tell(
                changed(
                    GatewayReport(id: id, event: .adjusted, time: now, reason: reason),
                    OrderTerms(price: price, triggerPrice: trigger, quantity: quantity)))
        case .modifyRejected(let id, let reason):
            tell(GatewayReport(id: id, event: .modifyRejected, time: now, reason: reason))
        case .cancelRejected(let id, let reason):
            tell(GatewayReport(id: id, event: .cancelRejected, time: now, reason: reason))
        case .accepted(let id):
            // Said once: an order that was changed arrives at the exchange again.
            guard entries[id]?.order.status == .submitted else { return }
            tell(GatewayReport(id: id, event: .accepted, time: now))
        case .rejected(let id, let reason):
            tell(GatewayReport(id: id, event: .rejected, time: now, reason: reason))
        case .canceled(let id, let reason):
            tell(GatewayReport(id: id, event: .canceled, time: now, reason: reason))
        case .expired(let id, let reason):
            tell(GatewayReport(id: id, event: .expired, time: now, reason: reason))
        case .filled(let id, let price, let quantity, let liquidity, let fee):
            var told = GatewayReport(id: id, event: .filled, time: now)
            told.price = price
            told.quantity = quantity
            told.filledQuantity = (entries[id]?.order.filledQuantity ?? .zero) + quantity
            told.liquidity = liquidity.description
            told.fee = fee
            tell(told)
        }
    }

    private func changed(_ report: GatewayReport, _ terms: OrderTerms) -> GatewayReport {
        var told = report
        told.price = terms.price.isZero ? nil : terms.price
        told.triggerPrice = terms.triggerPrice.isZero ? nil : terms.triggerPrice
        told.quantity = terms.quantity
        return told
    }

    /// Numbers a report, puts it on record and tells the strategy.
    private func tell(_ unnumbered: GatewayReport) {
        var report = unnumbered
        report.number = lastReport + 1
        apply(report)
        var line = outbox.line(.report, self)
        line.report = report
        outbox.add(line)
        outbox.answer(.report(report), to: self)
    }

    /// Books a report.
    private func apply(_ report: GatewayReport) {
        reports[report.number] = report
        lastReport = report.number
        let id = report.id.value
        guard var entry = entries[id] else { return }
        entry.reports.append(report.number)
        switch report.event {
        case .placed, .modifyRejected, .cancelRejected: break
        case .modified, .adjusted:
            entry.order.terms = OrderTerms(
                price: report.price ?? entry.order.price,
                triggerPrice: report.triggerPrice ?? entry.order.triggerPrice,
                quantity: report.quantity ?? entry.order.quantity)
        case .triggered:
            entry.order.isTriggered = true
            entry.order.status = .triggered
        case .accepted: entry.order.status = .accepted
        case .rejected: entry.order.status = .rejected
        case .canceled: entry.order.status = .canceled
        case .expired: entry.order.status = .expired
        case .filled:
            let quantity = report.quantity ?? .zero
            entry.order.filledQuantity += quantity
            entry.order.status = entry.order.remainingQuantity > .zero ? .partiallyFilled : .filled
            if let index = entry.instrument {
                positions[index] += entry.order.side == .buy ? quantity : -quantity
            }
        }
        entries[id] = entry
        if entry.order.status.isFinal, let place = open.firstIndex(of: id) {
            open.remove(at: place)
            if id.epoch > 0 { finished.append(id) }
        }
        forgetOldest()
    }

    /// Forgets what finished first when more is kept than is to be.
    ///
    /// Whoever may still ask for it has not heard of its end, and so of nothing that came later: with the latest thousands
    /// there is always all that a client comes back for.
    private func forgetOldest() {
        while finished.count - finishedStart > finishedOrdersKept {
            let id = finished[finishedStart]
            finishedStart += 1
            guard let entry = entries.removeValue(forKey: id) else { continue }
            for number in entry.reports {
                reports[number] = nil
                forgottenReport = max(forgottenReport, number)
            }
            forgotten[id.epoch, default: NumberSet()].insert(id.count)
        }
        // Moved at most once for each order.
        if finishedStart > finishedOrdersKept {
            finished.removeFirst(finishedStart)
            finishedStart = 0
        }
    }
}

// MARK: - Restoring

extension Account {
    /// Takes a line of the log of an earlier process.
    func restore(_ line: LogLine) {
        switch line.kind {
        case .account:
            newestEpoch = max(newestEpoch, line.epoch ?? 0)
            newestSession = 0
            _ = merge(line.instruments ?? [])
        case .order:
            guard let order = line.order else { return }
            _ = add(order)
            if line.isOwn == true { ownCount = max(ownCount, order.id.value.count) }
        case .report: if let report = line.report { apply(report) }
        case .takenOut: takenOutEpoch = max(takenOutEpoch, line.epoch ?? 0)
        case .started, .duplicate, .request: break
        }
    }

    /// After the last line: open orders go back to the exchange, and those of which nothing was said arrive now.
    func finishRestoring(at now: Timestamp) {
        let unanswered = open.filter { id in
            entries[id]?.reports.allSatisfy { reports[$0]?.event == .placed } ?? false
        }
        exchange = SimulatedExchange(configuration: configuration, instruments: instruments)
        for (index, position) in positions.enumerated() where !position.isZero {
            exchange.restore(position: position, instrument: index)
        }
        for id in open where !unanswered.contains(id) {
            guard let entry = entries[id], let index = entry.instrument else { continue }
            exchange.restore(entry.order, instrument: index)
        }
        for id in unanswered {
            guard let entry = entries[id] else { continue }
            guard let index = entry.instrument else {
                tell(.rejected(id, reason: "unknown_symbol"), at: now)
                continue
            }
            act(at: now) { exchange.submit(entry.order, instrument: index, at: now, reports: &$0) }
        }
    }
}
