public import TradingModel

/// The mean price of a session's trades, weighted by their sizes.
///
/// A session lasts `session` and begins at whole multiples of it since 1970-01-01T00:00:00Z, moved by `offset`; the
/// default is the UTC day. The first trade of a new session starts afresh. TA-Lib has none; the formula is
/// Σ(price × size) / Σ size. Sums of one session are compensated (Neumaier), so that millions of trades do not
/// blunt them.
public struct VolumeWeightedAveragePrice: Sendable, StateSaving {
    private let sessionNanoseconds: Int64
    private let offsetNanoseconds: Int64
    private var session = Int64.min
    private var turnover = CompensatedSum()
    private var volume = CompensatedSum()

    /// Traps unless the session is positive and the offset shorter than it and not negative.
    public init(session: Duration = .seconds(86_400), offset: Duration = .zero) {
        precondition(session > .zero, "a session lasts some time")
        precondition(offset >= .zero && offset < session, "the offset lies within a session")
        sessionNanoseconds = session.wholeNanoseconds
        offsetNanoseconds = offset.wholeNanoseconds
    }

    /// Whether the session has had a trade with a size.
    public var isReady: Bool { volume.value > 0 }

    /// The average; zero before the session's first trade with a size.
    public var value: Double { volume.value > 0 ? turnover.value / volume.value : 0 }

    /// What has traded in the session.
    public var sessionVolume: Double { volume.value }

    /// Adds a trade at a time.
    public mutating func add(_ trade: Trade, at time: Timestamp) {
        add(trade.price.doubleValue, size: trade.size.doubleValue, at: time)
    }

    /// Adds a bar's typical price `(high + low + close) / 3` with its volume, at the time of its close.
    ///
    /// A bar that closes with the session belongs to it.
    public mutating func add(_ bar: Bar, at close: Timestamp) {
        let price = (bar.high.doubleValue + bar.low.doubleValue + bar.close.doubleValue) / 3
        add(price, size: bar.volume.doubleValue, at: Timestamp(nanoseconds: close.nanoseconds - 1))
    }

    /// Adds a price with a size, both finite, at a time.
    public mutating func add(_ price: Double, size: Double, at time: Timestamp) {
        let shifted = time.nanoseconds - offsetNanoseconds
        let remainder = shifted % sessionNanoseconds
        let start = shifted - (remainder < 0 ? remainder + sessionNanoseconds : remainder)
        if start != session {
            session = start
            turnover = CompensatedSum()
            volume = CompensatedSum()
        }
        turnover.add(price * size)
        volume.add(size)
    }

    public func save(to writer: inout StateWriter) {
        writer.append(session)
        for part in [turnover, volume] {
            writer.append(part.sum)
            writer.append(part.compensation)
        }
    }

    public mutating func load(from reader: inout StateReader) throws(StateError) {
        session = try reader.read(Int64.self)
        turnover = CompensatedSum(
            sum: try reader.read(Double.self), compensation: try reader.read(Double.self))
        volume = CompensatedSum(sum: try reader.read(Double.self), compensation: try reader.read(Double.self))
    }
}

/// A sum that keeps what rounding cuts off (Neumaier's variant of Kahan's summation).
struct CompensatedSum: Sendable {
    private(set) var sum = 0.0
    private(set) var compensation = 0.0

    var value: Double { sum + compensation }

    init() {}

    init(sum: Double, compensation: Double) {
        self.sum = sum
        self.compensation = compensation
    }

    mutating func add(_ value: Double) {
        let next = sum + value
        compensation += abs(sum) >= abs(value) ? sum - next + value : value - next + sum
        sum = next
    }
}
