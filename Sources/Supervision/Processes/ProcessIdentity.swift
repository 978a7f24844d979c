#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A process that cannot be mistaken for a later one with the same number.
package struct ProcessIdentity: Hashable, Sendable {
    /// The process id.
    package let pid: Int32
    /// When it started: clock ticks since boot on Linux, microseconds since 1970 on macOS. Only good for comparison.
    package let startTime: UInt64
    /// The boot it belongs to.
    package let bootID: String

    /// Makes an identity from stored parts.
    package init(pid: Int32, startTime: UInt64, bootID: String) {
        self.pid = pid
        self.startTime = startTime
        self.bootID = bootID
    }

    /// Looks a process up; `nil` when there is none with this number, or it has ended.
    package init?(of pid: Int32) {
        guard let startTime = Self.startTime(of: pid) else { return nil }
        self.init(pid: pid, startTime: startTime, bootID: Self.currentBootID)
    }

    /// The calling process.
    package static var current: ProcessIdentity {
        let pid = getpid()
        return ProcessIdentity(pid: pid, startTime: startTime(of: pid) ?? 0, bootID: currentBootID)
    }

    /// Whether exactly this process lives; a zombie does not, nor does another process that got its number.
    package var isAlive: Bool {
        bootID == Self.currentBootID && Self.startTime(of: pid) == startTime
    }

    /// The id of the running boot; it is read once.
    package static let currentBootID: String = readBootID()

    #if os(Linux)
        private static func startTime(of pid: Int32) -> UInt64? {
            guard pid > 0 else { return nil }
            let reader = SmallFileReader(byteCountMax: Limits.processFileBytesMax)
            let stat = ProcStat.withPath(of: pid) { reader.read($0).flatMap { ProcStat($0) } }
            guard let stat, !stat.hasEnded else { return nil }
            return stat.startTicks
        }

        private static func readBootID() -> String {
            let reader = SmallFileReader(byteCountMax: Limits.processFileBytesMax)
            guard let bytes = reader.read("/proc/sys/kernel/random/boot_id") else { return "unknown" }
            return String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
        }
    #else
        private static func startTime(of pid: Int32) -> UInt64? {
            guard pid > 0 else { return nil }
            var info = proc_bsdinfo()
            let size = Int32(MemoryLayout<proc_bsdinfo>.size)
            guard proc_pidinfo(pid, PROC_PIDTBSDINFO, 0, &info, size) == size,
                info.pbi_status != UInt32(SZOMB)
            else {
                return nil
            }
            return info.pbi_start_tvsec * 1_000_000 + info.pbi_start_tvusec
        }

        private static func readBootID() -> String {
            var buffer = [CChar](repeating: 0, count: 64)
            var byteCount = buffer.count
            guard sysctlbyname("kern.bootsessionuuid", &buffer, &byteCount, nil, 0) == 0 else {
                return "unknown"
            }
            return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    #endif
}
