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
    /// The order-log hash of a session that ended in order; `nil` for one that was killed or still runs.
    package var sessionHash: UInt64?
    package var replayHash: UInt64
    /// Records that the session missed and the replay left out.
    package var missedCount: Int
    /// Commands and other things from outside that were done again at their places.
    package var inputCount: Int
    package var notes: [String]
    package var differences: [Difference]

    private enum CodingKeys: String, CodingKey {
        case from, until, differences, notes
        case missedCount = "missed_records"
        case inputCount = "inputs"
        case sessionOrders = "session_orders"
        case replayOrders = "replay_orders"
        case equalOrders = "equal_orders"
        case recordCount = "records"
        case sessionHash = "session_hash"
        case replayHash = "replay_hash"
    }

    /// Whether every order is the same.
    package var isEqual: Bool { differences.isEmpty && isHashEqual }

    /// Whether the order logs are the same to the last update, as far as the session has an end.
    package var isHashEqual: Bool { sessionHash == nil || sessionHash == replayHash }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(from, forKey: .from)
        try container.encode(until, forKey: .until)
        try container.encode(sessionOrders, forKey: .sessionOrders)
        try container.encode(replayOrders, forKey: .replayOrders)
        try container.encode(equalOrders, forKey: .equalOrders)
        try container.encode(recordCount, forKey: .recordCount)
        try container.encode(inputCount, forKey: .inputCount)
        try container.encode(missedCount, forKey: .missedCount)
        try container.encode(sessionHash.map(OrderLogHash.digits), forKey: .sessionHash)
        try container.encode(OrderLogHash.digits(replayHash), forKey: .replayHash)
        try container.encode(notes, forKey: .notes)
        try container.encode(differences, forKey: .differences)
    }
}

extension ParityReport {
    init(
        observed: SessionJournal, replayed: [TracedOrder], replayHash: UInt64, coverage: RecordingCoverage,
        skippedCount: Int, instruments: [Instrument], notes: [String]
    ) {
        sessionOrders = observed.orders.count
        replayOrders = replayed.count
        equalOrders = 0
        recordCount = coverage.recordCount
        from = observed.firstRecordTime
        until = observed.lastTime
        differences = []
        sessionHash = observed.end?.orderLogHash
        self.replayHash = replayHash
        missedCount = skippedCount
        inputCount = observed.inputs.count { Self.isOfOperator($0.kind) }
        self.notes = notes
        if observed.end == nil {
            self.notes.append(
                "the session was killed or still runs: compared up to its last word at \(until)")
        }
        for gap in coverage.gaps.prefix(3) {
            self.notes.append("the recording has a gap of \(gap.missing) records at \(gap.time)")
        }
        if !observed.hasInputs {
            self.notes.append(
                "an older program wrote the journal, which noted no commands: pauses are not done again")
        }
        let judge = Judge(observed: observed, coverage: coverage, instruments: instruments, notes: notes)
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

    private static func isOfOperator(_ kind: SessionInput.Kind) -> Bool {
        switch kind {
        case .paused, .resumed, .parameters, .tradingState, .limitsChanged, .flattened, .missed: true
        default: false
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
    let instruments: [Instrument]
    let notes: [String]

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
        if let known = known(before: time) { return known }
        if let first { return "follows from the difference at \(first.time)" }
        if let note = notes.first { return note }
        return "unexplained: the strategy's program or a file it reads is not what it was"
    }

    /// What is known to have happened before a time that the other run did not have.
    private func known(before time: Timestamp) -> String? {
        if let gap = coverage.gaps.last(where: { $0.time <= time }) {
            return "a gap of \(gap.missing) records at \(gap.time)"
        }
        if let miss = observed.inputs.last(where: { $0.kind == .missed && $0.place.time <= time }) {
            return "after \(miss.text) records that the session missed at \(miss.place.time)"
        }
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
