package import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Messages as bytes: a length of four bytes, little-endian, then that many bytes of JSON.
package enum GatewayCodec {
    /// The JSON of a message or of a line of the log, keys in alphabetical order.
    package static func json(_ message: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(message))
        } catch {
            // Messages consist of text, integers, flags and containers of them.
            preconditionFailure("\(type(of: message)) cannot be encoded: \(error)")
        }
    }

    /// Appends a framed message.
    package static func write(_ message: some Encodable, to buffer: inout ByteBuffer) {
        let bytes = json(message)
        buffer.writeInteger(UInt32(bytes.count), endianness: .little)
        buffer.writeBytes(bytes)
    }

    /// Takes the next message off the front of a buffer; `nil` when it is not whole yet.
    ///
    /// Throws `badMessage` for a length that is too large, before anything is allocated, and for what is no message.
    package static func next<Message: Decodable>(
        _: Message.Type, from buffer: inout ByteBuffer
    ) throws(GatewayError) -> Message? {
        guard
            let length = buffer.getInteger(at: buffer.readerIndex, endianness: .little, as: UInt32.self)
        else { return nil }
        guard length <= GatewayLimits.messageBytesMax else {
            throw GatewayError(
                .badMessage,
                "a message of \(length) bytes; at most \(GatewayLimits.messageBytesMax) are allowed")
        }
        guard buffer.readableBytes >= 4 + Int(length) else { return nil }
        buffer.moveReaderIndex(forwardBy: 4)
        // The length was checked one line above.
        guard let bytes = buffer.readBytes(length: Int(length)) else { return nil }
        return try decode(Message.self, bytes)
    }

    /// Reads the JSON of a message; unknown members are ignored.
    package static func decode<Message: Decodable>(
        _: Message.Type, _ bytes: some Sequence<UInt8>
    ) throws(GatewayError) -> Message {
        do {
            return try JSONDecoder().decode(Message.self, from: Data(bytes))
        } catch {
            throw GatewayError(.badMessage, "not a message: \(describe(error))")
        }
    }

    private static func describe(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, _): return "'\(key.stringValue)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
        default: return "\(error)"
        }
    }
}
