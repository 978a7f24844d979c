import CPlatform

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Reads whole small files into a fixed buffer, again and again without allocating.
struct SmallFileReader: ~Copyable {
    private let buffer: UnsafeMutableRawBufferPointer

    init(byteCountMax: Int) { buffer = .allocate(byteCount: byteCountMax, alignment: 16) }

    deinit { buffer.deallocate() }

    /// Reads a file from its start; `nil` when it cannot be opened or read. The bytes are valid until the next read.
    borrowing func read(_ path: UnsafePointer<CChar>) -> UnsafeRawBufferPointer? {
        let descriptor = cplatform_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var byteCount = 0
        while byteCount < buffer.count {
            let result = systemRead(
                descriptor, buffer.baseAddress.map { $0 + byteCount }, buffer.count - byteCount)
            if result < 0 {
                if errno == EINTR { continue }
                return nil
            }
            if result == 0 { break }
            byteCount += result
        }
        return UnsafeRawBufferPointer(rebasing: buffer[..<byteCount])
    }
}

/// read(2), outside of types whose own method is called `read`.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ byteCount: Int) -> Int {
    read(descriptor, buffer, byteCount)
}

#if os(Linux)
    /// The fields of /proc/<pid>/stat that supervision needs; layout in proc_pid_stat(5).
    struct ProcStat: Equatable {
        /// Field 3: R, S, D, Z (zombie), X (dead), T (stopped), ...
        var state: UInt8 = 0
        /// Fields 14 and 15 added: processor time in clock ticks.
        var cpuTicks: UInt64 = 0
        /// Field 22: the start in clock ticks since boot.
        var startTicks: UInt64 = 0
        /// Field 24: resident memory in pages.
        var residentPages: UInt64 = 0

        /// Parses the line; `nil` when it is not one. The name in parentheses may contain spaces and parentheses.
        init?(_ bytes: UnsafeRawBufferPointer) {
            guard let nameEnd = bytes.lastIndex(of: UInt8(ascii: ")")), nameEnd + 2 < bytes.count else {
                return nil
            }
            state = bytes[nameEnd + 2]
            var field = 3
            var value: UInt64 = 0
            for index in (nameEnd + 2)..<bytes.count {
                let byte = bytes[index]
                if byte == UInt8(ascii: " ") {
                    take(field, value)
                    field += 1
                    value = 0
                    if field > 24 { return }
                } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                    // Wraps only for fields that are not taken.
                    value = value &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
                }
            }
            return nil
        }

        private mutating func take(_ field: Int, _ value: UInt64) {
            switch field {
            case 14, 15: cpuTicks += value
            case 22: startTicks = value
            case 24: residentPages = value
            default: break
            }
        }

        /// Whether the process has ended and only waits for its parent.
        var hasEnded: Bool { state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") }

        /// Calls `body` with the path of a process's stat file as a C string, without allocating.
        static func withPath<Result>(of pid: Int32, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { path in
                var length = 0
                func append(_ byte: UInt8) {
                    path[length] = CChar(bitPattern: byte)
                    length += 1
                }
                for byte in "/proc/".utf8 { append(byte) }
                var divisor: UInt32 = 1
                let number = pid.magnitude
                while number / divisor >= 10 { divisor *= 10 }
                while divisor > 0 {
                    append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
                    divisor /= 10
                }
                for byte in "/stat".utf8 { append(byte) }
                append(0)
                // The buffer is not empty, so it has an address.
                return body(UnsafePointer(path.baseAddress.unsafelyUnwrapped))
            }
        }
    }
#endif
