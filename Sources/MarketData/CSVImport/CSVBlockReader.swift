#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Reads a source in blocks of whole lines, in constant memory.
///
/// A block ends with a line feed, which is added to a last line that has none, and is followed by the readable
/// bytes that `CSVFastRow` asks for. Of a line longer than `Limits.csvLineBytesMax` one byte more than that is
/// kept, which is enough to refuse it. Not thread-safe.
final class CSVBlockReader {
    private let source: ByteSource
    private let buffer: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    private let readByteCount: Int
    private var minimumByteCount: Int
    private var filled = 0
    private var consumed = 0
    private var isAtEnd = false
    private var isDiscarding = false

    /// - Parameters:
    ///   - readByteCount: bytes asked for in one read.
    ///   - firstByteCount: bytes gathered before the first block is given, unless the source has fewer.
    init(_ source: ByteSource, readByteCount: Int, firstByteCount: Int) {
        self.source = source
        self.readByteCount = readByteCount
        minimumByteCount = firstByteCount
        capacity = Limits.csvBlockBytes + 2 * Limits.csvLineBytesMax
        buffer = .allocate(capacity: capacity + 1 + CSVFastRow.paddingByteCount)
        buffer.initialize(repeating: 0, count: capacity + 1 + CSVFastRow.paddingByteCount)
    }

    deinit { buffer.deallocate() }

    /// The next block, valid until the next call; `nil` at the end.
    func next() throws(MarketDataError) -> UnsafeBufferPointer<UInt8>? {
        if consumed > 0 {
            memmove(buffer, buffer + consumed, filled - consumed)
            filled -= consumed
            consumed = 0
        }
        while true {
            if isAtEnd { return rest() }
            let count = try source.read(
                into: UnsafeMutableRawBufferPointer(
                    start: buffer + filled, count: min(capacity - filled, readByteCount)))
            if count == 0 {
                isAtEnd = true
                continue
            }
            let begin = filled
            filled += count
            if isDiscarding, !resume(at: begin) { continue }
            guard filled >= minimumByteCount else { continue }
            minimumByteCount = 0
            if let end = lastLineFeed() {
                consumed = end + 1
                return UnsafeBufferPointer(start: buffer, count: consumed)
            }
            if filled > Limits.csvLineBytesMax + 1 {
                filled = Limits.csvLineBytesMax + 1
                isDiscarding = true
            }
        }
    }

    /// What is left at the end of the source, with a line feed.
    private func rest() -> UnsafeBufferPointer<UInt8>? {
        guard filled > 0 else { return nil }
        if buffer[filled - 1] != 0x0A {
            buffer[filled] = 0x0A
            filled += 1
        }
        consumed = filled
        return UnsafeBufferPointer(start: buffer, count: filled)
    }

    /// Drops what was read of a line that is too long; whether its end has come.
    private func resume(at begin: Int) -> Bool {
        guard let found = memchr(buffer + begin, 0x0A, filled - begin) else {
            filled = begin
            return false
        }
        let end = UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - UnsafePointer(buffer)
        memmove(buffer + begin, buffer + end, filled - end)
        filled -= end - begin
        isDiscarding = false
        return true
    }

    private func lastLineFeed() -> Int? {
        var index = filled - 1
        while index >= 0 {
            if buffer[index] == 0x0A { return index }
            index -= 1
        }
        return nil
    }
}
