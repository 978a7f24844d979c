import MarketData
import TestSupport
import Testing
import TradingModel

@testable import StrategyExecution

/// Late joins drawn from a seed: feeds, a recorder that lags, rotates and dies, a bus that drops, midnight, clocks that are
/// set back, feeds that begin their count anew. Whatever happens, a strategy sees each feed's records once and in order.
@Suite struct LateJoinModelTests {
    /// One feed, and the ways from it to the recording and to the strategy.
    private final class Feed {
        let number: UInt16
        var sequence: UInt64 = 0
        var time: Int64
        var index: Int64 = 0
        var sent: [MarketEvent] = []
        var toRecorder: [MarketEvent] = []
        var toStrategy: [MarketEvent] = []
        var isRecorderDead = false

        init(number: UInt16, time: Int64) {
            self.number = number
            self.time = time
        }
    }

    private final class World {
        var generator: SeededGenerator
        let recorder: TickRecorder
        let feeds: [Feed]
        var isSubscribed = false
        var now = ContinuousClock.now
        /// What the strategy saw, by feed: the indices, and gaps.
        var seen: [UInt16: [Int64]] = [:]
        var missing: UInt64 = 0
        var join: LateJoin?
        let losesRecords: Bool

        init(seed: UInt64, directory: String, losesRecords: Bool) {
            generator = SeededGenerator(seed: seed)
            recorder = TickRecorder(directory: directory, freeBytes: { nil }) { _ in }
            self.losesRecords = losesRecords
            // A few seconds before midnight.
            let start: Int64 = 1_767_657_600_000_000_000 - 3_000_000_000
            feeds = (1...2).map { Feed(number: UInt16($0), time: start) }
            recorder.apply(
                RecorderSettings(feeds: [1: "one", 2: "two"], floorBytes: 0, fileBytesMax: 150_000))
        }

        func draw(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }

        /// A moment of the world.
        func tick() {
            now = now.advanced(by: .milliseconds(20))
            for feed in feeds {
                // Not over midnight: days are read in their order, whichever was recorded first.
                if draw(300) == 0, feed.time % 86_400_000_000_000 > 200_000_000 {
                    feed.time -= 200_000_000
                }
                if draw(300) == 0 { feed.sequence = 0 }
                for _ in 0..<draw(feed.number == 1 ? 60 : 6) { send(feed) }
                feed.time += 20_000_000
                record(feed)
                deliver(feed)
            }
        }

        private func send(_ feed: Feed) {
            feed.sequence += 1
            feed.index += 1
            // Some have the same time.
            feed.time += Int64(draw(3)) * 1_000
            let time = Timestamp(nanoseconds: feed.time)
            let token = InstrumentToken(UInt32(feed.number) * 10 + UInt32(draw(2)))
            let event = MarketEvent.trade(
                Trade(price: Price(e8: feed.index), size: Quantity(1)), token: token, eventTime: time,
                receiveTime: time, sequence: feed.sequence)
            feed.sent.append(event)
            feed.toRecorder.append(event)
            if isSubscribed { feed.toStrategy.append(event) }
        }

        private func record(_ feed: Feed) {
            if losesRecords, draw(120) == 0 { feed.isRecorderDead.toggle() }
            if feed.isRecorderDead {
                if !feed.toRecorder.isEmpty {
                    recorder.announce(missing: UInt64(feed.toRecorder.count), feed: feed.number)
                }
                return feed.toRecorder = []
            }
            guard draw(3) > 0 else { return }
            let part = Array(feed.toRecorder.prefix(1 + draw(200)))
            feed.toRecorder.removeFirst(part.count)
            for event in part {
                withUnsafePointer(to: event) {
                    recorder.record(UnsafeBufferPointer(start: $0, count: 1), feed: feed.number)
                }
            }
            if draw(2) == 0 { recorder.flush() }
        }

        private func deliver(_ feed: Feed) {
            guard let join, draw(3) > 0 else { return }
            // The bus drops oldest first, and says so before it goes on.
            if !join.isDone, draw(80) == 0, feed.toStrategy.count > 3, join.beginAgain(now: now) {
                feed.toStrategy.removeFirst(draw(feed.toStrategy.count))
            }
            let part = Array(feed.toStrategy.prefix(1 + draw(100)))
            feed.toStrategy.removeFirst(part.count)
            part.withUnsafeBufferPointer { records in
                if join.isDone {
                    take(join.rest(of: records, feed: feed.number))
                } else {
                    join.take(records, feed: feed.number, now: now)
                }
            }
        }

        func take(_ records: UnsafeBufferPointer<MarketEvent>) {
            for event in records {
                if event.kind == .gap {
                    missing += UInt64(max(1, event.word1))
                } else {
                    seen[UInt16(event.token.rawValue / 10), default: []].append(event.trade.price.e8)
                }
            }
        }

        func begin(in directory: String) {
            isSubscribed = true
            join = LateJoin(
                directory: directory, feeds: [(1, "one"), (2, "two")],
                tokens: [10, 11, 20, 21].map { InstrumentToken($0) },
                since: Timestamp(nanoseconds: 1_767_500_000_000_000_000), now: now,
                bounds: LateJoin.Bounds(keptMax: 2_000, recordsPerStep: 100, attemptsMax: 1_000))
        }

        func step() {
            guard let join, draw(3) > 0 else { return }
            _ = join.step(now: now) { take($0) }
        }
    }

    private func run(seed: UInt64, losesRecords: Bool) throws -> World {
        let directory = try TemporaryDirectory()
        let world = World(seed: seed, directory: directory.path, losesRecords: losesRecords)
        for _ in 0..<(20 + world.draw(250)) { world.tick() }
        world.begin(in: directory.path)
        for _ in 0..<4_000 where world.join?.isDone == false {
            world.tick()
            for _ in 0..<4 { world.step() }
        }
        #expect(world.join?.isDone == true, "seed \(seed) never caught up")
        for _ in 0..<50 { world.tick() }
        world.recorder.finish()
        return world
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func everyRecordIsSeenOnceAndInOrder(_ seed: UInt64) throws {
        let world = try run(seed: seed, losesRecords: false)
        #expect(world.missing == 0 && world.join?.missedCount == 0, "seed \(seed)")
        for feed in world.feeds {
            let seen = world.seen[feed.number] ?? []
            // The last ones may be on their way.
            #expect(
                seen == Array((0..<Int64(seen.count)).map { $0 + 1 }), "seed \(seed), feed \(feed.number)")
            #expect(
                seen.count == feed.sent.count - feed.toStrategy.count, "seed \(seed), feed \(feed.number)")
        }
    }

    @Test(arguments: 109...116 as ClosedRange<UInt64>)
    func whatTheRecorderLostIsToldAndNothingIsSeenTwice(_ seed: UInt64) throws {
        let world = try run(seed: seed, losesRecords: true)
        for feed in world.feeds {
            let seen = world.seen[feed.number] ?? []
            let isAscending = zip(seen, seen.dropFirst()).allSatisfy { $0 < $1 }
            let turn = zip(seen, seen.dropFirst()).first { $0 >= $1 }
            #expect(isAscending, "\(turn.map { "\($0)" } ?? ""), seed \(seed), feed \(feed.number)")
            let expected = feed.sent.count - feed.toStrategy.count
            if seen.count < expected, seen.first == 1 {
                #expect(
                    world.missing > 0, "seed \(seed): \(expected - seen.count) are missing without a word")
            }
        }
    }

    @Test func aStrategySlowerThanItsDataGoesOnWithAGap() throws {
        let directory = try TemporaryDirectory()
        let world = World(seed: 3, directory: directory.path, losesRecords: false)
        for _ in 0..<50 { world.tick() }
        world.isSubscribed = true
        let join = LateJoin(
            directory: directory.path, feeds: [(1, "one"), (2, "two")],
            tokens: [10, 11, 20, 21].map { InstrumentToken($0) },
            since: Timestamp(nanoseconds: 1_767_500_000_000_000_000), now: world.now,
            bounds: LateJoin.Bounds(keptMax: 5, recordsPerStep: 5, attemptsMax: 3))
        world.join = join
        for _ in 0..<4_000 where !join.isDone {
            world.tick()
            for _ in 0..<40 { _ = join.step(now: world.now) { world.take($0) } }
        }
        #expect(join.isDone)
        #expect(join.missedCount > 0 && world.missing >= join.missedCount)
    }
}
