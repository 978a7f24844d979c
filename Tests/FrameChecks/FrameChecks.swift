import Foundation
package import MessageBus
import NIOCore
import TradingModel

/// What has to hold for any bytes that a peer may send; used by the tests with random bytes and by the fuzz target.
///
/// The decoder: frames lie one behind the other in the input and nothing is skipped; the same bytes in two pieces,
/// cut anywhere, give the same frames and the same failure; memory follows the bytes received and not the length
/// that a header claims. The parsers: what parses is written again as the same bytes.
package enum FrameChecks {
    /// Bytes that a decoder may hold before it received any.
    private static let decoderBytesMin = 4_096

    /// What came of one stream.
    package struct Outcome: Equatable, Sendable {
        /// Whole frames.
        package var frameCount = 0
        /// Bytes of whole frames.
        package var frameByteCount = 0
        /// Bytes of an unfinished frame.
        package var pendingByteCount = 0
        /// Why the decoder gave up, if it did.
        package var failure: BusError?
    }

    /// A rule that some bytes broke.
    package struct Violation: Error, CustomStringConvertible {
        package var description: String

        init(_ description: String) { self.description = description }
    }

    /// Decodes and parses a stream in one piece, and decodes it again cut at each of the given places.
    ///
    /// - Returns: what the stream holds. Throws a `Violation` when a rule is broken.
    @discardableResult
    package static func check(
        _ stream: UnsafeRawBufferPointer, splits: some Sequence<Int>
    ) throws(Violation) -> Outcome {
        let whole = try decode(stream, cutAt: stream.count, isParsing: true)
        for split in splits where split < stream.count {
            let cut = try decode(stream, cutAt: split, isParsing: false)
            // What a failed decoder still holds is nobody's business.
            let isSame =
                cut.failure == whole.failure && cut.frameCount == whole.frameCount
                && (whole.failure != nil || cut.pendingByteCount == whole.pendingByteCount)
            guard isSame else { throw Violation("cut at \(split): \(cut) instead of \(whole)") }
        }
        return whole
    }

    private static func decode(
        _ stream: UnsafeRawBufferPointer, cutAt split: Int, isParsing: Bool
    ) throws(Violation) -> Outcome {
        let decoder = FrameDecoder()
        var outcome = Outcome()
        var start = 0
        while start < stream.count {
            let end = start < split ? split : stream.count
            var input = UnsafeRawBufferPointer(rebasing: stream[start..<end])
            while let frame = next(decoder, &input, &outcome) {
                try checkPlace(of: frame, in: stream, after: outcome)
                outcome.frameCount += 1
                outcome.frameByteCount += frame.bytes.count
                if isParsing { try check(frame) }
            }
            start = end
            guard decoder.reservedByteCount <= max(decoderBytesMin, 2 * end) else {
                throw Violation("\(decoder.reservedByteCount) bytes reserved for \(end) received")
            }
            if outcome.failure != nil { break }
            guard input.isEmpty else { throw Violation("\(input.count) bytes were left in the input") }
        }
        outcome.pendingByteCount = decoder.pendingByteCount
        let isComplete = outcome.frameByteCount + outcome.pendingByteCount == stream.count
        guard outcome.failure != nil || isComplete else {
            throw Violation("\(outcome) does not add up to \(stream.count) bytes")
        }
        return outcome
    }

    private static func next(
        _ decoder: FrameDecoder, _ input: inout UnsafeRawBufferPointer, _ outcome: inout Outcome
    ) -> Frame? {
        do throws(BusError) {
            return try decoder.next(from: &input)
        } catch {
            outcome.failure = error
            return nil
        }
    }

    /// memcmp(3): comparing byte by byte would make an unoptimised test slow.
    static func isEqual(
        _ bytes: UnsafeRawBufferPointer, _ stream: UnsafeRawBufferPointer, from start: Int
    ) -> Bool {
        guard let left = bytes.baseAddress, let right = stream.baseAddress else { return bytes.isEmpty }
        return memcmp(left, right + start, bytes.count) == 0
    }

    /// A frame's bytes are those of the stream behind the frames before it.
    private static func checkPlace(
        of frame: Frame, in stream: UnsafeRawBufferPointer, after outcome: Outcome
    ) throws(Violation) {
        let start = outcome.frameByteCount
        let end = start + frame.bytes.count
        guard end <= stream.count, isEqual(frame.bytes, stream, from: start) else {
            throw Violation("frame \(outcome.frameCount) is not the stream's bytes \(start)..<\(end)")
        }
        guard frame.bytes.count == FrameHeader.byteCount + frame.header.payloadByteCount,
            frame.header.payloadByteCount <= Limits.framePayloadBytesMax
        else { throw Violation("frame \(outcome.frameCount) has the wrong length or one beyond the limit") }
    }
}
