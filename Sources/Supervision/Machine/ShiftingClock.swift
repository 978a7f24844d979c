/// Turns monotonic time into two clocks that stand still when deadlines must not run.
///
/// The manager's clock leaves out the time in which the manager itself was stalled. The bus clock leaves out the
/// time without a bus as well: whoever waits for a message must not be blamed for a broker that is down.
struct ShiftingClock: Sendable {
    private var stalled: Duration = .zero
    private var busOutage: Duration = .zero
    private var busLostAt: MonotonicTime?

    /// Whether the bus is away.
    var isBusLost: Bool { busLostAt != nil }

    /// The manager's clock.
    func managerTime(_ now: MonotonicTime) -> MonotonicTime { now - stalled }

    /// The bus clock.
    func busTime(_ now: MonotonicTime) -> MonotonicTime { (busLostAt ?? managerTime(now)) - busOutage }

    /// When a deadline of the manager's clock is due.
    func dueTime(manager deadline: MonotonicTime) -> MonotonicTime { deadline + stalled }

    /// When a deadline of the bus clock is due; `nil` while the bus is away.
    func dueTime(bus deadline: MonotonicTime) -> MonotonicTime? {
        isBusLost ? nil : deadline + busOutage + stalled
    }

    /// Leaves out a stretch in which the manager did not run.
    mutating func skip(_ duration: Duration) { stalled += duration }

    /// Stops the bus clock; `false` when it stands already.
    mutating func loseBus(_ now: MonotonicTime) -> Bool {
        guard busLostAt == nil else { return false }
        busLostAt = managerTime(now)
        return true
    }

    /// Lets the bus clock go on; `false` when it runs already.
    mutating func regainBus(_ now: MonotonicTime) -> Bool {
        guard let lostAt = busLostAt else { return false }
        busOutage += managerTime(now) - lostAt
        busLostAt = nil
        return true
    }
}
