import Testing
import TradingEngine
import TradingModel

/// Random orders in random markets: the exchange, which looks at an order only when a record can matter to it, and the
/// reference, which always looks at all, say the same.
@Suite struct ExchangeReferenceTests {
    @Test(arguments: 1...60) func exchangeDoesWhatTheReferenceDoes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var script = ExchangeScript()
        var reference = ReferenceExchange()
        var cents = 10_000
        var time: Int64 = 10
        var count: UInt32 = 0
        // Some markets never have a quote.
        let hasQuotes = seed % 4 != 0
        for _ in 0..<1_500 {
            time += 1 + Int64(random.next() % 5)
            cents += Int(random.next() % 9) - 4
            let half = Int(random.next() % 3)
            let bid = Price(e8: Int64(cents - half) * 1_000_000)
            let ask = Price(e8: Int64(cents + half) * 1_000_000)
            if hasQuotes, random.next() % 3 != 0 {
                script.quote("\(bid)", "\(ask)", at: time)
                reference.quote(bid, ask, at: time)
            } else {
                let price = random.next() % 2 == 0 ? bid : ask
                script.trade("\(price)", at: time)
                reference.trade(price, at: time)
            }
            if random.next() % 3 == 0 {
                count += 1
                let order = Self.order(&random, cents: cents, time: time, count: count)
                let id = script.submit(order)
                var named = order
                named.id = id
                reference.submit(named)
            }
            if random.next() % 9 == 0, count > 0 {
                let id = OrderID(epoch: 1, count: 1 + UInt32(random.next() % UInt64(count)))
                script.cancel(id.count)
                reference.cancel(id)
            }
            let heard = script.heard()
            #expect(heard == reference.heard, "seed \(seed), time \(time)")
            guard heard == reference.heard else { return }
            reference.heard = []
        }
        #expect(script.exchange.position(0) == reference.position)
        #expect(count > 300)
    }

    private static func order(
        _ random: inout SeededGenerator, cents: Int, time: Int64, count: UInt32
    ) -> Order {
        let side: Side = random.next() % 2 == 0 ? .buy : .sell
        let types: [OrderType] = [
            .market, .limit, .limit, .stop, .stopLimit, .marketIfTouched, .limitIfTouched,
        ]
        let type = types[Int(random.next() % UInt64(types.count))]
        let forces: [TimeInForce] = [.gtc, .gtc, .ioc, .fok, .gtd]
        let force = forces[Int(random.next() % UInt64(forces.count))]
        func near() -> String { "\(Price(e8: Int64(cents + Int(random.next() % 31) - 15) * 1_000_000))" }
        let price = near()
        let trigger = near()
        // Neighbours in number share a list now and then.
        let list: UInt32? = random.next() % 4 == 0 ? count / 3 * 3 + 1 : nil
        return .ask(
            side, type, 1 + Int(random.next() % 5), at: type.hasPrice ? price : "0",
            trigger: type.hasTrigger ? trigger : "0", force,
            isPostOnly: type.hasPrice && force == .gtc && random.next() % 4 == 0,
            isReduceOnly: random.next() % 5 == 0,
            expires: force == .gtd ? time + Int64(random.next() % 200) : nil, list: list)
    }
}
