import CPlatform
import Foundation
import GatewayProtocol
import NIOCore

/// A client's connection: cuts what arrives into messages and hands them to the server.
final class Peer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// What it said it is; `nil` before its hello.
    var hello: GatewayRequest.Hello?
    /// Whose connection it is.
    var account: Account?
    /// Whether it has been told everything up to now, and is told everything from now on.
    var isFollowing = false

    private let server: GatewayServer
    private var channel: (any Channel)?
    private var inbound = ByteBuffer()
    private var outbound = ByteBuffer()
    private var deadline: Scheduled<Void>?
    private var isClosed = false

    init(_ server: GatewayServer) { self.server = server }

    func write(_ answer: GatewayAnswer) {
        guard !isClosed else { return }
        GatewayCodec.write(answer, to: &outbound)
    }

    func flush() {
        guard let channel, !isClosed, outbound.readableBytes > 0 else { return }
        guard channel.isWritable else {
            // It does not read. What it misses is in the log, and it asks for it when it comes back.
            server.report("\(name) does not read its answers and is disconnected")
            return close()
        }
        let buffer = outbound
        outbound = channel.allocator.buffer(capacity: 4_096)
        channel.writeAndFlush(buffer, promise: nil)
    }

    /// Ends the connection; nothing that it sent before and was not read counts any more.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        deadline?.cancel()
        channel?.close(promise: nil)
    }

    /// Says why, and ends the connection.
    func fail(_ reason: String, _ text: String) {
        guard let channel, !isClosed else { return }
        write(.failure(.init(reason: reason, text: text)))
        isClosed = true
        deadline?.cancel()
        channel.writeAndFlush(outbound).whenComplete { _ in channel.close(promise: nil) }
    }

    /// The hello came in time.
    func didGreet() { deadline?.cancel() }

    /// Who it is, for people.
    var name: String { account.map { "strategy \($0.strategy)" } ?? hello?.kind.rawValue ?? "a client" }

    // MARK: - ChannelInboundHandler

    func channelActive(context: ChannelHandlerContext) {
        let peer = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable {
            (socket: NIOBSDSocket.Handle) in cplatform_peer_user_id(socket)
        }
        guard peer == Int64(geteuid()) else { return context.close(promise: nil) }
        channel = context.channel
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: .seconds(GatewayLimits.handshakeSeconds)) {
            bound.value.fail("no_hello", "the first message must be a hello")
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosed else { return }
        var bytes = unwrapInboundIn(data)
        inbound.discardReadBytes()
        inbound.writeBuffer(&bytes)
        do {
            while !isClosed, let request = try GatewayCodec.next(GatewayRequest.self, from: &inbound) {
                server.take(request, from: self)
            }
        } catch {
            server.report("\(name) sent what is no message: \(error)")
            server.flush()
            fail("bad_message", "\(error)")
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { server.flush() }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        deadline?.cancel()
        server.forget(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

@available(*, unavailable)
extension Peer: Sendable {}
