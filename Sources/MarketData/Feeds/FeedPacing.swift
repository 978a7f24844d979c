import TradingModel

/// How fast the time of recorded or virtual records passes.
public enum FeedSpeed: Equatable, Sendable {
    /// As fast as they are taken.
    case unlimited
    /// This many seconds of theirs in one second; 1 is real time.
    case factor(Double)
}

/// Says when a record of a replay is due on the wall clock.
struct FeedPacing {
    let speed: FeedSpeed
    private var origin: (recorded: Timestamp, wall: Timestamp)?

    init(speed: FeedSpeed) { self.speed = speed }

    /// The moment a record is due; the first one asked for is due at once and sets the clock.
    mutating func dueTime(of recorded: Timestamp, now: Timestamp) -> Timestamp {
        guard case .factor(let factor) = speed else { return now }
        guard let origin else {
            self.origin = (recorded, now)
            return now
        }
        let elapsed = recorded.nanoseconds - origin.recorded.nanoseconds
        if factor == 1 { return sum(origin.wall, elapsed) }
        let scaled = (Double(elapsed) / factor).rounded(.up)
        return scaled < 9.2e18 ? sum(origin.wall, Int64(scaled)) : .distantFuture
    }

    private func sum(_ time: Timestamp, _ nanoseconds: Int64) -> Timestamp {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(nanoseconds)
        return overflow ? .distantFuture : Timestamp(nanoseconds: sum)
    }
}
