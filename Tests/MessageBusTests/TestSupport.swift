import Foundation
import MessageBus
import NIOCore
import NIOPosix
import Synchronization
import Testing
import TradingModel

/// What a client was told.
enum BusEvent: Sendable {
    case connected
    case records([MarketEvent], source: UInt16)
    case message(topic: String, text: String)
    case gap(BusGap)
    case disconnected(BusError?)
    case refused(BusError)
}

struct Timeout: Error, CustomStringConvertible {
    var description: String
}

/// A real client whose events are kept, with waits that have a deadline.
final class TestClient: Sendable {
    let eventLoop: any EventLoop
    private let state: NIOLoopBound<State>

    init(
        _ path: String, role: BusRole = .observer, identity: String = "test", token: [UInt8] = [],
        eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next(), checksTokens: Bool = true
    ) async throws {
        self.eventLoop = eventLoop
        state = try await eventLoop.submit {
            let state = State(checksTokens: checksTokens)
            state.client = BusClient(
                socketPath: path, role: role, identity: identity, token: token, eventLoop: eventLoop,
                delegate: state, seed: 1)
            state.client?.marketDataReader = state
            return NIOLoopBound(state, eventLoop: eventLoop)
        }.get()
    }

    deinit {
        eventLoop.execute { [state] in state.value.client?.close() }
    }

    /// A client that is connected and has its subscriptions confirmed.
    static func connected(
        _ path: String, role: BusRole = .observer, identity: String = "test", token: [UInt8] = [],
        subscribe patterns: [String] = [], conflate: Bool = false
    ) async throws -> TestClient {
        let client = try await TestClient(path, role: role, identity: identity, token: token)
        try await client.run { client in
            client.subscribe(patterns.map { TopicPattern($0)! }, conflate: conflate)
            client.connect()
        }
        try await client.wait("connection") {
            $0.contains { if case .connected = $0 { true } else { false } }
        }
        return client
    }

    @discardableResult
    func run<Result: Sendable>(_ body: @escaping @Sendable (BusClient) -> Result) async throws -> Result {
        try await eventLoop.submit { [state] in body(state.value.client!) }.get()
    }

    var events: [BusEvent] {
        get async throws { try await eventLoop.submit { [state] in state.value.events }.get() }
    }

    /// All records received so far, in order.
    var records: [MarketEvent] {
        get async throws { try await events.records }
    }

    @discardableResult
    func wait(
        _ what: String, seconds: Int64 = 20, until condition: @escaping @Sendable ([BusEvent]) -> Bool
    ) async throws -> [BusEvent] {
        let promise = eventLoop.makePromise(of: [BusEvent].self)
        eventLoop.execute { [state, eventLoop] in
            if condition(state.value.events) { return promise.succeed(state.value.events) }
            let timeout = eventLoop.scheduleTask(in: .seconds(seconds)) {
                promise.fail(
                    Timeout(description: "no \(what) within \(seconds) s; events: \(state.value.summary)"))
            }
            state.value.waiters.append { events in
                guard condition(events) else { return false }
                timeout.cancel()
                promise.succeed(events)
                return true
            }
        }
        return try await promise.futureResult.get()
    }

    /// Subscribes and waits for the confirmation.
    func subscribe(_ patterns: [String]) async throws {
        let promise = eventLoop.makePromise(of: Void.self)
        try await run { client in
            client.subscribe(patterns.map { TopicPattern($0)! }) { promise.succeed(()) }
        }
        try await promise.futureResult.get()
    }

    /// Publishes text and checks that it was taken.
    func publish(_ topic: Topic, _ text: String) async throws {
        let result = try await run { $0.publish(topic, Array(text.utf8)) }
        #expect(result == .sent)
    }

    func send(_ records: [MarketEvent], source: UInt16 = 1, lossless: Bool = false) async throws -> SendResult
    {
        try await run { client in
            records.withUnsafeBufferPointer { client.sendRecords($0, source: source, lossless: lossless) }
        }
    }

    /// Sends records in pieces, waiting while the client is full.
    func sendAll(_ records: [MarketEvent], pieces: Int, lossless: Bool) async throws {
        let promise = eventLoop.makePromise(of: Void.self)
        try await run { client in
            let progress = Progress()
            let step: () -> Void = { [weak client] in
                guard let client else { return }
                records.withUnsafeBufferPointer { all in
                    while progress.sent < all.count {
                        let piece = UnsafeBufferPointer(
                            rebasing: all[progress.sent..<min(all.count, progress.sent + pieces)])
                        guard client.sendRecords(piece, source: 1, lossless: lossless) == .sent else {
                            return
                        }
                        progress.sent += piece.count
                    }
                }
                guard progress.sent == records.count else { return }
                client.onWritable = nil
                promise.succeed(())
            }
            client.onWritable = step
            step()
        }
        try await promise.futureResult.get()
    }

    func close() async throws {
        try await run { $0.close(reason: "test is over") }
    }

    private final class Progress {
        var sent = 0
    }

    private final class State: BusClientDelegate, MarketDataReader {
        let checksTokens: Bool
        var client: BusClient?
        var events: [BusEvent] = []
        var waiters: [([BusEvent]) -> Bool] = []

        init(checksTokens: Bool) { self.checksTokens = checksTokens }

        var summary: String {
            events.suffix(8).map { event in
                if case .records(let records, _) = event { return "\(records.count) records" }
                return "\(event)"
            }.joined(separator: ", ")
        }

        func add(_ event: BusEvent) {
            events.append(event)
            if case .records = event { return }
            waiters.removeAll { $0(events) }
        }

        func busClientDidConnect(_ client: BusClient) { add(.connected) }
        func marketData(didReceive records: UnsafeBufferPointer<MarketEvent>, feed: UInt16) {
            if checksTokens { #expect(records.allSatisfy { $0.token == records[0].token }) }
            add(.records(Array(records), source: feed))
        }
        func busClient(_ client: BusClient, didReceive payload: ByteBuffer, topic: String) {
            add(.message(topic: topic, text: String(buffer: payload)))
        }
        func marketData(didMiss gap: BusGap) { add(.gap(gap)) }
        func marketDataDidEndBatch() { waiters.removeAll { $0(events) } }
        func busClient(_ client: BusClient, didDisconnect reason: BusError?) { add(.disconnected(reason)) }
        func busClient(_ client: BusClient, didRefuse error: BusError) { add(.refused(error)) }
    }
}

extension [BusEvent] {
    var records: [MarketEvent] {
        flatMap { event -> [MarketEvent] in if case .records(let records, _) = event { records } else { [] } }
    }
    var recordCount: Int {
        reduce(0) { count, event in
            if case .records(let records, _) = event { count + records.count } else { count }
        }
    }
    var messages: [(topic: String, text: String)] {
        compactMap { event in if case .message(let topic, let text) = event { (topic, text) } else { nil } }
    }
    var gaps: [BusGap] {
        compactMap { event in if case .gap(let gap) = event { gap } else { nil } }
    }
    var refusals: [BusError] {
        compactMap { event in if case .refused(let error) = event { error } else { nil } }
    }
    var disconnects: [BusError?] {
        compactMap { event in if case .disconnected(let error) = event { .some(error) } else { nil } }
    }
    var connectCount: Int {
        count { event in if case .connected = event { true } else { false } }
    }
}

/// A directory of its own, mode 0700, removed at the end.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/bus-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Timeout(description: "mkdtemp failed: \(errno)") }
        path = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var socketPath: String { path + "/bus.sock" }
}

/// Runs a test with a broker of its own.
func withBroker(
    key: BusKey? = nil, limits: BrokerLimits = BrokerLimits(),
    report: @escaping @Sendable (String) -> Void = { _ in }, _ body: (Broker, String) async throws -> Void
) async throws {
    let directory = try TemporaryDirectory()
    let broker = try await startBroker(directory.socketPath, key: key, limits: limits, report: report)
    do {
        try await body(broker, directory.socketPath)
    } catch {
        await broker.shutdown()
        throw error
    }
    await broker.shutdown()
    withExtendedLifetime(directory) {}
}

func startBroker(
    _ path: String, key: BusKey? = nil, limits: BrokerLimits = BrokerLimits(),
    report: @escaping @Sendable (String) -> Void = { _ in }
) async throws -> Broker {
    try await Broker.start(
        socketPath: path, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, key: key, limits: limits,
        clock: { Timestamp(nanoseconds: 1_000_000_000) }, report: report)
}

/// Quotes of a token with ascending sequences.
func quotes(_ token: UInt32, count: Int, from first: UInt64 = 1) -> [MarketEvent] {
    (0..<count).map { quote(token, sequence: first + UInt64($0)) }
}

/// Quotes of the tokens 1 to `tokenCount` in turn; the sequence is one more than the number.
func interleavedQuotes(_ numbers: Range<Int>, tokenCount: Int) -> [MarketEvent] {
    numbers.map { number in
        let token = UInt32(number % tokenCount + 1)
        return quote(token, sequence: UInt64(number + 1))
    }
}

func quote(_ token: UInt32, sequence: UInt64) -> MarketEvent {
    .quote(
        Quote(bid: Price(100), ask: Price(101), bidSize: Quantity(1), askSize: Quantity(2)),
        token: InstrumentToken(token), eventTime: Timestamp(nanoseconds: Int64(sequence)),
        receiveTime: Timestamp(nanoseconds: Int64(sequence)), sequence: sequence)
}

func trade(_ token: UInt32, sequence: UInt64) -> MarketEvent {
    .trade(
        Trade(price: Price(100), size: Quantity(1)), token: InstrumentToken(token),
        eventTime: Timestamp(nanoseconds: Int64(sequence)),
        receiveTime: Timestamp(nanoseconds: Int64(sequence)),
        sequence: sequence)
}

/// Waits until a condition about something outside holds, with a deadline.
func eventually(
    _ what: String, seconds: Double = 10, _ condition: () async throws -> Bool
) async throws {
    let deadline = NIODeadline.now() + .milliseconds(Int64(seconds * 1_000))
    while try await !condition() {
        guard NIODeadline.now() < deadline else {
            throw Timeout(description: "not within \(seconds) s: \(what)")
        }
        await Task.yield()
    }
}
