package import NIOCore
package import TradingModel

/// Frame encoders; each appends one whole frame.
extension ByteBuffer {
    package mutating func writeHello(_ hello: Hello) {
        let identity = cut(hello.identity, byteCountMax: Limits.identityBytesMax)
        writeHeader(.hello, payloadByteCount: 12 + identity.utf8.count + hello.token.count)
        writeInteger(hello.protocolVersion, endianness: .little)
        writeInteger(hello.role.rawValue)
        writeInteger(UInt8(0))
        writeInteger(hello.processID, endianness: .little)
        writeShortText(identity)
        writeInteger(UInt16(hello.token.count), endianness: .little)
        writeBytes(hello.token)
    }

    package mutating func writeWelcome(_ welcome: Welcome) {
        writeHeader(.welcome, payloadByteCount: Welcome.byteCount)
        writeInteger(welcome.protocolVersion, endianness: .little)
        writeInteger(UInt16(0))
        writeInteger(welcome.brokerProcessID, endianness: .little)
        writeInteger(welcome.session, endianness: .little)
        writeInteger(welcome.framePayloadBytesMax, endianness: .little)
        writeInteger(welcome.marketDataQueueBytesMax, endianness: .little)
        writeInteger(welcome.controlQueueBytesMax, endianness: .little)
        writeInteger(welcome.patternsMax, endianness: .little)
    }

    /// Appends subscribe frames, as many as the patterns need.
    package mutating func writeSubscribe(_ patterns: [TopicPattern], isConflating: Bool) {
        writeSubscription(
            .subscribe, options: isConflating ? SubscriptionRequest.conflateOption : 0, patterns)
    }

    /// Appends unsubscribe frames, as many as the patterns need.
    package mutating func writeUnsubscribe(_ patterns: [TopicPattern]) {
        writeSubscription(.unsubscribe, options: 0, patterns)
    }

    /// Appends a publish (client) or message (broker) frame; the payload limit is the caller's to check.
    package mutating func writeTopicFrame(_ type: FrameType, topic: String, content: some Sequence<UInt8>) {
        let start = writerIndex
        writeHeader(type, payloadByteCount: 0)
        writeShortText(topic)
        writeBytes(content)
        let count = writerIndex - start - FrameHeader.byteCount
        setInteger(FrameHeader(type: type, payloadByteCount: count).encoded, at: start, endianness: .little)
    }

    /// Appends one records frame; the records have one token and fit a frame. With an ordinal the frame is counted.
    package mutating func writeRecords(
        _ records: UnsafeBufferPointer<MarketEvent>, source: UInt16, isLossless: Bool, ordinal: UInt16? = nil
    ) {
        precondition(
            !records.isEmpty && records.count <= Limits.recordsPerFrameMax, "records must fit a frame")
        let byteCount = records.count * MarketEvent.byteCount
        writeHeader(
            .records,
            flags: (isLossless ? FrameHeader.losslessFlag : 0)
                | (ordinal != nil ? FrameHeader.countedFlag : 0),
            payloadByteCount: RecordsPrefix.byteCount + byteCount)
        writeInteger(
            UInt64(records[0].token.rawValue) | UInt64(source) << 32 | UInt64(ordinal ?? 0) << 48,
            endianness: .little)
        writeBytes(UnsafeRawBufferPointer(records))
    }

    package mutating func writeGap(_ gap: BusGap) {
        writeHeader(.gap, payloadByteCount: BusGap.byteCount)
        writeInteger(gap.firstToken.rawValue, endianness: .little)
        writeInteger(gap.lastToken.rawValue, endianness: .little)
        writeInteger(gap.droppedCount, endianness: .little)
        writeInteger(gap.source, endianness: .little)
        writeInteger(UInt16(0))
    }

    /// Appends a ping, or the pong that echoes one.
    package mutating func writePing(_ type: FrameType, echo: some Collection<UInt8>) {
        writeHeader(type, payloadByteCount: echo.count)
        writeBytes(echo)
    }

    /// Appends an error or goodbye frame.
    package mutating func writeReason(_ type: FrameType, _ reason: BusError) {
        let text = cut(reason.context, byteCountMax: Limits.reasonBytesMax)
        writeHeader(type, payloadByteCount: 4 + text.utf8.count)
        writeInteger(reason.code.rawValue, endianness: .little)
        writeShortText(text)
    }

    mutating func writeHeader(_ type: FrameType, flags: UInt8 = 0, payloadByteCount: Int) {
        let header = FrameHeader(type: type, flags: flags, payloadByteCount: payloadByteCount)
        writeInteger(header.encoded, endianness: .little)
    }

    private mutating func writeSubscription(_ type: FrameType, options: UInt8, _ patterns: [TopicPattern]) {
        var start = writerIndex
        for (index, pattern) in patterns.enumerated() {
            let isFull = writerIndex - start + pattern.text.utf8.count + 16 > Limits.framePayloadBytesMax
            if index == 0 || isFull {
                start = writerIndex
                writeHeader(type, payloadByteCount: 0)
                writeInteger(options)
            }
            writeShortText(pattern.text)
            let count = writerIndex - start - FrameHeader.byteCount
            setInteger(
                FrameHeader(type: type, payloadByteCount: count).encoded, at: start, endianness: .little)
        }
    }

    private mutating func writeShortText(_ text: String) {
        writeInteger(UInt16(text.utf8.count), endianness: .little)
        writeString(text)
    }
}

/// The longest prefix of whole characters within a number of UTF-8 bytes.
private func cut(_ text: String, byteCountMax: Int) -> String {
    guard text.utf8.count > byteCountMax else { return text }
    var result = ""
    for character in text {
        if result.utf8.count + character.utf8.count > byteCountMax { break }
        result.append(character)
    }
    return result
}
