internal import CPlatform
internal import NIOCore
internal import TradingModel

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// JSON documents over a descriptor between a manager and its child: UInt32 little-endian byte count, then
/// the document.
///
/// Every call blocks until it is done or its time is over, and leaves the descriptor open and non-blocking.
/// For a pipe or a socket; one thread at a time for each direction. A process that writes to pipes has to
/// ignore SIGPIPE.
package struct BootstrapChannel: Sendable {
    private let descriptor: Int32

    /// Uses a descriptor that stays the caller's to close.
    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Writes one document; throws `.bootstrapFailed` when the other end is gone, slow or the document too
    /// long.
    package func write(_ payload: some BusPayload, timeout: Duration) throws(BusError) {
        let document = payload.encoded()
        guard document.count <= Limits.bootstrapBytesMax else {
            throw BusError(
                .bootstrapFailed, "a document of \(document.count) bytes exceeds \(Limits.bootstrapBytesMax)")
        }
        var message = ByteWriter()
        message.append(UInt32(document.count))
        message.append(contentsOf: document)
        let deadline = try begin(timeout)
        var offset = 0
        while offset < message.bytes.count {
            let written = message.bytes.withUnsafeBytes { bytes in
                send(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
            }
            if written > 0 {
                offset += written
            } else {
                try waitAfterFailure(errno, events: Int16(POLLOUT), deadline: deadline, action: "write")
            }
        }
    }

    /// Reads one document; throws `.bootstrapFailed` at the end of the stream, after the timeout, or for a
    /// length beyond the limit, and `.invalidPayload` for a document of another shape.
    package func read<Payload: BusPayload>(_: Payload.Type, timeout: Duration) throws(BusError) -> Payload {
        let deadline = try begin(timeout)
        let prefix = try readBytes(4, deadline: deadline)
        let count = prefix.withUnsafeBytes { Int(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))) }
        guard count <= Limits.bootstrapBytesMax else {
            throw BusError(
                .bootstrapFailed, "a document of \(count) bytes exceeds \(Limits.bootstrapBytesMax)")
        }
        return try Payload(decoding: try readBytes(count, deadline: deadline))
    }

    private func begin(_ timeout: Duration) throws(BusError) -> NIODeadline {
        guard cplatform_set_nonblocking(descriptor, 1) == 0 else {
            throw BusError(
                .bootstrapFailed, "descriptor \(descriptor) is not usable", systemErrorNumber: errno)
        }
        return .now() + TimeAmount(timeout)
    }

    private func readBytes(_ count: Int, deadline: NIODeadline) throws(BusError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var offset = 0
        while offset < count {
            let received = bytes.withUnsafeMutableBytes { buffer in
                receive(UnsafeMutableRawBufferPointer(rebasing: buffer[offset...]))
            }
            if received > 0 {
                offset += received
            } else if received == 0 {
                throw BusError(
                    .bootstrapFailed,
                    "the other end closed the bootstrap channel after \(offset) of \(count) bytes")
            } else {
                try waitAfterFailure(errno, events: Int16(POLLIN), deadline: deadline, action: "read")
            }
        }
        return bytes
    }

    private func waitAfterFailure(
        _ errorNumber: Int32, events: Int16, deadline: NIODeadline, action: String
    ) throws(BusError) {
        if errorNumber == EINTR { return }
        guard errorNumber == EAGAIN || errorNumber == EWOULDBLOCK else {
            throw BusError(
                .bootstrapFailed, "cannot \(action) the bootstrap channel", systemErrorNumber: errorNumber)
        }
        let remaining = deadline - .now()
        guard remaining > .zero else {
            throw BusError(.bootstrapFailed, "the bootstrap channel could not \(action) in time")
        }
        let milliseconds = Int32(clamping: remaining.nanoseconds / 1_000_000 + 1)
        guard SystemCall.poll(descriptor, events: events, milliseconds: milliseconds) != nil else {
            throw BusError(.bootstrapFailed, "cannot wait on the bootstrap channel", systemErrorNumber: errno)
        }
    }

    /// send(2) without SIGPIPE on a socket, write(2) on anything else.
    private func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Darwin)
            return Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
            let sent = Musl.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            return sent < 0 && errno == ENOTSOCK
                ? Musl.write(descriptor, bytes.baseAddress, bytes.count) : sent
        #else
            let sent = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            return sent < 0 && errno == ENOTSOCK
                ? Glibc.write(descriptor, bytes.baseAddress, bytes.count) : sent
        #endif
    }

    /// read(2).
    private func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Darwin)
            return Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
            return Musl.read(descriptor, buffer.baseAddress, buffer.count)
        #else
            return Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
    }
}
