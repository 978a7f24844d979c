import MessageBus
import NIOCore
import Supervision

/// The role that runs the broker.
enum BusProcess {
    /// Serves until a signal asks it to end; exit code 0.
    static func run(
        bootstrap: Bootstrap, eventLoop: any EventLoop, signals: SignalThread
    ) -> EventLoopFuture<Int32> {
        let ended = eventLoop.makePromise(of: Int32.self)
        ended.completeWithTask {
            guard let key = bootstrap.busKey.flatMap(BusKey.init(bytes:)) else {
                throw BusError(.badKeyFile, "the manager handed over no bus key")
            }
            let broker = try await Broker.start(
                socketPath: bootstrap.socketPath, eventLoopGroup: eventLoop, key: key,
                clock: { WallClock.now }, report: { printError("\(WallClock.now) \($0)") })
            let (requests, continuation) = AsyncStream.makeStream(of: Int32.self)
            signals.start { continuation.yield($0) }
            for await _ in requests { break }
            await broker.shutdown()
            return 0
        }
        return ended.futureResult
    }
}
