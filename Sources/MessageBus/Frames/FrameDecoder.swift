/// Cuts a byte stream into frames, in place where a frame lies whole in the input.
///
/// Only a frame that is split over two inputs is copied, into memory of its own. That memory follows the bytes
/// that came, not the length that a header claims: it doubles as they come, and beyond
/// `Limits.decoderBytesKept` it is let go when the frame has been dealt with. Not thread-safe.
package final class FrameDecoder {
    private static let byteCountMin = 4_096
    private static let byteCountMax = FrameHeader.byteCount + Limits.framePayloadBytesMax

    private var storage = UnsafeMutableRawBufferPointer.allocate(
        byteCount: FrameDecoder.byteCountMin, alignment: 16)
    private var storedCount = 0
    private var failure: BusError?
    /// Whether bytes are stored, the memory has to shrink or the stream is broken.
    private var isOffFastPath = false

    package init() {}

    deinit { storage.deallocate() }

    /// Bytes of an unfinished frame that are held.
    package var pendingByteCount: Int { storedCount }
    /// Bytes of memory set aside for unfinished frames.
    package var reservedByteCount: Int { storage.count }

    /// Takes the next whole frame from the front of the input; `nil` once the input is used up.
    ///
    /// After a failure the stream has no frame boundary any more: every later call fails in the same way.
    ///
    /// - Parameter input: the bytes received; advanced past what was taken.
    package func next(from input: inout UnsafeRawBufferPointer) throws(BusError) -> Frame? {
        isOffFastPath ? try nextOffFastPath(&input) : try nextInPlace(&input)
    }

    private func nextInPlace(_ input: inout UnsafeRawBufferPointer) throws(BusError) -> Frame? {
        guard input.count >= FrameHeader.byteCount else {
            store(&input, upTo: FrameHeader.byteCount)
            return nil
        }
        let header = try parseHeader(input)
        let total = FrameHeader.byteCount + header.payloadByteCount
        guard input.count >= total else {
            store(&input, upTo: total)
            return nil
        }
        let bytes = UnsafeRawBufferPointer(rebasing: input[..<total])
        input = UnsafeRawBufferPointer(rebasing: input[total...])
        return Frame(header: header, bytes: bytes, isInDecoderMemory: false)
    }

    private func nextOffFastPath(_ input: inout UnsafeRawBufferPointer) throws(BusError) -> Frame? {
        if let failure { throw failure }
        if storedCount > 0 { return try nextFromStorage(&input) }
        isOffFastPath = false
        if storage.count > Limits.decoderBytesKept {
            storage.deallocate()
            storage = .allocate(byteCount: Self.byteCountMin, alignment: 16)
        }
        return try nextInPlace(&input)
    }

    private func nextFromStorage(_ input: inout UnsafeRawBufferPointer) throws(BusError) -> Frame? {
        store(&input, upTo: FrameHeader.byteCount)
        guard storedCount >= FrameHeader.byteCount else { return nil }
        let header = try parseHeader(UnsafeRawBufferPointer(storage))
        let total = FrameHeader.byteCount + header.payloadByteCount
        store(&input, upTo: total)
        guard storedCount == total else { return nil }
        storedCount = 0
        return Frame(
            header: header, bytes: UnsafeRawBufferPointer(rebasing: storage[..<total]),
            isInDecoderMemory: true)
    }

    private func parseHeader(_ bytes: UnsafeRawBufferPointer) throws(BusError) -> FrameHeader {
        do throws(BusError) {
            return try FrameHeader(parsing: bytes)
        } catch {
            failure = error
            isOffFastPath = true
            throw error
        }
    }

    /// Moves bytes from the input until `count` are stored or the input is empty.
    private func store(_ input: inout UnsafeRawBufferPointer, upTo count: Int) {
        let moved = min(max(0, count - storedCount), input.count)
        guard moved > 0 else { return }
        reserve(storedCount + moved)
        UnsafeMutableRawBufferPointer(rebasing: storage[storedCount...]).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: input[..<moved]))
        storedCount += moved
        isOffFastPath = true
        input = UnsafeRawBufferPointer(rebasing: input[moved...])
    }

    private func reserve(_ count: Int) {
        guard count > storage.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(count, min(storage.count * 2, Self.byteCountMax)), alignment: 16)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[..<storedCount]))
        storage.deallocate()
        storage = larger
    }
}

@available(*, unavailable)
extension FrameDecoder: Sendable {}
