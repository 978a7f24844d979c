internal import NIOCore
internal import NIOPosix

extension ClientBootstrap {
    /// Buffers and deadlines of a client's socket.
    func withBusOptions() -> ClientBootstrap {
        self
            .channelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Limits.readBytes)
            )
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.socketOption(.so_sndbuf), value: .init(Limits.socketSendBufferBytes))
            .channelOption(
                .writeBufferWaterMark,
                value: .init(low: Limits.socketBacklogBytesLow, high: Limits.socketBacklogBytesHigh)
            )
            .connectTimeout(.seconds(Limits.handshakeSeconds))
    }
}
