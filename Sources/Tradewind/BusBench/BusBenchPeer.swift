import Foundation
import Histogram
import MessageBus
import NIOCore
import NIOPosix
import Supervision
import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A publisher or subscriber process of `bus bench`: does its part and prints one JSON document.
enum BusBenchPeer {
    /// The hidden first argument; the second one is the settings.
    static let verb = "bus-bench-peer"

    /// Runs to the end; the exit code.
    static func run(settings text: String) -> Int32 {
        do {
            let settings = try JSONDecoder().decode(BusBenchSettings.self, from: Data(text.utf8))
            let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
            switch settings.part {
            case .publisher:
                print(try result(of: loop.flatSubmit { BusBenchPublisher(settings, loop).start() }))
            case .subscriber:
                print(try result(of: loop.flatSubmit { BusBenchSubscriber(settings, loop).start() }))
            }
            return 0
        } catch {
            printError("\(error)")
            return 74
        }
    }

    private static func result(of future: EventLoopFuture<some Encodable & Sendable>) throws -> String {
        String(decoding: try JSONEncoder().encode(try future.wait()), as: UTF8.self)
    }

    /// clock_gettime(2) CLOCK_PROCESS_CPUTIME_ID: processor time of this process, ns.
    static var cpuNanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// Publishes records, as fast as they are taken or at a pace, and an end. Confined to its event loop.
final class BusBenchPublisher: BusClientDelegate {
    private let settings: BusBenchSettings
    private let eventLoop: any EventLoop
    private let ended: EventLoopPromise<BusBenchSent>
    private var records: [MarketEvent]
    private var next = 0
    private var startTime: Int64 = 0
    private var late = Histogram<UInt64>(numberOfSignificantValueDigits: .two)
    private var hasEnded = false

    init(_ settings: BusBenchSettings, _ eventLoop: any EventLoop) {
        self.settings = settings
        self.eventLoop = eventLoop
        ended = eventLoop.makePromise()
        records = []
        records.reserveCapacity(settings.batch)
    }

    func start() -> EventLoopFuture<BusBenchSent> {
        let client = BusClient(
            socketPath: settings.socket, role: .feed, identity: "bench", eventLoop: eventLoop, delegate: self)
        client.connect()
        return ended.futureResult
    }

    func busClientDidConnect(_ client: BusClient) {
        startTime = MonotonicClock.now.nanoseconds
        client.onWritable = { [self] in publish(client) }
        publish(client)
    }

    func busClient(_ client: BusClient, didDisconnect reason: BusError?) {
        if let reason { return ended.fail(reason) }
        ended.succeed(
            BusBenchSent(
                sent: settings.records, cpuNanoseconds: BusBenchPeer.cpuNanoseconds,
                lateNanosecondsP99: Int64(late.valueAtPercentile(99))))
    }

    /// Hands over all that is due, until the client is full.
    private func publish(_ client: BusClient) {
        while next < settings.records {
            let now = MonotonicClock.now.nanoseconds
            let due = dueCount(at: now)
            guard due > next else {
                client.flush()
                return wake(client, after: dueTime(of: next) - now)
            }
            guard send(min(settings.batch, due - next), at: now, to: client) else { return }
        }
        end(client)
    }

    private func send(_ count: Int, at now: Int64, to client: BusClient) -> Bool {
        records.removeAll(keepingCapacity: true)
        for index in next..<next + count {
            if settings.rate > 0 { _ = late.record(UInt64(max(0, now - dueTime(of: index)))) }
            records.append(
                .quote(
                    Quote(bid: Price(100), ask: Price(101), bidSize: Quantity(1), askSize: Quantity(1)),
                    token: InstrumentToken(UInt32(index % settings.topics + 1)),
                    eventTime: Timestamp(nanoseconds: now), receiveTime: Timestamp(nanoseconds: now),
                    sequence: UInt64(index + 1)))
        }
        let result = records.withUnsafeBufferPointer {
            client.sendRecords($0, source: 1, lossless: settings.lossless)
        }
        guard result == .sent else { return false }
        next += count
        return true
    }

    private func end(_ client: BusClient) {
        guard !hasEnded else { return }
        let end = MarketEvent.status(
            .ended, time: Timestamp(nanoseconds: startTime), sequence: UInt64(settings.records + 1))
        let result = [end].withUnsafeBufferPointer {
            client.sendRecords($0, source: 1, lossless: settings.lossless)
        }
        guard result == .sent else { return }
        hasEnded = true
        client.close(reason: "measured", isPatient: true)
    }

    private func dueTime(of index: Int) -> Int64 {
        settings.rate == 0 ? startTime : startTime + Int64(index) * 1_000_000_000 / Int64(settings.rate)
    }

    private func dueCount(at now: Int64) -> Int {
        guard settings.rate > 0 else { return settings.records }
        return min(settings.records, Int((now - startTime) * Int64(settings.rate) / 1_000_000_000) + 1)
    }

    private func wake(_ client: BusClient, after nanoseconds: Int64) {
        let bound = NIOLoopBound((self, client), eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .nanoseconds(max(0, nanoseconds))) { bound.value.0.publish(bound.value.1) }
    }
}

/// Counts and times what arrives. Confined to its event loop.
final class BusBenchSubscriber: BusClientDelegate, MarketDataReader {
    private let settings: BusBenchSettings
    private let eventLoop: any EventLoop
    private let ended: EventLoopPromise<BusBenchReceived>
    private var client: BusClient?
    private var result = BusBenchReceived()
    private var latencies = Histogram<UInt64>(numberOfSignificantValueDigits: .three)

    init(_ settings: BusBenchSettings, _ eventLoop: any EventLoop) {
        self.settings = settings
        self.eventLoop = eventLoop
        ended = eventLoop.makePromise()
    }

    func start() -> EventLoopFuture<BusBenchReceived> {
        let client = BusClient(
            socketPath: settings.socket, role: .observer, identity: "bench", eventLoop: eventLoop,
            delegate: self)
        self.client = client
        client.marketDataReader = self
        client.subscribe(tokens: (0...settings.topics).map { InstrumentToken(UInt32($0)) })
        client.connect()
        return ended.futureResult
    }

    func busClientDidConnect(_ client: BusClient) {
        print("ready")
        fflush(nil)
    }

    func marketData(didReceive records: UnsafeBufferPointer<MarketEvent>, feed: UInt16) {
        guard records[0].token != .feedWide else { return end() }
        let now = MonotonicClock.now.nanoseconds
        if result.received == 0 { result.firstSent = records[0].receiveTime.nanoseconds }
        result.received += records.count
        result.lastReceived = now
        guard settings.rate > 0 else { return }
        for record in records { _ = latencies.record(UInt64(max(0, now - record.receiveTime.nanoseconds))) }
    }

    func marketData(didMiss gap: BusGap) {
        switch gap.cause {
        case .slowReader: result.dropped += gap.droppedCount
        case .lost: result.lost += gap.droppedCount
        }
    }

    func busClient(_ client: BusClient, didDisconnect reason: BusError?) {
        if let reason { ended.fail(reason) } else { ended.succeed(result) }
    }

    private func end() {
        result.cpuNanoseconds = BusBenchPeer.cpuNanoseconds
        // The iterator of an empty histogram does not end.
        if latencies.totalCount > 0 {
            result.latencies = latencies.recordedValues().map { [$0.value, UInt64($0.count)] }
        }
        client?.close(reason: "measured")
    }
}
