import Testing
import TradingEngine
import TradingModel

/// Orders on bars: open 100, high 110, low 90, close 105 unless said otherwise.
@Suite struct BarModelTests {
    private func run(
        _ orders: [Order], path: BarPath = .openHighLowClose, position: Int = 0, open: String = "100",
        low: String = "90"
    ) -> (heard: [String], ambiguous: UInt64) {
        var script = ExchangeScript(SimulatedExchangeConfiguration(barPath: path), position: position)
        script.bar("100", "100", "100", "100")
        for order in orders { script.submit(order) }
        _ = script.heard()
        script.bar(open, "110", low, "105")
        return (script.heard(), script.exchange.ambiguousBarCount)
    }

    @Test func pathGivesTheOrderOfFills() {
        let orders = [
            Order.ask(.buy, .limit, 1, at: "95"), .ask(.sell, .limit, 1, at: "108"),
            .ask(.buy, .stop, 1, trigger: "103"), .ask(.sell, .stop, 1, trigger: "97"),
        ]
        #expect(
            run(orders).heard == [
                "triggered 3", "filled 3 1@103 taker", "filled 2 1@108 maker", "triggered 4",
                "filled 4 1@97 taker", "filled 1 1@95 maker",
            ])
        // 100 is nearer to 96 than to 110.
        #expect(
            run(orders, path: .adaptive, low: "94").heard == [
                "triggered 4", "filled 4 1@97 taker", "filled 1 1@95 maker", "triggered 3",
                "filled 3 1@103 taker", "filled 2 1@108 maker",
            ])
    }

    @Test func gapsFillAtTheOpen() {
        let gap = run(
            [
                .ask(.sell, .stop, 1, trigger: "97"), .ask(.buy, .limit, 1, at: "98"),
                .ask(.buy, .stop, 1, trigger: "103"),
            ], open: "92")
        #expect(
            gap.heard == [
                "triggered 1", "filled 1 1@92 taker", "filled 2 1@92 maker", "triggered 3",
                "filled 3 1@103 taker",
            ])
    }

    @Test func stopLimitFillsAtItsTriggerOrWaitsForItsLimit() {
        let result = run([
            .ask(.buy, .stopLimit, 1, at: "104", trigger: "103"),
            .ask(.buy, .stopLimit, 1, at: "99", trigger: "103"),
            .ask(.buy, .stopLimit, 1, at: "85", trigger: "103"),
        ])
        #expect(
            result.heard == [
                "triggered 1", "filled 1 1@103 taker", "triggered 2", "triggered 3", "filled 2 1@99 maker",
            ])
    }

    @Test func trailingStopFollowsThePath() {
        let result = run([.ask(.sell, .trailingStop, 1, trailing: .price(Price(4)))])
        #expect(result.heard == ["trailed 1 106", "triggered 1", "filled 1 1@106 taker"])
    }

    @Test func whenStopAndTargetCouldBothHaveFilledTheStopDid() {
        let bracket = [
            Order.ask(.sell, .limit, 2, at: "108", list: 1), .ask(.sell, .stop, 2, trigger: "95", list: 1),
        ]
        let both = run(bracket, position: 2)
        #expect(both.heard == ["triggered 2", "filled 2 2@95 taker", "canceled 1 linked"])
        #expect(both.ambiguous == 1)
        let target = run(bracket, position: 2, low: "96")
        #expect(target.heard == ["filled 1 2@108 maker", "canceled 2 linked"])
        #expect(target.ambiguous == 0)
        let openDecides = run(bracket, position: 2, open: "109")
        #expect(openDecides.heard == ["filled 1 2@109 maker", "canceled 2 linked"])
        #expect(openDecides.ambiguous == 0)
    }

    @Test func onlyOrdersOlderThanTheBarTakePart() {
        var script = ExchangeScript()
        script.bar("100", "100", "100", "100", at: 100)
        script.heartbeat(at: 150)
        script.submit(.ask(.buy, .limit, 1, at: "95"))
        script.submit(.ask(.sell, .stop, 1, trigger: "97"))
        _ = script.heard()
        // Without a duration the bar is taken to have begun at the one before.
        script.bar("100", "110", "90", "105", at: 200)
        #expect(script.heard().isEmpty)
        script.bar("100", "110", "90", "105", duration: 50, at: 300)
        #expect(script.heard().count == 3)
    }

    @Test func volumeOfTheBarIsShared() {
        var script = ExchangeScript(SimulatedExchangeConfiguration(fillModel: FillModel(volume: .limited)))
        script.bar("100", "100", "100", "100")
        script.submit(.ask(.sell, .limit, 4, at: "105"))
        script.submit(.ask(.sell, .limit, 4, at: "106"))
        script.submit(.ask(.buy, .stop, 4, trigger: "103"))
        _ = script.heard()
        script.bar("100", "110", "90", "105", volume: 6)
        #expect(script.heard() == ["triggered 3", "filled 3 4@103 taker", "filled 1 2@105 maker"])
    }

    @Test func marketOrderTakesTheClose() {
        var script = ExchangeScript(SimulatedExchangeConfiguration(slippageTicks: 2))
        script.bar("100", "110", "90", "105")
        script.submit(.ask(.buy, .market, 1))
        #expect(script.heard() == ["filled 1 1@105.02 taker"])
    }
}
