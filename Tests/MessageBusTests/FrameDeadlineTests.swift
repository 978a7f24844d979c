import NIOCore
import Testing
import TradingModel

@testable import MessageBus

/// Half a frame and silence: the memory it holds is given a deadline; silence between frames is none of the broker's
/// business.
@Suite(.timeLimit(.minutes(1))) struct FrameDeadlineTests {
    private let limits = BrokerLimits(marketDataQueueBytesMax: 2 << 20, frameSeconds: 1)

    @Test func halfAFrameAndSilenceEndsWithAnErrorWhileIdlePeersStay() async throws {
        try await withBroker(limits: limits) { broker, path in
            let idle = try RawSocket(path, role: .observer)
            let silent = try RawSocket(path, role: .feed)
            let dripping = try RawSocket(path, role: .feed)
            let header = RawSocket.header(.publish, claiming: Limits.framePayloadBytesMax)
            try silent.send(header + [1, 2, 3])
            try dripping.send(Array(header.prefix(5)))
            let start = NIODeadline.now()
            var drips = 0
            // One that sends a byte now and then holds its memory just as long.
            try await eventually("the dripping peer is told") {
                if NIODeadline.now() - start > .milliseconds(100 * Int64(drips)) {
                    drips += 1
                    dripping.sendWhatIsTaken([header[min(4 + drips, 7)]])
                }
                return dripping.hasNews
            }
            #expect(NIODeadline.now() - start > .milliseconds(900))
            #expect(drips > 5)
            #expect(try dripping.framesUntilEnd().map(\.reasonCode) == [.frameTimeout])
            let frames = try silent.framesUntilEnd()
            #expect(frames.map(\.reasonCode) == [.frameTimeout])
            #expect(frames.first?.reasonText.contains("only 11 of its bytes") == true)
            #expect(!idle.hasNews)
            try idle.ping()
            try await eventually("two are gone") { await broker.statistics.totals.connections == 1 }
        }
    }

    @Test func aFeedThatTheBrokerHoldsUpInTheMiddleOfAFrameIsNotBlamed() async throws {
        try await withBroker(limits: limits) { broker, path in
            let slow = try RawSocket(path, role: .observer, subscribe: ["live_data:*"])
            let feed = try await TestClient.connected(path, role: .feed, identity: "sim")
            let count = 100_000
            let events = interleavedQuotes(0..<count, tokenCount: 3)
            let sending = Task { try await feed.sendAll(events, pieces: 2_000, lossless: true) }
            try await eventually("the feed is held up") {
                await broker.statistics.totals.queueBytes > 1 << 20
            }
            let start = NIODeadline.now()
            try await eventually("three seconds are over") { NIODeadline.now() - start > .seconds(3) }
            let frames = try slow.frames { $0.last?.records.last?.sequence == UInt64(count) }
            try await sending.value
            #expect(frames.flatMap(\.records).count == count)
            #expect(try await feed.events.disconnects.isEmpty)
        }
    }

    @Test func theSecondsOfOneUnfinishedFrameAreCounted() {
        var watch = FrameWatch()
        #expect(watch.secondPassed(isUnfinished: true, frameCount: 5) == 0, "it began within this second")
        #expect(watch.secondPassed(isUnfinished: true, frameCount: 5) == 1)
        #expect(watch.secondPassed(isUnfinished: true, frameCount: 5) == 2)
        #expect(watch.secondPassed(isUnfinished: true, frameCount: 6) == 0, "another frame")
        #expect(watch.secondPassed(isUnfinished: true, frameCount: 6) == 1)
        #expect(watch.secondPassed(isUnfinished: false, frameCount: 6) == 0, "idle, or held up")
        #expect(
            watch.secondPassed(isUnfinished: true, frameCount: 6) == 1, "the next frame after an idle time")
    }
}
