import Testing
import TradingEngine
import TradingModel

@Suite struct EngineDeterminismTests {
    /// A random trader with every kind of order on two instruments, fed with random quotes and trades.
    private func run(
        seed: UInt64 = 1, exchange: SimulatedExchangeConfiguration, epoch: UInt32 = 1, data: UInt64 = 9
    ) -> EngineHarness {
        let harness = EngineHarness(
            exchange: exchange, limits: RiskLimits(maxPosition: Quantity(20)), epoch: epoch, seed: seed)
        let tokens = [EngineHarness.token, EngineHarness.other.token]
        harness.strategy.quote = { quote, context in
            let choice = context.random.next()
            let side: Side = choice & 1 == 0 ? .buy : .sell
            let token = tokens[Int(choice >> 1 & 1)]
            let away = Price(e8: Int64(choice >> 8 & 31) * 1_000_000)
            let price = side == .buy ? quote.mid - away : quote.mid + away
            switch choice >> 16 & 15 {
            case 0: context.submit(.market(side, Quantity(1), token))
            case 1: context.submit(.limit(side, Quantity(3), price, token, isPostOnly: true))
            case 2: context.submit(.limit(side, Quantity(2), price, token, timeInForce: .ioc))
            case 3: context.submit(.limit(side, Quantity(2), price, token, timeInForce: .fok))
            case 4: context.submit(.limit(side, Quantity(4), price, token, isReduceOnly: true))
            case 5: context.cancelAll(token)
            default: break
            }
        }
        harness.engine.start(at: .epoch)
        var random = SeededGenerator(seed: data)
        var cents = 10_000
        for step in 0..<5_000 {
            cents += Int(random.next() % 11) - 5
            let mid = Int64(cents) * 1_000_000
            let token = tokens[Int(random.next() % 2)]
            let time = harness.at(Int64(step) * 1_000_000 + 1)
            if random.next() % 4 == 0 {
                let trade = Trade(price: Price(e8: mid), size: Quantity(Int(random.next() % 3)))
                harness.engine.process(
                    .trade(
                        trade, token: token, eventTime: time, receiveTime: time, sequence: UInt64(step + 1)))
            } else {
                let quote = Quote(
                    bid: Price(e8: mid - 1_000_000), ask: Price(e8: mid + 1_000_000),
                    bidSize: Quantity(Int(random.next() % 3)), askSize: Quantity(Int(random.next() % 3)))
                harness.engine.process(
                    .quote(
                        quote, token: token, eventTime: time, receiveTime: time, sequence: UInt64(step + 1)))
            }
        }
        harness.engine.stop(reason: "done")
        return harness
    }

    private static let exchanges = [
        SimulatedExchangeConfiguration(takerFeeRate: Quantity("0.0004")!),
        SimulatedExchangeConfiguration(
            makerFeeRate: Quantity("0.0001")!, latency: .milliseconds(3), slippageTicks: 1,
            fillModel: FillModel(isVolumeLimited: true)),
    ]

    @Test(arguments: exchanges)
    func sameInputsGiveTheSameRecords(exchange: SimulatedExchangeConfiguration) {
        let first = run(exchange: exchange)
        let second = run(exchange: exchange)
        #expect(first.output.records == second.output.records)
        #expect(first.output.times == second.output.times)
        #expect(first.engine.status == second.engine.status)
        #expect(first.output.fills.count > 200)
        // The epoch is part of ids, not of what was done.
        #expect(
            run(exchange: exchange, epoch: 5).engine.status.orderLogHash == first.engine.status.orderLogHash)
    }

    @Test func anotherSeedModelOrDataGivesAnotherHash() {
        let base = run(exchange: Self.exchanges[0]).engine.status.orderLogHash
        #expect(run(seed: 2, exchange: Self.exchanges[0]).engine.status.orderLogHash != base)
        #expect(run(exchange: Self.exchanges[1]).engine.status.orderLogHash != base)
        #expect(run(exchange: Self.exchanges[0], data: 10).engine.status.orderLogHash != base)
    }

    @Test(arguments: exchanges, UInt64(1)...8)
    func everyOrderEndsAndEveryQuantityAddsUp(exchange: SimulatedExchangeConfiguration, seed: UInt64) {
        let harness = run(seed: seed, exchange: exchange, data: seed)
        var quantities: [UInt64: Quantity] = [:]
        var filled: [UInt64: Quantity] = [:]
        var ended: [UInt64: Int] = [:]
        for record in harness.output.records {
            switch record {
            case .orderSubmitted(let order): quantities[order.id.rawValue] = order.quantity
            case .fill(let fill): filled[fill.orderID.rawValue, default: .zero] += fill.quantity
            case .orderUpdated(let update):
                #expect(
                    ended[update.id.rawValue] == nil, "seed \(seed): nothing follows the end of \(update.id)")
                #expect(update.filledQuantity == filled[update.id.rawValue, default: .zero], "seed \(seed)")
                if update.status.isFinal { ended[update.id.rawValue, default: 0] += 1 }
                if update.status == .filled {
                    #expect(filled[update.id.rawValue] == quantities[update.id.rawValue])
                }
            case .sessionStarted, .checkpoint, .orderModified, .parametersChanged, .stateSaved, .input,
                .tradingStateChanged,
                .sessionEnded:
                break
            }
        }
        #expect(quantities.count > 500)
        #expect(ended.count == quantities.count, "seed \(seed)")
        #expect(harness.engine.status.openOrdersCount == 0)
        for fill in harness.output.fills {
            #expect(fill.positionAfter.magnitude <= Quantity(20), "seed \(seed)")
        }
        let status = harness.engine.status
        #expect(status.equity == Money(10_000) + status.realizedPnL + status.unrealizedPnL - status.fees)
    }
}
