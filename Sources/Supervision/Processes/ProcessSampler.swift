#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Reads processor time and memory of many processes, again and again; not to be shared between threads.
///
/// Two files are read per process and sample, into one buffer: /proc/<pid>/stat and statm.
package struct ProcessSampler: ~Copyable {
    /// What one process uses.
    package struct Sample: Sendable, Equatable {
        /// Processor time since the process started, user and system.
        package let cpuTime: Duration
        /// The share of one core since the previous sample, 1 = one core; `nil` in the first sample.
        package let cpuShare: Double?
        /// Resident memory, shared pages included.
        package let residentBytes: Int
    }

    private struct Previous {
        let startTime: UInt64
        let cpuNanoseconds: Int64
        let time: MonotonicTime
    }

    private struct Reading {
        let startTime: UInt64
        let cpuNanoseconds: Int64
        let residentBytes: Int
    }

    private var previous: [Int32: Previous] = [:]
    #if os(Linux)
        private let reader = SmallFileReader(byteCountMax: Limits.processFileBytesMax)
        private let nanosecondsPerTick = 1_000_000_000 / Int64(max(1, sysconf(Int32(_SC_CLK_TCK))))
        private let pageByteCount = max(1, sysconf(Int32(_SC_PAGESIZE)))
    #endif

    /// Makes a sampler that has seen nothing yet.
    package init() {}

    /// Reads one process; `nil` when it has ended. `now` is the monotonic time of the reading.
    ///
    /// A number that was given to another process since the last sample counts as a first sample.
    package mutating func sample(_ pid: Int32, now: MonotonicTime) -> Sample? {
        guard let reading = read(pid) else {
            previous[pid] = nil
            return nil
        }
        var share: Double?
        if let before = previous[pid], before.startTime == reading.startTime {
            let elapsed = now.nanoseconds - before.time.nanoseconds
            // Ticks are coarse: after no time at all there is no share to give.
            if elapsed > 0 {
                share = Double(reading.cpuNanoseconds - before.cpuNanoseconds) / Double(elapsed)
            }
        }
        previous[pid] = Previous(
            startTime: reading.startTime, cpuNanoseconds: reading.cpuNanoseconds, time: now)
        return Sample(
            cpuTime: .nanoseconds(reading.cpuNanoseconds), cpuShare: share,
            residentBytes: reading.residentBytes)
    }

    /// Forgets a process that is not sampled any more.
    package mutating func forget(_ pid: Int32) { previous[pid] = nil }

    #if os(Linux)
        private func read(_ pid: Int32) -> Reading? {
            guard pid > 0 else { return nil }
            let stat = ProcStat.withPath(of: pid) { path in reader.read(path).flatMap { ProcStat($0) } }
            guard let stat, !stat.hasEnded else { return nil }
            let pages = ProcStat.withPath(of: pid, "/statm") { path in
                reader.read(path).flatMap { ProcStat.residentPages(statm: $0) }
            }
            guard let pages else { return nil }
            return Reading(
                startTime: stat.startTicks,
                cpuNanoseconds: Int64(clamping: stat.cpuTicks) * nanosecondsPerTick,
                residentBytes: Int(clamping: pages) * pageByteCount)
        }
    #else
        private func read(_ pid: Int32) -> Reading? {
            var usage = rusage_info_v2()
            let result = withUnsafeMutablePointer(to: &usage) { pointer in
                pointer.withMemoryRebound(to: rusage_info_t?.self, capacity: 1) {
                    proc_pid_rusage(pid, RUSAGE_INFO_V2, $0)
                }
            }
            guard result == 0 else { return nil }
            // The times are in units of mach_absolute_time, which are not nanoseconds on Apple silicon.
            var timebase = mach_timebase_info_data_t()
            mach_timebase_info(&timebase)
            let units = usage.ri_user_time + usage.ri_system_time
            let nanoseconds = units / UInt64(timebase.denom) * UInt64(timebase.numer)
            return Reading(
                startTime: usage.ri_proc_start_abstime, cpuNanoseconds: Int64(clamping: nanoseconds),
                residentBytes: Int(clamping: usage.ri_resident_size))
        }
    #endif
}
