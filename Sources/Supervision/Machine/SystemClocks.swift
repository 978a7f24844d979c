package import TradingModel

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The monotonic clock of this machine: clock_gettime(2) with CLOCK_MONOTONIC.
package enum MonotonicClock {
    /// The current reading.
    package static var now: MonotonicTime { MonotonicTime(nanoseconds: readClock(CLOCK_MONOTONIC)) }
}

/// The civil clock of this machine: clock_gettime(2) with CLOCK_REALTIME. It may jump; deadlines never use it.
package enum WallClock {
    /// The current time.
    package static var now: Timestamp { Timestamp(nanoseconds: readClock(CLOCK_REALTIME)) }
}

private func readClock(_ clock: clockid_t) -> Int64 {
    var value = timespec()
    let result = clock_gettime(clock, &value)
    precondition(result == 0, "clock_gettime fails only for a clock that does not exist")
    return Int64(value.tv_sec) * 1_000_000_000 + Int64(value.tv_nsec)
}
