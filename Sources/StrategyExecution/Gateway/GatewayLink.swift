import GatewayProtocol
import MessageBus
package import NIOCore
package import TradingEngine
package import TradingModel

/// What a link needs from the executor, and tells it; every call is on its event loop.
package protocol GatewayLinkDelegate: AnyObject {
    /// Orders that the gateway may know and that are not final.
    var gatewayOpenOrders: [Order] { get }
    /// The last order of the gateway's own that was booked.
    var gatewayLastOwnOrder: UInt32 { get }
    /// An open order or one of the latest closed ones.
    func gatewayOrder(_ id: OrderID) -> Order?
    /// The net position in an instrument.
    func gatewayPosition(_ token: InstrumentToken) -> Quantity
    /// Answers to be booked; what the strategy does then may be sent at once.
    func gatewayLink(didReceive answers: [VenueReport], at time: Timestamp)
    /// Orders can be sent, or cannot any more.
    func gatewayLink(isAvailable: Bool)
    /// Something an operator should hear of; `isAlarming` when orders or positions are not what they should be.
    func gatewayLink(says text: String, isAlarming: Bool)
    /// All that came at once has been handed over: the moment to write the journal, then to call `flush`.
    func gatewayLinkDidEndBatch()
}

/// The connection of an executor to its order gateway: connects again by itself, asks after every break how its orders
/// stand, and sends none of them again.
///
/// States: `idle` -> `connecting` -> `reconciling` -> `live`; on a failure `waiting` -> `connecting`; on `close`
/// `closed`, which is final. Orders go out only while it is live, and nothing leaves before `flush`, which the
/// executor calls when its journal has what led to it. Confined to its event loop.
package final class GatewayLink {
    private enum State { case idle, connecting, reconciling, live, waiting, closed }

    private let socketPath: String
    private let strategyID: String
    private let epoch: UInt32
    private let instruments: [Instrument]
    private let eventLoop: any EventLoop
    private var delegate: (any GatewayLinkDelegate)?
    private var state = State.idle
    private var connection: GatewayConnection?
    private var session: UInt64 = 0
    private var requestCount: UInt64 = 0
    /// The number of the last report that was booked; `nil` before the first reconciliation of this process.
    private var lastReport: UInt64?
    private var pending: [GatewayReport] = []
    /// Orders whose cancel an earlier process had asked for without hearing of its end.
    private var owedCancels: Set<OrderID>
    /// Orders of an earlier process of which it had heard nothing.
    private var unconfirmed: Set<OrderID>
    private var lastHeard = NIODeadline.now()
    private var deadline: Scheduled<Void>?
    private var pulse: RepeatedTask?
    private var backoff: ReconnectBackoff
    private var reportedFailure: String?
    private var reportedPositions: [String: Quantity] = [:]

    /// Makes a link that is not connected yet. `recovered` are the open orders of an earlier process as it left them.
    package init(
        socketPath: String, strategyID: String, epoch: UInt32, instruments: [Instrument],
        recovered: [Order], eventLoop: any EventLoop
    ) {
        self.socketPath = socketPath
        self.strategyID = strategyID
        self.epoch = epoch
        self.instruments = instruments
        owedCancels = Set(recovered.filter { $0.status == .pendingCancel }.map(\.id))
        unconfirmed = Set(recovered.filter(Self.isUnconfirmed).map(\.id))
        self.eventLoop = eventLoop
        backoff = ReconnectBackoff(
            seed: UInt64(InstrumentToken(symbol: strategyID).rawValue) << 32 | UInt64(epoch))
    }

    /// Whether orders can be sent.
    package var isAvailable: Bool { state == .live }

    /// Begins to connect, for as long as it is not closed.
    package func connect(delegate: any GatewayLinkDelegate) {
        eventLoop.preconditionInEventLoop()
        guard state == .idle else { return }
        self.delegate = delegate
        attempt()
        pulse = repeating(seconds: Limits.gatewayPulseSeconds) { link in link.beat() }
    }

    /// Ends for good; what is queued goes out when the journal allowed it before.
    package func close() {
        state = .closed
        deadline?.cancel()
        pulse?.cancel()
        connection?.close()
        connection = nil
        delegate = nil
    }

    /// Hands what is queued to the socket; to be called when the journal holds the intents.
    package func flush() { connection?.flush() }

    // MARK: - Orders

    /// Sends an order; one that comes while there is no connection is found missing at the next reconciliation.
    func submit(_ order: Order, instrument: Int) {
        guard state == .live else { return }
        connection?.send(.submit(GatewayOrder(order, symbol: instruments[instrument].symbol)))
    }

    /// Takes an order back, now or after the next reconciliation: the order is then pending cancel.
    func cancel(_ id: OrderID) {
        guard state == .live else { return }
        connection?.send(.cancel(.init(id: id)))
    }

    /// Asks for other terms, all of them; a change that does not arrive is answered at the next reconciliation.
    func modify(_ id: OrderID, to terms: OrderTerms) {
        guard state == .live else { return }
        connection?.send(.modify(.init(id: id, terms: terms)))
    }

    // MARK: - Connecting

    private func attempt() {
        state = .connecting
        session += 1
        pending = []
        let connection = GatewayConnection(socketPath: socketPath, eventLoop: eventLoop)
        self.connection = connection
        connection.onAnswer = { [self] in receive($0) }
        connection.onBatchEnd = { [self] in
            if state == .live { deliver() }
            delegate?.gatewayLinkDidEndBatch()
        }
        connection.onEnd = { [self] in lose("\($0)") }
        connection.send(
            .hello(.init(strategy: strategyID, epoch: epoch, session: session, instruments: instruments)))
        deadline = scheduled(milliseconds: Limits.gatewayAnswerSeconds * 1_000) { link in
            link.lose("the order gateway on \(link.socketPath) does not answer")
        }
        // Last, because it may fail at once.
        connection.connect()
    }

    /// The connection is of no use any more: tells why, and begins another after a while.
    private func lose(_ reason: String) {
        guard state != .closed, state != .waiting, state != .idle else { return }
        let wasLive = state == .live
        state = .waiting
        deadline?.cancel()
        connection?.close()
        connection = nil
        if wasLive { delegate?.gatewayLink(isAvailable: false) }
        // They count as booked, and will not come again.
        deliver()
        if wasLive || reportedFailure != reason {
            reportedFailure = reason
            delegate?.gatewayLink(says: "new orders are denied: \(reason)", isAlarming: wasLive)
        }
        deadline = scheduled(milliseconds: backoff.nextMilliseconds()) { link in
            if link.state == .waiting { link.attempt() }
        }
        // What was booked just before is written, and the denials that follow.
        if wasLive { delegate?.gatewayLinkDidEndBatch() }
    }

    /// Once a second: is the other side alive?
    private func beat() {
        guard state == .live else { return }
        if NIODeadline.now() - lastHeard > .seconds(Limits.gatewayAnswerSeconds) {
            return lose("the order gateway on \(socketPath) does not answer")
        }
        requestCount += 1
        connection?.send(.ping(.init(request: requestCount)))
        connection?.flush()
    }

    // MARK: - Answers

    private func receive(_ answer: GatewayAnswer) {
        lastHeard = .now()
        switch answer {
        case .welcome(let welcome): ask(welcome)
        case .report(let report): take(report)
        case .state(let found): reconcile(found)
        case .failure(let failure): lose("the order gateway on \(socketPath) refuses: \(failure.text)")
        case .refused(let refused) where refused.what == "query" && refused.reason == "reports_gone":
            // Away for thousands of orders: what became of the open ones can still be asked.
            lastReport = nil
            query()
        case .refused(let refused): say(refused)
        case .known(let order):
            // An order is sent once, so this cannot be; its state is what counts.
            delegate?.gatewayLink(says: "the gateway had order \(order.id.value) before", isAlarming: true)
        case .done, .pong: break
        }
    }

    private func say(_ refused: GatewayAnswer.Refused) {
        let id = refused.id.map { " of order \($0.value)" } ?? ""
        delegate?.gatewayLink(
            says: "the gateway refused a \(refused.what)\(id): \(refused.reason)", isAlarming: true)
    }

    private func ask(_ welcome: GatewayAnswer.Welcome) {
        guard state == .connecting, let delegate else { return }
        state = .reconciling
        if let lastReport, lastReport > welcome.lastReport {
            delegate.gatewayLink(
                says:
                    "the gateway has \(welcome.lastReport) reports and had \(lastReport): its log is another one",
                isAlarming: true)
            self.lastReport = nil
        }
        query()
    }

    /// Asks for the missing reports: since the last one where there is one, else those of the open orders.
    private func query() {
        guard let delegate else { return }
        requestCount += 1
        if let lastReport {
            connection?.send(.query(.init(request: requestCount, since: lastReport)))
        } else {
            let ids = delegate.gatewayOpenOrders.map(\.id)
            connection?.send(
                .query(
                    .init(request: requestCount, ids: ids, externalSince: delegate.gatewayLastOwnOrder)))
        }
        connection?.flush()
    }

    private func take(_ report: GatewayReport) {
        if let lastReport {
            guard report.number == lastReport + 1 else {
                return lose("report \(report.number) follows \(lastReport)")
            }
            self.lastReport = report.number
        }
        pending.append(report)
    }

    /// Hands the reports that came to the engine.
    private func deliver() {
        guard !pending.isEmpty, let delegate else { return }
        var translation = ReportTranslation(
            lastVenueOrder: delegate.gatewayLastOwnOrder, order: { delegate.gatewayOrder($0) },
            token: { [instruments] symbol in instruments.first { $0.symbol == symbol }?.token })
        translation.add(pending, isReplay: lastReport == nil)
        pending = []
        for remark in translation.remarks { delegate.gatewayLink(says: remark, isAlarming: true) }
        delegate.gatewayLink(didReceive: translation.answers, at: translation.time)
    }

    // MARK: - Reconciliation

    private func reconcile(_ found: GatewayAnswer.State) {
        guard state == .reconciling, found.request == requestCount, let delegate else { return }
        deliver()
        guard state == .reconciling else { return }
        guard found.isComplete else { return query() }
        lastReport = found.lastReport
        let here = delegate.gatewayOpenOrders
        let there = Set(found.orders.map(\.id.value))
        settleMissing(here.filter { !there.contains($0.id) })
        for order in found.orders where !order.status.value.isFinal {
            let id = order.id.value
            guard !here.contains(where: { $0.id == id }) else { continue }
            delegate.gatewayLink(
                says: "order \(id) works at the gateway and is not known here; it is canceled",
                isAlarming: true)
            connection?.send(.cancel(.init(id: id)))
        }
        settleChanges()
        for order in delegate.gatewayOpenOrders
        where order.status == .pendingCancel || owedCancels.contains(order.id) {
            connection?.send(.cancel(.init(id: order.id)))
        }
        owedCancels = []
        unconfirmed = []
        state = .live
        deadline?.cancel()
        backoff.reset()
        reportedFailure = nil
        lastHeard = .now()
        delegate.gatewayLink(isAvailable: true)
        delegate.gatewayLink(
            says: "connected to the order gateway on \(socketPath): \(found.orders.count) orders are there",
            isAlarming: false)
        compare(found.positions)
    }

    /// Orders that the gateway does not have: those of which it never said anything never came, and nothing is sent
    /// again.
    private func settleMissing(_ orders: [Order]) {
        guard let delegate, !orders.isEmpty else { return }
        var answers: [VenueReport] = []
        var time = Timestamp.epoch
        for order in orders {
            time = max(time, order.createdAt)
            if !unconfirmed.contains(order.id), !Self.isUnconfirmed(order) {
                delegate.gatewayLink(says: "the gateway has lost order \(order.id)", isAlarming: true)
                answers.append(.canceled(order.id, reason: "lost_by_venue"))
            } else {
                answers.append(.rejected(order.id, reason: "not_received"))
            }
        }
        delegate.gatewayLink(didReceive: answers, at: time)
    }

    /// Changes that were asked for and not answered never arrived; the strategy decides anew.
    private func settleChanges() {
        guard let delegate else { return }
        let waiting = delegate.gatewayOpenOrders.filter { $0.status == .pendingUpdate }
        guard !waiting.isEmpty else { return }
        delegate.gatewayLink(
            didReceive: waiting.map { .modifyRejected($0.id, reason: "not_received") }, at: .epoch)
    }

    /// Whether the gateway has said nothing of an order yet, as far as its state tells.
    private static func isUnconfirmed(_ order: Order) -> Bool {
        order.filledQuantity.isZero && (order.status == .submitted || order.status == .pendingCancel)
    }

    /// Positions that differ are said, once for each difference; they are an operator's to settle.
    private func compare(_ found: [GatewayPosition]) {
        guard let delegate else { return }
        for instrument in instruments {
            let there = found.first { $0.symbol == instrument.symbol }?.quantity ?? .zero
            let here = delegate.gatewayPosition(instrument.token)
            guard there != here, reportedPositions[instrument.symbol] != there - here else { continue }
            reportedPositions[instrument.symbol] = there - here
            delegate.gatewayLink(
                says: "the position in \(instrument.symbol) is \(here) here and \(there) at the gateway",
                isAlarming: true)
        }
    }

    // MARK: - Timers

    private func scheduled(milliseconds: Int64, _ body: @escaping (GatewayLink) -> Void) -> Scheduled<Void> {
        let bound = NIOLoopBound((self, body), eventLoop: eventLoop)
        return eventLoop.scheduleTask(in: .milliseconds(milliseconds)) {
            let (link, body) = bound.value
            body(link)
        }
    }

    private func repeating(seconds: Int64, _ body: @escaping (GatewayLink) -> Void) -> RepeatedTask {
        let bound = NIOLoopBound((self, body), eventLoop: eventLoop)
        return eventLoop.scheduleRepeatedTask(initialDelay: .seconds(seconds), delay: .seconds(seconds)) {
            _ in
            let (link, body) = bound.value
            body(link)
        }
    }
}

@available(*, unavailable)
extension GatewayLink: Sendable {}
