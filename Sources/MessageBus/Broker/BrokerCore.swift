internal import NIOCore
internal import TradingModel

/// The broker's state and decisions: who is connected, who gets what, what is retained.
///
/// Confined to one event loop. Records frames are forwarded as the bytes they came in: a read of a publisher is cut
/// into runs of neighbouring frames with the same subscribers, each subscriber notes its pieces, and at the end of the
/// read it gets them with one copy, or with none where it gets the whole of a large read.
final class BrokerCore {
    let limits: BrokerLimits
    let pool = ChunkPool()
    private let key: BusKey?
    private let clock: () -> Timestamp
    private var reports: ReportLimiter
    private var connections: [Int: BrokerConnection] = [:]
    private var lastNumber = 0
    private var subscriptions = SubscriptionTable()
    private let routes = RouteTable()
    private var retained = RetainedMessages()
    private var dirty: [BrokerConnection] = []
    private var isWriting = false
    /// The memory of the read in progress.
    private(set) var readBase: UnsafeRawPointer?
    /// What came up in the middle of a read.
    private var postponed: [() -> Void] = []
    private var totals = BrokerStatistics.Totals()
    private let startTime: NIODeadline
    private var statusIsFreshUntil = NIODeadline.uptimeNanoseconds(0)
    private var isStopping = false
    private var stopWaiters: [EventLoopPromise<Void>] = []

    init(
        key: BusKey?, limits: BrokerLimits, clock: @escaping () -> Timestamp,
        report: @escaping (String) -> Void
    ) {
        self.key = key
        self.clock = clock
        self.limits = limits
        reports = ReportLimiter(perInterval: Limits.reportsPerSecondMax, report: report)
        startTime = .now()
    }

    /// Bytes of all retained messages.
    var retainedByteCount: Int { retained.byteCount }

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
        // Removal commutes, so the set's order does not show.
        for pattern in connection.patterns { subscriptions.remove(pattern, connection: connection.number) }
        connection.patterns = []
        connection.wildcardCount = 0
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

    /// Begins a read of a publisher, whose memory stays in place until `endRead`.
    func beginRead(_ bytes: UnsafeRawBufferPointer) { readBase = bytes.baseAddress }

    /// Hands the pieces of the read over to the queues of their subscribers.
    func endRead(_ read: ByteBuffer) {
        for subscriber in dirty where subscriber.pieces.pointee.count > 0 { subscriber.queuePieces(of: read) }
        readBase = nil
        while !postponed.isEmpty {
            let work = postponed
            postponed = []
            for each in work { each() }
        }
    }

    /// Whether a read is in progress.
    ///
    /// A write that fails in the middle of a read makes the channel read what is left of that peer and close, all
    /// before the write returns. The pieces noted so far are places in the memory of the read in progress: no other may
    /// begin, and no batch may end, before they have been handed over.
    var isReading: Bool { readBase != nil }

    /// Does something at the end of the read in progress.
    func postpone(_ work: @escaping () -> Void) { postponed.append(work) }

    /// Forwards the records frames at the front of the input, up to the first frame that is something else, is cut off
    /// or needs a closer look; advances the input past them.
    func forwardRecords(_ input: inout UnsafeRawBufferPointer, from connection: BrokerConnection) {
        guard connection.phase == .open, connection.hello?.role.maySendRecords == true,
            let start = input.baseAddress, let readBase
        else { return }
        if routes.isFull { routes.removeAll() }
        let end = start + input.count
        var position = start
        var run = Run(start: start, route: -1)
        var token: UInt32?
        var frameCount = 0
        var recordCount = 0
        while let frame = RecordsFrame(at: position, before: end) {
            if frame.token != token || frame.isLossless != run.isLossless {
                let route = self.route(of: frame.token)
                if route != run.route || frame.isLossless != run.isLossless {
                    deliver(run, to: position, of: readBase, from: connection)
                    run = Run(start: position, route: route, isLossless: frame.isLossless)
                }
                token = frame.token
            }
            run.recordCount += frame.recordCount
            recordCount += frame.recordCount
            frameCount += 1
            position += frame.byteCount
        }
        guard frameCount > 0 else { return }
        deliver(run, to: position, of: readBase, from: connection)
        connection.counters.framesIn += UInt64(frameCount)
        connection.counters.recordsIn += UInt64(recordCount)
        totals.recordsIn += UInt64(recordCount)
        input = UnsafeRawBufferPointer(rebasing: input[(position - start)...])
    }

    /// Neighbouring records frames with the same subscribers.
    private struct Run {
        var start: UnsafeRawPointer
        var route: Int
        var isLossless = false
        var recordCount = 0
    }

    private func deliver(
        _ run: Run, to end: UnsafeRawPointer, of base: UnsafeRawPointer, from source: BrokerConnection
    ) {
        guard run.recordCount > 0 else { return }
        let subscribers = routes.subscribers(ofRoute: run.route)
        for pieces in subscribers {
            if pieces.pointee.count == 0 {
                // Connections are removed from the routes before they end.
                let subscriber = pieces.pointee.connection.takeUnretainedValue()
                if run.isLossless { subscriber.lastLosslessSource = source.number }
                markDirty(subscriber)
            }
            pieces.pointee.append(
                offset: run.start - base, byteCount: end - run.start, recordCount: run.recordCount,
                isLossless: run.isLossless)
        }
        totals.recordDeliveries += UInt64(run.recordCount * subscribers.count)
    }

    /// Writes what a read batch queued, once per subscriber, and holds the feed up where its lossless data
    /// piles up.
    func endBatch(of connection: BrokerConnection) {
        writeDirty { subscriber in
            if subscriber.lastLosslessSource == connection.number { subscriber.holdIfBehind(connection) }
        }
    }

    private func writeDirty(_ didWrite: (BrokerConnection) -> Void = { _ in }) {
        // A peer that ends while it is written to comes here again; the loop under way takes what that adds.
        guard !isWriting, !dirty.isEmpty else { return }
        isWriting = true
        var index = 0
        while index < dirty.count {
            let subscriber = dirty[index]
            index += 1
            subscriber.isDirty = false
            // The publisher may end in the middle of its read, which then has not been handed over yet.
            subscriber.queuePieces()
            subscriber.drain()
            didWrite(subscriber)
        }
        dirty.removeAll(keepingCapacity: true)
        isWriting = false
    }

    @inline(__always)
    private func route(of token: UInt32) -> Int {
        if let route = routes.cachedRoute(of: token) { return route }
        return slowRoute(of: token)
    }

    @inline(never)
    private func slowRoute(of token: UInt32) -> Int {
        routes.route(
            of: token, resolve: { subscriptions.subscribers(ofToken: $0) }, connection: { connections[$0] })
    }

    /// Forwards one records frame that the fast path left: cut by the end of a read, or wrong.
    private func receiveRecords(_ frame: Frame, from connection: BrokerConnection) throws(BusError) {
        let prefix = try RecordsPrefix(parsing: frame.payload)
        guard connection.hello?.role.maySendRecords == true else {
            connection.refuse(
                BusError(.notPermitted, "the role \(connection.hello?.role.name ?? "") may not send records"))
            return
        }
        connection.counters.recordsIn += UInt64(prefix.recordCount)
        totals.recordsIn += UInt64(prefix.recordCount)
        let isLossless = frame.header.flags & FrameHeader.losslessFlag != 0
        if routes.isFull { routes.removeAll() }
        let subscribers = routes.subscribers(ofRoute: route(of: prefix.token))
        for pieces in subscribers {
            let subscriber = pieces.pointee.connection.takeUnretainedValue()
            if isLossless { subscriber.lastLosslessSource = connection.number }
            subscriber.enqueue(frame.bytes, as: isLossless ? .lossless : .marketData)
            pieces.pointee.add(recordCount: prefix.recordCount)
            markDirty(subscriber)
        }
        totals.recordDeliveries += UInt64(prefix.recordCount * subscribers.count)
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
            guard connection.hasRoom(for: pattern) else {
                connection.refuse(
                    BusError(
                        .limitReached,
                        "\(text): a connection has at most \(Limits.patternsPerConnectionMax) patterns, "
                            + "\(Limits.wildcardsPerConnectionMax) of them with a *"))
                continue
            }
            guard connection.phase == .open else { return }
            if connection.patterns.insert(pattern).inserted {
                subscriptions.add(pattern, connection: connection.number)
                if pattern.isWildcard { connection.wildcardCount += 1 }
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
            if pattern.isWildcard { connection.wildcardCount -= 1 }
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
        for connection in sortedConnections() {
            connection.checkUnfinishedFrame()
            announceDrops(of: connection)
        }
        publishStatus()
    }

    /// Tells everybody on `strategy:health`, and the operator, what was dropped since the last tick.
    private func announceDrops(of connection: BrokerConnection) {
        let total = connection.droppedRecordCount
        let dropped = total - connection.counters.announcedDropCount
        guard dropped > 0, let hello = connection.hello else { return }
        connection.counters.announcedDropCount = total
        report("\(connection.name) reads too slowly: \(dropped) records dropped, \(total) since it connected")
        let payload = RecordsDroppedPayload(
            session: UInt64(connection.number), role: hello.role.name, identity: hello.identity,
            processID: hello.processID, dropped: dropped, droppedTotal: total,
            queueBytes: connection.queuedBytes.total, time: clock())
        var message = ByteBuffer()
        message.writeTopicFrame(.message, topic: Topic.health.text, content: payload.encoded())
        deliver(message, topic: .health)
    }

    /// Tells the operator, within bounds.
    func report(_ line: @autoclosure () -> String) { reports.report(line()) }

    private func publishStatus() {
        if !isStopping, !subscriptions.subscribers(ofTopic: Topic.busStatus.text).isEmpty {
            deliver(statusMessage(), topic: .busStatus)
        }
        writeDirty()
    }

    /// Refreshes the retained status before a new subscriber gets it, unless it is fresh.
    private func keepStatus() {
        let now = NIODeadline.now()
        guard now >= statusIsFreshUntil else { return }
        statusIsFreshUntil = now + .milliseconds(Limits.statusMillisecondsMin)
        retained.keep(statusMessage(), topic: Topic.busStatus.text)
    }

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
    fileprivate func hasRoom(for pattern: TopicPattern) -> Bool {
        if patterns.contains(pattern) { return true }
        return patterns.count < Limits.patternsPerConnectionMax
            && (!pattern.isWildcard || wildcardCount < Limits.wildcardsPerConnectionMax)
    }

    fileprivate var statistics: BrokerStatistics.Connection {
        BrokerStatistics.Connection(
            session: UInt64(number), role: hello?.role.name ?? "", identity: hello?.identity ?? "",
            processID: hello?.processID ?? 0, patterns: patterns.count, framesIn: counters.framesIn,
            recordsIn: counters.recordsIn, recordsOut: pieces.pointee.recordCount,
            messagesOut: counters.messagesOut,
            recordsDropped: droppedRecordCount, refused: counters.refusedCount, queueBytes: queuedBytes.total)
    }
}

@available(*, unavailable)
extension BrokerCore: Sendable {}
