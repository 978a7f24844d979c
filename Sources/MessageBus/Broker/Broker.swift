package import NIOCore
internal import NIOPosix
internal import Synchronization
package import TradingModel

/// The bus: takes records and messages from feeds, executors and managers and hands them to their
/// subscribers.
///
/// All its work is done on one event loop; `start`, `shutdown` and `statistics` may be called from anywhere.
/// It keeps nothing on disk but its socket and the lock beside it.
package final class Broker: Sendable {
    /// The path of the socket it serves.
    package let socketPath: String
    private let eventLoop: any EventLoop
    private let core: NIOLoopBound<BrokerCore>
    private let serverChannel: any Channel
    private let path: SocketPath
    private let lock: Int32
    private let ticks: RepeatedTask
    private let isStopped = Atomic(false)

    private init(
        path: SocketPath, lock: Int32, eventLoop: any EventLoop, core: NIOLoopBound<BrokerCore>,
        channel: any Channel
    ) {
        self.path = path
        self.lock = lock
        self.eventLoop = eventLoop
        self.core = core
        socketPath = path.path
        serverChannel = channel
        ticks = eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            core.value.tick()
        }
    }

    /// Binds the socket and serves it.
    ///
    /// The directory is made with mode 0700 when missing, and must be the user's alone otherwise. A socket
    /// file that nobody answers on is replaced. Throws `.pathTooLong`, `.unsafeDirectory`, `.addressInUse` or
    /// `.bindFailed`.
    ///
    /// - Parameters:
    ///   - socketPath: where to listen; at most 107 bytes on Linux, 103 on macOS.
    ///   - eventLoopGroup: one loop of it does all the work.
    ///   - key: what the tokens of all roles but observer are checked with; `nil` asks for none.
    ///   - limits: bounds of queues and waits.
    ///   - clock: reads the wall clock, for the times of messages only.
    ///   - report: takes one line for the operator, at most `Limits.reportsPerSecondMax` in a second; called on the
    ///     loop.
    package static func start(
        socketPath: String, eventLoopGroup: any EventLoopGroup, key: BusKey? = nil,
        limits: BrokerLimits = BrokerLimits(), clock: @escaping @Sendable () -> Timestamp,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(BusError) -> Broker {
        let path = try SocketPath(socketPath)
        try path.prepareDirectory()
        let lock = try path.acquire()
        let eventLoop = eventLoopGroup.next()
        do {
            let core = try await eventLoop.submit {
                NIOLoopBound(
                    BrokerCore(key: key, limits: limits, clock: clock, report: report), eventLoop: eventLoop)
            }.get()
            let channel = try await bootstrap(eventLoop: eventLoop, core: core)
                .bind(unixDomainSocketPath: socketPath).get()
            do throws(BusError) {
                try path.restrict()
            } catch {
                channel.close(promise: nil)
                throw error
            }
            return Broker(path: path, lock: lock, eventLoop: eventLoop, core: core, channel: channel)
        } catch {
            path.release(lock: lock)
            throw (error as? BusError)
                ?? BusError(
                    .bindFailed, "cannot listen on \(socketPath)",
                    systemErrorNumber: (error as? IOError)?.errnoCode)
        }
    }

    /// The counters as they are now.
    package var statistics: BrokerStatistics {
        get async {
            let core = core
            // The loop refuses work only after its group was shut down; then there is nothing to count.
            return (try? await eventLoop.submit { core.value.statistics }.get()) ?? BrokerStatistics()
        }
    }

    /// Stops listening, says goodbye to every peer, waits until they are gone (each has
    /// `Limits.lingerSeconds`), removes the socket and lets the lock go. Calling it again does nothing.
    package func shutdown() async {
        guard !isStopped.exchange(true, ordering: .relaxed) else { return }
        ticks.cancel()
        try? await serverChannel.close().get()
        let promise = eventLoop.makePromise(of: Void.self)
        eventLoop.execute { [core] in core.value.stop(promise) }
        try? await promise.futureResult.get()
        path.release(lock: lock)
    }

    private static func bootstrap(eventLoop: any EventLoop, core: NIOLoopBound<BrokerCore>) -> ServerBootstrap
    {
        ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptFailureHandler(core: core.value))
                }
            }
            .childChannelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Limits.readBytes)
            )
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.socketOption(.so_sndbuf), value: .init(Limits.socketSendBufferBytes))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(core.value.makeConnection())
                }
            }
    }
}
