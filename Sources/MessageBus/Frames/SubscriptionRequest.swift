internal import TradingModel

/// The payload of subscribe and unsubscribe.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 1 | options: bit 0 conflate (subscribe only) |
/// | 1 | 2 + n | pattern: UInt16 byte count, UTF-8; as many as there are |
struct SubscriptionRequest: Equatable {
    static let conflateOption: UInt8 = 1

    var isConflating: Bool
    /// Pattern texts as received; whether they mean something is checked one by one.
    var patterns: [String]

    init(parsing payload: UnsafeRawBufferPointer) throws(BusError) {
        var reader = ByteReader(payload)
        guard let options = reader.read(UInt8.self), reader.remainingCount > 0 else {
            throw BusError(.malformedFrame, "a subscription names no topic")
        }
        isConflating = options & Self.conflateOption != 0
        patterns = []
        while reader.remainingCount > 0 {
            patterns.append(try reader.readShortText(byteCountMax: Limits.topicBytesMax, of: "topic"))
        }
    }
}

/// The payload of publish and message: UInt16 byte count and UTF-8 of the topic, then the content.
struct TopicMessage {
    var topic: String
    /// The content; valid as long as the payload it was read from.
    var content: UnsafeRawBufferPointer

    init(parsing payload: UnsafeRawBufferPointer) throws(BusError) {
        var reader = ByteReader(payload)
        topic = try reader.readShortText(byteCountMax: Limits.topicBytesMax, of: "topic")
        content = UnsafeRawBufferPointer(rebasing: payload[reader.offset...])
    }
}

/// The payload of error and goodbye: UInt16 code, UInt16 byte count and UTF-8 of the text.
enum ReasonPayload {
    static func parse(_ payload: UnsafeRawBufferPointer) throws(BusError) -> BusError {
        var reader = ByteReader(payload)
        guard let code = reader.read(UInt16.self) else {
            throw BusError(.malformedFrame, "the reason is cut short")
        }
        let text = try reader.readShortText(byteCountMax: Limits.reasonBytesMax, of: "reason")
        return BusError(BusError.Code(rawValue: code), text)
    }
}
