#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Says whose fault it is when a strategy traps and takes the process of a backtest with it.
///
/// Signal handlers for the ways in which code of Swift or C dies: each writes one line with write(2) and lets the signal take
/// its course, so that the exit status says what it was.
enum TrapNotice {
    // Set before the handlers are, read by them alone; plain memory, because a handler may touch nothing else.
    nonisolated(unsafe) private static var text: UnsafeMutablePointer<CChar>?
    nonisolated(unsafe) private static let recordCount = UnsafeMutablePointer<Int>.allocate(capacity: 1)

    private static let signals = [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT]

    /// Calls a function; a trap in it is told with `text`, to which the count of records that `noteProgress` was last told
    /// is added.
    static func during<Result>(_ text: String, _ body: () throws -> Result) rethrows -> Result {
        recordCount.initialize(to: 0)
        Self.text = strdup(text)
        var before: [sigaction] = []
        for signal in signals {
            var action = sigaction()
            #if os(Linux)
                action.__sigaction_handler.sa_handler = { _ in TrapNotice.tell() }
            #else
                action.__sigaction_u.__sa_handler = { _ in TrapNotice.tell() }
            #endif
            // After the handler the trapping instruction is run again, and nobody stands in the way.
            action.sa_flags = Int32(bitPattern: UInt32(truncatingIfNeeded: SA_RESETHAND))
            var old = sigaction()
            sigaction(signal, &action, &old)
            before.append(old)
        }
        defer {
            for (signal, old) in zip(signals, before) {
                var action = old
                sigaction(signal, &action, nil)
            }
            free(Self.text)
            Self.text = nil
        }
        return try body()
    }

    /// Notes how many records have been processed.
    static func noteProgress(_ count: Int) { recordCount.pointee = count }

    /// Within a signal handler: only write(2).
    private static func tell() {
        guard let text else { return }
        write(STDERR_FILENO, text, strlen(text))
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { bytes in
            var place = bytes.count
            var left = recordCount.pointee
            repeat {
                place -= 1
                bytes[place] = UInt8(0x30 + left % 10)
                left /= 10
            } while left > 0
            write(STDERR_FILENO, bytes.baseAddress! + place, bytes.count - place)  // 24 bytes have an address
        }
        write(STDERR_FILENO, " records\n", 9)
    }
}
