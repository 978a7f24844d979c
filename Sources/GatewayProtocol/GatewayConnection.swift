import CPlatform
package import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One connection of a client to the gateway, from the attempt to its end; whoever wants another makes another.
///
/// Confined to its event loop. It lives until it is closed, and tells nothing after that.
package final class GatewayConnection {
    /// Takes each answer, in order.
    package var onAnswer: ((GatewayAnswer) -> Void)?
    /// All that had arrived at once has been handed over.
    package var onBatchEnd: (() -> Void)?
    /// Called once, when there is no connection any more or none could be made.
    package var onEnd: ((GatewayError) -> Void)?

    private let socketPath: String
    private let eventLoop: any EventLoop
    private var channel: (any Channel)?
    private var outbound = ByteBuffer()
    private var inbound = ByteBuffer()
    private var hasEnded = false

    /// Makes a connection that is not attempted yet.
    package init(socketPath: String, eventLoop: any EventLoop) {
        self.socketPath = socketPath
        self.eventLoop = eventLoop
    }

    /// Bytes taken for sending and not yet handed to the socket.
    package var unflushedByteCount: Int { outbound.readableBytes }

    /// Connects; what was sent before goes out first. A path that is too long ends it like any other failure.
    package func connect() {
        eventLoop.preconditionInEventLoop()
        let handler = NIOLoopBound(GatewayClientHandler(self), eventLoop: eventLoop)
        let path = socketPath
        ClientBootstrap(group: eventLoop)
            .connectTimeout(.seconds(GatewayLimits.handshakeSeconds))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
            .connect(unixDomainSocketPath: path).assumeIsolated().whenFailure { [self] error in
                end(
                    GatewayError(
                        .connection, "nobody answers on \(path); is the order gateway running?",
                        errno: (error as? IOError)?.errnoCode))
            }
    }

    /// Queues a message; nothing happens after the end.
    package func send(_ request: GatewayRequest) {
        eventLoop.preconditionInEventLoop()
        guard !hasEnded else { return }
        GatewayCodec.write(request, to: &outbound)
    }

    /// Hands what is queued to the socket.
    package func flush() {
        guard let channel, outbound.readableBytes > 0 else { return }
        let buffer = outbound
        outbound = channel.allocator.buffer(capacity: 1_024)
        channel.writeAndFlush(buffer, promise: nil)
    }

    /// Drops the connection and what is queued; `onEnd` is not called.
    package func close() {
        hasEnded = true
        release()
    }

    private func end(_ error: GatewayError) {
        guard !hasEnded else { return }
        hasEnded = true
        let told = onEnd
        release()
        told?(error)
    }

    private func release() {
        onAnswer = nil
        onBatchEnd = nil
        onEnd = nil
        channel?.close(promise: nil)
        channel = nil
    }

    // MARK: - From the socket

    fileprivate func didConnect(_ channel: any Channel) {
        guard !hasEnded else { return channel.close(promise: nil) }
        self.channel = channel
        flush()
    }

    fileprivate func didReceive(_ bytes: inout ByteBuffer) {
        inbound.discardReadBytes()
        inbound.writeBuffer(&bytes)
        do {
            while !hasEnded, let answer = try GatewayCodec.next(GatewayAnswer.self, from: &inbound) {
                onAnswer?(answer)
            }
        } catch {
            end(error)
        }
    }

    fileprivate func didEndBatch() { onBatchEnd?() }

    fileprivate func didClose(_ failure: (any Error)?) {
        end(
            GatewayError(
                .connection, "the connection to the order gateway on \(socketPath) ended",
                errno: (failure as? IOError)?.errnoCode))
    }

    fileprivate func isOwnUser(_ peer: Int64?) -> Bool {
        guard peer != Int64(geteuid()) else { return true }
        end(GatewayError(.refused, "the order gateway on \(socketPath) runs as another user"))
        return false
    }
}

@available(*, unavailable)
extension GatewayConnection: Sendable {}

private final class GatewayClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: GatewayConnection
    private var failure: (any Error)?

    init(_ connection: GatewayConnection) { self.connection = connection }

    func channelActive(context: ChannelHandlerContext) {
        let peer = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable {
            (socket: NIOBSDSocket.Handle) in cplatform_peer_user_id(socket)
        }
        guard connection.isOwnUser(peer) else { return context.close(promise: nil) }
        connection.didConnect(context.channel)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        connection.didReceive(&bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) { connection.didEndBatch() }

    func channelInactive(context: ChannelHandlerContext) { connection.didClose(failure) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = error
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension GatewayClientHandler: Sendable {}
