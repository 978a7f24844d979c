import TradingModel

/// Holds back from the journal what an earlier process has written already, and compares it.
///
/// Confined to the executor's event loop.
final class ReplayGate {
    private let expected: [JournalRecord]
    private var position = 0
    /// The first record that is not the one that was written, as an order and a time.
    private(set) var mismatch: String?
    /// What goes beyond it: a process that was killed in the middle of a write left it out.
    private(set) var rest: [(record: JournalRecord, time: Timestamp)] = []
    /// Whether everything goes through.
    var isOpen = false

    init(expected: [JournalRecord]) { self.expected = expected }

    /// Whether all that was written has come again.
    var isComplete: Bool { position == expected.count }

    /// Whether a record is to be written.
    func admits(_ record: JournalRecord, at time: Timestamp) -> Bool {
        if isOpen { return true }
        guard record.isOfOrderLog else { return false }
        guard position < expected.count else {
            rest.append((record, time))
            return false
        }
        if mismatch == nil, expected[position] != record {
            mismatch = "order \(expected[position].orderID.map { "\($0)" } ?? ""), \(time)"
        }
        position += 1
        return false
    }
}

extension JournalRecord {
    /// The order that a record of the order log is about.
    fileprivate var orderID: OrderID? {
        switch self {
        case .orderSubmitted(let order): order.id
        case .orderUpdated(let update): update.id
        case .orderModified(let change): change.id
        case .fill(let fill): fill.orderID
        default: nil
        }
    }
}
