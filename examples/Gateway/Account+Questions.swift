import GatewayProtocol
import TradingModel

// MARK: - Questions

extension Account {
    /// How an order stands.
    static func state(_ entry: Entry) -> GatewayOrderState {
        GatewayOrderState(
            id: entry.order.id, symbol: entry.symbol, side: entry.order.side, quantity: entry.order.quantity,
            filledQuantity: entry.order.filledQuantity, status: entry.order.status)
    }

    /// The reason that the reports of an order gave last.
    func lastReason(of id: OrderID) -> String? {
        entries[id]?.reports.compactMap { reports[$0]?.reason }.last
    }

    /// What is held, without what is flat.
    var openPositions: [GatewayPosition] {
        zip(instruments, positions).filter { !$0.1.isZero }.map {
            GatewayPosition(symbol: $0.symbol, quantity: $1)
        }
    }

    /// Answers a query: the reports, then the state. Live reports follow a complete answer without a gap. One for reports
    /// that are not kept any more is refused (`reports_gone`); the client then asks by ids.
    func answer(_ query: GatewayRequest.Query) -> (answers: [GatewayAnswer], isComplete: Bool) {
        var wanted: [GatewayReport] = []
        var isComplete = true
        var unknown: [OrderID] = []
        var listed = Set(open)
        if let since = query.since {
            guard since >= forgottenReport else {
                let refusal = GatewayAnswer.Refused(
                    what: "query", request: query.request, reason: "reports_gone")
                return ([.refused(refusal)], false)
            }
            if since < lastReport {
                let end = min(lastReport, since + UInt64(GatewayLimits.reportsPerQueryMax))
                wanted = (since + 1...end).compactMap { reports[$0] }
                isComplete = end == lastReport
            }
        } else {
            var numbers: Set<UInt64> = []
            for id in (query.ids ?? []).map(\.value) {
                guard let entry = entries[id] else {
                    unknown.append(id)
                    continue
                }
                listed.insert(id)
                numbers.formUnion(entry.reports)
            }
            // Any number may come: one that is ahead of the last asks for nothing.
            let known = query.externalSince ?? ownCount
            if known < ownCount {
                for count in (known + 1)...ownCount {
                    numbers.formUnion(entries[OrderID(epoch: 0, count: count)]?.reports ?? [])
                }
            }
            wanted = numbers.sorted().compactMap { reports[$0] }
        }
        let last = isComplete ? lastReport : wanted.last?.number ?? 0
        let state = GatewayAnswer.State(
            request: query.request, orders: listed.sorted().compactMap { entries[$0].map(Self.state) },
            unknown: unknown.sorted(), positions: openPositions, lastReport: last, isComplete: isComplete)
        return (wanted.map { .report($0) } + [.state(state)], isComplete)
    }
}
