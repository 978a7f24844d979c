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
    /// How many of the patterns end in `*`.
    var wildcardCount = 0
    /// Whether this connection is in the broker's list of queues to write at the end of the batch.
    var isDirty = false
    /// The feed whose lossless records reached this subscriber last.
    var lastLosslessSource = 0
    var counters = ConnectionCounters()
    /// What the read in progress holds for this subscriber.
    let pieces = UnsafeMutablePointer<PendingPieces>.allocate(capacity: 1)

    private let core: BrokerCore
    private let decoder = FrameDecoder()
    private var queue: OutboundQueue
    private var context: ChannelHandlerContext?
    /// The socket, for sending; -1 before it is open and once it is closed.
    private var descriptor: Int32 = -1
    /// Whether the channel holds what the socket did not take.
    private var isHandedOver = false
    private var controlAllowance = 0
    private var conflationThreshold: Int
    private var heldFeeds: [BrokerConnection] = []
    private var holdCount = 0
    private var hasHeldRead = false
    private var deadline: Scheduled<Void>?
    private var refusalWindow = NIODeadline.distantPast
    private var refusalCount = 0
    private var frameWatch = FrameWatch()

    init(number: Int, core: BrokerCore) {
        self.number = number
        self.core = core
        queue = OutboundQueue(pool: core.pool)
        conflationThreshold = core.limits.conflatedQueueBytesMax
        pieces.initialize(to: PendingPieces(for: self))
    }

    deinit {
        pieces.pointee.deallocate()
        pieces.deallocate()
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
        // The channel closes the socket on this loop, and says so before anything else can be opened.
        descriptor =
            (try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable {
                (socket: NIOBSDSocket.Handle) in socket
            }) ?? -1
        let peer = descriptor >= 0 ? cplatform_peer_user_id(descriptor) : -1
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
        descriptor = -1
        if core.isReading { core.postpone { [self] in end() } } else { end() }
        context.fireChannelInactive()
    }

    private func end() {
        if phase == .open, decoder.pendingByteCount > 0 {
            core.report("\(name): the peer was gone \(decoder.pendingByteCount) bytes into a frame")
        }
        phase = .closed
        deadline?.cancel()
        pieces.pointee.removeAll()
        queue.removeAll()
        releaseFeeds()
        core.remove(self)
        // The end may come in the middle of a batch; what this peer sent before it still reaches its
        // subscribers.
        core.endBatch(of: self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        if core.isReading { core.postpone { [self] in receive(buffer) } } else { receive(buffer) }
    }

    private func receive(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { bytes in
            var input = bytes
            core.beginRead(bytes)
            do throws(BusError) {
                while phase == .open || phase == .handshake {
                    if decoder.pendingByteCount == 0 { core.forwardRecords(&input, from: self) }
                    guard let frame = try decoder.next(from: &input) else { break }
                    try core.receive(frame, from: self)
                }
            } catch {
                close(.error, error)
            }
            core.endRead(buffer)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !core.isReading { core.endBatch(of: self) }
        context.fireChannelReadComplete()
    }

    /// The peer sends no more, but still reads what is written now.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed else {
            return context.fireUserInboundEventTriggered(event)
        }
        guard phase == .open || phase == .handshake, decoder.pendingByteCount > 0 else { return closeNow() }
        let count = decoder.pendingByteCount
        close(.error, BusError(.malformedFrame, "the stream ended \(count) bytes into a frame"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A socket error concerns only this peer, and there is nobody left to explain it to.
        closeNow()
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
        queuePieces()
        queue.append(frames, as: deliveryClass)
        checkMarketDataBound()
    }

    /// Queues what the read holds for this peer, without copying it when it is one large piece that the socket takes
    /// at once.
    ///
    /// A peer that is behind gets a copy, so that its queue does not keep whole reads alive for a part of them.
    func queuePieces(of read: ByteBuffer) {
        let all = pieces.pointee.all
        guard all.count == 1, all[0].byteCount >= Limits.sharedPieceBytesMin, phase == .open, queue.isEmpty,
            !isHandedOver,
            let shared = read.getSlice(
                at: read.readerIndex + Int(all[0].offset), length: Int(all[0].byteCount))
        else { return queuePieces() }
        queue.appendShared(shared, as: all[0].isLossless ? .lossless : .marketData)
        pieces.pointee.removeAll()
    }

    /// Copies what the read in progress holds for this peer behind what is queued.
    func queuePieces() {
        guard pieces.pointee.count > 0 else { return }
        if phase == .open, let base = core.readBase { queue.append(pieces.pointee, from: base) }
        pieces.pointee.removeAll()
        checkMarketDataBound()
    }

    private func checkMarketDataBound() {
        let threshold = isConflating ? conflationThreshold : core.limits.marketDataQueueBytesMax
        if queue.bytes.marketData > threshold { relieve() }
    }

    /// Queues one whole control frame; at the control bound the peer is told why and disconnected.
    func enqueueControl(_ frame: ByteBuffer) {
        guard phase == .open || phase == .handshake else { return }
        queuePieces()
        frame.withUnsafeReadableBytes { queue.append($0, as: .control) }
        checkControlBound()
    }

    /// Queues one control frame that the closure writes.
    func enqueueControl(_ write: (inout ByteBuffer) -> Void) {
        guard phase == .open || phase == .handshake else { return }
        queuePieces()
        queue.appendControl(write)
        checkControlBound()
    }

    /// Queues a retained message, which the control bound leaves out up to once everything retained: that store has
    /// a bound of its own.
    func enqueueRetained(_ frame: ByteBuffer) {
        // As much as there is to be had: who asks for it over and over pays with the control bound.
        if controlAllowance + frame.readableBytes <= core.retainedByteCount {
            controlAllowance += frame.readableBytes
        }
        enqueueControl(frame)
    }

    /// Writes as much of the queue as the socket takes, with sendmsg(2) and no detour through the channel's own buffers.
    ///
    /// What the socket does not take is left to the channel, which waits until the socket is writable; until then
    /// the rest stays in the queue, where it can be dropped.
    func drain() {
        guard phase != .closed else { return }
        while !isHandedOver, descriptor >= 0, let chunk = queue.popFirst() {
            let next = queue.popFirst()
            let taken = send(chunk, next)
            guard taken < chunk.buffer.readableBytes else {
                queue.reuse(chunk)
                if let next { writeRest(of: next, taken: taken - chunk.buffer.readableBytes) }
                continue
            }
            if let next { queue.putBack(next) }
            writeRest(of: chunk, taken: taken)
        }
        didDrain()
    }

    private func didDrain() {
        if queue.bytes.control == 0 { controlAllowance = 0 }
        if queue.bytes.marketData == 0 { conflationThreshold = core.limits.conflatedQueueBytesMax }
        if queue.bytes.lossless <= core.limits.losslessQueueBytesLow { releaseFeeds() }
        if phase == .closing, queue.isEmpty, !isHandedOver { closeOutput() }
    }

    /// Bytes that the socket took of two chunks; 0 also after a failure, which the channel will meet again.
    private func send(_ first: OutboundQueue.Chunk, _ second: OutboundQueue.Chunk?) -> Int {
        let taken = first.buffer.withUnsafeReadableBytes { head in
            guard let second else {
                return cplatform_send_two(descriptor, head.baseAddress, head.count, nil, 0)
            }
            return second.buffer.withUnsafeReadableBytes { tail in
                cplatform_send_two(descriptor, head.baseAddress, head.count, tail.baseAddress, tail.count)
            }
        }
        return max(0, Int(taken))
    }

    /// Gives the part of a chunk that the socket did not take to the channel.
    private func writeRest(of chunk: OutboundQueue.Chunk, taken: Int) {
        var rest = chunk.buffer
        rest.moveReaderIndex(forwardBy: taken)
        guard rest.readableBytes > 0, let context else { return queue.reuse(chunk) }
        isHandedOver = true
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { [self] result in
            isHandedOver = false
            switch result {
            case .success: drain()
            case .failure: descriptor = -1
            }
        }
        context.writeAndFlush(wrapOutboundOut(rest), promise: promise)
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
    var name: String {
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
        queuePieces()
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

    /// Once a second: ends the connection of a peer that does not finish a frame in time.
    func checkUnfinishedFrame() {
        let isUnfinished = phase == .open && holdCount == 0 && decoder.pendingByteCount > 0
        let seconds = frameWatch.secondPassed(isUnfinished: isUnfinished, frameCount: counters.framesIn)
        guard seconds >= core.limits.frameSeconds else { return }
        close(
            .error,
            BusError(
                .frameTimeout,
                "a frame was begun, and \(core.limits.frameSeconds) s later only \(decoder.pendingByteCount) "
                    + "of its bytes are there"))
    }

    /// Closes without another word.
    func closeNow() {
        descriptor = -1
        context?.close(promise: nil)
    }

    /// Half-closes, so that the peer reads the reason and then the end, and its late writes do not reset the
    /// socket.
    private func closeOutput() {
        descriptor = -1
        context?.close(mode: .output, promise: nil)
    }

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
    var messagesOut: UInt64 = 0
    var refusedCount: UInt64 = 0
    /// Dropped records that `strategy:health` has heard of.
    var announcedDropCount: UInt64 = 0
}
