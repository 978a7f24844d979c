import NIOCore
import Testing
import TradingModel

@testable import MessageBus

@Suite struct RetainedMessagesTests {
    /// Text and frame of topics that are short and alike, so that many are prefixes of others.
    private static func topic(_ generator: inout SeededGenerator) -> String {
        let letters = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            ["a", "b", "*", "é", "e\u{301}", "\u{10FFFF}"].randomElement(using: &generator) ?? "a"
        }
        return "strategy:status:" + letters.joined()
    }

    @Test func patternsFindWhatALookAtEveryTopicWouldFind() {
        let seed: UInt64 = 11
        var generator = SeededGenerator(seed: seed)
        var retained = RetainedMessages()
        // By bytes: texts that Swift takes for equal are different topics on the wire.
        var model: [[UInt8]: ByteBuffer] = [:]
        for round in 0..<2_000 {
            let topic = Self.topic(&generator)
            let frame = ByteBuffer(string: "\(round)")
            retained.keep(frame, topic: topic)
            model[Array(topic.utf8)] = frame
            let text = Self.topic(&generator) + (round.isMultiple(of: 3) ? "*" : "")
            guard let pattern = TopicPattern(text) else { continue }
            let prefix = Array(text.utf8.dropLast(pattern.isWildcard ? 1 : 0))
            let expected = model.filter {
                pattern.isWildcard ? $0.key.starts(with: prefix) : $0.key == prefix
            }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
            #expect(retained.matching(pattern) == expected, "seed \(seed), round \(round), \(text)")
        }
        #expect(retained.count == model.count)
        #expect(retained.byteCount == model.values.reduce(0) { $0 + $1.readableBytes })
        #expect(retained.matching(.everything).count == model.count)
    }

    @Test func valueThatNoLongerFitsIsForgottenRatherThanLeftOutdated() {
        var retained = RetainedMessages()
        retained.keep(ByteBuffer(repeating: 1, count: 10), topic: "strategy:status:a")
        retained.keep(ByteBuffer(repeating: 1, count: 20), topic: "strategy:status:b")
        retained.keep(ByteBuffer(repeating: 2, count: Limits.retainedBytesMax), topic: "strategy:status:a")
        #expect(retained.count == 1 && retained.byteCount == 20 && retained.refusedCount == 1)
        #expect(retained.matching(TopicPattern("strategy:status:a")!).isEmpty)
        #expect(retained.matching(TopicPattern("strategy:status:b")!).count == 1)
    }
}
