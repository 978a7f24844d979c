import ArgumentParser
import ControlPlane
import Foundation
import GatewayProtocol
import MessageBus
import NIOCore
import NIOPosix
import Supervision
import TradingEngine

/// `order-gateway serve --socket PATH --log FILE --home DIR`
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve orders, in the foreground, until Ctrl-C or SIGTERM.")

    @Option(help: "Where to listen; the directory must be yours alone (mode 0700), and is made when missing.")
    var socket: String
    @Option(help: "The log; one that is there is read and continued.") var log: String
    @Option(help: "The home whose bus has the market data.") var home: String?
    @Option(help: "The socket of the bus, instead of that of a home.") var bus: String?
    @Flag(help: "Wait for the disk before every answer, so that a loss of power loses nothing either.")
    var sync = false
    @Option(
        help:
            "Finished orders kept in memory for each strategy; the log has them all. Older ones are still known to have been."
    )
    var keepFinished = 16_384
    @Option(
        name: .customLong("set"),
        help: "A setting of the exchange: maker_fee, taker_fee, latency_ms, slippage_ticks.")
    var settings: [String] = []

    func validate() throws {
        guard (home == nil) != (bus == nil) else { throw ValidationError("give --home or --bus") }
        guard (1...10_000_000).contains(keepFinished) else {
            throw ValidationError("--keep-finished is 1 to 10000000")
        }
    }

    func run() throws {
        try exitOnFailure {
            signal(SIGPIPE, SIG_IGN)
            let exchange = try exchangeConfiguration()
            let (writer, contents) = try LogWriter.open(path: log, isSynced: sync)
            if contents.tornByteCount > 0 {
                say("cut \(contents.tornByteCount) bytes off the log: a line that was never finished")
            }
            let path = try SocketPath(socket)
            try path.prepareDirectory()
            _ = try path.acquire()
            let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
            let busPath = bus ?? HomeDirectory(path: home ?? "").busSocketPath
            let setup = StartingPoint(writer: writer, lines: contents.lines)
            let server = try loop.submit { [keepFinished] in
                let server = GatewayServer(
                    configuration: exchange, outbox: Outbox(log: setup.writer, clock: { WallClock.now }),
                    finishedOrdersKept: keepFinished, report: say, fail: { failure in stop(saying: failure) })
                let client = BusClient(
                    socketPath: busPath, role: .observer, identity: "order-gateway", eventLoop: loop,
                    delegate: server)
                server.start(with: setup.lines, bus: client)
                return NIOLoopBound(server, eventLoop: loop)
            }.wait()
            let channel = try listen(path, loop, server)
            say("listening on \(socket), log \(log)")
            let signals = [SIGTERM, SIGINT].map { endOnSignal($0, removing: path.path) }
            try withExtendedLifetime(signals) { try channel.closeFuture.wait() }
        }
    }

    /// Whatever was answered is in the log: there is nothing to finish.
    private func endOnSignal(_ number: Int32, removing path: String) -> any DispatchSourceSignal {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number)
        source.setEventHandler {
            unlink(path)
            leave(0)
        }
        source.resume()
        return source
    }

    private func listen(
        _ path: SocketPath, _ loop: any EventLoop, _ server: NIOLoopBound<GatewayServer>
    ) throws -> any Channel {
        let channel = try ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 256)
            .childChannelOption(
                .writeBufferWaterMark,
                value: .init(low: GatewayLimits.unsentBytesMax / 2, high: GatewayLimits.unsentBytesMax)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Peer(server.value))
                }
            }
            .bind(unixDomainSocketPath: path.path).wait()
        try path.restrict()
        return channel
    }

    private func exchangeConfiguration() throws -> SimulatedExchangeConfiguration {
        let inputs = try settings.map { text in
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("'\(text)' is not NAME=VALUE") }
            guard parts[0] != "starting_cash" else {
                throw ValidationError("starting_cash is a setting of the strategy, not of the gateway")
            }
            return (name: parts[0], text: parts[1])
        }
        return try AccountSettings(inputs: inputs).exchange
    }
}

/// What the server is made from, handed to its loop once.
private struct StartingPoint: @unchecked Sendable {
    // Made before the loop's first task and used by that task alone.
    let writer: LogWriter
    let lines: [LogLine]
}

/// Writes a line with the time to standard error.
func say(_ text: String) {
    FileHandle.standardError.write(Data("\(WallClock.now) \(text)\n".utf8))
}

/// exit(3), which a command's own `exit` hides.
private func leave(_ code: Int32) -> Never { exit(code) }

/// Ends the process at once: what is not in the log must not be answered.
func stop(saying failure: GatewayError) {
    say("\(failure); free some space or choose another log, and start it again")
    exit(74)
}

/// Runs a body; an error ends the process with its message and an exit code of sysexits.h.
func exitOnFailure(_ body: () throws -> Void) throws {
    do {
        try body()
    } catch let error as GatewayError {
        say("\(error)")
        throw ExitCode(error.code == .log ? 65 : error.code == .connection ? 69 : 1)
    } catch let error as ParameterViolations {
        say("\(error)")
        throw ExitCode(78)
    } catch let error as BusError {
        say("\(error)")
        throw ExitCode(74)
    }
}
