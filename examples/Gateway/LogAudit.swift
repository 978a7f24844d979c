import GatewayProtocol
import TradingModel

/// What a log says of each strategy, counted from its lines alone.
struct LogAudit {
    /// A fill as both sides know it: two fills are one when all of this is equal.
    struct FillKey: Hashable, Comparable {
        var order: OrderID
        /// What had filled of the order with this fill.
        var filledE8: Int64
        var quantityE8: Int64
        var priceE8: Int64

        static func < (left: Self, right: Self) -> Bool {
            (left.order, left.filledE8) < (right.order, right.filledE8)
        }

        var text: String {
            "\(order) \(FixedPointText.format(quantityE8)) at \(FixedPointText.format(priceE8)), in all "
                + FixedPointText.format(filledE8)
        }
    }

    /// One strategy's part.
    struct Strategy {
        /// How often each order came, the first time included; those that the gateway made itself are apart.
        var received: [OrderID: Int] = [:]
        var own: Set<OrderID> = []
        var status: [OrderID: OrderStatus] = [:]
        var fills: [FillKey: Int] = [:]
        var positions: [String: Quantity] = [:]
        var terms: [OrderID: (side: Side, symbol: String, quantity: Quantity)] = [:]
        var rejectedCount = 0
        var reportCount = 0
        /// Orders that came as new although they were there, and report numbers that do not follow: both cannot be.
        var faults: [String] = []

        var ordersSeenCount: Int { received.count - own.count }
        var duplicatesSeenCount: Int { received.values.reduce(0) { $0 + $1 - 1 } }
        var openOrders: [OrderID] { received.keys.filter { status[$0]?.isFinal != true }.sorted() }
        var fillCount: Int { fills.values.reduce(0, +) }
    }

    private(set) var strategies: [String: Strategy] = [:]
    private let lineCount: Int
    private let startCount: Int
    private let tornByteCount: Int

    init(_ contents: LogContents) {
        lineCount = contents.lines.count
        tornByteCount = contents.tornByteCount
        startCount = contents.lines.count { $0.kind == .started }
        for line in contents.lines {
            guard let id = line.strategy else { continue }
            strategies[id, default: Strategy()].take(line)
        }
    }

    /// The audit for people and programs.
    func document(hasDetail: Bool) -> AuditDocument {
        AuditDocument(
            lines: lineCount, starts: startCount, tornBytes: tornByteCount,
            strategies: strategies.keys.sorted().map { id in
                AuditDocument.Strategy(id, strategies[id] ?? Strategy(), hasDetail: hasDetail)
            })
    }
}

extension LogAudit.Strategy {
    fileprivate mutating func take(_ line: LogLine) {
        switch line.kind {
        case .order:
            guard let order = line.order else { return }
            let id = order.id.value
            if received[id] != nil { faults.append("order \(id) came as new twice") }
            received[id, default: 0] += 1
            if line.isOwn == true { own.insert(id) }
            status[id] = .submitted
            terms[id] = (order.side.value, order.symbol, order.quantity)
        case .duplicate: if let id = line.id?.value { received[id, default: 0] += 1 }
        case .report: if let report = line.report { take(report) }
        case .started, .account, .request, .takenOut: break
        }
    }

    private mutating func take(_ report: GatewayReport) {
        reportCount += 1
        let id = report.id.value
        if report.number != UInt64(reportCount) {
            faults.append("report \(report.number) stands where \(reportCount) should")
        }
        if received[id] == nil { faults.append("report \(report.number) is about \(id), which never came") }
        switch report.event {
        case .placed, .modifyRejected, .cancelRejected: break
        case .triggered: status[id] = .triggered
        case .modified, .adjusted: if let quantity = report.quantity { terms[id]?.quantity = quantity }
        case .accepted: status[id] = .accepted
        case .rejected:
            status[id] = .rejected
            rejectedCount += 1
        case .canceled: status[id] = .canceled
        case .expired: status[id] = .expired
        case .filled:
            let quantity = report.quantity ?? .zero
            let key = LogAudit.FillKey(
                order: id, filledE8: (report.filledQuantity ?? .zero).e8, quantityE8: quantity.e8,
                priceE8: (report.price ?? .zero).e8)
            fills[key, default: 0] += 1
            guard let (side, symbol, whole) = terms[id] else { return }
            status[id] = key.filledE8 < whole.e8 ? .partiallyFilled : .filled
            positions[symbol, default: .zero] += side == .buy ? quantity : -quantity
        }
    }
}

/// The JSON of an audit.
struct AuditDocument: Encodable {
    struct Strategy: Encodable {
        var strategy: String
        var ordersSeen: Int
        var duplicatesSeen: Int
        var ownOrders: Int
        var rejected: Int
        var fills: Int
        var reports: Int
        var openOrders: [String]
        var positions: [String: Quantity]
        var faults: [String]
        var orders: [String]?
        var fillList: [String]?

        init(_ id: String, _ counted: LogAudit.Strategy, hasDetail: Bool) {
            strategy = id
            ordersSeen = counted.ordersSeenCount
            duplicatesSeen = counted.duplicatesSeenCount
            ownOrders = counted.own.count
            rejected = counted.rejectedCount
            fills = counted.fillCount
            reports = counted.reportCount
            openOrders = counted.openOrders.map(\.description)
            positions = counted.positions.filter { !$0.value.isZero }
            faults = counted.faults
            guard hasDetail else { return }
            orders = counted.received.keys.sorted().map { id in
                "\(id) \(counted.status[id]?.description ?? "")"
            }
            fillList = counted.fills.keys.sorted().map(\.text)
        }

        private enum CodingKeys: String, CodingKey {
            case strategy, rejected, fills, reports, positions, faults, orders
            case ordersSeen = "orders_seen"
            case duplicatesSeen = "duplicates_seen"
            case ownOrders = "own_orders"
            case openOrders = "open_orders"
            case fillList = "fill_list"
        }
    }

    var lines: Int
    var starts: Int
    var tornBytes: Int
    var strategies: [Strategy]

    private enum CodingKeys: String, CodingKey {
        case lines, starts, strategies
        case tornBytes = "torn_bytes"
    }
}
