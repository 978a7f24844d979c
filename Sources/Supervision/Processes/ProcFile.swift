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
        /// Field 52: the status word of waitpid(2) of a zombie, else 0.
        var waitStatus: Int32 = 0

        /// Parses the line; `nil` when it is not one. The name in parentheses may contain spaces and parentheses.
        init?(_ bytes: UnsafeRawBufferPointer) {
            guard let nameEnd = bytes.lastIndex(of: UInt8(ascii: ")")), nameEnd + 2 < bytes.count else {
                return nil
            }
            state = bytes[nameEnd + 2]
            var field = 3
            var value: UInt64 = 0
            // A living process needs the fields up to its start only.
            let lastField = hasEnded ? 52 : 22
            for index in (nameEnd + 2)..<bytes.count {
                let byte = bytes[index]
                if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") {
                    take(field, value)
                    field += 1
                    value = 0
                    if field > lastField { return }
                } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                    // Wraps only for fields that are not taken.
                    value = value &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
                }
            }
            guard field > 22 else { return nil }
        }

        private mutating func take(_ field: Int, _ value: UInt64) {
            switch field {
            case 14, 15: cpuTicks += value
            case 22: startTicks = value
            case 52: waitStatus = Int32(truncatingIfNeeded: value)
            default: break
            }
        }

        /// The second number of /proc/<pid>/statm: resident memory in pages; `nil` when it is no such line.
        ///
        /// Field 24 of the stat line says the same, but only roughly: it leaves out what each processor has not
        /// reported yet, which is more than a small process has altogether.
        static func residentPages(statm bytes: UnsafeRawBufferPointer) -> UInt64? {
            guard let start = bytes.firstIndex(of: UInt8(ascii: " ")) else { return nil }
            var value: UInt64 = 0
            for byte in bytes[(start + 1)...] {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return value }
                value = value &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
            }
            return nil
        }

        /// Whether the process has ended and only waits for its parent.
        var hasEnded: Bool { state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") }

        /// Calls `body` with the path of a file of a process as a C string, without allocating.
        static func withPath<Result>(
            of pid: Int32, _ file: StaticString = "/stat", _ body: (UnsafePointer<CChar>) -> Result
        ) -> Result {
            precondition(file.utf8CodeUnitCount < 10, "the names of these files are short")
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { path in
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
                file.withUTF8Buffer { for byte in $0 { append(byte) } }
                append(0)
                // The buffer is not empty, so it has an address.
                return body(UnsafePointer(path.baseAddress.unsafelyUnwrapped))
            }
        }
    }
#endif
