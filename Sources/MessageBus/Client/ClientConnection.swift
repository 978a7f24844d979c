internal import CPlatform
internal import NIOCore

/// The socket end of a client: cuts what arrives into frames and tells the client. One per connection made.
final class ClientConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var client: BusClient?
    private let decoder = FrameDecoder()
    private var failure: BusError?

    init(client: BusClient) { self.client = client }

    /// Stops telling the client anything.
    func detach() { client = nil }

    func channelActive(context: ChannelHandlerContext) {
        let peer = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable {
            (socket: NIOBSDSocket.Handle) in
            cplatform_peer_user_id(socket)
        }
        if peer == CurrentProcess.userID {
            client?.connectionDidOpen(self, channel: context.channel)
        } else {
            failure = BusError(.peerRefused, "the broker runs as another user")
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let client = client
        self.client = nil
        client?.connectionDidClose(self, failure: failure)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        buffer.withUnsafeReadableBytes { bytes in
            var input = bytes
            do throws(BusError) {
                while let client, let frame = try decoder.next(from: &input) {
                    try client.receive(frame)
                }
            } catch {
                failure = error
                context.close(promise: nil)
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        client?.connectionDidFinishReadBatch()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { client?.connectionDidBecomeWritable() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if failure == nil {
            failure = BusError(
                .connectionLost, "the connection to the broker broke",
                systemErrorNumber: (error as? IOError)?.errnoCode)
        }
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension ClientConnection: Sendable {}
