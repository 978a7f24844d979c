import Testing
import TradingEngine
import TradingModel

/// Each model against numbers worked out by hand.
@Suite struct FillModelTests {
    private func script(_ model: FillModel) -> ExchangeScript {
        ExchangeScript(SimulatedExchangeConfiguration(fillModel: model))
    }

    @Test func limitedVolumeLeavesARest() {
        var script = script(FillModel(volume: .limited))
        script.quote("99.98", 3, "100.02", 3)
        script.submit(.ask(.buy, .market, 5))
        #expect(script.heard() == ["accepted 1", "filled 1 3@100.02 taker"])
        script.quote("99.98", 3, "100.03", 9)
        #expect(script.heard() == ["filled 1 2@100.03 taker"])
    }

    @Test func slippingVolumeFillsTheRestWorse() {
        var script = script(FillModel(volume: .limitedSlipping(ticks: 2)))
        script.quote("99.98", 3, "100.02", 3)
        script.submit(.ask(.buy, .market, 5))
        script.submit(.ask(.sell, .limit, 5, at: "99.97"))
        #expect(
            script.heard() == [
                "filled 1 3@100.02 taker", "filled 1 2@100.04 taker", "accepted 2",
                "filled 2 3@99.98 taker",
            ], "99.96 is beyond the second order's limit")
    }

    @Test func touchFillsAtTheVeryPrice() {
        for (touch, expected) in [
            (FillModel.Touch.through, [String]()), (.touch, ["filled 1 2@99.5 maker"]),
            (.chance(basisPoints: 10_000), ["filled 1 2@99.5 maker"]), (.chance(basisPoints: 0), []),
        ] {
            var script = script(FillModel(touch: touch))
            script.quote("99.98", "100.02")
            script.submit(.ask(.buy, .limit, 2, at: "99.5"))
            _ = script.heard()
            script.trade("99.5")
            #expect(script.heard() == expected, "\(touch)")
        }
    }

    @Test func chanceIsDrawnFromSeedOrderAndRecordAndNothingElse() {
        func fills(_ seed: UInt64, skipping: Int = 0) -> [Bool] {
            var configuration = SimulatedExchangeConfiguration(
                fillModel: FillModel(touch: .chance(basisPoints: 3_000)))
            configuration.seed = seed
            return (0..<200).map { place in
                var script = ExchangeScript(configuration)
                for _ in 0..<place { script.quote("99.98", "100.02") }
                script.submit(.ask(.buy, .limit, 2, at: "99.5"))
                _ = script.heard()
                script.trade("99.5")
                return !script.heard().isEmpty
            }
        }
        let first = fills(1)
        #expect(first == fills(1))
        #expect(first != fills(2))
        #expect((40...80).contains(first.count { $0 }))
    }

    @Test func penetrationNeedsSoManyTicks() {
        var script = script(FillModel(touch: .penetration(ticks: 3)))
        script.quote("99.98", "100.02")
        script.submit(.ask(.buy, .limit, 2, at: "99.5"))
        script.submit(.ask(.sell, .limit, 2, at: "100.5"))
        script.trade("99.48")
        script.quote("99.4", "99.48")
        script.quote("100.52", "100.6")
        #expect(script.heard() == ["accepted 1", "accepted 2"])
        script.trade("99.47")
        #expect(script.heard() == ["filled 1 2@99.5 maker"])
        script.quote("100.53", "100.6")
        #expect(script.heard() == ["filled 2 2@100.5 maker"])
    }

    @Test func queueMustBeUsedUp() {
        var script = script(FillModel(touch: .queue(.riskAverse)))
        script.quote("99.98", 10, "100.02", 10)
        script.submit(.ask(.buy, .limit, 4, at: "99.98"))
        _ = script.heard()
        script.trade("99.98", size: 6)
        #expect(script.heard().isEmpty, "4 are still before it")
        // Others join behind: nothing changes. Then all but 3 are gone.
        script.quote("99.98", 20, "100.02", 10)
        script.quote("99.98", 3, "100.02", 10)
        script.trade("99.98", size: 4)
        #expect(script.heard() == ["filled 1 1@99.98 maker"], "3 before it, one for it")
        script.trade("99.98", size: 2)
        #expect(script.heard() == ["filled 1 2@99.98 maker"])
        script.trade("99.97", size: 9)
        #expect(script.heard() == ["filled 1 1@99.98 maker"], "traded through")
    }

    @Test func queueOfADeeperOrderBeginsWhenItsPriceIsTheBest() {
        var script = script(FillModel(touch: .queue(.riskAverse)))
        script.quote("99.98", 10, "100.02", 10)
        script.submit(.ask(.buy, .limit, 1, at: "99.9"))
        script.submit(.ask(.buy, .limit, 1, at: "100"))
        _ = script.heard()
        script.trade("99.9", size: 50)
        #expect(script.heard() == ["filled 2 1@100 maker"], "99.9 was never shown; 100 was passed")
        script.quote("99.9", 5, "100.02", 10)
        script.trade("99.9", size: 5)
        #expect(script.heard().isEmpty)
        script.trade("99.9", size: 1)
        #expect(script.heard() == ["filled 1 1@99.9 maker"])
    }

    /// 60 before and 40 behind; 20 of 100 disappear without a trade.
    @Test func cancelsAreSharedByTheModel() {
        let scale = Quantity.scale
        func front(_ model: QueueModel, traded: Int64 = 0) -> Double {
            Double(model.front(60 * scale, before: 100 * scale, after: 80 * scale, traded: traded * scale))
                / 1e8
        }
        #expect(front(.riskAverse) == 60)
        // 40 / 100 behind: 60 - 0.6 * 20.
        #expect(front(.power(1)) == 48)
        // 1600 / 5200 behind: 60 - 20 * 3600 / 5200.
        #expect(abs(front(.power(2)) - 46.153846) < 1e-6)
        // log 41 / (log 41 + log 61) = 3.713572 / 7.824446.
        #expect(abs(front(.logarithm) - (60 - 20 * (1 - 3.713_572_067 / 7.824_445_931))) < 1e-6)
        // What was traded is off the front already and is no cancel.
        #expect(front(.power(1), traded: 20) == 60)
        // Never more than is displayed, never below nothing.
        #expect(QueueModel.riskAverse.front(60, before: 100, after: 10, traded: 0) == 10)
        #expect(QueueModel.power(3).front(0, before: 100, after: 0, traded: 0) == 0)
    }

    @Test(
        arguments: [
            ("best_price", FillModel()), ("volume", FillModel(volume: .limited)),
            (
                "volume_slip:2+queue_power:3",
                FillModel(volume: .limitedSlipping(ticks: 2), touch: .queue(.power(3)))
            ),
            ("queue_log", FillModel(touch: .queue(.logarithm))), ("touch", FillModel(touch: .touch)),
            ("chance:0.25+volume", FillModel(volume: .limited, touch: .chance(basisPoints: 2_500))),
            ("penetration:2", FillModel(touch: .penetration(ticks: 2))), ("", nil), ("touch+queue_log", nil),
            ("volume+volume", nil), ("best_price+touch", nil), ("chance:2", nil), ("penetration", nil),
            ("queue_power:9", nil), ("volume:1", nil), ("touch+", nil),
        ] as [(String, FillModel?)])
    func modelIsReadFromItsName(text: String, model: FillModel?) {
        #expect(ExchangeModelText.fillModel(text) == model)
    }
}
