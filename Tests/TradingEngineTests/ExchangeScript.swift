import TradingEngine
import TradingModel

/// A simulated exchange by itself, and its answers as words. Times are nanoseconds; one instrument with a tick of 0.01.
struct ExchangeScript {
    var exchange: SimulatedExchange
    var now = Timestamp(nanoseconds: 1)
    private var count: UInt32 = 0
    private var sequence: UInt64 = 0
    private var reports: [VenueReport] = []

    static let instrument = EngineHarness.instrument

    init(
        _ configuration: SimulatedExchangeConfiguration = SimulatedExchangeConfiguration(), position: Int = 0
    ) {
        exchange = SimulatedExchange(configuration: configuration, instruments: [Self.instrument])
        exchange.restore(position: Quantity(position), instrument: 0)
    }

    /// The answers since the last look.
    mutating func heard() -> [String] {
        defer { reports = [] }
        return reports.map(Self.words)
    }

    mutating func quote(_ bid: String, _ ask: String, size: Int = 0, at time: Int64? = nil) {
        let quote = Quote(
            bid: Price(bid)!, ask: Price(ask)!, bidSize: Quantity(size), askSize: Quantity(size))
        let event = next(time)
        see(
            .quote(
                quote, token: Self.instrument.token, eventTime: event.time, receiveTime: event.time,
                sequence: event.sequence))
    }

    mutating func quote(_ bid: String, _ bidSize: Int, _ ask: String, _ askSize: Int) {
        let quote = Quote(
            bid: Price(bid)!, ask: Price(ask)!, bidSize: Quantity(bidSize), askSize: Quantity(askSize))
        let event = next(nil)
        see(
            .quote(
                quote, token: Self.instrument.token, eventTime: event.time, receiveTime: event.time,
                sequence: event.sequence))
    }

    mutating func trade(_ price: String, size: Int = 1, at time: Int64? = nil) {
        let event = next(time)
        see(
            .trade(
                Trade(price: Price(price)!, size: Quantity(size)), token: Self.instrument.token,
                eventTime: event.time, receiveTime: event.time, sequence: event.sequence))
    }

    mutating func bar(
        _ open: String, _ high: String, _ low: String, _ close: String, volume: Int = 0, duration: Int64 = 0,
        at time: Int64? = nil
    ) {
        let event = next(time)
        let bar = Bar(
            open: Price(open)!, high: Price(high)!, low: Price(low)!, close: Price(close)!,
            volume: Quantity(volume), durationNanoseconds: duration)
        let records = MarketEvent.bar(
            bar, token: Self.instrument.token, eventTime: event.time, receiveTime: event.time,
            sequence: event.sequence)
        see(records.volume)
        see(records.bar)
    }

    mutating func heartbeat(at time: Int64) {
        let event = next(time)
        let status = MarketEvent.status(.heartbeat, time: event.time, sequence: event.sequence)
        exchange.observe(status, instrument: -1, at: now, reports: &reports)
    }

    @discardableResult
    mutating func submit(_ request: Order) -> OrderID {
        count += 1
        var order = request
        order.id = OrderID(epoch: 1, count: count)
        order.createdAt = now
        order.status = .submitted
        exchange.submit(order, instrument: 0, at: now, reports: &reports)
        return order.id
    }

    mutating func modify(
        _ number: UInt32, price: String = "0", trigger: String = "0", quantity: Int
    ) {
        let terms = OrderTerms(
            price: Price(price)!, triggerPrice: Price(trigger)!, quantity: Quantity(quantity))
        let order = Order.ask(.buy, .limit, 1)
        var named = order
        named.id = OrderID(epoch: 1, count: number)
        exchange.modify(named, to: terms, instrument: 0, at: now, reports: &reports)
    }

    mutating func cancel(_ number: UInt32) {
        var order = Order.ask(.buy, .limit, 1)
        order.id = OrderID(epoch: 1, count: number)
        exchange.cancel(order, instrument: 0, at: now, reports: &reports)
    }

    private mutating func next(_ time: Int64?) -> (time: Timestamp, sequence: UInt64) {
        sequence += 1
        now = Timestamp(nanoseconds: time ?? now.nanoseconds + 10)
        return (now, sequence)
    }

    private mutating func see(_ event: MarketEvent) {
        exchange.observe(event, instrument: 0, at: now, reports: &reports)
    }

    static func words(_ report: VenueReport) -> String {
        switch report {
        case .accepted(let id): "accepted \(id.count)"
        case .rejected(let id, let reason): "rejected \(id.count) \(reason)"
        case .triggered(let id): "triggered \(id.count)"
        case .modified(let id, let terms): "modified \(id.count) \(terms.quantity)"
        case .modifyRejected(let id, let reason): "modify rejected \(id.count) \(reason)"
        case .adjusted(let id, let trigger, let quantity, let reason):
            reason == "trailed" ? "trailed \(id.count) \(trigger)" : "\(reason) \(id.count) \(quantity)"
        case .cancelRejected(let id, let reason): "cancel rejected \(id.count) \(reason)"
        case .filled(let id, let price, let quantity, let liquidity, _):
            "filled \(id.count) \(quantity)@\(price) \(liquidity)"
        case .canceled(let id, let reason):
            reason.isEmpty ? "canceled \(id.count)" : "canceled \(id.count) \(reason)"
        case .expired(let id, let reason): "expired \(id.count) \(reason)"
        case .placed(let order): "placed \(order.id.count)"
        }
    }
}

extension Order {
    /// An order for a script, which numbers it.
    static func ask(
        _ side: Side, _ type: OrderType, _ quantity: Int, at price: String = "0", trigger: String = "0",
        trailing: TrailingOffset? = nil, _ timeInForce: TimeInForce = .gtc, isPostOnly: Bool = false,
        isReduceOnly: Bool = false, expires: Int64? = nil, list: UInt32? = nil
    ) -> Order {
        Order(
            id: OrderID(rawValue: 0), token: ExchangeScript.instrument.token, side: side, type: type,
            timeInForce: timeInForce, isPostOnly: isPostOnly, isReduceOnly: isReduceOnly,
            price: Price(price)!, triggerPrice: Price(trigger)!, trailingOffset: trailing,
            quantity: Quantity(quantity), createdAt: .epoch,
            expireTime: expires.map { Timestamp(nanoseconds: $0) },
            link: list.map {
                OrderLink(
                    listID: OrderID(epoch: 1, count: $0), isOneCancelsOther: true,
                    listQuantity: Quantity(quantity))
            })
    }
}
