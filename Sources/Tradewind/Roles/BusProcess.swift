import MessageBus
import NIOCore

/// The role that runs the broker.
enum BusProcess {
    /// Serves until a signal asks it to end; exit code 0.
    static func run(
        bootstrap: Bootstrap, eventLoop: any EventLoop, signals: SignalThread
    ) -> EventLoopFuture<Int32> {
        let ended = eventLoop.makePromise(of: Int32.self)
        ended.completeWithTask {
            let broker = try await Broker.start(
                socketPath: bootstrap.socketPath, eventLoopGroup: eventLoop, token: bootstrap.token)
            let (requests, continuation) = AsyncStream.makeStream(of: Int32.self)
            signals.start { continuation.yield($0) }
            for await _ in requests { break }
            await broker.shutdown()
            return 0
        }
        return ended.futureResult
    }
}
