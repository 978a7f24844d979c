import Testing
import TradingEngine
import TradingModel

/// Every order type with every time in force and flag that it may have, against a market worked out by hand:
/// 99.98 / 100.02 at 10 ns, when the order comes, 100.98 / 101.02 at 20, 98.98 / 99.02 at 30, a heartbeat at 40.
@Suite struct OrderTypeTests {
    struct Row: Sendable, CustomStringConvertible {
        var order: Order
        var atOnce: [String]
        var up: [String] = []
        var down: [String] = []
        var position = 0
        var description: String {
            "\(order.side) \(order.type) \(order.timeInForce)\(order.isPostOnly ? " post-only" : "")"
                + "\(order.isReduceOnly ? " reduce-only" : "") \(order.triggerPrice) \(order.price)"
        }
    }

    static let taken = "filled 1 2@100.02 taker"
    static let table: [Row] = [
        Row(order: .ask(.buy, .market, 2), atOnce: [taken]),
        Row(order: .ask(.buy, .market, 2, .ioc), atOnce: [taken]),
        Row(order: .ask(.buy, .market, 2, .fok), atOnce: [taken]),
        Row(order: .ask(.buy, .market, 2, .day, expires: 25), atOnce: [taken]),
        Row(order: .ask(.sell, .market, 2), atOnce: ["filled 1 2@99.98 taker"]),
        Row(order: .ask(.buy, .market, 2, isReduceOnly: true), atOnce: ["canceled 1 reduce_only"]),
        Row(
            order: .ask(.buy, .market, 2, isReduceOnly: true),
            atOnce: ["filled 1 1@100.02 taker", "canceled 1 reduce_only"], position: -1),
        Row(
            order: .ask(.buy, .market, 2, .fok, isReduceOnly: true), atOnce: ["canceled 1 reduce_only"],
            position: -1),

        Row(order: .ask(.buy, .limit, 2, at: "100.02"), atOnce: [taken]),
        Row(order: .ask(.buy, .limit, 2, at: "101"), atOnce: [taken]),
        Row(
            order: .ask(.buy, .limit, 2, at: "99.5"), atOnce: ["accepted 1"], down: ["filled 1 2@99.5 maker"]),
        Row(
            order: .ask(.sell, .limit, 2, at: "100.5"), atOnce: ["accepted 1"], up: ["filled 1 2@100.5 maker"]
        ),
        Row(
            order: .ask(.buy, .limit, 2, at: "99.5", .day, expires: 25), atOnce: ["accepted 1"],
            down: ["expired 1 day"]),
        Row(
            order: .ask(.buy, .limit, 2, at: "99.5", .gtd, expires: 30), atOnce: ["accepted 1"],
            down: ["expired 1 expire_time"]),
        Row(
            order: .ask(.buy, .limit, 2, at: "99.5", .gtd, expires: 31), atOnce: ["accepted 1"],
            down: ["filled 1 2@99.5 maker"]),
        Row(order: .ask(.buy, .limit, 2, at: "99.5", .gtd, expires: 10), atOnce: ["expired 1 expire_time"]),
        Row(order: .ask(.buy, .limit, 2, at: "99.5", .ioc), atOnce: ["expired 1 immediate_or_cancel"]),
        Row(order: .ask(.buy, .limit, 2, at: "100.02", .ioc), atOnce: [taken]),
        Row(order: .ask(.buy, .limit, 2, at: "99.5", .fok), atOnce: ["expired 1 fill_or_kill"]),
        Row(order: .ask(.buy, .limit, 2, at: "100.02", .fok), atOnce: [taken]),
        Row(order: .ask(.buy, .limit, 2, at: "100.02", isPostOnly: true), atOnce: ["rejected 1 post_only"]),
        Row(
            order: .ask(.buy, .limit, 2, at: "100.01", isPostOnly: true), atOnce: ["accepted 1"],
            down: ["filled 1 2@100.01 maker"]),
        Row(
            order: .ask(.sell, .limit, 2, at: "100.5", isReduceOnly: true), atOnce: ["accepted 1"],
            up: ["filled 1 1@100.5 maker", "canceled 1 reduce_only"], position: 1),

        Row(
            order: .ask(.buy, .stop, 2, trigger: "100.5"), atOnce: ["accepted 1"],
            up: ["triggered 1", "filled 1 2@101.02 taker"]),
        Row(
            order: .ask(.sell, .stop, 2, trigger: "99.5"), atOnce: ["accepted 1"],
            down: ["triggered 1", "filled 1 2@98.98 taker"]),
        Row(
            order: .ask(.buy, .stop, 2, trigger: "100"),
            atOnce: ["accepted 1", "triggered 1", "filled 1 2@100.02 taker"]),
        Row(
            order: .ask(.sell, .stop, 2, trigger: "99.5", .day, expires: 25), atOnce: ["accepted 1"],
            down: ["expired 1 day"]),
        Row(
            order: .ask(.buy, .stop, 2, trigger: "100.5", .ioc), atOnce: ["accepted 1"],
            up: ["triggered 1", "filled 1 2@101.02 taker"]),
        Row(
            order: .ask(.sell, .stop, 2, trigger: "99.5", isReduceOnly: true), atOnce: ["accepted 1"],
            down: ["triggered 1", "filled 1 1@98.98 taker", "canceled 1 reduce_only"], position: 1),
        Row(
            order: .ask(.sell, .stop, 2, trigger: "99.5", isReduceOnly: true), atOnce: ["accepted 1"],
            down: ["triggered 1", "canceled 1 reduce_only"]),

        Row(
            order: .ask(.buy, .stopLimit, 2, at: "101.5", trigger: "100.5"), atOnce: ["accepted 1"],
            up: ["triggered 1", "filled 1 2@101.02 taker"]),
        Row(
            order: .ask(.buy, .stopLimit, 2, at: "100.8", trigger: "100.5"), atOnce: ["accepted 1"],
            up: ["triggered 1"], down: ["filled 1 2@100.8 maker"]),
        Row(
            order: .ask(.buy, .stopLimit, 2, at: "100.8", trigger: "100.5", .ioc), atOnce: ["accepted 1"],
            up: ["triggered 1", "expired 1 immediate_or_cancel"]),
        Row(
            order: .ask(.buy, .stopLimit, 2, at: "100.8", trigger: "100.5", .fok), atOnce: ["accepted 1"],
            up: ["triggered 1", "expired 1 fill_or_kill"]),
        Row(
            order: .ask(.buy, .stopLimit, 2, at: "101.5", trigger: "100.5", isPostOnly: true),
            atOnce: ["accepted 1"], up: ["triggered 1", "canceled 1 post_only"]),
        Row(
            order: .ask(.buy, .stopLimit, 2, at: "100.8", trigger: "100.5", .gtd, expires: 25),
            atOnce: ["accepted 1"], up: ["triggered 1"], down: ["expired 1 expire_time"]),

        Row(
            order: .ask(.sell, .marketIfTouched, 2, trigger: "100.5"), atOnce: ["accepted 1"],
            up: ["triggered 1", "filled 1 2@100.98 taker"]),
        Row(
            order: .ask(.buy, .marketIfTouched, 2, trigger: "99.5"), atOnce: ["accepted 1"],
            down: ["triggered 1", "filled 1 2@99.02 taker"]),
        Row(
            order: .ask(.buy, .limitIfTouched, 2, at: "99.2", trigger: "99.5"), atOnce: ["accepted 1"],
            down: ["triggered 1", "filled 1 2@99.02 taker"]),
        Row(
            order: .ask(.sell, .limitIfTouched, 2, at: "101", trigger: "100.5"), atOnce: ["accepted 1"],
            up: ["triggered 1"]),

        Row(
            order: .ask(.sell, .trailingStop, 2, trailing: .price(Price("0.5")!)),
            atOnce: ["accepted 1", "trailed 1 99.48"], up: ["trailed 1 100.48"],
            down: ["triggered 1", "filled 1 2@98.98 taker"]),
        Row(
            order: .ask(.buy, .trailingStop, 2, trailing: .ticks(50)),
            atOnce: ["accepted 1", "trailed 1 100.52"], up: ["triggered 1", "filled 1 2@101.02 taker"]),
        Row(
            order: .ask(.buy, .trailingStop, 2, trailing: .price(Price(2))),
            atOnce: ["accepted 1", "trailed 1 102.02"], down: ["trailed 1 101.02"]),
        Row(
            // 1 % of 99.98 and of 100.98 from the bid, rounded down to the tick.
            order: .ask(.sell, .trailingStop, 2, trailing: .basisPoints(100)),
            atOnce: ["accepted 1", "trailed 1 98.98"], up: ["trailed 1 99.97"],
            down: ["triggered 1", "filled 1 2@98.98 taker"]),
        Row(
            order: .ask(.sell, .trailingStop, 2, trailing: .price(Price("0.5")!), .day, expires: 25),
            atOnce: ["accepted 1", "trailed 1 99.48"], up: ["trailed 1 100.48"], down: ["expired 1 day"]),
    ]

    @Test(arguments: table) func orderDoesWhatTheTableSays(row: Row) {
        var script = ExchangeScript(position: row.position)
        script.quote("99.98", "100.02", at: 10)
        script.submit(row.order)
        #expect(script.heard() == row.atOnce)
        script.quote("100.98", "101.02", at: 20)
        #expect(script.heard() == row.up)
        script.quote("98.98", "99.02", at: 30)
        #expect(script.heard() == row.down)
        script.heartbeat(at: 40)
        #expect(script.heard().isEmpty)
    }

    @Test func tableHasEveryTypeAndTimeInForce() {
        #expect(Set(Self.table.map(\.order.type)) == Set(OrderType.allCases))
        #expect(Set(Self.table.map(\.order.timeInForce)) == Set(TimeInForce.allCases))
    }

    @Test func trailingStopThatHasFollowedNothingBeforeARestartBeginsToFollow() {
        var script = ExchangeScript()
        var order = Order.ask(.buy, .trailingStop, 2, trailing: .price(Price(1)))
        order.id = OrderID(epoch: 1, count: 1)
        script.exchange.restore(order, instrument: 0)
        script.quote("99.98", "100.02")
        #expect(script.heard() == ["trailed 1 101.02"])
        script.quote("101", "101.02")
        #expect(script.heard() == ["triggered 1", "filled 1 2@101.02 taker"])
    }

    @Test func modelsDoNotTrapAtTheEndsOfTheRange() {
        let top = "92233720368.54"
        for model in [
            FillModel(volume: .limitedSlipping(ticks: 1_000), touch: .penetration(ticks: 1_000)),
            FillModel(volume: .limited, touch: .queue(.logarithm)),
        ] {
            var script = ExchangeScript(
                SimulatedExchangeConfiguration(slippageTicks: 1_000, fillModel: model))
            script.quote(top, 90_000_000_000, top, 90_000_000_000)
            script.submit(.ask(.buy, .trailingStop, 2, trailing: .price(Price(1))))
            script.submit(.ask(.sell, .trailingStop, 2, trailing: .basisPoints(9_999)))
            script.submit(.ask(.buy, .limit, 2, at: "0.01"))
            script.trade(top, size: 90_000_000_000)
            script.quote("0.01", 1, "0.01", 1)
            script.trade("0.01", size: 90_000_000_000)
            script.trade("0.01", size: 90_000_000_000)
            script.quote("0.01", 90_000_000_000, "0.01", 1)
            script.bar(top, top, "0.01", "0.01")
            script.bar("0.01", top, "0.01", top)
        }
    }

    @Test func triggersByLastLookAtTradesOnly() {
        var script = ExchangeScript(SimulatedExchangeConfiguration(triggerSource: .last))
        script.quote("99.98", "100.02")
        script.submit(.ask(.buy, .stop, 2, trigger: "100.5"))
        script.quote("100.98", "101.02")
        #expect(script.heard() == ["accepted 1"])
        script.trade("100.5")
        #expect(script.heard() == ["triggered 1", "filled 1 2@101.02 taker"])
    }

    @Test func changesKeepOrLoseTheirPlaceInTheQueue() {
        var script = ExchangeScript(
            SimulatedExchangeConfiguration(fillModel: FillModel(isVolumeLimited: true)))
        script.quote("99.98", "100.02")
        for _ in 1...3 { script.submit(.ask(.buy, .limit, 4, at: "99.5")) }
        script.modify(1, price: "99.5", quantity: 3)
        script.modify(2, price: "99.5", quantity: 5)
        _ = script.heard()
        script.trade("99.4", size: 12)
        #expect(
            script.heard() == [
                "filled 1 3@99.5 maker", "filled 3 4@99.5 maker", "filled 2 5@99.5 maker",
            ], "less keeps the place, more loses it")
    }

    @Test func changedOrderCrossesTriggersOrIsRefused() {
        var script = ExchangeScript(
            SimulatedExchangeConfiguration(fillModel: FillModel(isVolumeLimited: true)))
        script.quote("99.98", "100.02", size: 3)
        script.submit(.ask(.buy, .limit, 4, at: "99.5"))
        script.submit(.ask(.buy, .limit, 4, at: "99.5", isPostOnly: true))
        script.submit(.ask(.buy, .stop, 2, trigger: "100.5"))
        _ = script.heard()
        script.modify(1, price: "100.02", quantity: 4)
        #expect(script.heard() == ["modified 1 4", "filled 1 3@100.02 taker"])
        script.modify(1, price: "100.02", quantity: 3)
        #expect(script.heard() == ["modify rejected 1 below_filled"])
        script.modify(2, price: "100.02", quantity: 4)
        #expect(script.heard() == ["modify rejected 2 post_only"])
        script.quote("99.98", "100.02", size: 9)
        script.cancel(1)
        script.modify(3, trigger: "100", quantity: 2)
        #expect(
            script.heard() == [
                "filled 1 1@100.02 maker", "cancel rejected 1 unknown_order", "modified 3 2", "triggered 3",
                "filled 3 2@100.02 taker",
            ])
        script.cancel(9)
        script.modify(9, price: "1", quantity: 1)
        #expect(script.heard() == ["cancel rejected 9 unknown_order", "modify rejected 9 unknown_order"])
    }

    @Test func oneCancelsOtherSharesFills() {
        var script = ExchangeScript(
            SimulatedExchangeConfiguration(fillModel: FillModel(isVolumeLimited: true)))
        script.quote("99.98", "100.02")
        script.submit(.ask(.sell, .limit, 5, at: "101", list: 1))
        script.submit(.ask(.sell, .stop, 5, trigger: "99", list: 1))
        _ = script.heard()
        script.trade("101.5", size: 2)
        #expect(script.heard() == ["filled 1 2@101 maker", "linked 2 3"])
        script.quote("98.9", "99.1")
        #expect(script.heard() == ["triggered 2", "filled 2 3@98.9 taker", "canceled 1 linked"])
    }
}
