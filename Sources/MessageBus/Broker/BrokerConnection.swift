internal import CPlatform
internal import NIOCore
internal import TradingModel

/// One peer of the broker: its socket, its decoder, what it subscribed to and what waits to be written to it.
///
/// States: `handshake` (hello expected) -> `open` -> `closing` (goodbye or error is being written, input is
/// discarded) -> `closed`. Confined to the broker's event loop.
final class BrokerConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        case handshake
        case open
        case closing
        case closed
    }

    /// The broker's count of its connections, from 1.
    let number: Int
    private(set) var phase = Phase.handshake
    /// What the peer said it is; `nil` during the handshake.
    var hello: Hello?
    /// Kept to remove the subscriptions, and to count them; never iterated where order matters.
    var patterns: Set<TopicPattern> = []
    /// Whether the peer asked for conflation of its market data.
    var isConflating = false
    /// Whether this connection is in the broker's list of queues to write at the end of the batch.
    var isDirty = false
    /// The feed whose lossless records reached this subscriber last.
    var lastLosslessSource = 0
    var counters = ConnectionCounters()

    private let core: BrokerCore
    private let decoder = FrameDecoder()
    private var queue: OutboundQueue
    private var context: ChannelHandlerContext?
    private var isDraining = false
    private var controlAllowance = 0
    private var conflationThreshold: Int
    private var heldFeeds: [BrokerConnection] = []
    private var holdCount = 0
    private var hasHeldRead = false
    private var deadline: Scheduled<Void>?
    private var refusalWindow = NIODeadline.distantPast
    private var refusalCount = 0

    init(number: Int, core: BrokerCore) {
        self.number = number
        self.core = core
        queue = OutboundQueue(pool: core.pool)
        conflationThreshold = core.limits.conflatedQueueBytesMax
    }

    /// Bytes queued and not yet handed to the socket.
    var queuedBytes: OutboundQueue.ByteCounts { queue.bytes }
    /// Records dropped because the peer read too slowly.
    var droppedRecordCount: UInt64 { queue.droppedRecordCount }
}

// MARK: - Socket events

extension BrokerConnection {
    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        let peer = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable {
            (socket: NIOBSDSocket.Handle) in
            cplatform_peer_user_id(socket)
        }
        core.add(self)
        setDeadline(seconds: core.limits.handshakeSeconds) { connection in
            connection.close(
                .error,
                BusError(.handshakeTimeout, "no hello within \(connection.core.limits.handshakeSeconds) s"))
        }
        if peer != CurrentProcess.userID {
            close(.error, BusError(.peerRefused, "the broker serves only processes of its own user"))
        } else if core.connectionCount > Limits.connectionsMax {
            close(
                .error, BusError(.limitReached, "the broker has \(Limits.connectionsMax) connections already")
            )
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        deadline?.cancel()
        queue.removeAll()
        releaseFeeds()
        core.remove(self)
        // The end may come in the middle of a batch; what this peer sent before it still reaches its
        // subscribers.
        core.endBatch(of: self)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        buffer.withUnsafeReadableBytes { bytes in
            var input = bytes
            do throws(BusError) {
                while phase == .open || phase == .handshake, let frame = try decoder.next(from: &input) {
                    try core.receive(frame, from: self)
                }
            } catch {
                close(.error, error)
            }
            core.endRun()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        core.endBatch(of: self)
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { drain() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A socket error concerns only this peer, and there is nobody left to explain it to.
        context.close(promise: nil)
    }

    /// Lets the socket be read unless a subscriber holds this feed up.
    func read(context: ChannelHandlerContext) {
        if holdCount > 0, phase == .open { hasHeldRead = true } else { context.read() }
    }
}

// MARK: - Sending

extension BrokerConnection {
    /// Queues whole records frames; at the market-data bound the oldest are dropped and announced.
    func enqueue(_ frames: UnsafeRawBufferPointer, as deliveryClass: OutboundQueue.DeliveryClass) {
        guard phase == .open else { return }
        queue.append(frames, as: deliveryClass)
        let threshold = isConflating ? conflationThreshold : core.limits.marketDataQueueBytesMax
        if queue.bytes.marketData > threshold { relieve() }
    }

    /// Queues one whole control frame; at the control bound the peer is told why and disconnected.
    func enqueueControl(_ frame: ByteBuffer) {
        guard phase == .open || phase == .handshake else { return }
        frame.withUnsafeReadableBytes { queue.append($0, as: .control) }
        checkControlBound()
    }

    /// Queues one control frame that the closure writes.
    func enqueueControl(_ write: (inout ByteBuffer) -> Void) {
        guard phase == .open || phase == .handshake else { return }
        queue.appendControl(write)
        checkControlBound()
    }

    /// Queues a retained message, which the control bound leaves out: the store it comes from has its own.
    func enqueueRetained(_ frame: ByteBuffer) {
        if controlAllowance + frame.readableBytes <= Limits.retainedBytesMax {
            controlAllowance += frame.readableBytes
        }
        enqueueControl(frame)
    }

    /// Writes as much of the queue as the socket takes.
    func drain() {
        guard !isDraining, let context, phase != .closed else { return }
        isDraining = true
        while context.channel.isWritable, let buffer = queue.popFirst() {
            let isLast = phase == .closing && queue.isEmpty
            let promise = isLast ? context.eventLoop.makePromise(of: Void.self) : nil
            promise?.futureResult.assumeIsolated().whenSuccess { [self] in closeOutput() }
            context.write(wrapOutboundOut(buffer), promise: promise)
            context.flush()
            core.pool.give(buffer)
        }
        isDraining = false
        if queue.bytes.control == 0 { controlAllowance = 0 }
        if queue.bytes.marketData == 0 { conflationThreshold = core.limits.conflatedQueueBytesMax }
        if queue.bytes.lossless <= core.limits.losslessQueueBytesLow { releaseFeeds() }
    }

    private func relieve() {
        drain()
        let bound = core.limits.marketDataQueueBytesMax
        if isConflating, queue.bytes.marketData > conflationThreshold {
            queue.conflateMarketData()
            // What survives may itself exceed the bound; conflating it again at once would gain nothing.
            conflationThreshold = max(core.limits.conflatedQueueBytesMax, 2 * queue.bytes.marketData)
        }
        if queue.bytes.marketData > bound { queue.dropMarketData(downTo: bound - bound / 8) }
    }

    private func checkControlBound() {
        let bound = core.limits.controlQueueBytesMax + controlAllowance
        guard queue.bytes.control > bound, phase == .open else { return }
        drain()
        guard queue.bytes.control > bound else { return }
        close(
            .goodbye,
            BusError(
                .slowConsumer,
                "more than \(core.limits.controlQueueBytesMax) bytes of control messages wait for this peer; "
                    + "it must read faster, or subscribe to less"))
    }
}

// MARK: - Lossless feeds

extension BrokerConnection {
    /// Holds a feed up while this subscriber has too much lossless data queued.
    func holdIfBehind(_ feed: BrokerConnection) {
        guard queue.bytes.lossless > core.limits.losslessQueueBytesHigh, phase == .open,
            !heldFeeds.contains(where: { $0 === feed })
        else { return }
        heldFeeds.append(feed)
        feed.holdCount += 1
    }

    private func releaseFeeds() {
        guard !heldFeeds.isEmpty else { return }
        let feeds = heldFeeds
        heldFeeds = []
        for feed in feeds { feed.releaseHold() }
    }

    private func releaseHold() {
        holdCount -= 1
        guard holdCount == 0, hasHeldRead else { return }
        hasHeldRead = false
        context?.read()
    }
}

// MARK: - Phases

extension BrokerConnection {
    /// The handshake is done.
    func open(_ hello: Hello) {
        self.hello = hello
        phase = .open
        deadline?.cancel()
        deadline = nil
    }

    /// What the operator knows the peer by.
    private var name: String {
        guard let hello else { return "connection \(number)" }
        return "connection \(number), \(hello.role.name) '\(hello.identity)', process \(hello.processID)"
    }

    /// Answers a refused publish; too many of them in a second end the connection.
    func refuse(_ error: BusError) {
        counters.refusedCount += 1
        core.report("\(name): \(error)")
        let now = NIODeadline.now()
        if now - refusalWindow > .seconds(1) {
            refusalWindow = now
            refusalCount = 0
        }
        refusalCount += 1
        if refusalCount > Limits.refusalsPerSecondMax {
            close(
                .error,
                BusError(.flooding, "more than \(Limits.refusalsPerSecondMax) refused frames in a second"))
        } else {
            enqueueControl { $0.writeReason(.error, error) }
            core.markDirty(self)
        }
    }

    /// Tells the peer why, discards what else waits for it, and ends the connection: at once when the peer
    /// closes, or after the linger time.
    func close(_ type: FrameType, _ reason: BusError) {
        guard phase == .open || phase == .handshake else { return }
        if reason.code != .closed, reason.code != .shuttingDown { core.report("\(name): \(reason)") }
        phase = .closing
        if reason.code == .slowConsumer { queue.removeAll() }
        queue.appendControl { $0.writeReason(type, reason) }
        releaseFeeds()
        core.forgetSubscriptions(of: self)
        setDeadline(seconds: Limits.lingerSeconds) { $0.closeNow() }
        if holdCount > 0, hasHeldRead {
            hasHeldRead = false
            context?.read()
        }
        drain()
    }

    /// Closes without another word.
    func closeNow() { context?.close(promise: nil) }

    /// Half-closes, so that the peer reads the reason and then the end, and its late writes do not reset the
    /// socket.
    private func closeOutput() { context?.close(mode: .output, promise: nil) }

    private func setDeadline(seconds: Int64, _ action: @escaping (BrokerConnection) -> Void) {
        deadline?.cancel()
        // Strong on purpose: a weak reference would give the connection a side table and slow down every
        // retain when records are handed out. The end of the channel cancels the task.
        deadline = context?.eventLoop.assumeIsolated().scheduleTask(in: .seconds(seconds)) { [self] in
            action(self)
        }
    }
}

@available(*, unavailable)
extension BrokerConnection: Sendable {}

/// What the broker counts for each connection.
struct ConnectionCounters {
    var framesIn: UInt64 = 0
    var recordsIn: UInt64 = 0
    var recordsOut: UInt64 = 0
    var messagesOut: UInt64 = 0
    var refusedCount: UInt64 = 0
}
