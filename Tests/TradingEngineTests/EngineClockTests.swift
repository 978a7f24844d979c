import Testing
import TradingEngine
import TradingModel

@Suite struct EngineClockTests {
    @Test func timersFireBeforeTheRecordInOrderOfTimeThenCreation() {
        let harness = EngineHarness()
        harness.strategy.start = { context in
            context.setTimer("late", after: .microseconds(30))
            context.setTimer("second", after: .microseconds(20))
            context.setTimer("third", after: .microseconds(20))
            context.setTimer("again", every: .microseconds(15))
        }
        harness.engine.start(at: harness.at(1_000))
        harness.quote("99", "101", at: 31_000)
        #expect(
            harness.strategy.calls == [
                "start 1000", "timer again 16000", "timer second 21000", "timer third 21000",
                "timer late 31000",
                "timer again 31000", "quote 100",
            ])
    }

    @Test func heartbeatsOfTheFeedCarryTheClock() {
        let harness = EngineHarness()
        harness.strategy.start = { $0.setTimer("once", after: .microseconds(1)) }
        harness.engine.start(at: harness.at(1))
        harness.heartbeat(at: 1_000)
        #expect(harness.strategy.calls == ["start 1"])
        harness.heartbeat(at: 1_001)
        harness.heartbeat(at: 9_000)
        #expect(harness.strategy.calls == ["start 1", "timer once 1001"])
        #expect(harness.engine.status.lastEventTime == harness.at(9_000))
    }

    @Test func timerOfTheSameNameIsReplacedAndCanBeCanceled() {
        let harness = EngineHarness()
        harness.strategy.start = { context in
            context.setTimer("a", after: .microseconds(1))
            context.setTimer("a", after: .microseconds(5))
            context.setTimer("b", every: .microseconds(1))
            context.cancelTimer("b")
        }
        harness.engine.start(at: harness.at(0 + 1))
        harness.heartbeat(at: 100_000)
        #expect(harness.strategy.calls == ["start 1", "timer a 5001"])
    }

    @Test func orderOfATimerMeetsTheMarketOfThatTime() {
        let harness = EngineHarness()
        harness.strategy.start = { $0.setTimer("buy", after: .microseconds(5)) }
        harness.strategy.timer = { _, context in
            context.submit(.market(.buy, Quantity(1), EngineHarness.token))
        }
        harness.engine.start(at: harness.at(1))
        harness.quote("99", "100", at: 2)
        harness.quote("199", "200", at: 10_000)
        #expect(harness.strategy.fills.map(\.price) == [Price(100)])
        #expect(harness.strategy.fills.map(\.time) == [harness.at(5_001)])
    }

    @Test func aJumpOfTheClockEndsAndKeepsThePhase() {
        let harness = EngineHarness()
        var fired = 0
        harness.strategy.start = { $0.setTimer("tick", every: .microseconds(1)) }
        harness.strategy.timer = { _, _ in fired += 1 }
        harness.engine.start(at: harness.at(1))
        harness.heartbeat(at: 1_000_000_000)
        #expect(fired == 100_000)
        #expect(harness.engine.status.skippedTimers == 899_999)
        fired = 0
        harness.heartbeat(at: 1_000_000_001)
        #expect(fired == 1)
        harness.heartbeat(at: .max)
        #expect(fired == 100_001)
    }

    @Test func timerThatSetsItselfAtOnceEnds() {
        let harness = EngineHarness()
        harness.strategy.start = { $0.setTimer("now", after: .zero) }
        harness.strategy.timer = { _, context in context.setTimer("now", after: .zero) }
        harness.engine.start(at: harness.at(1))
        harness.heartbeat(at: 2)
        #expect(harness.strategy.calls.count == 100_001)
    }

    @Test func startWithoutATimeWaitsForTheFirstRecord() {
        let harness = EngineHarness()
        harness.engine.start(at: .epoch)
        #expect(harness.strategy.calls.isEmpty)
        harness.quote("99", "101", at: 77)
        #expect(harness.strategy.calls == ["start 77", "quote 100"])
    }

    @Test func timeNeverGoesBackButOldRecordsAreDelivered() {
        let harness = EngineHarness()
        harness.engine.start(at: harness.at(1))
        harness.quote("99", "101", at: 50)
        harness.quote("98", "100", at: 40)
        #expect(harness.strategy.calls == ["start 1", "quote 100", "quote 99"])
        #expect(harness.engine.status.lastEventTime == harness.at(50))
        #expect(harness.engine.status.outOfOrderEvents == 1)
    }

    @Test func barsOfTradesAreAlignedAndStampedAtTheirClose() {
        let second: Int64 = 1_000_000_000
        let harness = EngineHarness()
        harness.strategy.start = { $0.subscribeBars(EngineHarness.token, every: .seconds(10)) }
        harness.engine.start(at: harness.at(3 * second))
        harness.trade("100", size: 1, at: 4 * second)
        harness.trade("103", size: 2, at: 5 * second)
        harness.trade("99", size: 3, at: 9 * second)
        harness.trade("101", size: 4, at: 10 * second)
        harness.heartbeat(at: 45 * second)
        #expect(harness.strategy.bars.map(\.time) == [harness.at(10 * second), harness.at(20 * second)])
        #expect(
            harness.strategy.bars[0].bar
                == Bar(
                    open: Price(100), high: Price(103), low: Price(99), close: Price(99), volume: Quantity(6),
                    durationNanoseconds: 10 * second))
        #expect(harness.strategy.bars[1].bar.volume == Quantity(4))
        #expect(harness.strategy.calls.suffix(3) == ["bar 99", "trade 101", "bar 101"])
    }

    @Test func barsOfQuotesUseMidsUntilTheFirstTrade() {
        let second: Int64 = 1_000_000_000
        let harness = EngineHarness()
        harness.strategy.start = { $0.subscribeBars(EngineHarness.token, every: .seconds(1)) }
        harness.engine.start(at: harness.at(1))
        harness.quote("99", "101", at: second)
        harness.quote("101", "103", at: second + 1)
        harness.quote("90", "92", at: 2 * second)
        harness.trade("95", at: 2 * second + 5)
        harness.quote("50", "52", at: 2 * second + 6)
        harness.heartbeat(at: 3 * second)
        #expect(harness.strategy.bars.map(\.bar.close) == [Price(102), Price(95)])
        #expect(harness.strategy.bars.map(\.bar.open) == [Price(100), Price(95)])
        #expect(harness.strategy.bars[1].bar.low == Price(95))
    }
}
