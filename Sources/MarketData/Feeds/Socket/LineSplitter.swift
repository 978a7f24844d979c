#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Cuts what a connection sends into lines, wherever its reads begin and end.
///
/// A line longer than `Limits.csvLineBytesMax` is given up to its next line feed as one that is too long, with its
/// beginning; nothing of it is kept. Memory is that bound and one read.
struct LineSplitter: ~Copyable {
    private var buffer: UnsafeMutableBufferPointer<UInt8>
    private var count = 0
    private var isSkipping = false

    init() { buffer = .allocate(capacity: Limits.socketReadBytes + Limits.csvLineBytesMax) }

    deinit { buffer.deallocate() }

    /// Where the next read belongs, `Limits.socketReadBytes` at least.
    var room: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[count...]))
    }

    /// Takes the bytes that were read into `room`, and gives whole lines without their ends; `isTooLong` marks the
    /// beginning of one that is left out.
    mutating func take(
        _ byteCount: Int, _ body: (_ line: UnsafeBufferPointer<UInt8>, _ isTooLong: Bool) -> Void
    ) {
        let total = count + byteCount
        guard let base = buffer.baseAddress else { return }
        var begin = 0
        var search = count
        while search < total, let newline = memchr(base + search, 0x0A, total - search) {
            let end = UnsafeRawPointer(newline) - UnsafeRawPointer(base)
            if isSkipping {
                isSkipping = false
            } else {
                let length = end > begin && base[end - 1] == 0x0D ? end - begin - 1 : end - begin
                body(UnsafeBufferPointer(start: base + begin, count: length), length > Limits.csvLineBytesMax)
            }
            begin = end + 1
            search = begin
        }
        count = total - begin
        if isSkipping {
            count = 0
        } else if count > Limits.csvLineBytesMax {
            body(UnsafeBufferPointer(start: base + begin, count: count), true)
            isSkipping = true
            count = 0
        } else if begin > 0, count > 0 {
            memmove(base, base + begin, count)
        }
    }

    /// The connection has ended: gives what is left of a line without an end.
    mutating func finish(_ body: (_ rest: UnsafeBufferPointer<UInt8>) -> Void) {
        if count > 0, !isSkipping { body(UnsafeBufferPointer(rebasing: buffer[..<count])) }
        count = 0
        isSkipping = false
    }
}
