/// A moment: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted. Range 1677 to 2262.
@frozen
public struct Timestamp: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// Nanoseconds since the epoch.
    public let nanoseconds: Int64

    /// Makes a moment from nanoseconds since the epoch.
    @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Makes a moment from milliseconds since the epoch; traps outside the range.
    @inlinable public init(milliseconds: Int64) { self.init(nanoseconds: milliseconds * 1_000_000) }

    /// Makes a moment from seconds since the epoch; traps outside the range.
    @inlinable public init(seconds: Int64) { self.init(nanoseconds: seconds * 1_000_000_000) }

    /// 1970-01-01T00:00:00Z, which also stands for "not known".
    @inlinable public static var epoch: Timestamp { Timestamp(nanoseconds: 0) }

    /// The last moment that can be expressed.
    @inlinable public static var distantFuture: Timestamp { Timestamp(nanoseconds: .max) }

    /// Whole milliseconds since the epoch, rounded towards zero.
    @inlinable public var milliseconds: Int64 { nanoseconds / 1_000_000 }

    @inlinable public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// A moment later by a duration; traps on overflow.
    @inlinable public static func + (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(nanoseconds: left.nanoseconds + right.wholeNanoseconds)
    }

    /// A moment earlier by a duration; traps on overflow.
    @inlinable public static func - (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(nanoseconds: left.nanoseconds - right.wholeNanoseconds)
    }

    /// The time from `right` to `left`.
    @inlinable public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }
}

extension Duration {
    /// Whole nanoseconds, rounded towards zero; traps beyond 292 years.
    @inlinable public var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
