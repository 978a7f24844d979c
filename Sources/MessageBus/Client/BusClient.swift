package import NIOCore
internal import NIOPosix
internal import OrderedCollections
package import TradingModel

/// A connection to the broker that makes itself again when it breaks.
///
/// Confined to its event loop: every method, property and callback is to be used there, and is checked.
/// Callbacks come without allocation per record. States: `idle` -> `connecting` -> `handshake` ->
/// `confirming` -> `connected`, on a failure `waiting` -> `connecting`, on `close` `closed`, which is final.
/// A client stays alive until it is closed.
package final class BusClient {
    private enum State {
        case idle
        case connecting
        case handshake
        case confirming
        case connected
        case waiting
        case closed
    }

    private struct Confirmation {
        var nonce: UInt64
        var completions: [() -> Void]
    }

    /// The loop that this client is confined to.
    package let eventLoop: any EventLoop
    /// Who is told; held until the client is closed and has said so.
    ///
    /// Neither this nor the client itself is ever referenced weakly: an object that was has a side table,
    /// which made every retain on the way of a record several times slower.
    package private(set) var delegate: (any BusClientDelegate)?
    package var marketDataReader: (any MarketDataReader)?
    /// Called when there is room again after `.full` was answered.
    package var onWritable: (() -> Void)?
    /// What the broker said when it welcomed this client last.
    package private(set) var welcome: Welcome?

    private let socketPath: String
    private let hello: Hello
    private var state = State.idle
    private var channel: (any Channel)?
    private var connection: ClientConnection?
    /// Whether each pattern conflates, in the order they were asked for.
    private var subscriptions: OrderedDictionary<TopicPattern, Bool> = [:]
    private var confirmations: [Confirmation] = []
    private var lastNonce: UInt64 = 0
    private var backoff: ReconnectBackoff
    private var timer: Scheduled<Void>?
    private var outbound = ByteBuffer()
    private let pool = ChunkPool()
    private var isFlushScheduled = false
    private var wasFull = false
    private var farewell: BusError?
    private var reportedFailure: BusError.Code?
    private let aligned = AlignedRecords()
    /// What this client sent, and whether all of what it receives is there.
    private let sentCounts = TokenTable()
    private var continuity = ContinuityCheck()

    /// Makes a client that is not connected yet; may be called anywhere.
    ///
    /// - Parameters:
    ///   - socketPath: the broker's socket.
    ///   - identity: the strategy id, feed name, or what else names this process; at most
    ///     `Limits.identityBytesMax` bytes.
    ///   - token: the bus token; may be empty for an observer. At most `Limits.tokenBytesMax` bytes.
    ///   - seed: of the reconnect jitter; derived from the identity and the process id unless given.
    package init(
        socketPath: String, role: BusRole, identity: String, token: [UInt8] = [], eventLoop: any EventLoop,
        delegate: (any BusClientDelegate)?, seed: UInt64? = nil
    ) {
        precondition(token.count <= Limits.tokenBytesMax, "a bus token is too long")
        precondition(identity.utf8.count <= Limits.identityBytesMax, "an identity is too long")
        self.socketPath = socketPath
        self.eventLoop = eventLoop
        self.delegate = delegate
        hello = Hello(role: role, processID: CurrentProcess.id, identity: identity, token: token)
        let derived = UInt64(InstrumentToken(symbol: identity).rawValue) << 32 | UInt64(CurrentProcess.id)
        backoff = ReconnectBackoff(seed: seed ?? derived)
    }

    /// Whether the broker confirmed the subscriptions.
    package var isConnected: Bool { state == .connected }

    /// Bytes taken for sending and not yet handed to the socket.
    package var unflushedByteCount: Int { outbound.readableBytes }

    private var isOpen: Bool { state == .connected || state == .confirming }
}

// MARK: - Connecting

extension BusClient {
    /// Connects, and keeps connecting after every failure, until `close`. Does nothing when it already does.
    package func connect() {
        eventLoop.preconditionInEventLoop()
        guard state == .idle else { return }
        startAttempt()
    }

    /// Writes what is queued and a goodbye, and ends for good. The delegate hears `didDisconnect(nil)` once
    /// it is written and the socket is closed, if there was a connection.
    ///
    /// - Parameter isPatient: whether it waits for as long as the broker takes to read what is queued, instead of
    ///   `Limits.lingerSeconds`.
    package func close(reason: String = "", isPatient: Bool = false) {
        eventLoop.preconditionInEventLoop()
        let wasOpen = isOpen
        guard state != .closed else { return }
        state = .closed
        timer?.cancel()
        confirmations = []
        guard let channel else {
            if connection == nil { letGo() }
            return
        }
        guard wasOpen else {
            channel.close(promise: nil)
            return
        }
        outbound.writeReason(.goodbye, BusError(.closed, reason))
        let last = outbound
        outbound = ByteBuffer()
        channel.writeAndFlush(last).whenComplete { _ in channel.close(promise: nil) }
        if !isPatient { setDeadline(seconds: Limits.lingerSeconds) }
    }

    /// Ends the references that a closed client needs no more.
    private func letGo() {
        delegate = nil
        marketDataReader = nil
        onWritable = nil
    }

    private func startAttempt() {
        state = .connecting
        farewell = nil
        do throws(BusError) {
            _ = try SocketPath(socketPath)
        } catch {
            attemptFailed(error)
            return
        }
        let connection = ClientConnection(client: self)
        self.connection = connection
        let handler = NIOLoopBound(connection, eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .withBusOptions()
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
            .connect(unixDomainSocketPath: socketPath).assumeIsolated().whenFailure { [self] error in
                guard self.connection === connection else { return }
                connection.detach()
                self.connection = nil
                attemptFailed(
                    BusError(
                        .connectFailed, "nobody answers on \(socketPath); is the broker running?",
                        systemErrorNumber: (error as? IOError)?.errnoCode))
            }
    }

    private func attemptFailed(_ error: BusError) {
        channel = nil
        guard state != .closed else {
            letGo()
            return
        }
        let wasConnected = state == .connected
        state = .waiting
        if wasConnected || reportedFailure != error.code {
            reportedFailure = error.code
            delegate?.busClient(self, didDisconnect: error)
        }
        // The delegate may have closed this client.
        guard state == .waiting else { return }
        timer?.cancel()
        let wait = TimeAmount.milliseconds(backoff.nextMilliseconds())
        timer = eventLoop.assumeIsolated().scheduleTask(in: wait) { [self] in
            if state == .waiting { startAttempt() }
        }
    }

    func connectionDidOpen(_ connection: ClientConnection, channel: any Channel) {
        guard state == .connecting, self.connection === connection else {
            channel.close(promise: nil)
            return
        }
        self.channel = channel
        state = .handshake
        outbound.clear()
        outbound.writeHello(hello)
        flush()
        setDeadline(seconds: Limits.handshakeSeconds)
    }

    /// Gives the connection up unless something cancels this.
    private func setDeadline(seconds: Int64) {
        timer?.cancel()
        guard let channel else { return }
        timer = eventLoop.scheduleTask(in: .seconds(seconds)) { channel.close(promise: nil) }
    }

    func connectionDidClose(_ connection: ClientConnection, failure: BusError?) {
        guard self.connection === connection else { return }
        self.connection = nil
        channel = nil
        outbound.clear()
        timer?.cancel()
        if state == .closed {
            delegate?.busClient(self, didDisconnect: nil)
            letGo()
        } else {
            // Subscriptions still unconfirmed are confirmed with the next connection.
            let fallback = BusError(.connectionLost, "the broker on \(socketPath) closed the connection")
            attemptFailed(farewell ?? failure ?? fallback)
        }
    }

    func connectionDidFinishReadBatch() {
        marketDataReader?.marketDataDidEndBatch()
        flush()
    }

    func connectionDidBecomeWritable() {
        flush()
        guard wasFull, outbound.readableBytes <= Limits.clientQueueBytesMax / 2 else { return }
        wasFull = false
        // Not at once: this may run inside a send of the very caller who is to be told.
        eventLoop.assumeIsolated().execute { [self] in onWritable?() }
    }
}

// MARK: - Receiving

extension BusClient {
    func receive(_ frame: Frame) throws(BusError) {
        switch frame.header.type {
        case .records:
            let isCounted = frame.header.flags & FrameHeader.countedFlag != 0
            receiveRecords(try RecordsPrefix(checkingLengthOf: frame.payload), frame.payload, isCounted)
        case .message:
            let message = try TopicMessage(parsing: frame.payload)
            delegate?.busClient(self, didReceive: ByteBuffer(bytes: message.content), topic: message.topic)
        case .gap:
            let gap = try BusGap(parsing: frame.payload)
            continuity.announce(gap)
            marketDataReader?.marketData(didMiss: gap)
        case .welcome:
            guard state == .handshake else { throw BusError(.unexpectedFrame, "a second welcome") }
            welcome = try Welcome(parsing: frame.payload)
            continuity.beginConnection()
            state = .confirming
            setDeadline(seconds: Limits.confirmationSeconds)
            confirmSubscriptions()
        case .pong: receivePong(frame.payload)
        case .error: receiveError(try ReasonPayload.parse(frame.payload))
        case .goodbye: farewell = try ReasonPayload.parse(frame.payload)
        default: throw BusError(.unexpectedFrame, "a client does not take \(frame.header.type) frames")
        }
    }

    private func receiveRecords(
        _ prefix: RecordsPrefix, _ payload: UnsafeRawBufferPointer, _ isCounted: Bool
    ) {
        guard let marketDataReader, let base = payload.baseAddress else { return }
        let token = InstrumentToken(prefix.token)
        let records = aligned.records(at: base + RecordsPrefix.byteCount, count: prefix.recordCount)
        if isCounted {
            let missing = continuity.missing(
                before: prefix, firstSequence: records[0].sequence,
                lastSequence: records[records.count - 1].sequence)
            if missing > 0 {
                marketDataReader.marketData(
                    didMiss: BusGap(
                        firstToken: token, lastToken: token, droppedCount: missing, source: prefix.source,
                        cause: .lost))
            }
        }
        marketDataReader.marketData(didReceive: records, feed: prefix.source)
    }

    private func receivePong(_ payload: UnsafeRawBufferPointer) {
        guard payload.count == 8 else { return }
        let nonce = UInt64(littleEndian: payload.loadUnaligned(as: UInt64.self))
        while let first = confirmations.first, first.nonce <= nonce {
            confirmations.removeFirst()
            if state == .confirming {
                state = .connected
                timer?.cancel()
                backoff.reset()
                reportedFailure = nil
                delegate?.busClientDidConnect(self)
            }
            for completion in first.completions { completion() }
        }
    }

    private func receiveError(_ error: BusError) {
        let isRefusal =
            error.code == .notPermitted || error.code == .invalidTopic || error.code == .limitReached
        if isRefusal, isOpen { delegate?.busClient(self, didRefuse: error) } else { farewell = error }
    }
}

// MARK: - Subscribing

extension BusClient {
    /// Asks for topics, now and after every reconnect.
    ///
    /// - Parameters:
    ///   - conflate: whether at the bound the latest quotes are kept instead of the newest records; applies
    ///     to all market data of this connection, as the last such call says.
    ///   - completion: called once the broker has confirmed; never after `close`.
    package func subscribe(
        _ patterns: [TopicPattern], conflate: Bool = false, completion: (() -> Void)? = nil
    ) {
        eventLoop.preconditionInEventLoop()
        guard state != .closed else { return }
        if patterns.contains(where: \.mayMatchLiveData) { continuity.forgetTokens() }
        for pattern in patterns {
            subscriptions[pattern] = conflate
        }
        if isOpen { outbound.writeSubscribe(patterns, isConflating: conflate) }
        if let completion { confirm([completion]) }
        scheduleFlush()
    }

    /// Gives topics up.
    package func unsubscribe(_ patterns: [TopicPattern]) {
        eventLoop.preconditionInEventLoop()
        let removed = Set(patterns)
        subscriptions.removeAll { removed.contains($0.key) }
        if isOpen {
            outbound.writeUnsubscribe(patterns)
            scheduleFlush()
        }
    }

    /// Sends all subscriptions of a new connection, and a ping behind them.
    private func confirmSubscriptions() {
        let all = subscriptions.elements
        var start = 0
        while start < all.count {
            let isConflating = all[start].value
            let end = all[start...].firstIndex { $0.value != isConflating } ?? all.count
            outbound.writeSubscribe(all[start..<end].map(\.key), isConflating: isConflating)
            start = end
        }
        let waiting = confirmations.flatMap(\.completions)
        confirmations = []
        confirm(waiting)
        flush()
    }

    /// Remembers completions until the pong of a ping sent now (or with the next connection).
    private func confirm(_ completions: [() -> Void]) {
        lastNonce += 1
        confirmations.append(Confirmation(nonce: lastNonce, completions: completions))
        if isOpen {
            outbound.writePing(.ping, echo: withUnsafeBytes(of: lastNonce.littleEndian) { [UInt8]($0) })
        }
    }
}

// MARK: - Sending

extension BusClient {
    /// Publishes a message on a control topic; traps when topic and payload do not fit a frame.
    package func publish(_ topic: Topic, _ payload: ByteBuffer) -> SendResult {
        publish(topic, content: payload.readableBytesView)
    }

    /// Publishes a message on a control topic; traps when topic and payload do not fit a frame.
    package func publish(_ topic: Topic, _ payload: [UInt8]) -> SendResult {
        publish(topic, content: payload)
    }

    /// Sends records, split into frames of one token each, in their order; taken whole or not at all.
    ///
    /// - Parameters:
    ///   - source: the feed's number.
    ///   - lossless: whether the broker has to wait for slow subscribers instead of dropping.
    package func sendRecords(
        _ records: UnsafeBufferPointer<MarketEvent>, source: UInt16, lossless: Bool
    ) -> SendResult {
        eventLoop.preconditionInEventLoop()
        guard isOpen else { return .closed }
        guard hasRoom() else { return .full }
        guard !records.isEmpty else { return .sent }
        RecordsWriter.write(
            records, source: source, isLossless: lossless, counts: sentCounts, into: &outbound)
        didQueue()
        return .sent
    }

    /// Sends records of one token in a feed's name beside the feed itself; they are not counted, and must have no sequence.
    package func sendUncounted(_ records: UnsafeBufferPointer<MarketEvent>, source: UInt16) -> SendResult {
        eventLoop.preconditionInEventLoop()
        guard isOpen else { return .closed }
        guard hasRoom() else { return .full }
        guard !records.isEmpty else { return .sent }
        outbound.writeRecords(records, source: source, isLossless: false, ordinal: nil)
        didQueue()
        return .sent
    }

    /// Hands what is queued to the socket. Happens by itself at the end of a read batch, of the current turn
    /// of the event loop, and at `Limits.clientFlushBytes`.
    package func flush() {
        guard let channel, outbound.readableBytes > 0, channel.isWritable else { return }
        let buffer = outbound
        outbound = pool.take(minimumCapacity: 4_096)
        channel.writeAndFlush(buffer, promise: nil)
        pool.give(buffer)
    }

    private func publish(_ topic: Topic, content: some Collection<UInt8>) -> SendResult {
        eventLoop.preconditionInEventLoop()
        precondition(
            content.count + topic.text.utf8.count + 2 <= Limits.framePayloadBytesMax, "a message is too long")
        guard isOpen else { return .closed }
        guard hasRoom() else { return .full }
        outbound.writeTopicFrame(.publish, topic: topic.text, content: content)
        didQueue()
        return .sent
    }

    private func hasRoom() -> Bool {
        guard outbound.readableBytes >= Limits.clientQueueBytesMax else { return true }
        flush()
        wasFull = outbound.readableBytes >= Limits.clientQueueBytesMax
        return !wasFull
    }

    private func didQueue() {
        if outbound.readableBytes >= Limits.clientFlushBytes { flush() } else { scheduleFlush() }
    }

    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        eventLoop.assumeIsolated().execute { [self] in
            isFlushScheduled = false
            flush()
        }
    }
}

@available(*, unavailable)
extension BusClient: Sendable {}
