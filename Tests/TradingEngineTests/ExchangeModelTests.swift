import Testing
import TradingEngine
import TradingModel

/// Latency, fees and slippage, and the settings that name them.
@Suite struct ExchangeModelTests {
    @Test func orderMeetsTheMarketOfItsArrivalAndItsAnswerTakesTime() {
        let latency = LatencyModel(entry: .nanoseconds(100), response: .nanoseconds(50))
        let harness = EngineHarness(
            exchange: SimulatedExchangeConfiguration(fees: FeeModel(), latency: latency))
        var heard: [String] = []
        harness.strategy.order = { order, context in
            heard.append("\(order.status) \(context.now.nanoseconds)")
        }
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in
            if context.openOrders().isEmpty, heard.isEmpty {
                context.submit(.market(.buy, Quantity(1), EngineHarness.token))
            }
        }
        harness.quote("99.98", "100.02", at: 10)
        harness.quote("100.98", "101.02", at: 109)
        // Arrives at 110 between two records: it meets the quote of 109, and the answer is back at 160.
        harness.quote("101.98", "102.02", at: 130)
        #expect(heard.isEmpty)
        harness.quote("102.98", "103.02", at: 300)
        #expect(heard == ["filled 160"])
        #expect(harness.strategy.fills.map(\.price) == [Price("101.02")])
    }

    @Test func arrivalAtTheTimeOfARecordMeetsThatRecord() {
        var script = ExchangeScript(SimulatedExchangeConfiguration(latency: .nanoseconds(100)))
        script.quote("99.98", "100.02", at: 10)
        script.submit(.ask(.buy, .market, 1))
        script.quote("100.98", "101.02", at: 110)
        #expect(script.heard() == ["filled 1 1@101.02 taker"])
    }

    @Test func withoutQuotesAnArrivalWaitsForTheNextPrint() {
        var script = ExchangeScript(SimulatedExchangeConfiguration(latency: .nanoseconds(100)))
        script.trade("100", at: 10)
        script.submit(.ask(.buy, .market, 1))
        script.submit(.ask(.buy, .market, 1))
        script.heartbeat(at: 200)
        #expect(script.heard().isEmpty)
        script.cancel(2)
        script.heartbeat(at: 300)
        #expect(script.heard() == ["canceled 2"])
        script.trade("105", at: 310)
        #expect(script.heard() == ["filled 1 1@105 taker"])
    }

    @Test func feedLatencyShowsTheMarketLateAndTheExchangeAtOnce() {
        var configuration = SimulatedExchangeConfiguration()
        configuration.latency.feed = .nanoseconds(50)
        let harness = EngineHarness(exchange: configuration)
        var seen: [String] = []
        harness.strategy.quote = { quote, context in
            seen.append("\(quote.ask) \(context.now.nanoseconds)")
            if seen.count == 1 { context.submit(.market(.buy, Quantity(1), EngineHarness.token)) }
        }
        harness.engine.start(at: harness.at(1))
        harness.quote("99.98", "100.02", at: 10)
        harness.quote("100.98", "101.02", at: 40)
        #expect(seen.isEmpty)
        harness.quote("101.98", "102.02", at: 70)
        #expect(seen == ["100.02 60"])
        // The order was sent at 60 on what the strategy saw, and met what the exchange had.
        #expect(harness.strategy.fills.map(\.price) == [Price("101.02")])
        harness.heartbeat(at: 200)
        #expect(seen == ["100.02 60", "101.02 90", "102.02 120"])
    }

    /// The market is late by what answers took when the exchange acted at 1,000 and at 2,000; the strategy sees the records in
    /// order, and none before the exchange.
    @Test func recordedFeedLatencyIsInterpolatedAndKeepsTheOrder() throws {
        let text = "900,1000,1100\n1990,2000,2010\n"
        var configuration = SimulatedExchangeConfiguration()
        configuration.latency.feedSamples = try LatencyModel.samples(Array(text.utf8)).get()
        let harness = EngineHarness(exchange: configuration)
        var seen: [String] = []
        harness.strategy.quote = { quote, context in
            seen.append("\(quote.ask) \(context.now.nanoseconds)")
        }
        harness.engine.start(at: harness.at(1))
        // 100, 55, 55, 19 and 10 late, whole nanoseconds.
        harness.quote("99", "101", at: 500)
        harness.quote("99", "102", at: 1_500)
        harness.quote("99", "103", at: 1_510)
        harness.quote("99", "104", at: 1_900)
        #expect(seen == ["101 600", "102 1555", "103 1565"])
        harness.quote("99", "105", at: 5_000)
        harness.heartbeat(at: 6_000)
        #expect(seen == ["101 600", "102 1555", "103 1565", "104 1919", "105 5010"])
    }

    /// A latency that falls faster than time passes: what is behind a late record is as late.
    @Test func recordBehindALateOneIsAsLate() throws {
        var configuration = SimulatedExchangeConfiguration()
        configuration.latency.feedSamples = try LatencyModel.samples(
            Array("900,1000,1400\n1010,1020,1030\n".utf8)
        ).get()
        let harness = EngineHarness(exchange: configuration)
        var seen: [String] = []
        harness.strategy.quote = { quote, context in
            seen.append("\(quote.ask) \(context.now.nanoseconds)")
        }
        harness.engine.start(at: harness.at(1))
        harness.quote("99", "101", at: 1_000)
        harness.quote("99", "102", at: 1_020)
        harness.heartbeat(at: 1_399)
        #expect(seen.isEmpty)
        harness.heartbeat(at: 1_400)
        #expect(seen == ["101 1400", "102 1400"])
    }

    @Test func recordedLatencyIsInterpolated() throws {
        let text = "sent,exchanged,received\n1000,1100,1300\n2000,2300,2400\n"
        let samples = try LatencyModel.samples(Array(text.utf8)).get()
        let latency = LatencyModel(samples: samples)
        func entry(_ time: Int64) -> Int64 {
            var script = ExchangeScript(SimulatedExchangeConfiguration(fees: FeeModel(), latency: latency))
            script.quote("99.98", "100.02", at: time)
            script.submit(.ask(.buy, .limit, 1, at: "99"))
            return script.exchange.nextDue.nanoseconds - time
        }
        #expect([500, 1_000, 1_500, 1_750, 2_000, 9_000].map(entry) == [100, 100, 200, 250, 300, 300])
        var bytes = Array("TWLAT001".utf8)
        for number in [1_000, 1_100, 1_300, 2_000, 2_300, 2_400] as [Int64] {
            withUnsafeBytes(of: number.littleEndian) { bytes += Array($0) }
        }
        #expect(try LatencyModel.samples(bytes).get() == samples)
        for (bad, message) in [
            ("", "there is no sample"), ("1,2\n", "line 1 is not three numbers: 1,2"),
            ("5,4,6\n", "sample 1 goes back in time, or its order was not acted upon"),
            ("5,6,7\n5,8,9\n", "sample 2 is not later than the one before it"),
        ] {
            guard case .failure(let error) = LatencyModel.samples(Array(bad.utf8)) else {
                Issue.record("\(bad) was accepted")
                continue
            }
            #expect(error.description == message)
        }
        #expect(throws: LatencyModel.SampleError.self) { try LatencyModel.samples(bytes.dropLast()).get() }
    }

    @Test func feesAddUp() {
        var configuration = SimulatedExchangeConfiguration()
        configuration.fees = ExchangeModelText.fees(
            "maker=-0.001,taker=0.002,per_unit=0.5,per_order=3,tier=1000:0:0.001")!
        configuration.fillModel = FillModel(volume: .limited)
        let harness = EngineHarness(exchange: configuration)
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in
            if context.position(EngineHarness.token).isFlat, context.openOrders().isEmpty {
                context.submit(.market(.buy, Quantity(10), EngineHarness.token))
            }
        }
        harness.quote("99", "100", size: 4, at: 2)
        harness.quote("99", "100", size: 6, at: 3)
        harness.strategy.quote = { _, context in
            context.submit(.limit(.sell, Quantity(10), Price(110), EngineHarness.token))
        }
        harness.quote("99", "100", size: 6, at: 4)
        harness.strategy.quote = { _, _ in }
        harness.trade("111", size: 10, at: 5)
        // 400 x 0.002 + 4 x 0.5 + 3; 600 x 0.002 + 6 x 0.5; with 1,000 traded the tier: 0 + 10 x 0.5 + 3.
        #expect(harness.strategy.fills.map(\.fee) == [Money("5.8"), Money("4.2"), Money(8)])
        #expect(harness.engine.snapshot().totals.tradedNotional == Money(2_100))
    }

    @Test(
        arguments: [
            ("none", "100.02", "99.98"), ("ticks:3", "100.05", "99.95"),
            // 100.02 x 0.001 is 0.10002, away from the order to the next tick.
            ("rate:0.001", "100.13", "99.88"),
            // 2 of 10 is more than the limit of 0.1: 0.1 x 0.1 x 0.5 is 0.005 of the price.
            ("volume_share:0.1:0.5", "100.53", "99.48"),
        ])
    func slippageMovesThePrice(text: String, buy: String, sell: String) throws {
        var configuration = SimulatedExchangeConfiguration()
        configuration.slippage = try #require(ExchangeModelText.slippage(text))
        var script = ExchangeScript(configuration)
        script.quote("99.98", "100.02", size: 10)
        script.submit(.ask(.buy, .market, 2))
        script.submit(.ask(.sell, .market, 2))
        script.submit(.ask(.buy, .limit, 2, at: "101"))
        #expect(
            script.heard() == [
                "filled 1 2@\(buy) taker", "filled 2 2@\(sell) taker", "filled 3 2@100.02 taker",
            ])
    }

    @Test func settingsNameTheModels() throws {
        let settings = try AccountSettings(
            inputs: [
                ("fill_model", "volume+queue_log"), ("latency", "file=l.csv,feed=1ms"),
                ("fees", "taker=0.001"),
                ("slippage", "ticks:2"), ("bar_path", "adaptive"), ("trigger", "last"),
                ("session_end", "21:30"),
            ], seed: 7
        ) { $0 == "l.csv" ? Array("1,2,3\n".utf8) : nil }
        #expect(settings.exchange.fillModel == FillModel(volume: .limited, touch: .queue(.logarithm)))
        #expect(settings.exchange.latency.samples.count == 1)
        #expect(settings.exchange.latency.feed == .milliseconds(1))
        #expect(settings.exchange.fees.rates.taker == Quantity("0.001"))
        #expect(settings.exchange.slippage == .ticks(2))
        #expect(settings.exchange.barPath == .adaptive && settings.exchange.triggerSource == .last)
        #expect(settings.exchange.seed == 7)
        #expect(settings.sessionEnd == .seconds(21 * 3_600 + 30 * 60))
        #expect(
            settings.exchange.assumptions.map(\.name) == [
                "fills", "triggers", "bars", "latency", "fees", "slippage",
            ])
    }

    @Test func allThatIsWrongWithSettingsIsSaidAtOnce() {
        do {
            _ = try AccountSettings(inputs: [
                ("fill_model", "magic"), ("latency", "file=gone"), ("fees", "taker=2"), ("slippage", "ticks"),
                ("session_end", "25:00"), ("bar_path", "x"), ("fil_model", "touch"), ("taker_fee", "0.1"),
            ])
            Issue.record("accepted")
        } catch {
            #expect(
                Set(error.list.map(\.name)) == [
                    "fill_model", "latency", "fees", "slippage", "session_end", "bar_path", "fil_model",
                    "taker_fee",
                ])
        }
    }

    @Test(
        arguments: [
            ("none", LatencyModel()),
            ("5ms", LatencyModel(entry: .milliseconds(5), response: .milliseconds(5))),
            ("entry=250us,feed=1s", LatencyModel(entry: .microseconds(250), feed: .seconds(1))), ("5", nil),
            ("-1ms", nil), ("entry=5ms,entry=6ms", nil), ("61s", nil), ("way=5ms", nil),
            ("file=x,entry=1ms", nil), ("feed_file=x,feed=1ms", nil), ("feed_file=", nil),
            ("file=x,feed_file=y", LatencyModel()),
            ("entry=1ms,feed_file=y", LatencyModel(entry: .milliseconds(1))),
        ] as [(String, LatencyModel?)])
    func latencyIsReadFromText(text: String, model: LatencyModel?) {
        #expect(ExchangeModelText.latency(text)?.model == model)
    }

    @Test(
        arguments: [
            "maker", "maker=x", "maker=0.2", "maker=0,maker=0", "tier=5:0", "tier=5:0:0,tier=5:0:0", "",
            "x=1",
        ])
    func feesThatCannotBeAreRefused(text: String) {
        #expect(ExchangeModelText.fees(text) == nil)
    }
}
