import MessageBus
import Testing
import TradingModel

@Suite struct PayloadTests {
    private func text(_ payload: some BusPayload) -> String {
        String(decoding: payload.encoded(), as: UTF8.self)
    }

    @Test func commandHasTheDocumentedKeysAndTakesScalars() throws {
        let command = StrategyCommandPayload(
            commandID: "c1", command: "update", parameters: ["fast": "12", "name": "x"], generation: 3)
        #expect(
            text(command)
                == #"{"command":"update","command_id":"c1","generation":3,"parameters":{"fast":"12","name":"x"}}"#
        )
        #expect(try StrategyCommandPayload(decoding: command.encoded()) == command)
        let handwritten = #"{"command":"update","parameters":{"a":12,"b":true,"c":1.5,"d":"t"}}"#
        let parsed = try StrategyCommandPayload(decoding: handwritten.utf8)
        #expect(parsed.parameters == ["a": "12", "b": "true", "c": "1.5", "d": "t"])
        #expect(parsed.generation == 0 && parsed.commandID == nil)
    }

    @Test func statusSurvivesTheRoundTrip() throws {
        let status = StrategyStatusPayload(
            strategyID: "s", name: "n", epoch: 4, processID: 99, status: .paused, generation: 2,
            acknowledgedCommandID: "c", error: "e", time: Timestamp(seconds: 1),
            lastTickTime: Timestamp(seconds: 2),
            orderLogHash: "00ff", reason: "r")
        #expect(try StrategyStatusPayload(decoding: status.encoded()) == status)
        for key in ["strategy_id", "pid", "acknowledged_command_id", "last_tick_time", "order_log_hash"] {
            #expect(text(status).contains("\"\(key)\":"))
        }
    }

    @Test func metricsKeepExactMoneyOrderAndNullSuccessRate() throws {
        var metrics = StrategyMetricsPayload(
            strategyID: "s", epoch: 1, session: "live", time: Timestamp(seconds: 1))
        metrics.pnl = try #require(Money("-1234567.00000001"))
        metrics.positions = [
            .init(symbol: "BTC", quantity: Quantity(-2), averagePrice: try #require(Price("9682.01")))
        ]
        metrics.userMetrics = [.init(name: "z", value: 1), .init(name: "a", value: .nan)]
        #expect(text(metrics).contains(#""pnl":"-1234567.00000001""#))
        #expect(text(metrics).contains(#""success_rate":null"#))
        let parsed = try StrategyMetricsPayload(decoding: metrics.encoded())
        #expect(parsed.pnl == metrics.pnl && parsed.positions == metrics.positions)
        #expect(parsed.userMetrics.map(\.name) == ["z", "a"] && parsed.userMetrics[1].value.isNaN)
        #expect(parsed.successRate == nil)
    }

    @Test func healthDocumentsAreToldApartByType() throws {
        let heartbeat = HeartbeatPayload(
            strategyID: "s", epoch: 1, time: Timestamp(seconds: 1), eventsCount: 5)
        let health = ProcessHealthPayload(
            role: "feed", name: "sim", processID: 3, time: Timestamp(seconds: 1), cpuPercent: 1.5,
            residentBytes: 10)
        #expect(HealthKind(of: heartbeat.encoded()) == .heartbeat)
        #expect(HealthKind(of: health.encoded()) == .processHealth)
        #expect(HealthKind(of: "[]".utf8) == nil)
        #expect(try HeartbeatPayload(decoding: heartbeat.encoded()) == heartbeat)
        #expect(try ProcessHealthPayload(decoding: health.encoded()) == health)
    }

    @Test func instrumentsAndFeedStatusSurviveTheRoundTrip() throws {
        let instruments = InstrumentsPayload(category: "crypto", instruments: [Instrument(symbol: "BTCUSDT")])
        #expect(try InstrumentsPayload(decoding: instruments.encoded()) == instruments)
        let status = FeedStatusPayload(feed: "sim", status: .ended, records: 9, time: Timestamp(seconds: 3))
        #expect(try FeedStatusPayload(decoding: status.encoded()) == status)
    }

    @Test(arguments: ["", "{}", "[1]", #"{"command":5}"#, "{\"command\":\"x\""])
    func wrongDocumentIsRefusedWithTheReason(_ document: String) throws {
        let error = #expect(throws: BusError.self) { _ = try StrategyCommandPayload(decoding: document.utf8) }
        #expect(error?.code == .invalidPayload)
        #expect(error?.context.contains("StrategyCommandPayload") == true)
    }
}
