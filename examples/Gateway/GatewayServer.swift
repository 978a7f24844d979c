import GatewayProtocol
import MessageBus
import NIOCore
import TradingEngine
import TradingModel

/// The order gateway: takes orders from strategies, fills them against the market data of a bus, and takes strategies
/// out of the market when somebody else asks for it.
///
/// Confined to its event loop. Everything is decided at once and in order; log and answers go out at the end of each
/// batch of what came in.
final class GatewayServer: BusClientDelegate, MarketDataReader {
    /// A flatten whose orders have not all ended.
    private struct Flattening {
        var peer: Peer
        var request: UInt64
        var account: Account
        var ids: [OrderID]
        var canceledCount: Int
    }

    let report: (String) -> Void
    private let configuration: SimulatedExchangeConfiguration
    private let outbox: Outbox
    private let finishedOrdersKept: Int
    /// Called once, when the log cannot be written: the process has to end.
    private let fail: (GatewayError) -> Void
    private var hasFailed = false
    private var accounts: [String: Account] = [:]
    /// Who trades an instrument, and under which index, by its token.
    private var interested: [InstrumentToken: [(account: Account, instrument: Int)]] = [:]
    private var flattenings: [Flattening] = []
    private var client: BusClient?
    private var isMarketOpen = false
    /// The newest receive time of all records.
    private var now = Timestamp.epoch

    init(
        configuration: SimulatedExchangeConfiguration, outbox: Outbox, finishedOrdersKept: Int,
        report: @escaping (String) -> Void,
        fail: @escaping (GatewayError) -> Void
    ) {
        self.configuration = configuration
        self.outbox = outbox
        self.finishedOrdersKept = finishedOrdersKept
        self.report = report
        self.fail = fail
    }

    /// Takes the lines of earlier processes, then begins.
    func start(with lines: [LogLine], bus client: BusClient) {
        for line in lines {
            if let strategy = line.strategy { account(strategy).restore(line) }
            if let time = line.report?.time { now = max(now, Timestamp(nanoseconds: time)) }
        }
        outbox.add(outbox.line(.started, nil))
        let all = accounts.values.sorted { $0.strategy < $1.strategy }
        for account in all { account.finishRestoring(at: now) }
        self.client = client
        client.marketDataReader = self
        refreshInterests()
        client.connect()
        flush()
        let open = all.reduce(0) { $0 + $1.open.count }
        report("\(lines.count) lines in the log, \(all.count) strategies, \(open) open orders")
    }

    /// Puts on record and says what was decided since the last time.
    func flush() {
        guard !hasFailed else { return }
        settleFlattenings()
        do throws(GatewayError) {
            try outbox.flush()
        } catch {
            hasFailed = true
            fail(error)
        }
    }

    // MARK: - Requests

    func take(_ request: GatewayRequest, from peer: Peer) {
        guard !hasFailed else { return }
        guard let hello = peer.hello else {
            guard case .hello(let hello) = request else {
                return peer.fail("no_hello", "the first message must be a hello")
            }
            return greet(hello, peer)
        }
        switch request {
        case .hello: peer.fail("second_hello", "a connection says hello once")
        case .ping(let ping): outbox.answer(.pong(.init(request: ping.request)), to: peer)
        case .cancelAll(let request): takeOut(request, peer, isFlatten: false)
        case .flatten(let request): takeOut(request, peer, isFlatten: true)
        case .submit, .modify, .cancel, .query:
            guard let account = peer.account, let epoch = hello.epoch else {
                return outbox.answer(.refused(.init(what: request.name, reason: "not_a_strategy")), to: peer)
            }
            take(request, of: account, epoch: epoch, peer)
        }
    }

    private func take(_ request: GatewayRequest, of account: Account, epoch: UInt32, _ peer: Peer) {
        switch request {
        case .submit(let order):
            guard order.id.value.epoch == epoch else {
                return outbox.answer(
                    .refused(.init(what: "submit", id: order.id.value, reason: "wrong_epoch")), to: peer)
            }
            account.submit(order, isMarketOpen: isMarketOpen, at: now)
        case .cancel(let cancel):
            note(request, account)
            account.cancel(cancel.id.value, at: now)
        case .modify(let modify):
            note(request, account)
            account.modify(modify, at: now)
        case .query(let query):
            guard query.ids?.count ?? 0 <= GatewayLimits.idsPerQueryMax else {
                return peer.fail("bad_message", "a query has at most \(GatewayLimits.idsPerQueryMax) ids")
            }
            let (answers, isComplete) = account.answer(query)
            for answer in answers { outbox.answer(answer, to: peer) }
            peer.isFollowing = isComplete
        case .hello, .ping, .cancelAll, .flatten: break
        }
    }

    private func greet(_ hello: GatewayRequest.Hello, _ peer: Peer) {
        guard hello.version == GatewayLimits.version else {
            return peer.fail(
                "version", "this gateway speaks version \(GatewayLimits.version), not \(hello.version)")
        }
        var lastReport: UInt64 = 0
        if hello.kind == .strategy {
            guard let id = hello.strategy, let epoch = hello.epoch, !id.isEmpty,
                id.utf8.count <= GatewayLimits.strategyBytesMax, epoch > 0,
                hello.instruments?.count ?? 0 <= GatewayLimits.instrumentsMax,
                hello.instruments?.allSatisfy(Self.isTradable) ?? true
            else { return peer.fail("bad_hello", "strategy, epoch or instruments of the hello cannot be") }
            let account = account(id)
            let session = hello.session ?? account.newestSession + 1
            if let refusal = account.refusal(epoch: epoch, session: session) {
                return peer.fail("stale_session", refusal)
            }
            // From here on nothing counts that the former connection sent and that was not read yet.
            account.peer?.close()
            account.peer = peer
            peer.account = account
            account.begin(epoch: epoch, session: session, instruments: hello.instruments ?? [])
            refreshInterests()
            lastReport = account.lastReport
            report("strategy \(id) is here, epoch \(epoch)")
        }
        peer.hello = hello
        peer.didGreet()
        outbox.answer(.welcome(.init(lastReport: lastReport, isMarketOpen: isMarketOpen)), to: peer)
    }

    private static func isTradable(_ instrument: Instrument) -> Bool {
        instrument.token != .feedWide && instrument.priceIncrement >= .zero
            && instrument.quantityIncrement >= .zero && instrument.multiplier > .zero
            && !instrument.symbol.isEmpty
    }

    /// Takes back what a strategy has in the market; `control` may name any, a strategy itself only its own.
    private func takeOut(_ request: GatewayRequest.TakeOut, _ peer: Peer, isFlatten: Bool) {
        let what = isFlatten ? "flatten" : "cancel_all"
        let target = peer.account ?? request.strategy.flatMap { accounts[$0] }
        guard let account = target, request.strategy == nil || request.strategy == account.strategy else {
            let reason = peer.account == nil ? "unknown_strategy" : "not_permitted"
            return outbox.answer(
                .refused(.init(what: what, request: request.request, reason: reason)), to: peer)
        }
        note(isFlatten ? .flatten(request) : .cancelAll(request), account)
        if peer.account == nil, let epoch = request.epoch { account.takeOut(epoch: epoch) }
        let count = account.cancelAll(upTo: request.epoch, reason: what, at: now)
        report("\(what) of strategy \(account.strategy) by \(peer.name): \(count) orders taken back")
        var ids: [OrderID] = []
        if isFlatten { ids = account.closePositions(isMarketOpen: isMarketOpen, at: now) }
        flattenings.append(
            Flattening(
                peer: peer, request: request.request, account: account, ids: ids, canceledCount: count))
    }

    private func settleFlattenings() {
        flattenings.removeAll { item in
            let left = item.ids.compactMap { item.account.entries[$0]?.order }
            guard left.allSatisfy(\.status.isFinal) else { return false }
            let isFlatten = !item.ids.isEmpty
            let positions = item.account.openPositions
            let reason = item.ids.compactMap { id in
                item.account.lastReason(of: id)
            }.first
            outbox.answer(
                .done(
                    .init(
                        request: item.request, canceledCount: item.canceledCount, positions: positions,
                        reason: isFlatten && !positions.isEmpty ? reason : nil)), to: item.peer)
            return true
        }
    }

    private func note(_ request: GatewayRequest, _ account: Account) {
        var line = outbox.line(.request, account)
        line.request = request
        outbox.add(line)
    }

    /// A connection has ended.
    func forget(_ peer: Peer) {
        flattenings.removeAll { $0.peer === peer }
        guard let account = peer.account, account.peer === peer else { return }
        account.peer = nil
        report("strategy \(account.strategy) is gone; \(account.open.count) of its orders are open")
    }

    private func account(_ strategy: String) -> Account {
        if let account = accounts[strategy] { return account }
        let account = Account(
            strategy: strategy, configuration: configuration, outbox: outbox,
            finishedOrdersKept: finishedOrdersKept)
        accounts[strategy] = account
        return account
    }

    // MARK: - Market data

    private func refreshInterests() {
        var found: [InstrumentToken: [(account: Account, instrument: Int)]] = [:]
        for account in accounts.values.sorted(by: { $0.strategy < $1.strategy }) {
            for (index, instrument) in account.instruments.enumerated() {
                found[instrument.token, default: []].append((account, index))
            }
        }
        let new = found.keys.filter { interested[$0] == nil }.sorted()
        interested = found
        if !new.isEmpty { client?.subscribe(tokens: new) }
    }

    func busClientDidConnect(_ client: BusClient) {
        isMarketOpen = true
        report("the market is open: connected to the bus")
    }

    func busClient(_ client: BusClient, didDisconnect reason: BusError?) {
        isMarketOpen = false
        report("the market is closed: \(reason?.description ?? "the bus is gone")")
    }

    func marketData(didReceive records: UnsafeBufferPointer<MarketEvent>, feed: UInt16) {
        for event in records {
            now = max(now, event.receiveTime)
            guard let takers = interested[event.token], Self.isValid(event) else { continue }
            for (account, index) in takers { account.observe(event, instrument: index, at: now) }
        }
    }

    func marketDataDidEndBatch() { flush() }

    /// The prices and sizes that an engine would use as well.
    private static func isValid(_ event: MarketEvent) -> Bool {
        switch event.kind {
        case .quote:
            let quote = event.quote
            return quote.bid > .zero && quote.ask >= quote.bid && quote.bidSize >= .zero
                && quote.askSize >= .zero
        case .trade: return event.trade.price > .zero && event.trade.size >= .zero
        case .bar:
            let (open, high, low, close) = (event.word0, event.word1, event.word2, event.word3)
            return low > 0 && low <= min(open, close) && high >= max(open, close)
        case .barVolume: return event.word0 >= 0 && event.word1 >= 0
        case .depth, .status, .gap: return true
        case nil: return false
        }
    }
}

@available(*, unavailable)
extension GatewayServer: Sendable {}

extension GatewayRequest {
    /// The type of the message.
    var name: String {
        switch self {
        case .hello: "hello"
        case .submit: "submit"
        case .modify: "modify"
        case .cancel: "cancel"
        case .cancelAll: "cancel_all"
        case .flatten: "flatten"
        case .query: "query"
        case .ping: "ping"
        }
    }
}
