/// What a frame is for; the number is its type byte.
package enum FrameType: UInt8, CaseIterable, Sendable {
    case hello = 1
    case welcome = 2
    case subscribe = 3
    case unsubscribe = 4
    case publish = 5
    case message = 6
    case records = 7
    case gap = 8
    case ping = 9
    case pong = 10
    case error = 11
    case goodbye = 12
}

/// The eight bytes before every payload, little-endian.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | payload length, bytes after the header, UInt32 |
/// | 4 | 1 | type, see `FrameType` |
/// | 5 | 1 | flags, by type |
/// | 6 | 1 | version, 1 |
/// | 7 | 1 | reserved, 0 |
package struct FrameHeader: Equatable, Sendable {
    /// Bytes of a header.
    package static let byteCount = 8
    /// The protocol version of headers and handshake.
    package static let protocolVersion: UInt8 = 1
    /// The flag of a records frame that must not be dropped.
    package static let losslessFlag: UInt8 = 1
    /// The flag of a records frame whose prefix has an ordinal.
    package static let countedFlag: UInt8 = 2

    /// Bytes after the header, at most `Limits.framePayloadBytesMax`.
    package var payloadByteCount: Int
    package var type: FrameType
    package var flags: UInt8

    package init(type: FrameType, flags: UInt8 = 0, payloadByteCount: Int) {
        self.type = type
        self.flags = flags
        self.payloadByteCount = payloadByteCount
    }

    /// Reads and checks a header.
    ///
    /// - Parameter bytes: at least `byteCount` bytes; the header is at the front.
    package init(parsing bytes: UnsafeRawBufferPointer) throws(BusError) {
        let word = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        let length = UInt32(truncatingIfNeeded: word)
        guard UInt8(truncatingIfNeeded: word >> 48) == Self.protocolVersion else {
            throw BusError(
                .unsupportedVersion,
                "frame header says version \(UInt8(truncatingIfNeeded: word >> 48)), not 1")
        }
        guard word >> 56 == 0 else { throw BusError(.malformedFrame, "the reserved header byte is not zero") }
        guard let type = FrameType(rawValue: UInt8(truncatingIfNeeded: word >> 32)) else {
            throw BusError(.unexpectedFrame, "unknown frame type \(UInt8(truncatingIfNeeded: word >> 32))")
        }
        guard length <= UInt32(Limits.framePayloadBytesMax) else {
            throw BusError(
                .frameTooLarge,
                "a payload of \(length) bytes exceeds the limit of \(Limits.framePayloadBytesMax)")
        }
        self.type = type
        flags = UInt8(truncatingIfNeeded: word >> 40)
        payloadByteCount = Int(length)
    }

    /// The header as the integer whose little-endian bytes are on the wire.
    package var encoded: UInt64 {
        UInt64(UInt32(payloadByteCount)) | UInt64(type.rawValue) << 32 | UInt64(flags) << 40
            | UInt64(Self.protocolVersion) << 48
    }
}

/// One whole frame as it lies in memory.
package struct Frame {
    package var header: FrameHeader
    /// Header and payload; valid until the decoder or its input moves on.
    package var bytes: UnsafeRawBufferPointer
    /// Whether the bytes lie in the decoder's own memory, which its next call may overwrite.
    package var isInDecoderMemory: Bool

    /// The bytes after the header.
    package var payload: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[FrameHeader.byteCount...])
    }
}
