/// Where an order stands.
@frozen
public enum OrderStatus: UInt8, Sendable, Hashable, BitwiseCopyable, CaseIterable, CustomStringConvertible {
    /// Made, not yet checked.
    case initialized = 1
    /// Refused by our own risk checks; never left the process.
    case denied = 2
    /// Sent to the venue.
    case submitted = 3
    /// Refused by the venue.
    case rejected = 4
    /// Working at the venue.
    case accepted = 5
    /// Working, with a part filled.
    case partiallyFilled = 6
    /// Complete.
    case filled = 7
    /// A cancel is under way.
    case pendingCancel = 8
    /// Taken back.
    case canceled = 9
    /// Ended by its time in force.
    case expired = 10
    /// Its trigger price was reached; it works as a market or limit order.
    case triggered = 11
    /// A change of price, trigger or quantity is under way.
    case pendingUpdate = 12
    /// Of a list: waits in the engine for its parent to fill.
    case held = 13

    /// Whether nothing more can happen to the order.
    @inlinable public var isFinal: Bool {
        switch self {
        case .denied, .rejected, .filled, .canceled, .expired: true
        case .initialized, .submitted, .accepted, .partiallyFilled, .pendingCancel, .triggered,
            .pendingUpdate, .held:
            false
        }
    }

    /// Whether the venue may know the order.
    @inlinable public var isAtVenue: Bool { !isFinal && self != .initialized && self != .held }

    /// The word used in SQL, on the command line and in logs.
    public var description: String {
        switch self {
        case .initialized: "initialized"
        case .denied: "denied"
        case .submitted: "submitted"
        case .rejected: "rejected"
        case .accepted: "accepted"
        case .partiallyFilled: "partially_filled"
        case .filled: "filled"
        case .pendingCancel: "pending_cancel"
        case .canceled: "canceled"
        case .expired: "expired"
        case .triggered: "triggered"
        case .pendingUpdate: "pending_update"
        case .held: "held"
        }
    }
}

/// What can happen to an order.
public enum OrderEvent: UInt8, Sendable, CaseIterable {
    // By ourselves.
    case denied, held, submitted, cancelSent, modifySent
    // By the venue.
    case rejected, accepted, triggered, modified, modifyRejected, cancelRejected, partlyFilled, filled,
        canceled
    case expired
}

extension Order {
    /// The status of an order that is at the venue with nothing under way.
    public var workingStatus: OrderStatus {
        if filledQuantity > .zero { return .partiallyFilled }
        return isTriggered ? .triggered : .accepted
    }

    /// The status after an event, with `filledQuantity` and `isTriggered` as they are after it; `nil` when the event
    /// means nothing in the order's state and is to be ignored.
    ///
    /// | from | event | to |
    /// |---|---|---|
    /// | initialized | denied, held, submitted | denied, held, submitted |
    /// | initialized, held | canceled | canceled |
    /// | held | submitted, denied | submitted, denied |
    /// | submitted | accepted | accepted |
    /// | submitted, accepted, pending update, pending cancel | rejected | rejected |
    /// | at the venue | triggered, part filled | triggered or partially filled; a pending state stays |
    /// | at the venue, nothing pending | cancel sent, modify sent | pending cancel, pending update |
    /// | pending update | modified, modify rejected | accepted, triggered or partially filled |
    /// | pending update | cancel sent | pending cancel |
    /// | pending cancel | cancel rejected | accepted, triggered or partially filled |
    /// | at the venue | filled, canceled, expired | filled, canceled, expired |
    ///
    /// An answer that overtakes or repeats another changes no pending state: what is still asked for counts.
    public func status(after event: OrderEvent) -> OrderStatus? {
        switch status {
        case .denied, .rejected, .filled, .canceled, .expired: return nil
        case .initialized:
            switch event {
            case .denied: return .denied
            case .held: return .held
            case .submitted: return .submitted
            case .canceled: return .canceled
            default: return nil
            }
        case .held:
            switch event {
            case .denied: return .denied
            case .submitted: return .submitted
            case .canceled: return .canceled
            default: return nil
            }
        case .submitted, .accepted, .partiallyFilled, .triggered, .pendingCancel, .pendingUpdate:
            return statusAtVenue(after: event)
        }
    }

    private func statusAtVenue(after event: OrderEvent) -> OrderStatus? {
        let isPending = status == .pendingCancel || status == .pendingUpdate
        switch event {
        case .denied, .held, .submitted: return nil
        case .filled: return .filled
        case .canceled: return .canceled
        case .expired: return .expired
        case .rejected:
            return status == .partiallyFilled || status == .triggered ? nil : .rejected
        case .accepted: return status == .submitted ? .accepted : nil
        case .triggered, .partlyFilled: return isPending ? status : workingStatus
        case .modified: return status == .pendingCancel ? status : workingStatus
        case .modifyRejected: return status == .pendingUpdate ? workingStatus : nil
        case .cancelRejected: return status == .pendingCancel ? workingStatus : nil
        case .cancelSent: return status == .pendingCancel ? nil : .pendingCancel
        case .modifySent: return isPending ? nil : .pendingUpdate
        }
    }
}
