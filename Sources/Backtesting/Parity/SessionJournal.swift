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
    let checkpoint: EngineSnapshot?
    /// The receive time of the first record that it saw.
    let firstRecordTime: Timestamp
    /// The engine time of its last record of any kind.
    let lastTime: Timestamp
    /// What it went by besides its records.
    let inputs: [SessionInput]
    /// How it ended; `nil` when it was killed, or still runs.
    let end: JournalSessionEnd?
    let orders: [TracedOrder]
    /// Records of the order log.
    let logCount: Int
    /// Whether the program that wrote it noted commands with their places.
    let hasInputs: Bool

    /// Reads the journal of one session; throws when the session saw no record.
    init(_ entries: [JournalEntry]) throws(BacktestError) {
        var checkpoint: EngineSnapshot?
        var end: JournalSessionEnd?
        var inputs: [SessionInput] = []
        var logCount = 0
        for entry in entries {
            switch entry.record {
            case .orderSubmitted, .orderUpdated, .orderModified, .fill: logCount += 1
            case .checkpoint(let snapshot): checkpoint = snapshot
            case .input(let input): inputs.append(input)
            case .sessionEnded(let ended): end = ended
            default: break
            }
        }
        self.logCount = logCount
        hasInputs = !inputs.isEmpty
        if !hasInputs { inputs = Self.inputs(ofOlder: entries) }
        guard let first = inputs.first(where: { $0.kind == .began }) else {
            throw BacktestError(.noRecords, context: "the session saw no record: there is nothing to replay")
        }
        self.checkpoint = checkpoint
        self.inputs = inputs
        self.end = end
        firstRecordTime = first.place.time
        lastTime = entries.map(\.time).max() ?? first.place.time
        orders = Self.orders(
            entries.map { ($0.time, $0.record) }, open: checkpoint?.openOrders ?? [])
    }

    /// What journals say that were written before inputs had a place: when the first record came, and live parameters.
    private static func inputs(ofOlder entries: [JournalEntry]) -> [SessionInput] {
        var inputs: [SessionInput] = []
        for entry in entries where entry.time != .epoch {
            guard case .parametersChanged(let json) = entry.record else { continue }
            inputs.append(
                inputs.isEmpty
                    ? SessionInput(kind: .began, place: RecordPlace(time: entry.time, sequence: 0))
                    : SessionInput(
                        kind: .parameters, place: RecordPlace(time: entry.time, sequence: .max), text: json))
        }
        return inputs
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
    private(set) var lastTime: Timestamp?

    /// Times in ascending order.
    init(times: [Timestamp]) {
        self.times = times.sorted()
        isCovered = Array(repeating: false, count: times.count)
    }

    /// Sees the next record; receive times ascend.
    mutating func note(_ event: MarketEvent) {
        recordCount += 1
        lastTime = event.receiveTime
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
