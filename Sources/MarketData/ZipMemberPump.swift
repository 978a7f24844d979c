import CPlatform

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Hands a member of a zip archive to the program `gzip` as a gzip stream, from which it differs only in what stands
/// before and behind the deflated bytes; stored bytes go in deflate's own stored blocks.
///
/// gzip so proves length and checksum of every member. The bytes go through a socket that is written when it has
/// room, between two reads of what comes out. Not thread-safe.
final class ZipMemberPump {
    private let archive: Int32
    private let path: String
    private let member: ZipArchive.Member
    private let socket: Int32
    private var range: Range<Int>
    /// Bytes to be sent next.
    private var pending: [UInt8]
    private var sentCount = 0
    private var isTrailerPending = true
    /// Where the archive has been read up to.
    private(set) var position: Int
    /// The length of deflate's stored blocks has sixteen bits.
    private static let chunkByteCount = 65_535
    /// Magic, deflate, no flags, no time, unknown system.
    private static let gzipHeader: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]

    /// - Parameters:
    ///   - archive: the open archive, which must stay open.
    ///   - socket: gzip's input, nonblocking; closed when all is sent or the pump goes.
    init(member: ZipArchive.Member, range: Range<Int>, archive: Int32, path: String, socket: Int32) {
        (self.member, self.range, self.archive, self.path, self.socket) = (
            member, range, archive, path, socket
        )
        pending = Self.gzipHeader
        position = range.lowerBound
    }

    deinit { Syscall.close(socket) }

    /// Waits until `output` can be read, sending meanwhile; `false` once everything is sent, or gzip takes no more.
    func pump(until output: Int32) throws(MarketDataError) -> Bool {
        while true {
            var descriptors = [
                pollfd(fd: output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: socket, events: Int16(POLLOUT), revents: 0),
            ]
            let count = poll(&descriptors, 2, -1)
            if count < 0, errno != EINTR {
                throw MarketDataError(.system, "cannot wait for gzip to unpack \(path)", errorNumber: errno)
            }
            if count > 0, descriptors[1].revents != 0, try !send() { return false }
            if count > 0, descriptors[0].revents != 0 { return true }
        }
    }

    /// Sends what the socket takes; `false` at the end, also when gzip has gone, which then says why.
    private func send() throws(MarketDataError) -> Bool {
        if sentCount == pending.count, try !refill() { return false }
        let result = pending.withUnsafeBytes {
            cplatform_send_two(socket, $0.baseAddress?.advanced(by: sentCount), $0.count - sentCount, nil, 0)
        }
        if result < 0 { return errno == EAGAIN || errno == EWOULDBLOCK }
        sentCount += Int(result)
        return true
    }

    private func refill() throws(MarketDataError) -> Bool {
        sentCount = 0
        guard !range.isEmpty || isTrailerPending else { return false }
        guard !range.isEmpty else {
            isTrailerPending = false
            // Nothing stored is an empty last block.
            let none: [UInt8] = member.isDeflated || member.packedByteCount > 0 ? [] : [1, 0, 0, 0xFF, 0xFF]
            pending =
                none + Self.bytes(member.checksum) + Self.bytes(UInt32(truncatingIfNeeded: member.byteCount))
            return true
        }
        let count = min(range.count, Self.chunkByteCount)
        var chunk = [UInt8](repeating: 0, count: count)
        try chunk.withUnsafeMutableBufferPointer { buffer throws(MarketDataError) in
            try Syscall.read(
                into: UnsafeMutableRawBufferPointer(buffer), from: archive, at: range.lowerBound, path: path)
        }
        range = range.lowerBound + count..<range.upperBound
        position = range.lowerBound
        guard !member.isDeflated else {
            pending = chunk
            return true
        }
        let low = UInt8(count & 0xFF), high = UInt8(count >> 8)
        pending = [range.isEmpty ? 1 : 0, low, high, ~low, ~high] + chunk
        return true
    }

    private static func bytes(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }
}
