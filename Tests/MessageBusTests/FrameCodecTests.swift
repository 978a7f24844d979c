import FrameChecks
import NIOCore
import Testing
import TradingModel

@testable import MessageBus

/// The bytes of PROTOCOL.md are the bytes of the code.
@Suite struct FrameCodecTests {
    static let names = [
        "hello", "welcome", "subscribe", "unsubscribe", "publish", "message", "records", "gap", "ping",
        "pong",
        "error", "goodbye",
    ]

    @Test(arguments: names) func encoderWritesTheBytesOfThePage(_ name: String) throws {
        let expected = try #require(ProtocolPage.examples[name])
        #expect(Array(Self.encoded(name).readableBytesView) == expected)
    }

    private static func encoded(_ name: String) -> ByteBuffer {
        var buffer = ByteBuffer()
        let liveData = TopicPattern(.liveData(InstrumentToken(7)))
        switch name {
        case "hello":
            buffer.writeHello(Hello(role: .executor, processID: 258, identity: "s1", token: [0xAB, 0xCD]))
        case "welcome":
            buffer.writeWelcome(Welcome(brokerProcessID: 7, session: 3, limits: BrokerLimits()))
        case "subscribe": buffer.writeSubscribe([liveData, TopicPattern("feed:*")!], isConflating: true)
        case "unsubscribe": buffer.writeUnsubscribe([liveData])
        case "publish": buffer.writeTopicFrame(.publish, topic: "manager:nudge", content: "{}".utf8)
        case "message": buffer.writeTopicFrame(.message, topic: "manager:nudge", content: "{}".utf8)
        case "records":
            let quote = Quote(
                bid: Price("1.5")!, ask: Price("1.75")!, bidSize: Quantity(3), askSize: Quantity(4))
            let event = MarketEvent.quote(
                quote, token: InstrumentToken(7), eventTime: Timestamp(nanoseconds: 5),
                receiveTime: Timestamp(nanoseconds: 6), sequence: 9)
            [event].withUnsafeBufferPointer { buffer.writeRecords($0, source: 2, isLossless: true) }
        case "gap":
            buffer.writeGap(
                BusGap(
                    firstToken: InstrumentToken(1), lastToken: InstrumentToken(9), droppedCount: 1_000,
                    source: 2))
        case "ping": buffer.writePing(.ping, echo: [1, 2, 3, 4])
        case "pong": buffer.writePing(.pong, echo: [1, 2, 3, 4])
        case "error": buffer.writeReason(.error, BusError(.notPermitted, "refused!"))
        case "goodbye": buffer.writeReason(.goodbye, BusError(.shuttingDown, "stop"))
        default: break
        }
        return buffer
    }

    @Test func payloadsOfThePageParseToWhatTheySay() throws {
        func payload<Value>(_ name: String, _ parse: (UnsafeRawBufferPointer) throws -> Value) throws -> Value
        {
            try #require(ProtocolPage.examples[name]).dropFirst(8).withUnsafeBytes { try parse($0) }
        }
        let hello = try payload("hello") { try Hello(parsing: $0) }
        #expect(hello == Hello(role: .executor, processID: 258, identity: "s1", token: [0xAB, 0xCD]))
        let welcome = try payload("welcome") { try Welcome(parsing: $0) }
        #expect(welcome == Welcome(brokerProcessID: 7, session: 3, limits: BrokerLimits()))
        let subscription = try payload("subscribe") { try SubscriptionRequest(parsing: $0) }
        #expect(subscription.isConflating && subscription.patterns == ["live_data:7", "feed:*"])
        let message = try payload("message") { bytes in
            let message = try TopicMessage(parsing: bytes)
            return (message.topic, Array(message.content))
        }
        #expect(message.0 == "manager:nudge" && message.1 == Array("{}".utf8))
        let gap = try payload("gap") { try BusGap(parsing: $0) }
        #expect(gap.droppedCount == 1_000 && gap.lastToken == InstrumentToken(9) && gap.source == 2)
        let reason = try payload("goodbye") { try ReasonPayload.parse($0) }
        #expect(reason == BusError(.shuttingDown, "stop"))
    }

    @Test func everyTruncatedPayloadIsRefusedOrShorterText() throws {
        let parsers: [(String, (UnsafeRawBufferPointer) throws -> Void)] = [
            ("hello", { _ = try Hello(parsing: $0) }), ("welcome", { _ = try Welcome(parsing: $0) }),
            ("gap", { _ = try BusGap(parsing: $0) }), ("goodbye", { _ = try ReasonPayload.parse($0) }),
            ("records", { _ = try RecordsPrefix(parsing: $0) }),
        ]
        for (name, parse) in parsers {
            let payload = Array(try #require(ProtocolPage.examples[name]).dropFirst(8))
            #expect(throws: Never.self) { try payload.withUnsafeBytes { try parse($0) } }
            for count in 0..<payload.count {
                let part = Array(payload[..<count])
                #expect(throws: BusError.self, "\(name) cut to \(count)") {
                    try part.withUnsafeBytes { try parse($0) }
                }
            }
        }
    }

    @Test func unknownRoleWrongVersionAndBadTextOfHelloAreRefused() throws {
        let good = Array(try #require(ProtocolPage.examples["hello"]).dropFirst(8))
        for (offset, value, code) in [
            (0, 2, .unsupportedVersion), (2, 9, .malformedFrame), (8, 0xFF, .malformedFrame),
            (9, 0xFF, .malformedFrame), (10, 0xFF, .malformedFrame), (12, 1, .malformedFrame),
            (12, 3, .malformedFrame), (13, 0x80, .malformedFrame),
        ] as [(Int, UInt8, BusError.Code)] {
            var bad = good
            bad[offset] = value
            let error = #expect(throws: BusError.self) {
                try bad.withUnsafeBytes { _ = try Hello(parsing: $0) }
            }
            #expect(error?.code == code, "byte \(offset) = \(value)")
        }
    }

    @Test func reasonTextIsCutAtWholeCharacters() throws {
        var buffer = ByteBuffer()
        buffer.writeReason(.error, BusError(.flooding, String(repeating: "é", count: 600) + "x"))
        let parsed = try buffer.withUnsafeReadableBytes {
            try ReasonPayload.parse(UnsafeRawBufferPointer(rebasing: $0[8...]))
        }
        #expect(parsed.context == String(repeating: "é", count: 512))
    }
}
