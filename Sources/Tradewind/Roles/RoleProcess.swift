import CPlatform
import MarketData
import MessageBus
import NIOCore
import NIOPosix
import StrategyExecution
import Supervision
import TradingEngine
import TradingModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The life of a process that the manager started: read what it is to be, be it, end with a meaningful code.
enum RoleProcess {
    /// The hidden first argument; the second one names the role, for `ps`. Everything else comes by descriptor.
    static let verb = "role-process"

    /// Runs the role to its end; the exit code: 0 in order, 74 input or output, 78 wrong configuration.
    static func run(role: String, registry: AppRegistry) -> Int32 {
        let channel = BootstrapChannel(descriptor: SpawnRequest.bootstrapDescriptor)
        let bootstrap: Bootstrap
        do {
            bootstrap = try channel.read(Bootstrap.self, timeout: .seconds(10))
        } catch {
            printError("'\(verb)' is started by 'tradewind run' only: \(error)")
            return 64
        }
        // What the strategy starts itself must hold neither this process's lock nor its bootstrap socket.
        for descriptor in [SpawnRequest.bootstrapDescriptor, SpawnRequest.lockDescriptor] {
            _ = cplatform_set_close_on_exec(descriptor, 1)
        }
        // What a strategy prints is in its log as soon as a line is complete.
        cplatform_line_buffer_output()
        // Signals go to one thread that waits for them; every other thread inherits the blocked mask.
        let signals = SignalThread(signals: [SIGTERM, SIGINT, SIGHUP])
        signal(SIGPIPE, SIG_IGN)
        LogKeeper.start(path: bootstrap.logPath)
        let exitCode = serve(bootstrap, registry: registry, signals: signals, channel: channel)
        // A manager that is no parent of this process cannot learn its exit code otherwise.
        InstanceLock.recordEnd(
            InstanceLock.End(exitCode: exitCode, signal: signals.first),
            descriptor: SpawnRequest.lockDescriptor)
        return exitCode
    }

    private static func serve(
        _ bootstrap: Bootstrap, registry: AppRegistry, signals: SignalThread, channel: BootstrapChannel
    ) -> Int32 {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            return try start(bootstrap, registry: registry, loop: group.next(), signals: signals).wait()
        } catch let error as RoleError {
            printError(error.message)
            try? channel.write(BootstrapReply(error: error.message), timeout: .seconds(1))
            return error.exitCode
        } catch {
            printError("\(error)")
            try? channel.write(BootstrapReply(error: "\(error)"), timeout: .seconds(1))
            return 74
        }
    }

    private static func start(
        _ bootstrap: Bootstrap, registry: AppRegistry, loop: any EventLoop, signals: SignalThread
    ) throws -> EventLoopFuture<Int32> {
        switch bootstrap.role {
        case .executor:
            let className = bootstrap.strategy?.className ?? ""
            guard let strategy = registry.strategy(named: className) else {
                let known = registry.strategies.map { $0.name }.joined(separator: ", ")
                throw RoleError(
                    exitCode: ExitStatus.configurationErrorCode,
                    message: "unknown strategy class '\(className)'; this program has: \(known)")
            }
            try ProcessLimits.apply(limitsJSON: bootstrap.strategy?.limitsJSON)
            // What is wrong with it is told by the executor, with all else that is wrong.
            if (try? StrategyConfiguration(json: bootstrap.strategy?.configJSON ?? ""))?.namesGateway == true
            {
                return startExecutor(strategy, GatewayVenue.self, bootstrap, loop, signals)
            }
            return startExecutor(strategy, SimulatedExchange.self, bootstrap, loop, signals)
        case .feed:
            return startFeed(bootstrap, registry.feeds, loop, signals)
        case .bus:
            return BusProcess.run(bootstrap: bootstrap, eventLoop: loop, signals: signals)
        case .recorder:
            return startRecorder(bootstrap, loop, signals)
        case .alerter:
            return startAlerter(bootstrap, loop, signals)
        }
    }

    private static func startFeed(
        _ bootstrap: Bootstrap, _ registry: FeedRegistry, _ loop: any EventLoop, _ signals: SignalThread
    ) -> EventLoopFuture<Int32> {
        loop.flatSubmit {
            do {
                let feed = try FeedProcess(bootstrap: bootstrap, registry: registry, eventLoop: loop)
                let bound = NIOLoopBound(feed, eventLoop: loop)
                signals.start { _ in loop.execute { bound.value.stop() } }
                return feed.start()
            } catch {
                return loop.makeFailedFuture(error)
            }
        }
    }

    private static func startRecorder(
        _ bootstrap: Bootstrap, _ loop: any EventLoop, _ signals: SignalThread
    ) -> EventLoopFuture<Int32> {
        loop.flatSubmit {
            do {
                let recorder = try RecorderProcess(bootstrap: bootstrap, eventLoop: loop)
                let bound = NIOLoopBound(recorder, eventLoop: loop)
                signals.start { _ in loop.execute { bound.value.stop() } }
                return recorder.start()
            } catch {
                return loop.makeFailedFuture(error)
            }
        }
    }

    private static func startAlerter(
        _ bootstrap: Bootstrap, _ loop: any EventLoop, _ signals: SignalThread
    ) -> EventLoopFuture<Int32> {
        do {
            let alerter = try AlerterProcess(bootstrap: bootstrap, eventLoop: loop)
            signals.start { _ in alerter.stop() }
            return alerter.start()
        } catch {
            return loop.makeFailedFuture(error)
        }
    }

    private static func startExecutor<S: Strategy, V: ExecutorVenue>(
        _ strategy: S.Type, _ venue: V.Type, _ bootstrap: Bootstrap, _ loop: any EventLoop,
        _ signals: SignalThread
    ) -> EventLoopFuture<Int32> {
        loop.flatSubmit {
            do {
                let executor = try Executor<S, V>(
                    bootstrap: bootstrap, strategy: strategy, eventLoop: loop, clock: { WallClock.now })
                let bound = NIOLoopBound(executor, eventLoop: loop)
                signals.start { _ in loop.execute { bound.value.stop(reason: "signal") } }
                return executor.start()
            } catch {
                let code = (error as? ExecutionError)?.code
                let exitCode = code == .configuration ? ExitStatus.configurationErrorCode : 74
                return loop.makeFailedFuture(RoleError(exitCode: exitCode, message: "\(error)"))
            }
        }
    }
}

/// Why a role could not be started, with the exit code that tells the manager what to make of it.
struct RoleError: Error {
    var exitCode: Int32
    var message: String
}
