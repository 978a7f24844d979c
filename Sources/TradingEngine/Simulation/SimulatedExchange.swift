package import TradingModel

/// An exchange that fills orders against recorded or live market data, conservatively.
///
/// - Market orders take the opposite quote, else the last trade or close, plus slippage; without any they are
///   rejected (`no_market`). What is not displayed, when volume is limited, waits for the next quotes (unless IOC, FOK).
/// - A limit order that crosses on arrival takes the quote; post-only ones are rejected (`post_only`)
///   instead.
/// - A resting limit order fills as maker at its own price when a trade is strictly beyond it or the opposite
///   quote reaches it. What a trade at its price does is the fill model's matter.
/// - Stops and if-touched orders wait for their trigger (`TriggerSource`) and then take the market as it is; one whose
///   trigger is reached already is set off at arrival. A trailing trigger is rounded to the price increment away from
///   the market and each of its moves is reported.
/// - What arrives between two records meets the standing quote. Of an instrument without quotes it meets the next trade or
///   bar, with that record included, because no trade or bar that is older than an order fills it.
/// - DAY and GTD orders end when a record's time, of whatever instrument, reaches their expire time, before that record
///   can fill them.
/// - Fills of one-cancels-other orders are taken off their siblings at once, also within a bar.
/// - A changed price or trigger and a grown quantity lose the place in the queue; such a limit order arrives anew.
/// - Reduce-only orders trade no more than the position; what is left is canceled (`reduce_only`).
/// - Bars: see `SimulatedExchange+Bars`. Depth records are not looked at.
package struct SimulatedExchange: ExecutionVenue {
    /// Owns the memory of the markets.
    private final class Store {
        let markets: UnsafeMutablePointer<SimulatedMarket>
        let count: Int

        init(_ instruments: [Instrument]) {
            count = instruments.count
            markets = .allocate(capacity: max(count, 1))
            for (index, instrument) in instruments.enumerated() {
                (markets + index).initialize(to: SimulatedMarket(instrument))
            }
        }

        deinit {
            markets.deinitialize(count: count)
            markets.deallocate()
        }
    }

    private enum Action {
        case submit(Order)
        case modify(OrderID, OrderTerms)
        case cancel(OrderID)
    }

    private struct Pending {
        var due: Int64
        var instrument: Int
        var action: Action
    }

    private struct Answer {
        var due: Int64
        var report: VenueReport
    }

    let configuration: SimulatedExchangeConfiguration
    /// One per instrument; plain memory, because every record touches it.
    let markets: UnsafeMutablePointer<SimulatedMarket>
    private let store: Store
    /// On their way to the exchange, by time of arrival.
    private var pending: [Pending] = []
    /// On their way to the strategy, by time of arrival.
    private var answers: [Answer] = []
    private var nextExpiry = Int64.max
    /// The earliest of all that is due without a record.
    private var nextDueNanoseconds = Int64.max
    var tradedNotional = Money.zero
    /// The record at hand, for models that draw.
    var sequence: UInt64 = 0
    /// Bars whose path does not tell whether a stop or its linked target came first; the stop was taken.
    package internal(set) var ambiguousBarCount: UInt64 = 0

    /// Makes an exchange for the engine's instruments, in the engine's order.
    package init(configuration: SimulatedExchangeConfiguration, instruments: [Instrument]) {
        self.configuration = configuration
        store = Store(instruments)
        markets = store.markets
    }

    // MARK: - ExecutionVenue

    package var linksOrders: Bool { true }

    package var nextDue: Timestamp { Timestamp(nanoseconds: nextDueNanoseconds) }

    package mutating func restore(tradedNotional: Money) { self.tradedNotional = tradedNotional }

    package mutating func restore(position: Quantity, instrument: Int) {
        markets[instrument].position = position
    }

    package mutating func restore(_ order: Order, instrument: Int) {
        let working = WorkingOrder(order, arrivedAt: order.createdAt)
        if working.isWaiting {
            markets[instrument].stops.append(working)
        } else {
            rest(working, instrument)
        }
        noteExpiry(working.expireTime)
        refreshWatch(instrument)
    }

    package mutating func observe(
        _ event: MarketEvent, instrument: Int, at now: Timestamp, reports: inout [VenueReport]
    ) {
        if now.nanoseconds >= nextDueNanoseconds {
            settle(expiries: now, others: Timestamp(nanoseconds: now.nanoseconds - 1), &reports)
        }
        if instrument >= 0 {
            let market = markets + instrument
            switch event.kind {
            case .quote:
                let quote = event.quote
                market.pointee.set(quote)
                if market.pointee.hasOrders || !market.pointee.hasQuote {
                    look(at: quote, instrument, event.sequence, now, &reports)
                }
            case .trade:
                let price = Price(e8: event.word0)
                market.pointee.lastPrice = price
                market.pointee.hasLastPrice = true
                market.pointee.lastTime = now
                if market.pointee.hasOrders {
                    look(at: event.trade, instrument, event.sequence, now, &reports)
                }
            case .barVolume:
                market.pointee.barVolume = Quantity(e8: event.word0)
                market.pointee.barDurationNanoseconds = event.word1
            case .bar: look(atBar: event, instrument, now, &reports)
            case .depth, .status, .gap, nil: break
            }
        }
        if now.nanoseconds >= nextDueNanoseconds { settle(expiries: now, others: now, &reports) }
    }

    package mutating func advance(to now: Timestamp, reports: inout [VenueReport]) {
        settle(expiries: now, others: now, &reports)
    }

    package mutating func attention(instrument: Int) -> VenueAttention {
        VenueAttention(
            // With late market data the engine shows records before the strategy's step, which must not keep them back.
            isIdle: !markets[instrument].hasOrders && !configuration.latency.hasFeed,
            isQuiet: pending.isEmpty && answers.isEmpty)
    }

    package mutating func submit(
        _ order: Order, instrument: Int, at now: Timestamp, reports: inout [VenueReport]
    ) {
        guard isImmediate else { return act(.submit(order), instrument, now, &reports) }
        // What waits for nothing is not wrapped up first.
        let start = reports.count
        arrive(order, instrument, now, isLate: false, &reports)
        refreshWatch(instrument)
        hold(from: start, now, &reports)
    }

    package mutating func modify(
        _ order: Order, to terms: OrderTerms, instrument: Int, at now: Timestamp, reports: inout [VenueReport]
    ) {
        act(.modify(order.id, terms), instrument, now, &reports)
    }

    package mutating func cancel(
        _ order: Order, instrument: Int, at now: Timestamp, reports: inout [VenueReport]
    ) {
        act(.cancel(order.id), instrument, now, &reports)
    }

    package mutating func cancelAll(reason: String, at now: Timestamp, reports: inout [VenueReport]) {
        // What has happened already is still told.
        for answer in answers { reports.append(answer.report) }
        answers.removeAll()
        var ids: [OrderID] = []
        for index in 0..<store.count {
            let market = markets + index
            ids += market.pointee.buys.orders.map(\.id) + market.pointee.sells.orders.map(\.id)
            ids += market.pointee.stops.map(\.id) + market.pointee.arrivals.map(\.id)
            market.pointee.buys.orders.removeAll()
            market.pointee.sells.orders.removeAll()
            market.pointee.stops.removeAll()
            market.pointee.arrivals.removeAll()
            refreshWatch(index)
        }
        for item in pending {
            if case .submit(let order) = item.action { ids.append(order.id) }
        }
        pending.removeAll()
        nextExpiry = .max
        refreshDue()
        for id in ids.sorted() { reports.append(.canceled(id, reason: reason)) }
    }

    // MARK: - Time

    /// Whether what is sent now acts now.
    private var isImmediate: Bool { pending.isEmpty && !configuration.latency.hasEntry }

    private mutating func arrive(
        _ order: Order, _ index: Int, _ now: Timestamp, isLate: Bool, _ reports: inout [VenueReport]
    ) {
        let working = WorkingOrder(order, arrivedAt: now)
        noteExpiry(working.expireTime)
        if isLate, !markets[index].hasQuote, markets[index].lastTime < now {
            markets[index].arrivals.append(working)
        } else {
            work(working, index, isKnown: false, now, &reports)
        }
    }

    private mutating func act(
        _ action: Action, _ instrument: Int, _ now: Timestamp, _ reports: inout [VenueReport]
    ) {
        let delay = configuration.latency.hasEntry ? configuration.latency.entryNanoseconds(at: now) : 0
        if delay == 0, pending.isEmpty {
            perform(action, instrument, now, isLate: false, &reports)
        } else {
            // Nothing overtakes on the way.
            let due = max(now.nanoseconds + delay, pending.last?.due ?? .min)
            pending.append(Pending(due: due, instrument: instrument, action: action))
            refreshDue()
        }
    }

    private mutating func perform(
        _ action: Action, _ index: Int, _ now: Timestamp, isLate: Bool, _ reports: inout [VenueReport]
    ) {
        let start = reports.count
        switch action {
        case .submit(let order): arrive(order, index, now, isLate: isLate, &reports)
        case .modify(let id, let terms): modify(id, terms, index, now, &reports)
        case .cancel(let id):
            if remove(id, index) {
                reports.append(.canceled(id, reason: ""))
            } else {
                reports.append(.cancelRejected(id, reason: "unknown_order"))
            }
        }
        refreshWatch(index)
        hold(from: start, now, &reports)
    }

    /// Does what is due, in order of time; what expires comes before what arrives at the same time, and that before
    /// answers.
    @inline(never)
    private mutating func settle(
        expiries: Timestamp, others: Timestamp, _ reports: inout [VenueReport]
    ) {
        while true {
            let arrival = pending.first.map(\.due) ?? .max
            let answer = answers.first.map(\.due) ?? .max
            // The end of time stands for nothing, also when a record bears it.
            if nextExpiry < .max, nextExpiry <= expiries.nanoseconds, nextExpiry <= min(arrival, answer) {
                expire(&reports)
            } else if !pending.isEmpty, arrival <= others.nanoseconds, arrival <= answer {
                let item = pending.removeFirst()
                perform(
                    item.action, item.instrument, Timestamp(nanoseconds: item.due), isLate: true, &reports)
            } else if !answers.isEmpty, answer <= others.nanoseconds {
                reports.append(answers.removeFirst().report)
            } else {
                break
            }
        }
        refreshDue()
    }

    /// Ends the orders whose time has come, by id.
    private mutating func expire(_ reports: inout [VenueReport]) {
        let time = nextExpiry
        let start = reports.count
        var ended: [(id: OrderID, reason: String)] = []
        nextExpiry = .max
        for index in 0..<store.count where markets[index].hasOrders {
            let market = markets + index
            let all =
                market.pointee.buys.orders + market.pointee.sells.orders + market.pointee.stops
                + market.pointee.arrivals
            for order in all {
                if order.expireTime <= time {
                    _ = remove(order.id, index)
                    ended.append((order.id, order.timeInForce == .day ? "day" : "expire_time"))
                } else {
                    nextExpiry = min(nextExpiry, order.expireTime)
                }
            }
            refreshWatch(index)
        }
        for (id, reason) in ended.sorted(by: { $0.id < $1.id }) {
            reports.append(.expired(id, reason: reason))
        }
        hold(from: start, Timestamp(nanoseconds: time), &reports)
    }

    private mutating func noteExpiry(_ time: Int64) {
        guard time < nextExpiry else { return }
        nextExpiry = time
        refreshDue()
    }

    private mutating func refreshDue() {
        nextDueNanoseconds = min(
            pending.first.map(\.due) ?? .max, answers.first.map(\.due) ?? .max, nextExpiry)
    }

    /// Sends reports on their way instead of handing them over.
    mutating func hold(from start: Int, _ now: Timestamp, _ reports: inout [VenueReport]) {
        guard configuration.latency.hasResponse, reports.count > start else { return }
        let delay = configuration.latency.responseNanoseconds(at: now)
        let due = max(now.nanoseconds + delay, answers.last?.due ?? .min)
        for report in reports[start...] { answers.append(Answer(due: due, report: report)) }
        reports.removeSubrange(start...)
        refreshDue()
    }
}
