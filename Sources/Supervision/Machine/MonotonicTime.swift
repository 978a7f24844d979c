import TradingModel

/// A reading of the monotonic clock in nanoseconds; only differences and comparisons mean something.
package struct MonotonicTime: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// Nanoseconds since an arbitrary moment of this boot.
    package let nanoseconds: Int64

    /// Wraps a reading in nanoseconds.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// A later moment; traps on overflow (292 years).
    package static func + (left: MonotonicTime, right: Duration) -> MonotonicTime {
        MonotonicTime(nanoseconds: left.nanoseconds + right.wholeNanoseconds)
    }

    /// An earlier moment; traps on overflow.
    package static func - (left: MonotonicTime, right: Duration) -> MonotonicTime {
        MonotonicTime(nanoseconds: left.nanoseconds - right.wholeNanoseconds)
    }

    /// The time from `right` to `left`.
    package static func - (left: MonotonicTime, right: MonotonicTime) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }
}
