import ArgumentParser
import Foundation
import GatewayProtocol
import NIOCore
import NIOPosix

/// `order-gateway cancel-all --socket PATH STRATEGY-ID`
struct CancelAllCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel-all", abstract: "Take back all orders of a strategy.")

    @OptionGroup var target: ControlTarget

    func run() throws {
        try exitOnFailure { try target.run { .cancelAll($0) } }
    }
}

/// `order-gateway flatten --socket PATH STRATEGY-ID`
struct FlattenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flatten", abstract: "Take back all orders of a strategy and close its positions.")

    @OptionGroup var target: ControlTarget

    func run() throws {
        try exitOnFailure { try target.run { .flatten($0) } }
    }
}

/// Which strategy at which gateway.
struct ControlTarget: ParsableArguments {
    @Option(help: "The gateway's socket.") var socket: String
    @Option(help: "Reject new orders of the strategy's processes up to this epoch from now on.")
    var epoch: UInt32?
    @Option(help: "Seconds to wait for the answer.") var wait = 10
    @Argument(help: "The strategy's id.") var strategy: String

    /// Asks, prints the answer as JSON; exit code 1 when a position is left.
    func run(_ make: (GatewayRequest.TakeOut) -> GatewayRequest) throws {
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let request = make(.init(request: 1, strategy: strategy, epoch: epoch))
        let done = try loop.flatSubmit { [socket, wait] in
            GatewayControl.ask(request, socketPath: socket, seconds: Int64(wait), eventLoop: loop)
        }.wait()
        print(String(decoding: GatewayCodec.json(GatewayAnswer.done(done)), as: UTF8.self))
        if !done.positions.isEmpty, case .flatten = request { throw ExitCode(1) }
    }
}
