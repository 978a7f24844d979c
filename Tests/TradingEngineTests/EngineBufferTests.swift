import Testing
import TradingEngine
import TradingModel

/// Records that come in buffers, as in a backtest and a live session, do what they do one by one.
@Suite struct EngineBufferTests {
    private static let tokens = [EngineHarness.token, EngineHarness.other.token]

    /// Quotes and trades of both instruments, and now and then what no engine should meet.
    private func events(seed: UInt64) -> [MarketEvent] {
        var random = SeededGenerator(seed: seed)
        var cents = 10_000
        var time: Int64 = 1
        return (0..<2_000).map { step in
            cents += Int(random.next() % 11) - 5
            time += Int64(random.next() % 40) * 25_000_000
            let mid = Int64(cents) * 1_000_000
            let odd = random.next() % 40
            // From the past, and of an instrument that nobody has.
            let at = Timestamp(nanoseconds: odd == 0 ? time - 2_000_000_000 : time)
            let token = odd == 1 ? InstrumentToken(77) : Self.tokens[Int(random.next() % 3 / 2)]
            let sequence = UInt64(step + 1)
            if odd == 2 {
                return .status(.heartbeat, token: .feedWide, time: at, sequence: sequence)
            }
            if random.next() % 4 == 0 {
                let size = odd == 3 ? Quantity(-1) : Quantity(Int(random.next() % 3))
                return .trade(
                    Trade(price: Price(e8: odd == 4 ? 0 : mid), size: size), token: token, eventTime: at,
                    receiveTime: at, sequence: sequence)
            }
            let spread: Int64 = odd == 5 ? -1_000_000 : 1_000_000
            let quote = Quote(
                bid: Price(e8: odd == 6 ? 0 : mid - spread), ask: Price(e8: mid + spread),
                bidSize: odd == 7 ? Quantity(-1) : Quantity(Int(random.next() % 3)),
                askSize: Quantity(Int(random.next() % 3)))
            return .quote(quote, token: token, eventTime: at, receiveTime: at, sequence: sequence)
        }
    }

    /// Orders of several kinds now and then, a timer, and bars of one of the instruments when they are wanted.
    private func trader(seed: UInt64, _ exchange: SimulatedExchangeConfiguration, hasBars: Bool)
        -> EngineHarness
    {
        let harness = EngineHarness(
            exchange: exchange, limits: RiskLimits(maxPosition: Quantity(9)), seed: seed)
        harness.strategy.start = { context in
            context.setTimer("tick", every: .seconds(7))
            if hasBars { context.subscribeBars(EngineHarness.other.token, every: .seconds(5)) }
        }
        harness.strategy.quote = { quote, context in
            let choice = context.random.next()
            let side: Side = choice & 1 == 0 ? .buy : .sell
            let token = Self.tokens[Int(choice >> 1 & 1)]
            switch choice >> 16 & 63 {
            case 0: context.submit(.market(side, Quantity(1), token))
            case 1: context.submit(.limit(side, Quantity(2), side == .buy ? quote.bid : quote.ask, token))
            case 2: context.submit(.stop(side, Quantity(1), trigger: quote.mid, token))
            case 3: context.cancelAll()
            default: break
            }
        }
        harness.engine.start(at: .epoch)
        return harness
    }

    private static let exchanges = [
        SimulatedExchangeConfiguration(takerFeeRate: Quantity("0.0004")!),
        SimulatedExchangeConfiguration(latency: .milliseconds(60)),
    ]

    @Test(arguments: exchanges, [1, 7, 256])
    func buffersDoWhatSingleRecordsDo(_ exchange: SimulatedExchangeConfiguration, size: Int) {
        for seed in UInt64(1)...2 {
            let events = events(seed: seed)
            let single = trader(seed: seed, exchange, hasBars: seed % 2 == 0)
            let buffered = trader(seed: seed, exchange, hasBars: seed % 2 == 0)
            for (number, start) in stride(from: 0, to: events.count, by: size).enumerated() {
                // A pause in the middle, between two buffers.
                if number == 700 / size { [single, buffered].forEach { $0.engine.pause() } }
                if number == 1_000 / size { [single, buffered].forEach { $0.engine.resume() } }
                let part = events[start..<min(start + size, events.count)]
                part.forEach { single.engine.process($0) }
                part.withUnsafeBufferPointer { buffered.engine.process($0) }
            }
            [single, buffered].forEach { $0.engine.stop(reason: "done") }
            #expect(buffered.engine.status == single.engine.status, "seed \(seed)")
            #expect(
                buffered.output.records == single.output.records
                    && buffered.output.times == single.output.times)
            #expect(buffered.strategy.calls == single.strategy.calls, "seed \(seed)")
            let status = single.engine.status
            #expect(status.outOfOrderEvents > 5, "seed \(seed)")
            #expect(status.invalidEvents > 20, "seed \(seed)")
            #expect(status.withheldEvents > 200, "seed \(seed)")
            #expect(single.output.fills.count > 15, "seed \(seed)")
        }
    }
}
