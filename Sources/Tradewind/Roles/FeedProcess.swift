import MarketData
import MessageBus
import NIOCore
import Supervision
import TradingModel

/// The role that runs one market-data feed: pulls due records from it and sends them to the bus.
///
/// Confined to its event loop. When the bus is full, nothing is pulled until it can take more; a lossless feed
/// therefore runs at the pace of its slowest reader.
final class FeedProcess: BusClientDelegate {
    private let bootstrap: Bootstrap
    private let settings: Bootstrap.Feed
    private let eventLoop: any EventLoop
    /// Instruments told at once; the next ones wait until these are announced.
    private static let instrumentsTold = 500
    private let isLossless: Bool
    private let completion: EventLoopPromise<Int32>
    private let instruments: [Instrument]
    /// Instruments that came up while it runs and that the manager has not announced yet.
    private var unannounced: [Instrument] = []
    /// Whether it listens to what is announced.
    private var hearsInstruments = false
    private var feed: any MarketDataFeed
    private var batch = MarketEventBatch(capacity: 1024)
    private var monitor: FeedMonitor
    /// What the host itself says between the feed's records, and how many it has said: the feed's count moves on by that.
    private var remarks: [(token: InstrumentToken, code: FeedStatusCode)] = []
    private var remarkCount: UInt64 = 0
    private var lastSequence: UInt64 = 0
    private var lastReceived = Timestamp(nanoseconds: .min)
    private var toldHealth: FeedMonitor.Health?
    private var hasBegun = false
    private var client: BusClient?
    private var timer: Scheduled<Void>?
    private var heartbeat: RepeatedTask?
    private var recordCount: UInt64 = 0
    private var isConnected = false
    private var isPumping = false
    private var isEnding = false
    private var sourceEnded = false
    private var exitCode: Int32?

    init(bootstrap: Bootstrap, registry: FeedRegistry, eventLoop: any EventLoop) throws {
        self.bootstrap = bootstrap
        self.eventLoop = eventLoop
        guard let settings = bootstrap.feed else {
            throw RoleError(
                exitCode: ExitStatus.configurationErrorCode,
                message: "the bootstrap document is not one of a feed")
        }
        self.settings = settings
        do {
            let configuration = try FeedConfiguration(
                feedName: settings.name, kind: settings.kind, json: settings.configJSON)
            isLossless = try configuration.flag("lossless")
            feed = try registry.makeFeed(configuration)
            instruments = try registry.instruments(for: configuration)
            monitor = try FeedMonitor(configuration, instruments: instruments, now: ContinuousClock.now)
        } catch {
            throw RoleError(
                exitCode: ExitStatus.configurationErrorCode,
                message: "\(error)".hasPrefix("feed ") ? "\(error)" : "feed \(settings.name): \(error)")
        }
        completion = eventLoop.makePromise(of: Int32.self)
    }

    /// Connects and begins; the future gives the exit code: 0 when the source ended or it was told to stop.
    func start() -> EventLoopFuture<Int32> {
        let client = BusClient(
            socketPath: bootstrap.socketPath, role: .feed, identity: settings.name, token: bootstrap.token,
            eventLoop: eventLoop, delegate: self)
        self.client = client
        client.onWritable = { [weak self] in self?.pump() }
        client.connect()
        return completion.futureResult
    }

    /// Lets the feed begin, once there is somebody to hear it.
    private func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let host = FeedHost(
            wake: { [eventLoop] in eventLoop.execute { bound.value.pump() } },
            log: { printError("\(WallClock.now) \($0)") })
        do {
            try feed.attach(host)
        } catch {
            end(status: .error, exitCode: 74, error: "\(error)")
        }
    }

    /// Ends in order; exit code 0.
    func stop() { end(status: nil, exitCode: 0, error: nil) }

    // MARK: - BusClientDelegate

    func busClientDidConnect(_ client: BusClient) {
        isConnected = true
        announceInstruments()
        begin()
        publish(.running)
        if heartbeat == nil {
            let bound = NIOLoopBound(self, eventLoop: eventLoop)
            heartbeat = eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
                bound.value.beat()
            }
        }
        pump()
    }

    func busClient(_ client: BusClient, didDisconnect reason: BusError?) {
        isConnected = false
        if let exitCode { return completion.succeed(exitCode) }
        if isLossless, recordCount > 0, !isEnding {
            end(
                status: nil, exitCode: 74,
                error:
                    "the bus was lost after \(recordCount) records of a lossless replay, which cannot be resumed"
            )
        }
    }

    // MARK: - Pumping

    /// Sends what is due until the bus is full, nothing is due, or the source has ended.
    private func pump() {
        guard isConnected, !isEnding, !isPumping, let client else { return }
        isPumping = true
        defer { isPumping = false }
        timer?.cancel()
        timer = nil
        // Bounded, so that a feed as fast as possible still hears signals and the bus.
        for _ in 0..<64 {
            guard sendBatch(to: client) else { return client.flush() }
            if sourceEnded { return end(status: .ended, exitCode: 0, error: nil) }
            do {
                let now = WallClock.now
                appendRemarks(now)
                let start = batch.count
                let step = try feed.next(into: &batch, now: now)
                take(feed.takeNewInstruments())
                batch.renumber(from: start, by: remarkCount)
                switch step {
                case .ready: break
                case .wait(let until):
                    if batch.isEmpty {
                        client.flush()
                        return wake(after: until - now)
                    }
                case .ended: sourceEnded = true
                }
            } catch {
                return end(status: .error, exitCode: 74, error: "\(error)")
            }
        }
        client.flush()
        wake(after: .zero)
    }

    /// Hands the batch over; false when the bus is full, in which case `onWritable` calls `pump` again.
    private func sendBatch(to client: BusClient) -> Bool {
        guard !batch.isEmpty else { return true }
        let result = client.sendRecords(batch.events, source: settings.number, lossless: isLossless)
        guard result == .sent else { return false }
        recordCount += UInt64(batch.count)
        if feed.isLive { monitor.note(batch.events, now: ContinuousClock.now) }
        lastSequence = batch[batch.count - 1].sequence
        lastReceived = batch[batch.count - 1].receiveTime
        batch.removeAll()
        return true
    }

    private func wake(after delay: Duration) {
        let nanoseconds = max(0, delay.wholeNanoseconds)
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleTask(in: .nanoseconds(nanoseconds)) { bound.value.pump() }
    }

    // MARK: - Instruments that come up

    /// Tells the manager, which keeps them and announces them to everybody; again with every sign of life until it has.
    private func take(_ new: [Instrument]) {
        guard !new.isEmpty else { return }
        monitor.add(new, now: ContinuousClock.now)
        unannounced += new.filter { one in !bootstrap.instruments.contains { $0.symbol == one.symbol } }
        guard !unannounced.isEmpty else { return }
        if !hearsInstruments { client?.subscribe([.allInstruments]) }
        hearsInstruments = true
        publish(.running)
        client?.flush()
    }

    func busClient(_ client: BusClient, didReceive payload: ByteBuffer, topic: String) {
        guard !unannounced.isEmpty, let category = try? InstrumentsPayload(decoding: payload) else { return }
        let announced = Set(category.instruments.map(\.symbol))
        let count = unannounced.count
        unannounced.removeAll { announced.contains($0.symbol) }
        // The next ones, when there were more than are told at once.
        guard unannounced.count < count, !unannounced.isEmpty else { return }
        publish(.running)
        client.flush()
    }

    // MARK: - Status

    /// Once a second: says that it lives, and looks whether the data do.
    private func beat() {
        guard feed.isLive, !isEnding else { return publish(.running) }
        remarks += monitor.check(now: ContinuousClock.now, isConnected: feed.source.isConnected)
        publish(.running)
        if toldHealth != monitor.health {
            toldHealth = monitor.health
            let payload = FeedHealthPayload(
                feed: settings.name, health: monitor.health.rawValue, time: WallClock.now, detail: detail,
                stale: staleSymbols)
            _ = client?.publish(.health, payload.encoded())
        }
        if !remarks.isEmpty { pump() }
    }

    /// Puts what the host has to say before the feed's next records.
    private func appendRemarks(_ now: Timestamp) {
        guard !remarks.isEmpty, batch.isEmpty else { return }
        for remark in remarks.prefix(batch.capacity / 2) {
            lastSequence += 1
            remarkCount += 1
            batch.append(
                .status(
                    remark.code, token: remark.token, time: max(now, lastReceived), sequence: lastSequence))
        }
        remarks.removeFirst(min(remarks.count, batch.capacity / 2))
    }

    /// How source and data are; `nil` for a replay. The connection is looked at, not only what the last check found.
    private var health: String? {
        guard feed.isLive else { return nil }
        return feed.source.isConnected ? monitor.health.rawValue : FeedHealthPayload.disconnected
    }

    private var detail: String? {
        let text = feed.source.detail
        return text.isEmpty ? nil : text
    }

    private var staleSymbols: [String]? {
        let symbols = monitor.staleSymbols
        return symbols.isEmpty ? nil : symbols
    }

    private func announceInstruments() {
        // Whole categories as the database has them, with what others feed and with what somebody edited: the last
        // word of whoever speaks is kept for those who come later.
        let stored = bootstrap.instruments
        let new = instruments.filter { own in !stored.contains { $0.symbol == own.symbol } }
        let concerned = Set(instruments.map(\.symbol))
        let categories = Set((stored.filter { concerned.contains($0.symbol) } + new).map(\.category))
        for category in categories.sorted() {
            let members = (stored + new).filter { $0.category == category }
            let payload = InstrumentsPayload(category: category, instruments: members)
            _ = client?.publish(.instruments(category), payload.encoded())
        }
    }

    private func publish(_ status: FeedStatusPayload.Status, error: String? = nil) {
        let payload = FeedStatusPayload(
            feed: settings.name, status: status, records: recordCount, time: WallClock.now, error: error,
            health: health, detail: detail, stale: staleSymbols,
            instruments: unannounced.isEmpty ? nil : Array(unannounced.prefix(Self.instrumentsTold)))
        _ = client?.publish(.feedStatus(settings.name), payload.encoded())
    }

    private func end(status: FeedStatusPayload.Status?, exitCode: Int32, error: String?) {
        guard !isEnding else { return }
        isEnding = true
        feed.detach()
        timer?.cancel()
        heartbeat?.cancel()
        if let error { printError(error) }
        if let status { publish(status, error: error) }
        self.exitCode = exitCode
        // All that was taken is written before the connection closes, however long a lossless reader takes; a stop
        // does not wait for that.
        if status == nil || client?.isConnected != true {
            eventLoop.scheduleTask(in: .seconds(client?.isConnected == true ? 1 : 0)) { [completion] in
                completion.succeed(exitCode)
            }
        }
        client?.close(reason: status?.rawValue ?? "stopped", isPatient: status == .ended)
    }
}
