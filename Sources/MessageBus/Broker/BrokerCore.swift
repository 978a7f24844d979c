internal import NIOCore
internal import TradingModel

/// The broker's state and decisions: who is connected, who gets what, what is retained.
///
/// Confined to one event loop. Records frames are forwarded as the bytes they came in: neighbouring frames
/// with the same subscribers are gathered into a run, and each subscriber gets a run with one copy.
final class BrokerCore {
    let limits: BrokerLimits
    let pool = ChunkPool()
    private let key: BusKey?
    private var reports: ReportLimiter
    private var connections: [Int: BrokerConnection] = [:]
    private var lastNumber = 0
    private var subscriptions = SubscriptionTable()
    private var routes = RouteTable()
    private var retained = RetainedMessages()
    private var dirty: [BrokerConnection] = []
    private var run: Run?
    private var totals = BrokerStatistics.Totals()
    private let startTime: NIODeadline
    private var isStopping = false
    private var stopWaiters: [EventLoopPromise<Void>] = []

    /// Neighbouring records frames with the same subscribers.
    private struct Run {
        var route: Int
        var isLossless: Bool
        var source: BrokerConnection
        var start: UnsafeRawPointer
        var byteCount: Int
        var recordCount: Int
    }

    init(key: BusKey?, limits: BrokerLimits, report: @escaping (String) -> Void) {
        self.key = key
        self.limits = limits
        reports = ReportLimiter(perInterval: Limits.reportsPerSecondMax, report: report)
        startTime = .now()
    }

    /// Connections, those in handshake included.
    var connectionCount: Int { connections.count }

    /// Makes the handler of an accepted socket.
    func makeConnection() -> BrokerConnection {
        lastNumber += 1
        return BrokerConnection(number: lastNumber, core: self)
    }

    func add(_ connection: BrokerConnection) {
        connections[connection.number] = connection
        totals.connectionsAccepted += 1
        if isStopping { connection.close(.goodbye, BusError(.shuttingDown, "the broker is stopping")) }
    }

    func remove(_ connection: BrokerConnection) {
        forgetSubscriptions(of: connection)
        totals.recordsDropped += connection.droppedRecordCount
        connections[connection.number] = nil
        if isStopping, connections.isEmpty { finishStopping() }
    }

    func forgetSubscriptions(of connection: BrokerConnection) {
        guard !connection.patterns.isEmpty else { return }
        endRun()
        // Removal commutes, so the set's order does not show.
        for pattern in connection.patterns { subscriptions.remove(pattern, connection: connection.number) }
        connection.patterns = []
        routes.removeAll()
    }

    func markDirty(_ connection: BrokerConnection) {
        guard !connection.isDirty else { return }
        connection.isDirty = true
        dirty.append(connection)
    }

    /// Says goodbye to everyone; the future is done once all connections are gone.
    func stop(_ promise: EventLoopPromise<Void>) {
        isStopping = true
        stopWaiters.append(promise)
        for connection in sortedConnections() {
            connection.close(.goodbye, BusError(.shuttingDown, "the broker is stopping"))
        }
        if connections.isEmpty { finishStopping() }
    }

    private func finishStopping() {
        let waiters = stopWaiters
        stopWaiters = []
        for waiter in waiters { waiter.succeed(()) }
    }

    private func sortedConnections() -> [BrokerConnection] {
        connections.values.sorted { $0.number < $1.number }
    }
}

// MARK: - Frames

extension BrokerCore {
    /// Acts on one frame; what is thrown ends the connection.
    func receive(_ frame: Frame, from connection: BrokerConnection) throws(BusError) {
        connection.counters.framesIn += 1
        if frame.header.type == .records, connection.phase == .open {
            try receiveRecords(frame, from: connection)
            return
        }
        endRun()
        guard connection.phase == .open else {
            guard frame.header.type == .hello else {
                throw BusError(.helloExpected, "the first frame must be hello, not \(frame.header.type)")
            }
            try receiveHello(frame, from: connection)
            return
        }
        switch frame.header.type {
        case .subscribe: try subscribe(frame, from: connection)
        case .unsubscribe: try unsubscribe(frame, from: connection)
        case .publish: try publish(frame, from: connection)
        case .ping: try answerPing(frame, from: connection)
        case .goodbye:
            let reason = try ReasonPayload.parse(frame.payload)
            connection.close(.goodbye, BusError(.closed, reason.context))
        default: throw BusError(.unexpectedFrame, "a broker does not take \(frame.header.type) frames here")
        }
    }

    /// Copies the run in progress to its subscribers. Must be called before the run's memory or the routes
    /// change.
    func endRun() {
        guard let run else { return }
        self.run = nil
        let bytes = UnsafeRawBufferPointer(start: run.start, count: run.byteCount)
        let subscribers = routes.routes[run.route]
        for subscriber in subscribers {
            if run.isLossless { subscriber.lastLosslessSource = run.source.number }
            subscriber.counters.recordsOut += UInt64(run.recordCount)
            subscriber.enqueue(bytes, as: run.isLossless ? .lossless : .marketData)
            markDirty(subscriber)
        }
        totals.recordDeliveries += UInt64(run.recordCount * subscribers.count)
    }

    /// Writes what a read batch queued, once per subscriber, and holds the feed up where its lossless data
    /// piles up.
    func endBatch(of connection: BrokerConnection) {
        guard !dirty.isEmpty else { return }
        let batch = dirty
        dirty.removeAll(keepingCapacity: true)
        for subscriber in batch {
            subscriber.isDirty = false
            subscriber.drain()
            if subscriber.lastLosslessSource == connection.number { subscriber.holdIfBehind(connection) }
        }
    }

    private func receiveRecords(_ frame: Frame, from connection: BrokerConnection) throws(BusError) {
        let prefix = try RecordsPrefix(parsing: frame.payload)
        guard connection.hello?.role.maySendRecords == true else {
            endRun()
            connection.refuse(
                BusError(.notPermitted, "the role \(connection.hello?.role.name ?? "") may not send records"))
            return
        }
        connection.counters.recordsIn += UInt64(prefix.recordCount)
        totals.recordsIn += UInt64(prefix.recordCount)
        if routes.isFull {
            endRun()
            routes.removeAll()
        }
        let route = routes.route(
            of: prefix.token, resolve: { subscriptions.subscribers(ofToken: $0) },
            connection: { connections[$0] })
        let isLossless = frame.header.flags & FrameHeader.losslessFlag != 0
        // A frame always has a base address: it has at least a header.
        guard let start = frame.bytes.baseAddress else { return }
        if let run, run.route == route, run.isLossless == isLossless, run.start + run.byteCount == start,
            run.byteCount + frame.bytes.count <= Limits.chunkBytes
        {
            self.run?.byteCount += frame.bytes.count
            self.run?.recordCount += prefix.recordCount
        } else {
            endRun()
            run = Run(
                route: route, isLossless: isLossless, source: connection, start: start,
                byteCount: frame.bytes.count, recordCount: prefix.recordCount)
        }
        if frame.isInDecoderMemory { endRun() }
    }

    private func receiveHello(_ frame: Frame, from connection: BrokerConnection) throws(BusError) {
        let hello = try Hello(parsing: frame.payload)
        guard hello.role == .observer || key?.admits(hello) ?? true else {
            throw BusError(
                .tokenRefused,
                "the bus token does not admit the \(hello.role.name) '\(hello.identity)' (process \(hello.processID))"
            )
        }
        connection.open(hello)
        let welcome = Welcome(
            brokerProcessID: CurrentProcess.id, session: UInt64(connection.number), limits: limits)
        connection.enqueueControl { $0.writeWelcome(welcome) }
        markDirty(connection)
    }

    private func answerPing(_ frame: Frame, from connection: BrokerConnection) throws(BusError) {
        guard frame.payload.count <= Limits.pingBytesMax else {
            throw BusError(.malformedFrame, "a ping has at most \(Limits.pingBytesMax) bytes")
        }
        connection.enqueueControl { $0.writePing(.pong, echo: frame.payload) }
        markDirty(connection)
    }
}

// MARK: - Subscriptions and messages

extension BrokerCore {
    private func subscribe(_ frame: Frame, from connection: BrokerConnection) throws(BusError) {
        let request = try SubscriptionRequest(parsing: frame.payload)
        markDirty(connection)
        for text in request.patterns {
            guard let pattern = TopicPattern(text) else {
                connection.refuse(BusError(.invalidTopic, "there is no topic or pattern \(text)"))
                continue
            }
            guard connection.patterns.count < Limits.patternsPerConnectionMax else {
                connection.refuse(
                    BusError(
                        .limitReached,
                        "\(text): a connection has at most \(Limits.patternsPerConnectionMax) patterns"))
                continue
            }
            guard connection.phase == .open else { return }
            if connection.patterns.insert(pattern).inserted {
                subscriptions.add(pattern, connection: connection.number)
            }
            if pattern.mayMatchLiveData {
                connection.isConflating = request.isConflating
                routes.removeAll()
            }
            if pattern.matches(Topic.busStatus.text) { keepStatus() }
            for message in retained.matching(pattern) {
                connection.counters.messagesOut += 1
                connection.enqueueRetained(message)
            }
        }
    }

    private func unsubscribe(_ frame: Frame, from connection: BrokerConnection) throws(BusError) {
        for text in try SubscriptionRequest(parsing: frame.payload).patterns {
            guard let pattern = TopicPattern(text), connection.patterns.remove(pattern) != nil else {
                continue
            }
            subscriptions.remove(pattern, connection: connection.number)
            if pattern.mayMatchLiveData { routes.removeAll() }
        }
    }

    private func publish(_ frame: Frame, from connection: BrokerConnection) throws(BusError) {
        let text = try TopicMessage(parsing: frame.payload).topic
        guard let hello = connection.hello else { return }
        guard let topic = Topic(text) else {
            connection.refuse(BusError(.invalidTopic, "there is no topic \(text)"))
            return
        }
        guard hello.role.mayPublish(topic, identity: hello.identity) else {
            connection.refuse(
                BusError(
                    .notPermitted, "\(text): the \(hello.role.name) \(hello.identity) may not publish there"))
            return
        }
        totals.messagesIn += 1
        var message = ByteBufferAllocator().buffer(capacity: frame.bytes.count)
        message.writeHeader(.message, payloadByteCount: frame.payload.count)
        message.writeBytes(frame.payload)
        deliver(message, topic: topic)
    }

    private func deliver(_ message: ByteBuffer, topic: Topic) {
        let text = topic.text
        if topic.isRetained { retained.keep(message, topic: text) }
        for number in subscriptions.subscribers(ofTopic: text) {
            guard let subscriber = connections[number] else { continue }
            subscriber.counters.messagesOut += 1
            totals.messageDeliveries += 1
            subscriber.enqueueControl(message)
            markDirty(subscriber)
        }
    }
}

// MARK: - Statistics

extension BrokerCore {
    /// The counters as they are now.
    var statistics: BrokerStatistics {
        var totals = totals
        let open = sortedConnections()
        totals.connections = open.count
        totals.retainedTopics = retained.count
        totals.retainedBytes = retained.byteCount
        totals.retainedRefused = retained.refusedCount
        for connection in open { totals.recordsDropped += connection.droppedRecordCount }
        totals.queueBytes = open.reduce(0) { $0 + $1.queuedBytes.total }
        return BrokerStatistics(
            processID: CurrentProcess.id,
            uptimeMilliseconds: (NIODeadline.now() - startTime).nanoseconds / 1_000_000,
            totals: totals, connections: open.map(\.statistics))
    }

    /// Once a second: what was not reported, and the counters when somebody listens.
    func tick() {
        reports.beginInterval()
        publishStatus()
    }

    /// Tells the operator, within bounds.
    func report(_ line: @autoclosure () -> String) { reports.report(line()) }

    private func publishStatus() {
        guard !isStopping, !subscriptions.subscribers(ofTopic: Topic.busStatus.text).isEmpty else { return }
        deliver(statusMessage(), topic: .busStatus)
        let batch = dirty
        dirty.removeAll(keepingCapacity: true)
        for subscriber in batch {
            subscriber.isDirty = false
            subscriber.drain()
        }
    }

    /// Refreshes the retained status before a new subscriber gets it.
    private func keepStatus() { retained.keep(statusMessage(), topic: Topic.busStatus.text) }

    private func statusMessage() -> ByteBuffer {
        var statistics = statistics
        // Keeps the frame within its limit however many connections there are.
        if statistics.connections.count > BrokerStatistics.publishedConnectionsMax {
            statistics.connections.removeLast(
                statistics.connections.count - BrokerStatistics.publishedConnectionsMax)
        }
        var message = ByteBuffer()
        message.writeTopicFrame(.message, topic: Topic.busStatus.text, content: statistics.encoded())
        return message
    }
}

extension BrokerConnection {
    fileprivate var statistics: BrokerStatistics.Connection {
        BrokerStatistics.Connection(
            session: UInt64(number), role: hello?.role.name ?? "", identity: hello?.identity ?? "",
            processID: hello?.processID ?? 0, patterns: patterns.count, framesIn: counters.framesIn,
            recordsIn: counters.recordsIn, recordsOut: counters.recordsOut, messagesOut: counters.messagesOut,
            recordsDropped: droppedRecordCount, refused: counters.refusedCount, queueBytes: queuedBytes.total)
    }
}

@available(*, unavailable)
extension BrokerCore: Sendable {}
