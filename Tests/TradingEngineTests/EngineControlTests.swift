import Testing
import TradingEngine
import TradingModel

@Suite struct EngineControlTests {
    private let token = EngineHarness.token

    /// Long two units from 100, with a resting bid at 90.
    private func running(limits: RiskLimits = RiskLimits()) -> EngineHarness {
        let harness = EngineHarness(limits: limits)
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in
            context.submit(.market(.buy, Quantity(2), EngineHarness.token))
            context.submit(.limit(.buy, Quantity(1), Price(90), EngineHarness.token))
        }
        harness.quote("99", "100", at: 10)
        harness.strategy.quote = { _, _ in }
        harness.strategy.calls = []
        return harness
    }

    @Test func pauseWithholdsRecordsAndTimersButMarksPositions() {
        let harness = running()
        harness.engine.pause()
        harness.engine.pause()
        harness.quote("109", "111", at: 20)
        harness.trade("110", at: 30)
        harness.heartbeat(at: 40)
        #expect(harness.strategy.calls == ["pause"])
        #expect(harness.engine.status.unrealizedPnL == Money(20))
        #expect(harness.engine.status.isPaused)
        #expect(harness.engine.status.openOrdersCount == 1)
        harness.engine.resume()
        harness.quote("109", "111", at: 50)
        #expect(harness.strategy.calls == ["pause", "resume 2", "quote 110"])
        #expect(harness.engine.status.withheldEvents == 2)
    }

    @Test func ordersArePausedButRestingOnesFillWithCallbacks() {
        let harness = running()
        harness.engine.pause()
        harness.strategy.fill = { _, context in
            context.submit(.market(.sell, Quantity(1), EngineHarness.token))
        }
        harness.trade("89", at: 20)
        #expect(harness.strategy.calls == ["pause", "order filled", "fill 90", "position 3", "order denied"])
        #expect(harness.output.updates.last?.reason == "paused")
    }

    @Test func cancelOnPauseTakesRestingOrdersBack() {
        let harness = running(limits: RiskLimits(cancelOnPause: true))
        harness.engine.pause()
        #expect(harness.output.statuses == [.filled, .accepted, .canceled])
    }

    @Test func repeatingTimersSkipAPauseAndOthersWaitForItsEnd() {
        let harness = EngineHarness()
        harness.strategy.start = { context in
            context.setTimer("again", every: .microseconds(10))
            context.setTimer("once", after: .microseconds(15))
        }
        harness.engine.start(at: harness.at(0 + 1))
        harness.engine.pause()
        harness.heartbeat(at: 35_000)
        harness.engine.resume()
        harness.heartbeat(at: 41_000)
        #expect(
            harness.strategy.calls == [
                "start 1", "pause", "resume 0", "timer once 35000", "timer again 40001",
            ])
        #expect(harness.engine.status.skippedTimers == 3)
    }

    @Test func pauseBeforeTheFirstRecordIsToldAfterTheStart() {
        let harness = EngineHarness()
        harness.engine.start(at: .epoch)
        harness.engine.pause()
        harness.quote("99", "101", at: 5)
        #expect(harness.strategy.calls == ["start 5", "pause"])
    }

    @Test func stopEndsTheSessionInOrder() throws {
        let harness = running()
        harness.strategy.saved = SavedState(version: 3, bytes: [1, 2])
        harness.strategy.stop = { $0.submit(.market(.sell, Quantity(2), EngineHarness.token)) }
        harness.strategy.order = { order, context in
            if order.status == .canceled { context.submit(.market(.buy, Quantity(9), EngineHarness.token)) }
        }
        harness.engine.stop(reason: "stopped")
        #expect(
            harness.strategy.calls == [
                "stop", "order filled", "fill 99", "position 0", "order canceled", "order denied",
            ])
        #expect(harness.output.updates.suffix(2).map(\.reason) == ["session_ended", "stopped"])
        #expect(
            harness.output.records.suffix(2) == [
                .stateSaved(SavedState(version: 3, bytes: [1, 2])),
                .sessionEnded(
                    JournalSessionEnd(
                        reason: "stopped", orderLogHash: harness.engine.status.orderLogHash.value)),
            ])
        let count = harness.output.records.count
        harness.quote("1", "2", at: 99)
        harness.engine.stop(reason: "again")
        harness.engine.pause()
        #expect(harness.output.records.count == count)
    }

    @Test func flattenClosesEverythingEvenWhenPaused() {
        let harness = running(limits: RiskLimits(maxOrderQuantity: Quantity(2), maxOrdersPerSecond: 2))
        harness.engine.pause()
        harness.engine.flatten()
        #expect(harness.position == .zero)
        #expect(harness.engine.status.openOrdersCount == 0)
        #expect(harness.output.statuses == [.filled, .accepted, .canceled, .filled])
    }

    @Test func liveParametersChangeAndAreJournaled() throws {
        let harness = running()
        let declarations = ScriptedStrategy.parameters
        let changed = try ParameterValues.resolve(declarations, from: [("level", "9")])
        try harness.engine.update(parameters: changed)
        #expect(harness.strategy.calls == ["parameters 9"])
        #expect(harness.output.records.last == .parametersChanged(#"{"level":9,"fixed":1}"#))
        let fixed = try ParameterValues.resolve(declarations, from: [("fixed", "2")])
        #expect(throws: EngineError(.notLive, "fixed can only be set at start; restart the strategy")) {
            try harness.engine.update(parameters: fixed)
        }
        #expect(harness.engine.parameters == changed)
    }

    @Test func refusedParametersLeaveTheOldOnes() throws {
        let harness = running()
        harness.strategy.parametersChanged = { _ in throw ScriptedStrategy.Refusal() }
        let before = harness.output.records.count
        let error = #expect(throws: EngineError.self) {
            try harness.engine.update(
                parameters: ParameterValues.resolve(ScriptedStrategy.parameters, from: [("level", "9")]))
        }
        #expect(error?.code == .strategyRefused)
        #expect(harness.engine.parameters.integer("level") == 1)
        #expect(harness.output.records.count == before)
    }

    @Test func restoredEngineGoesOnAsTheUninterruptedOne() throws {
        let whole = running()
        whole.strategy.saved = SavedState(version: 1, bytes: [7])
        let snapshot = whole.engine.snapshot()
        #expect(snapshot.openOrders.map(\.status) == [.accepted])

        let resumed = EngineHarness(epoch: 2)
        try resumed.engine.restore(snapshot)
        #expect(resumed.strategy.loaded == SavedState(version: 1, bytes: [7]))
        #expect(resumed.engine.status.openOrdersCount == 1)
        resumed.engine.start(at: .epoch)
        for harness in [whole, resumed] {
            harness.strategy.trade = { _, context in
                context.submit(.market(.sell, Quantity(3), EngineHarness.token, isReduceOnly: true))
            }
            harness.quote("95", "96", at: 20)
            harness.trade("89.5", at: 30)
        }
        #expect(resumed.position == .zero)
        #expect(resumed.engine.snapshot().positions == whole.engine.snapshot().positions)
        #expect(resumed.engine.snapshot().totals == whole.engine.snapshot().totals)
        #expect(resumed.engine.status.equity == whole.engine.status.equity)
        #expect(resumed.engine.status.cash == whole.engine.status.cash)
        #expect(
            resumed.strategy.fills.map(\.realizedPnL) == whole.strategy.fills.suffix(2).map(\.realizedPnL))
        #expect(resumed.strategy.fills[0].orderID == OrderID(epoch: 1, count: 2))
        #expect(resumed.strategy.fills[1].orderID == OrderID(epoch: 2, count: 1))
    }

    @Test func openPositionWithoutItsInstrumentIsRefused() {
        let harness = EngineHarness()
        let stranger = InstrumentToken(55)
        let open = EngineSnapshot(
            totals: AccountTotals(startingCash: Money(1)),
            positions: [Position(token: stranger, quantity: Quantity(1), averagePrice: Price(5))])
        let error = #expect(throws: EngineError.self) { try harness.engine.restore(open) }
        #expect(error?.code == .unknownInstrument)
    }

    @Test func closedPositionWithoutItsInstrumentStaysInTheTotals() throws {
        let harness = EngineHarness()
        let closed = Position(token: InstrumentToken(55), realizedPnL: Money(12), fees: Money(2))
        try harness.engine.restore(
            EngineSnapshot(totals: AccountTotals(startingCash: Money(100)), positions: [closed]))
        #expect(harness.engine.status.equity == Money(110))
        #expect(harness.engine.snapshot().positions == [closed])
    }

    @Test func instrumentsThatCannotBeToldApartAreRefused() {
        var twin = EngineHarness.other
        twin.token = EngineHarness.instrument.token
        for wrong in [twin, Instrument(symbol: "Z", token: InstrumentToken(0))] {
            let configuration = EngineConfiguration(instruments: [EngineHarness.instrument, wrong])
            #expect(throws: EngineError.self) { try configuration.validate() }
        }
    }
}
