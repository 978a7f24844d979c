package import TradingModel

/// Where a session and its replay are not the same, and why.
package struct ParityReport: Sendable, Encodable {
    /// One order that differs.
    package struct Difference: Sendable, Encodable {
        package var time: Timestamp
        /// What the session did; `nil` for nothing.
        package var session: String?
        /// What the replay did; `nil` for nothing.
        package var replay: String?
        /// Why, as far as journal and recording tell.
        package var cause: String
    }

    package var sessionOrders: Int
    package var replayOrders: Int
    package var equalOrders: Int
    package var recordCount: Int
    package var from: Timestamp
    package var until: Timestamp
    package var differences: [Difference]

    private enum CodingKeys: String, CodingKey {
        case from, until, differences
        case sessionOrders = "session_orders"
        case replayOrders = "replay_orders"
        case equalOrders = "equal_orders"
        case recordCount = "records"
    }

    /// Whether every order is the same.
    package var isEqual: Bool { differences.isEmpty }
}

extension ParityReport {
    init(
        observed: SessionJournal, replayed: [TracedOrder], coverage: RecordingCoverage,
        pauses: [ClosedRange<Timestamp>], missedCount: UInt64, instruments: [Instrument]
    ) {
        sessionOrders = observed.orders.count
        replayOrders = replayed.count
        equalOrders = 0
        recordCount = coverage.recordCount
        from = observed.firstRecordTime
        until = observed.lastTime
        differences = []
        let judge = Judge(
            observed: observed, coverage: coverage, pauses: pauses, missedCount: missedCount,
            instruments: instruments)
        let (left, right) = (observed.orders, replayed)
        var (i, j) = (0, 0)
        while i < left.count || j < right.count {
            if i < left.count, j < right.count, Self.isSame(left[i].order, right[j].order) {
                let outcome = judge.compare(left[i], right[j], isFirst: differences.isEmpty)
                if let outcome { differences.append(outcome) } else { equalOrders += 1 }
                (i, j) = (i + 1, j + 1)
            } else if j >= right.count
                || (i < left.count && left[i].order.createdAt <= right[j].order.createdAt)
            {
                differences.append(judge.onlySession(left[i], first: differences.first))
                i += 1
            } else {
                differences.append(judge.onlyReplay(right[j], first: differences.first))
                j += 1
            }
        }
    }

    private static func isSame(_ left: Order, _ right: Order) -> Bool {
        left.createdAt == right.createdAt && left.token == right.token && left.side == right.side
            && left.type == right.type && left.price == right.price && left.quantity == right.quantity
    }
}

/// Finds the likely cause of a difference.
private struct Judge {
    let observed: SessionJournal
    let coverage: RecordingCoverage
    let pauses: [ClosedRange<Timestamp>]
    let missedCount: UInt64
    let instruments: [Instrument]

    /// Two that were sent alike: what became of them; `nil` when that is the same too.
    func compare(_ session: TracedOrder, _ replay: TracedOrder, isFirst: Bool) -> ParityReport.Difference? {
        // An order still working when the session's journal ends has no outcome to compare.
        let isOpen = !session.status.isFinal || !replay.status.isFinal
        let isSameEnd = isOpen || (session.status == replay.status && session.reason == replay.reason)
        // Ids count alike in both, because both began with the same epoch and checkpoint.
        let isSameChange = session.changes.map(\.price) == replay.changes.map(\.price)
        guard session.parts != replay.parts || !isSameEnd || !isSameChange else { return nil }
        let time = session.order.createdAt
        var cause = isSameChange ? "a different end" : "other changes of the order"
        if let (mine, other) = zip(session.parts, replay.parts).first(where: { $0 != $1 }) {
            if mine.price != other.price {
                cause = "a different price: \(mine.price) in the session, \(other.price) in the replay"
            } else if mine.quantity != other.quantity {
                cause =
                    "a different quantity: \(mine.quantity) in the session, \(other.quantity) in the replay"
            } else {
                cause = "a different time: \(mine.time) in the session, \(other.time) in the replay"
            }
        } else if session.parts.count != replay.parts.count {
            cause = "\(session.parts.count) fills in the session, \(replay.parts.count) in the replay"
        }
        if let known = known(before: time) { cause += "; \(known)" }
        return ParityReport.Difference(time: time, session: text(session), replay: text(replay), cause: cause)
    }

    func onlySession(_ order: TracedOrder, first: ParityReport.Difference?) -> ParityReport.Difference {
        let time = order.order.createdAt
        var cause = cause(at: time, first)
        if !coverage.has(time) {
            cause = "a missing tick: the recording has no record of that time (or a timer sent it)"
        }
        return ParityReport.Difference(time: time, session: text(order), replay: nil, cause: cause)
    }

    func onlyReplay(_ order: TracedOrder, first: ParityReport.Difference?) -> ParityReport.Difference {
        let time = order.order.createdAt
        return ParityReport.Difference(
            time: time, session: nil, replay: text(order), cause: cause(at: time, first))
    }

    private func cause(at time: Timestamp, _ first: ParityReport.Difference?) -> String {
        if pauses.contains(where: { $0.contains(time) }) { return "the session was paused then" }
        if let known = known(before: time) { return known }
        if let first { return "follows from the difference at \(first.time)" }
        return "unexplained: the strategy, its program or its settings are not what they were"
    }

    /// What is known to have happened before a time that the other run did not have.
    private func known(before time: Timestamp) -> String? {
        if let gap = coverage.gaps.last(where: { $0.time <= time }) {
            return "a gap of \(gap.missing) records at \(gap.time)"
        }
        if let pause = pauses.last(where: { $0.lowerBound <= time }) {
            return
                "after a pause from \(pause.lowerBound), whose place among the records is known to some milliseconds only"
        }
        if let change = observed.parameterChanges.last(where: { $0.time <= time }) {
            return "after the change of parameters at \(change.time)"
        }
        if missedCount > 0 { return "the session missed \(missedCount) records" }
        return nil
    }

    private func text(_ traced: TracedOrder) -> String {
        let order = traced.order
        let symbol = instruments.first { $0.token == order.token }?.symbol ?? "#\(order.token)"
        let price = order.price.isZero ? "" : " at \(order.price)"
        let parts = traced.parts.map { ", \($0.quantity) at \($0.price)" }.joined()
        let reason = traced.reason.isEmpty ? "" : " (\(traced.reason))"
        return
            "\(order.id) \(order.type) \(order.side) \(order.quantity) \(symbol)\(price): \(traced.status)\(reason)\(parts)"
    }
}
