import ArgumentParser
import MessageBus
import NIOCore
import NIOPosix
import Supervision

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension BusCommand {
    /// `tradewind bus serve --socket PATH`
    struct Serve: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "serve", abstract: "Run a broker alone, in the foreground, until Ctrl-C or SIGTERM.",
            discussion: """
                For programs that need a bus and no engine, and for measurements. It serves only processes of the same user \
                and asks for no token. The socket's directory must be yours alone (mode 0700); it is made when missing.
                """)

        @OptionGroup var home: IgnoredHomeOption
        @Option(help: "Where to listen.") var socket: String

        func run() throws {
            try reporting {
                // Before any other thread exists, so that all of them leave the signals to this one.
                let signals = SignalThread(signals: [SIGTERM, SIGINT, SIGHUP])
                signal(SIGPIPE, SIG_IGN)
                let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
                let ended = group.next().makePromise(of: Void.self)
                let path = socket
                ended.completeWithTask {
                    let broker = try await Broker.start(
                        socketPath: path, eventLoopGroup: group,
                        clock: { WallClock.now }, report: { printError("\(WallClock.now) \($0)") })
                    let (requests, continuation) = AsyncStream.makeStream(of: Int32.self)
                    signals.start { continuation.yield($0) }
                    printError("\(WallClock.now) listening on \(path)")
                    for await _ in requests { break }
                    await broker.shutdown()
                }
                try ended.futureResult.wait()
            }
        }
    }
}
