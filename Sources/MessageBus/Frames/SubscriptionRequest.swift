internal import TradingModel

/// The payload of subscribe and unsubscribe.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 1 | options: bit 0 conflate (subscribe only) |
/// | 1 | 2 + n | pattern: UInt16 byte count, UTF-8; as many as there are |
package struct SubscriptionRequest: Equatable {
    static let conflateOption: UInt8 = 1

    /// Whether the peer asks for conflation of its market data.
    package var isConflating: Bool
    /// Pattern texts as received; whether they mean something is checked one by one.
    package var patterns: [String]

    /// Reads the payload of a subscribe or unsubscribe frame; throws when it names nothing or is cut short.
    package init(parsing payload: UnsafeRawBufferPointer) throws(BusError) {
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
package struct TopicMessage {
    /// The topic's text, not checked yet.
    package var topic: String
    /// The content; valid as long as the payload it was read from.
    package var content: UnsafeRawBufferPointer

    /// Reads the payload of a publish or message frame; throws when the topic is cut short, too long or no UTF-8.
    package init(parsing payload: UnsafeRawBufferPointer) throws(BusError) {
        var reader = ByteReader(payload)
        topic = try reader.readShortText(byteCountMax: Limits.topicBytesMax, of: "topic")
        content = UnsafeRawBufferPointer(rebasing: payload[reader.offset...])
    }
}

/// The payload of error and goodbye: UInt16 code, UInt16 byte count and UTF-8 of the text.
package enum ReasonPayload {
    /// Reads the payload; throws when it is cut short or its text too long or no UTF-8.
    package static func parse(_ payload: UnsafeRawBufferPointer) throws(BusError) -> BusError {
        var reader = ByteReader(payload)
        guard let code = reader.read(UInt16.self) else {
            throw BusError(.malformedFrame, "the reason is cut short")
        }
        let text = try reader.readShortText(byteCountMax: Limits.reasonBytesMax, of: "reason")
        return BusError(BusError.Code(rawValue: code), text)
    }
}
