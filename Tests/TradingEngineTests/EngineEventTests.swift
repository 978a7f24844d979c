import Testing
import TradingEngine
import TradingModel

@Suite struct EngineEventTests {
    private let token = EngineHarness.token

    @Test(arguments: [("100.1", "100"), ("0", "100"), ("-1", "100"), ("99", "0")])
    func impossibleQuoteIsCountedAndNeverUsed(bid: String, ask: String) {
        let harness = EngineHarness()
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in
            context.submit(.market(.buy, Quantity(1), EngineHarness.token))
            context.submit(.limit(.buy, Quantity(1), Price(98), EngineHarness.token))
            context.submit(.limit(.sell, Quantity(1), Price("100.05")!, EngineHarness.token))
        }
        harness.quote("99", "100", at: 2)
        harness.strategy.calls = []
        harness.quote(bid, ask, at: 3)
        #expect(harness.strategy.calls.isEmpty)
        #expect(harness.engine.status.invalidEvents == 1)
        #expect(harness.engine.status.unrealizedPnL == Money("-0.5"))
        #expect(harness.position == Quantity(1))
    }

    @Test func impossibleTradesBarsAndLevelsAreNotDelivered() {
        let harness = EngineHarness()
        harness.engine.start(at: harness.at(1))
        harness.trade("-3", at: 2)
        harness.trade("3", size: -1, at: 2)
        harness.bar("10", "9", "8", "9", at: 3)
        harness.bar("10", "11", "0", "10", at: 3)
        harness.engine.process(
            .depth(
                DepthUpdate(price: .zero, size: Quantity(1), side: .buy), token: token,
                eventTime: harness.at(4),
                receiveTime: harness.at(4), sequence: 9))
        #expect(harness.strategy.calls == ["start 1"])
        #expect(harness.engine.status.invalidEvents == 5)
    }

    @Test func lockedQuoteIsValid() {
        let harness = EngineHarness()
        harness.engine.start(at: harness.at(1))
        harness.quote("100", "100", at: 2)
        #expect(harness.strategy.calls == ["start 1", "quote 100"])
    }

    @Test func recordOfAnotherInstrumentMovesOnlyTheClock() {
        let harness = EngineHarness()
        harness.engine.start(at: harness.at(1))
        harness.quote("99", "101", at: 9, token: InstrumentToken(4_000))
        #expect(harness.strategy.calls == ["start 1"])
        #expect(harness.engine.status.foreignEvents == 1)
        #expect(harness.engine.status.lastEventTime == harness.at(9))
    }

    @Test func statusGapAndDepthReachTheStrategy() {
        let harness = EngineHarness()
        harness.engine.start(at: harness.at(1))
        harness.status(.disconnected, at: 2)
        harness.heartbeat(at: 3)
        harness.engine.process(
            MarketEvent(
                kind: .gap, token: .feedWide, eventTime: harness.at(4), receiveTime: harness.at(4),
                sequence: 3,
                words: (10, 25, 0, 0)))
        harness.engine.process(
            .depth(
                DepthUpdate(price: Price(5), size: Quantity(1), side: .sell), token: token,
                eventTime: harness.at(5),
                receiveTime: harness.at(5), sequence: 4))
        #expect(harness.strategy.calls == ["start 1", "status disconnected", "gap 25", "book sell 5"])
        #expect(harness.engine.status.missingEvents == 25)
    }

    @Test func barIsPutTogetherFromItsTwoRecords() {
        let harness = EngineHarness()
        harness.engine.start(at: harness.at(1))
        harness.bar("10", "12", "9", "11", volume: 40, duration: 60, at: 70)
        harness.engine.process(
            MarketEvent(
                kind: .bar, token: token, eventTime: harness.at(80), receiveTime: harness.at(80), sequence: 5,
                words: (Price(11).e8, Price(11).e8, Price(11).e8, Price(11).e8)))
        #expect(
            harness.strategy.bars.map(\.bar) == [
                Bar(
                    open: Price(10), high: Price(12), low: Price(9), close: Price(11), volume: Quantity(40),
                    durationNanoseconds: 60),
                Bar(open: Price(11), high: Price(11), low: Price(11), close: Price(11)),
            ])
    }

    @Test func marketOrderOnABarFillsAtItsClose() {
        let harness = EngineHarness()
        harness.engine.start(at: harness.at(1))
        harness.strategy.bar = { _, context in context.submit(.market(.buy, Quantity(1), EngineHarness.token))
        }
        harness.bar("10", "12", "9", "11", at: 70)
        #expect(harness.strategy.fills.map(\.price) == [Price(11)])
    }

    @Test func barFillsOrdersOlderThanItselfAlongOpenHighLowClose() {
        let harness = EngineHarness()
        harness.engine.start(at: harness.at(1))
        harness.strategy.bar = { _, context in
            context.submit(.limit(.buy, Quantity(1), Price(9), EngineHarness.token))
            context.submit(.limit(.buy, Quantity(2), Price("8.5")!, EngineHarness.token))
            context.submit(.limit(.sell, Quantity(3), Price(12), EngineHarness.token))
            context.submit(.limit(.sell, Quantity(4), Price(13), EngineHarness.token))
        }
        harness.bar("10", "13.5", "8", "11", at: 100)
        harness.strategy.bar = { _, _ in }
        #expect(harness.strategy.fills.isEmpty)
        harness.bar("11", "13", "8.6", "10", at: 200)
        #expect(harness.strategy.fills.map(\.price) == [Price(12), Price(9)])
        // One that a bar opens beyond fills at the open.
        harness.bar("8", "8", "8", "8", at: 300)
        #expect(harness.strategy.fills.last?.price == Price(8))
    }

    @Test func orderSentWithinABarWaitsForTheNextOne() {
        let harness = EngineHarness()
        harness.strategy.timer = { _, context in
            context.submit(.limit(.buy, Quantity(1), Price(9), EngineHarness.token))
        }
        harness.strategy.bar = { _, context in context.setTimer("send", after: .nanoseconds(50)) }
        harness.engine.start(at: harness.at(1))
        harness.bar("10", "10", "10", "10", duration: 100, at: 100)
        harness.strategy.bar = { _, _ in }
        harness.bar("10", "10", "5", "10", duration: 100, at: 200)
        #expect(harness.strategy.fills.isEmpty)
        harness.bar("10", "10", "8", "10", duration: 100, at: 300)
        #expect(harness.strategy.fills.map(\.price) == [Price(9)])
    }

    @Test func multiplierScalesMoney() {
        let harness = EngineHarness()
        let other = EngineHarness.other.token
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in context.submit(.market(.buy, Quantity(2), other)) }
        harness.quote("99", "100", at: 2, token: other)
        harness.strategy.quote = { _, _ in }
        harness.quote("109", "111", at: 3, token: other)
        #expect(harness.engine.status.unrealizedPnL == Money(200))
        #expect(harness.engine.status.cash == Money(8_000))
    }

    @Test func userMetricsKeepTheirOrderAndLogLinesReachTheOutput() {
        let harness = EngineHarness()
        harness.strategy.quote = { quote, context in
            context.metric("zeta", 1)
            context.metric("alpha", quote.mid.doubleValue)
            context.log("mid \(quote.mid)")
        }
        harness.engine.start(at: harness.at(1))
        harness.quote("99", "101", at: 2)
        harness.quote("100", "102", at: 3)
        #expect(harness.engine.status.metrics.map(\.name) == ["zeta", "alpha"])
        #expect(harness.engine.status.metrics.map(\.value) == [1, 101])
        #expect(harness.output.lines == ["mid 100", "mid 101"])
    }
}
