import MessageBus
import NIOCore
import TradingModel

extension FrameChecks {
    /// Parses a frame's payload as its type; what parses must be written again as the same bytes, but for places
    /// that are reserved.
    static func check(_ frame: Frame) throws(Violation) {
        let payload = frame.payload
        try checkFastLook(frame)
        switch frame.header.type {
        case .hello:
            guard let hello = try? Hello(parsing: payload) else { return }
            try expect(frame, ignoring: [11]) { $0.writeHello(hello) }
        case .welcome:
            guard let welcome = try? Welcome(parsing: payload) else { return }
            try expect(frame, ignoring: [10, 11]) { $0.writeWelcome(welcome) }
        case .subscribe, .unsubscribe: try checkSubscription(frame)
        case .publish, .message: try checkTopicFrame(frame)
        case .records: try checkRecords(frame)
        case .gap:
            guard let gap = try? BusGap(parsing: payload) else { return }
            try expect(frame, ignoring: [26, 27]) { $0.writeGap(gap) }
        case .ping, .pong:
            try expect(frame, ignoring: []) { $0.writePing(frame.header.type, echo: payload) }
        case .error, .goodbye:
            guard let reason = try? ReasonPayload.parse(payload) else { return }
            try expect(frame, ignoring: []) { $0.writeReason(frame.header.type, reason) }
        }
    }

    private static func checkSubscription(_ frame: Frame) throws(Violation) {
        guard let request = try? SubscriptionRequest(parsing: frame.payload) else { return }
        let patterns = request.patterns.compactMap { TopicPattern($0) }
        for (text, pattern) in zip(request.patterns, patterns) where patterns.count == request.patterns.count
        {
            guard pattern.text.utf8.elementsEqual(text.utf8) else {
                throw Violation("the pattern \(text) became \(pattern.text)")
            }
        }
        for pattern in patterns {
            guard !pattern.matches("live_data:7") || pattern.mayMatchLiveData else {
                throw Violation("\(pattern) matches market data and says that it does not")
            }
        }
        guard patterns.count == request.patterns.count else { return }
        // The option byte of an unsubscribe, and all bits but one of a subscribe, are ignored.
        try expect(frame, ignoring: [8]) { buffer in
            if frame.header.type == .subscribe {
                buffer.writeSubscribe(patterns, isConflating: request.isConflating)
            } else {
                buffer.writeUnsubscribe(patterns)
            }
        }
    }

    private static func checkTopicFrame(_ frame: Frame) throws(Violation) {
        guard let message = try? TopicMessage(parsing: frame.payload) else { return }
        try expect(frame, ignoring: []) {
            $0.writeTopicFrame(frame.header.type, topic: message.topic, content: message.content)
        }
        guard let topic = Topic(message.topic) else { return }
        guard topic.text.utf8.elementsEqual(message.topic.utf8) else {
            throw Violation("the topic \(message.topic) became \(topic.text)")
        }
        guard TopicPattern(topic).matches(topic.text), TopicPattern.everything.matches(topic.text) else {
            throw Violation("the topic \(topic) does not match itself")
        }
    }

    /// The broker's fast look takes what the general path takes, and nothing else; not even with the last byte missing.
    private static func checkFastLook(_ frame: Frame) throws(Violation) {
        guard let start = frame.bytes.baseAddress else { return }
        let end = start + frame.bytes.count
        guard RecordsFrame(at: start, before: end - 1) == nil else {
            throw Violation("the fast look takes a frame that is cut off")
        }
        let known = FrameHeader.losslessFlag | FrameHeader.countedFlag
        let prefix = frame.header.type == .records ? try? RecordsPrefix(parsing: frame.payload) : nil
        let expected = frame.header.flags & ~known == 0 ? prefix : nil
        let fast = RecordsFrame(at: start, before: end)
        let isLossless = frame.header.flags & FrameHeader.losslessFlag != 0
        let isSame =
            fast?.token == expected?.token && fast?.recordCount == expected?.recordCount
            && (fast == nil || (fast?.byteCount == frame.bytes.count && fast?.isLossless == isLossless))
        guard isSame else { throw Violation("the fast look sees \(fast as Any), not \(expected as Any)") }
    }

    private static func checkRecords(_ frame: Frame) throws(Violation) {
        guard let prefix = try? RecordsPrefix(parsing: frame.payload) else { return }
        let count = prefix.recordCount
        let isWhole = frame.payload.count == RecordsPrefix.byteCount + count * MarketEvent.byteCount
        guard count > 0, isWhole else { throw Violation("\(count) records in \(frame.payload.count) bytes") }
        let records = UnsafeMutableBufferPointer<MarketEvent>.allocate(capacity: count)
        defer { records.deallocate() }
        UnsafeMutableRawBufferPointer(records).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: frame.payload[RecordsPrefix.byteCount...]))
        let isOneToken = records.allSatisfy { $0.token.rawValue == prefix.token }
        guard isOneToken else { throw Violation("records of other tokens than \(prefix.token)") }
        let isLossless = frame.header.flags & FrameHeader.losslessFlag != 0
        let isCounted = frame.header.flags & FrameHeader.countedFlag != 0
        try expect(frame, ignoring: isCounted ? [] : [14, 15]) {
            $0.writeRecords(
                UnsafeBufferPointer(records), source: prefix.source, isLossless: isLossless,
                ordinal: isCounted ? prefix.ordinal : nil)
        }
    }

    /// The frame written again has the same bytes; those at the given places are reserved, the flags are too, and
    /// what a later version appends to a payload is not kept.
    private static func expect(
        _ frame: Frame, ignoring reserved: [Int], _ write: (inout ByteBuffer) -> Void
    ) throws(Violation) {
        var buffer = ByteBuffer()
        write(&buffer)
        let isSame = buffer.withUnsafeReadableBytes {
            $0.count == frame.bytes.count && isEqual($0, frame.bytes, from: 0)
        }
        if isSame { return }
        let isAppendable = [.welcome, .error, .goodbye].contains(frame.header.type)
        let written = buffer.readableBytesView
        guard written.count == frame.bytes.count || (isAppendable && written.count < frame.bytes.count) else {
            throw Violation("\(frame.header.type) of \(frame.bytes.count) bytes became \(written.count)")
        }
        let start = written.count == frame.bytes.count ? 0 : FrameHeader.byteCount
        for index in start..<written.count where index != 5 && !reserved.contains(index) {
            guard written[written.startIndex + index] == frame.bytes[index] else {
                throw Violation("byte \(index) of \(frame.header.type) became another")
            }
        }
    }
}
