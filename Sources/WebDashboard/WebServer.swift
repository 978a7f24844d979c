package import ControlPlane
import Hummingbird
import HummingbirdCore
import Logging
package import Monitoring
import NIOCore
import NIOPosix
import Supervision

/// The web page and HTTP API of one engine.
package struct WebServer: Sendable {
    private let settings: WebSettings
    private let token: AccessToken
    private let threads: NIOThreadPool
    private let group: any EventLoopGroup

    /// Makes a server that does not listen yet; it lives as long as the process.
    package init(_ settings: WebSettings, token: AccessToken) {
        self.settings = settings
        self.token = token
        threads = NIOThreadPool(numberOfThreads: 2)
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    }

    /// What the server asks of the system about processes.
    package static func probes(_ home: HomeDirectory) -> EngineMonitor.Probes {
        EngineMonitor.Probes(
            managerProcessID: { ManagerProbe.pid(home) },
            isAlive: { instance in
                ProcessIdentity(
                    pid: instance.pid, startTime: UInt64(instance.processStartTime), bootID: instance.bootID
                ).isAlive
            }, clock: { WallClock.now })
    }

    /// Serves until the task is cancelled; `onReady` hears the port.
    ///
    /// - Throws: when the address cannot be listened on.
    package func run(onReady: @escaping @Sendable (Int) -> Void) async throws {
        threads.start()
        let hub = LiveHub()
        let monitor = EngineMonitor(
            home: settings.home, identity: "web", eventLoop: group.next(), probes: Self.probes(settings.home)
        ) { hub.update($0) }
        monitor.start()
        // The port is known only when the server listens, and the gate needs it before the first request.
        let responder = LateResponder()
        let settings = settings
        let token = token
        let threads = threads
        var logger = Logger(label: "web")
        logger.logLevel = .critical
        let application = Application(
            responder: responder,
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    idleTimeout: .seconds(settings.patienceSeconds ?? Limits.idleSeconds),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: Limits.headerBytesMax, maxHeaderListSize: Limits.headerBytesMax,
                        maxHeaderFieldCount: Limits.headersMax))),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), reuseAddress: true,
                availableConnectionsDelegate: .maximum(Limits.connectionsMax, logger: logger)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? settings.port
                responder.set(
                    Site(
                        settings, gate: Gate(settings, token: token, port: port), monitor: monitor, hub: hub,
                        threads: threads))
                onReady(port)
            }, eventLoopGroupProvider: .shared(group), logger: logger)
        try await application.runService(gracefulShutdownSignals: [])
    }
}
