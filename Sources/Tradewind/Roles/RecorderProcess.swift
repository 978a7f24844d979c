import MarketData
import MessageBus
import NIOCore
import Supervision
import TradingModel

/// The role that records: reads all market data from the bus and hands it to the recorder's thread.
///
/// Confined to its event loop, which waits for a disk only when a chunk is full, and then a moment.
final class RecorderProcess: BusClientDelegate, MarketDataReader {
    private let bootstrap: Bootstrap
    private let eventLoop: any EventLoop
    private let recorder: RecorderThread
    private let completion: EventLoopPromise<Int32>
    private var chunk = RecorderChunk()
    private var client: BusClient?
    private var tasks: [RepeatedTask] = []
    private var isEnding = false

    init(bootstrap: Bootstrap, eventLoop: any EventLoop) throws {
        guard let directory = bootstrap.journalDirectory, let settings = bootstrap.recorder else {
            throw RoleError(
                exitCode: ExitStatus.configurationErrorCode,
                message: "the bootstrap document is not one of a recorder")
        }
        self.bootstrap = bootstrap
        self.eventLoop = eventLoop
        recorder = RecorderThread(directory: directory, report: { printError("\(WallClock.now) \($0)") })
        recorder.learn(bootstrap.instruments)
        recorder.apply(RecorderSettings(settings))
        completion = eventLoop.makePromise(of: Int32.self)
    }

    /// Connects and begins; the future gives the exit code, 0 when it was told to stop.
    func start() -> EventLoopFuture<Int32> {
        recorder.start()
        let client = BusClient(
            socketPath: bootstrap.socketPath, role: .recorder, identity: "recorder", token: bootstrap.token,
            eventLoop: eventLoop, delegate: self)
        self.client = client
        client.marketDataReader = self
        // Everything, so that each feed's own count says whether a record is missing.
        client.subscribe([.allInstruments, TopicPattern(.recorderSettings), .allLiveData])
        client.connect()
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let flush = TimeAmount.milliseconds(Limits.recorderFlushMilliseconds)
        tasks.append(
            eventLoop.scheduleRepeatedTask(initialDelay: flush, delay: flush) { _ in
                bound.value.handOverIfThereIsRoom()
            })
        tasks.append(
            eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
                bound.value.publishStatus()
            })
        return completion.futureResult
    }

    /// Writes what was received, closes the files and ends; exit code 0.
    func stop() {
        guard !isEnding else { return }
        isEnding = true
        tasks.forEach { $0.cancel() }
        handOver()
        recorder.stop()
        publishStatus()
        eventLoop.scheduleTask(in: .seconds(client?.isConnected == true ? 1 : 0)) { [completion] in
            completion.succeed(0)
        }
        client?.close(reason: "stopped")
    }

    // MARK: - BusClientDelegate

    func busClientDidConnect(_ client: BusClient) { publishStatus() }

    func busClient(_ client: BusClient, didDisconnect reason: BusError?) {
        if isEnding { return completion.succeed(0) }
        printError("\(WallClock.now) the bus is gone (\(reason?.description ?? "closed")); connecting again")
    }

    func busClient(_ client: BusClient, didReceive payload: ByteBuffer, topic: String) {
        do {
            switch Topic(topic) {
            case .instruments:
                recorder.learn(try InstrumentsPayload(decoding: payload).instruments)
            case .recorderSettings:
                handOver()
                recorder.apply(RecorderSettings(try RecorderSettingsPayload(decoding: payload)))
            default: break
            }
        } catch {
            printError("\(WallClock.now) ignored a message on \(topic): \(error)")
        }
    }

    // MARK: - MarketDataReader

    func marketData(didReceive records: UnsafeBufferPointer<MarketEvent>, feed: UInt16) {
        guard !isEnding else { return }
        let chunk = chunk
        let taken = chunk.append(records, feed: feed)
        guard taken < records.count || chunk.isFull else { return }
        handOver(UnsafeBufferPointer(rebasing: records[taken...]), feed: feed)
    }

    /// Hands over a chunk that is full, and puts what it has no room for into the next one.
    @inline(never)
    private func handOver(_ records: UnsafeBufferPointer<MarketEvent>, feed: UInt16) {
        var rest = records
        handOver()
        while !rest.isEmpty {
            let taken = chunk.append(rest, feed: feed)
            if chunk.isFull { handOver() }
            rest = UnsafeBufferPointer(rebasing: rest[taken...])
        }
    }

    func marketData(didMiss gap: BusGap) {
        // In the order in which it came between the records.
        handOver()
        recorder.announce(
            missing: gap.droppedCount, feed: gap.source == BusGap.severalSources ? nil : gap.source)
    }

    private func handOver() { chunk = recorder.exchange(chunk) }

    private func handOverIfThereIsRoom() { if recorder.hasRoom(for: chunk) { handOver() } }

    // MARK: - Status

    private func publishStatus() {
        let status = recorder.status
        let payload = RecorderStatusPayload(
            processID: ProcessIdentity.current.pid, time: WallClock.now, records: status.recordCount,
            dropped: status.droppedCount, queueBytes: status.queueBytes, freeBytes: status.freeBytes,
            alarm: status.alarm,
            files: status.files.map { file in
                RecorderStatusPayload.File(
                    feed: file.path.feed, path: file.path.relative, isComplete: file.isComplete,
                    records: file.recordCount, byteCount: file.byteCount, firstTime: file.firstTime,
                    lastTime: file.lastTime)
            })
        _ = client?.publish(.recorderStatus, payload.encoded())
        client?.flush()
    }
}

extension RecorderSettings {
    fileprivate init(_ payload: RecorderSettingsPayload) {
        self.init(
            feeds: Dictionary(payload.feeds.map { ($0.number, $0.name) }) { $1 },
            floorBytes: payload.floorBytes, fileBytesMax: payload.fileBytesMax)
    }
}
