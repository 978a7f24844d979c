import Testing
import TradingEngine
import TradingModel

@Suite struct EngineOrderTests {
    private let token = EngineHarness.token

    /// Starts at 1 ns, sends orders while the quote 99.98 / 100.02 at 10 ns is handled.
    private func send(
        _ requests: [OrderRequest],
        exchange: SimulatedExchangeConfiguration = SimulatedExchangeConfiguration(),
        limits: RiskLimits = RiskLimits(), size: Int = 0
    ) -> EngineHarness {
        let harness = EngineHarness(exchange: exchange, limits: limits)
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in
            for request in requests { context.submit(request) }
        }
        harness.quote("99.98", "100.02", size: size, at: 10)
        harness.strategy.quote = { _, _ in }
        return harness
    }

    @Test func marketOrderTakesTheOppositeQuoteAtOnce() throws {
        let harness = send([.market(.buy, Quantity(2), token), .market(.sell, Quantity(2), token)])
        #expect(harness.strategy.fills.map(\.price) == [Price("100.02"), Price("99.98")])
        #expect(harness.strategy.fills.map(\.liquidity) == [.taker, .taker])
        #expect(harness.strategy.fills.map(\.time) == [harness.at(10), harness.at(10)])
        #expect(harness.engine.status.realizedPnL == Money("-0.08"))
        #expect(harness.engine.status.roundTripsCount == 1)
        #expect(harness.engine.status.successRate == 0)
    }

    @Test func callbacksOfAFillComeInOrderAfterTheRecord() {
        let harness = send([.market(.buy, Quantity(1), token)])
        #expect(
            harness.strategy.calls == ["start 1", "quote 100", "order filled", "fill 100.02", "position 1"])
        guard case .orderSubmitted(let order) = harness.output.records[0] else {
            Issue.record("the order comes first")
            return
        }
        #expect(order.status == .submitted)
        #expect(harness.output.records.count == 3)
    }

    @Test func marketOrderWithoutAnyPriceIsRejected() {
        let harness = EngineHarness()
        harness.strategy.start = { $0.submit(.market(.buy, Quantity(1), EngineHarness.token)) }
        harness.engine.start(at: harness.at(1))
        #expect(harness.strategy.updates.map(\.status) == [.rejected])
        #expect(harness.strategy.updates[0].reason == "no_market")
    }

    @Test func marketOrderWithoutQuoteTakesTheLastTradePlusSlippage() {
        let harness = EngineHarness(exchange: SimulatedExchangeConfiguration(slippageTicks: 3))
        harness.engine.start(at: harness.at(1))
        harness.strategy.trade = { _, context in
            context.submit(.market(.buy, Quantity(1), EngineHarness.token))
            context.submit(.market(.sell, Quantity(1), EngineHarness.token))
        }
        harness.trade("50", at: 2)
        #expect(harness.strategy.fills.map(\.price) == [Price("50.03"), Price("49.97")])
    }

    @Test func crossingLimitOrderTakesTheQuote() {
        let harness = send([.limit(.buy, Quantity(1), Price("100.5")!, token)])
        #expect(harness.strategy.fills.map(\.price) == [Price("100.02")])
        #expect(harness.strategy.fills.map(\.liquidity) == [.taker])
    }

    @Test func restingLimitOrderFillsAtItsPriceOnlyWhenTradedThrough() {
        let harness = send([.limit(.buy, Quantity(1), Price("99.9")!, token)])
        #expect(harness.output.statuses == [.accepted])
        harness.trade("99.9", at: 20)
        #expect(harness.strategy.fills.isEmpty)
        harness.trade("99.89", at: 30)
        #expect(harness.strategy.fills.map(\.price) == [Price("99.9")])
        #expect(harness.strategy.fills.map(\.liquidity) == [.maker])
        #expect(harness.output.statuses == [.accepted, .filled])
    }

    @Test func restingLimitOrderFillsWhenTheOppositeQuoteReachesIt() {
        let harness = send([.limit(.sell, Quantity(1), Price("100.1")!, token)])
        harness.quote("100.09", "100.2", at: 20)
        #expect(harness.strategy.fills.isEmpty)
        harness.quote("100.1", "100.2", at: 30)
        #expect(harness.strategy.fills.map(\.price) == [Price("100.1")])
    }

    @Test func fillsOfRestingOrdersAreToldBeforeTheRecordThatFilledThem() {
        let harness = send([.limit(.buy, Quantity(1), Price("99.9")!, token)])
        harness.strategy.calls = []
        harness.trade("99.5", at: 20)
        #expect(harness.strategy.calls == ["order filled", "fill 99.9", "position 1", "trade 99.5"])
    }

    @Test func betterPriceFillsFirstThenTheOlderOrder() {
        let harness = send([
            .limit(.buy, Quantity(1), Price("99.8")!, token),
            .limit(.buy, Quantity(2), Price("99.9")!, token),
            .limit(.buy, Quantity(3), Price("99.9")!, token),
        ])
        harness.trade("99", at: 20)
        #expect(harness.strategy.fills.map(\.quantity) == [Quantity(2), Quantity(3), Quantity(1)])
    }

    @Test func immediateOrCancelExpiresWhenItDoesNotCross() {
        let harness = send([.limit(.buy, Quantity(1), Price("99")!, token, timeInForce: .ioc)])
        #expect(harness.output.updates.map(\.status) == [.expired])
        #expect(harness.output.updates[0].reason == "immediate_or_cancel")
    }

    @Test func immediateOrCancelFillsWhatIsDisplayedAndExpires() {
        let limited = SimulatedExchangeConfiguration(fillModel: FillModel(isVolumeLimited: true))
        let harness = send(
            [.limit(.buy, Quantity(5), Price("101")!, token, timeInForce: .ioc)], exchange: limited, size: 3)
        #expect(harness.output.statuses == [.partiallyFilled, .expired])
        #expect(harness.position == Quantity(3))
        #expect(harness.output.updates[1].filledQuantity == Quantity(3))
    }

    @Test(arguments: [(2, [OrderStatus.filled]), (4, [OrderStatus.expired])])
    func fillOrKillFillsWholeOrNotAtAll(quantity: Int, statuses: [OrderStatus]) {
        let limited = SimulatedExchangeConfiguration(fillModel: FillModel(isVolumeLimited: true))
        let harness = send(
            [.limit(.buy, Quantity(quantity), Price("101")!, token, timeInForce: .fok)], exchange: limited,
            size: 3)
        #expect(harness.output.statuses == statuses)
        #expect(harness.position == (quantity == 2 ? Quantity(2) : .zero))
    }

    @Test func volumeLimitedOrderFillsPartByPartAcrossQuotes() {
        let limited = SimulatedExchangeConfiguration(fillModel: FillModel(isVolumeLimited: true))
        let harness = send(
            [.limit(.buy, Quantity(5), Price("100.1")!, token), .market(.buy, Quantity(2), token)],
            exchange: limited, size: 3)
        // The first took all that was displayed; the second waits for the next quote.
        #expect(harness.output.statuses == [.accepted, .partiallyFilled, .accepted])
        harness.quote("99.98", "100.05", size: 3, at: 20)
        #expect(harness.strategy.fills.map(\.quantity) == [Quantity(3), Quantity(2), Quantity(1)])
        #expect(harness.strategy.fills.map(\.price) == [Price("100.02"), Price("100.05"), Price("100.1")])
        harness.trade("100", size: 9, at: 30)
        #expect(harness.strategy.fills.last?.quantity == Quantity(1))
        #expect(harness.position == Quantity(7))
        #expect(harness.engine.status.openOrdersCount == 0)
    }

    @Test func postOnlyOrderThatWouldTakeIsRejected() {
        let harness = send([
            .limit(.buy, Quantity(1), Price("100.02")!, token, isPostOnly: true),
            .limit(.buy, Quantity(1), Price("100.01")!, token, isPostOnly: true),
        ])
        #expect(harness.output.statuses == [.rejected, .accepted])
        #expect(harness.output.updates[0].reason == "post_only")
    }

    @Test func reduceOnlyOrderNeverTurnsThePosition() {
        let harness = send([
            .market(.buy, Quantity(2), token), .market(.sell, Quantity(5), token, isReduceOnly: true),
        ])
        #expect(harness.position == .zero)
        #expect(harness.output.statuses == [.filled, .partiallyFilled, .canceled])
        #expect(harness.output.updates[2].reason == "reduce_only")
    }

    @Test func twoRestingReduceOnlyOrdersReduceOnce() {
        let harness = send([
            .market(.buy, Quantity(2), token),
            .limit(.sell, Quantity(2), Price("101")!, token, isReduceOnly: true),
            .limit(.sell, Quantity(2), Price("101.5")!, token, isReduceOnly: true),
        ])
        harness.trade("102", at: 20)
        #expect(harness.position == .zero)
        #expect(harness.output.statuses == [.filled, .accepted, .accepted, .filled, .canceled])
    }

    @Test func canceledOrderDoesNotFill() {
        let harness = send([.limit(.buy, Quantity(1), Price("99.9")!, token)])
        harness.strategy.quote = { _, context in context.cancelAll() }
        harness.quote("99.98", "100.02", at: 20)
        #expect(harness.output.statuses == [.accepted, .canceled])
        harness.trade("90", at: 30)
        #expect(harness.strategy.fills.isEmpty)
    }

    @Test func orderWithLatencyIsActedUponByTheFirstRecordAtItsArrival() {
        let slow = SimulatedExchangeConfiguration(latency: .nanoseconds(100))
        let harness = send([.market(.buy, Quantity(1), token)], exchange: slow)
        harness.quote("100.98", "101.02", at: 109)
        #expect(harness.strategy.fills.isEmpty)
        #expect(harness.engine.status.openOrdersCount == 1)
        harness.quote("101.98", "102.02", at: 110)
        #expect(harness.strategy.fills.map(\.price) == [Price("102.02")])
    }

    @Test func cancelWithLatencyMayComeTooLate() {
        let slow = SimulatedExchangeConfiguration(latency: .nanoseconds(100))
        let harness = send([.limit(.buy, Quantity(1), Price("99.9")!, token)], exchange: slow)
        harness.heartbeat(at: 110)
        harness.strategy.quote = { _, context in context.cancelAll() }
        harness.quote("99.98", "100.02", at: 120)
        harness.strategy.quote = { _, _ in }
        #expect(harness.output.statuses == [.accepted, .pendingCancel])
        harness.trade("99", at: 130)
        #expect(harness.output.statuses == [.accepted, .pendingCancel, .filled])
        harness.heartbeat(at: 300)
        #expect(harness.position == Quantity(1))
        #expect(harness.output.statuses.count == 3)
    }

    @Test func feesFollowLiquidity() {
        let fees = SimulatedExchangeConfiguration(
            makerFeeRate: Quantity("-0.0001")!, takerFeeRate: Quantity("0.001")!)
        let harness = send(
            [.market(.buy, Quantity(1), token), .limit(.sell, Quantity(1), Price("101")!, token)],
            exchange: fees)
        harness.trade("102", at: 20)
        #expect(harness.strategy.fills.map(\.fee) == [Money("0.10002"), Money("-0.0101")])
        #expect(harness.engine.status.fees == Money("0.08992"))
        #expect(harness.engine.status.cash == Money("10000.89008"))
    }

    @Test func orderIsFoundAfterItClosed() {
        let harness = EngineHarness()
        var seen: [OrderStatus?] = []
        var id: OrderID?
        harness.engine.start(at: harness.at(1))
        harness.strategy.quote = { _, context in
            if let id {
                seen.append(context.order(id)?.status)
            } else {
                id = context.submit(.market(.buy, Quantity(1), EngineHarness.token))
                seen.append(id.flatMap { context.order($0)?.status })
                seen.append(context.openOrders(EngineHarness.token).first?.status)
            }
        }
        harness.quote("99", "100", at: 2)
        harness.quote("99", "100", at: 3)
        #expect(seen == [.initialized, .initialized, .filled])
    }

    @Test func endlessConversationIsCutOff() {
        let harness = EngineHarness()
        harness.strategy.order = { _, context in context.submit(.market(.buy, .zero, EngineHarness.token)) }
        harness.strategy.quote = { _, context in context.submit(.market(.buy, .zero, EngineHarness.token)) }
        harness.engine.start(at: harness.at(1))
        harness.quote("99", "100", at: 2)
        #expect(harness.output.updates.last?.reason == DenialCode.tooManyCommands.rawValue)
        #expect(harness.engine.status.deniedCount == 10_001)
        #expect(harness.output.lines.count { !$0.hasPrefix("denied order") } == 1)
    }
}
