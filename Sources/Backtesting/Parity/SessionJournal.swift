package import TradingModel

/// An order with all that became of it.
package struct TracedOrder: Equatable, Sendable {
    /// A part that traded.
    package struct Part: Equatable, Sendable {
        package var time: Timestamp
        package var price: Price
        package var quantity: Quantity
    }

    /// As it was sent, or denied.
    package var order: Order
    package var status: OrderStatus
    package var reason: String
    package var parts: [Part]
    /// Later prices and quantities.
    package var changes: [OrderModification] = []
}

/// A session as its journal has it.
struct SessionJournal {
    /// New values and the engine time from which on they were in force.
    struct ParameterChange {
        var time: Timestamp
        var json: String
    }

    let checkpoint: EngineSnapshot?
    /// The receive time of the first record that it saw.
    let firstRecordTime: Timestamp
    /// The engine time of its last record of any kind.
    let lastTime: Timestamp
    /// After the ones it began with.
    let parameterChanges: [ParameterChange]
    /// The ones it began with, a JSON object.
    let orders: [TracedOrder]

    /// Reads the journal of one session; throws when the session saw no record.
    init(_ entries: [JournalEntry]) throws(BacktestError) {
        var checkpoint: EngineSnapshot?
        var changes: [ParameterChange] = []
        for entry in entries {
            switch entry.record {
            case .checkpoint(let snapshot): checkpoint = snapshot
            case .parametersChanged(let json): changes.append(ParameterChange(time: entry.time, json: json))
            default: break
            }
        }
        let known = changes.filter { $0.time != .epoch }
        guard let first = known.first else {
            throw BacktestError(
                .noRecords,
                context:
                    "the session's journal does not say when its first record came: it saw none, or was written by"
                    + " an older program")
        }
        self.checkpoint = checkpoint
        firstRecordTime = first.time
        parameterChanges = Array(known.dropFirst())
        lastTime = entries.map(\.time).max() ?? first.time
        orders = Self.orders(
            entries.map { ($0.time, $0.record) }, open: checkpoint?.openOrders ?? [])
    }

    /// Orders in the order in which they were sent, those that were open before first. What the end of a session did
    /// to them is left out.
    static func orders(_ records: [(time: Timestamp, record: JournalRecord)], open: [Order]) -> [TracedOrder]
    {
        var orders = open.map { TracedOrder(order: $0, status: $0.status, reason: "", parts: []) }
        var places = Dictionary(orders.indices.map { (orders[$0].order.id, $0) }) { first, _ in first }
        for (time, record) in records {
            switch record {
            case .orderSubmitted(let order):
                places[order.id] = orders.count
                orders.append(TracedOrder(order: order, status: order.status, reason: "", parts: []))
            case .orderUpdated(let update):
                guard let place = places[update.id], update.reason != "session_ended" else { continue }
                orders[place].status = update.status
                orders[place].reason = update.reason
            case .orderModified(let change):
                guard let place = places[change.id] else { continue }
                orders[place].changes.append(change)
            case .fill(let fill):
                guard let place = places[fill.orderID] else { continue }
                orders[place].parts.append(
                    TracedOrder.Part(time: time, price: fill.price, quantity: fill.quantity))
            default: break
            }
        }
        return orders
    }
}

/// What a recording has around the times at which orders were sent.
struct RecordingCoverage {
    private let times: [Timestamp]
    private var isCovered: [Bool]
    private var next = 0
    /// Records that say that others are missing.
    private(set) var gaps: [(time: Timestamp, missing: Int64)] = []
    private(set) var recordCount = 0

    /// Times in ascending order.
    init(times: [Timestamp]) {
        self.times = times.sorted()
        isCovered = Array(repeating: false, count: times.count)
    }

    /// Sees the next record; receive times ascend.
    mutating func note(_ event: MarketEvent) {
        recordCount += 1
        while next < times.count, times[next] < event.receiveTime { next += 1 }
        var place = next
        while place < times.count, times[place] == event.receiveTime {
            isCovered[place] = true
            place += 1
        }
        if event.kind == .gap { gaps.append((event.receiveTime, event.word1)) }
    }

    /// Whether the recording has a record of exactly that time.
    func has(_ time: Timestamp) -> Bool {
        var low = 0
        var high = times.count
        while low < high {
            let middle = (low + high) / 2
            if times[middle] < time { low = middle + 1 } else { high = middle }
        }
        return low < times.count && times[low] == time && isCovered[low]
    }
}
