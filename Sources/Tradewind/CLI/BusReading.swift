import MessageBus
import NIOCore
import NIOPosix

/// Reads a retained message of a bus once.
enum BusReading {
    /// The broker's counters as they are now; `nil` when it does not answer within half a second.
    static func statistics(socketPath: String) -> BrokerStatistics? {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { try? group.syncShutdownGracefully() }
        let loop = group.next()
        let answer = loop.makePromise(of: [UInt8]?.self)
        loop.execute {
            let reader = FirstMessageReader(answer: answer)
            let client = BusClient(
                socketPath: socketPath, role: .observer, identity: "status", eventLoop: loop, delegate: reader
            )
            client.subscribe([TopicPattern(.busStatus)])
            client.connect()
            let bound = NIOLoopBound((client, reader), eventLoop: loop)
            loop.scheduleTask(in: .milliseconds(500)) { bound.value.1.end(nil) }
            answer.futureResult.whenComplete { _ in bound.value.0.close() }
        }
        guard let bytes = try? answer.futureResult.wait() else { return nil }
        return try? BrokerStatistics(decoding: bytes)
    }
}

/// Hands the first message on. Confined to its client's event loop.
private final class FirstMessageReader: BusClientDelegate {
    private var answer: EventLoopPromise<[UInt8]?>?

    init(answer: EventLoopPromise<[UInt8]?>) { self.answer = answer }

    func end(_ bytes: [UInt8]?) {
        answer?.succeed(bytes)
        answer = nil
    }

    func busClient(_ client: BusClient, didReceive payload: ByteBuffer, topic: String) {
        end(Array(payload.readableBytesView))
    }

    func busClient(_ client: BusClient, didDisconnect reason: BusError?) { end(nil) }
}
